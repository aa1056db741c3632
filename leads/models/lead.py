"""Leads, and what became of them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import (
    Account,
    Address,
    Company,
    Contact,
    PersonBlocks,
    block_indexes,
    days_in,
    place_in,
)
from leads.bant import KNOWN, PARTLY, UNKNOWN, Part, bant_of, known
from leads.querysets import (
    AUTHORITY,
    BUDGET,
    HAS_CONTACT,
    IS_NAMED,
    IS_REACHABLE,
    LAST_TOUCH,
    NEED,
    TIMEFRAME,
    LeadQuerySet,
)
from opportunities.models import Bant, Campaign, Choice, Product, Source
from records import keys, similarity
from records.models import MoneyField, TimelineRecord, converted
from records.querysets import AliveManager
from records.vocabulary import Derived, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


# What lists are sorted by. Behind the order stands what they are mostly narrowed by, so that what
# does not belong to a view is passed over in the index and no row is opened for it. Going down a
# column that may be empty needs an index of its own, which a migration makes.
SORTED_BY = {
    "lead_by_name_idx": ("last_name", "first_name", "id"),
    "lead_by_company_idx": ("company", "id"),
    "lead_by_bant_idx": ("bant_known", "id"),
    "lead_by_progress_idx": ("status", "progress", "id"),
    "lead_by_value_idx": ("base_value", "id"),
    "lead_by_next_step_idx": ("next_step_at", "id"),
    "lead_by_score_idx": ("score", "id"),
    "lead_by_touch_idx": ("touched_at", "id"),
    "lead_by_age_idx": ("-created_at", "-id"),
    "lead_by_automation_idx": ("do_not_automate", "id"),
    "lead_by_owner_idx": ("owner", "id"),
    "lead_by_source_idx": ("source", "id"),
}
TRAILING = ("status", "owner", "ready_since")
# The usual order has what any filter of the list asks beside: whatever a list is narrowed by, the
# rows of a page are found in the index, however far back they are.
USUAL = (
    "source", "campaign", "rating", "progress", "country", "region", "next_step", "next_step_at",
    "qualified_at", "disqualified_at", "disqualify_reason",
)  # fmt: skip


# What comparing two leads reads.
COMPARED = (
    "first_name", "last_name", "company", "domain", "email", "email_key", "phone", "phone_key",
    "mobile", "mobile_key", "street", "city", "region", "postal_code", "country", "custom",
)  # fmt: skip


def person_in(row: Any) -> similarity.Person:
    """Return the person on a lead, or on a row of the columns `COMPARED` of one, as compared."""
    return similarity.person_of(
        first_name=row.first_name,
        last_name=row.last_name,
        company=row.company,
        domain=row.domain,
        emails=[row.email_key or row.email],
        phones=[row.phone_key or row.phone, row.mobile_key or row.mobile],
        place=place_in(row),
        days=days_in(row.custom),
    )


def firm_in(row: Any) -> similarity.Firm:
    """Return the company on a lead, or on a row of the columns `COMPARED` of one, as compared."""
    return similarity.firm_of(
        row.company,
        domain=row.domain,
        phones=[row.phone_key or row.phone],
        place=place_in(row),
    )


def _answered(label: Any, part: int, rows: Any) -> Derived:
    """One of the four questions of BANT: known, partly known, or empty."""

    def state_of(lead: Lead) -> str:
        state = lead.bant[part].state
        return "" if state == UNKNOWN else state

    choices = ((KNOWN, _("fully known")), (PARTLY, _("partly known")))
    return Derived(label, "choice", state_of, rows, choices)


class DisqualifyReason(Choice):
    """Why a lead was given up."""

    needs_comment = models.BooleanField(_("needs a comment"), default=False)

    class Meta:
        verbose_name = _("disqualify reason")
        verbose_name_plural = _("disqualify reasons")


class Lead(TimelineRecord, Company, Address, Bant, PersonBlocks):
    """Somebody who showed interest and has not been qualified yet."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        QUALIFIED = "qualified", _("Qualified")
        DISQUALIFIED = "disqualified", _("Disqualified")

    class Progress(models.TextChoices):
        NEW = "new", _("New")
        WORKING = "working", _("Working")
        NURTURING = "nurturing", _("Nurturing")

    class Rating(models.TextChoices):
        HOT = "hot", _("Hot")
        WARM = "warm", _("Warm")
        COLD = "cold", _("Cold")

    topic = models.CharField(_("topic"), max_length=300)
    salutation = models.CharField(_("salutation"), max_length=20, blank=True)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    job_title = models.CharField(_("job title"), max_length=150, blank=True)
    email = models.EmailField(_("email"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    mobile = models.CharField(_("mobile"), max_length=50, blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)

    source = models.ForeignKey(
        Source,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        verbose_name=_("source"),
    )
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        verbose_name=_("campaign"),
    )
    products = models.ManyToManyField(
        Product, blank=True, related_name="leads", verbose_name=_("product interest")
    )
    utm = models.JSONField(default=dict, blank=True, editable=False)
    rating = models.CharField(_("rating"), max_length=4, choices=Rating, blank=True)
    description = models.TextField(_("description"), blank=True, max_length=10_000)
    estimated_value = MoneyField(_("estimated value"))
    rate = models.DecimalField(max_digits=16, decimal_places=8, default=Decimal(1), editable=False)
    base_value = MoneyField(_("base value"), editable=False)
    estimated_close_date = models.DateField(_("expected close"), null=True, blank=True)
    consent = models.BooleanField(_("agreed to be written to"), default=False)
    do_not_contact = models.BooleanField(_("do not contact"), default=False)
    do_not_automate = models.BooleanField(
        _("do not automate"),
        default=False,
        help_text=_("Only people qualify this lead."),
    )
    score = models.SmallIntegerField(_("score"), null=True, editable=False)
    # The rules that held, each with its name and its points: `leads.rules.scoring` says how.
    score_parts = models.JSONField(default=list, editable=False)

    status = models.CharField(
        _("status"), max_length=12, choices=Status, default=Status.OPEN, editable=False
    )
    progress = models.CharField(_("progress"), max_length=9, choices=Progress, default=Progress.NEW)
    ready_since = models.DateTimeField(_("ready since"), null=True, editable=False)
    contacted_at = models.DateTimeField(_("first contacted"), null=True, editable=False)
    needs_decision = models.CharField(
        _("needs a decision"),
        max_length=300,
        blank=True,
        editable=False,
        help_text=_("Why nobody but a person can say which account or contact is meant."),
    )

    qualified_at = models.DateTimeField(_("qualified"), null=True, editable=False)
    # How often it was qualified; the number of its latest `Qualification`.
    cycles = models.PositiveSmallIntegerField(_("cycles"), default=0, editable=False)
    disqualified_at = models.DateTimeField(_("disqualified"), null=True, editable=False)
    disqualify_reason = models.ForeignKey(
        DisqualifyReason,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="leads",
        verbose_name=_("disqualify reason"),
    )
    disqualify_comment = models.TextField(
        _("disqualify comment"), blank=True, max_length=10_000, editable=False
    )
    duplicate_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="duplicates",
        verbose_name=_("duplicate of"),
    )
    revisit_on = models.DateField(_("reopen on"), null=True, editable=False)
    # Picked by a person before qualifying, or set by qualifying.
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        verbose_name=_("existing account"),
    )
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        verbose_name=_("existing contact"),
    )

    # Indexed below, not here: a second index for how a key begins would come with it on PostgreSQL.
    email_key = models.CharField(max_length=320, editable=False)
    name_key = models.CharField(max_length=220, editable=False)
    company_key = models.CharField(max_length=200, editable=False)
    domain = models.CharField(max_length=255, editable=False)
    phone_key = models.CharField(max_length=40, editable=False)
    mobile_key = models.CharField(max_length=40, editable=False)
    bant_known = models.PositiveSmallIntegerField(default=0, editable=False)

    # What a role can keep from its members.
    withholdable = (
        "employees", "annual_revenue", "budget_amount", "decision_maker", "purchase_process",
        "need_description",
    )  # fmt: skip

    # What conditions can ask. A part of BANT is known also when it is known partly: "is known".
    vocabulary = Vocabulary(
        """
        topic first_name last_name job_title email phone mobile company website industry employees
        annual_revenue street city region postal_code country source campaign products tags
        rating description budget_amount budget_status decision_maker_known decision_maker
        purchase_process need need_description timeframe bant_known estimated_value base_value
        currency estimated_close_date consent do_not_contact do_not_automate score status progress
        disqualify_reason next_step next_step_at touched_at contacted_at ready_since created_at
        changed_at qualified_at disqualified_at owner owner.team account.name account.industry
        account.employees account.country account.region account.owner contact.job_title
        contact.do_not_contact
        """,
        {
            "named": Derived(
                _("a person or a company is named"),
                "yes_no",
                lambda lead: bool(lead.full_name or lead.company),
                IS_NAMED,
            ),
            "reachable": Derived(
                _("email or phone is valid"),
                "yes_no",
                lambda lead: bool(lead.email_key or lead.phone_key or lead.mobile_key),
                IS_REACHABLE,
            ),
            "talked_to": Derived(
                _("at least one call, email or meeting of ours is logged"),
                "yes_no",
                lambda lead: lead.contacted_at is not None,
                HAS_CONTACT,
            ),
            "bant.budget": _answered(_("budget, in BANT"), 0, BUDGET),
            "bant.authority": _answered(_("authority, in BANT"), 1, AUTHORITY),
            "bant.need": _answered(_("need, in BANT"), 2, NEED),
            "bant.timeframe": _answered(_("timeframe, in BANT"), 3, TIMEFRAME),
        },
        labels={
            "bant_known": _("fully known parts of BANT"),
            "base_value": _("estimated value in the default currency"),
        },
    )

    keeps_first_contact = True

    objects = AliveManager.from_queryset(LeadQuerySet)()
    all_objects = models.Manager.from_queryset(LeadQuerySet)()

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        permissions = [
            ("assign_lead", gettext_noop("Can assign a lead")),
            ("qualify_lead", gettext_noop("Can qualify a lead")),
            ("disqualify_lead", gettext_noop("Can disqualify and reopen a lead")),
            ("undo_lead", gettext_noop("Can undo a qualification")),
            ("override_lead", gettext_noop("Can qualify a lead against the rules")),
        ]
        indexes = [
            models.Index(fields=["email_key"], name="lead_email_key_idx"),
            models.Index(fields=["company_key"], name="lead_company_key_idx"),
            models.Index(fields=["phone_key"], name="lead_phone_key_idx"),
            models.Index(fields=["domain"], name="lead_domain_idx"),
            models.Index(fields=["region"], name="lead_region_idx"),
            # Somebody's own, with what their day asks of them.
            models.Index(
                fields=[
                    "owner",
                    "status",
                    "-created_at",
                    "-id",
                    "progress",
                    "next_step_at",
                    "next_step",
                    "deleted_at",
                ],
                name="lead_owner_idx",
            ),
            models.Index(fields=["qualified_at"], name="lead_qualified_at_idx"),
            # Has all that the figures read, and what lists are mostly narrowed by and add up, so
            # that counting never opens the wide rows. The bin is a column and no condition here:
            # SQLite would open the rows to look for it.
            models.Index(
                fields=[
                    "deleted_at",
                    "status",
                    "created_at",
                    "progress",
                    "owner",
                    "source",
                    "base_value",
                    "qualified_at",
                    "disqualified_at",
                    "ready_since",
                    "rating",
                    "campaign",
                    "country",
                    "next_step_at",
                    "currency",
                    "estimated_value",
                    "region",
                    "next_step",
                    "contacted_at",
                    "touched_at",
                    "do_not_contact",
                    "disqualify_reason",
                ],
                name="lead_report_idx",
            ),
            models.Index(
                # What its view adds up, too.
                fields=["ready_since", "owner", "base_value", "currency", "estimated_value"],
                name="lead_ready_idx",
                condition=Q(status="open", ready_since__isnull=False, deleted_at=None),
            ),
            models.Index(
                fields=["disqualified_at"],
                name="lead_disqualified_at_idx",
                condition=Q(disqualified_at__isnull=False),
            ),
            models.Index(
                fields=["owner", "status", "next_step_at"],
                name="lead_next_step_idx",
                condition=Q(deleted_at=None),
            ),
            *(
                models.Index(
                    fields=[
                        *columns,
                        *(name for name in TRAILING if name not in columns),
                        *(USUAL if index == "lead_by_age_idx" else ()),
                    ],
                    name=index,
                    condition=Q(deleted_at=None),
                )
                for index, columns in SORTED_BY.items()
            ),
            models.Index(fields=["needs_decision", "owner"], name="lead_decision_idx"),
            # What somebody's day asks: who waits for a first word, who has not been spoken to for
            # long. The status is a column and no condition, as SQLite could not tell that it holds.
            models.Index(
                fields=["owner", "status", "contacted_at", "created_at", "id"],
                name="lead_waiting_idx",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                "owner",
                "status",
                LAST_TOUCH,
                "id",
                name="lead_quiet_idx",
                condition=Q(deleted_at=None),
            ),
            *block_indexes(PersonBlocks, "lead"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~Q(external_id=""),
                name="leads_an_external_id_names_one_lead",
            ),
            models.CheckConstraint(
                condition=Q(status="qualified", qualified_at__isnull=False)
                | (~Q(status="qualified") & Q(qualified_at=None)),
                name="leads_only_a_qualified_lead_has_a_moment",
            ),
            models.CheckConstraint(
                condition=~Q(status="qualified")
                | Q(account__isnull=False)
                | Q(contact__isnull=False),
                name="leads_a_qualified_lead_has_its_links",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="disqualified",
                    disqualify_reason__isnull=False,
                    disqualified_at__isnull=False,
                )
                | (~Q(status="disqualified") & Q(disqualify_reason=None, disqualified_at=None)),
                name="leads_only_a_disqualified_lead_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(topic="")
                & (
                    ~Q(first_name="")
                    | ~Q(last_name="")
                    | ~Q(company="")
                    | ~Q(email="")
                    | ~Q(phone="")
                    | ~Q(mobile="")
                ),
                name="leads_a_lead_says_what_and_who",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.company or self.email or self.phone or self.mobile

    @property
    def url_namespace(self) -> str:
        return "leads"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def settled_since(self, moment: datetime) -> frozenset[str]:
        """Return what a qualification after `moment` has settled: what the lead became."""
        is_later = self.qualified_at is not None and self.qualified_at > moment
        return frozenset({"account_id", "contact_id"}) if is_later else frozenset()

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def is_read_only(self) -> bool:
        """Say whether the lead is closed: it is to be reopened or undone before it can change."""
        return not self.is_open

    @property
    def status_reason(self) -> str:
        """New, working, nurturing, qualified, or the key of the reason it was disqualified for."""
        if self.status == self.Status.DISQUALIFIED:
            return self.disqualify_reason.key if self.disqualify_reason else ""
        return self.progress if self.is_open else self.status

    @property
    def status_label(self) -> str:
        """The word on the badge: the progress of an open lead, the status of a closed one."""
        # Django's own `get_..._display` prepares all choices anew for every row of a list.
        choice = self.Progress(self.progress) if self.is_open else self.Status(self.status)
        return str(choice.label)

    @property
    def bant(self) -> tuple[Part, Part, Part, Part]:
        return bant_of(
            budget_amount=self.budget_amount,
            budget_status=self.budget_status,
            decision_maker_known=self.decision_maker_known,
            decision_maker=self.decision_maker,
            purchase_process=self.purchase_process,
            need=self.need,
            need_description=self.need_description,
            timeframe=self.timeframe,
        )

    def derive(self) -> None:
        country = str(self.country) or settings.DEFAULT_COUNTRY
        self.email_key = keys.email_key(self.email)
        self.name_key = keys.person_key(self.first_name, self.last_name)[:220]
        self.company_key = keys.company_key(self.company)[:200]
        self.domain = keys.domain_key(self.website) or keys.domain_key(self.email)
        self.phone_key = keys.phone_key(self.phone, country)
        self.mobile_key = keys.phone_key(self.mobile, country)
        self.bant_known = known(self.bant)
        self.base_value = converted(self.estimated_value, self.rate)
        for column, key in similarity.blocks_of_person(self.as_person()).items():
            setattr(self, column, key)
        super().derive()

    def as_person(self) -> similarity.Person:
        """Return the person as they are compared. The derived columns have to be filled."""
        return person_in(self)

    def search_parts(self) -> Sequence[str]:
        return [
            self.full_name,
            self.company,
            self.topic,
            self.email,
            self.phone,
            self.phone_key,
            self.mobile_key,
        ]

    def timeline_relatives(self) -> list[tuple[type[TimelineRecord], int]]:
        relatives: list[tuple[type[TimelineRecord], int]] = []
        if self.account_id:
            relatives.append((Account, self.account_id))
        if self.contact_id:
            relatives.append((Contact, self.contact_id))
        return relatives
