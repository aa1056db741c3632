"""Shares and days in words, for the reader's language."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from users import formats
from workbench.templatetags.workbench import due_state, money

if TYPE_CHECKING:
    from records.models import TimelineRecord
    from reports.tables import Cell, Row

register = template.Library()


@register.filter
def as_count(number: int) -> str:
    """Write a number of records with its thousands parted: "12,431"."""
    return formats.count(number)


@register.filter
def as_rate(share: float | None, places: int = 1) -> str:
    """Write a share of one as per cent; a dash where there is nothing to share."""
    if share is None:
        return "–"
    return formats.percent(share, places)


@register.filter
def as_per_cent(number: Decimal) -> str:
    """Write a number of hundredths: "25%", "12.5%"."""
    share = number.normalize()
    return formats.percent(float(share) / 100, max(-int(share.as_tuple().exponent), 0))


def as_points(change: float) -> str:
    """Write by how much a share of one changed, in points of a hundred: "+3.5", "−1.0".

    >>> as_points(0.035), as_points(-0.0101)
    ('+3.5', '−1.0')
    """
    points = _rounded(abs(change) * 100, 1)
    return ("−" if change < 0 else "+") + formats.number(points, 1)


@register.filter
def as_days(days: float | None) -> str:
    """Write a number of days: "19 days", "2.5 days"; a dash where nothing was counted."""
    if days is None:
        return "–"
    rounded = _rounded(days, 1)
    is_whole = rounded == int(rounded)
    number = formats.number(rounded, 0 if is_whole else 1)
    return ngettext("%(number)s day", "%(number)s days", int(rounded) if is_whole else 2) % {
        "number": number
    }


def _rounded(number: float, places: int) -> Decimal:
    """Round half up, as people do; formatting alone cuts the rest off."""
    return Decimal(str(number)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


@register.filter
def as_month(day: str, with_year: str = "") -> str:
    """Write the month of an ISO day: "Nov", or "Nov 2026" where told so."""
    return formats.month(date.fromisoformat(day), with_year=bool(with_year))


@register.filter
def as_number_of_days(days: float | None) -> str:
    """Write a number of days where the heading says that it is one: "19", "2.5"."""
    if days is None:
        return "–"
    rounded = _rounded(days, 1)
    return formats.number(rounded, 0 if rounded == int(rounded) else 1)


@register.simple_tag
def figure_cells(row: Row) -> SafeString:
    """Draw the figures of a row; those that count records open them.

    The overview has hundreds: a template would ask for each what kind it is.
    """
    return format_html_join(
        "",
        '<td class="c-number">{}</td>',
        (
            (format_html('<a href="{}">{}</a>', cell.url, text) if cell.url else text,)
            for cell, text in ((cell, written(cell)) for cell in row.cells)
        ),
    )


def written(cell: Cell) -> str:
    """Write a figure as its reader does."""
    match cell.kind:
        case "money":
            return "–" if cell.value is None else money(cell.value)
        case "rate":
            return as_rate(cell.value)
        case "days" | "hours":
            return as_number_of_days(cell.value)
    return gettext("not yet") if cell.value is None else as_count(cell.value)


@register.filter
def step_state(record: TimelineRecord) -> str:
    """Say how pressing the next step of a record is: late, today, planned or none."""
    if not record.next_step:
        return "none"
    return due_state(record.next_step_at) if record.next_step_at else "planned"
