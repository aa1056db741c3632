"""What was merged: a list, a receipt for each, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from duplicates import operations
from duplicates.forms import UnmergeForm
from duplicates.queries import (
    KINDS,
    left_for,
    merges_for,
    moved_by,
    moves_in_words,
    obstacle_for,
    records_of,
)
from duplicates.views.merge import label_for
from records import custom
from records.errors import CannotUnmerge
from records.models import Merge
from records.operations.merging import image_of
from records.permissions import hidden_fields, name_for, reaches, unnamed
from workbench.views.record import FormPage, Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from users.models import User

SHOWN = 100


class MergeList(Page, TemplateView):
    """The latest merges into records that one may see."""

    model = KINDS["contact"]
    template_name = "duplicates/merges.html"
    title = gettext_lazy("Merged records")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = merges_for(self.user).select_related("by").defer("image")
        latest = list(rows.order_by("-pk")[:SHOWN])
        records = records_of(*latest)
        return super().get_context_data(
            rows=[{"merge": each, **names_in(each, records, self.user)} for each in latest],
            **kwargs,
        )


class MergeReceipt(Page, TemplateView):
    """What a merge made one, what it moved and which values stayed; to read, and to undo."""

    template_name = "duplicates/merged.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_authenticated:
            self.model = KINDS[self.merge.kind]

    @cached_property
    def merge(self) -> Merge:
        rows = merges_for(self.user).select_related("by", "ended_by")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    @cached_property
    def records(self) -> dict[tuple[str, int], Any]:
        return records_of(self.merge)

    @property
    def kept(self) -> Any:
        return self.records[self.merge.kind, self.merge.survivor_id]

    @property
    def gone(self) -> list[Any]:
        """The records that went, None for one that was erased."""
        return [self.records.get((self.merge.kind, pk)) for pk in self.merge.loser_ids]

    def may_undo(self) -> bool:
        """Say whether the viewer may do to each record what an undo does."""
        kept = self.records.get((self.merge.kind, self.merge.survivor_id))
        return (
            kept is not None
            and reaches(self.user, "change", kept)
            and all(each is not None and reaches(self.user, "delete", each) for each in self.gone)
        )

    def may_read_values(self) -> bool:
        """Say whether the viewer may know the values that the survivor got.

        Once the merge is undone they are those of the others again.
        """
        return self.merge.is_active or all(
            each is not None and reaches(self.user, "view", each) for each in self.gone
        )

    def page_title(self) -> str:
        return _("Merge into %(name)s") % {"name": self.kept}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kept = self.kept
        return super().get_context_data(
            merge=self.merge,
            kept=kept,
            **names_in(self.merge, self.records, self.user),
            changes=changes_of(self.merge, kept, self.user) if self.may_read_values() else [],
            effects=moves_in_words(moved_by(self.merge), str(kept), self.user),
            may_undo=self.merge.is_active and self.may_undo(),
            left=left_for(self.merge, self.user),
            **kwargs,
        )


class DuplicateUnmerge(MergeReceipt, FormPage):
    """Undo a merge; where something has changed since, say what, and offer to undo the rest."""

    form_class = UnmergeForm
    obstacles: tuple[Any, ...] = ()
    may_keep = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not self.may_undo():
            raise PermissionDenied(_("You can read this merge but not undo it. Ask your manager."))
        return super().dispatch(request, *args, **kwargs)

    def run(self, form: UnmergeForm) -> Merge:
        return operations.unmerge(self.merge, by=self.user, keep=form.cleaned_data["keep"])

    def add_refusal(self, form: Any, refusal: Any) -> None:
        if not isinstance(refusal, CannotUnmerge):
            super().add_refusal(form, refusal)
            return
        told = dict.fromkeys(obstacle_for(each, self.user) for each in refusal.obstacles)
        self.obstacles, self.may_keep = tuple(told), refusal.may_keep
        form.add_error(None, str(refusal))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            obstacles=[
                {
                    "text": each.text,
                    "url": each.record.get_absolute_url()
                    if hasattr(each.record, "get_absolute_url")
                    else "",
                }
                for each in self.obstacles
            ],
            may_keep=self.may_keep,
            **kwargs,
        )

    def success_message(self, outcome: Merge) -> str:
        return _("The merge into %(name)s was undone") % {"name": self.kept}

    def success_url_for(self, outcome: Merge) -> str:
        return outcome.get_absolute_url()

    def cancel_url(self) -> str:
        return self.merge.get_absolute_url()


def names_in(merge: Merge, records: Mapping[tuple[str, int], Any], viewer: User) -> dict[str, Any]:
    """Return the records of a merge by name and address, as far as the viewer may know them.

    `records` is what `records_of` says.
    """
    model = KINDS[merge.kind]

    def told(pk: int) -> dict[str, str]:
        record = records.get((merge.kind, pk))
        if record is None:
            return {"name": unnamed(model), "url": ""}
        is_seen = reaches(viewer, "view", record)
        return {
            "name": name_for(viewer, record),
            "url": record.get_absolute_url() if is_seen else "",
        }

    return {"survivor": told(merge.survivor_id), "losers": [told(pk) for pk in merge.loser_ids]}


def changes_of(merge: Merge, kept: Any, viewer: User) -> list[dict[str, Any]]:
    """Return the fields of the survivor that the merge filled or replaced, in words."""
    columns = image_of(merge).changed.get(kept._meta.label, {}).get(str(kept.pk), {})
    names = {f.attname: f for f in kept._meta.concrete_fields if f.editable}
    lines = []
    kept_back = hidden_fields(viewer, merge.kind)
    for name, (old, new) in columns.items():
        if name in kept_back or getattr(names.get(name), "name", name) in kept_back:
            continue
        if name.startswith(custom.PREFIX):
            field = custom.field_of(merge.kind, name, viewer)
            words = [custom.in_words(field, value) if value else "" for value in (old, new)]
        elif name in names:
            words = [_word(names[name], value, viewer) for value in (old, new)]
        else:
            continue
        label = label_for(type(kept), getattr(names.get(name), "name", name), viewer)
        lines.append({"label": label, "old": words[0], "new": words[1]})
    return lines


def _word(column: Any, value: Any, viewer: User) -> str:
    if value in (None, ""):
        return ""
    model = column.related_model
    if model is not None:
        rows = model._base_manager.all()
        record = rows.filter(pk=value).first()
        is_record = hasattr(model, "owner")
        return "" if record is None else name_for(viewer, record) if is_record else str(record)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(dict(getattr(column, "flatchoices", ()) or ()).get(value, value))
