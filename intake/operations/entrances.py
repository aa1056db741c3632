"""Forms and doors: what an administrator makes of them, and the keys of the doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from intake import rules
from intake.models import Door, DoorField, DoorKey, WebForm, WebFormField, new_key
from records import audit
from records.errors import NotPermitted, Refused, Unacceptable
from records.operations import (
    note_parts,
    operation,
    require_for_all,
    row_of,
    save_setting,
)
from records.operations.checking import acceptable
from records.permissions import scope_of
from users.models import Grant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from users.models import User

SHORTEST_SECRET = 16
MOST_LINES = 200
SHOWN_OF_FORM = ("field", "label", "help_text", "is_required", "is_hidden", "value")
SHOWN_OF_DOOR = ("path", "field", "value")


class IsTheLast(Refused):
    """A door needs a key."""


@operation
def save_web_form(
    form: WebForm, *, by: User, fields: Sequence[WebFormField] | None = None
) -> WebForm:
    """Save a web form; another consent text is the next version of it.

    `fields`, if they are given, take the place of those that it asked for, in their order. Without
    an address it gets one from its name. Raises `Unacceptable` for an address that is taken, a
    field that a form cannot ask for, and one that is asked for twice.
    """
    require_for_all(by, "change" if form.pk else "add", WebForm)
    _give_address(form)
    if form.pk:
        before = row_of(form, WebForm.objects.select_for_update(of=("self",)))
        form.consent_version = before.consent_version + (before.consent_text != form.consent_text)
        form.snippet_key = before.snippet_key
    saved = save_setting(form, by=by)
    if fields is not None:
        known = {name for name, _label in rules.fields_to_ask()} | _names_in(saved)
        _refuse_unknown("fields", fields, known, _("No form can ask for “%(name)s”."))
        _refuse_twice(fields)
        _replace(saved, "fields", fields, SHOWN_OF_FORM, by=by)
    return saved


@operation
def renew_snippet(form: WebForm, *, by: User) -> WebForm:
    """Give the snippet another key: forms made with the old one go into quarantine."""
    _require(by, WebForm)
    current = row_of(form, WebForm.objects.select_for_update(of=("self",)))
    current.snippet_key = new_key()
    current.save(update_fields=["snippet_key"])
    audit.log(current, "webform.snippet_renewed", by=by)
    return current


@operation
def save_door(
    door: Door, *, by: User, mapping: Sequence[DoorField] | None = None, secret: str = ""
) -> Door:
    """Save a door; a new one gets a key. Its keys and secrets never stand in the trail.

    `mapping`, if it is given, takes the place of the one that it has, in its order; `secret`, of
    that of its newest key. Without an address it gets one from its name. Raises `Unacceptable` for
    an address that is taken, another kind than it has, and a field that a door cannot fill.
    """
    is_new = door.pk is None
    require_for_all(by, "add" if is_new else "change", Door)
    _give_address(door)
    if not is_new and Door.objects.filter(pk=door.pk).exclude(kind=door.kind).exists():
        sentence = _("A door keeps its kind: what came in is read by it. Open another door.")
        raise Unacceptable(errors={"kind": [sentence]})
    saved = save_setting(door, by=by)
    if is_new:
        DoorKey.objects.create(door=saved)
    if mapping is not None:
        known = {name for name, _label in rules.fields_to_map()} | _names_in(saved)
        _refuse_unknown("mapping", mapping, known, _("No door can fill “%(name)s”."))
        _replace(saved, "mapping", mapping, SHOWN_OF_DOOR, by=by)
    if secret:
        set_secret(saved, by=by, secret=secret)
    return saved


@operation
def add_key(door: Door, *, by: User) -> DoorKey:
    """Give a door another key beside those that it has, with the secret of the newest."""
    _require(by, Door)
    current = row_of(door, Door.objects.select_for_update(of=("self",)))
    newest = current.keys.order_by("-pk").first()
    is_theirs = current.kind in Door.SIGNING and newest is not None
    key = DoorKey.objects.create(
        door=current, secret=newest.secret if is_theirs and newest else new_key()
    )
    audit.log(current, "door.key_added", by=by)
    return key


@operation
def drop_old_keys(door: Door, *, by: User) -> int:
    """Close every address of a door but the newest; return how many that were."""
    _require(by, Door)
    current = row_of(door, Door.objects.select_for_update(of=("self",)))
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
    current = row_of(door, Door.objects.select_for_update(of=("self",)))
    newest = current.keys.order_by("-pk").first()
    if newest is None or newest.secret == secret:
        return
    newest.secret = secret
    newest.save(update_fields=["secret"])
    audit.log(current, "door.secret_set", by=by)


def _give_address(entrance: WebForm | Door) -> None:
    """Give an entrance an address that is free, or refuse the one that it has."""
    others = type(entrance)._default_manager.exclude(pk=entrance.pk)
    if entrance.slug:
        if others.filter(slug=entrance.slug).exists():
            raise Unacceptable(errors={"slug": [_("This address is taken. Choose another one.")]})
        return
    base = slugify(entrance.name)[:50] or str(type(entrance)._meta.model_name)
    taken = set(others.filter(slug__startswith=base).values_list("slug", flat=True))
    free = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    entrance.slug = base if base not in taken else next(s for s in free if s not in taken)


def _names_in(entrance: WebForm | Door) -> set[str]:
    """Return what stands there already: a field that went out of use may stay where it is."""
    relation: Any = entrance.fields
    return {line.field for line in relation.all()}


def _refuse_unknown(
    what: str, lines: Sequence[WebFormField | DoorField], known: set[str], sentence: str
) -> None:
    errors = {
        f"{what}.{number}.field": [sentence % {"name": line.field[:80]}]
        for number, line in enumerate(lines)
        if line.field not in known
    }
    if errors:
        raise Unacceptable(errors=errors)
    if len(lines) > MOST_LINES:
        raise Unacceptable(errors={what: [_("At most %(n)d lines.") % {"n": MOST_LINES}]})


def _refuse_twice(lines: Sequence[WebFormField]) -> None:
    names = [line.field for line in lines]
    errors = {
        f"fields.{number}.field": [_("The form asks for this already.")]
        for number, name in enumerate(names)
        if name in names[:number]
    }
    if errors:
        raise Unacceptable(errors=errors)


def _replace(
    entrance: WebForm | Door, what: str, lines: Sequence[Any], shown: tuple[str, ...], *, by: User
) -> None:
    """Let `lines` take the place of those that stand. What stands already writes nothing."""
    relation: Any = entrance.fields
    for number, line in enumerate(lines):
        setattr(line, relation.field.name, entrance)
        line.position = number
        try:
            acceptable(line)
        except Unacceptable as refusal:
            raise Unacceptable(
                errors={f"{what}.{number}.{name}": told for name, told in refusal.errors.items()}
            ) from refusal
    standing = sorted(relation.all(), key=lambda line: (line.position, line.pk))
    before, after = (
        [{name: getattr(line, name) for name in shown} for line in each]
        for each in (standing, lines)
    )
    if before == after:
        return
    relation.all().delete()
    relation.bulk_create(lines)
    note_parts(entrance, by=by, **{what: [before, after]})


def _require(by: User, model: type[WebForm | Door]) -> None:
    if scope_of(by, "change", model) != Grant.Scope.ALL:
        raise NotPermitted(
            _("You may not change %(things)s.") % {"things": model._meta.verbose_name_plural}
        )
