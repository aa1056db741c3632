"""Who gets a lead by which rule, whose turn it is, and why each lead went where it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead
from users.models import Team

if TYPE_CHECKING:
    from users.models import User

LONGEST_REASON = 1_000


class AssignmentRule(models.Model):
    """Who gets the leads for which a condition holds; the first rule that holds decides."""

    class Way(models.TextChoices):
        TURN = "turn", _("In turn")
        LEAST = "least", _("Who has the fewest open leads")

    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(_("position"), default=0, editable=False)
    # In the language of `records.conditions`, over `Lead.vocabulary`.
    condition = models.JSONField(_("condition"), default=dict)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("team"),
        help_text=_("Its people get the leads in turn."),
    )
    way = models.CharField(_("in a team"), max_length=5, choices=Way, default=Way.TURN)
    most_a_day = models.PositiveSmallIntegerField(
        _("leads a day for each, at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    most_open = models.PositiveSmallIntegerField(
        _("open leads of each, at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    hours_untouched = models.PositiveSmallIntegerField(
        _("hours until an untouched lead goes on"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
    )
    # How many leads a person of the team gets for one of everybody else's: number → how many.
    weights = models.JSONField(_("weights"), default=dict, blank=True, editable=False)
    is_active = models.BooleanField(_("in use"), default=True)
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("assignment rule")
        verbose_name_plural = _("assignment rules")
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, team=None) | Q(person=None, team__isnull=False),
                name="leads_a_rule_assigns_to_a_person_or_a_team",
                violation_error_message=_("Choose a person, or a team whose people take turns."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url_namespace(self) -> str:
        return "leads"

    @property
    def target(self) -> User | Team:
        target = self.person or self.team
        assert target is not None  # noqa: S101  the database sees to it
        return target


class AssignmentTurn(models.Model):
    """How far round a team a rule has come. A row of its own: it is locked while a lead goes out.

    `last_number` is the number of the person who came last, and no reference: the round goes on
    behind it when that person is gone.
    """

    rule = models.OneToOneField(
        AssignmentRule, on_delete=models.CASCADE, primary_key=True, related_name="turn"
    )
    last_number = models.PositiveBigIntegerField(default=0)
    count = models.PositiveIntegerField(default=0)
    # Where people have weights: how far each is behind what is due to them, by number.
    credits = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.count}"


class Availability(models.Model):
    """When somebody takes leads: not while away, and only at work where hours are said.

    Hours and days are those of the person's own time zone.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="availability",
        verbose_name=_("person"),
    )
    away_from = models.DateField(_("away from"), null=True, blank=True)
    away_until = models.DateField(_("away until"), null=True, blank=True)
    works_from = models.TimeField(_("works from"), null=True, blank=True)
    works_until = models.TimeField(_("works until"), null=True, blank=True)
    # Numbers of weekdays, Monday is 1; none means every day.
    works_on = models.JSONField(_("works on"), default=list, blank=True)
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("availability")
        verbose_name_plural = _("availabilities")
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(
                condition=Q(away_from=None)
                | Q(away_until=None)
                | Q(away_from__lte=F("away_until")),
                name="leads_somebody_comes_back_after_going_away",
                violation_error_message=_("The last day away is before the first."),
            ),
            models.CheckConstraint(
                condition=Q(works_from=None, works_until=None)
                | Q(
                    works_from__isnull=False,
                    works_until__isnull=False,
                    works_from__lt=F("works_until"),
                ),
                name="leads_work_begins_before_it_ends",
                violation_error_message=_("Say when work begins and, later, when it ends."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)

    def clean(self) -> None:
        self.validate_constraints()

    @property
    def url_namespace(self) -> str:
        return "leads"


class Assignment(models.Model):
    """One time that a lead was given to somebody, or to nobody, and why. Never changed.

    The reason says by itself what the rule said then: rules change, and may be deleted.
    """

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="assignments", verbose_name=_("lead")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    rule = models.ForeignKey(
        AssignmentRule,
        on_delete=models.SET_NULL,
        null=True,
        related_name="assignments",
        verbose_name=_("rule"),
    )
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")

    def __str__(self) -> str:
        return f"{self.lead_id} → {self.owner_id}"
