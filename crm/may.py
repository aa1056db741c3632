"""What somebody may do, and why: role by role, and with one record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Contact
from activities.models import Activity
from crm.grants import fields_of
from leads.models import Lead
from opportunities.models import Opportunity
from records.permissions import reaches, scope_of
from users.models import FieldAccess, Grant
from users.permissions import permissions_of

if TYPE_CHECKING:
    from django.db.models import Model

    from records.models import Record
    from users.models import User

KINDS: dict[str, type[Record]] = {
    "lead": Lead,
    "account": Account,
    "contact": Contact,
    "opportunity": Opportunity,
    "activity": Activity,
}
LARGEST_ID = 2**63 - 1
HOW_FAR = {
    Grant.Scope.OWN: gettext_lazy("those that they own"),
    Grant.Scope.TEAM: gettext_lazy("those of their team, and those without an owner"),
    Grant.Scope.ALL: gettext_lazy("all of them"),
}


@dataclass(frozen=True)
class Verdict:
    """Whether somebody may do a thing, in words: what, how far, and by which roles."""

    action: str
    may: bool
    why: str


def roles_for(user: User, permission: str) -> list[str]:
    """Return the roles of somebody that grant something, with how far each lets it reach."""
    grants = Grant.objects.filter(role__members=user, permission=permission)
    lines = grants.select_related("role").order_by("role__name", "pk")
    return [f"{line.role} ({line.get_scope_display().lower()})" for line in lines]


def verdicts_on(user: User, model: type[Model], record: Record | None = None) -> list[Verdict]:
    """Say of each thing that can be done to a kind, or to one record, whether somebody may."""
    return [
        _verdict(user, model, permission, words, record)
        for permission, words in permissions_of(model).items()
    ]


def _verdict(
    user: User, model: type[Model], permission: str, words: str, record: Record | None
) -> Verdict:
    action = permission.partition(".")[2].removesuffix(f"_{model._meta.model_name}")
    scope = scope_of(user, action, model)
    is_allowed = scope is not None if record is None else reaches(user, action, record)
    return Verdict(words, is_allowed, _why(user, permission, scope, record, is_allowed=is_allowed))


def _why(
    user: User, permission: str, scope: str | None, record: Record | None, *, is_allowed: bool
) -> str:
    if not user.is_active:
        return _("The account is not active.")
    if user.is_superuser:
        return _("A superuser may do everything.")
    if scope is None:
        return _("No role grants it.")
    told = {"roles": ", ".join(roles_for(user, permission)), "which": HOW_FAR[Grant.Scope(scope)]}
    if record is None or is_allowed:
        return _("%(roles)s: %(which)s.") % told
    return _("%(roles)s: only %(which)s. This one belongs to %(owner)s.") % {
        **told,
        "owner": _whose(record),
    }


def _whose(record: Record) -> str:
    if record.owner is None:
        return _("nobody")
    team = record.owner.team
    return f"{record.owner} ({team})" if team else str(record.owner)


class AskForm(forms.Form):
    """About which record it is asked."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[(key, model._meta.verbose_name) for key, model in KINDS.items()],
    )
    number = forms.IntegerField(
        label=gettext_lazy("Number"),
        min_value=1,
        max_value=LARGEST_ID,
        help_text=gettext_lazy("It stands in the address of the record's page."),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        if "kind" in data and "number" in data:
            rows: Any = KINDS[data["kind"]]._base_manager.select_related("owner__team")
            data["record"] = rows.filter(pk=data["number"]).first()
            if data["record"] is None:
                self.add_error("number", _("There is no such record."))
        return data


def told_of(user: User) -> list[dict[str, Any]]:
    """Return what somebody may do to each kind of record."""
    labels = fields_of() if user.withheld else {}
    return [
        {
            "kind": model._meta.verbose_name_plural,
            "verdicts": [
                *verdicts_on(user, model),
                *(
                    _on_field(user, kind, labels[kind].get(name, name), name, level)
                    for name, level in sorted(user.withheld.get(kind, {}).items())
                ),
            ],
        }
        for kind, model in KINDS.items()
    ]


def _on_field(user: User, kind: str, label: str, name: str, level: str) -> Verdict:
    """Say that a field is kept from somebody, and by which roles."""
    is_hidden = level == FieldAccess.Level.HIDDEN
    words = _("Can see the field %(field)s") if is_hidden else _("Can change the field %(field)s")
    lines = FieldAccess.objects.filter(role__members=user, kind=kind, field=name)
    told = lines.select_related("role").order_by("role__name", "pk")
    roles = [f"{line.role} ({line.get_level_display().lower()})" for line in told]
    return Verdict(words % {"field": label}, False, ", ".join(roles))
