"""What qualifications made, found and carried over, for programs: as it was noted at the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from leads.models import Lead
from leads.operations.reusing import FILLED, KEPT, TAKEABLE, TAKEN, is_nothing, source_of
from opportunities.models import Opportunity
from records.custom import PREFIX
from records.permissions import hidden_fields, reaches
from workbench import api

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from leads.models import Qualification
    from users.models import User

# Besides what an existing contact can take over.
ONLY_NEW = {"account": (), "contact": ("consent", "do_not_contact")}


class CarriedSerializer(serializers.Serializer[Any]):
    """What became of a value of the lead in a record."""

    name = serializers.CharField(help_text="The field of the record.")
    lead = serializers.JSONField(help_text="What the lead had.")
    before = serializers.JSONField(help_text="What the record had; null where it was made.")
    outcome = serializers.CharField(help_text="filled, taken or kept")


class MadeSerializer(serializers.Serializer[Any]):
    """What became of the account or the contact; of a hidden one neither id nor what it had."""

    id = serializers.IntegerField(allow_null=True)
    outcome = serializers.CharField(help_text="created, reused or skipped")
    reasons = serializers.ListField(child=serializers.CharField())
    fields = CarriedSerializer(many=True)


class OpenedSerializer(serializers.Serializer[Any]):
    """An opportunity that was opened, or that the lead was added to."""

    id = serializers.IntegerField(allow_null=True)
    outcome = serializers.CharField(help_text="created or reused")


class CustomSerializer(serializers.Serializer[Any]):
    """A value that went into a custom field, in the words of that day."""

    kind = serializers.CharField()
    source = serializers.CharField()
    target = serializers.CharField()
    value = serializers.CharField()


class ReceiptSerializer(serializers.Serializer[Any]):
    """One time that the lead was qualified."""

    qualification = serializers.IntegerField()
    seq = serializers.IntegerField(help_text="Which time that was, from 1.")
    state = serializers.CharField(help_text="active, undone, or left: reopened, records kept")
    at = api.Moment()
    by = serializers.EmailField()
    ended_at = api.Moment(allow_null=True)
    ended_by = serializers.EmailField(allow_null=True)
    rule_version = serializers.CharField()
    override_reason = serializers.CharField()
    account = MadeSerializer()
    contact = MadeSerializer()
    opportunities = OpenedSerializer(many=True)
    custom = CustomSerializer(many=True)
    duplicates = serializers.ListField(
        child=serializers.IntegerField(), help_text="Leads that were closed along with it."
    )
    lead = serializers.DictField(help_text="The lead as it was, by the names of its fields.")


class ReceiptsSerializer(serializers.Serializer[Any]):
    """Every time that the lead was qualified, the latest first."""

    results = ReceiptSerializer(many=True)


def receipt_of(done: Qualification, names: Mapping[str, str], *, viewer: User) -> dict[str, Any]:
    """Return a receipt as `viewer` may read it; `names` are the API's of the columns of a lead."""
    links = done.opportunity_links.select_related("opportunity__owner").order_by("pk")
    closed = done.before.get("duplicates", ())
    twins = Lead.objects.permitted(viewer).filter(pk__in=closed) if closed else ()
    ours = hidden_fields(viewer, "lead")
    return {
        "qualification": done.pk,
        "seq": done.seq,
        "state": done.state,
        "at": done.at,
        "by": done.by.email,
        "ended_at": done.ended_at,
        "ended_by": done.ended_by.email if done.ended_by else None,
        "rule_version": done.rule_version,
        "override_reason": done.override_reason,
        "account": _made(done, "account", done.account, viewer),
        "contact": _made(done, "contact", done.contact, viewer),
        "opportunities": [_opened(link.opportunity, link.is_created, viewer) for link in links],
        "custom": [
            {
                "kind": way["kind"],
                "source": way["source_label"],
                "target": way["target_label"],
                "value": way["value"],
            }
            for way in done.carried
            if not {way["source"]} & ours
            and way["target"] not in hidden_fields(viewer, way["kind"])
        ],
        "duplicates": sorted(lead.pk for lead in twins),
        "lead": {
            names[column]: value if column != "custom" else _seen(value, ours)
            for column, value in done.frozen.items()
            if column in names and column not in ours
        },
    }


def _seen(values: Any, hidden: Collection[str]) -> Any:
    """Return custom values without those of the fields that are hidden."""
    return {key: v for key, v in (values or {}).items() if f"{PREFIX}{key}" not in hidden}


def _opened(opportunity: Opportunity, is_created: bool, viewer: User) -> dict[str, Any]:
    is_seen = reaches(viewer, "view", opportunity)
    outcome = "created" if is_created else "reused"
    return {"id": opportunity.pk if is_seen else None, "outcome": outcome}


def _made(done: Qualification, kind: str, record: Any, viewer: User) -> dict[str, Any]:
    answer = done.result.get(kind) or {}
    outcome = answer.get("outcome", "skipped")
    is_seen = record is not None and reaches(viewer, "view", record)
    is_told = is_seen or outcome != "reused"
    found = _carried(done, kind) if outcome == "created" else _compared(done, kind)
    ours, theirs = hidden_fields(viewer, "lead"), hidden_fields(viewer, kind)
    mapped = {way["target"]: way["source"] for way in done.carried if way["kind"] == kind}

    def is_seen_in(name: str) -> bool:
        return name not in theirs and mapped.get(name, source_of(kind, name)) not in ours

    return {
        "id": record.pk if is_seen else None,
        "outcome": outcome,
        "reasons": list(answer.get("reasons") or ()) if is_told else [],
        "fields": [each for each in found if is_seen_in(each["name"])] if is_told else [],
    }


def _carried(done: Qualification, kind: str) -> Iterable[dict[str, Any]]:
    """Yield what of the lead went into a record that was made of it."""
    frozen = done.frozen
    has_person = frozen.get("first_name") or frozen.get("last_name")
    mapped = {way["target"] for way in done.carried if way["kind"] == kind}
    for name in (*TAKEABLE[kind], *ONLY_NEW[kind]):
        value = frozen.get(source_of(kind, name))
        # Of a person and a company the number is the person's.
        if name in mapped:
            continue  # told among the mapped ones
        if not is_nothing(value) and not (kind == "account" and name == "phone" and has_person):
            yield {"name": name, "lead": value, "before": None, "outcome": FILLED}


def _compared(done: Qualification, kind: str) -> Iterable[dict[str, Any]]:
    """Yield each field in which the lead and a record that was there differed."""
    for name, change in (done.before.get(kind) or {}).items():
        outcome = TAKEN if change["old"] else FILLED
        if name != "account":  # which one it is of is told by the account itself
            values = {"lead": change["new"], "before": change["old"]}
            yield {"name": name, **values, "outcome": outcome}
    for name, values in (done.kept.get(kind) or {}).items():
        kept = {"lead": values["lead"], "before": values["theirs"]}
        yield {"name": name, **kept, "outcome": KEPT}
