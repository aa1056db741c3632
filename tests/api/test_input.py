"""Bad input by API: always a 4xx that names the field, and nothing stored."""

from __future__ import annotations

import json

import pytest

from leads.models import Lead
from records.models import IdempotencyKey
from tests.api.conftest import LEAD
from tests.factories import AccountFactory, LeadFactory

pytestmark = pytest.mark.django_db

DEEP = {"custom": None}
for _level in range(30):
    DEEP = {"custom": DEEP}

WRONG = [
    ("topic", "x" * 301),
    ("topic", ""),
    ("topic", "   "),
    ("topic", None),
    ("topic", 7),
    ("topic", True),
    ("topic", ["x"]),
    ("topic", {"x": "y"}),
    ("topic", "a\x00b"),
    ("topic", "a\ud800b"),
    ("topic", "\udfff"),
    ("email", "no address"),
    ("email", "x" * 300 + "@x.example"),
    ("email", 7),
    ("email", "a\x00@b.example"),
    ("description", "x" * 10_001),
    ("employees", "12"),
    ("employees", 1.5),
    ("employees", True),
    ("employees", -1),
    ("employees", 2**31),
    ("employees", 10**30),
    ("employees", [1]),
    ("annual_revenue", "NaN"),
    ("annual_revenue", "Infinity"),
    ("annual_revenue", "-1"),
    ("annual_revenue", "1e3000"),
    ("annual_revenue", "9" * 30),
    ("annual_revenue", "1.234"),
    ("annual_revenue", True),
    ("annual_revenue", {}),
    ("annual_revenue", "１,０００"),
    ("estimated_value", 10**15),
    ("currency", "euro"),
    ("currency", "eur"),
    ("currency", "ZZZ"),
    ("currency", None),
    ("country", "Germany"),
    ("country", "XX"),
    ("country", 49),
    ("country", ["DE"]),
    ("source", "nowhere"),
    ("source", 999_999),
    ("source", {}),
    ("source", 10**25),
    ("campaign", True),
    ("products", "pump"),
    ("products", ["pump"]),
    ("products", {"pump": 1}),
    ("rating", "lukewarm"),
    ("rating", 1),
    ("rating", ["hot"]),
    ("rating", "HOT"),
    ("need", "absolutely"),
    ("decision_maker_known", "yes"),
    ("decision_maker_known", 1),
    ("consent", None),
    ("consent", "true"),
    ("estimated_close_on", "soon"),
    ("estimated_close_on", "2026-02-30"),
    ("estimated_close_on", 20260101),
    ("estimated_close_on", "0001-01-01"),
    ("estimated_close_on", "2026-01-01T00:00:00Z"),
    ("owner", "nobody@nowhere.example"),
    ("owner", 999_999),
    ("owner", {}),
    ("owner", True),
    ("owner", 10**40),
    ("account", 999_999),
    ("account", "1"),
    ("account", -1),
    ("account", 0),
    ("account", 2**63),
    ("contact", {"id": 1}),
    ("custom", []),
    ("custom", "x"),
    # read-only, unknown
    ("id", 7),
    ("version", 2),
    ("status", "qualified"),
    ("status_reason", "working"),
    ("bant", {}),
    ("score", 100),
    ("ready_since", None),
    ("opportunities", []),
    ("created_at", "2020-01-01T00:00:00Z"),
    ("qualified_at", None),
    ("deleted_at", None),
    ("search", "x"),
    ("owner_id", 1),
    ("is_superuser", True),
    ("__class__", "x"),
    ("email_key", "x"),
]


@pytest.mark.once
@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_wrong_value_is_named_and_nothing_is_stored(rep, field, value):
    lead = LeadFactory(owner=rep.user)

    on_create = rep.post("leads/", {**LEAD, field: value})
    on_change = rep.patch(f"leads/{lead.pk}/", {field: value})

    for refused in (on_create, on_change):
        assert refused.status_code == 400, refused.content
        answer = refused.json()
        assert set(answer) == {"detail", "code", "errors"}
        assert any(name == field or name.startswith(f"{field}.") for name in answer["errors"])
        assert answer["detail"]
        assert all(
            isinstance(told, str) for all_told in answer["errors"].values() for told in all_told
        )
    assert Lead.objects.count() == 1
    assert Lead.objects.get(pk=lead.pk).version == 1


def test_every_wrong_field_is_named_at_once(rep):
    refused = rep.post("leads/", {"email": "x", "rating": "x", "x": 1, "version": 1})

    assert set(refused.json()["errors"]) == {"topic", "email", "rating", "x", "version"}


def test_a_custom_field_that_nobody_defined_is_named(rep):
    refused = rep.post("leads/", {**LEAD, "custom": {"shoe_size": 42}})

    assert list(refused.json()["errors"]) == ["custom.shoe_size"]


def test_a_lead_has_to_say_who(rep):
    refused = rep.post("leads/", {"topic": "Pumps"})

    assert refused.status_code == 400
    assert refused.json()["errors"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ("", 400, "topic"),
        ("{", 400, None),
        ("nonsense", 400, None),
        ("[]", 400, "body"),
        ('"text"', 400, "body"),
        ("7", 400, "body"),
        ("null", 400, "body"),
        ("9" * 10_000, 400, "body"),
        (b"\xff\xfe{}", 400, None),
        (b'{"topic": "\xe9"}', 400, None),
        ("\ufeff{}", 400, None),
        ('{"topic": "a", "topic": "b"}', 400, "topic"),
        ('{"employees": %s}' % ("9" * 10_000), 400, "employees"),
        ('{"employees": -%s}' % ("9" * 10_000), 400, "employees"),
        ('{"employees": 1e400}', 400, "employees"),
        ('{"employees": 1e999999999999999999999}', 400, "employees"),
        ('{"annual_revenue": %s.5}' % ("9" * 10_000), 400, "annual_revenue"),
        ('{"annual_revenue": 1e99}', 400, "annual_revenue"),
        ('{"annual_revenue": 1E+999999999}', 400, "annual_revenue"),
        ('{"annual_revenue": NaN}', 400, "annual_revenue"),
        ('{"annual_revenue": -Infinity}', 400, "annual_revenue"),
        ('{"custom": {"a": [1, NaN]}}', 400, "custom.a.1"),
        ('{"custom": {"a": "\\u0000"}}', 400, "custom.a"),
        ('{"custom": {"a": ["x", "\\ud83d"]}}', 400, "custom.a.1"),
        ('{"\\u0000": 1}', 400, "\ufffd"),
        ('{"a\\udc00": 1}', 400, "a\ufffd"),
        (json.dumps(DEEP), 400, "custom"),
        ('{"custom": ' + "[" * 100_000 + "]" * 100_000 + "}", 400, "custom"),
        ('{"products": ' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "}", 400, "products"),
        ("[" * 500_000, 400, "body"),
        ('{"a": "' + "[" * 100 + '"}', 400, "a"),
        ('{"topic": "%s"}' % ("x" * 1_100_000), 413, None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_that_cannot_be_is_refused(rep, body, status, field):
    refused = rep.post("leads/", body)

    assert refused.status_code == status, refused.content
    if field is not None:
        assert field in refused.json()["errors"], refused.content
    assert len(refused.content) < 2_000
    assert not Lead.objects.exists()


@pytest.mark.once
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json; charset=utf-16",
        "nonsense",
    ],
)
def test_other_kinds_of_body_are_not_supported(rep, content_type):
    refused = rep.post("leads/", json.dumps(LEAD), content_type=content_type)

    assert refused.status_code == 415
    assert refused.json()["code"] == "unsupported_media_type"
    assert not Lead.objects.exists()


def test_a_body_in_pieces_is_not_taken_for_none(rep):
    lead = LeadFactory(owner=rep.user)

    refused = rep.post(f"leads/{lead.pk}/qualify/", Transfer_Encoding="chunked")

    assert (refused.status_code, refused.json()["code"]) == (411, "length_required")
    assert Lead.objects.get(pk=lead.pk).is_open


def test_a_name_of_another_charset_is_taken_when_it_means_the_same(rep):
    added = rep.post("leads/", json.dumps(LEAD), content_type='application/json; charset="UTF-8"')

    assert added.status_code == 201


def test_everything_people_are_called_is_kept(rep):
    names = [
        "Ægir",
        "王小明",
        "אדה",
        "O'Neill",
        "<b>Ada</b>",
        "Robert'); DROP TABLE",
        "👩🏽‍🔬",
        "{{ 7 }}",
    ]

    for name in names:
        added = rep.post("leads/", {**LEAD, "last_name": name})
        assert added.json()["last_name"] == name
        assert rep.get(f"leads/{added.json()['id']}/").json()["last_name"] == name


def test_a_refused_request_leaves_no_key_behind_when_it_could_not_be_read(rep):
    rep.post("leads/", "{", Idempotency_Key="k")

    assert not IdempotencyKey.objects.exists()
    assert rep.post("leads/", LEAD, Idempotency_Key="k").status_code == 201


@pytest.mark.parametrize(
    "pk", ["0", "-1", "abc", "9" * 18, "9" * 400, "1.5", "%00", "1%2f", "٣", "1;drop", "null"]
)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_id_that_is_none_is_not_found(rep, method, pk):
    body = {} if method == "PATCH" else None

    missing = rep.send(method, f"leads/{pk}/", body)

    assert missing.status_code == 404
    assert missing.json() == {"detail": "Not found.", "code": "not_found", "errors": {}}


@pytest.mark.once
@pytest.mark.parametrize(
    "path",
    [
        "limit=many",
        "limit=-1",
        "limit=0",
        "limit=1.5",
        "cursor=nonsense",
        "cursor=W10",
        "cursor=%00",
        "cursor=WzEsMiwzXQ",
        "cursor=W2ZhbHNlLCIyMDI2LTAxLTAxIiwxXQ",
        "count=2",
        "count=yes",
        "status=opened",
        "status=%00",
        "status=open&status=qualified",
        "nothing=1",
        "owner__team__name=x",
        "search=x",
        "format=xml",
        "created_at__gte=soon",
        "created_at__gte=99999-01-01",
        "created_at__lt=0001-01-01T00:00:00%2B14:00",
        "created_at__lte=9999-12-31T23:59:59-12:00",
        "estimated_value__gt=NaN",
        "estimated_value=1e400",
        "estimated_value=99999999999999999999999999",
        "employees=" + "9" * 5_000,
        "employees=99999999999",
        "employees=-1.5",
        "account=x",
        "account=99999999999999999999999999",
        "account=%D9%A3",
        "id__in=1,x",
        "id__in=" + ",".join("1" for _ in range(300)),
        "email=" + "x" * 5_000,
        "q=" + "x" * 5_000,
        "owner=%00",
        "consent=perhaps",
        "custom.shoe_size=42",
        "&".join(f"x{number}=1" for number in range(50)),
    ],
)
def test_a_filter_that_cannot_be_is_named(rep, path):
    LeadFactory(owner=rep.user)

    refused = rep.get(f"leads/?{path}")

    assert refused.status_code == 400, refused.content
    name = path.partition("=")[0]
    assert name in refused.json()["errors"] or "filters" in refused.json()["errors"]
    assert len(refused.content) < 5_000


def test_a_change_that_belongs_to_nothing_changes_nothing(rep):
    account = AccountFactory(owner=rep.user)

    refused = rep.patch(f"accounts/{account.pk}/", {"parent": account.pk})

    assert refused.status_code in {400, 409}
    assert "parent" in refused.json()["errors"]
