"""The rows of a chunk that are plainly new: looked up and written with a few statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from records import keys
from records.errors import Refused
from records.models import Tag, TimelineRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.transfer.undo import Trace

Mark = tuple[str, ...]


class Batch:
    """What judges rows of a chunk together that are plain: new, as nothing there is like them, or
    of a record that says the same already. Subclassed in each room, made once per chunk.

    What is like a row is found by marks that are coarser than the comparison of the importer: a row
    that shares one with another is settled by itself, and that comparison has the word.
    """

    # A row that says one of these has more to it than a new record.
    special: ClassVar[frozenset[str]] = frozenset({"id"})
    # What of a known record is compared with a row.
    related: ClassVar[tuple[str, ...]] = ("owner",)

    def __init__(self, importer: Any, chunk: list[dict[str, Any]]) -> None:
        self.importer = importer
        self.by = importer.by
        self.tags = self._tags_in(chunk)
        self.known = self._known_in(chunk)
        self.look_up(chunk)
        self.drafts = {id(values): self._drawn_up(values) for values in chunk}
        self.marks: dict[int, frozenset[Mark]] = {}
        # A row that names a known record is settled by itself, whatever else is like it.
        others = [v for v in chunk if v.get("external_id", "") not in self.known]
        self.there = self.standing(set().union(*map(self._marks_of, others)))
        self.waiting: set[Mark] = set()
        # What rows say that were settled by themselves: what was looked up of it may have changed.
        self.unsure: set[Mark] = set()
        # Whether a row has added to a list: what others say may be there by now.
        self.has_grown = False

    # To be written by the room

    def look_up(self, chunk: list[dict[str, Any]]) -> None:
        """Read at once what rows refer to, before any of them is drawn up."""

    def fields_in(self, values: dict[str, Any], *, is_new: bool = True) -> dict[str, Any] | None:
        """Return what a record is made of; None where something is not there that it needs."""
        raise NotImplementedError

    def draw_up(self, fields: dict[str, Any]) -> Any:
        """Return a record that is complete and checked, and not written yet."""
        raise NotImplementedError

    def marks_on(self, values: dict[str, Any]) -> Iterable[Mark]:
        """Give by what another row or record would be like this row, beside the external id."""
        return ()

    def means(self, values: dict[str, Any]) -> Iterable[Mark]:
        """Give by what other rows would be like what this row refers to."""
        return ()

    def standing(self, marks: Iterable[Mark]) -> set[Mark]:
        """Return those of the marks that stand on a record already."""
        ids = [mark[1] for mark in marks if mark[0] == "id"]
        if not ids:
            return set()
        rows = self.importer.model._base_manager.filter(external_id__in=ids)
        return {("id", found) for found in rows.values_list("external_id", flat=True)}

    def insert(self, drafts: list[Any]) -> list[Any]:
        """Write records that are drawn up, and return them."""
        raise NotImplementedError

    # Common to all

    def standing_of(self, values: dict[str, Any]) -> Any:
        """Return the record that says already what the row says; None where it may not."""
        known = self.known.get(values.get("external_id", ""))
        if known is None or not self.is_plain(values):
            return None
        if not self.unsure.isdisjoint(self._marks_of(values) | set(self.means(values))):
            return None
        try:
            fields = self.fields_in(dict(values), is_new=False)
        except Refused:
            return None
        if fields is None:
            return None
        if (owner := fields.pop("owner")) is not None:
            fields["owner"] = owner
        fields.pop("created_at", None)
        fields["tags"] = [tag.name for tag in fields["tags"]]
        if "tags" not in values:
            del fields["tags"]
        return known if self.is_like(known, fields) else None

    def is_like(self, known: Any, fields: dict[str, Any]) -> bool:
        """Say whether a record says already what the fields of a row do."""
        return not self.importer.differing(known, fields)

    def duplicate_of(self, values: dict[str, Any]) -> Any:
        """Return the outcome of a row that is left out, as a record says the same; else None."""
        return None

    def draft_of(self, values: dict[str, Any]) -> Any:
        """Return what is to be written of the next row; None when it has to be settled by itself.

        The values are those of the chunk, in its order; from now on the row is known.
        """
        draft, marks = self.drafts[id(values)], self._marks_of(values)
        if draft is None and self.has_grown:
            draft = self.drafts[id(values)] = self._drawn_up(values)
        means = set(self.means(values))
        is_plain = draft is not None and marks.isdisjoint(self.there)
        self.there |= marks
        if not is_plain or not means.isdisjoint(self.unsure):
            self.unsure |= marks | means
            return None
        self.waiting |= marks | means
        return draft

    def touches_what_waits(self, values: dict[str, Any]) -> bool:
        """Say whether this row, the last that was asked for, means one that is not written yet."""
        return not self.waiting.isdisjoint(self._marks_of(values) | set(self.means(values)))

    def was_settled(self, verdict: Any, trace: Trace) -> None:
        """Take notice of a row that was settled by itself: it may have changed what is known."""
        self.has_grown |= any(not isinstance(each, self.importer.model) for each in trace.created)
        if verdict.verdict == "updated" or trace.is_further:
            self.known = {key: each for key, each in self.known.items() if each.pk != verdict.id}

    def write(self, drafts: list[Any]) -> list[Any]:
        """Write what is to be written of rows, and return their records."""
        self.waiting.clear()
        return self.insert(drafts)

    def note(self, trace: Trace, record: Any, draft: Any) -> None:
        """Note in the trace of a row what was made of it."""
        trace.created.append(record)

    def is_plain(self, values: dict[str, Any]) -> bool:
        """Say whether a row has no more to it than a new record."""
        return self.special.isdisjoint(values)

    def _drawn_up(self, values: dict[str, Any]) -> Any:
        """Return the record that a row says, as far as nothing has to be written for it first."""
        if values.get("external_id", "") in self.known or not self.is_plain(values):
            return None
        try:
            fields = self.fields_in(dict(values))
            return None if fields is None else self.draw_up(fields)
        except Refused:
            # The row is told why when it is settled.
            return None

    def _marks_of(self, values: dict[str, Any]) -> frozenset[Mark]:
        if id(values) not in self.marks:
            marks = set(self.marks_on(values))
            if external_id := values.get("external_id", ""):
                marks.add(("id", external_id))
            self.marks[id(values)] = frozenset(marks)
        return self.marks[id(values)]

    def _tags_in(self, chunk: Iterable[dict[str, Any]]) -> dict[str, Tag]:
        wanted = {keys.tag_key(name) for values in chunk for name in values.get("tags", ())}
        if not wanted:
            return {}
        return {tag.name_key: tag for tag in Tag.objects.filter(name_key__in=wanted)}

    def tags_of(self, values: dict[str, Any]) -> list[Tag] | None:
        """Take the tags out of the values; None where one of them is not there yet."""
        found = [self.tags.get(keys.tag_key(name)) for name in values.pop("tags", ())]
        there = [tag for tag in found if tag is not None]
        return there if len(there) == len(found) else None

    def _known_in(self, chunk: Iterable[dict[str, Any]]) -> dict[str, Any]:
        """Return the records by whose external ids rows name them, as far as they may be seen."""
        wanted = {values["external_id"] for values in chunk if values.get("external_id")}
        if not wanted or "external_id" not in self.importer.mapping.match:
            return {}
        model = self.importer.model
        rows = model.objects.permitted(self.by, "view").filter(external_id__in=wanted)
        found = rows.select_related(*self.related)
        if issubclass(model, TimelineRecord):
            found = found.prefetch_related("tags")
        return {each.external_id: each for each in found.order_by()}
