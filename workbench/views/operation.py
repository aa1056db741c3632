"""A page for something that is done to a record: it shows what will happen, then does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workbench.forms import OperationForm
from workbench.views.record import FormPage, RecordPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet


class OperationView(RecordPage, FormPage):
    """Show `form_class`; on a valid post hand its data to `operation`.

    `explanation` is the line of consequence under the title, `is_dangerous` colours the button.
    """

    template_name = "workbench/operation.html"
    form_class: ClassVar[type[Any]] = OperationForm
    operation: ClassVar[Callable[..., Any]]
    explanation: ClassVar[Any] = ""
    is_dangerous: ClassVar[bool] = False

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "record": self.record}

    def run(self, form: Any) -> Any:
        return self.operation(self.record, by=self.user, **form.cleaned_data)

    def success_url_for(self, outcome: Any) -> str:
        return str(self.record.get_absolute_url())

    def cancel_url(self) -> str:
        return str(self.record.get_absolute_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{"explanation": self.explanation, "is_dangerous": self.is_dangerous, **kwargs}
        )


class DeleteView(OperationView):
    """Ask, then put the record into the recycle bin."""

    action = "delete"
    submit_label = gettext_lazy("Delete")
    explanation = gettext_lazy("It goes to the recycle bin, from where it can be restored.")
    is_dangerous = True

    def page_title(self) -> str:
        return _("Delete %(record)s") % {"record": self.record}

    def success_message(self, outcome: Any) -> str:
        return _("%(record)s was deleted") % {"record": self.record}

    def undo_url(self, outcome: Any) -> str:
        return reverse(f"{self.namespace}:restore", kwargs={"pk": self.record.pk})

    def success_url_for(self, outcome: Any) -> str:
        return reverse(f"{self.namespace}:list")


class RestoreView(OperationView):
    """Ask, then take the record out of the recycle bin."""

    action = "delete"
    submit_label = gettext_lazy("Restore")
    explanation = gettext_lazy("It is in the recycle bin.")

    def get_rows(self) -> QuerySet[Any, Any]:
        return self.model.all_objects.permitted(self.user, "view")  # type: ignore[attr-defined,no-any-return]

    def page_title(self) -> str:
        return _("Restore %(record)s") % {"record": self.record}

    def cancel_url(self) -> str:
        return reverse(f"{self.namespace}:list")

    def success_message(self, outcome: Any) -> str:
        return _("%(record)s was restored") % {"record": self.record}
