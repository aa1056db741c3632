"""How long leads may wait."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

ONLY = 1  # the number of the one row


class LeadLimits(models.Model):
    """How long leads may wait until somebody's day says that it is too long. There is one row."""

    first_response_hours = models.PositiveSmallIntegerField(
        _("hours until somebody responds"),
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(8_760)],
        help_text=_("From a lead's arrival to the first call, email or meeting of ours."),
    )
    quiet_days = models.PositiveSmallIntegerField(
        _("days without a touch"),
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(3_650)],
        help_text=_("An open lead with which nobody was in touch for so long is going stale."),
    )
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("limits of leads")
        verbose_name_plural = _("limits of leads")
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(condition=Q(id=ONLY), name="leads_there_is_one_row_of_limits"),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name).capitalize()

    @property
    def first_response(self) -> timedelta:
        return timedelta(hours=self.first_response_hours)

    @property
    def quiet(self) -> timedelta:
        return timedelta(days=self.quiet_days)
