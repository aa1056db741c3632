"""Anything at all by API: whatever is sent, the answer is ours and never a 5xx."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import LEAD
from tests.factories import AccountFactory, ActivityFactory, LeadFactory, OpportunityFactory
from tests.thorough import examples

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

FIELDS = (
    "topic email phone website employees annual_revenue country source products rating "
    "description need currency estimated_close_on consent owner account contact custom name "
    "parent value stage probability competitors kind status subject text due_at done_at duration "
    "on next reason comment revisit_on duplicate_of opportunities override_reason lead_version "
    "actual_value closed_on lost_to action id take keep apart duplicates lead x"
).split()

ODD_TEXTS = st.sampled_from(
    [
        *("", " ", "\x00", "\ud800", "\u202e", "ﬁ", "٣", "null", "NaN", "-0", "1e9", "0x1F"),
        *("me", "none", "%s%n", "../../etc/passwd", "'; --", "{{7*7}}", "<script>", "=1+1"),
        *("2026-02-30", "2026-01-01", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"),
        *("open", "task", "EUR", "a@b.c"),
    ]
)
ODD_NUMBERS = st.sampled_from(
    [0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**39, 0.1, -0.0, 1e308, 5e-324, True, False]
)
VALUES = st.recursive(
    st.none() | ODD_NUMBERS | ODD_TEXTS | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=12,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), VALUES, max_size=6)
AT_LEISURE = settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def is_polite(answer: Any) -> bool:
    """Tell whether the answer is a success, or an error in the shape that every error has."""
    if answer.status_code < 300:
        return True
    body = answer.json()
    return (
        answer.status_code < 500
        and {"detail", "code", "errors"} <= set(body)
        and all(isinstance(told, list) for told in body["errors"].values())
    )


@pytest.fixture
def addresses(rep):
    """What can be sent an object: method and path."""
    lead = LeadFactory(owner=rep.user)
    account = AccountFactory(owner=rep.user)
    deal = OpportunityFactory(owner=rep.user, account=account)
    task = ActivityFactory(on=lead, owner=rep.user, kind="task")
    return (
        [("POST", f"{kind}/") for kind in ("leads", "accounts", "contacts", "activities")]
        + [("POST", "opportunities/"), ("PATCH", f"leads/{lead.pk}/")]
        + [("PATCH", f"accounts/{account.pk}/"), ("PATCH", f"opportunities/{deal.pk}/")]
        + [("PATCH", f"activities/{task.pk}/")]
        + [
            ("POST", f"leads/{lead.pk}/{verb}/")
            for verb in ("qualify", "undo", "disqualify", "reopen", "assign", "apart", "together")
        ]
        + [
            ("POST", f"opportunities/{deal.pk}/{verb}/")
            for verb in ("stage", "win", "lose", "reopen")
        ]
    )


@given(body=BODIES, data=st.data())
@AT_LEISURE
def test_any_object_to_any_address(rep, addresses, body, data):
    method, path = data.draw(st.sampled_from(addresses))
    if path == "leads/":
        body = {**LEAD, **body}

    # Each is sent to the same records, as they were made.
    with transaction.atomic():
        answer = rep.send(method, path, body)
        transaction.set_rollback(True)
    assert is_polite(answer)


@given(body=st.text(max_size=200) | st.binary(max_size=200))
@AT_LEISURE
def test_any_text_for_a_body(rep, body):
    raw = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")

    assert is_polite(rep.post("leads/", raw))


@given(
    name=st.sampled_from(
        "q owner status source email created_at created_at__gte estimated_value__lt employees "
        "account id__in limit cursor count country consent next_step ready x".split()
    ),
    value=ODD_TEXTS.filter(lambda text: text != "\ud800") | st.text(max_size=20).map(str),
)
@AT_LEISURE
def test_any_filter(rep, name, value):
    from urllib.parse import quote

    text = value.encode("utf-8", "replace").decode()

    assert is_polite(rep.get(f"leads/?{name}={quote(text)}"))


@given(key=st.text(max_size=20), tag=st.text(max_size=20))
@AT_LEISURE
def test_any_header(rep, key, tag):
    lead = LeadFactory(owner=rep.user)
    spoken = {
        name: text.encode("latin-1", "ignore").decode("latin-1").replace("\n", "").replace("\r", "")
        for name, text in (("Idempotency_Key", key), ("If_Match", tag))
    }

    assert is_polite(rep.patch(f"leads/{lead.pk}/", json.dumps({"city": "Rome"}), **spoken))
