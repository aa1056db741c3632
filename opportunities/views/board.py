"""The board: the open opportunities of a process as cards, a column for each stage.

What narrows it stands in the address, as that of the list. The address of whatever is done to a
card repeats it after `board=1`: so that page leads back here, and htmx gets the columns that have
changed.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_htmx.http import trigger_client_event

from opportunities.filters import OpportunityFilter
from opportunities.models import Opportunity, Stage
from opportunities.querysets import InStage
from opportunities.tables import OpportunityTable, days_in_stage, is_stale
from records.permissions import reaches
from users import formats
from workbench.tables import avatar, href, next_step
from workbench.templatetags.workbench import money, undo_url
from workbench.views import ListView, Tab

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from django.db.models import QuerySet
    from django.http import HttpRequest

    from opportunities.models import Process

BOARD = "board"  # the parameter of a page that was opened from the board
NOT_OF_THE_BOARD = (BOARD, "version")
COLUMN, CARDS = "column", "cards"  # which stage a phone shows, and how many cards of it
FIRST, MOST = 25, 200
WON = "won"  # the column behind the stages
# What only open ones can be narrowed by: beside it there is nothing won to show.
ONLY_OPEN = {"stale", "hold", "next_step"}
CONFLICT = 409
NOTICE = "board-notice"  # where the board says why a card may not move
DONE = ("stage", "win", "lose")


class BoardFilter(OpportunityFilter):
    """The filters of the list; what the columns and the tabs say already is not offered."""

    unoffered = (*OpportunityFilter.unoffered, "status", "stage")


class OpportunityBoard(ListView):
    """Open opportunities by stage, those first whose next step presses most."""

    model = Opportunity
    table_class = OpportunityTable
    filter_class = BoardFilter
    results_template = "opportunities/board_columns.html"
    own_names = ListView.own_names | {BOARD, COLUMN, CARDS, "version"}
    http_method_names = ["get", "head", "options"]
    tabs = (
        Tab(gettext_lazy("My open"), "owner=me&status=open"),
        Tab(gettext_lazy("All open"), "status=open"),
        Tab(gettext_lazy("Closing this month"), "closing=month&status=open"),
        Tab(gettext_lazy("Stale"), "stale=1&status=open"),
    )

    def get_template_names(self) -> list[str]:
        if self.is_part:
            return super().get_template_names()
        return [
            "opportunities/board_column.html" if self.asked_column else "opportunities/board.html"
        ]

    @property
    def asked_column(self) -> bool:
        """Say whether htmx asks for one column alone."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return bool(htmx) and htmx.target == f"column-{self.column}"

    # What it shows

    @cached_property
    def data(self) -> QueryDict:
        data = super().data.copy()
        for name in NOT_OF_THE_BOARD:
            data.pop(name, None)
        return data

    def narrowed(self) -> QuerySet[Any, Any]:
        return super().narrowed().open()  # type: ignore[attr-defined,no-any-return]

    @cached_property
    def every_stage(self) -> list[Stage]:
        """The stages of all processes, without those that are worked on the lead."""
        rows = Stage.objects.for_opportunities().select_related("process")
        return list(rows.order_by("process__position", "process", "position", "pk"))

    @cached_property
    def processes(self) -> list[Process]:
        """The processes that can be chosen, and the one that is shown."""
        every = {stage.process_id: stage.process for stage in self.every_stage}
        return [
            each
            for each in every.values()
            if each.is_active or str(each.pk) == self.data.get("process")
        ]

    @cached_property
    def process(self) -> Process | None:
        """The process that was asked for, else the default one."""
        asked = self.data.get("process", "")
        found = [each for each in self.processes if str(each.pk) == asked]
        found += [each for each in self.processes if each.is_default]
        return next(iter(found or self.processes), None)

    @cached_property
    def stages(self) -> list[Stage]:
        return [each for each in self.every_stage if each.process == self.process]

    @cached_property
    def move_labels(self) -> dict[int, str]:
        """What the way to each stage is called."""
        return {each.pk: _("Move to %(stage)s") % {"stage": each} for each in self.stages}

    @cached_property
    def column(self) -> int | str | None:
        """The stage that a phone shows, and whose cards may be more than the first ones."""
        asked = self.data.get(COLUMN, "")
        if asked == WON and self.shows_won:
            return WON
        found = [stage.pk for stage in self.stages if str(stage.pk) == asked]
        return next(iter(found or [stage.pk for stage in self.stages]), None)

    def most(self, column: int | str) -> int:
        """Return how many cards of a column are shown."""
        text = self.data.get(CARDS, "")
        is_asked = column == self.column and text.isascii() and text.isdigit() and len(text) < 5
        return min(max(int(text), FIRST), MOST) if is_asked else FIRST

    @cached_property
    def shows_won(self) -> bool:
        """Say whether what was won stands beside what is open."""
        if self.is_elsewhere or not self.filter.is_valid():
            return False
        return not any(self.data.get(name) for name in ONLY_OPEN)

    # Addresses

    def link(self, **changes: str | list[str] | None) -> str:
        return super().link(**{COLUMN: None, CARDS: None, **changes})

    @property
    def is_elsewhere(self) -> bool:
        """Say whether closed ones are asked for, which the board does not show."""
        return self.data.get("status", "open") != "open" and self.filter.is_valid()

    def in_table(self, **changes: str | list[str] | None) -> str:
        """Return where the same opportunities stand in the table."""
        return reverse("opportunities:list") + self.link(**changes)

    @cached_property
    def query(self) -> str:
        """The query string that the pages of a card repeat."""
        data = QueryDict(f"{BOARD}=1", mutable=True)
        for name, value in self.pairs():
            data.appendlist(name, value)
        return f"?{data.urlencode()}"

    def layouts(self) -> list[dict[str, Any]]:
        return layouts_of(self, is_board=True)

    # What it is made of

    def results(self, rows: QuerySet[Any, Any], counts: dict[str, Any]) -> dict[str, Any]:
        totals = rows.by_stage() if self.filter.is_valid() else {}  # type: ignore[attr-defined]
        wanted = [stage.pk for stage in self.stages]
        if self.asked_column:
            wanted = [pk for pk in wanted if pk == self.column]
        columns = self.filled_columns(rows, totals, wanted)
        won = None
        if not self.asked_column or self.column == WON:
            won = self.won_column()
        whole = whole_of(totals, self.stages)
        return {
            "columns": columns,
            "won": won,
            "whole_column": columns[0] if columns else None,
            "switch": self.switch(totals, won),
            "process_switch": self.process_switch(),
            "page": {"total_text": str(whole.count)},
            "toolbar_note": note_of(whole),
            "is_empty": not whole.count and not (won and won["count"]),
            "is_closed_only": self.is_elsewhere,
            "table_url": self.in_table(),
        }

    def chips(self) -> list[dict[str, Any]]:
        said = {"process"} if self.is_elsewhere else {"process", "status"}
        return [chip for chip in super().chips() if chip["name"] not in said]

    def filter_url(self) -> str:
        return super().filter_url() + f"&{BOARD}=1"

    def filled_columns(
        self,
        rows: QuerySet[Any, Any],
        totals: dict[int, InStage],
        wanted: Collection[int],
        *,
        also: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return the columns of these stages with their first cards, in one statement."""
        shown = [stage for stage in self.stages if stage.pk in wanted]
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        cards: dict[int, list[dict[str, Any]]] = {stage.pk: [] for stage in shown}
        found = rows.first_of_stages(  # type: ignore[attr-defined]
            {stage.pk: self.most(stage.pk) for stage in shown},
            tomorrow=today + timedelta(days=1),
            also=also,
        ).for_board()
        for opportunity in found:
            if opportunity.stage_id in cards:
                cards[opportunity.stage_id].append(self.card(opportunity))
        return [self.column_of(stage, totals, cards[stage.pk]) for stage in shown]

    def column_of(
        self, stage: Stage, totals: dict[int, InStage], cards: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Return what a column shows: its figures, its cards, and the way to the others."""
        here = totals.get(stage.pk, InStage())
        left = here.count - len(cards)
        step = min(left, FIRST)
        more = {COLUMN: str(stage.pk), CARDS: str(self.most(stage.pk) + step)}
        label = ngettext("Show %(n)s more", "Show %(n)s more", step) % {"n": step}
        more_url = self.link(**more) if left > 0 else ""
        if left > 0 and len(cards) >= MOST:
            label = _("Show all %(n)s in the table") % {"n": here.count}
            more_url = self.in_table(stage=str(stage.pk), sort="next_step")
        creates = self.create_url() if stage.process.is_default else ""
        return {
            "stage": stage,
            "usual": _("%(n)d days are usual") % {"n": stage.usual_days},
            "move_label": self.move_labels[stage.pk],
            "others": [
                {"pk": each.pk, "label": self.move_labels[each.pk]}
                for each in self.stages
                if each != stage
            ],
            "count": here.count,
            **sums_of(here),
            "cards": cards,
            "is_shown": stage.pk == self.column,
            "more_url": more_url,
            "more_label": label,
            "is_more_here": len(cards) < MOST,
            "create_url": f"{creates}?stage={stage.pk}" if creates else "",
        }

    def won_column(self) -> dict[str, Any] | None:
        """Return the column of what was won this month, the last one first; in one statement.

        It is narrowed as the others are, but for what says that they are open.
        """
        if not self.shows_won or self.process is None:
            return None
        data = self.data.copy()
        data.pop("status", None)
        rows = self.narrowed_by(data)
        if rows is None:
            return None
        first = timezone.localdate().replace(day=1)
        won = rows.won().filter(stage__process=self.process, closed_on__gte=first)  # type: ignore[attr-defined]
        found = list(won.latest_won(self.most(WON)))
        count, value = (found[0].total, found[0].total_value) if found else (0, None)
        amount = Decimal(value or 0).quantize(Decimal(1))
        left = count - len(found)
        step = min(left, FIRST)
        is_whole = len(found) >= MOST
        more = self.link(**{COLUMN: WON, CARDS: str(self.most(WON) + step)})
        table = self.in_table(status="won", closed="month")
        label = ngettext("Show %(n)s more", "Show %(n)s more", step) % {"n": step}
        return {
            "count": count,
            "value": money(amount, compact=True),
            "in_full": money(amount),
            "cards": [self.won_card(each) for each in found],
            "is_shown": self.column == WON,
            "more_url": "" if left <= 0 else table if is_whole else more,
            "more_label": _("Show all %(n)s in the table") % {"n": count} if is_whole else label,
            "is_more_here": not is_whole,
        }

    def won_card(self, opportunity: Opportunity) -> dict[str, Any]:
        """Return what the card of a won opportunity shows."""
        account, value = opportunity.account, opportunity.actual_value
        closed = opportunity.closed_on or timezone.localdate()
        days = max((closed - timezone.localtime(opportunity.created_at).date()).days, 0)
        may_see = account is not None and reaches(self.user, "view", account)
        url = href(opportunity)
        return {
            "pk": opportunity.pk,
            "topic": opportunity.topic,
            "account": account if may_see else "",
            "value": ""
            if value is None
            else money(value.quantize(Decimal(1)), opportunity.currency),
            "won_on": _("Won %(day)s") % {"day": formats.short_day(closed)},
            "won_in": ngettext("Won in %(n)d day", "Won in %(n)d days", days) % {"n": days},
            "owner": avatar(opportunity.owner),
            "url": url,
        }

    def card(self, opportunity: Opportunity) -> dict[str, Any]:
        """Return what a card shows, and the addresses of what may be done with it."""
        account, owner = opportunity.account, opportunity.owner
        value, currency = opportunity.value, opportunity.currency
        days, stale = days_in_stage(opportunity), is_stale(opportunity)
        words = (
            ngettext("Stale, %(n)s day", "Stale, %(n)s days", days)
            if stale
            else ngettext("%(n)s day in stage", "%(n)s days in stage", days)
        )
        expected, is_overdue = opportunity.estimated_close_date, False
        if expected is not None:
            is_overdue = expected < timezone.localdate()
        sentence = _("Expected %(day)s, late") if is_overdue else _("Expected %(day)s")
        url = href(opportunity)
        hold = "resume" if opportunity.is_on_hold else "hold"
        may_see = account is not None and reaches(self.user, "view", account)
        return {
            "pk": opportunity.pk,
            "version": opportunity.version,
            "topic": opportunity.topic,
            "account": account if may_see else "",
            "value": "" if value is None else money(value.quantize(Decimal(1)), currency),
            "probability": opportunity.probability,
            "is_on_hold": opportunity.is_on_hold,
            "expected": sentence % {"day": formats.short_day(expected)} if expected else "",
            "is_overdue": is_overdue,
            "next_step": next_step(opportunity),
            "days": words % {"n": days},
            "is_stale": stale,
            "owner": avatar(owner),
            "may_change": reaches(self.user, "change", opportunity),
            "may_close": reaches(self.user, "close", opportunity),
            "menu_label": _("Menu of %(opportunity)s") % {"opportunity": opportunity},
            "url": url,
            "hold_url": f"{url}{hold}/{self.query}",
            **{f"{name}_url": f"{url}{name}/{self.query}" for name in DONE},
        }

    def switch(
        self, totals: dict[int, InStage], won: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the columns to choose from on a phone."""
        columns: list[tuple[Any, Any, int]] = [
            (stage.pk, stage, totals.get(stage.pk, InStage()).count) for stage in self.stages
        ]
        if won is not None:
            columns.append((WON, _("Won"), won["count"]))
        return [
            {
                "key": key,
                "label": label,
                "count": count,
                "url": self.link(**{COLUMN: str(key)}),
                "is_current": key == self.column,
            }
            for key, label, count in columns
        ]

    def process_switch(self) -> list[dict[str, Any]]:
        """Return the processes to choose from; nothing where there is one."""
        if len(self.processes) < 2:
            return []
        return [
            {
                "label": str(each),
                "url": self.link(process=str(each.pk), stage=None),
                "is_current": each == self.process,
            }
            for each in self.processes
        ]

    def changed(
        self, stages: Collection[int] | None = None, *, record: Opportunity
    ) -> dict[str, Any]:
        """Return the columns of these stages, or all, as they are now, and the figures over all."""
        rows = self.narrowed()
        totals = rows.by_stage()  # type: ignore[attr-defined]
        if stages is None:
            stages = [stage.pk for stage in self.stages]
        won = self.won_column()
        return {
            "columns": self.filled_columns(rows, totals, stages, also=record.pk),
            "won": won,
            "switch": self.switch(totals, won),
            "toolbar_note": note_of(whole_of(totals, self.stages)),
        }


def layouts_of(view: ListView, *, is_board: bool) -> list[dict[str, Any]]:
    """Return table and board, both with what narrows the opportunities now."""
    kept = view.link()
    return [
        {
            "label": _("Table"),
            "icon": "table",
            "url": reverse("opportunities:list") + kept,
            "is_current": not is_board,
        },
        {
            "label": _("Board"),
            "icon": "layout-kanban",
            "url": reverse("opportunities:board") + kept,
            "is_current": is_board,
        },
    ]


def whole_of(totals: dict[int, InStage], stages: Sequence[Stage]) -> InStage:
    """Add up what is in the stages."""
    parts = [totals[stage.pk] for stage in stages if stage.pk in totals]
    zero = Decimal(0)
    return InStage(
        sum(part.count for part in parts),
        sum((part.value for part in parts), zero),
        sum((part.weighted for part in parts), zero),
    )


def sums_of(here: InStage) -> dict[str, str]:
    """Return value and weighted value, short, and both in full."""
    value, weighted = (amount.quantize(Decimal(1)) for amount in (here.value, here.weighted))
    return {
        "value": money(value, compact=True),
        "weighted": _("%(amount)s weighted") % {"amount": money(weighted, compact=True)},
        "in_full": _("%(value)s, weighted %(weighted)s")
        % {"value": money(value), "weighted": money(weighted)},
    }


def note_of(whole: InStage) -> str:
    """Say what all columns are worth together."""
    sums = sums_of(whole)
    return _("%(value)s open, %(weighted)s") % sums


class OnBoard:
    """A page that leads back to the board from which it was opened, if it was.

    To htmx it answers with the columns that have changed, what a message would say and how it is
    undone; a card that may not move gets the reason.
    """

    request: HttpRequest
    record: Any
    outcome: Any = None
    stage_before: int | None = None

    @cached_property
    def board(self) -> OpportunityBoard | None:
        if self.request.GET.get(BOARD) != "1":
            return None
        board = OpportunityBoard()
        board.setup(self.request)
        return board

    @property
    def is_card(self) -> bool:
        """Say whether a card of the board asks, and has no room for a page."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return self.board is not None and bool(htmx) and htmx.target == NOTICE

    @property
    def board_url(self) -> str:
        data = QueryDict(self.board.query[1:] if self.board else "", mutable=True)
        data.pop(BOARD, None)
        return f"{reverse('opportunities:board')}?{data.urlencode() or 'view=all'}"

    @property
    def board_query(self) -> str:
        """Return what an address of another page needs to lead to the board as well."""
        return self.board.query if self.board else ""

    def get_template_names(self) -> list[str]:
        return ["opportunities/refused.html"] if self.is_card else super().get_template_names()

    def cancel_url(self) -> str:
        return self.board_url if self.board else super().cancel_url()

    def success_url_for(self, outcome: Any) -> str:
        return self.board_url if self.board else super().success_url_for(outcome)

    def run(self, form: Any) -> Any:
        self.stage_before = self.record.stage_id
        self.outcome = super().run(form)
        return self.outcome

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Answer; where the board was out of date, with all that it shows as it is now."""
        if self.is_card and self.board and options.get("status") == CONFLICT:
            context |= self.board.changed(record=self.record)
        return super().render_to_response(context, **options)  # type: ignore[no-any-return]

    def go(self, url: str) -> HttpResponse:
        if self.board is None or not self.request.htmx:  # type: ignore[attr-defined]
            return super().go(url)  # type: ignore[no-any-return]
        stages = {self.stage_before, self.outcome.stage_id}
        context = self.board.changed(stages, record=self.outcome)
        answer = render(self.request, "opportunities/board_changed.html", context)
        for message in messages.get_messages(self.request):
            toast = {"text": str(message), "undo": undo_url(message)}
            trigger_client_event(answer, "toast", toast)
        here = next((c for c in context["columns"] if c["stage"].pk == self.outcome.stage_id), None)
        if here is not None:
            text = _("%(stage)s: %(count)s, %(value)s") % here
            trigger_client_event(answer, "announce", {"text": text})
        return answer
