"""Qualified deals, the process they go through, and what sales sells and why it wins or loses."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import Account, Contact
from opportunities.querysets import (
    FOREVER,
    OpportunityQuerySet,
    PipelineStateQuerySet,
    StageQuerySet,
)
from records.models import (
    MoneyField,
    TimelineRecord,
    converted,
    currency_code,
    default_currency,
)
from records.querysets import AliveManager
from records.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

percent = [MinValueValidator(0), MaxValueValidator(100)]


class Choice(models.Model):
    """One line of an editable list: a name to show, a key that never changes."""

    key = models.SlugField(_("key"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("can be chosen"), default=True)
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Source(Choice):
    """Where a lead came from."""

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")


class Campaign(Choice):
    """An effort that brings leads."""

    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")


class Product(Choice):
    """Something that we sell."""

    price = MoneyField(_("price"))
    currency = models.CharField(
        _("currency"), max_length=3, default=default_currency, validators=[currency_code]
    )
    external_id = models.CharField(_("external id"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")


class Competitor(Choice):
    """Somebody else who sells it."""

    class Meta:
        verbose_name = _("competitor")
        verbose_name_plural = _("competitors")


class LossReason(Choice):
    """Why an opportunity was lost."""

    class Meta:
        verbose_name = _("loss reason")
        verbose_name_plural = _("loss reasons")


class Process(Choice):
    """An ordered way from the qualified lead to the decision.

    An opportunity for which nobody names a stage goes the first way whose `condition` holds for it,
    by position, and the default one where none does.
    """

    is_default = models.BooleanField(_("default"), default=False)
    condition = models.JSONField(
        _("for opportunities of which this holds"),
        default=dict,
        blank=True,
        help_text=_(
            "Where several processes are meant, the one with the lowest position is taken. Without "
            "a condition a process is chosen by hand."
        ),
    )

    class Meta:
        verbose_name = _("process")
        verbose_name_plural = _("processes")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="opportunities_one_process_is_the_default",
            ),
        ]


class Stage(models.Model):
    """One stretch of a process, with the chance of a sale that it stands for.

    One that has a `successor` is out of use: nothing comes into it any more, what was open in it
    stands in the other one, and what is remembered of the past still knows it.
    """

    class Forecast(models.TextChoices):
        PIPELINE = "pipeline", _("Pipeline")
        BEST_CASE = "best_case", _("Best case")
        COMMIT = "commit", _("Commit")
        OMITTED = "omitted", _("Omitted")

    process = models.ForeignKey(
        Process, on_delete=models.PROTECT, related_name="stages", verbose_name=_("process")
    )
    key = models.SlugField(_("key"), max_length=60)
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"))
    probability = models.PositiveSmallIntegerField(_("probability, %"), validators=percent)
    usual_days = models.PositiveSmallIntegerField(_("usual days"), default=14)
    forecast_category = models.CharField(
        _("forecast category"), max_length=9, choices=Forecast, default=Forecast.PIPELINE
    )
    is_for_leads = models.BooleanField(
        _("worked on the lead"),
        default=False,
        help_text=_("The first stage of the journey, before there is an opportunity."),
    )
    successor = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("out of use for"),
    )
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = models.Manager.from_queryset(StageQuerySet)()

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        constraints = [
            models.UniqueConstraint(
                fields=["process", "key"], name="opportunities_a_stage_key_is_used_once"
            ),
            models.UniqueConstraint(
                fields=["process", "position"],
                condition=Q(successor=None),
                name="opportunities_a_stage_has_its_own_position",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_in_use(self) -> bool:
        return self.successor_id is None


class Step(models.Model):
    """Something to do in a stage: a field to fill, an activity to have, or else a box to tick."""

    class Had(models.TextChoices):
        CALL = "call", _("A call")
        MEETING = "meeting", _("A meeting")
        EMAIL = "email", _("An email")

    stage = models.ForeignKey(
        Stage, on_delete=models.CASCADE, related_name="steps", verbose_name=_("stage")
    )
    key = models.SlugField(_("key"), max_length=60)
    label = models.CharField(_("label"), max_length=120)
    field = models.CharField(_("field"), max_length=60, blank=True)
    activity = models.CharField(
        _("activity to have had"), max_length=8, choices=Had, blank=True, default=""
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_required = models.BooleanField(_("required to leave the stage"), default=False)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints = [
            models.UniqueConstraint(
                fields=["stage", "key"], name="opportunities_a_step_key_is_used_once"
            ),
            models.CheckConstraint(
                condition=Q(field="") | Q(activity=""),
                name="opportunities_a_step_asks_for_one_thing",
                violation_error_message=_("Choose a field or an activity, not both."),
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Bant(models.Model):
    """Budget, authority, need and timeframe, as lead and opportunity both hold them."""

    class BudgetStatus(models.TextChoices):
        NO_BUDGET = "no_budget", _("No budget")
        MAY_BUY = "may_buy", _("May buy")
        CAN_BUY = "can_buy", _("Can buy")
        WILL_BUY = "will_buy", _("Will buy")

    class PurchaseProcess(models.TextChoices):
        INDIVIDUAL = "individual", _("Individual")
        COMMITTEE = "committee", _("Committee")
        UNKNOWN = "unknown", _("Unknown")

    class Need(models.TextChoices):
        MUST = "must", _("Must have")
        SHOULD = "should", _("Should have")
        GOOD_TO_HAVE = "good_to_have", _("Good to have")
        NONE = "none", _("No need")

    class Timeframe(models.TextChoices):
        IMMEDIATE = "immediate", _("Immediate")
        THIS_QUARTER = "this_quarter", _("This quarter")
        NEXT_QUARTER = "next_quarter", _("Next quarter")
        THIS_YEAR = "this_year", _("This year")
        UNKNOWN = "unknown", _("Unknown")

    budget_amount = MoneyField(_("budget"))
    budget_status = models.CharField(
        _("budget status"), max_length=9, choices=BudgetStatus, blank=True
    )
    decision_maker_known = models.BooleanField(_("decision maker is known"), null=True, blank=True)
    decision_maker = models.CharField(_("decision maker"), max_length=200, blank=True)
    purchase_process = models.CharField(
        _("purchase process"), max_length=10, choices=PurchaseProcess, blank=True
    )
    need = models.CharField(_("need"), max_length=12, choices=Need, blank=True)
    need_description = models.CharField(_("need, in a sentence"), max_length=500, blank=True)
    timeframe = models.CharField(_("timeframe"), max_length=12, choices=Timeframe, blank=True)

    class Meta:
        abstract = True


# What the list is sorted by. Behind the order stands what its views ask, so that what does not
# belong to a view is passed over in the index and no row is opened for it. Going down a column that
# may be empty needs an index of its own, which a migration makes.
SORTED_BY = {
    "opp_by_topic_idx": ("topic", "id"),
    "opp_by_account_idx": ("account", "id"),
    "opp_by_stage_idx": ("stage", "id"),
    "opp_by_value_idx": ("base_value", "id"),
    "opp_by_probability_idx": ("probability", "id"),
    "opp_by_close_idx": ("estimated_close_date", "id"),
    "opp_by_next_step_idx": ("next_step_at", "id"),
    "opp_by_days_idx": ("stage_entered_at", "id"),
    "opp_by_owner_idx": ("owner", "id"),
    "opp_by_age_idx": ("-created_at", "-id"),
}
TRAILING = ("status", "owner", "closed_on", "estimated_close_date")
# The usual order has what any filter of the list asks beside.
USUAL = (
    "stage", "stage_entered_at", "source", "account", "is_on_hold", "forecast_category",
    "next_step", "next_step_at",
)  # fmt: skip


class Opportunity(TimelineRecord, Bant):
    """A deal with a real chance: what, for whom, how much, until when."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    topic = models.CharField(_("topic"), max_length=300)
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="opportunities",
        verbose_name=_("account"),
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="opportunities",
        verbose_name=_("contact"),
    )
    stage = models.ForeignKey(
        Stage, on_delete=models.PROTECT, related_name="opportunities", verbose_name=_("stage")
    )
    stage_entered_at = models.DateTimeField(
        _("stage entered at"), default=timezone.now, editable=False
    )
    probability = models.PositiveSmallIntegerField(_("probability, %"), validators=percent)
    status = models.CharField(
        _("status"), max_length=4, choices=Status, default=Status.OPEN, editable=False
    )
    is_on_hold = models.BooleanField(_("on hold"), default=False, editable=False)
    value = MoneyField(_("value"))
    currency = models.CharField(
        _("currency"), max_length=3, default=default_currency, validators=[currency_code]
    )
    rate = models.DecimalField(max_digits=16, decimal_places=8, default=Decimal(1), editable=False)
    base_value = MoneyField(_("base value"), editable=False)
    estimated_close_date = models.DateField(_("expected close"), null=True, blank=True)
    forecast_category = models.CharField(
        _("forecast category"),
        max_length=9,
        choices=Stage.Forecast,
        default=Stage.Forecast.PIPELINE,
    )
    actual_value = MoneyField(_("actual value"), editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    closed_on = models.DateField(_("closed on"), null=True, editable=False)
    loss_reason = models.ForeignKey(
        LossReason,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("loss reason"),
    )
    lost_to = models.ForeignKey(
        Competitor,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("lost to"),
    )
    close_comment = models.TextField(
        _("close comment"), blank=True, max_length=10_000, editable=False
    )
    source = models.ForeignKey(
        Source,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("source"),
    )
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("campaign"),
    )
    # How the lead came that it was made of, as the lead has it.
    utm = models.JSONField(default=dict, blank=True, editable=False)
    customer_need = models.TextField(_("customer need"), blank=True, max_length=10_000)
    proposed_solution = models.TextField(_("proposed solution"), blank=True, max_length=10_000)
    description = models.TextField(_("description"), blank=True, max_length=10_000)
    competitors = models.ManyToManyField(
        Competitor, blank=True, related_name="opportunities", verbose_name=_("competitors")
    )
    sales_team = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=_("sales team")
    )

    # What a role can keep from its members.
    withholdable = (
        "budget_amount", "decision_maker", "purchase_process", "need_description", "customer_need",
        "proposed_solution",
    )  # fmt: skip

    # What conditions can ask.
    vocabulary = Vocabulary(
        """
        topic stage stage.process stage_entered_at probability status is_on_hold value base_value
        currency estimated_close_date forecast_category actual_value closed_on loss_reason lost_to
        source campaign tags competitors customer_need proposed_solution description budget_amount
        budget_status decision_maker_known decision_maker purchase_process need need_description
        timeframe next_step next_step_at touched_at created_at changed_at account.name
        account.industry account.employees account.annual_revenue account.country account.region
        contact.job_title owner owner.team
        """,
        labels={
            "base_value": _("value in the default currency"),
            "stage_entered_at": _("entered its stage"),
        },
    )

    keeps_states_in = "states"

    objects = AliveManager.from_queryset(OpportunityQuerySet)()
    all_objects = models.Manager.from_queryset(OpportunityQuerySet)()

    class Meta:
        verbose_name = _("opportunity")
        verbose_name_plural = _("opportunities")
        permissions = [
            ("assign_opportunity", gettext_noop("Can assign an opportunity")),
            ("close_opportunity", gettext_noop("Can win, lose and reopen an opportunity")),
        ]
        indexes = [
            *(
                models.Index(
                    fields=[
                        *columns,
                        *(name for name in TRAILING if name not in columns),
                        *(USUAL if index == "opp_by_age_idx" else ()),
                    ],
                    name=index,
                    condition=Q(deleted_at=None),
                )
                for index, columns in SORTED_BY.items()
            ),
            models.Index(fields=["status", "-created_at", "-id"], name="opp_status_idx"),
            models.Index(fields=["owner", "status", "-created_at", "-id"], name="opp_owner_idx"),
            # Has all that the board reads to find the first cards of each stage, and to add up; and
            # what figures tell of what is open.
            models.Index(
                fields=[
                    "stage",
                    "next_step_at",
                    "owner",
                    "base_value",
                    "probability",
                    "stage_entered_at",
                    "estimated_close_date",
                    "forecast_category",
                    "source",
                ],
                condition=Q(status="open", deleted_at=None),
                name="opp_board_idx",
            ),
            # What came into its stage on the few days on which a sum by day does not tell its age.
            models.Index(
                fields=["stage_entered_at", "owner", "stage", "base_value", "source"],
                condition=Q(status="open", deleted_at=None),
                name="opp_entered_idx",
            ),
            models.Index(
                fields=["owner", "status", "estimated_close_date"],
                name="opp_closing_idx",
                condition=Q(deleted_at=None),
            ),
            # Has all that the figures read, and what lists are mostly narrowed by and add up, so
            # that adding up never opens the wide rows.
            models.Index(
                fields=[
                    "deleted_at",
                    "status",
                    "closed_on",
                    "owner",
                    "stage",
                    "base_value",
                    "probability",
                    "is_on_hold",
                    "estimated_close_date",
                    "next_step_at",
                    "currency",
                    "value",
                    "next_step",
                    "forecast_category",
                    "source",
                    "account",
                    "stage_entered_at",
                ],
                name="opp_report_idx",
            ),
            # What figures tell of what was decided, and no more: of a million it is read at length.
            models.Index(
                fields=[
                    "deleted_at",
                    "status",
                    "closed_on",
                    "owner",
                    "source",
                    "stage",
                    "base_value",
                    "probability",
                    "loss_reason",
                    "lost_to",
                    "closed_at",
                    "created_at",
                ],
                name="opp_decided_idx",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~Q(external_id=""),
                name="opportunities_an_external_id_names_one_opportunity",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None)
                | Q(status__in=["won", "lost"], closed_at__isnull=False, is_on_hold=False),
                name="opportunities_only_a_closed_one_has_a_closing_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.topic

    @property
    def url_namespace(self) -> str:
        return "opportunities"

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def status_reason(self) -> str:
        """In progress, on hold, won, or the key of the loss reason."""
        if self.status == self.Status.LOST:
            return self.loss_reason.key if self.loss_reason else "lost"
        if self.status == self.Status.WON:
            return "won"
        return "on_hold" if self.is_on_hold else "in_progress"

    @property
    def weighted_value(self) -> Decimal | None:
        return None if self.value is None else self.value * self.probability / 100

    def derive(self) -> None:
        amount = self.actual_value if self.status == self.Status.WON else self.value
        self.base_value = converted(amount, self.rate)
        super().derive()

    def search_parts(self) -> Sequence[str]:
        return [self.topic]

    def timeline_relatives(self) -> list[tuple[type[TimelineRecord], int]]:
        relatives: list[tuple[type[TimelineRecord], int]] = []
        if self.account_id:
            relatives.append((Account, self.account_id))
        if self.contact_id:
            relatives.append((Contact, self.contact_id))
        return relatives


class StageMove(models.Model):
    """One entry into a stage, or one close or reopening: the memory of the pipeline."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        MOVED = "moved", _("Moved")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        REOPENED = "reopened", _("Reopened")

    opportunity = models.ForeignKey(
        Opportunity, on_delete=models.CASCADE, related_name="moves", verbose_name=_("opportunity")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    from_stage = models.ForeignKey(
        Stage, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("from stage")
    )
    to_stage = models.ForeignKey(
        Stage, on_delete=models.PROTECT, related_name="+", verbose_name=_("to stage")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    base_value = MoneyField(_("base value"))
    loss_reason = models.ForeignKey(
        LossReason,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("loss reason"),
    )
    comment = models.TextField(_("comment"), blank=True)

    class Meta:
        verbose_name = _("stage move")
        verbose_name_plural = _("stage moves")
        indexes = [models.Index(fields=["opportunity", "at", "id"], name="stagemove_at_idx")]

    def __str__(self) -> str:
        return f"{self.kind} {self.to_stage}"


class PipelineState(models.Model):
    """What figures read of an opportunity, for the stretch of time in which it was so.

    The stretches of an opportunity follow each other without a gap, from `from_at` on and up to but
    not with `until_at`; the one that holds now ends at `FOREVER`. Each also says what it followed,
    nothing where it is the first: so what changed between two moments is read in one pass along
    `from_at`. An opportunity that is gone for good takes its states along.

    days_before  where the opportunity left its stage for another one, or was won or lost: how many
                 whole days it had been open there without a break
    """

    class Standing(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        BINNED = "binned", _("In the recycle bin")

    # What is read of the opportunity, and under which name of what it was before.
    KEPT: ClassVar[dict[str, str | None]] = {
        "stage_id": "stage_before_id",
        "owner_id": "owner_before_id",
        "base_value": "value_before",
        "standing": "standing_before",
        "probability": None,
        "forecast_category": None,
    }

    opportunity = models.ForeignKey(
        Opportunity,
        on_delete=models.CASCADE,
        related_name="states",
        db_index=False,
        verbose_name=_("opportunity"),
    )
    from_at = models.DateTimeField(_("from"))
    until_at = models.DateTimeField(_("until"), default=FOREVER)
    standing = models.CharField(_("standing"), max_length=6, choices=Standing)
    stage = models.ForeignKey(
        Stage, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("stage")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("owner"),
    )
    base_value = MoneyField(_("base value"))
    probability = models.PositiveSmallIntegerField(_("probability, %"))
    forecast_category = models.CharField(
        _("forecast category"), max_length=9, choices=Stage.Forecast
    )
    standing_before = models.CharField(max_length=6, choices=Standing, blank=True)
    stage_before = models.ForeignKey(
        Stage, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    owner_before = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    value_before = MoneyField()
    days_before = models.PositiveIntegerField(null=True)

    objects = models.Manager.from_queryset(PipelineStateQuerySet)()

    known_since: datetime | None = None  # when the stay began that is going on before it

    class Meta:
        verbose_name = _("pipeline state")
        verbose_name_plural = _("pipeline states")
        default_permissions = ()
        indexes = [
            # Each has all that is added up: what held at an early moment is found by the first,
            # what held at a late one by the second; what changed in between by the first too.
            models.Index(
                fields=[
                    "from_at",
                    "until_at",
                    "standing",
                    "standing_before",
                    "stage",
                    "stage_before",
                    "owner",
                    "owner_before",
                    "base_value",
                    "value_before",
                    "probability",
                    "opportunity",
                ],
                name="pipeline_from_idx",
            ),
            models.Index(
                fields=[
                    "until_at",
                    "from_at",
                    "stage",
                    "owner",
                    "base_value",
                    "probability",
                    "opportunity",
                ],
                condition=Q(standing="open"),
                name="pipeline_until_idx",
            ),
            models.Index(
                fields=["from_at", "stage_before", "owner_before", "days_before", "opportunity"],
                condition=Q(days_before__isnull=False),
                name="pipeline_left_idx",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity", "until_at"], name="opportunities_states_end_one_by_one"
            ),
            models.CheckConstraint(
                condition=Q(until_at__gt=F("from_at")), name="opportunities_a_state_lasts_some_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity_id}: {self.standing} from {self.from_at}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.days_before = self.stay_that_ended()
        super().save(*args, **kwargs)

    @classmethod
    def of(cls, opportunity: Opportunity) -> PipelineState:
        """Return the state in which an opportunity is, not saved yet."""
        return cls(
            opportunity_id=opportunity.pk,
            standing=cls.Standing.BINNED if opportunity.is_in_bin else opportunity.status,
            **{name: getattr(opportunity, name) for name in cls.KEPT if name != "standing"},
        )

    def is_like(self, other: PipelineState) -> bool:
        return all(getattr(self, name) == getattr(other, name) for name in self.KEPT)

    def tells_the_same_of_before(self, other: PipelineState) -> bool:
        return all(
            getattr(self, name) == getattr(other, name) for name in self.KEPT.values() if name
        )

    @property
    def begins_a_stay(self) -> bool:
        """Say whether the opportunity came into its stage: opened, moved, reopened, restored."""
        if self.standing != self.Standing.OPEN:
            return False
        was_there = self.stage_before_id == self.stage_id
        return not (was_there and self.standing_before == self.Standing.OPEN)

    @property
    def leaves_a_stage(self) -> bool:
        """Say whether the opportunity left its stage for another one, or was won or lost."""
        if self.standing_before != self.Standing.OPEN:
            return False
        is_elsewhere = self.stage_id != self.stage_before_id
        return is_elsewhere if self.standing == self.Standing.OPEN else self.is_decided

    @property
    def is_decided(self) -> bool:
        return self.standing in {self.Standing.WON, self.Standing.LOST}

    def stay_that_ended(self) -> int | None:
        """Return how many days it had been open in the stage that it left; None if it left none."""
        if not self.leaves_a_stage:
            return None
        stays = type(self).objects.filter(opportunity=self.opportunity_id).beginnings()
        began = stays.filter(from_at__lt=self.from_at).order_by("-from_at").first()
        return (self.from_at - began.from_at).days if began is not None else None

    @property
    def stay_began_at(self) -> datetime | None:
        """Since when it has been open in its stage; None where only the table knows it."""
        return self.from_at if self.begins_a_stay else self.known_since

    def become(self, other: PipelineState) -> None:
        """Be what `other` is: what this was has lasted no time."""
        for name in self.KEPT:
            setattr(self, name, getattr(other, name))

    def follow(self, other: PipelineState) -> None:
        """Say what it was before; and how long its stay was there, where that is known."""
        for name, before in self.KEPT.items():
            if before:
                setattr(self, before, getattr(other, name))
        self.known_since = other.stay_began_at
        if self.leaves_a_stage and self.known_since is not None:
            self.days_before = (self.from_at - self.known_since).days


class StepTick(models.Model):
    """A box of a stage, ticked for an opportunity."""

    opportunity = models.ForeignKey(
        Opportunity, on_delete=models.CASCADE, related_name="ticks", verbose_name=_("opportunity")
    )
    step = models.ForeignKey(
        Step, on_delete=models.CASCADE, related_name="+", verbose_name=_("step")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity", "step"], name="opportunities_a_step_is_ticked_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity_id}: {self.step_id}"


class Stakeholder(models.Model):
    """A person who has a say in an opportunity."""

    class Role(models.TextChoices):
        DECISION_MAKER = "decision_maker", _("Decision maker")
        CHAMPION = "champion", _("Champion")
        INFLUENCER = "influencer", _("Influencer")
        EVALUATOR = "evaluator", _("Evaluator")
        END_USER = "end_user", _("End user")
        OTHER = "other", _("Other")

    opportunity = models.ForeignKey(
        Opportunity,
        on_delete=models.CASCADE,
        related_name="stakeholders",
        verbose_name=_("opportunity"),
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="+", verbose_name=_("contact")
    )
    role = models.CharField(_("role"), max_length=14, choices=Role, default=Role.OTHER)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity", "contact"], name="opportunities_a_stakeholder_is_named_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.get_role_display()}"


class Line(models.Model):
    """A product in an opportunity, with quantity and price."""

    opportunity = models.ForeignKey(
        Opportunity, on_delete=models.CASCADE, related_name="lines", verbose_name=_("opportunity")
    )
    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product"),
    )
    description = models.CharField(_("description"), max_length=200, blank=True)
    quantity = models.DecimalField(
        _("quantity"),
        max_digits=12,
        decimal_places=2,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    price = MoneyField(_("price"), null=False, blank=False, default=Decimal(0))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=False) | ~Q(description=""),
                name="opportunities_a_line_says_what_it_is",
            ),
        ]

    def __str__(self) -> str:
        return self.description or str(self.product)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.quantity * self.price).quantize(Decimal("0.01"))
