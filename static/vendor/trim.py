"""Make of Bootstrap's style sheet the part that our pages use: `python static/vendor/trim.py`.

`packages.json` names the classes that are kept, with `*` for the rest of a name; what is said of
bare elements stays whole. Everybody pays for what is beyond that with every first visit. The result
is committed, and `tests/test_vendor.py` makes it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

HERE = Path(__file__).resolve().parent
WHOLE = HERE / "bootstrap" / "bootstrap.min.css"
TRIMMED = HERE / "bootstrap" / "bootstrap.trimmed.css"

CLASS = re.compile(r"\.(-?[A-Za-z](?:[\w-]|\\.)*)")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# A selector that excludes a class does not use it.
EXCLUDED = re.compile(r":not\([^()]*\)")
VARIABLE = re.compile(r"(?<![\w-])(--[\w-]+):")
# Our policy lets no page load them; forms.css draws the same as files.
FORBIDDEN = re.compile(r"url\(\"?data:")


def main() -> None:
    classes = json.loads((HERE / "packages.json").read_text())["classes"]
    TRIMMED.write_text(trimmed(WHOLE.read_text(), classes))


def trimmed(text: str, classes: list[str]) -> str:
    """Return the rules of a style sheet that elements with these classes, or without any, need."""
    text = COMMENT.sub("", text).replace('@charset "UTF-8";', "")
    rules = "\n".join(_kept(text, classes)) + "\n"
    while (fewer := _without_unread_variables(rules)) != rules:
        rules = fewer
    return rules


def _kept(text: str, classes: list[str]) -> Iterator[str]:
    for head, body in _blocks(text):
        if head.startswith("@media"):
            inner = "".join(_kept(body, classes))
            if inner:
                yield f"{head}{{{inner}}}"
        elif not head.startswith("@"):  # motion of parts that we do not use
            used = ",".join(s for s in _selectors(head) if _is_used(s, classes))
            if used and (declared := _allowed(body)):
                yield f"{used}{{{declared}}}"


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before each outer pair of braces, and in it."""
    depth, start, opened = 0, 0, 0
    for sign in re.finditer(r"[{}]", text):
        if sign[0] == "{":
            opened = sign.start() if depth == 0 else opened
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield text[start:opened].strip(), text[opened + 1 : sign.start()]
                start = sign.end()


def _selectors(head: str) -> list[str]:
    """Split at the commas that stand in no brackets."""
    return re.split(r",(?![^(]*\))", head)


def _is_used(selector: str, classes: list[str]) -> bool:
    named = CLASS.findall(EXCLUDED.sub("", selector))
    return all(any(fnmatchcase(name, kept) for kept in classes) for name in named)


def _declarations(body: str) -> list[str]:
    """Split at the semicolons that stand in no brackets or quotes."""
    return re.findall(r"(?:[^;\"(]|\"[^\"]*\"|\([^()]*(?:\([^()]*\)[^()]*)*\))+", body)


def _allowed(body: str) -> str:
    return ";".join(part for part in _declarations(body) if not FORBIDDEN.search(part))


def _without_unread_variables(rules: str) -> str:
    read = set(re.findall(r"var\((--[\w-]+)", rules))

    def narrowed(rule: re.Match[str]) -> str:
        parts = _declarations(rule[1])
        kept = [part for part in parts if not (m := VARIABLE.match(part)) or m[1] in read]
        return f"{{{';'.join(kept)}}}"

    rules = re.sub(r"\{([^{}]*)\}", narrowed, rules)
    return re.sub(r"[^{}\n]*\{\}", "", rules).replace("\n\n", "\n").lstrip()


if __name__ == "__main__":
    main()
