"""Views of lists: kept, renamed, shared, pinned, made the first to be shown, and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from records import audit
from records.errors import NotPermitted, Refused, Unacceptable
from records.operations import operation, refuse_stale
from records.operations.checking import acceptable
from records.permissions import may
from workbench.models import SavedView, ViewMark

if TYPE_CHECKING:
    from users.models import User

MOST_VIEWS = 50  # of one person, for one kind of records


class ViewIsGone(Refused):
    """Somebody has deleted the view, or keeps it to himself by now."""


@operation
def save_view(
    kind: str,
    *,
    by: User,
    name: str,
    query: str,
    audience: str = SavedView.Audience.PRIVATE,
) -> SavedView:
    """Keep what a list of `kind` shows by `query` under a name. The same asked again is there.

    Raises `Unacceptable` for a name that `by` has used already, and `NotPermitted` for an audience
    that is not his to speak to.
    """
    view = SavedView(kind=kind, name=name, query=query, audience=audience, owner=by)
    if standing := SavedView.objects.filter(**_told_twice(view)).first():
        return standing
    _check(view, by=by)
    if SavedView.objects.filter(owner=by, kind=kind).count() >= MOST_VIEWS:
        raise Unacceptable(
            _("You keep %(most)d of these. Delete one first.") % {"most": MOST_VIEWS}
        )
    view.save()
    audit.log(view, "view.created", by=by, changes=_told(view))
    return view


@operation
def update_view(
    view: SavedView, *, by: User, version: int | None = None, **changes: Any
) -> SavedView:
    """Change name, audience or query of a view. Changing nothing writes nothing.

    Raises `Stale` when `version` is given and no longer the current one.
    """
    current = _held(view, by=by, action="change")
    refuse_stale(current, version)
    before = _told(current)
    for name, value in changes.items():
        setattr(current, name, value)
    _check(current, by=by)
    told = {name: [before[name][1], pair[1]] for name, pair in _told(current).items()}
    changed = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    if changed:
        current.version += 1
        current.save()
        audit.log(current, "view.changed", by=by, changes=changed)
    return current


@operation
def delete_view(view: SavedView, *, by: User, version: int | None = None) -> None:
    """Forget a view, for everybody whom it was shown to. The records stay as they are."""
    current = _held(view, by=by, action="delete")
    refuse_stale(current, version)
    audit.log(current, "view.deleted", by=by)
    current.delete()


@operation
def pin_view(view: SavedView, *, by: User, is_pinned: bool) -> None:
    """Put a view to the front of the tabs of `by`, or take it from there."""
    _mark(view, by=by, is_pinned=is_pinned)


@operation
def begin_with_view(view: SavedView, *, by: User, is_default: bool) -> None:
    """Have the list begin with this view for `by`, or with what it began with before any."""
    if is_default:
        ViewMark.objects.filter(user=by, kind=view.kind, is_default=True).update(is_default=False)
    _mark(view, by=by, is_default=is_default)


def may_share_with_everyone(user: User) -> bool:
    """Say whether a role of `user` lets it speak to everyone."""
    return may(user, "share", SavedView)


def _mark(view: SavedView, *, by: User, **marks: bool) -> None:
    current = _held(view, by=by, action="view")
    ViewMark.objects.update_or_create(
        user=by, view=current, defaults={"kind": current.kind, **marks}
    )


def _held(view: SavedView, *, by: User, action: str) -> SavedView:
    """Lock and re-read a view. Raises `ViewIsGone` and `NotPermitted`."""
    SavedView.objects.select_for_update().filter(pk=view.pk).first()
    seen = SavedView.objects.permitted(by).filter(pk=view.pk).select_related("owner").first()
    if seen is None:
        raise ViewIsGone(_("It is gone, or it is no longer shared with you."))
    if action != "view" and not SavedView.objects.permitted(by, action).filter(pk=view.pk).exists():
        raise NotPermitted(
            _("It belongs to %(owner)s. Save one of your own.") % {"owner": seen.owner}
        )
    return seen


def _told_twice(view: SavedView) -> dict[str, Any]:
    """Return by what the same view is known: a second click on the button asks for it again."""
    return {name: getattr(view, name) for name in ("owner", "kind", "name", "query", "audience")}


def _check(view: SavedView, *, by: User) -> None:
    acceptable(view)
    if len(view.query) > SavedView.LONGEST_QUERY:
        raise Unacceptable(_("It has more filters than can be kept. Take some away."))
    is_taken = SavedView.objects.filter(owner=view.owner_id, kind=view.kind, name=view.name)
    if is_taken.exclude(pk=view.pk).exists():
        raise Unacceptable(errors={"name": [_("You have one of this name. Choose another name.")]})
    if view.audience == SavedView.Audience.TEAM and view.owner.team_id is None:
        raise Unacceptable(errors={"audience": [_("You are in no team to share it with.")]})
    stands = SavedView.objects.filter(pk=view.pk, audience=SavedView.Audience.EVERYONE).exists()
    is_wider = view.audience == SavedView.Audience.EVERYONE and not stands
    if is_wider and not may_share_with_everyone(by):
        raise NotPermitted(_("You may share it with your team, not with everyone."))


def _told(view: SavedView) -> dict[str, list[Any]]:
    """Return what the trail says of a new view: nothing before, and what stands."""
    return {name: [None, getattr(view, name)] for name in ("name", "query", "audience")}
