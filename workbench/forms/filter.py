"""The form that narrows a list by conditions on any field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from workbench.forms import PageForm
from workbench.forms.conditions import ConditionField

if TYPE_CHECKING:
    from django.db.models import Model


class FilterForm(PageForm):
    """Which records a list of `model` shows: rows and groups of conditions, or none."""

    def __init__(self, *args: Any, model: type[Model], **kwargs: Any) -> None:
        self.base_fields = {
            "where": ConditionField(
                model,
                is_for_viewer=True,
                required=False,
                label=_("Show %(names)s of which") % {"names": model._meta.verbose_name_plural},
            )
        }
        super().__init__(*args, **kwargs)
