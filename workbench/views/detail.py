"""The page of one record, to read and to act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from workbench.rows import Editing
from workbench.views.record import RecordPage, gone_context
from workbench.views.timeline import restoring_of, timeline_context
from workbench.views.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.http import HttpResponse

# What htmx gets instead of a record's page, by the place that it goes to.
TIMELINE_PARTS = {
    "timeline-part": "components/timeline.html",
    "timeline-more": "components/timeline.html#older",
    "composer": "components/composer.html",
}


class RecordView(RecordPage, TemplateView):
    """One record, to read and to act on. Its template is `<room>/detail.html`.

    `summary` is what the page shows of the record's own fields: it is shown again, by
    `<room>/changed.html`, when one of them is changed in its place. A room whose records have a
    timeline names `timeline_of` and `next_up`; the page then answers `?kind=`, `?text=` and
    `?before=` (what the timeline shows) and `?compose=` (what to add); htmx gets only that part.
    `?list=` names the list that the record was opened from.
    """

    timeline_of: ClassVar[Callable[..., Any] | None] = None
    next_up: ClassVar[Callable[..., Any] | None] = None

    def gone(self, record: Any) -> HttpResponse:
        """Say what became of the record; the way through the list goes on."""
        trail = Trail.told(self.request, self.model, record)
        context = {**gone_context(record, self.user), "trail": trail}
        if context["is_merged"]:
            return render(self.request, "workbench/merged.html", context)
        return render(self.request, "workbench/gone.html", context, status=404)

    def get_template_names(self) -> list[str]:
        target = self.request.htmx and self.request.htmx.target  # type: ignore[attr-defined]
        if target in TIMELINE_PARTS:
            return [TIMELINE_PARTS[target]]
        return [self.template_name or f"{self.namespace}/detail.html"]

    @cached_property
    def trail(self) -> Trail | None:
        return Trail.told(self.request, self.model)

    def fetched(self) -> QuerySet[Any, Any]:
        """Return the records that the user may see, with what the page tells of one."""
        rows: Any = self.get_rows().select_related(*self.related)
        return rows.with_tag_names()  # type: ignore[no-any-return]

    @cached_property
    def record(self) -> Any:
        rows = self.fetched()
        if self.trail is None:
            return get_object_or_404(rows, pk=self.kwargs["pk"])
        # With what the list is sorted by, so that it need not be asked for.
        rows = self.trail.page.with_sorts(rows)
        self.trail.record = get_object_or_404(rows, pk=self.kwargs["pk"])
        return self.trail.record

    def closed_because(self) -> str:
        """Return a sentence where nothing of the record can be changed as it stands."""
        return ""

    @cached_property
    def editing(self) -> Editing:
        return Editing.by(self.user, self.record, closed=self.closed_because())

    def summary(self) -> dict[str, Any]:
        """Return what is shown of the record itself: `head`, `groups`, and what a room adds."""
        raise NotImplementedError

    def crumbs(self) -> list[dict[str, str]]:
        """Return the way here: the list, and the view of it that the record was opened from."""
        names = str(self.model._meta.verbose_name_plural).capitalize()
        crumbs = [{"label": names, "url": reverse(f"{self.namespace}:list")}]
        if self.trail is not None:
            crumbs.append({"label": self.trail.label, "url": self.trail.list_url})
        return crumbs

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Whoever asks for another tab of the composer is about to write.
        kwargs["is_fresh"] = bool(self.request.htmx) and self.request.htmx.target == "composer"  # type: ignore[attr-defined]
        if self.timeline_of is not None and self.next_up is not None:
            kwargs |= timeline_context(
                self.record,
                self.request.GET,
                viewer=self.user,
                timeline_of=self.timeline_of,
                next_up=self.next_up,
                restoring=restoring_of(self.record, self.user) if self.editing.url else None,
            )
        return super().get_context_data(
            **self.summary(),
            crumbs=self.crumbs(),
            trail=self.trail,
            # What links within the page carry, so that the list is not forgotten.
            kept=f"&{self.trail.query}" if self.trail else "",
            edit_url=self.editing.url,
            **kwargs,
        )
