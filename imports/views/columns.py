"""The second step: how the file is read, and which column fills which field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from imports.forms import ReadingForm
from imports.forms.matching import BY_RULES, Matching, matching_of, options_of, sent_mapping
from imports.jobs import check
from imports.models import Import
from imports.operations import read_as, remap
from imports.queries import mappings_for, same_before
from imports.views.base import ImportPage, steps_at
from leads.jobs import IMPORTERS
from records.errors import Refused
from records.permissions import may
from users.models import User
from workbench.views.record import FormPage

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class ImportColumns(ImportPage, TemplateView):
    """Which column fills which field; nothing is imported yet."""

    template_name = "imports/columns.html"

    def get_template_names(self) -> list[str]:
        is_part = self.request.htmx and self.request.htmx.target == "matching"  # type: ignore[attr-defined]
        return [f"{self.template_name}#matching" if is_part else self.template_name]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.imported.is_at_work or self.imported.finished_at is not None:
            return self.go(self.imported.get_absolute_url())
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        do = request.POST.get("do", "")
        try:
            self.imported = self.matched()
            if do == "check":
                return self.go(check(self.imported, by=self.user).get_absolute_url())
        except Refused as refusal:
            return self.refused(refusal)
        if do == "later":
            messages.success(request, _("%(file)s is kept as a draft") % {"file": self.imported})
            return self.go(reverse("imports:list"))
        if self.request.htmx:  # type: ignore[attr-defined]
            return self.render_to_response(self.get_context_data())
        return self.go(request.get_full_path())

    def matched(self) -> Import:
        """Write down how the columns are matched by now."""
        data = self.request.POST
        version = data.get("version", "")
        number = int(version[:9]) if version.isascii() and version.isdigit() else None
        known = dict(mappings_for(self.imported))
        if data.get("do") == "use" and data.get("use") in known:
            mapping = known[data["use"]]
        else:
            mapping = sent_mapping(self.imported, data, by=self.user)
        return remap(self.imported, by=self.user, mapping=mapping, version=number)

    def refused(self, refusal: Refused) -> HttpResponse:
        context = self.get_context_data(problem=" ".join(refusal.reasons))
        return self.render_to_response(context, status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        draft = self.imported
        try:
            matching = matching_of(draft)
        except Refused as refusal:
            matching = Matching((), (), ())
            kwargs.setdefault("problem", " ".join(refusal.reasons))
        return super().get_context_data(
            imported=draft,
            steps=steps_at("columns"),
            matching=matching,
            options=options_of(draft, self.owners()),
            mappings=[name for name, _mapping in mappings_for(draft)],
            same=same_before(draft),
            reading_url=reverse("imports:reading", kwargs={"pk": draft.pk}),
            **kwargs,
        )

    def owners(self) -> list[tuple[str, str]]:
        """Return who may get the records: oneself, by the rules, a colleague."""
        kind = self.imported.kind
        if kind in ("product", "campaign"):
            return []
        found = [("", _("Myself"))]
        if kind == "lead":
            found.append((BY_RULES, _("Use assignment rules")))
        if may(self.user, "assign", IMPORTERS[kind].model):
            people = User.objects.filter(is_active=True, is_machine=False).exclude(pk=self.user.pk)
            found += [(user.email, str(user)) for user in people.order_by("name", "pk")[:200]]
        return found


class ImportReading(ImportPage, FormPage):
    """How the file is written, where that was not found out rightly."""

    form_class = ReadingForm
    template_name = "imports/reading.html"
    submit_label = gettext_lazy("Read again")

    def get_initial(self) -> dict[str, Any]:
        names = ("encoding", "delimiter", "header")
        return {name: getattr(self.imported, name) for name in names}

    def page_title(self) -> str:
        return _("How %(file)s is read") % {"file": self.imported}

    def run(self, form: Any) -> Import:
        return read_as(self.imported, by=self.user, **form.cleaned_data)

    def success_url_for(self, outcome: Import) -> str:
        return reverse("imports:columns", kwargs={"pk": outcome.pk})

    def cancel_url(self) -> str:
        return reverse("imports:columns", kwargs={"pk": self.imported.pk})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(imported=self.imported, steps=steps_at("upload"), **kwargs)
