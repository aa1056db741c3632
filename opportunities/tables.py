"""The columns of the list of opportunities."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from opportunities.models import Opportunity, Process
from records.permissions import reaches
from workbench.tables import (
    AmountColumn,
    Cell,
    NameColumn,
    NextStepColumn,
    OwnerColumn,
    RecordTable,
    TagsColumn,
)
from workbench.templatetags.workbench import day, icon

TONES = {
    Opportunity.Status.OPEN: "active",
    Opportunity.Status.WON: "good",
    Opportunity.Status.LOST: "bad",
}


def days_in_stage(opportunity: Opportunity) -> int:
    """Return for how many whole days an opportunity has been in its stage."""
    return max(0, (timezone.now() - opportunity.stage_entered_at).days)


def is_stale(opportunity: Opportunity) -> bool:
    """Say whether an open opportunity has been in its stage for longer than is usual."""
    return opportunity.is_open and days_in_stage(opportunity) >= opportunity.stage.usual_days


def stage_age(opportunity: Opportunity) -> Any:
    """The days in the stage; those of a stale one with a sign."""
    if not opportunity.is_open:
        return ""
    days = days_in_stage(opportunity)
    text = ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    if not is_stale(opportunity):
        return text
    usual = _("Stale: %(n)d days are usual") % {"n": opportunity.stage.usual_days}
    sign = icon("alert-triangle", 14, usual)
    return format_html('<span class="c-stale" title="{}">{} {}</span>', usual, sign, text)


def close_day(opportunity: Opportunity) -> Any:
    """When it is expected to close, or when it closed; that nobody knows is said."""
    if not opportunity.is_open:
        words = {"won": _("Won %(day)s"), "lost": _("Lost %(day)s")}[opportunity.status]
        return words % {"day": day(opportunity.closed_on)}
    if opportunity.estimated_close_date is None:
        return format_html('<span class="c-warn">{}</span>', _("No close date"))
    text = day(opportunity.estimated_close_date)
    if opportunity.estimated_close_date < timezone.localdate():
        return format_html('<span class="c-bad">{}</span>', _("%(day)s, late") % {"day": text})
    return text


class OpportunityTable(RecordTable):
    """The columns that a list of opportunities shows."""

    related = ("topic", "stage", "value", "close", "next_step", "owner")

    topic = NameColumn(verbose_name=gettext_lazy("Opportunity"), order_by=("topic",))
    account = Cell(
        verbose_name=gettext_lazy("Account"),
        css="c-cell--company",
        accessor="pk",
        order_by=("account__name",),
    )
    stage = Cell(
        verbose_name=gettext_lazy("Stage"),
        css="c-cell--stage",
        accessor="pk",
        order_by=("stage__position",),
        edits="stage",
    )
    value = AmountColumn(
        "value",
        verbose_name=gettext_lazy("Value"),
        order_by=("base_value",),
        initial_sort_descending=True,
    )
    probability = Cell(
        lambda opportunity: f"{opportunity.probability}%",
        verbose_name=gettext_lazy("Probability"),
        css="c-number",
        accessor="pk",
        order_by=("probability",),
        edits="probability",
        initial_sort_descending=True,
    )
    close = Cell(
        close_day,
        verbose_name=gettext_lazy("Expected close"),
        css="c-cell--close",
        accessor="pk",
        order_by=("estimated_close_date",),
        edits="estimated_close_date",
    )
    next_step = NextStepColumn()
    days = Cell(
        stage_age,
        verbose_name=gettext_lazy("Days in stage"),
        accessor="pk",
        order_by=("-stage_entered_at",),
        initial_sort_descending=True,
    )
    owner = OwnerColumn()
    tags = TagsColumn()

    class Meta(RecordTable.Meta):
        sequence = (
            "topic", "account", "stage", "value", "probability", "close", "next_step", "days",
            "owner", "tags",
        )  # fmt: skip

    @cached_property
    def lengths(self) -> dict[int, int]:
        """How many stages each process has, the one on the lead among them."""
        stages = Process.objects.annotate(length=Count("stages"))
        return dict(stages.values_list("pk", "length"))

    def render_account(self, record: Opportunity) -> Any:
        """The account, unless it is outside what the user may see."""
        if record.account is None or not reaches(self.user, "view", record.account):
            return ""
        return record.account

    def render_stage(self, record: Opportunity) -> Any:
        """The stage as dashes and in words: solid is behind or now, won is all green."""
        length = self.lengths.get(record.stage.process_id, 0)
        is_won = record.status == Opportunity.Status.WON
        reached = length if is_won else record.stage.position
        dashes = format_html_join(
            "",
            '<i class="{}"></i>',
            (("is-done" if n < reached else "",) for n in range(length)),
        )
        words: Any = record.stage if record.is_open else record.get_status_display()
        if record.is_on_hold:
            words = _("%(stage)s, on hold") % {"stage": record.stage}
        return format_html(
            '<span class="c-stage{}"><span class="c-stage__dashes" aria-hidden="true">{}</span>'
            "{}</span>",
            f" c-stage--{record.status}" if not record.is_open else "",
            dashes,
            words,
        )
