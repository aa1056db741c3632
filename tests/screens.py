"""Take the pictures of `docs/screens.md` from a fresh demo: each screen in four sets of clothes.

    .venv/bin/python -m tests.screens

Writes `docs/screenshots/`: 1440 and 390 wide, light and dark. The demo's days count from today, so
that two runs never give quite the same pictures.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page

from tests.screenshots import DESK, PHONE, ROOT, Shot, a_browser, a_demo, opened

SCREENS = ROOT / "docs" / "screenshots"
QUALITY = 70  # of a JPEG: fifty pictures are to stay light
SAMPLE = b"""First Name,Surname,Organisation,E-mail,Telephone,Lead Source,Value,Shoe size
Elena,Marchetti,Ferrovia Pumps,elena@ferrovia-pumps.example,+39 011 555 0101,Web,80000,38
Jonas,Keller,Aare Kraftwerke,jonas@aare.example,+41 44 555 01 02,Fair,120000,43
Mina,Okafor,Lagos Cold Stores,mina@lagos-cold.example,+234 1 555 0103,Referral,45000,39
"""


def select_three(page: Page) -> None:
    """Mark rows of a list, so that the bar for them stands open; a phone shows the list."""
    boxes = page.locator("tbody input[type=checkbox]")
    for number in range(3 if boxes.first.is_visible() else 0):
        boxes.nth(number).check()


def look_for_a_company(page: Page) -> None:
    """Write a few letters into the palette."""
    page.keyboard.press("Control+k")
    page.locator("dialog[open] input").fill("auro")
    page.locator("dialog[open] [role=option]", has_text="Auro").first.wait_for()


def press(name: str) -> Callable[[Page], None]:
    """Return the pressing of the command of this name, which opens a dialog."""

    def act(page: Page) -> None:
        command = page.locator("main").get_by_role("link", name=name).first
        if not command.is_visible():  # on a phone it stands behind the dots
            page.get_by_label("More commands").first.click()
        command.click()
        page.locator("dialog[open] h2").first.wait_for()

    return act


def follow_to_the_account(page: Page) -> None:
    """Go from a sale to its customer."""
    page.locator("main a[href^='/accounts/']").first.click()
    page.wait_for_url("**/accounts/*/")


def save_nothing(page: Page) -> None:
    """Send a form with an email that is none."""
    page.locator("#id_email").fill("ada@")
    page.locator(".c-foot button[type=submit]").first.click()
    page.locator("[aria-invalid=true]").first.wait_for()


def upload(page: Page) -> None:
    """Bring a file as far as its columns."""
    file = {"name": "fair.csv", "mimeType": "text/csv", "buffer": SAMPLE}
    page.locator("input[type=file]").set_input_files(file)
    page.locator(".c-foot button[type=submit]").first.click()
    page.wait_for_url("**/columns/")


SCREENS_OF_THE_PRODUCT: list[tuple[Shot, Callable[[Page], None] | None]] = [
    (Shot("my-day", "/"), None),
    (Shot("leads-list", "/leads/"), select_three),
    (Shot("lead", "{ready}"), None),
    (Shot("qualify-dialog", "{ready}"), press("Qualify")),
    (Shot("board", "/opportunities/board/?status=open", who="manager"), None),
    (Shot("opportunity", "{closing}"), None),
    (Shot("dashboard", "/reports/", who="manager"), None),
    (Shot("lead-management", "/reports/?board=leads", who="manager"), None),
    (Shot("bridge", "/reports/bridge/", who="manager"), None),
    (Shot("targets", "/reports/targets/", who="manager"), None),
    (Shot("account", "{closing}"), follow_to_the_account),
    (Shot("import-columns", "/imports/new/"), upload),
    (Shot("login", "/login/", who=""), None),
    (Shot("command-palette", "/leads/"), look_for_a_company),
    (Shot("form-errors", "/leads/new/"), save_nothing),
    (Shot("disqualify-dialog", "{ready}"), press("Disqualify")),
]


def main() -> int:
    """Take every picture; told names as arguments, only those."""
    asked = set(sys.argv[1:])
    SCREENS.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="crm-screens-") as folder,
        a_demo(Path(folder)) as demo,
        a_browser() as browser,
    ):
        for (shot, act), size, scheme in itertools.product(
            SCREENS_OF_THE_PRODUCT, (DESK, PHONE), ("light", "dark")
        ):
            if asked and shot.name not in asked:
                continue
            name = f"{shot.name}-{size[0]}-{scheme}"
            with opened(browser, demo, replace(shot, size=size, scheme=scheme)) as page:
                if act is not None:
                    act(page)
                    page.wait_for_load_state("networkidle")
                picture = page.screenshot(type="jpeg", quality=QUALITY)
            (SCREENS / f"{name}.jpg").write_bytes(picture)
            print(f"{name:<36}{len(picture):>8} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
