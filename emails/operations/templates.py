"""Templates: kept, changed, shared and deleted. What they say is checked before anybody uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from emails.models import EmailTemplate
from emails.queries import problems_of
from emails.querysets import KINDS
from records import audit
from records.errors import NotPermitted, Refused, Unacceptable
from records.operations import operation, refuse_stale
from records.operations.checking import acceptable
from records.permissions import may

if TYPE_CHECKING:
    from users.models import User

MOST_TEMPLATES = 200  # of one person
FIELDS = ("name", "kinds", "subject", "text", "audience", "is_active")


class TemplateIsGone(Refused):
    """Somebody has deleted the template, or keeps it to himself by now."""


@operation
def save_template(template: EmailTemplate, *, by: User) -> EmailTemplate:
    """Keep a new template. Raises `Unacceptable` for what could not be filled in or found again.

    Anybody keeps templates for himself and his team; to speak to everyone takes a right.
    """
    template.owner = by
    _check(template, by=by)
    if EmailTemplate.objects.filter(owner=by).count() >= MOST_TEMPLATES:
        sentence = _("You keep %(most)d templates. Delete one first.")
        raise Unacceptable(sentence % {"most": MOST_TEMPLATES})
    template.save(force_insert=True)
    audit.log(template, "emailtemplate.created", by=by, changes=_told(template))
    return template


@operation
def change_template(
    template: EmailTemplate, *, by: User, version: int | None = None, **changes: Any
) -> EmailTemplate:
    """Change a template. Changing nothing writes nothing.

    Raises `Stale` when `version` is given and no longer the current one.
    """
    current = _held(template, by=by, action="change")
    refuse_stale(current, version)
    before = _told(current)
    for name in FIELDS:
        setattr(current, name, changes.get(name, getattr(current, name)))
    _check(current, by=by)
    told = {name: [before[name][1], pair[1]] for name, pair in _told(current).items()}
    changed = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    if changed:
        current.version += 1
        current.save()
        audit.log(current, "emailtemplate.changed", by=by, changes=changed)
    return current


@operation
def delete_template(template: EmailTemplate, *, by: User, version: int | None = None) -> None:
    """Delete a template, for everybody who uses it. Emails that were sent stay as they are."""
    current = _held(template, by=by, action="delete")
    refuse_stale(current, version)
    audit.log(current, "emailtemplate.deleted", by=by)
    current.delete()


def may_share_with_everyone(user: User) -> bool:
    """Say whether a role of `user` lets it speak to everyone."""
    return may(user, "share", EmailTemplate)


def _held(template: EmailTemplate, *, by: User, action: str) -> EmailTemplate:
    """Lock and re-read a template. Raises `TemplateIsGone` and `NotPermitted`."""
    EmailTemplate.objects.select_for_update().filter(pk=template.pk).first()
    rows = EmailTemplate.objects.permitted(by).select_related("owner")
    seen: EmailTemplate | None = rows.filter(pk=template.pk).first()
    if seen is None:
        raise TemplateIsGone(_("This template is gone, or it is no longer shared with you."))
    if not EmailTemplate.objects.permitted(by, action).filter(pk=template.pk).exists():
        raise NotPermitted(
            _("This template belongs to %(owner)s. Save one of your own.") % {"owner": seen.owner}
        )
    return seen


def _check(template: EmailTemplate, *, by: User) -> None:
    if not isinstance(template.kinds, list):
        raise Unacceptable(errors={"kinds": [_("Give a list of kinds of record.")]})
    template.kinds = [kind for kind in KINDS if kind in template.kinds]
    acceptable(template)
    errors: dict[str, list[str]] = {}
    if "\n" in template.subject or "\r" in template.subject:
        errors["subject"] = [_("Write the subject on one line.")]
    for name in ("subject", "text"):
        if found := problems_of(getattr(template, name), template.kinds, by):
            errors[name] = found
    if len(template.text) > EmailTemplate.LONGEST_TEXT:
        errors["text"] = [_("The text is too long.")]
    others = EmailTemplate.objects.filter(owner=template.owner_id, name=template.name)
    if others.exclude(pk=template.pk).exists():
        errors["name"] = [_("There is a template of this name. Choose another one.")]
    if template.audience == EmailTemplate.Audience.TEAM and template.owner.team_id is None:
        errors["audience"] = [_("The owner is in no team to share it with.")]
    if errors:
        raise Unacceptable(errors=errors)
    everyone = EmailTemplate.Audience.EVERYONE
    stands = EmailTemplate.objects.filter(pk=template.pk, audience=everyone).exists()
    if template.audience == everyone and not stands and not may_share_with_everyone(by):
        raise NotPermitted(
            _("You may share templates with your team, not with everyone."), field="audience"
        )


def _told(template: EmailTemplate) -> dict[str, list[Any]]:
    """Return what the trail says of a new template: nothing before, and what stands."""
    return {name: [None, getattr(template, name)] for name in FIELDS}
