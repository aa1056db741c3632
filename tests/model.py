"""What we believe of leads, companies, people, deals and merges: a model small enough to be read.

It knows no database. Each method says which refusal has to come (the class, or None), and where
none has to, does to the model what the operation does to the product.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from accounts.errors import AlreadyExists, NeedsDecision
from leads.errors import CannotUndo, LeadIsClosed, LeadIsOpen
from records.errors import CannotMerge, CannotUnmerge, IsInBin, IsMerged, Unacceptable

if TYPE_CHECKING:
    from collections.abc import Iterable

COMPANIES = {
    "Acme Inc": "acme", "ACME, Inc.": "acme", "acme": "acme",
    "Borel GmbH": "borel", "Borel": "borel", "Curie & Co.": "curie", "CURIE & Co": "curie",
}  # fmt: skip
# What goes from a lead into the record that is used for it, where that has nothing.
CARRIED = {"account": "industry", "contact": "job_title"}
# What refers to a company or a person, and moves along when it is merged.
REFERENCES = {
    "account": ("lead", "contact", "deal", "cycle"),
    "contact": ("lead", "deal", "cycle"),
    "lead": (),
}  # fmt: skip
NEW = "new"

Refusal = type[Exception] | None


@dataclass(eq=False)
class Row:
    """A record. `also` is what it is known by since something was merged into it.

    `edits` are moments with the old and new value of each field; what is no edit has none.
    """

    kind: str
    pk: int
    has: dict[str, Any]
    is_in_bin: bool = False
    part_of: Merged | None = None
    also: set[str] = field(default_factory=set)
    went_at: int = -1  # into the bin, the last time
    edits: list[tuple[int, dict[str, tuple[Any, Any]]]] = field(default_factory=list)

    @property
    def own(self) -> set[str]:
        if self.kind == "account":
            return {COMPANIES[self.has["name"]]}
        return {self.has["email"], self.has["second_email"]} - {""}

    @property
    def known(self) -> set[str]:
        return set() if self.is_in_bin else self.own | self.also


@dataclass(eq=False)
class Merged:
    """A merge, with what it changed: row, field, before, after.

    `knew` is what survivor and loser were known by since earlier merges.
    """

    kind: str
    survivor: Row
    loser: Row
    at: int
    image: list[tuple[Row, str, Any, Any]]
    knew: tuple[set[str], set[str]]
    is_active: bool = True


def differing(edits: Iterable[dict[str, tuple[Any, Any]]]) -> set[str]:
    """Return the fields that one edit after the other has left with another value."""
    ends: dict[str, tuple[Any, Any]] = {}
    for fields in edits:
        for name, (old, new) in fields.items():
            ends[name] = (ends[name][0] if name in ends else old, new)
    return {name for name, (old, new) in ends.items() if old != new}


class Model:
    """All records, and what may be done to them."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.merges: list[Merged] = []
        self.clock = 0

    def all(self, kind: str) -> list[Row]:
        return [row for row in self.rows if row.kind == kind]

    def add(self, kind: str, pk: int, **has: Any) -> Row:
        row = Row(kind, pk, has)
        self.rows.append(row)
        return row

    def holders(self, kind: str, key: str, *, but: Row | None = None) -> list[Row]:
        return [row for row in self.all(kind) if row is not but and key in row.known]

    def has_twin(self, row: Row) -> bool:
        return any(self.holders(row.kind, key, but=row) for key in row.own)

    def cycles_of(self, lead: Row) -> list[Row]:
        return [row for row in self.all("cycle") if row.has["lead"] is lead]

    def lies(self, row: Row) -> Refusal:
        """Say what is told of something that lies in the bin."""
        if not row.is_in_bin:
            return None
        return IsMerged if row.part_of else IsInBin

    # Making and changing

    def may_be(self, kind: str, key: str, *, is_different: bool) -> Refusal:
        return AlreadyExists if self.holders(kind, key) and not is_different else None

    def edit(self, row: Row, changes: dict[str, Any]) -> Refusal:
        if refusal := self.lies(row):
            return refusal
        if row.kind == "lead" and row.has["status"] != "open":
            return LeadIsClosed
        changed = {name: new for name, new in changes.items() if row.has[name] != new}
        before = dict(row.has)
        own = row.own if row.kind in CARRIED else set()
        row.has.update(changed)
        if row.kind in CARRIED and row.own - own and self.has_twin(row):
            row.has = before
            return AlreadyExists
        if row.kind == "lead":
            for kind, name in CARRIED.items():
                if (picked := changed.get(kind)) and picked.has[name] and not row.has[name]:
                    row.has[name] = changed[name] = picked.has[name]
        if changed:
            row.edits.append((self.clock, {k: (before[k], new) for k, new in changed.items()}))
        return None

    def delete(self, row: Row) -> None:
        if not row.is_in_bin:
            row.is_in_bin, row.also, row.went_at = True, set(), self.clock
            row.edits.append((self.clock, {}))

    def restore(self, row: Row) -> Refusal:
        if not row.is_in_bin:
            return None
        if row.part_of:
            return IsMerged
        if row.kind in CARRIED and self.has_twin(row):
            return AlreadyExists
        row.is_in_bin = False
        row.edits.append((self.clock, {}))
        self.inherit_again(row)
        return None

    def inherit_again(self, row: Row) -> None:
        if row.kind in CARRIED and not row.is_in_bin:
            merged = set().union(*(each.own for each in self.merged_into(row)))
            row.also |= {key for key in merged if not self.holders(row.kind, key, but=row)}

    def merged_into(self, row: Row) -> list[Row]:
        direct = [m.loser for m in self.merges if m.is_active and m.survivor is row]
        return direct + [each for loser in direct for each in self.merged_into(loser)]

    # Closing and opening a lead

    def disqualify(self, lead: Row) -> Refusal:
        if refusal := self.lies(lead):
            return refusal
        if lead.has["status"] == "qualified":
            return LeadIsClosed
        lead.has["status"] = "disqualified"
        return None

    def reopen(self, lead: Row) -> Refusal:
        if refusal := self.lies(lead):
            return refusal
        if lead.has["status"] == "open":
            return LeadIsOpen
        if lead.has["status"] == "qualified":
            self.cycles_of(lead)[-1].has["state"] = "left"
        lead.has["status"] = "open"
        return None

    # Qualifying

    def choose(self, lead: Row, targets: dict[str, Any]) -> dict[str, Row | str | None] | Refusal:
        """Return which records a qualification uses (a row), makes (`NEW`) or skips (None)."""
        chosen: dict[str, Row | str | None] = {}
        undecided = False
        for kind, key in (
            ("contact", lead.has["email"]),
            ("account", COMPANIES[lead.has["company"]]),
        ):
            target, picked = targets[kind], lead.has[kind]
            person = chosen.get("contact")
            firm = person.has["account"] if isinstance(person, Row) else None
            if isinstance(target, Row):
                if target.is_in_bin:
                    return Unacceptable
                chosen[kind] = target
            elif target in {"skip", NEW}:
                chosen[kind] = NEW if target == NEW else None
            elif picked and not picked.is_in_bin:
                chosen[kind] = picked
            elif kind == "account" and firm and not firm.is_in_bin:
                chosen[kind] = firm
            else:
                found = self.holders(kind, key)
                undecided |= len(found) > 1
                chosen[kind] = found[0] if found else NEW
        if not any(chosen.values()):
            return Unacceptable
        return NeedsDecision if undecided else chosen

    def may_qualify(self, lead: Row, targets: dict[str, Any], deals: list[Row | str]) -> Any:
        """Return a refusal, or what is chosen; None when it is qualified already."""
        if lead.has["status"] == "qualified":
            return None
        if lead.is_in_bin:
            return IsInBin
        if lead.has["status"] == "disqualified":
            return LeadIsClosed
        chosen = self.choose(lead, targets)
        if not isinstance(chosen, dict):
            return chosen
        account = chosen["account"]
        for deal in deals:
            if isinstance(deal, Row) and account and deal.has["account"] is not account:
                return Unacceptable
        return chosen

    def qualify(
        self, lead: Row, made: dict[str, Row | None], new: list[str], took: dict[str, bool],
        cycle: int, deals: list[Row], opened: list[Row],
    ) -> None:  # fmt: skip
        """Write down a qualification; `made` are the records, `new` the kinds of those made."""
        frozen = {kind: lead.has[kind] for kind in CARRIED}
        filled: dict[str, dict[str, tuple[Any, Any]]] = {"account": {}, "contact": {}}
        for kind, name in CARRIED.items():
            row, value = made[kind], lead.has[name]
            if row is None or kind in new:
                continue
            sets = {}
            if value and row.has[name] != value and (not row.has[name] or took[kind]):
                sets[name] = value
            if kind == "contact" and row.has["account"] is None and made["account"] is not None:
                sets["account"] = made["account"]
            filled[kind] = {key: (row.has[key], value) for key, value in sets.items()}
            row.has.update(sets)
            if sets:
                row.edits.append((self.clock, dict(filled[kind])))
        self.clock += 1
        lead.has |= {"status": "qualified", "cycles": lead.has["cycles"] + 1} | made
        self.add(
            "cycle", cycle, lead=lead, state="active", at=self.clock, new=new, filled=filled,
            frozen=frozen, deals=deals, opened=opened, **made,
        )  # fmt: skip
        self.clock += 1

    # Undoing

    def undo(self, lead: Row) -> Refusal:
        if refusal := self.lies(lead):
            return refusal
        cycle = (self.cycles_of(lead) or [None])[-1]
        if cycle is None:
            return LeadIsOpen
        if cycle.has["state"] == "undone" and lead.has["status"] == "open":
            return None
        if cycle.has["state"] != "active":
            return LeadIsOpen
        if self.is_built_on(cycle):
            return CannotUndo
        back = [
            (row, name, old)
            for kind, fields in cycle.has["filled"].items()
            if (row := cycle.has[kind]) is not None
            for name, (old, new) in fields.items()
            if row.has[name] == new
        ]
        if any(row.is_in_bin for row, _name, _old in back):
            return IsInBin
        for row, name, old in back:
            row.edits.append((self.clock, {name: (row.has[name], old)}))
            row.has[name] = old
        gone = self.created_by(cycle)
        self.rows = [row for row in self.rows if row not in gone]
        for row in self.all("cycle"):
            for kind in CARRIED:
                if row.has[kind] in gone:
                    row.has[kind] = None
        picked = {kind: self.what_became_of(row) for kind, row in cycle.has["frozen"].items()}
        lead.has |= {"status": "open"} | picked
        cycle.has["state"] = "undone"
        return None

    def what_became_of(self, row: Row | None) -> Row | None:
        while row is not None and row.part_of:
            row = row.part_of.survivor
        return row if row in self.rows else None

    def created_by(self, cycle: Row) -> list[Row]:
        made = [cycle.has[kind] for kind in cycle.has["new"]]
        return [*cycle.has["opened"], *(row for row in made if row is not None)]

    def is_built_on(self, cycle: Row) -> bool:
        """Say whether somebody would lose something if this qualification were undone."""
        lead, gone = cycle.has["lead"], self.created_by(cycle)
        concerned = [lead, cycle.has["account"], cycle.has["contact"]]
        for merge in self.merges:
            if merge.is_active and merge.at > cycle.has["at"] and merge.survivor in concerned:
                return True
        for row in gone:
            since = [fields for at, fields in row.edits if at > cycle.has["at"]]
            if not all(since) or differing(since):
                return True
        for kind, filled in cycle.has["filled"].items():
            edits = cycle.has[kind].edits if filled else []
            if differing(fields for at, fields in edits if at > cycle.has["at"]) & set(filled):
                return True
        others = [row for row in self.rows if row is not lead and row not in gone]
        for row in others:
            needs = [row.has[kind] for kind in CARRIED if row.has.get(kind)]
            if row.kind != "cycle" and any(needed in gone for needed in needs):
                return True
        cycles = [each for each in self.all("cycle") if each.has["state"] != "undone"]
        return any(
            deal in other.has["deals"]
            for deal in cycle.has["opened"]
            for other in cycles
            if other is not cycle
        )

    # Merging

    def stays_apart(self, survivor: Row, loser: Row) -> Refusal:
        for row in sorted([survivor, loser], key=lambda each: each.pk):
            if refusal := self.lies(row):
                return refusal
        if survivor.kind != "lead":
            return None
        if loser.has["status"] == "qualified":
            return CannotMerge
        statuses = survivor.has["status"], loser.has["status"]
        return LeadIsClosed if statuses == ("disqualified", "open") else None

    def merge(self, survivor: Row, loser: Row) -> Refusal:
        if refusal := self.stays_apart(survivor, loser):
            return refusal
        kind, image = survivor.kind, list[tuple[Row, str, Any, Any]]()
        also = survivor.also | loser.known if kind in CARRIED else set()

        def put(row: Row, name: str, new: Any) -> None:
            if row.has[name] != new:
                image.append((row, name, row.has[name], new))
                row.has[name] = new

        for other in REFERENCES[kind]:
            for row in self.all(other):
                if row.has[kind] is loser:
                    put(row, kind, survivor)
        names = {
            "account": ["industry"], "contact": ["job_title", "account", "second_email"],
            "lead": ["industry", "job_title", "account", "contact"],
        }[kind]  # fmt: skip
        if kind == "contact":
            texts = [survivor.has["second_email"], loser.has["email"], loser.has["second_email"]]
            others = [text for text in texts if text and text != survivor.has["email"]]
            put(survivor, "second_email", survivor.has["second_email"] or (others or [""])[0])
        if survivor.has.get("status") != "qualified":
            for name in names:
                put(survivor, name, survivor.has[name] or loser.has[name])
        merge = Merged(kind, survivor, loser, self.clock, image, (survivor.also, loser.also))
        self.merges.append(merge)
        survivor.also, loser.also = also, set()
        loser.is_in_bin, loser.part_of = True, merge
        return None

    def unmerge(self, merge: Merged) -> Refusal:
        pair = {merge.survivor, merge.loser}
        if not pair <= set(self.rows):
            return CannotUnmerge  # also where it was undone before: there is nothing to show
        if not merge.is_active:
            return None
        if merge.survivor.is_in_bin:
            return CannotUnmerge
        kinds = {"account": {"account", "contact"}}.get(merge.kind, {merge.kind})
        touched = pair | {row for row, *_rest in merge.image if row.kind in kinds}
        later = self.merges[self.merges.index(merge) + 1 :]
        if any(each.is_active and {each.survivor, each.loser} & touched for each in later):
            return CannotUnmerge
        since = [c for c in self.all("cycle") if c.has["lead"] is merge.survivor]
        if any(c.has["state"] == "active" and c.has["at"] > merge.at for c in since):
            return CannotUnmerge
        is_changed = any(
            row not in self.rows or row.has[name] != new for row, name, _, new in merge.image
        )
        if is_changed or self.makes_twins(merge):
            return CannotUnmerge
        moved = {(row, name) for row, name, _, _ in merge.image}
        # A lead goes on from what came to it by a merge, whatever that was.
        moved |= {(merge.survivor, "account")} if merge.kind == "lead" else set()
        if any(self.is_settled(row, name, merge.at) for row, name in moved):
            return CannotUnmerge
        for row, name, old, _new in merge.image:
            row.has[name] = old
        merge.is_active = False
        self.know_again(merge)
        return None

    def know_again(self, merge: Merged) -> None:
        """Let both be known by what they were before the merge.

        What the survivor was known by went when it went into the bin: what it has since is made
        anew, and of that it keeps what other merges brought.
        """
        survivor, loser = merge.survivor, merge.loser
        if survivor.went_at > merge.at:
            others = (each.own for each in self.merged_into(survivor))
            survivor.also = survivor.also & set().union(*others)
            self.inherit_again(survivor)  # the loser claims nothing yet
        else:
            survivor.also, loser.also = merge.knew
        loser.is_in_bin, loser.part_of = False, None
        for row in (survivor, loser):
            self.inherit_again(row)

    def makes_twins(self, merge: Merged) -> bool:
        """Say whether the loser is what somebody else is known by, and the survivor no more."""
        lost = merge.loser.own - merge.survivor.known if merge.kind in CARRIED else set()
        return any(self.holders(merge.kind, key) for key in lost)

    def is_settled(self, row: Row, name: str, since: int) -> bool:
        """Say whether a lead was qualified since: it became what it became."""
        is_qualified = row.kind == "lead" and row.has["status"] == "qualified"
        return is_qualified and name in CARRIED and self.cycles_of(row)[-1].has["at"] > since
