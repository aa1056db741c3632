"""Forms and doors: what an administrator makes of them, and the keys of the doors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from intake.models import Door, DoorKey, WebForm, new_key
from records import audit
from records.errors import NotPermitted, Refused, Unacceptable
from records.operations import operation, save_setting
from records.permissions import scope_of
from users.models import Grant

if TYPE_CHECKING:
    from users.models import User

SHORTEST_SECRET = 16


class IsTheLast(Refused):
    """A door needs a key."""


@operation
def save_web_form(form: WebForm, *, by: User) -> WebForm:
    """Save a web form; another consent text is the next version of it."""
    if form.pk:
        before = WebForm.objects.select_for_update(of=("self",)).get(pk=form.pk)
        form.consent_version = before.consent_version + (before.consent_text != form.consent_text)
        form.snippet_key = before.snippet_key
    return save_setting(form, by=by)


@operation
def renew_snippet(form: WebForm, *, by: User) -> WebForm:
    """Give the snippet another key: forms made with the old one go into quarantine."""
    _require(by, WebForm)
    current = WebForm.objects.select_for_update(of=("self",)).get(pk=form.pk)
    current.snippet_key = new_key()
    current.save(update_fields=["snippet_key"])
    audit.log(current, "webform.snippet_renewed", by=by)
    return current


@operation
def save_door(door: Door, *, by: User) -> Door:
    """Save a door; a new one gets a key. Its keys and secrets never stand in the trail."""
    is_new = door.pk is None
    saved = save_setting(door, by=by)
    if is_new:
        DoorKey.objects.create(door=saved)
    return saved


@operation
def add_key(door: Door, *, by: User) -> DoorKey:
    """Give a door another key beside those that it has, with the secret of the newest."""
    _require(by, Door)
    current = Door.objects.select_for_update(of=("self",)).get(pk=door.pk)
    newest = current.keys.order_by("-pk").first()
    # HubSpot signs with a secret of its own, whatever the address is.
    is_theirs = current.kind == Door.Kind.HUBSPOT and newest is not None
    key = DoorKey.objects.create(
        door=current, secret=newest.secret if is_theirs and newest else new_key()
    )
    audit.log(current, "door.key_added", by=by)
    return key


@operation
def drop_old_keys(door: Door, *, by: User) -> int:
    """Close every address of a door but the newest; return how many that were."""
    _require(by, Door)
    current = Door.objects.select_for_update(of=("self",)).get(pk=door.pk)
    newest = current.keys.order_by("-pk").first()
    if newest is None:
        raise IsTheLast(_("The door has no key."))
    count, _by_kind = current.keys.exclude(pk=newest.pk).delete()
    if count:
        audit.log(current, "door.keys_dropped", by=by, changes={"keys": [count + 1, 1]})
    return count


@operation
def set_secret(door: Door, *, by: User, secret: str) -> None:
    """Keep the secret by which the sender proves itself, for the newest address of a door.

    Older addresses keep theirs, so that a secret can be exchanged without a gap. Raises
    `Unacceptable` for one that could be guessed.
    """
    _require(by, Door)
    secret = secret.strip()
    if len(secret) < SHORTEST_SECRET or len(secret) > 200:
        raise Unacceptable(
            errors={
                "secret": [_("Enter a secret of %(n)d to 200 characters.") % {"n": SHORTEST_SECRET}]
            }
        )
    current = Door.objects.select_for_update(of=("self",)).get(pk=door.pk)
    newest = current.keys.order_by("-pk").first()
    if newest is None or newest.secret == secret:
        return
    newest.secret = secret
    newest.save(update_fields=["secret"])
    audit.log(current, "door.secret_set", by=by)


def _require(by: User, model: type[WebForm | Door]) -> None:
    if scope_of(by, "change", model) != Grant.Scope.ALL:
        raise NotPermitted(
            _("You may not change %(things)s.") % {"things": model._meta.verbose_name_plural}
        )
