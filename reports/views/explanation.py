"""The pages that explain: the trade, and what each figure means."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views import generic

from leads.models import DisqualifyReason, Lead
from opportunities.models import Stage
from reports.views.viewer import person

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph, a list or lines of code: its words, and how each is written."""

    kind: str
    runs: list[tuple[str, str]]
    anchor: str = ""
    items: list[list[tuple[str, str]]] = field(default_factory=list)


class Definitions(generic.TemplateView):
    """What each figure means: one sentence, one formula, and the list that it opens."""

    template_name = "reports/definitions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = (settings.BASE_DIR / "docs" / "manager" / "figures.md").read_text(encoding="utf-8")
        return super().get_context_data(blocks=blocks_of(text), **kwargs)


def blocks_of(text: str) -> list[Block]:
    """Read the little of Markdown in which our pages are written: headings, lists, lines of code.

    >>> [(block.kind, block.anchor) for block in blocks_of("## Won and lost\\n\\nAll of it.")]
    [('h2', 'won-and-lost'), ('p', '')]
    """
    blocks: list[Block] = []
    for part in re.split(r"\n\s*\n", text.strip("\n")):
        if part.startswith("    "):
            blocks.append(Block("pre", [("", textwrap.dedent(part))]))
        elif part.startswith("#"):
            marks, heading = part.split(" ", 1)
            blocks.append(Block(f"h{len(marks)}", runs_of(heading), slugify(heading)))
        elif part.startswith("- "):
            lines = [
                " ".join(line.split()) for line in re.split(r"\n?^- ", part, flags=re.MULTILINE)[1:]
            ]
            blocks.append(Block("ul", [], items=[runs_of(line) for line in lines]))
        else:
            blocks.append(Block("p", runs_of(" ".join(part.split()))))
    return blocks


def runs_of(line: str) -> list[tuple[str, str]]:
    """Part a line into words that are plain, strong, stressed or code.

    >>> runs_of("All *of* it")
    [('', 'All '), ('em', 'of'), ('', ' it')]
    """
    runs = []
    for found in re.finditer(r"\*\*(.+?)\*\*|\*(.+?)\*|`(.+?)`|([^*`]+|.)", line):
        strong, stressed, code, plain = found.groups()
        kind = "b" if strong else "em" if stressed else "code" if code else ""
        runs.append((kind, strong or stressed or code or plain))
    return runs


class LeadOrOpportunity(generic.TemplateView):
    """What a lead is, what an opportunity is, and why the difference pays."""

    template_name = "reports/lead_or_opportunity.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = person(self.request)
        ready = (
            Lead.objects.permitted(user, "qualify").ready().order_by("-ready_since", "pk").first()
        )
        return super().get_context_data(
            ready=ready,
            bant=[
                ("B", _("Budget"), _("Is there money for it, how much, and is it set aside?")),
                ("A", _("Authority"), _("Who decides, and does one person decide or several?")),
                ("N", _("Need"), _("What problem shall be solved, and how badly must it be?")),
                ("T", _("Timeframe"), _("When do they want to have it?")),
            ],
            stages=Stage.objects.in_use()
            .filter(process__is_default=True)
            .order_by("position", "pk"),
            reasons=DisqualifyReason.objects.filter(is_active=True).order_by("position", "pk"),
            shots=_existing(["leads.png", "lead.png", "qualify.png", "opportunity.png"]),
            **kwargs,
        )


def _existing(names: Iterable[str]) -> dict[str, str]:
    """Return the screenshots that are there: they are taken from the demo, by a script."""
    paths = {name: f"docs/{name}" for name in names}
    return {name.removesuffix(".png"): path for name, path in paths.items() if finders.find(path)}
