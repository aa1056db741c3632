"""Bring the front-end files of others into the repository, as `packages.json` names them.

Run it after a change of that list: `python static/vendor/fetch.py`. It needs npm. The result is
committed, so that nobody who runs the product needs it; so is what `trim.py` then makes of
Bootstrap's style sheet. `manifest.json` says what came from where and what it weighs on the scale
(SHA-256); `tests/test_vendor.py` weighs again.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

import trim

HERE = Path(__file__).resolve().parent
# A comment that points to a file we do not ship would break the hashing of static files.
SOURCE_MAP = re.compile(rb"\s*/[/*][#@]\s*sourceMappingURL=[^\s*]+\s*(\*/)?")
DRAWING = re.compile(r"<(?:path|circle|rect|line|polyline|ellipse)\b[^>]*/>")


def main() -> None:
    wanted = json.loads((HERE / "packages.json").read_text())
    manifest = [fetch(package, wanted["icons"]) for package in wanted["packages"]]
    (HERE / "manifest.json").write_text(json.dumps({"packages": manifest}, indent=2) + "\n")
    trim.main()


def fetch(package: dict, icons: list[str]) -> dict:
    """Copy what is wanted of one package and say what was copied."""
    with tempfile.TemporaryDirectory() as folder:
        unpacked = unpack(f"{package['name']}@{package['version']}", Path(folder))
        files = {}
        for source, target in package["files"].items():
            content = SOURCE_MAP.sub(b"", (unpacked / source).read_bytes())
            files.update(write(HERE / package["folder"] / target, content))
        if "sprite" in package:
            drawings = sprite(unpacked / "icons" / "outline", icons)
            files.update(write(HERE / package["sprite"], drawings.encode()))
    entry = {key: package[key] for key in ("name", "version", "licence")}
    return entry | {"files": files}


def unpack(what: str, folder: Path) -> Path:
    packed = subprocess.run(
        ["npm", "pack", what, "--silent", "--pack-destination", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def sprite(folder: Path, icons: list[str]) -> str:
    """Return one SVG that holds every icon as a symbol; colour and stroke come from our CSS."""
    symbols = []
    for name in sorted(icons):
        drawings = DRAWING.findall((folder / f"{name}.svg").read_text())
        visible = "".join(shape for shape in drawings if 'stroke="none"' not in shape)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{visible}</symbol>')
    body = "\n".join(symbols)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n'


def write(target: Path, content: bytes) -> dict[str, str]:
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    name = target.relative_to(HERE.parent).as_posix()
    return {name: hashlib.sha256(content).hexdigest()}


if __name__ == "__main__":
    main()
