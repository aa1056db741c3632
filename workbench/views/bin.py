"""The recycle bin of a kind of record: its list with `?bin=1`, each row leading to "Restore"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from records.permissions import may
from users.models import User
from workbench.views.counting import CountUpTo
from workbench.views.list import ListView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet


class BinListView(ListView):
    """A list that shows with `?bin=1` what was deleted, to those who may delete it."""

    @cached_property
    def is_bin(self) -> bool:
        return self.request.GET.get("bin") == "1"

    def get_template_names(self) -> list[str]:
        names = super().get_template_names()
        return ["workbench/list_with_bin.html"] if names == ["workbench/list.html"] else names

    def get_rows(self) -> QuerySet[Any, Any]:
        if not self.is_bin:
            return super().get_rows()
        if not may(self.user, "delete", self.model):
            raise PermissionDenied(_("You may not delete and restore these records."))
        return self.model.all_objects.in_the_bin().permitted(self.user, "delete")  # type: ignore[attr-defined, no-any-return]

    def ordering(self) -> Sequence[str]:
        return ("-deleted_at",) if self.is_bin and not self.sort else super().ordering()

    def page_title(self) -> str:
        title = super().page_title()
        return _("Recycle bin: %(kind)s") % {"kind": title.lower()} if self.is_bin else title

    def counts(self, rows: QuerySet[Any, Any]) -> dict[str, Any]:
        return self.only_count(rows) if self.is_bin else super().counts(rows)

    def only_count(self, rows: QuerySet[Any, Any]) -> dict[str, Any]:
        """Count the rows, and neither tabs nor values."""
        found = User.objects.filter(pk=self.user.pk).annotate(_total=CountUpTo(rows))
        total = found.values_list("_total", flat=True).get()
        return {"total": total or 0, "tabs": []}

    @cached_property
    def bulk_actions(self) -> list[dict[str, Any]]:
        return [] if self.is_bin else super().bulk_actions

    def create_url(self) -> str:
        return "" if self.is_bin else super().create_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["is_bin"] = self.is_bin
        context["offers_bin"] = may(self.user, "delete", self.model)
        if self.is_bin:
            context["clear_url"] = "?bin=1"
        return context
