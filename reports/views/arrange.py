"""The page on which a dashboard is arranged: cards added, taken away, moved, made wider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import push_url

from reports.arrangements import ON_TOP, STEPS, WIDTHS, Arrangement
from reports.tables import REPORTS
from reports.views.boards import TILES
from reports.views.overview import DashboardPage

if TYPE_CHECKING:
    from collections.abc import Iterator

DO = "do"
WORDS = {
    "earlier": gettext_lazy("Earlier"),
    "later": gettext_lazy("Later"),
    "narrower": gettext_lazy("Narrower"),
    "wider": gettext_lazy("Wider"),
    "remove": gettext_lazy("Remove"),
}
ICONS = {
    "earlier": "arrow-left",
    "later": "arrow-right",
    "narrower": "minus",
    "wider": "plus",
    "remove": "x",
}


class Arrange(DashboardPage):
    """A dashboard to be arranged. How far one is stands in the address; nothing is kept until it
    is saved.
    """

    template_name = "reports/arrange.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get(DO) and not self.part:
            return HttpResponseRedirect(self.link(cards=str(self.arrangement)))
        return super().get(request, *args, **kwargs)

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#arranged" if self.part else self.template_name]

    @property
    def arrangement(self) -> Arrangement:
        """The cards after the step that was asked for, `?do=earlier trend`."""
        found = Arrangement.read(self.form.data["cards"]) if self.form.data["cards"] else None
        found = found or self.board.arrangement
        step, _space, name = self.request.GET.get(DO, "").partition(" ")
        return found.after(step, name) if step in STEPS else found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        arrangement = self.arrangement
        cards = str(arrangement)
        query = self.form.whole_query(cards=cards)
        asked = QueryDict(self.query("board", cards=cards)).items()
        overview = reverse("reports:overview")
        return super().get_context_data(
            title=_("Arrange %(dashboard)s") % {"dashboard": self.board.title},
            cards=list(self.drawn(arrangement)),
            arrangement=cards,
            asked=[(name, value) for name, value in asked if name != "cards"],
            missing=[{"name": name, "title": title_of(name)} for name in arrangement.missing],
            strange=", ".join(arrangement.strange[:3]),
            saved=self.dashboards.menu(QueryDict(query)),
            show_url=f"{overview}?{self.query('board', cards=cards)}",
            start_url=f"{self.address}?{self.form.query('board', cards='')}"
            if not self.saved
            else f"{self.address}?view={self.saved.pk}",
            said=self.said(arrangement),
            **kwargs,
        )

    def said(self, arrangement: Arrangement) -> str:
        """Say in words what the step has come to."""
        step, _space, name = self.request.GET.get(DO, "").partition(" ")
        if step not in STEPS or (name not in arrangement.names and name not in arrangement.missing):
            return ""
        told: dict[str, Any] = {"card": title_of(name)}
        if name not in arrangement.names:
            return _("%(card)s is taken away") % told
        place = arrangement.names.index(name)
        told |= {
            "place": place + 1,
            "all": len(arrangement.cards),
            "width": arrangement.cards[place].width,
        }
        return _("%(card)s is number %(place)s of %(all)s, %(width)s of 12 columns wide") % told

    def drawn(self, arrangement: Arrangement) -> Iterator[dict[str, Any]]:
        """Give each card with what can be done to it."""
        movable = [card.name for card in arrangement.cards if card.name not in ON_TOP]
        for card in arrangement.cards:
            is_free = card.name not in ON_TOP
            ends = {
                "earlier": is_free and card.name == movable[0],
                "later": is_free and card.name == movable[-1],
                "narrower": card.width == WIDTHS[0],
                "wider": card.width == WIDTHS[-1],
            }
            yield {
                "name": card.name,
                "text": str(card),
                "title": title_of(card.name),
                "width": card.width,
                "is_free": is_free,
                "steps": [
                    {"key": key, "label": label, "icon": ICONS[key], "is_off": ends.get(key, False)}
                    for key, label in WORDS.items()
                    if is_free or key == "remove"
                ],
            }

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        answer = super().render_to_response(context, **options)
        address = self.link(cards=context["arrangement"])
        return push_url(answer, address) if self.part else answer


def title_of(name: str) -> str:
    """Return what a card of the library is called."""
    return _("Key figures") if name == TILES else str(REPORTS[name].title)
