"""What belongs to the set-up, section by section, in the order in which it can be taken in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from leads.models import DisqualifyReason, FieldMapping, LeadLimits
from leads.operations import save_mapping
from opportunities.models import (
    Campaign,
    Competitor,
    LossReason,
    Process,
    Product,
    Source,
    Stage,
    Step,
)
from opportunities.operations import save_process, save_stages, save_step
from records.models import Currency, CustomField, FormCondition, FormLayout
from records.operations import save_setting
from records.operations.conditions import save_condition
from records.operations.shaping import save_field, save_layout
from users.models import Team

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model


@dataclass(frozen=True)
class Section:
    """Lines of one kind: by which columns one is known, and which operation saves it.

    `parent` is the relation to what the line belongs to; a line of such a section is told under
    its parent. What there is one of, or one for each kind, is never made anew.
    """

    name: str
    model: type[Model]
    key: tuple[str, ...]
    operation: Callable[..., Any] = save_setting
    is_fixed: bool = False
    # They may change places, so the operation takes all of them at once.
    is_saved_together: bool = False
    parts: Section | None = None
    parent: str = ""
    order: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> dict[str, Any]:
        """The columns that a file has of a line, by name; relations by the key of the other end."""
        left_out = {"id", "version", self.parent}
        return {
            column.name: column
            for column in self.model._meta.concrete_fields
            if column.name not in left_out and (column.editable or column.name in self.key)
        }


STEPS = Section("steps", Step, ("key",), save_step, parent="stage", order=("position", "key"))
STAGES = Section(
    "stages",
    Stage,
    ("key",),
    save_stages,
    is_saved_together=True,
    parts=STEPS,
    parent="process",
    order=("position",),
)
SECTIONS = (
    Section("currencies", Currency, ("code",)),
    Section("sources", Source, ("key",)),
    Section("campaigns", Campaign, ("key",)),
    Section("products", Product, ("key",)),
    Section("competitors", Competitor, ("key",)),
    Section("loss_reasons", LossReason, ("key",)),
    Section("disqualify_reasons", DisqualifyReason, ("key",)),
    Section("limits", LeadLimits, (), is_fixed=True),
    Section("custom_fields", CustomField, ("kind", "key"), save_field),
    Section("form_layouts", FormLayout, ("kind",), save_layout, is_fixed=True),
    Section("processes", Process, ("key",), save_process, parts=STAGES),
    Section("form_conditions", FormCondition, ("kind", "field", "effect"), save_condition),
    Section("field_mappings", FieldMapping, ("target", "column"), save_mapping),
    Section("teams", Team, ("name",)),
)
