"""An administrator who imports, and the import in one line."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command

from tests.factories import UserFactory


@pytest.fixture
def boss(defaults):
    return UserFactory(is_superuser=True, email="boss@import.example", name="Boss")


@pytest.fixture
def take(boss, tmp_path):
    """Import a text, or a file, and return the verdicts and the summary."""

    def run(kind, text="", mapping=None, file=None, **options):
        if file is None:
            file = tmp_path / f"{kind}.csv"
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        if isinstance(mapping, dict):
            (tmp_path / "mapping.json").write_text(json.dumps(mapping))
            mapping = str(tmp_path / "mapping.json")
        out = io.StringIO()
        call_command(
            "import_records", kind, str(file), mapping=mapping or "", stdout=out, **options
        )
        *verdicts, summary = [json.loads(line) for line in out.getvalue().splitlines()]
        return verdicts, summary["summary"]

    return run
