"""The scoring rules, the leads by their score, and what made the score of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from leads import jobs
from leads.forms.rules import VersionForm
from leads.forms.scoring import ScaleForm, ScoringRuleForm, beginning_of, scale_in
from leads.models import Lead, ScoreScale, ScoringRule
from leads.rules.scoring import (
    askable,
    by_score,
    scale_of_scores,
    scoring_problems,
)
from records.conditions import stored, words
from records.permissions import scope_of
from records.vocabulary import fields_of
from users import formats
from users.models import Grant
from workbench.views.record import Page
from workbench.views.setting import SettingForm

if TYPE_CHECKING:
    from leads.rules.scoring import Step
    from records.errors import Stale


class ScoringPage(Page):
    """A page about the scoring rules, for those who may."""

    model: Any = ScoringRule
    kind = "lead"
    action: ClassVar[str] = "view"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if scope_of(self.user, self.action, self.model) != Grant.Scope.ALL:
            raise PermissionDenied(
                _("You may not do this with scoring rules. Ask a manager or an administrator.")
            )
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def rule(self) -> ScoringRule:
        return get_object_or_404(ScoringRule, pk=self.kwargs["pk"])

    def cancel_url(self) -> str:
        return reverse("leads:scoring")

    def success_url_for(self, outcome: Any) -> str:
        return reverse("leads:scoring")


class ScoringRuleList(ScoringPage, TemplateView):
    """The rules in words with their points, the scale, and the leads by score."""

    template_name = "leads/scoring.html"
    title = gettext_lazy("Scoring rules")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        fields = askable(self.user)
        rules = ScoringRule.objects.order_by("-is_active", "-points", "pk")
        return super().get_context_data(
            rules=[
                {
                    "rule": rule,
                    "words": words(stored(rule.condition, fields), fields, translate=_),
                    "problems": scoring_problems(rule, fields, _),
                }
                for rule in rules
            ],
            scale=scale_of_scores(),
            steps=[told_of(step) for step in by_score(viewer=self.user)],
            may={
                action: scope_of(self.user, action, ScoringRule) == Grant.Scope.ALL
                for action in ("add", "change", "delete")
            },
            **kwargs,
        )


def told_of(step: Step) -> dict[str, Any]:
    """Return the leads of a score with the addresses of the lists that have exactly them."""
    score = step.score
    which = "unscored=1" if score is None else f"score_min={score}&score_max={score}"
    address = f"{reverse('leads:list')}?view=all&{which}"
    share = formats.percent(step.qualified / step.leads) if step.leads else ""
    return {
        "step": step,
        "url": address,
        "qualified_url": f"{address}&status=qualified",
        "won_url": f"{address}&status=qualified&reached=won",
        "share": share,
    }


class ScoringRuleForms(ScoringPage, SettingForm):
    """A page with the form of a rule."""

    form_class = ScoringRuleForm
    template_name = "leads/assignment_form.html"
    submit_label = gettext_lazy("Save rule")

    def typed(self, form: ScoringRuleForm) -> dict[str, Any]:
        names = ("name", "condition", "points", "is_active")
        return {name: form.cleaned_data[name] for name in names}

    def success_message(self, outcome: ScoringRule) -> str:
        told = _("The rule %(rule)s was saved. All leads are being scored by it.")
        return told % {"rule": outcome}


class ScoringRuleCreate(ScoringRuleForms):
    """Add a rule."""

    action = "add"
    title = gettext_lazy("New scoring rule")

    def run(self, form: ScoringRuleForm) -> ScoringRule:
        return jobs.save_scoring_rule(ScoringRule(**self.settled(form)), by=self.user)


class ScoringRuleEdit(ScoringRuleForms):
    """Change a rule; what is wrong with it by now stands above the form."""

    action = "change"

    def page_title(self) -> str:
        return _("Edit %(rule)s") % {"rule": self.rule}

    def run(self, form: ScoringRuleForm) -> ScoringRule:
        version = form.cleaned_data["version"]
        return jobs.change_scoring_rule(
            self.rule, by=self.user, version=version, **self.settled(form)
        )

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **self.standing(), "version": self.rule.version}

    def standing(self) -> dict[str, Any]:
        return beginning_of(self.rule)

    def standing_before(self, refusal: Stale) -> dict[str, Any]:
        return {**self.standing(), **refusal.read}

    def in_words(self, form: ScoringRuleForm, name: str, value: Any) -> str:
        if name == "condition":
            fields = fields_of(Lead, self.user)
            return words(stored(value, fields), fields, translate=_, write=formats.value)
        return super().in_words(form, name, value)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        problems = scoring_problems(self.rule, askable(self.user), _)
        return super().get_context_data(problems=problems, **kwargs)


class ScoringRuleDelete(ScoringPage, SettingForm):
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
        jobs.delete_scoring_rule(self.rule, by=self.user, **form.cleaned_data)

    def success_message(self, outcome: Any) -> str:
        return _("The rule %(rule)s was deleted") % {"rule": self.rule}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        explanation = _("All leads lose the points that it gave.")
        return super().get_context_data(explanation=explanation, is_dangerous=True, **kwargs)


class ScaleEdit(ScoringPage, SettingForm):
    """Change between what scores are kept, and which of them mean warm and hot."""

    model = ScoreScale
    action = "change"
    form_class = ScaleForm
    template_name = "workbench/operation.html"
    title = gettext_lazy("Scale of scores")
    submit_label = gettext_lazy("Save")

    @cached_property
    def scale(self) -> ScoreScale:
        return scale_of_scores()

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **self.standing(), "version": self.scale.version}

    def standing(self) -> dict[str, Any]:
        return scale_in(self.scale)

    def standing_before(self, refusal: Stale) -> dict[str, Any]:
        names = self.standing()
        return names | {name: value for name, value in refusal.read.items() if name in names}

    def typed(self, form: ScaleForm) -> dict[str, Any]:
        return {name: form.cleaned_data[name] for name in self.standing()}

    def run(self, form: ScaleForm) -> ScoreScale:
        version = form.cleaned_data["version"]
        return jobs.set_scale(by=self.user, version=version, **self.settled(form))

    def success_message(self, outcome: ScoreScale) -> str:
        return _("Saved. All leads are being scored by it.")
