"""The main road over plain HTTP, as the first visitor walks it: sign in, enter a lead, qualify it.

    python3 tests/smoke.py http://127.0.0.1:8000 var/demo.json

Standard library only and without a browser: it sees what a person without scripts sees. Ends with 1
and a sentence when a step does not do what it should.
"""

from __future__ import annotations

import http.client
import http.cookiejar
import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

PATIENCE = 90  # seconds from the command to the first page, as promised


class Forms(HTMLParser):
    """The forms of a page, each as its action, method and the values it would send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, object]] = []
        self.values: dict[str, str] = {}
        self.select = ""
        self.area = ""

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        """Note what a browser would send."""
        given = {name: value or "" for name, value in pairs}
        name = given.get("name", "")
        if tag == "form":
            self.values = {}
            form = {"action": given.get("action", ""), "method": given.get("method", "get").lower()}
            self.forms.append({**form, "values": self.values})
        elif tag == "input" and name:
            kind = given.get("type", "text")
            if kind in {"checkbox", "radio"} and "checked" not in given:
                return
            if kind not in {"submit", "button", "file", "image"}:
                default = "on" if kind in {"checkbox", "radio"} else ""
                self.values[name] = given.get("value") or default
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in given):
            self.values[self.select] = given.get("value", "")
        elif tag == "textarea" and name:
            self.area = name
            self.values[name] = ""

    def handle_endtag(self, tag: str) -> None:
        """Leave a field."""
        if tag == "select":
            self.select = ""
        if tag == "textarea":
            self.area = ""

    def handle_data(self, data: str) -> None:
        """Note what stands in a text area."""
        if self.area:
            self.values[self.area] += data


class Visitor:
    """Somebody with a browser that knows cookies and forms, and no scripts."""

    def __init__(self, site: str) -> None:
        self.site = site.rstrip("/")
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def open(self, path: str, data: dict[str, str] | None = None) -> tuple[str, str, int]:
        """Return where a request ended after redirects, what stands there and the status."""
        url = urllib.parse.urljoin(f"{self.site}/", path)
        body = None if data is None else urllib.parse.urlencode(data).encode()
        request = urllib.request.Request(url, data=body, headers={"Referer": url})
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.url, answer.read().decode(), answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.url or url, refusal.read().decode(errors="replace"), refusal.code

    def submit(self, path: str, has: str = "csrfmiddlewaretoken", **data: str) -> tuple[str, str]:
        """Fill in the form at `path` that has a field `has`; return where it led and what is there.

        What the page has filled in is sent along, as a browser would.
        """
        url, page, status = self.open(path)
        expect(status == 200, f"{path} answers {status}")
        reader = Forms()
        reader.feed(page)
        fitting = [
            form
            for form in reader.forms
            if form["method"] == "post" and has in form["values"]  # type: ignore[operator]
        ]
        expect(bool(fitting), f"{path} has no form with a field {has}")
        # The shell may have forms of its own, such as the one that signs out.
        own = [form for form in fitting if urllib.parse.urljoin(url, str(form["action"])) == url]
        form = (own or fitting)[-1]
        target = urllib.parse.urljoin(url, str(form["action"]) or url)
        ended, page, status = self.open(target, {**form["values"], **data})  # type: ignore[dict-item]
        expect(status in {200, 201}, f"posting to {target} answers {status}\n{text_of(page)}")
        return ended, page


def text_of(page: str) -> str:
    """Return the words of a page, for a message."""
    bare = re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", bare)[:1500]


def expect(is_so: bool, otherwise: str) -> None:
    """End here with a sentence when something is not so."""
    if not is_so:
        sys.exit(f"smoke: {otherwise}")


def wait_for(visitor: Visitor, file: Path) -> None:
    """Wait until the server answers and its sign-ins are written."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        try:
            if visitor.open("/healthz")[2] == 200 and file.exists():
                print(f"answers after {time.monotonic() - began:.1f} s")
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.2)
    sys.exit(f"smoke: no answer within {PATIENCE} s")


def main() -> None:
    """Walk the road."""
    visitor, file = Visitor(sys.argv[1]), Path(sys.argv[2])
    wait_for(visitor, file)
    rep = json.loads(file.read_text())["users"]["rep"]

    url, _, _ = visitor.open("/")
    expect("/login/" in url, f"a stranger sees {url}")
    url, page = visitor.submit("/login/", has="login", login=rep["email"], password=rep["password"])
    expect("/login/" not in url, f"the sign-in was refused: {text_of(page)}")
    print("signed in")

    mark = f"{time.time_ns():x}"
    url, page = visitor.submit(
        "/leads/new/",
        has="last_name",
        topic=f"Smoke {mark}",
        first_name="Sam",
        last_name=f"Smoke {mark}",
        company=f"Smoke {mark} Works",
        email=f"sam@smoke-{mark}.example",
    )
    found = re.search(r"/leads/([^/]+)/$", urllib.parse.urlparse(url).path)
    expect(bool(found) and "new" not in url, f"the lead was not stored: {url}\n{text_of(page)}")
    lead = f"/leads/{found[1]}/"  # type: ignore[index]
    print(f"lead {lead}")

    url, page = visitor.submit(f"{lead}qualify/")
    still_open = urllib.parse.urlparse(url).path.endswith("/qualify/")
    expect(not still_open, f"the lead was not qualified: {text_of(page)}")
    _, page, _ = visitor.open(lead)
    expect("qualified" in page.lower(), f"the lead does not say that it is qualified: {page[:500]}")
    _, page, _ = visitor.open("/opportunities/")
    expect(mark in page, "the opportunity does not stand in the list")
    print("qualified, and the opportunity stands in the list")


if __name__ == "__main__":
    main()
