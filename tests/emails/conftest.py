"""An installation that has a mailbox, and a lead to write to."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from leads.models import Lead
from tests.factories import LeadFactory
from users.models import User

ADA = "ada@engine.example"


@pytest.fixture
def mailbox() -> Any:
    """Letters to `in@crm.example` are read; ours come from `crm@crm.example`."""
    with override_settings(
        MAIL_IN_ADDRESS="in@crm.example", DEFAULT_FROM_EMAIL="The firm <crm@crm.example>"
    ):
        yield


@pytest.fixture
def lead(mailbox: None, rep: User) -> Lead:
    return LeadFactory(
        owner=rep, first_name="Ada", last_name="Lovelace", email=ADA, company="Engines"
    )
