"""The people who take leads: what they have, and when they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from leads import operations
from leads.forms.availability import AvailabilityForm, times_of
from leads.models import AssignmentRule, Availability, Lead
from leads.rules.assignment import takers
from leads.rules.loads import Loads
from leads.views.assignment import RulePage
from records.permissions import scope_of
from users.models import Grant, User
from workbench.views.setting import SettingForm

if TYPE_CHECKING:
    from records.errors import Stale


class TakerList(RulePage, TemplateView):
    """Who takes leads, with their open leads and why they take none now."""

    template_name = "leads/takers.html"
    title = gettext_lazy("People who take leads")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people = list(takers().select_related("team"))
        loads = Loads(people, [AssignmentRule(way=AssignmentRule.Way.LEAST)])
        leads = f"{reverse('leads:list')}?view=all&status=open&owner="
        return super().get_context_data(
            people=[
                {
                    "person": person,
                    "open": loads.open[person.pk],
                    "url": f"{leads}{person.pk}",
                    "why_not": loads.why_not_there(person),
                }
                for person in people
            ],
            may_change=scope_of(self.user, "change", Availability) == Grant.Scope.ALL,
            sees_all=scope_of(self.user, "view", Lead) == Grant.Scope.ALL,
            **kwargs,
        )


class AvailabilityEdit(RulePage, SettingForm):
    """Say when somebody is away and at work."""

    action = "change"
    form_class = AvailabilityForm
    template_name = "workbench/operation.html"
    submit_label = gettext_lazy("Save")

    @cached_property
    def person(self) -> User:
        return get_object_or_404(takers(), pk=self.kwargs["pk"])

    @cached_property
    def availability(self) -> Availability:
        found = Availability.objects.filter(person=self.person).first()
        return found or Availability(person=self.person, version=0)

    def page_title(self) -> str:
        return _("When %(person)s takes leads") % {"person": self.person}

    def cancel_url(self) -> str:
        return reverse("leads:takers")

    def get_initial(self) -> dict[str, Any]:
        read = {"version": self.availability.version or None}
        return {**super().get_initial(), **times_of(self.availability), **read}

    def standing(self) -> dict[str, Any]:
        return times_of(self.availability)

    def standing_before(self, refusal: Stale) -> dict[str, Any]:
        return {**self.standing(), **refusal.read}

    def typed(self, form: AvailabilityForm) -> dict[str, Any]:
        return {name: form.cleaned_data[name] for name in self.standing()}

    def run(self, form: AvailabilityForm) -> Availability:
        version = form.cleaned_data["version"]
        return operations.set_availability(
            self.person, by=self.user, version=version, **self.settled(form)
        )

    def success_message(self, outcome: Availability) -> str:
        return _("Saved. The rules go by it from now on.")

    def success_url_for(self, outcome: Availability) -> str:
        return reverse("leads:takers")
