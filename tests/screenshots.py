"""Take the pictures of the documentation from a fresh demo.

    .venv/bin/python -m tests.screenshots

Writes `docs/images/` and, for the page that explains the trade, `static/docs/`. The demo's days
count from today, so that two runs never give quite the same pictures.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests import chromium

ROOT = Path(__file__).resolve().parent.parent
IMAGES, ON_THE_PAGE = ROOT / "docs" / "images", ROOT / "static" / "docs"
PATIENCE = 180
LARGEST = 250_000  # bytes
DESK, PHONE = (1440, 900), (390, 844)
TOUR = {
    "ready": "A lead that is ready",
    "receipt": "A qualification that can be undone",
    "closing": "A deal in its last stage",
}


@dataclass(frozen=True)
class Shot:
    """One picture: what it is called, who sees which page, and in which clothes."""

    name: str
    address: str
    who: str = "rep"
    size: tuple[int, int] = DESK
    scheme: Literal["light", "dark"] = "light"
    is_on_the_page: bool = False


SHOTS = [
    Shot("home", "/"),
    Shot("leads", "/leads/", is_on_the_page=True),
    Shot("lead", "{ready}", is_on_the_page=True),
    Shot("lead-dark", "{ready}", scheme="dark"),
    Shot("lead-phone", "{ready}", size=PHONE),
    Shot("qualify", "{ready}qualify/", is_on_the_page=True),
    Shot("receipt", "{receipt}"),
    Shot("opportunities", "/opportunities/?status=open", who="manager"),
    Shot("opportunity", "{closing}", is_on_the_page=True),
    Shot("dashboard", "/reports/", who="manager", is_on_the_page=True),
]


@contextmanager
def a_demo(folder: Path) -> Iterator[dict[str, Any]]:
    """Run the demo as a person would; give what it wrote down."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    demo = subprocess.Popen(
        [sys.executable, "dev.py", "demo", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "VAR_DIR": str(folder)},
    )
    try:
        until = time.monotonic() + PATIENCE
        while demo.poll() is None and time.monotonic() < until:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                break
            time.sleep(0.3)
        else:
            raise RuntimeError("the demo did not start")
        told = json.loads((folder / "demo.json").read_text())
        yield {**told, "url": f"http://127.0.0.1:{port}"}
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(30)


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Run the Chromium of this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(),
            args=["--no-sandbox", "--disable-gpu"],
        )
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, demo: dict[str, Any], shot: Shot) -> Iterator[Page]:
    """Show the page of a picture in a window of its size, to the one who is to see it."""
    context = browser.new_context(
        base_url=demo["url"],
        viewport={"width": shot.size[0], "height": shot.size[1]},
        color_scheme=shot.scheme,
        has_touch=shot.size == PHONE,
        reduced_motion="reduce",
    )
    page = context.new_page()
    if shot.who:
        person = demo["users"][shot.who]
        page.goto("/login/")
        page.get_by_label("Email").fill(person["email"])
        page.get_by_label("Password", exact=True).fill(person["password"])
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/")
    page.goto(shot.address.format(**places(demo)))
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


def places(demo: dict[str, Any]) -> dict[str, str]:
    """Return the addresses of the planted records by the names used above."""
    found = {}
    for name, label in TOUR.items():
        url = next(stop["url"] for stop in demo["tour"] if stop["label"].startswith(label))
        found[name] = url.removesuffix("qualify/")
    return found


def main() -> int:
    """Take every picture; told names as arguments, only those."""
    asked = set(sys.argv[1:])
    for folder in (IMAGES, ON_THE_PAGE):
        folder.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="crm-shots-") as folder,
        a_demo(Path(folder)) as demo,
        a_browser() as browser,
    ):
        for shot in SHOTS:
            if asked and shot.name not in asked:
                continue
            with opened(browser, demo, shot) as page:
                picture = page.screenshot()
            (IMAGES / f"{shot.name}.png").write_bytes(picture)
            if shot.is_on_the_page:
                (ON_THE_PAGE / f"{shot.name}.png").write_bytes(picture)
            note = " (heavy)" if len(picture) > LARGEST else ""
            print(f"{shot.name:<14}{len(picture):>8} bytes{note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
