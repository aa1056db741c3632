"""`check_integrity` finds a reference to nothing, where an engine was told not to look."""

from __future__ import annotations

import pytest
from django.db import connection

from crm.integrity import findings
from leads.operations import capture_lead
from tests.factories import UserFactory


@pytest.mark.django_db(transaction=True)
def test_finds_a_reference_to_nothing(defaults):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL never stops checking")
    lead = capture_lead(by=UserFactory(is_superuser=True), topic="Engines", last_name="Lovelace")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.execute("UPDATE leads_lead SET source_id = 999999")
        try:
            rules = {finding.rule for finding in findings()}
        finally:
            cursor.execute("UPDATE leads_lead SET source_id = NULL WHERE id = %s", [lead.pk])
            cursor.execute("PRAGMA foreign_keys=ON")

    assert "references_lead_somewhere" in rules
