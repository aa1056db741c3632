"""What belongs to the set-up, section by section, in the order in which it can be taken in."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from emails.models import EmailTemplate
from emails.operations.templates import change_template, save_template
from intake.models import Door, DoorField, WebForm, WebFormField
from intake.operations.entrances import save_door, save_web_form
from leads.models import AssignmentRule, DisqualifyReason, FieldMapping, Lead, LeadLimits
from leads.operations import save_mapping
from leads.operations.assignment import save_assignment_rule
from opportunities.models import (
    Campaign,
    Competitor,
    LossReason,
    Opportunity,
    Process,
    Product,
    Source,
    Stage,
    Step,
)
from opportunities.operations import (
    bring_stage_back,
    remove_stage,
    save_process,
    save_stages,
    save_step,
)
from records.custom import model_of
from records.errors import Unacceptable
from records.models import Currency, CustomField, FormCondition, FormLayout, Retention
from records.operations import save_setting
from records.operations.conditions import save_condition
from records.operations.shaping import save_field, save_layout
from reports.models import Target
from reports.operations.targets import set_targets
from users.models import Team

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.db.models import Model

    from users.models import User

REMOVED_FOR = "successor"


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
    # Which lines belong to the set-up, where not all do; a new one is so by itself.
    only: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # columns that nobody types
    # Over the fields of which kind the condition of a line asks.
    asked_of: Callable[[Any], type[Model]] = lambda _line: Opportunity
    # Takes a line away for another one of its parent, that a file names by `REMOVED_FOR`.
    removal: Callable[..., Any] | None = None

    @cached_property
    def columns(self) -> dict[str, Any]:
        """The columns that a file has of a line, by name; relations by the key of the other end."""
        left_out = {"id", "version", self.parent, *self.left_out}
        told = {*self.key, *self.also}
        return {
            column.name: column
            for column in self.model._meta.concrete_fields
            if column.name not in left_out and (column.editable or column.name in told)
        }


# What the operations of the rooms take in another way than line by line


def _save_stages(stages: Sequence[Stage], *, by: User) -> None:
    """Save the stages of a process as one; those that were out of use are in use again."""
    for stage in stages:
        if not stage.is_in_use:
            stage.version = bring_stage_back(stage, by=by).version
            stage.successor = None
    save_stages(stages, by=by)


def _save_rule(rule: AssignmentRule, *, by: User) -> None:
    place = rule.position
    save_assignment_rule(rule, by=by, position=place or None)


def _ask_for(fields: Sequence[WebFormField], *, by: User) -> None:
    if fields:
        save_web_form(fields[0].form, by=by, fields=fields)


def _map(lines: Sequence[DoorField], *, by: User) -> None:
    if lines:
        save_door(lines[0].door, by=by, mapping=lines)


def _save_template(template: EmailTemplate, *, by: User) -> None:
    """Save a template for everyone; it belongs to whoever takes it in, who may change it."""
    if template._state.adding:  # noqa: SLF001 - a number says nothing to the types
        template.audience = EmailTemplate.Audience.EVERYONE
        save_template(template, by=by)
        return
    terms = {name: getattr(template, name) for name in ("kinds", "subject", "text", "is_active")}
    change_template(EmailTemplate.objects.get(pk=template.pk), by=by, **terms)


def _save_target(target: Target, *, by: User) -> None:
    holder = target.owner or target.team
    if holder is None:
        raise Unacceptable(_("A target is somebody's: name a person or a team."))
    set_targets(holder, target.month.year, by=by, amounts={target.month.month: target.amount})
    known = {"month": target.month, "owner": target.owner, "team": target.team}
    target.pk = Target.objects.filter(**known).values_list("pk", flat=True).first()


STEPS = Section("steps", Step, ("key",), save_step, parent="stage", order=("position", "key"))
STAGES = Section(
    "stages",
    Stage,
    ("key",),
    _save_stages,
    is_saved_together=True,
    parts=STEPS,
    parent="process",
    order=("position",),
    only={"successor": None},
    removal=remove_stage,
)
FORM_FIELDS = Section(
    "fields",
    WebFormField,
    ("field",),
    _ask_for,
    is_saved_together=True,
    parent="form",
    order=("position", "pk"),
    left_out=("position",),
)
DOOR_FIELDS = Section(
    "fields",
    DoorField,
    ("path", "field"),
    _map,
    is_saved_together=True,
    parent="door",
    order=("position", "pk"),
    left_out=("position",),
)
SECTIONS = (
    Section("teams", Team, ("name",)),
    Section("currencies", Currency, ("code",)),
    Section("sources", Source, ("key",)),
    Section("campaigns", Campaign, ("key",)),
    Section("products", Product, ("key",)),
    Section("competitors", Competitor, ("key",)),
    Section("loss_reasons", LossReason, ("key",)),
    Section("disqualify_reasons", DisqualifyReason, ("key",)),
    Section("limits", LeadLimits, (), is_fixed=True),
    Section("retention", Retention, (), is_fixed=True),
    Section("custom_fields", CustomField, ("kind", "key"), save_field),
    Section(
        "form_layouts",
        FormLayout,
        ("kind", "role", "is_quick"),
        save_layout,
        left_out=("draft",),
    ),
    Section("processes", Process, ("key",), save_process, parts=STAGES),
    Section(
        "form_conditions",
        FormCondition,
        ("kind", "field", "effect"),
        save_condition,
        asked_of=lambda line: model_of(line.kind),
    ),
    Section("field_mappings", FieldMapping, ("target", "column"), save_mapping),
    Section(
        "assignment_rules",
        AssignmentRule,
        ("name",),
        _save_rule,
        order=("position",),
        also=("position",),
        asked_of=lambda _line: Lead,
    ),
    # Their keys and secrets stay at home: another installation gives them new ones.
    Section("web_forms", WebForm, ("slug",), save_web_form, parts=FORM_FIELDS),
    Section("doors", Door, ("slug",), save_door, parts=DOOR_FIELDS),
    Section(
        "email_templates",
        EmailTemplate,
        ("name",),
        _save_template,
        only={"audience": "everyone"},
        left_out=("owner", "audience"),
    ),
    Section("targets", Target, ("month", "owner", "team"), _save_target),
)
