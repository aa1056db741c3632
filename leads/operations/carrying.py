"""What of a lead goes, by the mapping, into what it becomes: one place says it for all.

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
from leads.operations.destinations import (
    COLUMNS,
    Destination,
    destinations_for,
    of_definition,
    type_of,
)
from leads.operations.reusing import (
    TO_ACCOUNT,
    TO_CONTACT,
    differences,
    fills_custom,
    is_nothing,
)
from records import audit
from records.custom import PREFIX, choices_of, in_use_for, in_words, is_empty, known_to
from records.errors import Unacceptable
from records.field_types import TYPES
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
# What a person has typed or chosen, and would miss: it is said when nothing takes it over.
TO_AN_OPPORTUNITY = (
    "description", "budget_amount", "budget_status", "decision_maker", "purchase_process", "need",
    "need_description", "timeframe", "source", "campaign", "estimated_value",
    "estimated_close_date",
)  # fmt: skip
TOLD = ("company", "website", "industry", "job_title", "mobile", *TO_AN_OPPORTUNITY)
_TYPES = CustomField.Type
# Columns of the lead whose form says more than their type.
_KNOWN_AS = {
    "email": _TYPES.EMAIL,
    "phone": _TYPES.PHONE,
    "mobile": _TYPES.PHONE,
    "website": _TYPES.URL,
}


@dataclass(frozen=True)
class Source:
    """A field of the lead, a column or a custom one; `choices` are key → label."""

    name: str
    label: str
    type: str
    choices: dict[str, str]
    definition: CustomField | None = None

    def told_in(self, lead: Lead) -> Any:
        """Return what a custom field of a lead tells its reader: nothing of a hidden record."""
        definition, value = self.definition, self.value_in(lead)
        return value if definition is None else TYPES[definition.type].told(definition, value)

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

    def in_words(self, lead: Lead) -> str:
        """Return what the lead has there as people read it; nothing is an empty text."""
        value = self.value_in(lead)
        if self.definition is not None:
            return in_words(self.definition, value)
        return "" if value is None else self.choices.get(str(value), str(value))


@dataclass(frozen=True)
class Route:
    """Which field of a lead fills which, when it does, and what it says where the lead is silent.

    Without a line of the mapping it is one of two custom fields of the same key and type.
    """

    source: Source
    target: Destination
    policy: str = FieldMapping.Policy.EMPTY
    default: Any = None


@dataclass(frozen=True)
class Way:
    """A value on its way from a lead into a field of what the lead becomes."""

    source: Source
    target: Destination
    value: Any
    policy: str = FieldMapping.Policy.EMPTY
    is_default: bool = False

    @property
    def words(self) -> str:
        return self.target.words(self.value)

    @property
    def source_label(self) -> str:
        return _("Default") if self.is_default else self.source.label


@dataclass(frozen=True)
class Arrival:
    """What becomes of a value: it is filled in, or the `record` that is there stays as it is."""

    way: Way
    is_filled: bool
    record: Any = None

    @property
    def theirs(self) -> Any:
        """What the record that is there has in this field."""
        return None if self.record is None else self.way.target.held_by(self.record)

    @property
    def is_asked(self) -> bool:
        """Say whether the mapping leaves it to whoever qualifies."""
        return self.record is not None and self.way.policy == FieldMapping.Policy.ASK


@dataclass(frozen=True)
class Arrivals:
    """What becomes of every value that has a way, and which filled fields go nowhere.

    Of those that go nowhere some link to what the one who asks may not see.
    """

    items: tuple[Arrival, ...] = ()
    stranded: tuple[Source, ...] = ()
    unseen: tuple[Source, ...] = ()

    def for_kind(self, kind: str) -> list[Arrival]:
        """Return those that go to an account, a contact or an opportunity."""
        return [each for each in self.items if each.way.target.kind == kind]

    def values_for(self, kind: str) -> dict[str, Any]:
        """Return the custom values that an account, contact or opportunity gets, by key."""
        return self._values(kind, is_custom=True)

    def columns_for(self, kind: str) -> dict[str, Any]:
        """Return the built-in fields that the mapping fills, by name."""
        return self._values(kind, is_custom=False)

    def _values(self, kind: str, *, is_custom: bool) -> dict[str, Any]:
        return {
            each.way.target.key: each.way.value
            for each in self.for_kind(kind)
            if each.is_filled and each.way.target.is_custom == is_custom
        }

    def mapped_in(self, kind: str) -> frozenset[str]:
        """Return the built-in fields about which the mapping decides for this lead."""
        targets = [each.way.target for each in self.for_kind(kind)]
        return frozenset(target.key for target in targets if not target.is_custom)

    def as_data(self) -> list[dict[str, str]]:
        """Return what was filled in as it is kept with the qualification."""
        return [
            {
                "kind": each.way.target.kind,
                "source": each.way.source.name,
                "source_label": each.way.source_label,
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
    for each in in_use_for(user)[CustomField.Kind.LEAD]:
        choices = {key: str(choice["label"]) for key, choice in choices_of(each).items()}
        found[each.name] = Source(each.name, each.label, each.type, choices, each)
    return found


def _built_in(name: str) -> Source:
    column: Any = Lead._meta.get_field(name)
    label = str(column.verbose_name)
    label = label[:1].upper() + label[1:]
    if isinstance(column, CountryField | models.ForeignKey):
        return Source(name, label, _TYPES.TEXT, {})
    type_, choices = type_of(column)
    return Source(name, label, _KNOWN_AS.get(name, type_), choices)


def fits(source: Source, target: Destination) -> bool:
    """Say whether values of a lead's field can go into a field.

    Of its choices one at least has to be there; which ones are not is said lead by lead.
    """
    if target.type not in TYPES[source.type].fits_into:
        return False
    if source.definition is not None and source.type == _TYPES.RECORD:
        return (
            target.definition is not None and source.definition.target == target.definition.target
        )
    return not target.has_choices or bool(source.choices.keys() & target.choices.keys())


def carried(source: Source, value: Any, target: Destination) -> Any:
    """Return a value of the lead as the field stores it, or None where it cannot."""
    if is_empty(value):
        return None
    if target.type in {_TYPES.TEXT, _TYPES.LONG_TEXT}:
        value = source.choices.get(value, value)
    elif target.type == _TYPES.CHOICES and isinstance(value, str):
        value = [value]
    return target.stored(value)


def mapping_for(user: User) -> list[Route]:
    """Return which field of a lead fills which field: the lines, else by key and type.

    One statement besides the definitions.
    """
    lines = {
        (line.target_id or line.column): line
        for line in FieldMapping.objects.only(
            "source", "target", "column", "policy", "default", "is_active"
        )
    }
    sources, routes = sources_for(user), []
    for target in destinations_for(user).values():
        place = target.definition.pk if target.definition else f"{target.kind}.{target.key}"
        line = lines.get(place)
        source = sources.get(line.source if line else target.name if target.is_custom else "")
        if source is None or (line and not line.is_active) or not fits(source, target):
            continue
        if line is not None:
            routes.append(Route(source, target, line.policy, _default_of(line, target)))
        elif source.type == target.type:
            routes.append(Route(source, target))
    return routes


def _default_of(line: FieldMapping, target: Destination) -> Any:
    """Return the default of a line; None where the field no longer takes it."""
    try:
        return target.read(line.default) if line.default else None
    except ValueError:
        return None


def column_mappings() -> QuerySet[FieldMapping]:
    """Return the lines that may carry something of a lead without custom values."""
    lines = FieldMapping.objects.filter(is_active=True)
    return lines.filter(~models.Q(source__startswith=PREFIX) | ~models.Q(default=""))


def arrivals_of(lead: Lead, decision: Decision, plan: Plan, *, by: User) -> Arrivals:
    """Say what becomes of each value of the lead that the mapping sends somewhere.

    What is created gets it; of what is there already the line says whether only a gap is filled,
    the lead's value is always taken, or whoever qualifies is asked; what the plan says goes before.
    And only where `by` may change it. Nothing is asked of the database where there is nothing to
    carry, if the lead knows by `has_mappings` whether a line could carry something of it.
    """
    if not lead.custom and not getattr(lead, "has_mappings", True):
        return Arrivals()
    items: list[Arrival] = []
    for route in mapping_for(by):
        if (way := _way(route, lead)) is not None:
            items += _arrival(way, decision, plan, by)
    arrived = {each.way.source.name for each in items if not each.way.is_default}
    stranded = [
        source
        for source in sources_for(by).values()
        if source.definition is not None
        and not is_empty(source.value_in(lead))
        and source.name not in arrived
    ]
    unseen = [source for source in stranded if source.told_in(lead) is None]
    return Arrivals(tuple(items), tuple(stranded), tuple(unseen))


def _way(route: Route, lead: Lead) -> Way | None:
    """Return the way of what a lead has for a route, else of its default; None without either."""
    value = carried(route.source, route.source.value_in(lead), route.target)
    if value is not None:
        return Way(route.source, route.target, value, route.policy)
    own = None if route.target.is_custom else getattr(lead, route.target.key, None)
    if route.default is None or not is_nothing(own):
        return None
    return Way(route.source, route.target, route.default, is_default=True)


def left_behind(lead: Lead, decision: Decision, plan: Plan, arrivals: Arrivals) -> list[Source]:
    """Return the built-in fields that this lead has filled and that nothing takes over."""
    taken = {each.way.source.name for each in arrivals.items}
    for choice, names in (
        (decision.account, ("company", *TO_ACCOUNT)),
        (decision.contact, TO_CONTACT),
    ):
        if choice.outcome != "skipped":
            taken |= set(names)
    if plan.terms:
        taken |= set(TO_AN_OPPORTUNITY)
    columns = {name: str(Lead._meta.get_field(name).attname) for name in TOLD}  # type: ignore[union-attr]
    return [
        _built_in(name)
        for name, column in columns.items()
        if name not in taken and not is_nothing(getattr(lead, column))
    ]


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
            way.target.held_by(choice.record),
            way.value,
            plan.account if is_account else plan.contact,
            may_change=reaches(by, "change", choice.record),
            policy=way.policy,
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
        lines = differences(lead, record, target, by=by, without=arrivals.mapped_in(kind))
        own = {d.name: [d.theirs, d.ours] for d in lines if not d.is_carried and d.is_telling}
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

    Raises `Unacceptable` for a field that there is not, for one whose values cannot go there, for a
    default that does not fit, and for a second line to one field; a line that is out of use may
    name what it likes of the lead.
    """
    source = sources_for(by).get(mapping.source)
    target = destination_of(mapping, by)
    errors: dict[str, list[str]] = {}
    if target is None:
        errors["destination"] = [
            _("%(field)s is out of use. Choose another one.") % {"field": mapping.target}
            if mapping.target is not None and mapping.target.kind in COLUMNS
            else _("Choose a field of an account, a contact or an opportunity.")
        ]
        if mapping.target is not None and not mapping.is_active and not mapping.target.is_active:
            errors.clear()
    elif (other := _other_line_to(mapping)) is not None:
        errors["destination"] = [
            _("%(source)s goes there already. Change that line instead.")
            % {"source": label_of(other.source, by)}
        ]
    if source is None and (mapping.is_active or not mapping.pk):
        errors["source"] = [_("There is no such field of a lead. Choose one of the list.")]
    elif source is not None and target is not None and mapping.is_active and not errors:
        if problem := misfit(source, target):
            errors["source"] = [problem]
        elif mapping.default:
            try:
                target.read(mapping.default)
            except ValueError as wrong:
                errors["default"] = [str(wrong)]
    if errors:
        raise Unacceptable(errors=errors)
    return save_setting(mapping, by=by)


def destination_of(mapping: FieldMapping, user: User) -> Destination | None:
    """Return the field that a line fills; None where there is no such field, or it is retired."""
    if mapping.target is not None:
        is_there = mapping.target.kind in COLUMNS and mapping.target.is_active
        return of_definition(mapping.target) if is_there else None
    kind, _dot, name = mapping.column.partition(".")
    return destinations_for(user).get((kind, name))


def _other_line_to(mapping: FieldMapping) -> FieldMapping | None:
    lines = FieldMapping.objects.filter(target=mapping.target, column=mapping.column)
    return lines.exclude(pk=mapping.pk).first()


def misfit(source: Source, target: Destination) -> str:
    """Say why values of a lead's field cannot go into a field; an empty answer: they can."""
    if target.type not in TYPES[source.type].fits_into:
        return _("%(source)s is a %(type)s and cannot go into %(target)s, a %(other)s.") % {
            "source": source.label,
            "type": str(_TYPES(source.type).label).lower(),
            "target": target.label,
            "other": target.type_label.lower(),
        }
    if not fits(source, target):
        return _("%(source)s and %(target)s have no choice in common.") % {
            "source": source.label,
            "target": target.label,
        }
    return ""
