#!/usr/bin/env python3
"""All that a developer types: `python3 dev.py demo | test | check | prove | bench | lock | vendor`.

Needs Python 3.11 and nothing else: what the product needs is installed into `.venv`, pinned and
checked by hash.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUN, TEST = "requirements.txt", "requirements-test.txt"
NOTHING_COLLECTED = 5  # pytest's exit code

# A developer's own settings must not decide what a demo or a test does; blank means default.
NEUTRAL = {
    "DJANGO_SETTINGS_MODULE": "crm.settings",
    "DATABASE_URL": "",
    "SECRET_KEY": "",
    "DEBUG": "0",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "CSRF_TRUSTED_ORIGINS": "",
    "INSECURE_HTTP": "1",
    "TIME_ZONE": "UTC",
    "LANGUAGE_CODE": "en",
    "STATIC_MANIFEST": "0",
    "OIDC_SERVER_URL": "",
    "CACHE_URL": "",
    "CONN_MAX_AGE": "",
    "EMAIL_URL": "",
    "MAIL_IN_URL": "",
    "MAIL_IN_ADDRESS": "",
    "MAIL_BOUNCE_ADDRESS": "",
    "DEFAULT_FROM_EMAIL": "",
    # What is compiled is kept: a run starts some twenty processes, and each would compile it anew.
    "PYTHONDONTWRITEBYTECODE": "",
}


# The environment


def say(words: str) -> None:
    """Print at once, so that lines stand in order with those of the programs that we start."""
    print(words, flush=True)


def run(*command: str | Path, env: dict[str, str] | None = None) -> int:
    """Run `command` in the checkout and return its exit code."""
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(env or {})}, check=False
    ).returncode


def run_quietly(name: str, *command: str | Path, env: dict[str, str]) -> int:
    """Run `command` beside others: what it says is printed at its end, under its `name`."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    say(f"\n== {name} ==\n{done.stdout.rstrip()}")
    return done.returncode


def must(*command: str | Path, env: dict[str, str] | None = None) -> None:
    """Run `command`; end here when it fails."""
    if code := run(*command, env=env):
        sys.exit(code)


def prepare(requirements: str) -> None:
    """Make `.venv` and install `requirements` into it, unless a stamp says that this is done."""
    wanted = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in (RUN, TEST)}
    stamps = {name: VENV / f"installed-{name}" for name in (RUN, TEST)}

    def is_done(name: str) -> bool:
        return stamps[name].exists() and stamps[name].read_text() == wanted[name]

    # What tests need contains what running needs.
    if PYTHON.exists() and (is_done(requirements) or is_done(TEST)):
        return
    uv = shutil.which("uv")
    if not PYTHON.exists():
        say("Making .venv ...")
        if run(*([uv, "venv", "--quiet"] if uv else [sys.executable, "-m", "venv"]), VENV):
            sys.exit(
                "No virtual environment could be made. On Debian: apt-get install python3-venv"
            )
    say(f"Installing {requirements} ...")
    if uv:
        must(
            uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            PYTHON,
            "--require-hashes",
            "-r",
            requirements,
        )
    else:
        pip: list[str | Path] = [
            PYTHON,
            "-m",
            "pip",
            "install",
            "-qq",
            "--disable-pip-version-check",
        ]
        # The file names everything: resolving it anew would trip over each new release of a part
        # that is asked for with an extra, as coverage[toml] is.
        must(*pip, "--no-deps", "--require-hashes", "-r", requirements)
    for name in {requirements, RUN}:
        stamps[name].write_text(wanted[name])


# The demo

# What runs beside the server: what is done after an answer, and what comes due by itself.
BESIDE = (("db_worker", "--interval", "2"), ("scheduler", "--every", "20"))


@contextlib.contextmanager
def children() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Give a list for processes; however this ends, they and what they started end too."""
    started: list[subprocess.Popen[bytes]] = []
    # A container or a CI ends us by SIGTERM: leave by the same way as with Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield started
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for child in started:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, sign)
            until = time.monotonic() + 8
            for child in started:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(max(0.1, until - time.monotonic()))


def demo(words: Sequence[str]) -> int:
    """Start the product with demo data on this machine, until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="dev.py demo", description=demo.__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
    parser.add_argument("--reset", action="store_true", help="start over: forget all demo data")
    options = parser.parse_args(words)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", options.port))
        except OSError:
            sys.exit(f"Port {options.port} is taken. Try another one: dev.py demo --port 8001")

    prepare(RUN)
    folder = Path(os.environ.get("VAR_DIR") or ROOT / "var").absolute()
    if options.reset:
        for name in ("crm.sqlite3", "crm.sqlite3-wal", "crm.sqlite3-shm", "demo.json"):
            (folder / name).unlink(missing_ok=True)
        for name in ("cache", "files"):
            shutil.rmtree(folder / name, ignore_errors=True)
    url = f"http://127.0.0.1:{options.port}/"
    env = {**NEUTRAL, "VAR_DIR": str(folder), "CRM_DEMO": "1"}
    env |= {"PORT": str(options.port), "BIND": f"127.0.0.1:{options.port}"}
    env |= {"LOG_LEVEL": os.environ.get("LOG_LEVEL") or "WARNING"}
    # One process for both: loading the product a second time would cost seconds.
    load = "import django; from django.core.management import call_command as call; django.setup();"
    say("Making the demo data, this takes about half a minute …")
    must(
        PYTHON,
        "-c",
        f"{load} call('migrate', verbosity=0, interactive=False); call('demo')",
        env=env,
    )

    with children() as started:

        def start(*command: str | Path) -> subprocess.Popen[bytes]:
            child = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **env}, start_new_session=True
            )
            started.append(child)
            return child

        try:
            server = start(PYTHON, "-m", "gunicorn", "-c", "crm/gunicorn.py", "crm.wsgi")
            if not answers(f"{url}healthz", server):
                say("The server did not start.")
                return 1
            tell_sign_ins(url, folder / "demo.json")
            beside = {command: start(PYTHON, "manage.py", *command) for command in BESIDE}
            while server.poll() is None:
                for command, child in beside.items():
                    if child.poll() is not None:
                        # What it was in the middle of is taken up by the next one.
                        say(f"{command[0]} has ended and is started again.")
                        started.remove(child)
                        beside[command] = start(PYTHON, "manage.py", *command)
                time.sleep(1)
            return server.returncode
        except KeyboardInterrupt:
            say("\nGood bye. The data stays; start again, or start over with --reset.")
            return 0


def answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Wait until `url` answers, for a minute at most; False when `server` ends before."""
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return True
        time.sleep(0.1)
    return False


def tell_sign_ins(url: str, file: Path) -> None:
    """Print where the demo is and who may enter."""
    say(f"\nThe CRM is running: {url}\n")
    users = json.loads(file.read_text())["users"] if file.exists() else {}
    for name, user in users.items():
        say(f"  {name:<10}{user['email']:<32}{user['password']}")
    say(f"\nAlso in {file}. Ctrl-C ends it; the data stays.")


# The tests

# What decides about access, identity and qualifying is tested branch by branch.
CORE = ("records/*", "accounts/operations/*", "leads/operations/*", "opportunities/operations/*")


def find_chromium() -> bool:
    """Tell whether there is a Chromium; as root on Debian, install it."""
    from tests import chromium

    if not chromium.find() and os.geteuid() == 0 and shutil.which("apt-get"):
        say("Installing a browser ...")
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        install = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")
        run("apt-get", "update", "-qq", env=quiet)
        # The first is smaller and quicker; not every release has it.
        any(run(*install, name, env=quiet) == 0 for name in chromium.NAMES[:2])
    return chromium.find() is not None


def verdict(code: int, *, is_part: bool) -> str:
    """Say in a word how pytest has ended; a part of the suite may hold nothing for an engine."""
    if code == NOTHING_COLLECTED:
        return "nothing to run" if is_part else "not run (no tests found)"
    return "failed" if code else "passed"


def in_turn(name: str, command: list[str | Path]) -> list[str | Path]:
    """Return the command of a suite so that it leaves the processors to the browser's tests, which
    alone wait for what happens on a screen, and only for so long.
    """
    nice = shutil.which("nice")
    return [nice, "-n", "5", *command] if nice and name != "browser" else command


def covered(file: str) -> str:
    """Report the branches that all suites together have gone; say whether they are enough."""
    env = {"COVERAGE_FILE": file}
    run(PYTHON, "-m", "coverage", "combine", "--quiet", env=env)
    run(PYTHON, "-m", "coverage", "report", env=env)
    core = ["--include", ",".join(CORE), "--fail-under", "95"]
    return "failed" if run(PYTHON, "-m", "coverage", "report", *core, env=env) else "passed"


def suites_for(
    asked: set[str], lent: contextlib.ExitStack
) -> tuple[dict[str, tuple[str, dict[str, str]]], dict[str, str]]:
    """Return marks and environment of each suite that can run, and of the others why not."""
    from tests.postgres import NoPostgres, a_postgres

    suites: dict[str, tuple[str, dict[str, str]]] = {}
    outcome: dict[str, str] = {}
    if not asked & {"--postgres-only", "--browser-only"}:
        suites["SQLite"] = ("not e2e and not postgres", {})
    if not asked & {"--sqlite-only", "--browser-only"}:
        try:
            url = lent.enter_context(a_postgres(venv=VENV))
            secret = {"DATABASE_URL": url, "SECRET_KEY": "for-tests-" * 6}
            # A test reckons for long within its transaction, on a machine that has other work, too.
            secret["IDLE_TIMEOUT_MS"] = "0"
            suites["PostgreSQL"] = ("not e2e", secret)
        except NoPostgres as reason:
            outcome["PostgreSQL"] = f"not run ({reason})"
    if not asked & {"--sqlite-only", "--postgres-only", "--no-browser"}:
        if find_chromium():
            suites["browser"] = ("e2e", {})
        else:
            outcome["browser"] = "not run (no chromium; as root it is installed by apt)"
    return suites, outcome


def test(words: Sequence[str]) -> int:
    """Run the suite on SQLite, on PostgreSQL and in a browser, all at once; pass on arguments.

    Own arguments: --sqlite-only --postgres-only --browser-only --no-browser leave suites out,
    --coverage measures branches on the way and asks for the promised share. The first suite is told
    as it goes on, each of the others when it has ended. With -n or --pdb one follows the other.
    What the browser has failed at in a whole run is tried once more at its end, and told.
    """
    from tests.second_try import try_again

    own = {"--sqlite-only", "--postgres-only", "--no-browser", "--browser-only", "--coverage"}
    asked, passed_on = own & set(words), [word for word in words if word not in own]
    prepare(TEST)
    one_by_one = any(word.startswith(("-n", "--numprocesses", "--pdb")) for word in passed_on)
    pytest: list[str | Path] = [PYTHON, "-m", "pytest"]
    if not one_by_one:
        pytest += ["-n", "auto", "--dist", "worksteal"]
    if "--coverage" in asked:
        pytest += ["--cov", "--cov-report="]

    with TemporaryDirectory(prefix="crm-test-") as folder, contextlib.ExitStack() as lent:
        suites, outcome = suites_for(asked, lent)
        # What a suite has to look through when it is run whole: not what belongs to the others.
        whole = {"SQLite": ["--ignore=tests/e2e"], "PostgreSQL": ["--ignore=tests/e2e"]}
        # What has failed is kept apart from what failed on other days.
        kept = ["-o", f"cache_dir={folder}/kept"]
        whole["browser"] = ["tests/e2e", *kept]

        def suite(name: str, once_more: Sequence[str] = ()) -> int:
            marks, env = suites[name]
            title = f"{name}, once more" if once_more else name
            env = {**NEUTRAL, "VAR_DIR": folder, **env, "COVERAGE_FILE": f"{folder}/cov.{title}"}
            # Marks of the caller come later on the line, so they win.
            words = once_more or passed_on or whole[name]
            command = in_turn(name, [*pytest, "-m", marks, *words])
            if one_by_one or once_more or name == next(iter(suites)):
                say(f"\n== {title} ==")
                return run(*command, env=env)
            return run_quietly(title, *command, env=env)

        # One suite waits where another one counts: together they keep the processors busy.
        with ThreadPoolExecutor(1 if one_by_one else 3) as pool:
            codes = dict(zip(suites, pool.map(suite, suites), strict=True))
        alone = [*kept, "-n0", "--randomly-seed=last"]
        codes["browser"], late = try_again(
            codes.get("browser", 0),
            Path(folder, "kept"),
            lambda names: suite("browser", [*alone, *names]),
        )
        outcome |= {name: verdict(codes[name], is_part=bool(passed_on)) for name in suites}
        if "--coverage" in asked:
            outcome["coverage of the core"] = covered(f"{folder}/cov")

    say("\n" + ", ".join(f"{name}: {how}" for name, how in outcome.items()))
    if late:
        say("\n  ".join((f"passed only at the second try: {len(late)}", *late)))
    is_incomplete = any(how.startswith("not run") for how in outcome.values())
    if is_incomplete and os.environ.get("CI") == "true":
        return 1
    return int("failed" in outcome.values())


# The checks

DEPLOYED = {
    **NEUTRAL,
    "ALLOWED_HOSTS": "crm.example",
    "INSECURE_HTTP": "0",
    "TRUST_PROXY": "1",
    "SECRET_KEY": hashlib.sha512(b"only to look at the settings").hexdigest(),
}


def check(words: Sequence[str]) -> int:
    """Ask every linter, type checker and contract; with names as arguments only those."""
    prepare(TEST)
    tools = VENV / "bin"
    manage: list[str | Path] = [PYTHON, "manage.py"]
    templates = sorted(str(path) for path in (ROOT / "templates").rglob("*.html"))
    every: dict[str, tuple[list[str | Path], dict[str, str]]] = {
        "types": ([tools / "mypy"], NEUTRAL),
        "lint": ([tools / "ruff", "check", "--output-format", "concise", "."], {}),
        "format": ([tools / "ruff", "format", "--check", "--output-format", "concise", "."], {}),
        "contracts": ([tools / "lint-imports", "--no-logo"], NEUTRAL),
        "templates": ([tools / "djlint", "templates", "--lint", "--quiet"], {}),
        "template-format": (
            [tools / "djade", "--check", "--target-version", "5.2", *templates],
            {},
        ),
        "dependencies": ([tools / "deptry", "."], {}),
        "dead-code": ([tools / "vulture"], {}),
        "migrations": ([*manage, "makemigrations", "--check", "--dry-run"], NEUTRAL),
        "deployment": ([*manage, "check", "--deploy", "--fail-level", "WARNING"], DEPLOYED),
    }
    if unknown := set(words) - set(every):
        sys.exit(f"No check of that name: {', '.join(unknown)}. There are: {', '.join(every)}")

    with TemporaryDirectory(prefix="crm-check-") as folder:

        def ask(name: str) -> bool:
            command, env = every[name]
            began = time.monotonic()
            done = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, **env, "VAR_DIR": folder},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            verdict = "failed" if done.returncode else "ok"
            say(f"{name:<16}{verdict:<8}{time.monotonic() - began:5.1f} s")
            if done.returncode:
                say(done.stdout.rstrip())
            return not done.returncode

        with ThreadPoolExecutor(2) as pool:
            verdicts = list(pool.map(ask, words or every))
    return int(not all(verdicts))


# The rest


def prove(words: Sequence[str]) -> int:
    """Run the heavy proofs, all or the named ones, and write docs/proof.md.

    All of them are also what every run of the suite asks with some examples: here it is with many.
    """
    prepare(TEST)
    code = run(PYTHON, "-m", "tests.prove", *words, env=NEUTRAL)
    if words or code:
        return code
    os.environ["THOROUGH"] = "1"
    return test(["--no-browser", "-m", "thorough"])


def bench(words: Sequence[str]) -> int:
    """Measure the main pages on both engines beside hand-written SQL; prints JSON."""
    prepare(TEST)
    return run(PYTHON, "-m", "tests.bench", *words, env=NEUTRAL)


def lock(words: Sequence[str]) -> int:
    """Pin what the *.in files ask for, with hashes; `--upgrade` takes newer versions."""
    prepare(TEST)
    compile_: list[str | Path] = [
        VENV / "bin" / "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
    ]
    # No line of the result may tell where the packages came from.
    compile_ += ["--python-version", "3.11", "--no-header", "--no-annotate", "--no-emit-index-url"]
    for name in (RUN, TEST):
        must(*compile_, *words, name.replace(".txt", ".in"), "--output-file", name)
    return 0


def vendor(words: Sequence[str]) -> int:
    """Fetch the front-end files again that static/vendor/manifest.json names."""
    script = ROOT / "static" / "vendor" / "fetch.py"
    if not script.exists():
        sys.exit("There is no static/vendor/fetch.py: the files in static/vendor are as they are.")
    return run(sys.executable, script, *words)


COMMANDS = {act.__name__: act for act in (demo, test, check, prove, bench, lock, vendor)}


def main() -> int:
    """Do what the first argument names."""
    if sys.version_info < (3, 11):  # noqa: UP036 - somebody may well start it with less
        sys.exit("Python 3.11 or newer is needed.")
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        say(__doc__ or "")
        for name, act in COMMANDS.items():
            say(f"  {name:<8}{(act.__doc__ or '').splitlines()[0]}")
        return 2
    return COMMANDS[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
