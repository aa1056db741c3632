"""How promising a lead is, in points: what gives them, and what they mean."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

ONLY = 1  # the number of the one row
MOST_SCORE = 1_000


class ScoringRule(models.Model):
    """A condition, and the points of a lead for which it holds; they may be less than none."""

    name = models.CharField(_("name"), max_length=120)
    # In the language of `records.conditions`, over `Lead.vocabulary`.
    condition = models.JSONField(_("condition"), default=dict)
    points = models.SmallIntegerField(
        _("points"), validators=[MinValueValidator(-MOST_SCORE), MaxValueValidator(MOST_SCORE)]
    )
    is_active = models.BooleanField(_("in use"), default=True)
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("scoring rule")
        verbose_name_plural = _("scoring rules")
        constraints = [
            models.CheckConstraint(
                condition=~Q(points=0),
                name="leads_a_scoring_rule_gives_or_takes_points",
                violation_error_message=_("Choose points other than 0."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.validate_constraints()

    @property
    def url_namespace(self) -> str:
        return "leads"


class ScoreScale(models.Model):
    """Between what the points of a lead are kept, and which of them mean warm and hot.

    There is one row.
    """

    lowest = models.SmallIntegerField(
        _("never less than"),
        default=0,
        validators=[MinValueValidator(-MOST_SCORE), MaxValueValidator(MOST_SCORE)],
    )
    highest = models.SmallIntegerField(
        _("never more than"),
        default=100,
        validators=[MinValueValidator(-MOST_SCORE), MaxValueValidator(MOST_SCORE)],
    )
    warm_from = models.SmallIntegerField(_("warm from"), default=30)
    hot_from = models.SmallIntegerField(_("hot from"), default=60)
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("scale of scores")
        verbose_name_plural = _("scale of scores")
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(condition=Q(id=ONLY), name="leads_there_is_one_scale_of_scores"),
            models.CheckConstraint(
                condition=Q(lowest__lt=F("highest"), warm_from__lt=F("hot_from")),
                name="leads_a_scale_of_scores_goes_up",
                violation_error_message=_("Give the lower of two numbers first."),
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name).capitalize()

    @property
    def url_namespace(self) -> str:
        return "leads"

    def clean(self) -> None:
        self.validate_constraints()

    def held(self, points: int) -> int:
        """Return a number of points as a score, within the ends of the scale."""
        return min(max(points, self.lowest), self.highest)
