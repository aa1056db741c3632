"""What of a lead goes into the custom fields of what it becomes: one place says it for all.

`arrivals_of` is asked by the preview, which shows its answer, and by the qualification, which
carries it out and keeps it for the receipt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext as _
from django_countries.fields import CountryField

from leads.models import FieldMapping, Lead
from leads.operations.reusing import differences, fills_custom
from records import audit
from records.custom import (
    PREFIX,
    choices_of,
    definitions_for,
    in_words,
    is_empty,
    known_to,
    stored,
)
from records.errors import Unacceptable
from records.models import CustomField
from records.operations import operation, save_setting
from records.permissions import reaches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from leads.operations.plan import Choice, Decision, Plan
    from users.models import User

# What a mapping may take of the lead besides its custom fields.
BUILT_IN = (
    "topic", "salutation", "first_name", "last_name", "job_title", "email", "phone", "mobile",
    "company", "website", "industry", "employees", "annual_revenue", "street", "city", "region",
    "postal_code", "country", "source", "campaign", "rating", "description", "budget_amount",
    "budget_status", "decision_maker_known", "decision_maker", "purchase_process", "need",
    "need_description", "timeframe", "estimated_value", "estimated_close_date", "consent",
    "do_not_contact", "external_id",
)  # fmt: skip
_TYPES = CustomField.Type
# Type of the lead's field → types of custom fields that can hold its values.
FITS: dict[str, tuple[str, ...]] = {
    _TYPES.TEXT: (_TYPES.TEXT, _TYPES.LONG_TEXT),
    _TYPES.LONG_TEXT: (_TYPES.LONG_TEXT,),
    _TYPES.WHOLE: (_TYPES.WHOLE, _TYPES.DECIMAL),
    _TYPES.DECIMAL: (_TYPES.DECIMAL,),
    _TYPES.DATE: (_TYPES.DATE,),
    _TYPES.YES_NO: (_TYPES.YES_NO,),
    _TYPES.CHOICE: (_TYPES.CHOICE, _TYPES.CHOICES, _TYPES.TEXT, _TYPES.LONG_TEXT),
    _TYPES.CHOICES: (_TYPES.CHOICES,),
}


@dataclass(frozen=True)
class Source:
    """A field of the lead, a column or a custom one; `choices` are key → label."""

    name: str
    label: str
    type: str
    choices: dict[str, str]
    definition: CustomField | None = None

    def value_in(self, lead: Lead) -> Any:
        """Return what the lead has there; None for nothing. An unticked column says nothing."""
        if self.definition is not None:
            return lead.custom.get(self.definition.key)
        value = getattr(lead, self.name)
        if value is None or value is False or value == "":
            return None
        if isinstance(value, models.Model):
            return str(value)
        return getattr(value, "name", value)  # a country is more than its code


@dataclass(frozen=True)
class Way:
    """A value of the lead on its way into a custom field."""

    source: Source
    target: CustomField
    value: Any

    @property
    def words(self) -> str:
        return in_words(self.target, self.value)


@dataclass(frozen=True)
class Arrival:
    """What becomes of a value: it is filled in, or the `record` that is there stays as it is."""

    way: Way
    is_filled: bool
    record: Any = None

    @property
    def theirs(self) -> Any:
        """What the record that is there has in this field."""
        return None if self.record is None else self.record.custom.get(self.way.target.key)


@dataclass(frozen=True)
class Arrivals:
    """What becomes of every value that has a way, and which custom fields go nowhere."""

    items: tuple[Arrival, ...] = ()
    stranded: tuple[Source, ...] = ()

    def for_kind(self, kind: str) -> list[Arrival]:
        """Return those that go to an account, a contact or an opportunity."""
        return [each for each in self.items if each.way.target.kind == kind]

    def values_for(self, kind: str) -> dict[str, Any]:
        """Return the custom values that an account, contact or opportunity gets, by key."""
        return {
            each.way.target.key: each.way.value for each in self.for_kind(kind) if each.is_filled
        }

    def as_data(self) -> list[dict[str, str]]:
        """Return what was filled in as it is kept with the qualification."""
        return [
            {
                "kind": each.way.target.kind,
                "source": each.way.source.name,
                "source_label": each.way.source.label,
                "target": each.way.target.name,
                "target_label": each.way.target.label,
                "value": each.way.words,
            }
            for each in self.items
            if each.is_filled
        ]


def sources_for(user: User) -> dict[str, Source]:
    """Return every field of a lead that can fill others, by name: its own, then the custom ones."""
    found = {name: _built_in(name) for name in BUILT_IN}
    for each in definitions_for(user)[CustomField.Kind.LEAD]:
        choices = {key: str(choice["label"]) for key, choice in choices_of(each).items()}
        found[each.name] = Source(each.name, each.label, each.type, choices, each)
    return found


def _built_in(name: str) -> Source:
    column: Any = Lead._meta.get_field(name)
    label = str(column.verbose_name)
    label = label[:1].upper() + label[1:]
    if isinstance(column, CountryField | models.ForeignKey):
        return Source(name, label, _TYPES.TEXT, {})
    if column.choices:
        words = {str(key): str(word) for key, word in column.flatchoices if key != ""}
        return Source(name, label, _TYPES.CHOICE, words)
    types: tuple[tuple[type[Any], str], ...] = (
        (models.BooleanField, _TYPES.YES_NO),
        (models.DateField, _TYPES.DATE),
        (models.DecimalField, _TYPES.DECIMAL),
        (models.IntegerField, _TYPES.WHOLE),
        (models.TextField, _TYPES.LONG_TEXT),
    )
    type_ = next((type_ for kind, type_ in types if isinstance(column, kind)), _TYPES.TEXT)
    return Source(name, label, type_, {})


def fits(source: Source, target: CustomField) -> bool:
    """Say whether values of a lead's field can go into a custom field.

    Of its choices one at least has to be there; which ones are not is said lead by lead.
    """
    if target.type not in FITS[source.type]:
        return False
    return not target.has_choices or bool(source.choices.keys() & choices_of(target).keys())


def carried(source: Source, value: Any, target: CustomField) -> Any:
    """Return a value of the lead as the custom field stores it, or None where it cannot."""
    if is_empty(value):
        return None
    if target.type in {_TYPES.TEXT, _TYPES.LONG_TEXT}:
        value = source.choices.get(value, value)
    elif target.type == _TYPES.CHOICES and isinstance(value, str):
        value = [value]
    try:
        return stored(target, value)
    except ValueError:
        return None


def mapping_for(user: User) -> list[tuple[Source, CustomField]]:
    """Return which field of a lead fills which custom field: the lines, else by key and type.

    One statement besides the definitions.
    """
    lines = {
        target: (source, is_active)
        for target, source, is_active in FieldMapping.objects.values_list(
            "target", "source", "is_active"
        )
    }
    sources, pairs = sources_for(user), []
    for kind, targets in definitions_for(user).items():
        if kind == CustomField.Kind.LEAD:
            continue
        for target in targets:
            name, is_active = lines.get(target.pk, (target.name, True))
            source = sources.get(name)
            if source is None or not is_active or not fits(source, target):
                continue
            if target.pk in lines or source.type == target.type:
                pairs.append((source, target))
    return pairs


def column_mappings() -> QuerySet[FieldMapping]:
    """Return the lines that take a column of the lead: they carry something of every lead."""
    return FieldMapping.objects.filter(is_active=True).exclude(source__startswith=PREFIX)


def arrivals_of(lead: Lead, decision: Decision, plan: Plan, *, by: User) -> Arrivals:
    """Say what becomes of each value of the lead that could go into a custom field.

    What is created gets it; what is there already where it has nothing, unless the plan says to
    keep it so, or where the plan says to take it; and only where `by` may change it. Nothing is
    asked of the database where there is nothing to carry, if the lead knows by `has_mappings`
    whether a column of it is mapped.
    """
    if not lead.custom and not getattr(lead, "has_mappings", True):
        return Arrivals()
    if not any(definitions_for(by).values()):
        return Arrivals()
    items: list[Arrival] = []
    for source, target in mapping_for(by):
        value = carried(source, source.value_in(lead), target)
        if value is not None:
            items += _arrival(Way(source, target, value), decision, plan, by)
    arrived = {each.way.source.name for each in items}
    stranded = [
        source
        for source in sources_for(by).values()
        if source.definition is not None
        and not is_empty(source.value_in(lead))
        and source.name not in arrived
    ]
    return Arrivals(tuple(items), tuple(stranded))


def _arrival(way: Way, decision: Decision, plan: Plan, by: User) -> Iterable[Arrival]:
    """Yield what becomes of a value, or nothing where there is no record to take it."""
    if way.target.kind == CustomField.Kind.OPPORTUNITY:
        if any(terms.opportunity is None for terms in plan.terms):
            yield Arrival(way, is_filled=True)
        return
    is_account = way.target.kind == CustomField.Kind.ACCOUNT
    choice: Choice = decision.account if is_account else decision.contact
    if choice.outcome == "created":
        yield Arrival(way, is_filled=True)
    elif choice.record is not None:
        is_filled = fills_custom(
            way.target.name,
            choice.record.custom.get(way.target.key),
            way.value,
            plan.account if is_account else plan.contact,
            may_change=reaches(by, "change", choice.record),
        )
        yield Arrival(way, is_filled, choice.record)


def kept_by(
    lead: Lead, decision: Decision, plan: Plan, arrivals: Arrivals, *, by: User
) -> dict[str, Any]:
    """Return what the records that are used keep although the lead says otherwise, to store.

    By kind of record, then by its field: what it has and what the lead has, as JSON can hold it.
    """
    kept: dict[str, Any] = {}
    for record, target in (
        (decision.account.record, plan.account),
        (decision.contact.record, plan.contact),
    ):
        if record is None:
            continue
        kind = str(record._meta.model_name)
        lines = [d for d in differences(lead, record, target, by=by) if not d.is_carried]
        own = {d.name: [d.theirs, d.ours] for d in lines if d.is_telling}
        own |= {
            each.way.target.name: [each.theirs, each.way.value]
            for each in arrivals.for_kind(kind)
            if not each.is_filled and each.theirs != each.way.value
        }
        if own:
            kept[kind] = {
                name: {"theirs": audit.plain(theirs), "lead": audit.plain(ours)}
                for name, (theirs, ours) in own.items()
            }
    return kept


def label_of(name: str, user: User) -> str:
    """Return what the field of a lead is called, also one that is retired by now."""
    if name.startswith(PREFIX):
        fields = known_to(user).fields[CustomField.Kind.LEAD]
        return next((each.label for each in fields if each.name == name), name)
    return _built_in(name).label if name in BUILT_IN else name


@operation
def save_mapping(mapping: FieldMapping, *, by: User) -> FieldMapping:
    """Save a line of the mapping. Saving what stands writes nothing.

    Raises `Unacceptable` for a field that there is not, and for one whose values cannot go there;
    a line that is out of use may name what it likes of the lead.
    """
    source = sources_for(by).get(mapping.source)
    target = mapping.target
    errors: dict[str, list[str]] = {}
    if target.kind == CustomField.Kind.LEAD:
        errors["target"] = [_("Choose a field of an account, a contact or an opportunity.")]
    elif mapping.is_active and not target.is_active:
        errors["target"] = [_("%(field)s is out of use. Choose another one.") % {"field": target}]
    if source is None and (mapping.is_active or not mapping.pk):
        errors["source"] = [_("There is no such field of a lead. Choose one of the list.")]
    elif source is not None and mapping.is_active and not errors and not fits(source, target):
        errors["source"] = [
            _("%(source)s is a %(type)s and cannot go into %(target)s, a %(other)s.")
            % {
                "source": source.label,
                "type": str(_TYPES(source.type).label).lower(),
                "target": target.label,
                "other": str(target.get_type_display()).lower(),
            }
            if target.type not in FITS[source.type]
            else _("%(source)s and %(target)s have no choice in common.")
            % {"source": source.label, "target": target.label}
        ]
    if errors:
        raise Unacceptable(errors=errors)
    return save_setting(mapping, by=by)
