"""What the pages that look across the rooms remember, and what people shall reach in a month."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from records.models import MoneyField
from reports.querysets import TargetQuerySet
from users.models import Team


class Recent(models.Model):
    """The records that somebody has opened lately, the last one first.

    `records` are pairs of a kind, like `lead`, and a number, ten at the most. Whether the person
    may still see them is asked when they are shown.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    records = models.JSONField(default=list)

    class Meta:
        verbose_name = _("recent records")
        verbose_name_plural = _("recent records")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user)


class Target(models.Model):
    """What a person or a team shall win in a month, in the default currency.

    One that was taken back stays, without an amount: so its versions only count up.

    month  its first day
    """

    month = models.DateField(_("month"))
    owner = models.ForeignKey(
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
    )
    amount = MoneyField(_("target"))
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = models.Manager.from_queryset(TargetQuerySet)()

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(
                condition=Q(owner=None, team__isnull=False) | Q(owner__isnull=False, team=None),
                name="reports_a_target_is_of_a_person_or_of_a_team",
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gt=0),
                name="reports_a_target_is_more_than_nothing",
            ),
            models.UniqueConstraint(
                fields=["owner", "month"],
                condition=Q(owner__isnull=False),
                name="reports_a_person_has_one_target_a_month",
            ),
            models.UniqueConstraint(
                fields=["team", "month"],
                condition=Q(team__isnull=False),
                name="reports_a_team_has_one_target_a_month",
            ),
        ]
        indexes = [models.Index(fields=["month"], name="target_month_idx")]

    def __str__(self) -> str:
        return f"{self.owner or self.team}: {self.month:%Y-%m}"

    @property
    def url_namespace(self) -> str:
        return "targets"
