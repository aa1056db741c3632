"""Making two to five leads one, and several again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from activities.operations import merge_timelines, refresh_next_step, share, unshare
from leads.errors import LeadIsClosed
from leads.models import Lead, Qualification
from leads.operations.edit import note_readiness
from records.errors import CannotMerge, CannotUnmerge, Obstacle
from records.models import Merge
from records.operations import merging, operation, save_changed
from records.permissions import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from records.models import TimelineRecord
    from users.models import User

# What was done about a lead is told of that lead for ever: its cycles are numbered, and why it was
# given to somebody is said of it alone.
STAYS = ("leads.Assignment.lead", "leads.AutomaticQualification.lead", "leads.Qualification.lead")
MONEY = ("annual_revenue", "estimated_value", "budget_amount")


@operation
def merge_leads(
    survivor: Lead,
    losers: Sequence[Lead],
    *,
    by: User,
    values: Mapping[str, int] | None = None,
    versions: Mapping[int, int] | None = None,
) -> Merge:
    """Make up to five leads one: `survivor` stays, the others go to the recycle bin.

    All that belonged to the losers belongs to the survivor; what their doors tell about them from
    now on goes into it. `values` names for fields the lead to take them from (field → id); what it
    leaves out stays, and is filled where it is empty. Only the survivor may be qualified, and then
    its fields stay as they are; an open lead goes into no disqualified one. Raises `CannotMerge`,
    `LeadIsClosed`, `IsMerged`, `IsInBin`, `Stale`, `NotPermitted` and `Unacceptable`.
    """
    values = values or {}
    merging.refuse_these(survivor, losers)
    kept, gone = merging.together(survivor, losers, by=by, versions=versions)
    _refuse_closed(kept, gone, values)
    sources = merging.sources_of(kept, gone, values, money=MONEY, others=("utm",), by=by)
    if sources["owner"].owner_id != kept.owner_id:
        require(by, "assign", kept)
    if kept.status == Lead.Status.QUALIFIED:
        sources = dict.fromkeys(sources, kept)

    merge, image = merging.begin(kept, gone, by=by, values=values), merging.Image()
    merging.move_references(gone, to=kept, image=image, by=by, stays=STAYS)
    changed = merging.take(kept, sources, image=image, **_follows(kept, gone, sources))
    merging.put_into_bin(gone, sources, image=image, by=by)
    _note_readiness(kept, image, by=by)
    save_changed(kept, by=by)
    merge_timelines(gone, to=kept, image=image)
    if kept.status == Lead.Status.QUALIFIED:
        share(kept, targets=_became(kept), via=_via(merge))
    return merging.close(merge, image, kept, gone, by=by, changed=changed)


@operation
def unmerge_leads(merge: Merge, *, by: User, keep: bool = False) -> Merge:
    """Make several leads again of what `merge` made one, every row as it was.

    What was added to the survivor since stays there. Where something has changed since that the
    merge had changed, raises `CannotUnmerge` with all of it; with `keep` that stays as it is, and
    the rest is given back. While the survivor is qualified with what came by the merge, it is
    refused in any case. Asked again it changes nothing.
    """
    current, kept, gone = merging.unmergeable(merge, Lead, by=by)
    if not current.is_active:
        return current
    image = merging.image_of(current)
    pks = [kept.pk, *(lead.pk for lead in gone)]
    merging.refuse_later_merges(current, {"lead": [*pks, *image.touched(Lead)]})
    _refuse_qualified_since(current, kept)
    back = merging.return_of(image, kept, gone, since=current.at)
    merging.refuse_obstacles(back.obstacles, keep=keep)
    unshare(_via(current))
    merging.give_back(back, image, kept, gone, by=by)
    for lead in (kept, *gone):
        refresh_next_step(lead)
    return merging.end(current, kept, gone, by=by, left=back.obstacles)


def _refuse_closed(kept: Lead, gone: Sequence[Lead], values: Mapping[str, int]) -> None:
    for lead in gone:
        if lead.status == Lead.Status.QUALIFIED:
            raise CannotMerge(
                _("%(lead)s is qualified. Keep it as the main lead, or undo its qualification.")
                % {"lead": lead}
            )
        if lead.is_open and kept.status == Lead.Status.DISQUALIFIED:
            raise LeadIsClosed(
                _("%(lead)s is disqualified. Reopen it first, or keep the open lead as main one.")
                % {"lead": kept}
            )
    if kept.status == Lead.Status.QUALIFIED and any(pk != kept.pk for pk in values.values()):
        raise LeadIsClosed(
            _("%(lead)s is qualified, so its fields stay as they are.") % {"lead": kept}
        )


def _refuse_qualified_since(merge: Merge, kept: Lead) -> None:
    """Refuse while the lead is qualified with what came by the merge: that has gone on from it."""
    since = kept.qualifications.filter(state=Qualification.State.ACTIVE, at__gt=merge.at)
    if since.exists():
        text = _("%(lead)s was qualified since. Undo its qualification first.") % {"lead": kept}
        raise CannotUnmerge(text, obstacles=[Obstacle(text, kept)])


def _follows(kept: Lead, gone: Sequence[Lead], sources: Mapping[str, Lead]) -> dict[str, Any]:
    """Return what follows from the choice of the other values."""
    follows: dict[str, Any] = {"rate": sources["currency"].rate}
    if kept.duplicate_of_id in {lead.pk for lead in gone}:
        follows["duplicate_of"] = None
    if any(sources[name] != kept for name in ("account", "contact")):
        follows["needs_decision"] = ""
    return follows


def _note_readiness(kept: Lead, image: merging.Image, *, by: User) -> None:
    before = kept.ready_since
    if kept.is_open:
        note_readiness(kept, by=by, products=list(kept.products.all()))
    if kept.ready_since != before:
        image.change(kept, "ready_since", before, kept.ready_since)


def _became(lead: Lead) -> list[TimelineRecord]:
    """Return what a qualified lead has become: there everything is shown that it shows."""
    cycle = lead.qualifications.select_related("account", "contact").get(
        state=Qualification.State.ACTIVE
    )
    links = cycle.opportunity_links.select_related("opportunity").order_by("opportunity_id")
    records = [cycle.account, cycle.contact, *(link.opportunity for link in links)]
    return [record for record in records if record is not None]


def _via(merge: Merge) -> str:
    return f"merge:{merge.pk}"
