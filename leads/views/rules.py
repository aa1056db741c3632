"""The qualification rules: what is in force, the draft of what comes next, and what it would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import RedirectView, TemplateView

from leads import jobs, operations
from leads.forms.rules import RECOMMENDED, REQUIRED, RuleForm
from leads.models import Lead, QualificationRuleSet
from leads.rules import RuleSet, why_incomplete
from records.conditions import problems_of, words
from records.errors import Refused
from records.permissions import scope_of
from records.vocabulary import fields_of
from users.models import Grant
from workbench.forms import PageForm
from workbench.views.record import FormPage, Page

if TYPE_CHECKING:
    from leads.rules import Rule
    from users.models import User

MOST_VERSIONS = 50


def may(user: User, action: str) -> bool:
    """Say whether `user` may do this to the rules: they hold for everybody's leads."""
    return scope_of(user, action, QualificationRuleSet) == Grant.Scope.ALL


class RulesHome(RedirectView):
    """Lead to the rules that come first."""

    pattern_name = "leads:rules"
    http_method_names = ["get", "head", "options"]


class RulesPage(Page):
    """A page about the qualification rules, for those who may."""

    model = QualificationRuleSet
    action: ClassVar[str] = "view"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(self.user, self.action):
            raise PermissionDenied(_("You may not shape the rules. Ask an administrator."))
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            rules_place="qualification", may_change=may(self.user, "change"), **kwargs
        )

    def cancel_url(self) -> str:
        return reverse("leads:rules")

    @cached_property
    def draft(self) -> QualificationRuleSet:
        return get_object_or_404(QualificationRuleSet.objects.drafts())

    def told(self, sentence: str = "") -> HttpResponse:
        """Say what was done and go back to the rules."""
        if sentence:
            messages.success(self.request, sentence)
        return self.go(f"{reverse('leads:rules')}#draft")


class Rules(RulesPage, TemplateView):
    """The version in force in words, the draft beside it, and the versions before."""

    template_name = "leads/rules.html"
    title = gettext_lazy("Qualification rules")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = QualificationRuleSet.objects.select_related("created_by", "activated_by")
        versions = list(rows.order_by("-number")[:MOST_VERSIONS])
        active = next((version for version in versions if version.is_active), None)
        draft = next((version for version in versions if version.is_draft), None)
        return super().get_context_data(
            active=active,
            draft=draft,
            active_rules=told_of(active, self.user),
            draft_rules=told_of(draft, self.user),
            incomplete=why_incomplete(draft, by=self.user) if draft else [],
            retired=[version for version in versions if version not in (active, draft)],
            **kwargs,
        )


class RulesVersion(RulesPage, TemplateView):
    """One version in words."""

    template_name = "leads/rules_version.html"

    @cached_property
    def rule_set(self) -> QualificationRuleSet:
        rows = QualificationRuleSet.objects.select_related("created_by", "activated_by")
        return get_object_or_404(rows, number=self.kwargs["number"])

    def page_title(self) -> str:
        return _("Version %(number)d of the rules") % {"number": self.rule_set.number}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            rule_set=self.rule_set,
            rules=told_of(self.rule_set, self.user),
            has_draft=QualificationRuleSet.objects.drafts().exists(),
            **kwargs,
        )


def told_of(rule_set: QualificationRuleSet | None, user: User) -> list[dict[str, Any]]:
    """Return the rules of a version in words, and what has become wrong with them since."""
    if rule_set is None:
        return []
    fields = fields_of(Lead, user)
    rules = RuleSet(rule_set.number, rule_set.rules, by=user)
    return [
        {
            "key": rule.key,
            "label": str(rule),
            "words": words(rules.conditions[rule.key], fields, translate=_),
            "unmet_label": rule.unmet_label,
            "is_required": rule.is_required,
            "is_active": rule.is_active,
            "problems": [told for _place, told in problems_of(rule.condition, fields, translate=_)],
        }
        for rule in rules.rules
    ]


class RuleAction(RulesPage):
    """Something that one button does to the draft."""

    action = "change"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            sentence = self.act(**kwargs)
        except Refused as refusal:
            for reason in refusal.reasons:
                messages.error(request, reason)
            return self.told()
        return self.told(sentence)

    def act(self, **kwargs: Any) -> str:
        raise NotImplementedError


class RulesDraft(RuleAction):
    """Begin a draft, like the version in force or like an older one."""

    def act(self) -> str:
        text = self.request.POST.get("like", "")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        like = QualificationRuleSet.objects.filter(number=number).first()
        draft = operations.draft_rules(by=self.user, like=like)
        return _("Version %(number)d is a draft: nothing changes before you activate it") % {
            "number": draft.number
        }


class RulesDiscard(RuleAction):
    """Throw the draft away."""

    def act(self) -> str:
        operations.discard_rules(self.draft, by=self.user)
        return _("The draft is gone, the rules stay as they are")


class RuleMove(RuleAction):
    """Move a rule up or down."""

    def act(self, key: str) -> str:
        is_up = self.request.POST.get("to") != "down"
        operations.move_rule(self.draft, by=self.user, key=key, is_up=is_up)
        return ""


class RuleSwitch(RuleAction):
    """Let a rule count, or not."""

    def act(self, key: str) -> str:
        is_active = self.request.POST.get("to") != "off"
        operations.switch_rule(self.draft, by=self.user, key=key, is_active=is_active)
        return ""


class RuleRemove(RuleAction):
    """Take a rule out of the draft."""

    def act(self, key: str) -> str:
        operations.remove_rule(self.draft, by=self.user, key=key)
        return _("The rule is not in the draft any more")


class RuleCreate(RulesPage, FormPage):
    """Add a rule to the draft."""

    action = "change"
    template_name = "leads/rule_form.html"
    form_class = RuleForm
    title = gettext_lazy("New rule")
    submit_label = gettext_lazy("Save rule")

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "version": self.draft.version}

    def run(self, form: RuleForm) -> QualificationRuleSet:
        return operations.save_rule(self.draft, by=self.user, **form.values)

    def success_url_for(self, outcome: Any) -> str:
        return f"{reverse('leads:rules')}#draft"


class RuleEdit(RuleCreate):
    """Change a rule of the draft."""

    title = ""

    @cached_property
    def rule(self) -> Rule:
        rules = RuleSet(self.draft.number, self.draft.rules, by=self.user).rules
        found = next((rule for rule in rules if rule.key == self.kwargs["key"]), None)
        if found is None:
            raise Http404
        return found

    def page_title(self) -> str:
        return str(self.rule)

    def get_initial(self) -> dict[str, Any]:
        rule = self.rule
        return {
            **super().get_initial(),
            "condition": rule.condition,
            "weight": REQUIRED if rule.is_required else RECOMMENDED,
            "label": rule.label,
            "unmet_label": rule.unmet_label,
            "is_active": rule.is_active,
        }

    def run(self, form: RuleForm) -> QualificationRuleSet:
        return operations.save_rule(self.draft, by=self.user, key=self.rule.key, **form.values)


class RulesActivate(RulesPage, FormPage):
    """Say what would change, then put the draft into force."""

    action = "change"
    template_name = "leads/rules_activate.html"
    form_class = PageForm
    submit_label = gettext_lazy("Activate")

    def page_title(self) -> str:
        return _("Activate version %(number)d") % {"number": self.draft.number}

    def run(self, form: Any) -> QualificationRuleSet:
        return jobs.activate(self.draft, by=self.user)

    def success_message(self, outcome: QualificationRuleSet) -> str:
        return _("Version %(number)d is in force. Open leads are being looked at by it.") % {
            "number": outcome.number
        }

    def success_url_for(self, outcome: Any) -> str:
        return reverse("leads:rules")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            draft_rules=told_of(self.draft, self.user),
            incomplete=why_incomplete(self.draft, by=self.user),
            **kwargs,
        )
