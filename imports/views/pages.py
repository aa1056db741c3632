"""The history of imports, the file that is sent, and how an import stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from imports.forms import UploadForm
from imports.jobs import rejected_lines, why_not_revertible
from imports.models import Import, ImportRow
from imports.operations import MOST_BYTES, upload
from imports.queries import may_import, revertible_until, same_before, targets_for
from imports.views.base import ForImporters, ImportPage, steps_at
from leads.jobs import IMPORTERS
from records.errors import Unacceptable
from records.permissions import hidden_from
from workbench.views.jobs import page_in, pages
from workbench.views.record import FormPage

if TYPE_CHECKING:
    from django.http import HttpRequest

ROWS = 50
TONES: dict[str, str] = {
    Import.State.CHECKING: "active",
    Import.State.RUNNING: "active",
    Import.State.REVERTING: "active",
    Import.State.CHECKED: "info",
    Import.State.DONE: "good",
    Import.State.FAILED: "bad",
    Import.State.CANCELLED: "warn",
}
VERDICT_TONES: dict[str, str] = {
    ImportRow.Verdict.NEW: "good",
    ImportRow.Verdict.UPDATED: "info",
    ImportRow.Verdict.DUPLICATE: "warn",
    ImportRow.Verdict.REJECTED: "bad",
}


class ImportList(ForImporters, TemplateView):
    """One's own imports, the newest first."""

    template_name = "imports/list.html"
    title = gettext_lazy("Imports")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = page_in(self.request)
        rows = Import.objects.permitted(self.user).for_list()
        found = list(rows[(page - 1) * ROWS : page * ROWS + 1])
        return super().get_context_data(
            rows=[(each, TONES.get(each.phase, "")) for each in found[:ROWS]],
            create_url=reverse("imports:create"),
            **pages(page, len(found) > ROWS, "?view=own"),
            **kwargs,
        )


class ImportUpload(ForImporters, FormPage):
    """The first step: a file, and what its rows are."""

    form_class = UploadForm
    template_name = "imports/upload.html"
    title = gettext_lazy("Import a file")
    submit_label = gettext_lazy("Match columns")
    longest_upload = MOST_BYTES

    def get_initial(self) -> dict[str, Any]:
        kind = self.request.GET.get("kind", "")
        is_one = kind in IMPORTERS and may_import(self.user, kind)
        return {**super().get_initial(), **({"kind": kind} if is_one else {})}

    def run(self, form: Any) -> Import:
        data = form.cleaned_data
        return upload(
            by=self.user,
            kind=data["kind"],
            name=data["file"].name,
            content=data["file"],
            header=data["header"],
        )

    def success_url_for(self, outcome: Import) -> str:
        return reverse("imports:columns", kwargs={"pk": outcome.pk})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(steps=steps_at("upload"), **kwargs)


class ImportDetail(ImportPage, TemplateView):
    """How far an import is, what becomes of each of its rows, and what can be done about it."""

    template_name = "imports/detail.html"

    def get_template_names(self) -> list[str]:
        is_part = self.request.htmx and self.request.htmx.target == "import"  # type: ignore[attr-defined]
        return [f"{self.template_name}#import" if is_part else self.template_name]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.imported.phase == Import.State.DRAFT:
            return self.go(reverse("imports:columns", kwargs={"pk": self.imported.pk}))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        imported, page = self.imported, page_in(self.request)
        verdict = self.request.GET.get("verdict", "")
        rows = imported.rows.in_order()
        if verdict in ImportRow.Verdict.values:
            rows = rows.filter(verdict=verdict)
        elif verdict == "kept":
            rows = rows.filter(is_reverted=False)
        found = list(rows[(page - 1) * ROWS : page * ROWS + 1])
        is_check = imported.state in (Import.State.CHECKING, Import.State.CHECKED)
        is_over = imported.state in (Import.State.DONE, Import.State.REVERTED)
        why_not = why_not_revertible(imported)
        return super().get_context_data(
            imported=imported,
            tone=TONES.get(imported.phase, ""),
            steps=steps_at("check" if is_check else "import", is_over=is_over),
            is_check=is_check,
            tabs=self.tabs(verdict),
            rows=self.told(found[:ROWS]),
            comes_in=imported.count("new") + imported.count("updated"),
            same=same_before(imported) if imported.phase == Import.State.CHECKED else None,
            undo_until=None if why_not else revertible_until(imported),
            kept=imported.rows.filter(is_reverted=False).count() if imported.reverted_at else 0,
            records_url=self.records_url(),
            **pages(page, len(found) > ROWS, f"?verdict={verdict}"),
            **kwargs,
        )

    def tabs(self, current: str) -> list[dict[str, Any]]:
        imported = self.imported
        counts = [("", _("All rows"), sum(imported.count(v) for v in ImportRow.Verdict.values))]
        counts += [
            (verdict, str(label), imported.count(verdict))
            for verdict, label in ImportRow.Verdict.choices
            if imported.count(verdict)
        ]
        return [
            {
                "label": label,
                "count": f"{n:,}",
                "url": f"?verdict={key}",
                "is_current": key == current,
            }
            for key, label, n in counts
        ]

    def records_url(self) -> str:
        model = IMPORTERS[self.imported.kind].model
        if self.imported.finished_at is None or not hasattr(model, "url_namespace"):
            return ""
        return reverse(f"{model().url_namespace}:list")

    def told(self, rows: list[ImportRow]) -> list[dict[str, Any]]:
        """Return rows with the records that they are about, as far as the reader may see them."""
        model = IMPORTERS[self.imported.kind].model
        numbers = {n for row in rows for n in (row.record_id, row.of) if n is not None}
        hidden = hidden_from(self.user, {model: numbers}) if numbers else set()
        records = {
            record.pk: record
            for record in model._base_manager.filter(pk__in=numbers)
            if (model, record.pk) not in hidden and hasattr(record, "get_absolute_url")
        }
        labels = {each.name: each.label for each in targets_for(self.user, self.imported.kind)}
        return [
            {
                "row": row,
                "tone": VERDICT_TONES.get(row.verdict, ""),
                "record": records.get(row.record_id),
                "of": records.get(row.of),
                "said": [(labels.get(name, name), text) for name, text in row.said()],
            }
            for row in rows
        ]


class ImportRejected(ImportPage):
    """The rows that did not come in, as a file with the reasons, to be mended and sent again."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        imported = self.imported
        try:
            lines = rejected_lines(imported)
        except Unacceptable as refusal:
            messages.error(request, " ".join(refusal.reasons))
            return self.go(imported.get_absolute_url())
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="rejected-{imported.pk}.csv"'
        answer["Cache-Control"] = "no-store"
        return answer
