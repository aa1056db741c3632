"""What people say about themselves, and about the keys that they give to programs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from users.models import ApiToken, User

if TYPE_CHECKING:
    from collections.abc import Mapping

LIFETIMES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("One year")), ("", _("No end"))]


class ProfileForm(forms.Form):
    """How somebody is called, and how the pages look and listen."""

    name = forms.CharField(label=_("Name"), max_length=120, required=False, strip=True)
    theme = forms.ChoiceField(
        label=_("Theme"), choices=User.Theme.choices, widget=forms.RadioSelect
    )
    has_shortcuts = forms.BooleanField(
        label=_("Single-key shortcuts"),
        help_text=_("Keys like J, K and Q. Turn them off if you speak to your computer."),
        required=False,
    )
    signature = forms.CharField(
        label=_("Email signature"),
        max_length=1_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands under every email that you begin."),
    )


class ThemeForm(forms.Form):
    """The theme alone, as the menu at the top sends it."""

    theme = forms.ChoiceField(choices=User.Theme.choices)


class TokenForm(forms.Form):
    """A new key: a name to know it by, what it may do, and until when."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("The program that will use it.")
    )
    scope = forms.ChoiceField(
        label=_("May"), choices=ApiToken.Scope.choices, initial=ApiToken.Scope.READ
    )
    lifetime = forms.ChoiceField(
        label=_("Ends after"), choices=LIFETIMES, initial="90", required=False
    )

    def clean(self) -> Mapping[str, Any]:
        terms = self.cleaned_data
        days = terms.pop("lifetime", "")
        terms["expires_at"] = _in_days(int(days)) if days else None
        return terms


def _in_days(days: int) -> datetime:
    return timezone.now() + timedelta(days=days)
