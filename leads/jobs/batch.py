"""The rows of a chunk that are plainly new leads: looked up and written with a few statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from leads.models import Lead
from leads.operations.edit import Capture, drawn_up, write_captured
from leads.rules.qualification import rules_in_force
from opportunities.models import Campaign, Source
from records import keys
from records.errors import Refused
from records.models import Tag
from workbench.transfer import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.transfer import Verdict
    from workbench.transfer.undo import Trace

# A row that says one of these has more to it than a new lead.
SPECIAL = frozenset(
    """
    id converted converted_at status_reason disqualify_reason disqualified_at account.external_id
    account.name contact.external_id opportunity.external_id product.name
    """.split()
)
# The ways to go about a record that says the same in which nothing is written.
LEAVING_OUT = frozenset({"report", "skip"})
# What tells twins, and whether somebody may see them.
COMPARED = (
    "owner", "owner__team", "external_id", "name_key", "company_key", "email_key", "phone_key",
    "mobile_key",
)  # fmt: skip
# What may stand in the column of the status of a lead that is open.
PROGRESS = frozenset(Lead.Progress.values)
STANDING = PROGRESS | {"", Lead.Status.OPEN.value}
Mark = tuple[str, ...]


class LeadBatch:
    """Draws up the leads of a chunk, and says which of its rows nothing is like.

    What is like a row is found by marks that are coarser than the comparison of the importer: a row
    that shares one with another is settled by itself, and that comparison has the word.
    """

    def __init__(self, importer: Any, chunk: list[dict[str, Any]]) -> None:
        self.importer = importer
        self.by = importer.by
        self.rules = rules_in_force(by=self.by)
        self.tags = self._tags_in(chunk)
        self.known = self._known_in(chunk)
        self.drafts = {id(values): self._drawn_up(values) for values in chunk}
        self.marks: dict[int, frozenset[Mark]] = {}
        # Leads by name and company, the oldest first; None when they may be others by now.
        self.people: dict[Mark, list[Lead]] | None = {}
        # A row that names a known lead is settled by itself, whatever else is like it.
        others = [v for v in chunk if v.get("external_id", "") not in self.known]
        self.there = self._there(set().union(*map(self._marks_of, others)))
        self.waiting: set[Mark] = set()

    def standing_of(self, values: dict[str, Any]) -> Lead | None:
        known = self.known.get(values.get("external_id", ""))
        if known is None or not known.is_open or not self._is_plain(values):
            return None
        try:
            fields = self._fields_in(dict(values), is_new=False)
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
        return None if self.importer.differing(known, fields) else known

    def duplicate_of(self, values: dict[str, Any]) -> Outcome | None:
        external_id = values.get("external_id", "")
        if self.importer.mapping.duplicates not in LEAVING_OUT or not self._is_plain(values):
            return None
        if external_id and ("id", external_id) in self.there:
            return None
        try:
            if self._fields_in(dict(values), is_new=False) is None:
                return None
        except Refused:
            return None
        twin = self._twin_of(self._draft(values))
        if twin is None:
            return None
        return Outcome("duplicate", None, twin, (str(self.importer.SAME_PERSON),))

    def _twin_of(self, draft: Lead) -> Lead | None:
        if self.people is None or "identity" not in self.importer.mapping.match:
            found: Lead | None = self.importer.twin_of(draft)[0]
            return found
        same = self.people.get((draft.name_key, draft.company_key), ())
        return next((lead for lead in same if is_twin(draft, lead)), None)

    def was_settled(self, verdict: Verdict, trace: Trace) -> None:
        if verdict.verdict in {"new", "updated", "duplicate"} or trace.is_further:
            # From now on the database has the word on who is like whom.
            self.people = None
        if trace.is_further:
            # Closing a lead may close others along with it.
            self.known.clear()
        elif verdict.verdict == "updated":
            self.known = {key: lead for key, lead in self.known.items() if lead.pk != verdict.id}

    def draft_of(self, values: dict[str, Any]) -> Capture | None:
        draft, marks = self.drafts[id(values)], self._marks_of(values)
        if draft is None or not marks.isdisjoint(self.there):
            self.there |= marks
            return None
        self.there |= marks
        self.waiting |= marks
        return draft

    def touches_what_waits(self, values: dict[str, Any]) -> bool:
        return not self._marks_of(values).isdisjoint(self.waiting)

    def write(self, drafts: list[Capture]) -> list[Lead]:
        self.waiting.clear()
        write_captured(drafts, by=self.by)
        leads = [draft.lead for draft in drafts]
        if self.people is not None:
            for lead in leads:
                self.people.setdefault((lead.name_key, lead.company_key), []).append(lead)
        return leads

    def _tags_in(self, chunk: Iterable[dict[str, Any]]) -> dict[str, Tag]:
        wanted = {keys.tag_key(name) for values in chunk for name in values.get("tags", ())}
        if not wanted:
            return {}
        return {tag.name_key: tag for tag in Tag.objects.filter(name_key__in=wanted)}

    def _known_in(self, chunk: Iterable[dict[str, Any]]) -> dict[str, Lead]:
        """Return the leads by whose external ids rows name them, as far as they may be seen."""
        wanted = {values["external_id"] for values in chunk if values.get("external_id")}
        if not wanted or "external_id" not in self.importer.mapping.match:
            return {}
        rows = Lead.objects.permitted(self.by, "view").filter(external_id__in=wanted)
        found = rows.select_related("owner", "source", "campaign").prefetch_related("tags")
        return {lead.external_id: lead for lead in found.order_by()}

    def _is_plain(self, values: dict[str, Any]) -> bool:
        return SPECIAL.isdisjoint(values) and not self.importer.is_by_rules(values)

    def _drawn_up(self, values: dict[str, Any]) -> Capture | None:
        """Return the lead that a row says, as far as nothing has to be written for it first."""
        if values.get("external_id", "") in self.known or not self._is_plain(values):
            return None
        try:
            fields = self._fields_in(dict(values))
            return None if fields is None else drawn_up(by=self.by, rules=self.rules, **fields)
        except Refused:
            # The row is told why when it is settled.
            return None

    def _fields_in(self, values: dict[str, Any], *, is_new: bool = True) -> dict[str, Any] | None:
        """Return the keywords of a capture; None where something is not there that they need."""
        importer = self.importer
        status = values.pop("status", "").lower()
        owner = importer.owner_in(values)
        for name, model in (("source", Source), ("campaign", Campaign)):
            if text := values.pop(name, ""):
                values[name] = importer.standing_choice(name, text, model)
                if values[name] is None:
                    return None
        if status not in STANDING:
            return None
        if is_new:
            values["topic"] = values.get("topic") or importer.topic_of(values)
            importer.require_filled(values, products=[])
        if status in PROGRESS:
            values["progress"] = status
        tags = [self.tags.get(keys.tag_key(name)) for name in values.pop("tags", ())]
        return None if None in tags else {**values, "owner": owner, "tags": tags}

    def _marks_of(self, values: dict[str, Any]) -> frozenset[Mark]:
        if id(values) not in self.marks:
            self.marks[id(values)] = self._marks(values)
        return self.marks[id(values)]

    def _draft(self, values: dict[str, Any]) -> Lead:
        """Return a lead that knows at least by what its twin would be found."""
        draft = self.drafts[id(values)]
        lead: Lead = draft.lead if draft is not None else self.importer.draft(values)
        return lead

    def _marks(self, values: dict[str, Any]) -> frozenset[Mark]:
        lead = self._draft(values)
        marks: set[Mark] = set()
        if lead.external_id:
            marks.add(("id", lead.external_id))
        if "identity" in self.importer.mapping.match:
            if lead.email_key:
                marks.add(("email", lead.email_key))
            if lead.name_key and lead.company_key:
                marks.add(("who", lead.name_key, lead.company_key))
        return frozenset(marks)

    def _there(self, marks: Iterable[Mark]) -> set[Mark]:
        """Return those of the marks that stand on a lead already. Three statements."""
        known: dict[Mark, list[Lead]] = {}
        wanted: dict[str, list[Mark]] = {"id": [], "email": [], "who": []}
        for mark in marks:
            wanted[mark[0]].append(mark)
        found: set[Mark] = set()
        if wanted["id"]:
            ids = Q(external_id__in=[mark[1] for mark in wanted["id"]])
            found |= {("id", each) for each in _values(Lead.all_objects.filter(ids), "external_id")}
        if wanted["email"]:
            emails = Q(email_key__in=[mark[1] for mark in wanted["email"]])
            found |= {("email", each) for each in _values(Lead.objects.filter(emails), "email_key")}
        if wanted["who"]:
            people = Q(
                name_key__in={mark[1] for mark in wanted["who"]},
                company_key__in={mark[2] for mark in wanted["who"]},
            )
            rows = Lead.objects.filter(people).select_related("owner").only(*COMPARED)
            for lead in rows.order_by("pk"):
                key = (lead.name_key, lead.company_key)
                found.add(("who", *key))
                known.setdefault(key, []).append(lead)
        self.people = known
        return found


def is_twin(draft: Lead, other: Lead) -> bool:
    """Say whether two leads of one name and company are the same, as the importer asks for it."""
    if not (draft.name_key and draft.company_key) or (draft.external_id and other.external_id):
        return False
    pairs = (
        (draft.email_key, other.email_key),
        (draft.phone_key, other.phone_key),
        (draft.mobile_key, other.mobile_key),
    )
    return any(mine and mine == theirs for mine, theirs in pairs)


def _values(rows: Any, name: str) -> Any:
    return rows.order_by().values_list(name, flat=True)
