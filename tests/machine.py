"""A machine that qualifies, undoes, merges and deletes at random, and compares with a model."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from django.db import transaction
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Account, Contact, IdentityClaim
from accounts.operations import (
    create_account,
    create_contact,
    delete_account,
    delete_contact,
    merge_accounts,
    merge_contacts,
    restore_account,
    restore_contact,
    unmerge_accounts,
    unmerge_contacts,
    update_account,
    update_contact,
)
from crm import integrity
from leads.models import DisqualifyReason, Lead, Qualification
from leads.operations import (
    Plan,
    Target,
    Terms,
    capture_lead,
    delete_lead,
    disqualify,
    merge_leads,
    qualify,
    reopen,
    restore_lead,
    undo,
    unmerge_leads,
    update_lead,
)
from opportunities.models import Opportunity
from opportunities.operations import update_opportunity
from records.models import AuditEntry
from tests.model import CARRIED, COMPANIES, NEW, Model, Row
from users.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

MODELS: dict[str, Any] = {
    "lead": Lead, "account": Account, "contact": Contact, "deal": Opportunity,
}  # fmt: skip
MERGES: dict[str, tuple[Any, Any]] = {
    "lead": (merge_leads, unmerge_leads),
    "account": (merge_accounts, unmerge_accounts),
    "contact": (merge_contacts, unmerge_contacts),
}
BINS: dict[str, tuple[Any, Any]] = {
    "lead": (delete_lead, restore_lead),
    "account": (delete_account, restore_account),
    "contact": (delete_contact, restore_contact),
}
UPDATES: dict[str, Any] = {
    "lead": update_lead, "account": update_account, "contact": update_contact,
}  # fmt: skip
# What is asked after every step: a statement or two each. The others are asked in the end.
QUICK = (
    integrity.claims_point_to_live_records,
    integrity.claims_say_what_their_record_is,
    integrity.live_records_have_their_claims,
    integrity.qualified_leads_have_one_active_qualification,
    integrity.qualified_leads_link_what_they_became,
    integrity.cycles_are_counted,
)
MOST_LEADS = 6
STEPS = 25  # of one walk


def is_there(row: Row) -> bool:
    return not row.is_in_bin


def is_open(lead: Row) -> bool:
    return is_there(lead) and lead.has["status"] == "open"


def is_qualified(lead: Row) -> bool:
    return is_there(lead) and lead.has["status"] == "qualified"


@dataclass(frozen=True)
class Act:
    """Something that is done at random: how often beside the others, with what, and when."""

    often: int
    draws: dict[str, Callable[[Random], Any]]
    may: Callable[[Model], Any] = bool


def number(chance: Random) -> int:
    return chance.randrange(60)


def one_of(*values: Any) -> Callable[[Random], Any]:
    return lambda chance: chance.choice(values)


company = one_of(*sorted(COMPANIES))
email = one_of(*(f"person{n}@people.example" for n in range(4)))
word = one_of("", "Steam", "Brass")
kind = one_of("account", "contact", "lead")
way = one_of("auto", "auto", "auto", NEW, "use", "skip")
either = one_of(True, False)

ACTS = {
    "arrive": Act(
        2,
        {"company": company, "email": email, "industry": word, "job_title": word},
        lambda model: len(model.all("lead")) < MOST_LEADS,
    ),
    "found": Act(
        1,
        {"name": company, "is_different": either},
        lambda model: len(model.all("account")) < MOST_LEADS,
    ),
    "meet": Act(
        1,
        {"email": email, "is_different": either},
        lambda model: len(model.all("contact")) < MOST_LEADS,
    ),
    "qualify": Act(
        6,
        {
            "number": number,
            "ways": lambda chance: (way(chance), way(chance)),
            "used": lambda chance: (number(chance), number(chance)),
            "takes": either,
            "deals": one_of("none", "one", "one", "two", "join"),
        },
    ),
    "qualify_as_it_is": Act(3, {"number": number}),
    "undo": Act(6, {"number": number}),
    "disqualify": Act(1, {"number": number}),
    "reopen": Act(2, {"number": number}),
    "edit_lead": Act(
        2,
        {
            "number": number,
            "company": company,
            "email": email,
            "word": word,
            "picks": number,
            "what": number,
        },
    ),
    "edit_account": Act(
        1,
        {"number": number, "name": company, "industry": word, "is_name": either},
        lambda model: model.all("account"),
    ),
    "edit_contact": Act(
        1,
        {
            "number": number,
            "email": email,
            "job_title": word,
            "moves": number,
            "what": one_of(0, 1, 2),
        },
        lambda model: model.all("contact"),
    ),
    "edit_deal": Act(1, {"number": number}, lambda model: model.all("deal")),
    "delete": Act(2, {"kind": kind, "number": number}),
    "restore": Act(1, {"kind": kind, "number": number}),
    "merge": Act(7, {"kind": kind, "number": number, "other": number}),
    "unmerge": Act(3, {"number": number}, lambda model: model.merges),
}


class Whole(RuleBasedStateMachine):
    """The product beside what we believe of it. `asked` counts steps over all walks."""

    by: User
    asked: Counter[str]

    @initialize()
    def begin(self) -> None:
        self.undo_all = transaction.atomic()
        self.undo_all.__enter__()
        self.model = Model()
        self.reason = DisqualifyReason.objects.get(key="no-need")
        for number, company in enumerate(["Acme Inc", "acme", "Borel", "Curie & Co."]):
            self.arrive(company, f"person{number % 3}@people.example", "", "Engineer")

    def teardown(self) -> None:
        if hasattr(self, "undo_all"):
            try:
                wrong = list(integrity.findings())
                assert not wrong, wrong
            finally:
                transaction.set_rollback(True)
                self.undo_all.__exit__(None, None, None)

    @rule(seed=st.integers(0, 2**64 - 1))
    def step(self, seed: int) -> None:
        """Do one of `ACTS`. Hypothesis itself would choose few of them, again and again."""
        # The same number again is another act by then.
        chance = Random(seed + self.model.clock)
        able = {name: act for name, act in ACTS.items() if act.may(self.model)}
        name = chance.choices(list(able), [act.often for act in able.values()])[0]
        given = {key: draw(chance) for key, draw in able[name].draws.items()}
        note(f"{name}({', '.join(f'{key}={value!r}' for key, value in given.items())})")
        getattr(self, name)(**given)

    # What is done

    def one(self, kind: str, number: int, wanted: Callable[[Row], bool] = bool) -> Row:
        """Return a record of a kind: three times in four one that is `wanted`, if there is one."""
        rows = self.model.all(kind)
        rows = ([row for row in rows if wanted(row)] if number % 4 else []) or rows
        return rows[number % len(rows)]

    def do(self, name: str, expected: type[Exception] | None, work: Callable[[], Any]) -> Any:
        """Do it, and see that it is refused when, and only when, the model says so."""
        trail = AuditEntry.objects.count() if expected else 0
        outcome, refusal = None, None
        try:
            with transaction.atomic():
                outcome = work()
        except Exception as error:
            refusal = error
            if expected is None or not isinstance(error, expected):
                raise
        said = type(refusal).__name__ if refusal else "done"
        assert (refusal is None) == (expected is None), f"{name}: {said}, not {expected}"
        assert not expected or trail == AuditEntry.objects.count(), "a refusal left a trail"
        self.asked[f"{name}: {said}"] += 1
        self.model.clock += 1
        return outcome

    def record(self, row: Row) -> Any:
        return MODELS[row.kind]._base_manager.get(pk=row.pk)

    def arrive(self, company: str, email: str, industry: str, job_title: str) -> None:
        has = {"company": company, "email": email, "industry": industry, "job_title": job_title}
        lead = capture_lead(by=self.by, topic="Engines", last_name="Lovelace", **has)
        self.model.add(
            "lead", lead.pk, status="open", cycles=0, account=None, contact=None, **has
        )  # fmt: skip

    def found(self, name: str, is_different: bool) -> None:
        expected = self.model.may_be("account", COMPANIES[name], is_different=is_different)
        made = self.do(
            "create an account",
            expected,
            lambda: create_account(by=self.by, name=name, is_different=is_different),
        )
        if made:
            self.model.add("account", made.pk, name=name, industry="")

    def meet(self, email: str, is_different: bool) -> None:
        expected = self.model.may_be("contact", email, is_different=is_different)
        made = self.do(
            "create a contact",
            expected,
            lambda: create_contact(
                by=self.by, last_name="Lovelace", email=email, is_different=is_different
            ),
        )
        if made:
            self.model.add(
                "contact", made.pk, email=email, second_email="", job_title="", account=None
            )

    def qualify(
        self, number: int, ways: tuple[str, str], used: tuple[int, int], takes: bool, deals: str
    ) -> None:
        model, lead = self.model, self.one("lead", number, is_open)
        chosen: dict[str, Any] = {}
        for kind, way, which in zip(CARRIED, ways, used, strict=True):
            is_there = way != "use" or model.all(kind)
            chosen[kind] = self.one(kind, which) if way == "use" and is_there else way
            chosen[kind] = chosen[kind] if is_there else "auto"
        wanted: list[Any] = {"none": [], "one": [NEW], "two": [NEW, NEW]}.get(deals, [])
        if deals == "join" and model.all("deal"):
            wanted = [self.one("deal", used[0])]
        expected = model.may_qualify(lead, chosen, wanted)
        took = {kind: takes and isinstance(chosen[kind], Row) for kind in CARRIED}
        plan = Plan(
            **{
                kind: Target("use", target.pk, take=(CARRIED[kind],) if took[kind] else ())
                if isinstance(target, Row)
                else Target({NEW: "create"}.get(target, target))
                for kind, target in chosen.items()
            },
            opportunities=tuple(
                Terms(opportunity=self.record(deal)) if isinstance(deal, Row) else Terms()
                for deal in wanted
            ),
        )
        refusal = expected if isinstance(expected, type) else None
        outcome = self.do(
            "qualify", refusal, lambda: qualify(self.record(lead), by=self.by, plan=plan)
        )
        if expected is None:
            assert outcome.is_repeat
            assert outcome.qualification.pk == model.cycles_of(lead)[-1].pk
        elif outcome:
            self.qualified(lead, outcome, expected, wanted, took)

    def qualified(
        self, lead: Row, outcome: Any, chosen: dict[str, Any], wanted: list[Any], took: Any
    ) -> None:
        assert not outcome.is_repeat
        made: dict[str, Row | None] = {}
        for kind in CARRIED:
            record, row = getattr(outcome, kind), chosen[kind]
            assert (record is None) == (row is None)
            if isinstance(row, Row):
                assert record.pk == row.pk
            made[kind] = row if isinstance(row, Row) else None
        has = lead.has
        if chosen["account"] == NEW:
            made["account"] = self.model.add(
                "account", outcome.account.pk, name=has["company"], industry=has["industry"]
            )
        if chosen["contact"] == NEW:
            made["contact"] = self.model.add(
                "contact", outcome.contact.pk, email=has["email"], second_email="",
                job_title=has["job_title"], account=made["account"],
            )  # fmt: skip
        new = [kind for kind in ("contact", "account") if chosen[kind] == NEW]
        deals, opened = [], []
        for deal, opportunity in zip(wanted, outcome.opportunities, strict=True):
            if isinstance(deal, Row):
                assert opportunity.pk == deal.pk
                deals.append(deal)
            else:
                opened.append(self.model.add("deal", opportunity.pk, **made))
        self.model.qualify(lead, made, new, took, outcome.qualification.pk, deals + opened, opened)

    def qualify_as_it_is(self, number: int) -> None:
        self.qualify(number, ("auto", "auto"), (0, 0), False, "one")

    def undo(self, number: int) -> None:
        lead = self.one("lead", number, is_qualified)
        self.do("undo", self.model.undo(lead), lambda: undo(self.record(lead), by=self.by))

    def disqualify(self, number: int) -> None:
        lead = self.one("lead", number)
        expected = self.model.disqualify(lead)
        self.do(
            "disqualify",
            expected,
            lambda: disqualify(self.record(lead), by=self.by, reason=self.reason),
        )

    def reopen(self, number: int) -> None:
        lead = self.one("lead", number, lambda lead: lead.has["status"] != "open")
        self.do("reopen", self.model.reopen(lead), lambda: reopen(self.record(lead), by=self.by))

    def edit_lead(
        self, number: int, company: str, email: str, word: str, picks: int, what: int
    ) -> None:
        ways: list[dict[str, Any]] = [
            {"company": company}, {"email": email}, {"industry": word}, {"job_title": word},
            {"account": None, "contact": None},
        ]  # fmt: skip
        for kind in CARRIED:
            alive = [row for row in self.model.all(kind) if not row.is_in_bin]
            ways += [{kind: alive[picks % len(alive)]}] if alive else []
        self.edit(self.one("lead", number, is_open), ways[what % len(ways)])

    def edit_account(self, number: int, name: str, industry: str, is_name: bool) -> None:
        changes = {"name": name} if is_name else {"industry": industry}
        self.edit(self.one("account", number), changes)

    def edit_contact(self, number: int, email: str, job_title: str, moves: int, what: int) -> None:
        alive = [row for row in self.model.all("account") if not row.is_in_bin]
        place = alive[moves % len(alive)] if alive else None
        ways: list[dict[str, Any]] = [
            {"email": email}, {"job_title": job_title}, {"account": place}
        ]  # fmt: skip
        self.edit(self.one("contact", number), ways[what])

    def edit(self, row: Row, changes: dict[str, Any]) -> None:
        expected = self.model.edit(row, changes)
        values = {n: self.record(v) if isinstance(v, Row) else v for n, v in changes.items()}
        self.do(
            f"edit a {row.kind}",
            expected,
            lambda: UPDATES[row.kind](self.record(row), by=self.by, **values),
        )

    def edit_deal(self, number: int) -> None:
        deal = self.one("deal", number)
        topic = f"Engines {self.model.clock}"
        deal.edits.append((self.model.clock, {"topic": ("", topic)}))
        self.do(
            "edit a deal",
            None,
            lambda: update_opportunity(self.record(deal), by=self.by, topic=topic),
        )

    def delete(self, kind: str, number: int) -> None:
        if self.model.all(kind):
            row = self.one(kind, number)
            self.model.delete(row)
            self.do(f"delete a {kind}", None, lambda: BINS[kind][0](self.record(row), by=self.by))

    def restore(self, kind: str, number: int) -> None:
        if self.model.all(kind):
            row = self.one(kind, number, lambda row: row.is_in_bin)
            expected = self.model.restore(row)
            self.do(
                f"restore a {kind}", expected, lambda: BINS[kind][1](self.record(row), by=self.by)
            )

    def merge(self, kind: str, number: int, other: int) -> None:
        rows = self.model.all(kind)
        if len(rows) < 2:
            return
        survivor = self.one(kind, number, is_there)
        rows = [row for row in rows if row is not survivor]
        rows = ([*filter(is_there, rows)] if other % 4 else []) or rows
        loser = rows[other % len(rows)]
        expected = self.model.merge(survivor, loser)
        made = self.do(
            f"merge {kind}s",
            expected,
            lambda: MERGES[kind][0](self.record(survivor), [self.record(loser)], by=self.by),
        )
        if made:
            self.model.merges[-1].record = made  # type: ignore[attr-defined]

    def unmerge(self, number: int) -> None:
        merge = self.model.merges[-1 - number % len(self.model.merges)]
        expected = self.model.unmerge(merge)
        self.do(
            f"un-merge {merge.kind}s",
            expected,
            lambda: MERGES[merge.kind][1](merge.record, by=self.by),  # type: ignore[attr-defined]
        )

    # What has to hold

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "model"):
            return
        for kind, model in MODELS.items():
            names = [n for n in ("status", "cycles", "name", "company", "email", "second_email",
                                 "industry", "job_title", "account", "contact")
                     if self.model.all(kind) and n in self.model.all(kind)[0].has]  # fmt: skip
            stored = {
                row.pop("pk"): row for row in model._base_manager.values("pk", "deleted_at", *names)
            }
            for row in stored.values():
                row["deleted_at"] = row["deleted_at"] is not None
            assert stored == {
                row.pk: {name: _plain(row.has[name]) for name in names}
                | {"deleted_at": row.is_in_bin}
                for row in self.model.all(kind)
            }
        cycles = Qualification.objects.values_list("pk", "state", "account", "contact")
        assert sorted(cycles) == sorted(
            (row.pk, row.has["state"], _plain(row.has["account"]), _plain(row.has["contact"]))
            for row in self.model.all("cycle")
        )
        known = {(row.kind, row.pk): set[str]() for k in CARRIED for row in self.model.all(k)}
        for claim in IdentityClaim.objects.all():
            kind = "account" if claim.account_id else "contact"
            key = claim.value.removesuffix("|") if claim.account_id else claim.value
            known[kind, claim.account_id or claim.contact_id or 0].add(key)
        assert known == {
            (row.kind, row.pk): row.known for kind in CARRIED for row in self.model.all(kind)
        }
        wrong = [found for check in QUICK for found in check()]
        assert not wrong, wrong


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, Row) else value


def walk(by: User, *, walks: int, steps: int = STEPS) -> Counter[str]:
    """Take `walks` random walks of `steps` steps; return how often what was done and refused."""
    Whole.by, Whole.asked = by, Counter()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Whole,
        settings=settings(
            max_examples=walks,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            # What fails is short enough to be read; to make it shorter takes minutes.
            phases=[Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Whole.asked


def prove(steps: int) -> dict[str, Any]:
    """Walk until `steps` operations were asked for; return how often what was done and refused."""
    by = User.objects.create_superuser("walker@crm.example", None, name="Walker")
    asked: Counter[str] = Counter()
    began = time.monotonic()
    while asked.total() < steps:
        # The first walks that Hypothesis takes are the shortest: few at a time come nowhere.
        asked += walk(by, walks=max(20, (steps - asked.total()) // STEPS))
    return {
        "steps": asked.total(),
        "differences": 0,  # the first one ends it
        "asked": dict(sorted(asked.items())),
        "seconds": round(time.monotonic() - began, 1),
    }
