"""The rules of the house that no linter knows, asked of the sources themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "crm intake reports duplicates emails handover imports webhooks leads opportunities accounts "
    "activities workbench records users"
).split()
SOURCES = sorted(
    path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

CHANGES = {
    "save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create",
    "update_or_create", "bulk_create_with_history", "bulk_update_with_history",
}  # fmt: skip
WEB = ("django.http", "django.forms", "django.shortcuts", "django.views", "rest_framework")
WAYS_OUT = {
    "requests", "httpx", "socket", "smtplib", "imaplib", "http.client", "urllib.request", "urllib3",
}  # fmt: skip
# The one place from which mail leaves, the one by which it comes, and the one that calls others.
GATES = {
    "workbench/smtp.py": {"smtplib"},
    "emails/mailboxes.py": {"imaplib"},
    "webhooks/calling.py": {"socket"},
}
DANGEROUS = {"pickle", "marshal", "subprocess", "yaml", "shelve"}


def room_and_name(path: Path) -> tuple[str, str]:
    """Return the room of a file and its floor: `leads/operations/qualify.py` is on operations."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0], parts[1] if len(parts) > 1 else "__init__"


@cache
def tree(path: Path) -> ast.Module:
    """Return the parsed source."""
    return ast.parse(path.read_text(), filename=str(path))


@pytest.fixture(scope="module", autouse=True)
def _parsed_once() -> Iterator[None]:
    """Keep what was parsed for the tests of this file, and no longer: it is 126 MB."""
    yield
    tree.cache_clear()


def calls(path: Path) -> Iterator[tuple[int, str, ast.Call]]:
    """Yield line, last name and node of every call in `path`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            function = node.func
            name = getattr(function, "attr", None) or getattr(function, "id", "")
            yield node.lineno, name, node


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything that `path` imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def told(findings: list[str]) -> None:
    """Fail with every finding on a line of its own."""
    assert not findings, "\n" + "\n".join(findings)


def place(path: Path, line: int) -> str:
    """Return where that is, for the message."""
    return f"{path.relative_to(ROOT)}:{line}"


def test_records_change_in_operations_only():
    found = []
    for path in SOURCES:
        _, name = room_and_name(path)
        if name in {"operations", "models", "audit", "management"}:
            continue
        for line, called, node in calls(path):
            if called in CHANGES and isinstance(node.func, ast.Attribute):
                target = node.func.value
                if isinstance(target, ast.Call) and getattr(target.func, "id", "") == "super":
                    continue
                if called in {"update", "save"} and node.args:
                    continue  # what is stored takes keywords only: this is a dict, a set or a file
                found.append(f"{place(path, line)} calls .{called}()")
    told(found)


def test_the_business_knows_no_web():
    below = {"operations", "models", "querysets", "rules", "matching", "permissions", "audit"}
    below |= {
        "calendar",
        "letters",
        "mailboxes",
        "placeholders",
        "keys",
        "errors",
        "conditions",
        "custom",
        "timeline",
        "queries",
        "bant",
        "mapping",
        "signatures",
    }
    found = []
    for path in SOURCES:
        room, name = room_and_name(path)
        if room in {"crm", "workbench"} or (name not in below and room != "records"):
            continue
        found += [
            f"{place(path, line)} imports {module}"
            for line, module in imports(path)
            if module.startswith(WEB)
        ]
    told(found)


def test_nothing_is_marked_safe():
    found = [
        f"{place(path, line)} uses {called}"
        for path in SOURCES
        for line, called, node in calls(path)
        if called in {"mark_safe", "SafeText"}
        # Words that stand in the source are safe; words that come from a variable never are.
        or (
            called in {"format_html", "SafeString"}
            and not (node.args and isinstance(node.args[0], ast.Constant))
        )
    ]
    pattern = re.compile(r"\|\s*safe(seq)?\b|autoescape\s+off")
    for path in TEMPLATES:
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if pattern.search(line):
                found.append(f"{place(path, number)} {line.strip()}")
    told(found)


def test_templates_keep_to_the_policy():
    """No inline script, style or handler: the policy would block it, so it must not be there."""
    pattern = re.compile(
        r"""\son[a-z]+\s*=\s*["']|\sstyle\s*=|<style|hx-on|javascript:""", re.IGNORECASE
    )
    script = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", re.IGNORECASE
    )
    found = []
    for path in TEMPLATES:
        text = re.sub(
            r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL
        )
        for number, line in enumerate(text.splitlines(), start=1):
            if pattern.search(line) or script.search(line):
                found.append(f"{place(path, number)} {line.strip()}")
    told(found)


def test_no_data_of_a_request_goes_into_the_orm_as_keywords():
    found = [
        f"{place(path, line)} passes **{ast.unparse(keyword.value)}"
        for path in SOURCES
        for line, called, node in calls(path)
        for keyword in node.keywords
        if keyword.arg is None and re.search(r"request\.|\.GET|\.POST", ast.unparse(keyword.value))
        if called in CHANGES | {"filter", "exclude", "get", "annotate", "order_by"}
    ]
    told(found)


def test_no_sql_is_put_together():
    found = [
        f"{place(path, line)} calls {called}"
        for path in SOURCES
        for line, called, node in calls(path)
        if called in {"RawSQL", "extra", "raw"}
        or (called == "execute" and node.args and isinstance(node.args[0], ast.JoinedStr))
    ]
    told(found)


def test_nothing_calls_out_or_runs_what_it_reads():
    found = [
        f"{place(path, line)} imports {module}"
        for path in SOURCES
        for line, module in imports(path)
        if module in (WAYS_OUT | DANGEROUS) - GATES.get(str(path.relative_to(ROOT)), set())
        or module.split(".")[0] in DANGEROUS | {"requests", "httpx"}
    ]
    found += [
        f"{place(path, line)} calls {called}"
        for path in SOURCES
        for line, called, node in calls(path)
        if called in {"eval", "exec", "__import__"} and isinstance(node.func, ast.Name)
    ]
    told(found)


def test_csrf_is_asked_for_everywhere():
    told(
        [
            str(path.relative_to(ROOT))
            for path in SOURCES
            # Strangers have no token: forms on other websites, programs that sign what they send,
            # mail programs that follow a signed link.
            if "csrf_exempt" in path.read_text()
            and room_and_name(path)[1] != "api"
            and room_and_name(path) != ("intake", "views")
            and path != ROOT / "workbench" / "views" / "stop.py"
        ]
    )


def test_numbers_and_days_are_written_in_one_place():
    """`users.formats` knows who reads; Django's own ways and Python's know a language at most."""
    ours = ROOT / "users" / "formats.py"
    theirs = ("django.utils.formats", "django.utils.dateformat", "django.contrib.humanize", "babel")
    found = [
        f"{place(path, line)} imports {module}"
        for path in SOURCES
        for line, module in imports(path)
        if path != ours and module.startswith(theirs)
    ]
    found += [
        f"{place(path, line)} imports {module}"
        for path in SOURCES
        for line, module in imports(path)
        if module.endswith(".filesizeformat")
    ]
    # An ISO day in an attribute is for programs.
    pattern = re.compile(
        r"""\|\s*(date:(?!"c")|time:|floatformat|intcomma|filesizeformat)|{% now """
    )
    found += [
        f"{place(path, number)} {line.strip()[:80]}"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if pattern.search(line)
    ]
    told(found)


def test_nothing_happens_behind_your_back():
    """No signals and no thread-locals: what a call does stands in the call."""
    told(
        [
            f"{place(path, line)} imports {module}"
            for path in SOURCES
            for line, module in imports(path)
            if module.startswith(("django.db.models.signals", "django.dispatch", "threading.local"))
        ]
    )


def test_a_page_that_only_shows_does_not_write():
    found = []
    for path in SOURCES:
        if room_and_name(path)[1] not in {"views", "api"}:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and node.name in {"get", "head", "options"}:
                found += [
                    f"{place(path, call.lineno)} writes in {node.name}()"
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call) and "operations." in ast.unparse(call.func)
                ]
    told(found)


def test_a_file_name_says_what_it_holds():
    nothing = {"utils", "helpers", "common", "core", "misc", "services", "util", "helper"}
    told(
        [
            str(path.relative_to(ROOT))
            for path in SOURCES
            if nothing & set(path.with_suffix("").parts)
        ]
    )


def test_every_module_begins_with_a_sentence():
    told(
        [
            str(path.relative_to(ROOT))
            for path in SOURCES
            if path.name != "__init__.py" and not ast.get_docstring(tree(path))
        ]
    )


def test_no_unfinished_business():
    pattern = re.compile(r"\b(TODO|FIXME|XXX)\b(?!.*#\d+)")
    told(
        [
            f"{place(path, number)} {line.strip()}"
            for path in SOURCES + TEMPLATES
            for number, line in enumerate(path.read_text().splitlines(), start=1)
            if pattern.search(line)
        ]
    )


@pytest.mark.parametrize(
    "label", ["leads.Lead", "accounts.Account", "accounts.Contact", "opportunities.Opportunity"]
)
def test_a_record_has_an_owner_a_version_and_a_scope(label):
    model = apps.get_model(label)
    names = {field.name for field in model._meta.get_fields()}

    assert {"owner", "version"} <= names
    assert hasattr(model._default_manager.all(), "permitted")


def test_models_are_ordered_where_they_are_asked_not_everywhere():
    """An order by default sorts every subquery too, and hides which order a list relies on."""
    told(
        [
            model._meta.label
            for model in apps.get_models()
            if model._meta.app_label in ROOMS
            and model._meta.ordering
            and not model.__name__.startswith("Historical")
        ]
    )


def test_constraints_say_their_sentence_and_indexes_fit():
    found = []
    for model in apps.get_models():
        if model._meta.app_label in ROOMS and not model.__name__.startswith("Historical"):
            prefix = f"{model._meta.app_label}_"
            found += [c.name for c in model._meta.constraints if not c.name.startswith(prefix)]
            found += [i.name for i in model._meta.indexes if len(i.name) > 30]
    told(found)


def test_no_committed_file_names_an_index_or_a_machine():
    """Hashes pin what is installed; where it comes from is the business of the machine."""
    found = []
    for name in (
        "requirements.in",
        "requirements.txt",
        "requirements-test.in",
        "requirements-test.txt",
    ):
        for number, line in enumerate((ROOT / name).read_text().splitlines(), start=1):
            if re.search(r"https?://|file:|--(extra-)?index-url|--find-links", line):
                found.append(f"{name}:{number} {line.strip()}")
    told(found)
