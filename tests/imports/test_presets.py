"""Exports of other systems are known by their headers, and every preset names fields that exist."""

from __future__ import annotations

import json

import pytest

from imports.guessing import preset_for
from imports.queries import targets_for
from leads.jobs import IMPORTERS
from tests.imports.files import sent
from users.models import User
from workbench.transfer import ColumnMapping
from workbench.transfer.mapping import PRESETS

pytestmark = pytest.mark.once

ALL = [
    (path.stem, kind)
    for path in sorted(PRESETS.glob("*.json"))
    for kind in json.loads(path.read_text(encoding="utf-8"))
    if kind in IMPORTERS
]


@pytest.mark.parametrize(("name", "kind"), ALL)
def test_a_preset_names_fields_that_there_are(rep: User, name: str, kind: str) -> None:
    mapping = ColumnMapping.of({"preset": name}, kind)
    fields = {target.name for target in targets_for(rep, kind)} | {"is_deleted"}

    assert {field for field in mapping.columns.values() if field} <= fields
    assert mapping.values.keys() <= fields


@pytest.mark.parametrize(
    ("kind", "headers", "preset", "filled"),
    [
        (
            "contact",
            "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lifecycle Stage",
            "hubspot",
            {"Record ID": "external_id", "Phone Number": "phone", "Contact owner": "owner.name"},
        ),
        (
            "lead",
            "(Do Not Modify) Lead,(Do Not Modify) Row Checksum,Topic,First Name,Business Phone",
            "dynamics",
            {"(Do Not Modify) Lead": "external_id", "Business Phone": "phone"},
        ),
        (
            "lead",
            "Record Id,Lead Owner,Lead Owner.id,Company,First Name,Last Name,Designation",
            "zoho",
            {"Record Id": "external_id", "Designation": "job_title", "Lead Owner.id": None},
        ),
        (
            "opportunity",
            "Deal - ID,Deal - Title,Deal - Value,Deal - Organization,Deal - Status",
            "pipedrive",
            {"Deal - Title": "topic", "Deal - Organization": "account.name"},
        ),
        (
            "contact",
            "First Name,Last Name,Organization Name,E-mail 1 - Label,E-mail 1 - Value",
            "google_contacts",
            {"Organization Name": "company", "E-mail 1 - Value": "email"},
        ),
        (
            "contact",
            "Title,First Name,Last Name,Company,Business Street,E-mail Address,E-mail 2 Address",
            "outlook_contacts",
            {"Title": "salutation", "E-mail 2 Address": "second_email"},
        ),
        (
            "lead",
            "Id,IsDeleted,LastName,FirstName,Company,LeadSource,ConvertedAccountId",
            "salesforce",
            {"Id": "external_id", "LastName": "last_name"},
        ),
    ],
)
def test_an_export_is_known_by_its_headers(
    rep: User, kind: str, headers: str, preset: str, filled: dict[str, str | None]
) -> None:
    presets = {
        path.stem: data[kind]
        for path in PRESETS.glob("*.json")
        if kind in (data := json.loads(path.read_text(encoding="utf-8")))
    }
    assert preset_for(headers.split(","), presets) == preset

    draft = sent(f"{headers}\n{',' * headers.count(',')}x\n", by=rep, kind=kind)

    assert filled.items() <= draft.mapping["columns"].items()
