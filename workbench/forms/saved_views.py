"""The form of a saved view: its name, and who sees it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workbench.forms import PageForm
from workbench.models import SavedView
from workbench.operations.saved_views import may_share_with_everyone


class SavedViewForm(PageForm):
    """What a view is called and who sees it; the query string goes along unseen."""

    name = forms.CharField(label=_("Name"), max_length=60)
    audience = forms.ChoiceField(
        label=_("Who sees it"),
        choices=SavedView.Audience.choices,
        initial=SavedView.Audience.PRIVATE,
        widget=forms.RadioSelect,
        help_text=_("Everybody sees in it only the records that they may see anyway."),
    )
    query = forms.CharField(
        required=False, max_length=SavedView.LONGEST_QUERY, widget=forms.HiddenInput
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        audience = self.fields["audience"]
        out_of_reach = set()
        if self.initial.get("audience") != SavedView.Audience.EVERYONE and not (
            may_share_with_everyone(self.user)
        ):
            out_of_reach.add(SavedView.Audience.EVERYONE)
        if self.user.team_id is None:
            out_of_reach.add(SavedView.Audience.TEAM)
        audience.choices = [  # type: ignore[attr-defined]
            choice for choice in SavedView.Audience.choices if choice[0] not in out_of_reach
        ]
