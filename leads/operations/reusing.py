"""What of a lead goes into an account or a contact that is there already, field by field.

`differences` is asked by the preview, which shows its answer, and by the qualification, which
carries it out and keeps it for the receipt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import Account, Contact
from accounts.operations import update_account, update_contact
from leads.models import FieldMapping
from records import keys
from records.custom import PREFIX, definitions_for, is_empty
from records.errors import LostRace, Refused, Stale, Unacceptable
from records.operations import values_of
from records.permissions import fixed_fields, reaches

if TYPE_CHECKING:
    from collections.abc import Collection

    from leads.models import Lead
    from users.models import User

TO_ACCOUNT = (
    "website",
    "industry",
    "employees",
    "annual_revenue",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
)
TO_CONTACT = (
    "salutation",
    "first_name",
    "last_name",
    "job_title",
    "email",
    "phone",
    "mobile",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
)
# What can be taken of the lead, by kind of record: more than fills what is empty by itself.
TAKEABLE = {"account": ("name", "phone", *TO_ACCOUNT), "contact": TO_CONTACT}
# Field of the record → field of the lead, where they are not called the same.
SOURCES = {"account": {"name": "company"}, "contact": {}}
# What a record is known by: others may be known by the same.
IDENTIFYING = frozenset(
    {"name", "website", "country", "email", "phone", "mobile", "first_name", "last_name"}
)
AUTO, CREATE, USE, SKIP = "auto", "create", "use", "skip"
Reused = TypeVar("Reused", Account, Contact)
ALWAYS, ASK = FieldMapping.Policy.ALWAYS, FieldMapping.Policy.ASK
FILLED, TAKEN, KEPT, BARRED = "filled", "taken", "kept", "barred"


@dataclass(frozen=True)
class Target:
    """What to do about the account or the contact: decide by itself, create, use one, or skip.

    Of one to use, `take` names the fields in which the lead's value replaces what the record has,
    `keep` the empty ones that are not to be filled; custom fields as `custom.<key>`.
    """

    action: str = AUTO
    id: int | None = None
    take: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """A field in which a lead and the record that is used for it are not the same.

    `outcome` says what becomes of it: filled (the record had nothing), taken (the lead's value
    replaces that of the record), kept (the record stays as it is), barred (it has nothing and stays
    so: who qualifies may not change it).
    """

    name: str
    source: str
    theirs: Any
    ours: Any
    outcome: str

    @property
    def is_carried(self) -> bool:
        return self.outcome in {FILLED, TAKEN}

    @property
    def is_telling(self) -> bool:
        """Say whether there is something to decide: a value on both sides, or a gap to fill."""
        return not (self.outcome == KEPT and is_nothing(self.theirs) and self.name == "phone")


def source_of(kind: str, name: str) -> str:
    """Return which field of the lead goes into this field of an account or a contact."""
    return SOURCES[kind].get(name, name)


def differences(
    lead: Lead,
    record: Account | Contact,
    target: Target,
    *,
    by: User,
    without: Collection[str] = (),
) -> list[Difference]:
    """Compare a lead with the record that is used for it. What is mapped is `arrivals_of`'s: custom
    fields, and the columns `without` which this is told.

    What the lead leaves empty is never a difference: nothing is emptied by qualifying. Without a
    word in the target an empty field is filled and a filled one kept.
    """
    kind = str(record._meta.model_name)
    may_change = reaches(by, "change", record)
    found = []
    for name in TAKEABLE[kind]:
        if name in without:
            continue
        source = source_of(kind, name)
        ours, theirs = getattr(lead, source), getattr(record, name)
        if is_nothing(ours) or _is_same(name, ours, theirs, lead, record):
            continue
        if name == "annual_revenue" and getattr(record, "currency", "") != lead.currency:
            continue  # the amount would be read in another currency
        outcome = _outcome(name, theirs, target, fills=_fills(kind, name, lead))
        if outcome == FILLED and not may_change:
            outcome = BARRED
        found.append(Difference(name, source, theirs, ours, outcome))
    return found


def _fills(kind: str, name: str, lead: Lead) -> bool:
    """Say whether an empty field is filled without a word."""
    # Without a person the number is the company's.
    return not (kind == "account" and name == "phone" and lead.full_name)


def _outcome(name: str, theirs: Any, target: Target, *, fills: bool) -> str:
    if is_nothing(theirs):
        is_wanted = name in target.take or (fills and name not in target.keep)
        return FILLED if is_wanted else KEPT
    return TAKEN if name in target.take else KEPT


def is_nothing(value: Any) -> bool:
    return value is None or value is False or str(value).strip() == ""


def _is_same(name: str, ours: Any, theirs: Any, lead: Lead, record: Account | Contact) -> bool:
    """Say whether two values mean the same, however they are written."""
    if is_nothing(theirs):
        return False
    if name == "email":
        second = getattr(record, "second_email", "")
        return keys.email_key(ours) in {keys.email_key(theirs), keys.email_key(second)}
    if name in {"phone", "mobile"}:
        home = str(lead.country) or settings.DEFAULT_COUNTRY
        return bool(keys.phone_key(ours, home)) and keys.phone_key(ours, home) in {
            keys.phone_key(theirs, home),
            getattr(record, f"{name}_key"),
        }
    if name == "website" and keys.domain_key(ours):
        return keys.domain_key(ours) == keys.domain_key(theirs)
    return bool(ours == theirs) or str(ours).strip() == str(theirs).strip()


def refuse_bad_choices(record: Account | Contact, target: Target, *, by: User) -> None:
    """Refuse choices of fields that there are not, or that `by` may not make.

    Raises `Unacceptable` naming the kind of record.
    """
    if not (target.take or target.keep):
        return
    kind = str(record._meta.model_name)
    named = (*target.take, *target.keep)
    known = {*TAKEABLE[kind], "description"} - fixed_fields(by, kind)
    if any(name.startswith(PREFIX) for name in named):
        own = {each.name for each in definitions_for(by)[kind]}
        known |= own - fixed_fields(by, kind)
    sentences = [
        _("%(field)s is no field that a lead could fill in. Leave it out.")
        % {"field": f"“{name[:60]}”"}
        for name in named
        if name not in known
    ]
    sentences += [
        _("Choose one of the two for %(field)s: take it or keep it.") % {"field": name}
        for name in target.take
        if name in target.keep
    ]
    if target.take and not sentences and not reaches(by, "change", record):
        sentences.append(
            _("You may not change %(record)s: it keeps what it has.") % {"record": record}
        )
    if sentences:
        raise Unacceptable(errors={kind: sentences})


def fills_custom(
    name: str, theirs: Any, ours: Any, target: Target, *, may_change: bool, policy: str
) -> bool:
    """Say whether a mapped value of the lead goes into a field of the record that is used.

    `policy` is what the mapping says; what a person chose goes before it.
    """
    if not may_change or theirs == ours or name in target.keep:
        return False
    if name in target.take or policy == ALWAYS:
        return True
    return policy != ASK and is_empty(theirs)


def brought_up(
    record: Reused,
    lead: Lead,
    target: Target,
    custom: dict[str, Any],
    before: dict[str, Any],
    more: dict[str, Any] | None = None,
    *,
    by: User,
    without: Collection[str] = (),
) -> Reused:
    """Fill and replace fields of a record that is used, where `by` may change it.

    `custom` are the values of custom fields that go there, `more` what goes there whatever the
    target says, and `without` which columns the lead is compared. What the record had there is put
    into `before`. A value that fills a gap and would make the record a twin stays out; one that
    somebody chose to take is refused.
    """
    compared = differences(lead, record, target, by=by, without=without)
    lines = [line for line in compared if line.is_carried]
    values = {line.name: line.ours for line in lines} | (more or {})
    if not (values or custom) or not reaches(by, "change", record):
        return _kept(record)
    try:
        changed = _updated(record, values, custom, by=by)
    except (Refused, LostRace):
        if not IDENTIFYING.isdisjoint(target.take):
            raise
        values = {name: value for name, value in values.items() if name not in IDENTIFYING}
        changed = _updated(record, values, custom, by=by)
    old, new = values_of(record), values_of(changed)
    for name in values:
        column = str(record._meta.get_field(name).attname)  # type: ignore[union-attr]
        before[name] = {"old": old[column], "new": new[column]}
    for key, value in custom.items():
        before[f"{PREFIX}{key}"] = {"old": record.custom.get(key), "new": value}
    return changed


def _kept(record: Reused) -> Reused:
    """Hold a record that is used as it is: raises `LostRace` when it was merged or binned since."""
    rows: Any = type(record).objects.select_for_update(of=("self",), no_key=True)
    if not rows.filter(pk=record.pk).values_list("pk").first():
        raise LostRace(f"{record} is not there any more.")
    return record


def _updated(record: Reused, values: dict[str, Any], custom: dict[str, Any], *, by: User) -> Reused:
    """Change the record as it was when it was compared: raises `LostRace` if it no longer is so."""
    update: Any = update_account if isinstance(record, Account) else update_contact
    own = {"custom": custom} if custom else {}
    try:
        updated: Reused = update(
            record, by=by, version=record.version, is_carried=True, **values, **own
        )
    except Stale as changed:
        raise LostRace(str(changed)) from changed
    return updated
