"""What a qualification made, found and carried over, and why: to read, for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import DateField, DecimalField
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from accounts.models import Account, Contact
from leads.forms import LeadForm
from leads.models import Lead, Qualification
from leads.operations.qualify import TO_OPPORTUNITY
from leads.operations.reusing import FILLED, KEPT, TAKEN, TO_ACCOUNT, TO_CONTACT, source_of
from opportunities.models import Opportunity
from records.custom import in_words, known_to
from records.models import CustomField
from records.permissions import hidden_fields, is_hidden_field, reaches
from users import formats
from workbench.templatetags.workbench import day
from workbench.views import RecordPage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import Model

    from users.models import User

OUTCOMES = {
    "created": (gettext_lazy("Created"), "info c-badge--bare"),
    "reused": (gettext_lazy("Linked to existing"), "active c-badge--bare"),
    "skipped": (gettext_lazy("Skipped"), "plain c-badge--bare"),
}
WAYS = {
    FILLED: (gettext_lazy("Filled in"), "info c-badge--bare"),
    TAKEN: (gettext_lazy("Taken from the lead"), "active c-badge--bare"),
    KEPT: (gettext_lazy("Kept as it was"), "plain c-badge--bare"),
}
STATES = {
    Qualification.State.ACTIVE: "good",
    Qualification.State.UNDONE: "plain",
    Qualification.State.LEFT: "warn",
}


# Which column of the lead went into which column of what was made of it.
WAYS_TO_ACCOUNT = (("company", "name"), *((name, name) for name in TO_ACCOUNT))
WAYS_TO_CONTACT = tuple((name, name) for name in (*TO_CONTACT, "consent", "do_not_contact"))
WAYS_TO_OPPORTUNITY = tuple((name, name) for name in TO_OPPORTUNITY)


class LeadReceipt(RecordPage, TemplateView):
    """The receipt of the latest qualification of a lead, or of an earlier one by `?seq=`."""

    model = Lead
    template_name = "leads/receipt.html"
    actions = ("undo",)

    def page_title(self) -> str:
        return _("Receipt: %(lead)s") % {"lead": self.record}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        cycles = list(
            Qualification.objects.filter(lead=self.record)
            .select_related("by", "ended_by", "account__owner", "contact__owner")
            .order_by("-seq")
        )
        seq = self.request.GET.get("seq", "")
        chosen = next((cycle for cycle in cycles if str(cycle.seq) == seq or not seq), None)
        if chosen is None:
            raise Http404
        return super().get_context_data(
            qualification=chosen,
            state_tone=STATES[Qualification.State(chosen.state)],
            is_active=chosen.state == Qualification.State.ACTIVE,
            cycles=[
                {
                    "label": _("Cycle %(n)d, %(state)s")
                    % {"n": cycle.seq, "state": str(cycle.get_state_display()).lower()},
                    "url": f"?seq={cycle.seq}",
                    "is_current": cycle == chosen,
                }
                for cycle in cycles
            ]
            if len(cycles) > 1
            else [],
            parts=self.parts(chosen),
            frozen=frozen_rows(chosen.frozen, self.user) + frozen_custom(chosen.frozen, self.user),
            **kwargs,
        )

    def parts(self, chosen: Qualification) -> list[dict[str, Any]]:
        """Return what became of account, contact and opportunities."""
        parts = [
            self.part(chosen, "account", Account, chosen.account, ways_to_account(chosen.frozen)),
            self.part(chosen, "contact", Contact, chosen.contact, WAYS_TO_CONTACT),
        ]
        links = chosen.opportunity_links.select_related("opportunity__owner").order_by("pk")
        terms = chosen.plan.get("opportunities")
        for place, link in enumerate(links):
            outcome = "created" if link.is_created else "reused"
            ways = []
            if link.is_created:
                said = terms[place] if terms is not None and place < len(terms) else {}
                own = unmapped(chosen, "opportunity", WAYS_TO_OPPORTUNITY)
                own = [*ways_of_terms(chosen.frozen, said), *own]
                ways = carried(chosen.frozen, Opportunity, own, self.user)
                ways += custom_ways(chosen, "opportunity", self.user)
            parts.append(self.shown(Opportunity, link.opportunity, outcome, [], ways))
        return parts

    def part(
        self,
        chosen: Qualification,
        name: str,
        model: type[Model],
        record: Any,
        to_new: Iterable[tuple[str, str]],
    ) -> dict[str, Any]:
        answer = chosen.result.get(name) or {}
        outcome = answer.get("outcome", "skipped")
        if outcome == "created":
            ways = carried(chosen.frozen, model, unmapped(chosen, name, to_new), self.user)
            ways += custom_ways(chosen, name, self.user)
        else:
            ways = compared(chosen, name, model, known_to(self.user).fields[name])
            kept = kept_in(chosen, name, self.user)
            ways = [way for way in ways if way["name"] not in kept]
            for way in ways:
                if way["name"] == "account":
                    way["value"] = self.named(chosen.account)
        return self.shown(model, record, outcome, answer.get("reasons") or [], ways)

    def named(self, record: Any) -> str:
        if record is None:
            return ""
        return str(record) if reaches(self.user, "view", record) else _("One that you cannot open")

    def shown(
        self, model: type[Model], record: Any, outcome: str, reasons: list[str], ways: list[Any]
    ) -> dict[str, Any]:
        """Return one part; of a record that the user may not see only what happened to it."""
        is_visible = record is not None and reaches(self.user, "view", record)
        label, tone = OUTCOMES.get(outcome, OUTCOMES["skipped"])
        name = ""
        if record is not None:
            name = self.named(record)
        elif outcome != "skipped":
            name = _("Not there any more")
        return {
            "kind": model._meta.model_name,
            "title": str(model._meta.verbose_name).capitalize(),
            "name": name,
            "url": record.get_absolute_url() if is_visible else "",
            "outcome": label,
            "tone": tone,
            "reasons": [
                {"label": reason, "state": "agrees" if outcome == "reused" else ""}
                for reason in (reasons if is_visible or outcome != "reused" else [])
            ],
            "is_filled": outcome == "reused",
            "ways": ways if is_visible or outcome == "created" else [],
        }


def label_of(model: type[Model], name: str) -> str:
    """Return the word for a column, by its name or its attribute's name."""
    for column in model._meta.concrete_fields:
        if name in (column.name, column.attname):
            return str(column.verbose_name).capitalize()
    return name


def word_of(model: type[Model], name: str, value: Any) -> str:
    """Return a frozen value as a person reads it."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dict):
        return ", ".join(f"{key}: {inner}" for key, inner in value.items())
    for column in model._meta.concrete_fields:
        if name in (column.name, column.attname):
            if value and isinstance(column, DateField):
                return day(column.to_python(value))
            if value and isinstance(column, DecimalField):
                number = column.to_python(value)
                cents = 0 if number == number.to_integral_value() else 2
                return formats.number(number, cents)
            choices = dict(getattr(column, "flatchoices", ()) or ())
            return str(choices.get(value, value))
    return str(value)


def ways_to_account(frozen: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what goes into a new account; without a person the number is the company's."""
    has_person = frozen.get("first_name") or frozen.get("last_name")
    return [*WAYS_TO_ACCOUNT, *([] if has_person else [("phone", "phone")])]


def ways_of_terms(frozen: dict[str, Any], said: dict[str, Any]) -> list[tuple[str, str]]:
    """Return which terms of a new opportunity are the lead's: those that nobody said otherwise."""
    value = "budget_amount" if frozen.get("estimated_value") is None else "estimated_value"
    ways = [
        ("topic", "topic"),
        (value, "value"),
        ("estimated_close_date", "estimated_close_date"),
    ]
    return [
        (source, target)
        for source, target in ways
        if said.get(target, "") == ""
        or word_of(Lead, source, said[target]) == word_of(Lead, source, frozen.get(source))
    ]


def kept_in(chosen: Qualification, kind: str, viewer: User) -> set[str]:
    """Return the fields of a kind of which `viewer` may not see what went into them."""
    ours = hidden_fields(viewer, "lead")
    carried_there = [way for way in chosen.carried if way["kind"] == kind]
    kept = {way["target"] for way in carried_there if way["source"] in ours}
    named = (*(chosen.before.get(kind) or ()), *(chosen.kept.get(kind) or ()))
    kept |= {name for name in named if source_of(kind, name) in ours}
    return kept | hidden_fields(viewer, kind)


def carried(
    frozen: dict[str, Any], model: type[Model], ways_in: Iterable[tuple[str, str]], viewer: User
) -> list[dict[str, str]]:
    """Return which value of the lead went to which field of a record that was made of it."""
    ways = []
    for name, target in ways_in:
        if is_hidden_field(viewer, Lead, name) or is_hidden_field(viewer, model, target):
            continue
        value = frozen.get(name)
        if value in (None, "", False, {}, []):
            continue
        ways.append(
            {
                "source": label_of(Lead, name),
                "target": label_of(model, target),
                "value": word_of(Lead, name, value),
                "old": "",
            }
        )
    return ways


def unmapped(
    chosen: Qualification, kind: str, ways: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Return the built-in ways without those to a field that the mapping filled instead."""
    filled = {way["target"] for way in chosen.carried if way["kind"] == kind}
    return [(source, target) for source, target in ways if target not in filled]


def custom_ways(chosen: Qualification, kind: str, viewer: User) -> list[dict[str, str]]:
    """Return which fields of the lead went where by the mapping, in the words of that day."""
    kept = kept_in(chosen, kind, viewer)
    return [
        {
            "source": way["source_label"],
            "target": way["target_label"],
            "value": way["value"],
            "old": "",
        }
        for way in chosen.carried
        if way["kind"] == kind and way["target"] not in kept
    ]


def compared(
    chosen: Qualification, kind: str, model: type[Model], fields: Iterable[CustomField]
) -> list[dict[str, str]]:
    """Return what became of each field in which a record that was there and the lead differed.

    Each with what the lead had, what the record had before, and whether that was filled in, taken
    or kept.
    """
    custom = {each.name: each for each in fields}

    def word(name: str, value: Any) -> str:
        if value in (None, "", [], False):
            return ""
        field = custom.get(name)
        return in_words(field, value) if field else word_of(model, name, value)

    def row(name: str, ours: Any, theirs: Any, outcome: str) -> dict[str, str]:
        field = custom.get(name)
        source = source_of(kind, name)
        label = field.label if field else label_of(model, name)
        source_label = sources.get(name) or (label if field else label_of(Lead, source))
        label_and_tone = WAYS[outcome]
        return {
            "name": name,
            "source": source_label,
            "target": label,
            "value": word(name, ours),
            "old": word(name, theirs),
            "outcome": str(label_and_tone[0]),
            "tone": label_and_tone[1],
        }

    sources = {way["target"]: way["source_label"] for way in chosen.carried if way["kind"] == kind}
    rows = [
        row(name, change["new"], change["old"], TAKEN if change["old"] else FILLED)
        for name, change in (chosen.before.get(kind) or {}).items()
    ]
    return rows + [
        row(name, values["lead"], values["theirs"], KEPT)
        for name, values in (chosen.kept.get(kind) or {}).items()
    ]


def frozen_rows(frozen: dict[str, Any], viewer: User) -> list[dict[str, str]]:
    """Return the lead as it was, field by field, without what is empty or not for people."""
    rows = []
    columns = {column.name: column for column in Lead._meta.concrete_fields}
    hidden = hidden_fields(viewer, "lead")
    for name in LeadForm.Meta.fields:
        column = columns.get(name)
        if column is None or column.is_relation or name in hidden:
            continue
        value = frozen.get(column.attname)
        if value not in (None, "", False):
            rows.append(
                {
                    "label": str(column.verbose_name).capitalize(),
                    "value": word_of(Lead, column.attname, value),
                }
            )
    return rows


def frozen_custom(frozen: dict[str, Any], viewer: User) -> list[dict[str, str]]:
    """Return the custom fields that the lead had; of one out of use what it was called at last."""
    values = frozen.get("custom") or {}
    if not values:
        return []
    hidden = hidden_fields(viewer, CustomField.Kind.LEAD)
    fields = [f for f in known_to(viewer).fields[CustomField.Kind.LEAD] if f.name not in hidden]
    return [
        {"label": each.label, "value": in_words(each, values[each.key])}
        for each in fields
        if each.key in values
    ]
