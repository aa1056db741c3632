"""The qualification rules: what is in force, the draft of what comes next, and what it would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from leads.forms.rules import (
    REQUIRED,
    WEIGHTED,
    WEIGHTS,
    ActivateForm,
    AutomationForm,
    RuleForm,
    ThresholdForm,
    beginning_of,
)
from leads.models import AutomaticQualification, Lead, QualificationRuleSet, RuleRun
from leads.operations.rehearsal import expected_of
from leads.rules import Rule, RuleSet, why_incomplete
from leads.rules.automatic import room_in
from leads.rules.backtest import FIGURES, TRIED, Tried, backtest, won_value
from records.conditions import problems_of, stored, words
from records.errors import Refused
from records.permissions import scope_of
from records.vocabulary import fields_of
from users import formats
from users.models import Grant, User
from users.operations import MACHINE
from workbench.views.jobs import page_in, pages
from workbench.views.record import Page
from workbench.views.setting import SettingForm

if TYPE_CHECKING:
    from records.errors import Stale

MOST_VERSIONS = 50
RULE_FIELDS = ("condition", "weight", "points", "label", "unmet_label", "is_active")
LINES = 50
RUNS = 5  # of each kind
EXPECTED = 25  # lines of a page of the dry run
# What the preview counts, in words.
FIGURES_IN_WORDS = {
    "passed": gettext_lazy("May be qualified"),
    "qualified": gettext_lazy("Of these, qualified"),
    "opportunities": gettext_lazy("Of these, with an opportunity"),
    "won": gettext_lazy("Of these, won"),
    "stopped": gettext_lazy("Are stopped"),
    "lost": gettext_lazy("Of these, qualified all the same"),
    "missed": gettext_lazy("Of these, won all the same"),
    "untold": gettext_lazy("Cannot be told: a rule asks about a record that you cannot open"),
}
BEHIND = 50  # leads of a page behind a figure


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
    place: ClassVar[str] = "qualification"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(self.user, self.action):
            raise PermissionDenied(_("You may not shape the rules. Ask an administrator."))
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            rules_place=self.place, may_change=may(self.user, "change"), **kwargs
        )

    def cancel_url(self) -> str:
        return reverse("leads:rules")

    @property
    def kind(self) -> str:
        return "lead"

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
    rules = RuleSet.of(rule_set, by=user)
    return [
        {
            "key": rule.key,
            "label": str(rule),
            "words": words(rules.conditions[rule.key], fields, translate=_, write=formats.value),
            "has_words": not rule.words.startswith(str(rule)),
            "unmet_label": rule.unmet_label,
            "is_required": rule.is_required,
            "points": rule.points,
            "is_active": rule.is_active,
            "problems": [told for _place, told in problems_of(rule.condition, fields, translate=_)],
        }
        for rule in rules.rules
    ]


class RulesPreview(RulesPage, TemplateView):
    """The draft and the version in force on the last leads, side by side; each figure opens them.

    `?show=draft-won` lists the leads behind a figure: those that came to be won under the draft.
    `?last=1000` looks further back.
    """

    template_name = "leads/rules_preview.html"
    title = gettext_lazy("The rules on the last leads")

    @cached_property
    def last(self) -> int:
        """How many leads are looked at."""
        text = self.request.GET.get("last", "")
        return next((most for most in TRIED if text == str(most)), TRIED[0])

    @cached_property
    def versions(self) -> list[QualificationRuleSet]:
        rows = QualificationRuleSet.objects.exclude(state=QualificationRuleSet.State.RETIRED)
        return sorted(rows, key=lambda version: version.is_active)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rule_sets = [RuleSet.of(version, by=self.user) for version in self.versions]
        tried = backtest(rule_sets, viewer=self.user, most=self.last)
        has_untold = any(not each.is_told for leads in tried for each in leads)
        names = [name for name in FIGURES if has_untold or name != "untold"]
        columns: list[dict[str, Any]] = [
            {"version": version, "figures": [self.figure(version, n, leads) for n in names]}
            for version, leads in zip(self.versions, tried, strict=True)
        ]
        return super().get_context_data(
            columns=columns,
            rows=[
                {
                    "label": FIGURES_IN_WORDS[name],
                    "figures": [column["figures"][n] for column in columns],
                }
                for n, name in enumerate(names)
            ],
            values=[
                {
                    "text": formats.money(won_value(filter(FIGURES["won"], leads))),
                    "place": f"{version.state}-won",
                }
                for version, leads in zip(self.versions, tried, strict=True)
            ],
            total=len(tried[0]) if tried else 0,
            lasts=TRIED,
            last=self.last,
            shown=self.shown(tried),
            **kwargs,
        )

    @staticmethod
    def figure(version: QualificationRuleSet, name: str, leads: list[Tried]) -> dict[str, Any]:
        return {
            "place": f"{version.state}-{name}",
            "label": FIGURES_IN_WORDS[name],
            "count": sum(map(FIGURES[name], leads)),
        }

    def shown(self, tried: list[list[Tried]]) -> dict[str, Any]:
        """Return the leads behind the figure that is asked for, a page of them."""
        state, _dash, name = self.request.GET.get("show", "").partition("-")
        if name not in FIGURES:
            return {}
        for version, leads in zip(self.versions, tried, strict=True):
            if version.state == state:
                behind = list(filter(FIGURES[name], leads))
                page = min(page_in(self.request), max(1, -(-len(behind) // BEHIND)))
                first = (page - 1) * BEHIND
                address = f"?last={self.last}&show={state}-{name}"
                return {
                    "place": f"{state}-{name}",
                    "label": FIGURES_IN_WORDS[name],
                    "version": version,
                    "total": len(behind),
                    "leads": self.told(version, behind[first : first + BEHIND]),
                    **pages(page, first + BEHIND < len(behind), address),
                }
        return {}

    def told(self, version: QualificationRuleSet, tried: list[Tried]) -> list[dict[str, Any]]:
        """Return leads with what they lack under a version."""
        rules = RuleSet.of(version, by=self.user)
        rows = Lead.objects.filter(pk__in=[each.number for each in tried]).select_related("owner")
        leads = {lead.pk: lead for lead in rules.answerable(rows)}
        return [
            {
                "lead": (lead := leads[each.number]),
                "is_won": each.is_won,
                "passes": each.passes,
                "missing": ", ".join(rules.verdicts(lead).reasons) if each.is_told else "",
            }
            for each in tried
            if each.number in leads
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

    @property
    def version_read(self) -> int | None:
        """The version of the draft beside which the button stood."""
        text = self.request.POST.get("version", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


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
        operations.discard_rules(self.draft, by=self.user, version=self.version_read)
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
        operations.remove_rule(self.draft, by=self.user, key=key, version=self.version_read)
        return _("The rule is not in the draft any more")


class RuleCreate(RulesPage, SettingForm):
    """Add a rule to the draft."""

    action = "change"
    template_name = "leads/rules_form.html"
    form_class = RuleForm
    title = gettext_lazy("New rule")
    submit_label = gettext_lazy("Save rule")
    key = ""

    @cached_property
    def draft(self) -> QualificationRuleSet:
        """The draft; gone since the form was read, the operation says so and nothing is lost."""
        draft = QualificationRuleSet.objects.drafts().first()
        if draft is None and self.request.method != "POST":
            raise Http404
        return draft or QualificationRuleSet(rules=[])

    def get_initial(self) -> dict[str, Any]:
        read = {"draft": self.draft.pk, "version": self.draft.version}
        return {**super().get_initial(), **read}

    def typed(self, form: RuleForm) -> dict[str, Any]:
        return {name: form.cleaned_data[name] for name in RULE_FIELDS}

    def in_words(self, form: RuleForm, name: str, value: Any) -> str:
        if name == "condition":
            fields = fields_of(Lead, self.user)
            return words(stored(value, fields), fields, translate=_, write=formats.value)
        if name == "weight":
            return str(dict(WEIGHTS)[value])
        return super().in_words(form, name, value)

    def run(self, form: RuleForm) -> QualificationRuleSet:
        values = self.settled(form)
        return operations.save_rule(
            draft_read(self.draft, form),
            by=self.user,
            key=self.key,
            version=form.cleaned_data["version"],
            **as_kept(values),
        )

    def success_url_for(self, outcome: Any) -> str:
        return f"{reverse('leads:rules')}#draft"


class RuleEdit(RuleCreate):
    """Change a rule of the draft."""

    title = ""

    @property
    def key(self) -> str:
        return str(self.kwargs["key"])

    @cached_property
    def rule(self) -> Rule | None:
        rule = rule_in(self.draft.rules, self.key)
        if rule is None and self.request.method != "POST":
            raise Http404
        return rule

    def page_title(self) -> str:
        return str(self.rule or _("Rule"))

    def standing(self) -> dict[str, Any]:
        return beginning_of(self.rule) if self.rule else {}

    def standing_before(self, refusal: Stale) -> dict[str, Any]:
        rule = rule_in(refusal.read.get("rules", []), self.key)
        return beginning_of(rule) if rule else {}

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **self.standing()}


def as_kept(values: dict[str, Any]) -> dict[str, Any]:
    """Return what the form says as the operation takes it: only weighted rules have points."""
    weight = values.pop("weight")
    points = (values.pop("points") or 0) if weight == WEIGHTED else 0
    return {**values, "points": points, "is_required": weight == REQUIRED}


def rule_in(rules: Iterable[Mapping[str, Any]], key: str) -> Rule | None:
    """Return the rule of this key, as a version keeps it."""
    return next((Rule.of(rule) for rule in rules if rule.get("key") == key), None)


def draft_read(draft: QualificationRuleSet, form: Any) -> QualificationRuleSet:
    """Return the draft that a form was about, which may have gone since for another one."""
    number = form.cleaned_data["draft"]
    return QualificationRuleSet(pk=number) if number else draft


class RulesThreshold(RulesPage, SettingForm):
    """Say how many points a lead needs under the draft."""

    action = "change"
    template_name = "leads/rules_form.html"
    form_class = ThresholdForm
    title = gettext_lazy("Points needed")
    submit_label = gettext_lazy("Save")

    def get_initial(self) -> dict[str, Any]:
        read = {"draft": self.draft.pk, "version": self.draft.version}
        return {**super().get_initial(), **self.standing(), **read}

    def standing(self) -> dict[str, Any]:
        return {"threshold": self.draft.threshold}

    def standing_before(self, refusal: Stale) -> dict[str, Any]:
        return {"threshold": refusal.read.get("threshold", self.draft.threshold)}

    def typed(self, form: ThresholdForm) -> dict[str, Any]:
        return {"threshold": form.cleaned_data["threshold"]}

    def run(self, form: ThresholdForm) -> QualificationRuleSet:
        draft, version = draft_read(self.draft, form), form.cleaned_data["version"]
        values = self.settled(form)
        return operations.set_threshold(draft, by=self.user, version=version, **values)

    def success_message(self, outcome: QualificationRuleSet) -> str:
        return _("Saved in the draft")

    def success_url_for(self, outcome: Any) -> str:
        return f"{reverse('leads:rules')}#draft"


class RulesActivate(RulesPage, SettingForm):
    """Say what would change, then put the draft into force."""

    action = "change"
    template_name = "leads/rules_activate.html"
    form_class = ActivateForm
    submit_label = gettext_lazy("Activate")

    def get_initial(self) -> dict[str, Any]:
        read = {"draft": self.draft.pk, "version": self.draft.version}
        return {**super().get_initial(), **read}

    def typed(self, form: ActivateForm) -> dict[str, Any]:
        return {}

    def page_title(self) -> str:
        return _("Activate version %(number)d") % {"number": self.draft.number}

    def run(self, form: ActivateForm) -> QualificationRuleSet:
        draft = draft_read(self.draft, form)
        values = {name: form.cleaned_data[name] for name in ("version", "valid_from")}
        return jobs.activate(draft, by=self.user, **values)

    def success_message(self, outcome: QualificationRuleSet) -> str:
        if outcome.is_draft:
            return _("Version %(number)d comes into force on %(when)s") % {
                "number": outcome.number,
                "when": formats.value(outcome.valid_from),
            }
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


# Automation


class Automation(RulesPage, SettingForm):
    """The switch, the limit, what would be taken now and what has been done."""

    template_name = "leads/automation.html"
    form_class = AutomationForm
    place = "automation"
    title = gettext_lazy("Automation")
    submit_label = gettext_lazy("Save")

    @cached_property
    def rule_set(self) -> QualificationRuleSet:
        return get_object_or_404(QualificationRuleSet.objects.active())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may(self.user, "change"):
            raise PermissionDenied(_("You can read this but not change it."))
        return super().post(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {**self.standing(), "version": self.rule_set.version}

    def standing(self) -> dict[str, Any]:
        current = self.rule_set
        return {"is_automatic": current.is_automatic, "hourly_limit": current.hourly_limit}

    def standing_before(self, refusal: Stale) -> dict[str, Any]:
        return self.standing() | {n: v for n, v in refusal.read.items() if n in self.standing()}

    def typed(self, form: AutomationForm) -> dict[str, Any]:
        return {name: form.cleaned_data[name] for name in self.standing()}

    def run(self, form: AutomationForm) -> QualificationRuleSet:
        version = form.cleaned_data["version"]
        return operations.set_automation(
            self.rule_set, by=self.user, version=version, **self.settled(form)
        )

    def success_message(self, outcome: QualificationRuleSet) -> str:
        if outcome.is_automatic:
            return _("Leads that meet every required rule are qualified without a hand")
        return _("People qualify every lead")

    def success_url_for(self, outcome: Any) -> str:
        return reverse("leads:automation")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rule_set, user = self.rule_set, self.user
        expected = expected_of(
            rule_set, by=User.objects.filter(email=MACHINE).first() or user, viewer=user
        )
        last_page = max(1, -(-len(expected) // EXPECTED))
        page = min(page_in(self.request), last_page)
        first = (page - 1) * EXPECTED
        mine = Lead.objects.permitted(user, "view")
        logged = AutomaticQualification.objects.filter(lead__in=mine).select_related(
            "lead", "rule_set"
        )
        return super().get_context_data(
            **{
                "rule_set": rule_set,
                "room": room_in(rule_set),
                "waiting": expected[first : first + EXPECTED],
                "first": first + 1,
                "last": min(first + EXPECTED, len(expected)),
                "total": len(expected),
                "page": {"has_previous": page > 1, "has_next": page < last_page},
                "previous": f"?page={page - 1}#dry-run" if page > 1 else "",
                "next": f"?page={page + 1}#dry-run" if page < last_page else "",
                "parked": mine.undecided().order_by("-changed_at")[:LINES],
                "logged": logged.order_by("-at", "-pk")[:LINES],
                "runs": [
                    run
                    for kind in RuleRun.Kind.values
                    for run in RuleRun.objects.filter(kind=kind).order_by("-pk")[:RUNS]
                ],
                **kwargs,
            }
        )


class AutomationRun(RuleAction):
    """Take up now what waits, instead of in a minute."""

    def act(self) -> str:
        jobs.automate.enqueue()
        return _("What waits is being taken up")

    def told(self, sentence: str = "") -> HttpResponse:
        super().told(sentence)
        return self.go(reverse("leads:automation"))
