"""Taking a qualification back: as if it had never been, or leaving its records where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, Contact
from accounts.operations import identity, update_account, update_contact
from activities.operations import bring_home, refresh_next_step, unshare
from activities.timeline import event_title
from leads.errors import Blocker, CannotUndo, LeadIsOpen
from leads.models import Lead, Qualification
from leads.operations.duplicates import bring_back, held_with_duplicates
from opportunities.models import Opportunity, Stakeholder
from records import audit, custom
from records.errors import LostRace
from records.models import AuditEntry, Merge, MergedRecord
from records.operations import locked, operation, save_changed, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from records.models import Record, TimelineRecord
    from users.models import User


@dataclass(frozen=True)
class Made:
    """The records of a qualification: what it made, what it found and filled."""

    account: Account | None
    contact: Contact | None
    opened: tuple[Opportunity, ...]
    joined: tuple[Opportunity, ...]
    qualification: Qualification

    def _was(self, kind: str, outcome: str) -> bool:
        return bool(self.qualification.result[kind]["outcome"] == outcome)

    @property
    def created(self) -> list[TimelineRecord]:
        """What goes when the qualification is undone, in the order in which it can go."""
        records: list[TimelineRecord] = list(self.opened)
        if self.contact is not None and self._was("contact", "created"):
            records.append(self.contact)
        if self.account is not None and self._was("account", "created"):
            records.append(self.account)
        return records

    @property
    def filled(self) -> list[Account | Contact]:
        """What of these really got a value, so that there is something to give back."""
        return [record for record in self.reused if _filled_by(self.qualification, record)]

    @property
    def reused(self) -> list[Account | Contact]:
        """What was there before; `filled` says which of them were changed."""
        found: list[Account | Contact] = []
        if self.account is not None and self._was("account", "reused"):
            found.append(self.account)
        if self.contact is not None and self._was("contact", "reused"):
            found.append(self.contact)
        return found


@operation
def undo(lead: Lead, *, by: User) -> Qualification:
    """Take back the qualification of a lead: the lead is open, what was made is gone.

    Records that were reused get back what they held; leads that were closed along with it as its
    duplicates are open again; notes, tasks and calls that were added to the made ones since move to
    the lead. Raises `CannotUndo` with everything that people have built on them, and `LeadIsOpen`
    when it was never qualified. Asked again it changes nothing.
    """
    number, duplicates = held_with_duplicates(lead)
    lead = locked(lead, by=by, action="undo")
    qualification = latest_qualification(lead, is_locked=True)
    if qualification.state == Qualification.State.UNDONE and lead.is_open:
        return qualification
    if qualification.state != Qualification.State.ACTIVE:
        raise LeadIsOpen(_("%(lead)s is open already.") % {"lead": lead})
    if qualification.pk != number:
        raise LostRace("It was qualified anew while we waited, with other duplicates.")
    # Nobody may come to use a record that goes while we look whether somebody does.
    identity.hold(_locks(qualification))
    made = made_by(qualification)
    blockers = blockers_of(made)
    if blockers:
        raise CannotUndo(
            ngettext(
                "This cannot be undone: %(count)d thing was built on it since.",
                "This cannot be undone: %(count)d things were built on it since.",
                len(blockers),
            )
            % {"count": len(blockers)},
            blockers=blockers,
        )
    for reused in made.reused:
        _give_back(reused, qualification, by=by)
    via = f"qualification:{qualification.pk}"
    bring_home(made.created, to=lead, via=via)
    unshare(via)
    _reopen(lead, qualification, by=by, keeps_links=False)
    _end(qualification, Qualification.State.UNDONE, by=by)
    _remove(made, by=by)
    bring_back(qualification, duplicates, by=by)
    for record in (lead, *made.reused, *made.joined):
        refresh_next_step(record)
    audit.log(lead, "lead.unqualified", by=by, changes={"status": ["qualified", "open"]})
    return qualification


@operation
def leave(lead: Lead, *, by: User) -> Lead:
    """Reopen a qualified lead and keep the records that were made of it."""
    current = locked(lead, by=by, action="undo")
    qualification = latest_qualification(current, is_locked=True)
    if qualification.state != Qualification.State.ACTIVE:
        raise LeadIsOpen(_("%(lead)s is open already.") % {"lead": current})
    _reopen(current, qualification, by=by, keeps_links=True)
    _end(qualification, Qualification.State.LEFT, by=by)
    audit.log(current, "lead.reopened", by=by, changes={"status": ["qualified", "open"]})
    return current


def latest_qualification(lead: Lead, *, is_locked: bool = False) -> Qualification:
    """Return the latest cycle of a lead. Raises `LeadIsOpen` when it was never qualified."""
    rows = Qualification.objects.filter(lead=lead)
    if is_locked:
        rows = rows.select_for_update(of=("self",))
    latest = rows.select_related("account__owner", "contact__owner").order_by("-seq").first()
    if latest is None:
        raise LeadIsOpen(_("%(lead)s was never qualified.") % {"lead": lead})
    return latest


def made_by(qualification: Qualification) -> Made:
    """Return the records of a qualification. One statement."""
    rows = qualification.opportunity_links.select_related("opportunity__owner")
    links = list(rows.order_by("opportunity_id"))
    return Made(
        qualification.account,
        qualification.contact,
        tuple(link.opportunity for link in links if link.is_created),
        tuple(link.opportunity for link in links if not link.is_created),
        qualification,
    )


def blockers_of(made: Made) -> list[Blocker]:
    """Return what people have built on what a qualification made: that is lost if it is undone.

    Where one of its records was merged since, that is all: the merge has to be undone first.
    """
    return list(_merges(made)) or [*_edits(made), *_dependants(made)]


def _merges(made: Made) -> Iterable[Blocker]:
    """Yield the merges that had to do with the records of a qualification since."""
    qualification = made.qualification
    survivors = {
        "lead": qualification.lead_id,
        "account": qualification.account_id,
        "contact": qualification.contact_id,
    }
    concerned = Q(pk__in=[])
    for kind, pk in survivors.items():
        concerned |= Q(kind=kind, survivor_id=pk)
    since = Merge.objects.filter(concerned, state=Merge.State.ACTIVE, at__gt=qualification.at)
    for merge in since.select_related("by").order_by("-pk"):
        record = getattr(qualification, merge.kind)
        yield Blocker(
            _("%(by)s merged %(kind)s %(record)s with another one. Undo the merge first.")
            % {"by": merge.by, "kind": merge.get_kind_display().lower(), "record": record},
            record,
            place=merge,
        )


def _edits(made: Made) -> Iterable[Blocker]:
    """Yield what people have changed since, unless it is as before by now.

    What machines have changed does not count.
    """
    qualification = made.qualification
    records: list[Record] = [
        *made.created,
        *made.filled,
    ]
    condition = Q(pk__in=[])
    for record in records:
        if record.version != _version_after(qualification, record):
            condition |= Q(
                record_type=ContentType.objects.get_for_model(type(record)), record_id=record.pk
            )
    if not condition:
        return
    entries = list(
        AuditEntry.objects.filter(condition, at__gt=qualification.at)
        .exclude(event__endswith=".created")
        .exclude(
            event__regex=r"\.(merged|merged_away|unmerged|relinked)$"
        )  # undone, or told by `_merges`
        .select_related("actor", "record_type")
        .order_by("at", "pk")
    )
    by_key = {(type(r)._meta.model_name, r.pk): r for r in records}
    differing = _differing(entries)
    for line in entries:
        if line.actor.is_machine:
            continue
        record = by_key[line.record_type.model, line.record_id]
        ours = _filled_by(qualification, record)
        if ours and not ours.keys() & line.changes.keys():
            continue  # another field than the ones that were filled in: nothing is lost
        key = line.record_type.model, line.record_id
        if _is_edit(line) and differing[key].isdisjoint(line.changes):
            continue  # as by a second qualification that was undone since
        yield Blocker(
            _("%(actor)s changed %(kind)s %(record)s: %(what)s")
            % {
                "actor": line.actor,
                "kind": record._meta.verbose_name,
                "record": record,
                "what": _fields(record, line) or event_title(line.event).lower(),
            },
            record,
            is_edit=True,
        )


def _is_edit(line: AuditEntry) -> bool:
    return line.event.endswith(".changed")


def _differing(entries: Iterable[AuditEntry]) -> dict[tuple[str, int], set[str]]:
    """Return by record the fields that edits, one after the other, have left with another value."""
    ends: dict[tuple[str, int], dict[str, list[Any]]] = {}
    for line in filter(_is_edit, entries):
        fields = ends.setdefault((line.record_type.model, line.record_id), {})
        for name, (old, new) in line.changes.items():
            fields[name] = [fields[name][0] if name in fields else old, new]
    return {
        key: {name for name, (old, new) in fields.items() if old != new}
        for key, fields in ends.items()
    }


def _fields(record: Record, line: AuditEntry) -> str:
    """Return the fields that a line of the trail changed, as people call them."""
    words = {
        field.name: str(getattr(field, "verbose_name", field.name))
        for field in record._meta.get_fields()
    }
    if any(name.startswith(custom.PREFIX) for name in line.changes):
        kind = custom.kind_of(record)
        words |= {each.name: each.label for each in custom.known_to(None).fields[kind]}
    return ", ".join(words[name] for name in line.changes if name in words)


def _dependants(made: Made) -> Iterable[Blocker]:
    """Yield other records that have come to need one that would go."""
    gone = {(type(record), record.pk) for record in made.created}
    opened = [opportunity.pk for opportunity in made.opened]
    account = made.account if made.account and (Account, made.account.pk) in gone else None
    contact = made.contact if made.contact and (Contact, made.contact.pk) in gone else None
    needing: list[Any] = []
    if account is not None:
        people = Contact.all_objects.select_related("owner").filter(account=account)
        needing += people.exclude(pk=contact.pk if contact else None)
        needing += Account.all_objects.select_related("owner").filter(parent=account)
    if account is not None or contact is not None:
        uses = Q(pk__in=[])
        if account is not None:
            uses |= Q(account=account)
        if contact is not None:
            uses |= Q(contact=contact)
        deals = Opportunity.all_objects.select_related("owner").filter(uses)
        needing += deals.exclude(pk__in=opened)
        leads = Lead.all_objects.select_related("owner").filter(uses)
        needing += leads.exclude(pk=made.qualification.lead_id)
    if contact is not None:
        needing += [
            row.opportunity
            for row in Stakeholder.objects.filter(contact=contact)
            .exclude(opportunity__in=opened)
            .select_related("opportunity__owner")
        ]
    for opportunity in made.opened:
        # Who joined it and was undone since no longer needs it.
        others = opportunity.qualification_links.exclude(
            Q(qualification=made.qualification) | Q(qualification__state=Qualification.State.UNDONE)
        ).select_related("qualification__lead__owner")
        needing += [link.qualification.lead for link in others]
    yield from _links(made)
    for record in needing:
        yield Blocker(
            _("%(kind)s %(record)s depends on it")
            % {"kind": str(record._meta.verbose_name).capitalize(), "record": record},
            record,
        )


def _links(made: Made) -> Iterable[Blocker]:
    """Yield other records that link to one that would go by a custom field."""
    gone = {(type(record), record.pk) for record in made.created}
    for model in (Account, Contact, Opportunity):
        pks = [record.pk for record in made.created if isinstance(record, model)]
        for link in custom.links_to(model) if pks else ():
            for record in custom.rows_linking(link, pks).select_related("owner"):
                if (type(record), record.pk) not in gone:
                    words = {"kind": str(record._meta.verbose_name).capitalize()}
                    words |= {"record": record, "field": link.label}
                    yield Blocker(_("%(kind)s %(record)s links to it: %(field)s") % words, record)


def _give_back(record: Account | Contact, qualification: Qualification, *, by: User) -> None:
    """Give the filled fields of a reused record back what they held, unless they changed."""
    filled = _filled_by(qualification, record)
    values = values_of(record)
    columns = {field.name: field for field in record._meta.concrete_fields}
    back = {
        name: columns[name].to_python(value["old"])
        for name, value in filled.items()
        if name in columns and values[columns[name].attname] == value["new"]
    }
    if "account" in back:
        back["account"] = Account.all_objects.filter(pk=back["account"]).first()
    if back:
        if isinstance(record, Account):
            update_account(record, by=by, is_different=True, is_carried=True, **back)
        else:
            update_contact(record, by=by, is_different=True, is_carried=True, **back)
    _give_back_custom(record, filled, by=by)


def _give_back_custom(
    record: Account | Contact, filled: dict[str, dict[str, Any]], *, by: User
) -> None:
    """Give back what custom fields held, whatever has become of their definitions.

    By now a field may be out of use, or required: what was not there is not there again.
    """
    names = [name for name in filled if name.startswith(custom.PREFIX)]
    if not names:
        return
    current = locked(record, by=by, action="change")
    changed = {}
    for name in names:
        key, old = name.removeprefix(custom.PREFIX), filled[name]["old"]
        if current.custom.get(key) == filled[name]["new"]:
            changed[name] = [current.custom.pop(key), old]
            if old is not None:
                current.custom[key] = old
    if changed:
        save_changed(current, by=by)
        audit.log(current, f"{current._meta.model_name}.changed", by=by, changes=changed)


def _filled_by(qualification: Qualification, record: Record) -> dict[str, Any]:
    if isinstance(record, Opportunity):
        return {}
    kind = str(record._meta.model_name)
    before: dict[str, Any] = qualification.before.get(kind, {})
    return before


def _version_after(qualification: Qualification, record: Record) -> int | None:
    after = qualification.after
    if isinstance(record, Opportunity):
        version: int | None = after["opportunities"].get(str(record.pk))
    else:
        version = after[str(record._meta.model_name)]
    return version


def _reopen(lead: Lead, qualification: Qualification, *, by: User, keeps_links: bool) -> None:
    frozen = qualification.frozen
    lead.status = Lead.Status.OPEN
    lead.qualified_at = None
    if not keeps_links:
        lead.account_id = _what_became_of(Account, frozen["account_id"])
        lead.contact_id = _what_became_of(Contact, frozen["contact_id"])
        lead.needs_decision = frozen["needs_decision"]
    save_changed(lead, by=by)


def _what_became_of(model: type[Account | Contact], pk: int | None) -> int | None:
    """Return the record that was picked before: what it was merged into, None when it is gone."""
    if pk is None:
        return None
    kind = str(model._meta.model_name)
    while (
        part := MergedRecord.objects.select_related("merge").filter(kind=kind, record_id=pk).first()
    ):
        pk = part.merge.survivor_id
    return model.all_objects.filter(pk=pk).values_list("pk", flat=True).first()


def _end(qualification: Qualification, state: str, *, by: User) -> None:
    qualification.state = state
    qualification.ended_at, qualification.ended_by = timezone.now(), by
    qualification.save(update_fields=["state", "ended_at", "ended_by"])


def _remove(made: Made, *, by: User) -> None:
    for record in made.created:
        record._history_user = by  # type: ignore[attr-defined]
        audit.log(record, f"{record._meta.model_name}.removed", by=by)
        record.delete()


def _locks(qualification: Qualification) -> list[str]:
    account, contact = qualification.account, qualification.contact
    locks = identity.company_locks(account.name) if account else []
    if contact is not None:
        locks += identity.person_locks(
            contact.email, contact.second_email, name_key=contact.name_key
        )
    return locks
