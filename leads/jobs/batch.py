"""The rows of a chunk that are plainly new leads: looked up and written with a few statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from leads.models import Lead
from leads.operations.edit import Capture, drawn_up, write_captured
from leads.rules.qualification import rules_in_force
from leads.rules.scoring import Scoring
from opportunities.models import Campaign, Source
from records.errors import Refused
from workbench.transfer import Batch, Mark, Outcome

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


class LeadBatch(Batch):
    """Draws up the leads of a chunk, and says which of its rows nothing is like."""

    special = SPECIAL
    related = ("owner", "source", "campaign")

    def __init__(self, importer: Any, chunk: list[dict[str, Any]]) -> None:
        self.rules = rules_in_force(by=importer.by)
        self.scoring = Scoring(by=importer.by)
        # Leads by name and company, the oldest first; None when they may be others by now.
        self.people: dict[Mark, list[Lead]] | None = {}
        super().__init__(importer, chunk)

    def standing_of(self, values: dict[str, Any]) -> Any:
        known = self.known.get(values.get("external_id", ""))
        return super().standing_of(values) if known is not None and known.is_open else None

    def duplicate_of(self, values: dict[str, Any]) -> Outcome | None:
        external_id = values.get("external_id", "")
        if self.importer.mapping.duplicates not in LEAVING_OUT or not self.is_plain(values):
            return None
        if external_id and ("id", external_id) in self.there:
            return None
        try:
            if self.fields_in(dict(values), is_new=False) is None:
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
        super().was_settled(verdict, trace)
        if verdict.verdict in {"new", "updated", "duplicate"} or trace.is_further:
            # From now on the database has the word on who is like whom.
            self.people = None
        if trace.is_further:
            # Closing a lead may close others along with it.
            self.known.clear()

    def insert(self, drafts: list[Capture]) -> list[Lead]:
        write_captured(drafts, by=self.by)
        leads = [draft.lead for draft in drafts]
        if self.people is not None:
            for lead in leads:
                self.people.setdefault((lead.name_key, lead.company_key), []).append(lead)
        return leads

    def is_plain(self, values: dict[str, Any]) -> bool:
        return super().is_plain(values) and not self.importer.is_by_rules(values)

    def draw_up(self, fields: dict[str, Any]) -> Capture:
        return drawn_up(by=self.by, rules=self.rules, scoring=self.scoring, **fields)

    def fields_in(self, values: dict[str, Any], *, is_new: bool = True) -> dict[str, Any] | None:
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
        tags = self.tags_of(values)
        return None if tags is None else {**values, "owner": owner, "tags": tags}

    def _draft(self, values: dict[str, Any]) -> Lead:
        """Return a lead that knows at least by what its twin would be found."""
        draft = self.drafts[id(values)]
        lead: Lead = draft.lead if draft is not None else self.importer.draft(values)
        return lead

    def marks_on(self, values: dict[str, Any]) -> set[Mark]:
        lead = self._draft(values)
        marks: set[Mark] = set()
        if "identity" in self.importer.mapping.match:
            if lead.email_key:
                marks.add(("email", lead.email_key))
            if lead.name_key and lead.company_key:
                marks.add(("who", lead.name_key, lead.company_key))
        return marks

    def standing(self, marks: Iterable[Mark]) -> set[Mark]:
        marks = list(marks)
        found = super().standing(marks)
        known: dict[Mark, list[Lead]] = {}
        emails = [mark[1] for mark in marks if mark[0] == "email"]
        who = [mark for mark in marks if mark[0] == "who"]
        if emails:
            rows = Lead.objects.filter(email_key__in=emails).order_by()
            found |= {("email", each) for each in rows.values_list("email_key", flat=True)}
        if who:
            people = Q(
                name_key__in={mark[1] for mark in who}, company_key__in={mark[2] for mark in who}
            )
            alike = Lead.objects.filter(people).select_related("owner").only(*COMPARED)
            for lead in alike.order_by("pk"):
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
