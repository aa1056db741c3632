"""What became of a lead, and which field of it goes where."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Contact
from leads.models.lead import Lead
from opportunities.models import Opportunity
from records.models import CustomField

# The kinds of what a lead becomes.
FILLED = ("account", "contact", "opportunity")


class FieldMapping(models.Model):
    """Which field of a lead fills a field of what the lead becomes.

    `source` is a column of the lead or `custom.<key>`. What it fills is a custom field, `target`,
    or a built-in one, `column`, like account.industry. Without a line a custom field is filled from
    the lead's custom field of the same key and type, and a built-in one from the lead's own; a line
    out of use switches the former off.
    """

    class Policy(models.TextChoices):
        EMPTY = "empty", _("Fill it if it is empty")
        ALWAYS = "always", _("Always take the lead's")
        ASK = "ask", _("Ask whoever qualifies")

    source = models.CharField(_("field of the lead"), max_length=60)
    target = models.ForeignKey(
        CustomField,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        limit_choices_to=Q(kind__in=FILLED),
        verbose_name=_("custom field that it fills"),
    )
    column = models.CharField(_("built-in field that it fills"), max_length=60, blank=True)
    policy = models.CharField(
        _("on a record that is there already"),
        max_length=6,
        choices=Policy,
        default=Policy.EMPTY,
        help_text=_("What is made new always gets the value."),
    )
    default = models.CharField(
        _("default"),
        max_length=255,
        blank=True,
        help_text=_("Filled in where the lead has nothing and the field is empty."),
    )
    is_active = models.BooleanField(
        _("in use"),
        default=True,
        help_text=_("Out of use, nothing fills a custom field, not even one of the same key."),
    )
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("field mapping")
        verbose_name_plural = _("field mappings")
        constraints = [
            models.UniqueConstraint(
                fields=["target"], name="leads_a_custom_field_is_filled_from_one_field"
            ),
            models.UniqueConstraint(
                fields=["column"],
                condition=~Q(column=""),
                name="leads_a_built_in_field_is_filled_from_one_field",
            ),
            models.CheckConstraint(
                condition=Q(target__isnull=True, column__gt="")
                | Q(target__isnull=False, column=""),
                name="leads_a_mapping_fills_one_field",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} → {self.target or self.column}"

    @property
    def destination(self) -> str:
        """What it fills, by kind and name, like account.industry or account.custom.fleet."""
        return self.column if self.target is None else f"{self.target.kind}.{self.target.name}"


# What stands for the version of the rules where another system decided.
IMPORTED = "import"


class Qualification(models.Model):
    """One time that a lead was qualified: what came of it, why, and what there was before.

    plan    what was asked for, as `leads.operations.qualify` takes it
    result  the answer every asker gets: ids, outcomes and reasons
    before  the columns of the lead and of each reused record as they were, for undo
    after   the version of each record when the qualification was done, for undo
    frozen  a copy of the lead to read
    carried which field of the lead went into which custom field, in words, to read
    kept    by kind and field what a reused record kept although the lead said otherwise, to read
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        UNDONE = "undone", _("Undone")
        # Reopened without taking the records back: they stay, the lead is open again.
        LEFT = "left", _("Reopened, records kept")

    lead = models.ForeignKey(
        Lead, on_delete=models.PROTECT, related_name="qualifications", verbose_name=_("lead")
    )
    seq = models.PositiveSmallIntegerField(_("seq"))
    state = models.CharField(_("state"), max_length=6, choices=State, default=State.ACTIVE)
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    ended_at = models.DateTimeField(_("ended at"), null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("ended by"),
    )
    account = models.ForeignKey(
        Account, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("account")
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("contact")
    )
    rule_version = models.CharField(_("rule version"), max_length=40)
    override_reason = models.CharField(_("override reason"), max_length=500, blank=True)
    plan = models.JSONField(_("plan"), default=dict)
    result = models.JSONField(_("result"), default=dict)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    frozen = models.JSONField(_("frozen"), default=dict)
    carried = models.JSONField(_("carried"), default=list)
    kept = models.JSONField(_("kept"), default=dict)

    class Meta:
        verbose_name = _("qualification")
        verbose_name_plural = _("qualifications")
        constraints = [
            models.UniqueConstraint(fields=["lead", "seq"], name="leads_cycles_are_numbered"),
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(state="active"),
                name="leads_a_lead_is_qualified_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}/{self.seq}"

    @property
    def is_imported(self) -> bool:
        """Say whether another system qualified the lead and its data came here afterwards."""
        return self.rule_version == IMPORTED


class QualifiedOpportunity(models.Model):
    """An opportunity that a qualification opened or joined."""

    qualification = models.ForeignKey(
        Qualification,
        on_delete=models.PROTECT,
        related_name="opportunity_links",
        verbose_name=_("qualification"),
    )
    opportunity = models.ForeignKey(
        Opportunity,
        on_delete=models.CASCADE,
        related_name="qualification_links",
        verbose_name=_("opportunity"),
    )
    is_primary = models.BooleanField(_("is primary"), default=False)
    # False where the lead was added to an opportunity that was there already.
    is_created = models.BooleanField(_("is created"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["qualification"],
                condition=Q(is_primary=True),
                name="leads_a_qualification_has_one_primary_opportunity",
            ),
            models.UniqueConstraint(
                fields=["opportunity"],
                condition=Q(is_created=True),
                name="leads_an_opportunity_comes_from_one_qualification",
            ),
            models.UniqueConstraint(
                fields=["qualification", "opportunity"],
                name="leads_an_opportunity_is_linked_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.qualification_id} → {self.opportunity_id}"
