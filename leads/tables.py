"""The columns of the list of leads."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from leads.models import Lead
from workbench.tables import (
    AgeColumn,
    AmountColumn,
    Cell,
    NameColumn,
    NextStepColumn,
    OwnerColumn,
    RecordTable,
    TagsColumn,
    TouchColumn,
    badge,
    pips,
)

TONES: dict[str, str] = {
    Lead.Progress.NEW: "new",
    Lead.Progress.WORKING: "active",
    Lead.Progress.NURTURING: "warn",
    Lead.Status.QUALIFIED: "good",
}
OLD_AFTER = 30  # days in which an open lead should have come to a decision


def lead_badge(lead: Lead) -> Any:
    """The status of a lead in its colour; of a qualified one also the way to its receipt."""
    word = lead.progress if lead.is_open else lead.status
    label = badge(lead.status_label, TONES.get(word, ""))
    if lead.status != Lead.Status.QUALIFIED:
        return label
    return format_html(
        '{} <a class="c-link c-meta" href="{}receipt/">{}</a>',
        label,
        lead.get_absolute_url(),
        _("Receipt"),
    )


def question_of(lead: Lead) -> Any:
    """What only a person can decide about a lead, in one line."""
    text = lead.needs_decision
    return format_html('<span title="{}">{}</span>', text, text) if text else ""


def reason_of(lead: Lead) -> Any:
    """Why a lead is with its owner, or with nobody, in one line; `with_reasons` has read it."""
    reason = getattr(lead, "reason", None) or ""
    return format_html('<span title="{}">{}</span>', reason, reason) if reason else ""


class ScoreColumn(Cell):
    """How many points a lead has, for those who ask for the column."""

    is_extra = True
    is_number = True


class LeadTable(RecordTable):
    """The columns that a list of leads shows."""

    related = ("name", "status", "bant", "touched", "owner")

    name = NameColumn(
        verbose_name=_("Lead"),
        note=lambda lead: lead.job_title,
        line=lambda lead: lead.topic,
        order_by=("last_name", "first_name"),
    )
    company = Cell(
        verbose_name=_("Company"), css="c-cell--company", order_by=("company",), edits="company"
    )
    bant = Cell(
        lambda lead: pips(lead.bant),
        plain=lambda lead: _("%(known)s of 4") % {"known": lead.bant_known},
        verbose_name=_("BANT"),
        css="c-cell--bant",
        accessor="pk",
        order_by=("bant_known",),
        initial_sort_descending=True,
    )
    status = Cell(
        lead_badge,
        plain=lambda lead: str(lead.status_label),
        verbose_name=_("Status"),
        css="c-cell--status",
        accessor="pk",
        order_by=("status", "progress"),
        edits="progress",
    )
    source = Cell(verbose_name=_("Source"), order_by=("source__name",), edits="source")
    value = AmountColumn(
        "estimated_value",
        verbose_name=_("Est. value"),
        order_by=("base_value",),
        initial_sort_descending=True,
    )
    score = ScoreColumn(verbose_name=_("Score"), order_by=("score",), initial_sort_descending=True)
    next_step = NextStepColumn()
    touched = TouchColumn()
    age = AgeColumn(OLD_AFTER)
    owner = OwnerColumn()
    tags = TagsColumn()
    decision = Cell(question_of, verbose_name=_("To decide"), css="c-cell--reason", accessor="pk")
    why = Cell(reason_of, verbose_name=_("Why there"), css="c-cell--reason", accessor="pk")
    automation = Cell(
        lambda lead: _("Do not automate") if lead.do_not_automate else "",
        verbose_name=_("Automation"),
        accessor="pk",
        order_by=("do_not_automate",),
    )

    class Meta(RecordTable.Meta):
        sequence = (
            "name", "company", "bant", "status", "source", "value", "score", "next_step",
            "touched", "age", "owner", "tags", "decision", "why", "automation",
        )  # fmt: skip
