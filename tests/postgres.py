"""A real PostgreSQL for an hour: started in a temporary folder, gone without a trace.

Standard library only, because `dev.py` uses it before anything is installed. The server listens on
a socket in its own folder and nowhere else, so any number of them can run side by side.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("initdb", "pg_ctl", "postgres")
# Nothing in it outlives the run, so it need not survive a power cut. `durable` turns this off.
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


class NoPostgres(RuntimeError):
    """This machine has no PostgreSQL that could be started; `str()` says what was tried."""


def is_whole(folder: Path) -> bool:
    """Tell whether `folder` holds the programs and its `postgres` answers.

    A lone `postgres` somewhere on the path may be a wrapper or a leftover of another package.
    """
    if not all(os.access(folder / program, os.X_OK) for program in PROGRAMS):
        return False
    answer = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    return answer.returncode == 0 and "PostgreSQL" in answer.stdout


def candidates(venv: Path | None = None) -> Iterator[Path]:
    """Yield the folders where the programs may be: the newest of the system, then the wheel's."""
    found = Path("/usr/lib/postgresql").glob("*/bin")  # Debian keeps them off the path
    yield from sorted(found, key=lambda folder: float(folder.parent.name), reverse=True)
    if on_path := shutil.which("pg_ctl"):
        yield Path(on_path).resolve().parent
    if venv is not None:
        yield from venv.glob("lib/python3*/site-packages/*/pginstall/bin")


def find_programs(venv: Path | None = None) -> Path:
    """Return the folder of PostgreSQL's programs; raises `NoPostgres` when there is none."""
    for folder in candidates(venv):
        if is_whole(folder):
            return folder
    raise NoPostgres("no programs of PostgreSQL under /usr/lib/postgresql, on the path or in venv")


def servant() -> pwd.struct_passwd | None:
    """Return the user to run as when we are root, whom PostgreSQL refuses; None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoPostgres("we are root and there is neither a user postgres nor a user nobody")


class Cluster:
    """One throw-away server: `url` leads to its database, `stop` ends it and removes everything.

    Use it as a context manager. `crash` and `start` are for tests that take the server away.
    """

    def __init__(self, *, venv: Path | None = None, durable: bool = False) -> None:
        self.programs = find_programs(venv)
        self.durable = durable
        user = servant()
        self.identity: dict[str, object] = {}
        # Short: the name of a socket may have about a hundred characters.
        self.folder = Path(tempfile.mkdtemp(prefix="crm-pg-", dir="/tmp"))
        if user is not None:
            self.identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        if venv is not None and venv in self.programs.parents:
            # The unprivileged user may not be able to look into our folder: take a copy there. The
            # programs find their libraries beside the package, so both keep their places.
            package = self.programs.parents[1]
            for part in (package / "pginstall", package.with_name(f"{package.name}.libs")):
                if part.exists():
                    place = self.folder / "wheel" / part.relative_to(package.parent)
                    shutil.copytree(part, place, symlinks=True)
            self.programs = self.folder / "wheel" / package.name / "pginstall" / "bin"
        self.data = self.folder / "data"

    @property
    def url(self) -> str:
        """The address of the database, as `DATABASE_URL` wants it."""
        return f"postgres://postgres@/{self.folder}/postgres"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the programs; raises `NoPostgres` with its words when it fails."""
        with open(self.folder / f"{program}.out", "w+", encoding="utf-8") as out:  # noqa: PTH123
            done = subprocess.run(
                [self.programs / program, *arguments],
                stdin=subprocess.DEVNULL,
                # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                check=False,
                **self.identity,  # type: ignore[call-overload]
            )
            out.seek(0)
            if done.returncode != 0:
                raise NoPostgres(f"{program} failed: {out.read().strip()[-800:]}")

    def start(self) -> None:
        """Make the cluster if it is not there yet, and start its server."""
        if not self.data.exists():
            self.run(
                "initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust",
                "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
            )  # fmt: skip
        options = ["listen_addresses=", f"unix_socket_directories={self.folder}"]
        options += ["max_connections=200", "shared_buffers=128MB"]
        options += [] if self.durable else FAST
        words = " ".join(f"-c {option}" for option in options)
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", log, "-o", words, "start")

    def crash(self) -> None:
        """Take the server away at once, as a power cut would; `start` brings it back."""
        self.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def stop(self) -> None:
        """End the server, if it runs, and remove the folder."""
        with contextlib.suppress(NoPostgres):
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Cluster:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


@contextlib.contextmanager
def a_postgres(*, venv: Path | None = None) -> Iterator[str]:
    """Yield the address of a database: the one that `TEST_DATABASE_URL` gives, else our own."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with Cluster(venv=venv) as cluster:
        yield cluster.url
