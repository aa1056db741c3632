"""What pages and static files are like on their way: one sheet, compressed where that is safe."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from crm.sheet import SHEET, SheetFinder, one_sheet
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

GZIP = {"Accept-Encoding": "gzip, br"}


def test_one_sheet_has_all_that_its_source_names_in_its_layers(tmp_path: Path) -> None:
    (tmp_path / "app.css").write_text(
        "/* First\n */\n@layer low, high;\n"
        '@import url("a.css") layer(low);\n@import url("b.css");\n'
    )
    (tmp_path / "a.css").write_text("p {\n  /* soft */\n  color: red;\n}\n")
    (tmp_path / "b.css").write_text("@font-face { src: url(x.woff2) }")

    assert one_sheet(tmp_path / "app.css") == (
        "@layer low, high;\n@layer low {\np {\ncolor: red;\n}\n}\n"
        "@font-face { src: url(x.woff2) }\n"
    )


def test_the_sheet_is_found_and_made_again_when_it_is_not_as_it_should_be() -> None:
    finder = SheetFinder()
    path = Path(finder.find(SHEET))
    made = path.read_text()
    assert "@import" not in made
    assert made.count("@layer app {") > 10

    path.write_text("old")

    assert [name for name, _storage in finder.list(None)] == [SHEET]
    assert path.read_text() == made
    assert finders.find(SHEET)
    assert finder.find("app/other.css") == []
    assert finder.find(SHEET, find_all=True) == [str(path)]


@pytest.mark.parametrize("path", [f"/static/{SHEET}", "/static/app/icons.svg", "/login/"])
def test_text_is_compressed_for_who_understands_it(client: Client, db: None, path: str) -> None:
    def body(**headers: str) -> bytes:
        answer = client.get(path, headers=headers)
        assert "Accept-Encoding" in answer["Vary"]
        is_compressed = answer.get("Content-Encoding") == "gzip"
        assert is_compressed == bool(headers)
        content = b"".join(answer) if answer.streaming else answer.content
        return gzip.decompress(content) if is_compressed else content

    assert len(body(**GZIP)) == len(body())


def test_what_a_browser_has_is_not_sent_again(client: Client) -> None:
    first = client.get(f"/static/{SHEET}", headers=GZIP)
    known = {**GZIP, "If-Modified-Since": first["Last-Modified"]}

    again = client.get(f"/static/{SHEET}", headers=known)

    assert again.status_code == 304
    assert b"".join(again) == b""


def test_the_length_of_a_page_does_not_tell_what_is_in_it(rep: User, client: Client) -> None:
    client.force_login(rep)

    lengths = {len(client.get("/profile/", headers=GZIP).content) for _each in range(12)}

    assert len(lengths) > 1


@pytest.mark.both
def test_pages_with_a_secret_go_as_they_are(rep: User, client: Client) -> None:
    client.force_login(rep)
    asked = {"name": "of a script", "scope": "read"}

    token = client.post("/profile/tokens/", asked, headers=GZIP)
    second = client.get("/auth/2fa/totp/activate/", headers=GZIP, follow=True)

    assert b"It is shown once" in token.content
    assert "Content-Encoding" not in token
    assert second.status_code == 200
    assert "Content-Encoding" not in second
