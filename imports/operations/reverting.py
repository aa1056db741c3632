"""One row of an import is taken back, as far as nobody has touched since what it wrote."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.operations import delete_account, delete_contact, update_account, update_contact
from activities.models import Activity
from activities.operations import delete_activity
from imports.queries import what_hangs_on
from leads.models import Lead
from leads.operations import delete_lead, undo, update_lead
from opportunities.operations import delete_opportunity, update_opportunity
from records.errors import Busy, Refused
from records.models import Record
from records.operations import delete_setting, operation, save_setting
from workbench.transfer import given_back, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imports.models import ImportRow
    from users.models import User

ENTRY = "activities.activity"
DELETE: dict[str, Callable[..., Any]] = {
    "leads.lead": delete_lead,
    "accounts.account": delete_account,
    "accounts.contact": delete_contact,
    "opportunities.opportunity": delete_opportunity,
}


def _line_updated(line: Any, *, by: User, version: int, **values: Any) -> None:
    """Change a line of a list, which is in hand at this version."""
    for name, value in {**values, "version": version}.items():
        setattr(line, name, value)
    save_setting(line, by=by)


UPDATE: dict[str, Callable[..., Any]] = {
    "leads.lead": update_lead,
    "accounts.account": update_account,
    "accounts.contact": update_contact,
    "opportunities.opportunity": update_opportunity,
    "opportunities.product": _line_updated,
    "opportunities.campaign": _line_updated,
}


@operation
def take_back(row: ImportRow, *, by: User) -> bool:
    """Take back what a row has done, and write down whether it could be; tried once.

    What it made goes to the recycle bin, unless somebody has touched it since or something hangs on
    it; a line of a list goes for good, unless something uses it. What it changed gets its values
    back where they still are what the import wrote.
    """
    reasons = _unmade(row, by=by)
    if changed := row.undo.get("updated"):
        reasons += _unchanged(changed, by=by)
        if row.undo.get("further"):
            reasons.append(_("More happened to it than values that were changed."))
    row.is_reverted = not reasons
    row.kept_because = " ".join(reasons)[:300]
    row.save(update_fields=["is_reverted", "kept_because", "undo"])
    return row.is_reverted


def _unmade(row: ImportRow, *, by: User) -> list[str]:
    """Put what a row made into the recycle bin; return why some of it cannot be.

    A task that was made with a record goes with it, and stays where it stays.
    """
    created = row.undo.get("created", [])
    entries = {made["pk"]: made for made in created if made["model"] == ENTRY}
    reasons: list[str] = []
    for made in reversed([made for made in created if made["model"] != ENTRY]):
        record = _record(made)
        if record is None or getattr(record, "is_in_bin", False):
            continue
        if made["model"] not in DELETE:
            reasons += _tried(partial(delete_setting, record, by=by, version=made.get("version")))
            continue
        own = list(Activity.objects.on(record).filter(pk__in=entries))
        touched = [each for each in own if each.version != entries[each.pk].get("version")]
        if not _is_as_left(row, record, made):
            touched.append(record)
        if touched:
            told = _("%(record)s was changed since.")
            reasons += [told % {"record": each} for each in touched]
        elif hanging := what_hangs_on(record, besides=own):
            told = _("%(record)s is needed by %(what)s.")
            reasons.append(told % {"what": hanging, "record": record})
        else:
            reasons += _tried(partial(_deleted, record, own, DELETE[made["model"]], by=by))
    return reasons


def _deleted(record: Any, own: Sequence[Activity], delete: Callable[..., Any], *, by: User) -> None:
    """Put a record into the recycle bin, with what was made along with it."""
    for entry in own:
        delete_activity(entry, by=by, version=entry.version)
    version = None if own else record.version
    if isinstance(record, Lead) and record.status == Lead.Status.QUALIFIED:
        # What came of it goes as well, as far as it was not there before.
        undo(record, by=by)
        version = None
    delete(record, by=by, version=version)


def _is_as_left(row: ImportRow, record: Any, made: dict[str, Any]) -> bool:
    """Say whether nobody has changed a record since a row made it.

    Rows further down may have changed it as well, and have been taken back: their steps are known.
    """
    version = made.get("version")
    if record.version == version:
        return True
    later = row.within.rows.filter(record_id=record.pk, pk__gt=row.pk).order_by("pk")
    changes = [each.undo["updated"] for each in later if "updated" in each.undo]
    changes = [each for each in changes if each["model"] == made["model"]]
    steps = [[each.get("was"), each["version"]] for each in changes]
    steps += [each["undone"] for each in reversed(changes) if "undone" in each]
    for before, after in steps:
        if before != version:
            return False
        version = after
    return bool(version == record.version)


def _unchanged(changed: dict[str, Any], *, by: User) -> list[str]:
    """Give values back that are still as the import wrote them; return why some cannot be.

    Which versions of the record that was is written into `changed`.
    """
    record = _record(changed)
    if record is None:
        return [_("What it changed is gone for good.")]
    if getattr(record, "is_in_bin", False):
        return [_("%(record)s is in the recycle bin.") % {"record": record}]
    before, after, version = changed["before"], changed["after"], record.version
    now = kept(record, [name for name in after if name not in ("custom", "rate")])
    back = {name: before[name] for name in now if now[name] == after[name]}
    custom = {
        key: before.get("custom", {}).get(key)
        for key, value in after.get("custom", {}).items()
        if record.custom.get(key) == value
    }
    touched = len(now) - len(back) + len(after.get("custom", {})) - len(custom)
    if custom:
        back["custom"] = custom
    reasons = []
    if touched:
        told = _("%(n)d of the values were changed since and stay as they are.")
        reasons.append(told % {"n": touched})
    if back:
        model = type(record)
        update = UPDATE[changed["model"]]
        if "rate" in before:
            # A value that comes back is worth what it was, whatever its currency is today.
            back["rate"] = before["rate"]
        values = given_back(model, back)
        reasons += _tried(lambda: update(record, by=by, version=version, **values))
        now_at = model._base_manager.values_list("version", flat=True).get(pk=record.pk)
        changed["undone"] = [version, now_at]
    return reasons


def _record(named: dict[str, Any]) -> Any:
    rows = apps.get_model(named["model"])._base_manager.filter(pk=named["pk"])
    if issubclass(rows.model, Record):
        rows = rows.select_related("owner")
    return rows.first()


def _tried(work: Callable[[], Any]) -> list[str]:
    try:
        with transaction.atomic():
            work()
    except Busy:
        raise
    except Refused as refusal:
        return list(refusal.reasons)
    return []
