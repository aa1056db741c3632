"""The assignment rules, what they would do, and assigning a lead by them."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from leads import operations
from leads.forms import AssignmentRuleForm
from leads.forms.assignment import beginning_of
from leads.forms.rules import VersionForm
from leads.models import AssignmentRule, Lead
from leads.rules.assignment import (
    Rules,
    condition_in_words,
    dry_run,
    problems_of,
    takers,
)
from leads.views.pages import OpenLead
from records.conditions import stored, words
from records.errors import Refused, Unacceptable
from records.permissions import scope_of
from records.vocabulary import fields_of
from users import formats
from users.models import Grant
from workbench.views import OperationView
from workbench.views.record import Page
from workbench.views.setting import SettingForm

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.forms import BaseForm

    from leads.rules.assignment import Trial
    from records.errors import Stale
    from users.models import User

LATEST = 100  # leads of a dry run
# What a rule often asks, as a new one to fill in: key → name, condition.
PRESETS: dict[str, tuple[Any, dict[str, Any]]] = {
    "country": (
        gettext_lazy("By country"),
        {"any": [{"field": "country", "is": "is", "value": ""}]},
    ),
    "region": (
        gettext_lazy("By region"),
        {"all": [{"field": "region", "is": "one_of", "value": []}]},
    ),
    "product": (
        gettext_lazy("By product interest"),
        {"all": [{"field": "products", "is": "any_of", "value": []}]},
    ),
    "source": (
        gettext_lazy("By source"),
        {"all": [{"field": "source", "is": "one_of", "value": []}]},
    ),
    "rest": (
        gettext_lazy("All others"),
        {"all": [{"field": "status", "is": "is", "value": "open"}]},
    ),
}


def may_shape(user: User, action: str) -> bool:
    """Say whether `user` may do this to the assignment rules, which are everybody's."""
    return scope_of(user, action, AssignmentRule) == Grant.Scope.ALL


class RulePage(Page):
    """A page about the assignment rules, for those who may."""

    model = AssignmentRule
    kind = "lead"
    action: ClassVar[str] = "view"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_shape(self.user, self.action):
            raise PermissionDenied(
                _("You may not do this with assignment rules. Ask a manager or an administrator.")
            )
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def rule(self) -> AssignmentRule:
        rows = AssignmentRule.objects.select_related("person", "team")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def cancel_url(self) -> str:
        return reverse("leads:assignment")


class AssignmentRuleList(RulePage, TemplateView):
    """The rules in their order, in words, with what is wrong with them."""

    template_name = "leads/assignment.html"
    title = gettext_lazy("Assignment rules")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rules = AssignmentRule.objects.select_related("person", "team", "turn")
        queue = Lead.objects.permitted(self.user, "view").open().filter(owner=None)
        return super().get_context_data(
            rules=list(shown(rules.order_by("position", "pk"), self.user)),
            presets=[
                {"label": label, "url": f"{reverse('leads:assignment-create')}?preset={key}"}
                for key, (label, _condition) in PRESETS.items()
            ],
            waiting=queue.count(),
            waiting_url=f"{reverse('leads:list')}?owner=none&status=open",
            may={action: may_shape(self.user, action) for action in ("add", "change", "delete")},
            **kwargs,
        )


def shown(rules: Iterable[AssignmentRule], user: User) -> Iterable[dict[str, Any]]:
    """Yield each rule in words, with its problems."""
    fields, people = fields_of(Lead, user), list(takers())
    for number, rule in enumerate(rules, start=1):
        yield {
            "rule": rule,
            "number": number,
            "words": condition_in_words(rule, fields),
            "people": sum(person.team_id == rule.team_id for person in people) if rule.team else 0,
            "limits": limits_in_words(rule),
            "problems": problems_of(rule, fields, people),
        }


def limits_in_words(rule: AssignmentRule) -> str:
    """Return what else a rule says, in one line."""
    told = []
    if rule.team is not None and rule.way == AssignmentRule.Way.LEAST:
        told.append(_("to who has the fewest open leads"))
    if rule.weights:
        told.append(_("by weight"))
    if rule.most_a_day:
        told.append(_("at most %(n)d a day each") % {"n": rule.most_a_day})
    if rule.most_open:
        told.append(_("at most %(n)d open each") % {"n": rule.most_open})
    if rule.hours_untouched:
        told.append(_("goes on after %(n)d hours untouched") % {"n": rule.hours_untouched})
    return ", ".join(told)


class RuleForm(RulePage, SettingForm):
    """A page with the form of a rule."""

    form_class = AssignmentRuleForm
    template_name = "leads/assignment_form.html"
    submit_label = gettext_lazy("Save rule")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "record": self.rule}

    def typed(self, form: AssignmentRuleForm) -> dict[str, Any]:
        names = (
            "name", "condition", "target", "way", "most_a_day", "most_open", "hours_untouched",
            "is_active",
        )  # fmt: skip
        typed = {name: form.cleaned_data[name] for name in names}
        return {**typed, "way": typed["way"] or AssignmentRule.Way.TURN}

    def values(self, form: AssignmentRuleForm) -> dict[str, Any]:
        """Return the columns of the rule."""
        values = self.settled(form)
        return form.target_of(values.pop("target")) | values

    def add_refusal(self, form: BaseForm, refusal: Refused) -> None:
        """Show what is wrong with the person or the team where one of them is chosen."""
        if isinstance(refusal, Unacceptable):
            names = {"person": "target", "team": "target"}
            refusal.errors = {names.get(n, n): told for n, told in refusal.errors.items()}
        super().add_refusal(form, refusal)

    def success_message(self, outcome: AssignmentRule) -> str:
        return _("The rule %(rule)s was saved") % {"rule": outcome}

    def success_url_for(self, outcome: AssignmentRule) -> str:
        return reverse("leads:assignment")


class AssignmentRuleCreate(RuleForm):
    """Add a rule, from nothing or from a preset."""

    action = "add"
    title = gettext_lazy("New assignment rule")

    @cached_property
    def rule(self) -> AssignmentRule:
        _label, condition = PRESETS.get(self.request.GET.get("preset", ""), ("", {}))
        return AssignmentRule(condition=condition)

    def run(self, form: AssignmentRuleForm) -> AssignmentRule:
        rule = AssignmentRule(**self.values(form))
        return operations.save_assignment_rule(rule, by=self.user)


class AssignmentRuleEdit(RuleForm):
    """Change a rule; what is wrong with it by now stands above the form."""

    action = "change"

    def page_title(self) -> str:
        return _("Edit %(rule)s") % {"rule": self.rule}

    def run(self, form: AssignmentRuleForm) -> AssignmentRule:
        version = form.cleaned_data["version"]
        return operations.change_assignment_rule(
            self.rule, by=self.user, version=version, **self.values(form)
        )

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "version": self.rule.version}

    def standing(self) -> dict[str, Any]:
        return beginning_of(self.rule)

    def standing_before(self, refusal: Stale) -> dict[str, Any]:
        rule = copy(self.rule)
        for name, value in refusal.read.items():
            is_target = name in {"person", "team"}
            held = value["id"] if is_target and value else value
            setattr(rule, f"{name}_id" if is_target else name, held)
        return beginning_of(rule)

    def in_words(self, form: AssignmentRuleForm, name: str, value: Any) -> str:
        if name == "condition":
            fields = fields_of(Lead, self.user)
            return words(stored(value, fields), fields, translate=_, write=formats.value)
        if name == "target":
            return form.name_of(value)
        return super().in_words(form, name, value)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        standing = next(iter(shown([self.rule], self.user)))
        return super().get_context_data(problems=standing["problems"], **kwargs)


class AssignmentRuleDelete(RulePage, SettingForm):
    """Ask, then delete a rule."""

    action = "delete"
    form_class = VersionForm
    template_name = "workbench/operation.html"
    submit_label = gettext_lazy("Delete rule")

    def page_title(self) -> str:
        return _("Delete %(rule)s") % {"rule": self.rule}

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "version": self.rule.version}

    def typed(self, form: VersionForm) -> dict[str, Any]:
        return {}

    def run(self, form: VersionForm) -> None:
        operations.delete_assignment_rule(self.rule, by=self.user, **form.cleaned_data)

    def success_message(self, outcome: Any) -> str:
        return _("The rule %(rule)s was deleted") % {"rule": self.rule}

    def success_url_for(self, outcome: Any) -> str:
        return reverse("leads:assignment")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        explanation = _("Leads that it has assigned stay where they are, with the reason.")
        return super().get_context_data(explanation=explanation, is_dangerous=True, **kwargs)


class RuleButton(RulePage):
    """Something that is done to a rule by a button of the list."""

    action = "change"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            messages.success(request, self.done())
        except Refused as refusal:
            messages.error(request, str(refusal))
        return self.go(reverse("leads:assignment"))

    def done(self) -> str:
        """Do it, and say what was done."""
        raise NotImplementedError


class AssignmentRuleMove(RuleButton):
    """Move a rule one place up or down."""

    def done(self) -> str:
        step = -1 if self.request.POST.get("to") == "up" else 1
        place = AssignmentRule.objects.filter(position__lt=self.rule.position).count() + 1
        moved = operations.move_assignment_rule(self.rule, by=self.user, position=place + step)
        return _("%(rule)s is rule %(number)d now") % {"rule": moved, "number": moved.position}


class AssignmentRuleSwitch(RuleButton):
    """Take a rule into use, or out of it."""

    def done(self) -> str:
        is_active = self.request.POST.get("to") == "on"
        rule = operations.change_assignment_rule(self.rule, by=self.user, is_active=is_active)
        told = _("%(rule)s is in use") if rule.is_active else _("%(rule)s is out of use")
        return told % {"rule": rule}


class AssignmentDryRun(RulePage, TemplateView):
    """What the rules would have done with the latest leads, against who has them."""

    template_name = "leads/assignment_try.html"
    title = gettext_lazy("Dry run")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = self.request.GET.get("also", "")
        also = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
        rules = Rules(self.user, also=also)
        latest = Lead.objects.permitted(self.user, "view").order_by("-created_at", "-pk")[:LATEST]
        numbers = list(latest.values_list("pk", flat=True))
        # In the order in which they came, as the turns would have been.
        rows = Lead.objects.filter(pk__in=numbers).order_by("created_at", "pk")
        trials = dry_run(rules, rows, viewer=self.user)
        return super().get_context_data(
            trials=trials[::-1],
            also=next((each.rule for each in rules.rules if each.rule.pk == also), None),
            summary=summary_of(rules, trials),
            same=sum(trial.is_same for trial in trials),
            **kwargs,
        )


def summary_of(rules: Rules, trials: list[Trial]) -> list[dict[str, Any]]:
    """Return how many leads each rule would take, and how many nobody."""
    lines = [
        {
            "label": _("%(number)d. %(rule)s") % {"number": each.number, "rule": each.rule},
            "value": sum(trial.fate.rule == each.rule for trial in trials),
        }
        for each in rules.rules
    ]
    nobody = sum(trial.is_told and trial.fate.owner is None for trial in trials)
    lines.append({"label": _("Would wait for an owner"), "value": nobody})
    if untold := sum(not trial.is_told for trial in trials):
        lines.append({"label": _("Cannot be told"), "value": untold})
    return lines


class LeadAssignByRules(OpenLead, OperationView):
    """Give a lead that nobody owns to whom the rules say."""

    model = Lead
    action = "assign"
    operation = staticmethod(operations.assign_by_rules)
    submit_label = gettext_lazy("Assign by rules")
    explanation = gettext_lazy(
        "The first assignment rule that holds says who gets it, and the reason stands on the lead."
    )

    def page_title(self) -> str:
        return _("Assign %(lead)s by rules") % {"lead": self.record}

    def closed_because(self) -> str:
        if self.record.owner is not None:
            return _("%(lead)s belongs to %(owner)s, and stays there.") % {
                "lead": self.record,
                "owner": self.record.owner,
            }
        return super().closed_because()

    def success_message(self, outcome: Lead) -> str:
        if outcome.owner is None:
            return _("%(lead)s waits: no rule can give it to anybody") % {"lead": outcome}
        return _("%(lead)s assigned to %(owner)s") % {"lead": outcome, "owner": outcome.owner}

    def success_url_for(self, outcome: Lead) -> str:
        is_visible = Lead.objects.permitted(self.user, "view").filter(pk=outcome.pk).exists()
        return outcome.get_absolute_url() if is_visible else reverse("leads:list")
