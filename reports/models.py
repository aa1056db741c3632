"""What pages across the rooms remember, what people shall reach, and what is summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models import Lead
from opportunities.models import LossReason, Opportunity, Source, Stage
from records.models import MoneyField
from reports.querysets import SummaryQuerySet, TargetQuerySet
from users.models import Team, User

if TYPE_CHECKING:
    from records.models import Record


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
    """What a person or a team shall win in a month, and which share of leads they shall qualify.

    One that was taken back stays, with neither: so its versions only count up.

    month       its first day
    amount      in the default currency
    conversion  in per cent
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
    conversion = models.DecimalField(
        _("lead conversion, %"), max_digits=5, decimal_places=2, null=True, blank=True
    )
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
            models.CheckConstraint(
                condition=Q(conversion=None) | Q(conversion__gt=0, conversion__lte=100),
                name="reports_a_target_is_a_share_of_all_leads",
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

    @property
    def holder(self) -> User | Team:
        """Whose it is; one of the two is there."""
        return self.owner or self.team  # type: ignore[return-value]


class Summary(models.Model):
    """Records that agree in some columns, counted and added up.

    The database writes a row with the difference whenever a record changes, in the same transaction
    (`crm.summaries`). So there may be many rows of the same columns, and what they say is added up;
    no writer waits for another one. A record in the recycle bin is in none.
    """

    KIND: ClassVar[type[Record]]
    # No records of the business: nothing that is told here keeps anything from being deleted.
    is_derived = True

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    records = models.IntegerField()
    base_value = models.DecimalField(max_digits=20, decimal_places=2)

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self._meta.verbose_name}: {self.records}"


class SummaryBySource(Summary):
    """A summary that also tells where its records came from."""

    source = models.ForeignKey(
        Source,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    class Meta(Summary.Meta):
        abstract = True


class LeadSum(SummaryBySource):
    """Leads by the month in which they came, their status and their progress.

    came  the first day of a month of UTC
    """

    KIND = Lead

    came = models.DateField()
    status = models.CharField(max_length=12)
    progress = models.CharField(max_length=9)

    objects = models.Manager.from_queryset(SummaryQuerySet)()

    class Meta(Summary.Meta):
        verbose_name = _("sum of leads")
        verbose_name_plural = _("sums of leads")


class DecidedLeadSum(SummaryBySource):
    """Leads that were qualified or disqualified, by the month of that.

    decided  the first day of a month of UTC
    """

    KIND = Lead

    decided = models.DateField()
    status = models.CharField(max_length=12)

    objects = models.Manager.from_queryset(SummaryQuerySet)()

    class Meta(Summary.Meta):
        verbose_name = _("sum of decided leads")
        verbose_name_plural = _("sums of decided leads")


class OpenSum(SummaryBySource):
    """Open opportunities by stage, forecast category and the month in which they shall close.

    closes  the first day of a month, None without a day
    """

    KIND = Opportunity

    stage = models.ForeignKey(
        Stage, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    forecast_category = models.CharField(max_length=9)
    closes = models.DateField(null=True)
    weighted = models.DecimalField(max_digits=22, decimal_places=2)

    objects = models.Manager.from_queryset(SummaryQuerySet)()

    class Meta(Summary.Meta):
        verbose_name = _("sum of open opportunities")
        verbose_name_plural = _("sums of open opportunities")


class AgeSum(Summary):
    """Open opportunities by stage and the day on which they came into it.

    entered  a day of UTC
    """

    KIND = Opportunity

    stage = models.ForeignKey(
        Stage, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    entered = models.DateField()

    objects = models.Manager.from_queryset(SummaryQuerySet)()

    class Meta(Summary.Meta):
        verbose_name = _("sum of open opportunities by age")
        verbose_name_plural = _("sums of open opportunities by age")


class ClosedSum(SummaryBySource):
    """Opportunities that were won or lost, by the month of that, the stage and the reason.

    closed  the first day of a month
    """

    KIND = Opportunity

    status = models.CharField(max_length=4)
    stage = models.ForeignKey(
        Stage, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    loss_reason = models.ForeignKey(
        LossReason,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    closed = models.DateField()

    objects = models.Manager.from_queryset(SummaryQuerySet)()

    class Meta(Summary.Meta):
        verbose_name = _("sum of closed opportunities")
        verbose_name_plural = _("sums of closed opportunities")
