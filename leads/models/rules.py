"""What a lead has to fulfil before it is qualified, version by version, and what that set off."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models.lead import Lead
from leads.querysets import AutomaticQuerySet, RuleSetQuerySet

MOST_AN_HOUR = 10_000
MOST_POINTS = 1_000  # of a rule, and of a threshold


class QualificationRuleSet(models.Model):
    """One version of the qualification rules. Once it was active its rules never change.

    `rules` holds them in their order, each as `leads.rules.Rule` says it: a version is read whole,
    with whatever statement is sent anyway. `is_automatic` lets the product qualify what meets the
    required ones, at most `hourly_limit` leads in any hour: a switch of the version in force, which
    the next one takes over.
    """

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        ACTIVE = "active", gettext_lazy("Active")
        RETIRED = "retired", gettext_lazy("Retired")

    number = models.PositiveIntegerField(gettext_lazy("version"), unique=True)
    state = models.CharField(
        gettext_lazy("state"), max_length=7, choices=State, default=State.DRAFT
    )
    rules = models.JSONField(gettext_lazy("rules"), default=list)
    # None are needed with zero.
    threshold = models.PositiveSmallIntegerField(gettext_lazy("points needed"), default=0)
    # Counts the changes of a draft, and of the switch, so that nobody overwrites what another has
    # just written.
    version = models.PositiveIntegerField(default=1, editable=False)
    is_automatic = models.BooleanField(gettext_lazy("qualifies without a hand"), default=False)
    hourly_limit = models.PositiveIntegerField(
        gettext_lazy("at most so many an hour"),
        default=50,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_AN_HOUR)],
    )
    created_at = models.DateTimeField(gettext_lazy("created"), default=timezone.now)
    # Nobody made the version that the product came with.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=gettext_lazy("created by"),
    )
    # When a draft comes into force by itself; a change of the draft takes the moment away.
    valid_from = models.DateTimeField(gettext_lazy("valid from"), null=True)
    activated_at = models.DateTimeField(gettext_lazy("activated"), null=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=gettext_lazy("activated by"),
    )

    objects = models.Manager.from_queryset(RuleSetQuerySet)()

    class Meta:
        verbose_name = gettext_lazy("version of the qualification rules")
        verbose_name_plural = gettext_lazy("qualification rules")
        default_permissions = ("view", "change")
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="active"),
                name="leads_one_version_of_the_rules_is_active",
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="draft"),
                name="leads_one_version_of_the_rules_is_a_draft",
            ),
        ]

    def __str__(self) -> str:
        return _("version %(number)d") % {"number": self.number}

    @property
    def url_namespace(self) -> str:
        return "leads"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE


class AutomaticQualification(models.Model):
    """What automation has done about a lead: one line for each time that the lead was open.

    `cycle` numbers these times as `Qualification.seq` does. What could not be qualified is tried
    again when the lead has changed: the line then tells the latest.
    """

    class Outcome(models.TextChoices):
        QUALIFIED = "qualified", gettext_lazy("Qualified")
        PARKED = "parked", gettext_lazy("Needs a decision")
        SKIPPED = "skipped", gettext_lazy("Left to people")
        FAILED = "failed", gettext_lazy("Failed")

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    cycle = models.PositiveSmallIntegerField()
    lead_version = models.PositiveIntegerField()
    at = models.DateTimeField(gettext_lazy("when"), default=timezone.now)
    outcome = models.CharField(gettext_lazy("outcome"), max_length=9, choices=Outcome)
    reason = models.CharField(gettext_lazy("reason"), max_length=500, blank=True)
    rule_set = models.ForeignKey(
        QualificationRuleSet,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=gettext_lazy("rules"),
    )

    objects = models.Manager.from_queryset(AutomaticQuerySet)()

    class Meta:
        verbose_name = gettext_lazy("automatic qualification")
        verbose_name_plural = gettext_lazy("automatic qualifications")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "cycle"], name="leads_automation_decides_once_a_cycle"
            ),
        ]
        indexes = [models.Index(fields=["-at", "-id"], name="lead_automatic_at_idx")]

    def __str__(self) -> str:
        return f"{self.lead_id}/{self.cycle}: {self.get_outcome_display()}"


class RuleRun(models.Model):
    """One time that the product went through leads by the rules, without anybody asking.

    `looked_at` counts the leads that were taken up, `changed` those of which something became. Runs
    that changed nothing, one after the other, are one line: the latest.
    """

    class Kind(models.TextChoices):
        READINESS = "readiness", gettext_lazy("Readiness")
        AUTOMATION = "automation", gettext_lazy("Automation")

    class Stop(models.TextChoices):
        DONE = "done", gettext_lazy("Nothing was left")
        FULL = "full", gettext_lazy("This hour is full")
        MOST = "most", gettext_lazy("The rest comes with the next run")

    kind = models.CharField(gettext_lazy("what"), max_length=10, choices=Kind)
    began_at = models.DateTimeField(gettext_lazy("when"))
    ended_at = models.DateTimeField(gettext_lazy("until"))
    looked_at = models.PositiveIntegerField(gettext_lazy("looked at"), default=0)
    changed = models.PositiveIntegerField(gettext_lazy("changed"), default=0)
    stop = models.CharField(gettext_lazy("why it ended"), max_length=4, choices=Stop)

    class Meta:
        verbose_name = gettext_lazy("run of the rules")
        verbose_name_plural = gettext_lazy("runs of the rules")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.changed}/{self.looked_at}"
