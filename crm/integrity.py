"""Whether the data is sound: each rule reads, and names every record that breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Count, Exists, F, Max, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Account, Contact, FirmBlocks, IdentityClaim, PersonBlocks
from accounts.operations import identity
from accounts.operations.merge import CLAIMS
from activities.models import Activity, ActivityLink, File
from activities.operations.files import SWEPT_AFTER, unnamed_bytes
from activities.operations.steps import TOUCHES
from crm import outbox, search_index, summaries
from leads.models import Lead, Qualification
from leads.operations.merge import STAYS as LEAD_STAYS
from opportunities.models import Opportunity, PipelineState, StageMove
from opportunities.querysets import FOREVER
from records.models import Merge, MergedRecord, PossibleDuplicate
from records.operations.merging import references_to
from workbench.models import Job, Mail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from records.models import Record, TimelineRecord

CHUNK = 2000
RECORDS: tuple[type[Record], ...] = (Account, Contact, Lead, Opportunity, Activity)
ON_A_TIMELINE: tuple[type[TimelineRecord], ...] = (Account, Contact, Lead, Opportunity)
MERGEABLE: tuple[type[TimelineRecord], ...] = (Account, Contact, Lead)

FIRM_BLOCKS = tuple(field.name for field in FirmBlocks._meta.local_fields)
PERSON_BLOCKS = tuple(field.name for field in PersonBlocks._meta.local_fields)
DERIVED: dict[type[Record], tuple[str, ...]] = {
    Account: ("name_key", "domain", "phone_key", "search", *FIRM_BLOCKS),
    Contact: ("email_key", "name_key", "phone_key", "mobile_key", "search", *PERSON_BLOCKS),
    Lead: (
        "email_key",
        "name_key",
        "company_key",
        "domain",
        "phone_key",
        "mobile_key",
        "bant_known",
        "base_value",
        "search",
        *PERSON_BLOCKS,
    ),
    Opportunity: ("base_value", "search"),
    Activity: ("search",),
}


@dataclass(frozen=True)
class Finding:
    """One record that breaks a rule."""

    rule: str
    kind: str
    id: Any
    text: str


def findings() -> Iterator[Finding]:
    """Return everything that is wrong, rule by rule. Nothing is written."""
    for rule in RULES:
        for kind, pk, text in rule():
            yield Finding(rule.__name__, kind, pk, text)


def claims_point_to_live_records() -> Iterator[tuple[str, Any, str]]:
    """A claim of a record in the bin would keep its identity from everybody else."""
    dead = IdentityClaim.objects.filter(
        Q(account__deleted_at__isnull=False) | Q(contact__deleted_at__isnull=False)
    )
    for claim in dead.iterator(chunk_size=CHUNK):
        yield "claim", claim.pk, f"{claim} belongs to a record in the recycle bin."


def claims_say_what_their_record_is() -> Iterator[tuple[str, Any, str]]:
    """A claim that no merge brought equals what the normaliser makes of its record today."""
    claims = IdentityClaim.objects.filter(merge=None).select_related("account", "contact__account")
    for claim in claims.iterator(chunk_size=CHUNK):
        record: Any = claim.account or claim.contact
        record.derive()
        if (claim.kind, claim.value) not in identity.identities_of(record):
            yield "claim", claim.pk, f"{claim} is not what {record} is."


def live_records_have_their_claims() -> Iterator[tuple[str, Any, str]]:
    """A record without its claim can get a twin."""
    for model, column in ((Account, "account"), (Contact, "contact")):
        records: Any = model.objects.order_by("pk")
        if model is Contact:
            records = records.select_related("account")
        for batch in _batches(records):
            held = set(
                IdentityClaim.objects.filter(
                    **{f"{column}__in": [r.pk for r in batch]}
                ).values_list(f"{column}_id", "kind", "value")
            )
            for record in batch:
                record.derive()
                for kind, value in identity.identities_of(record):
                    if (record.pk, kind, value) not in held:
                        yield column, record.pk, f"{record} does not claim {kind} {value}."


def derived_columns_follow_from_the_others() -> Iterator[tuple[str, Any, str]]:
    """What is stored for searching and matching is what `derive` gives."""
    for model, names in DERIVED.items():
        for record in model._base_manager.order_by("pk").iterator(chunk_size=CHUNK):
            stored = {name: getattr(record, name) for name in names}
            record.derive()
            for name, value in stored.items():
                if getattr(record, name) != value:
                    yield (
                        _kind(model),
                        record.pk,
                        f"{name} is {value!r}, not {getattr(record, name)!r}.",
                    )


def qualified_leads_have_one_active_qualification() -> Iterator[tuple[str, Any, str]]:
    """A lead is qualified when, and only when, one of its cycles is active."""
    leads = Lead.all_objects.annotate(
        active=Count("qualifications", filter=Q(qualifications__state="active"))
    )
    wrong = leads.filter(
        (Q(status="qualified") & ~Q(active=1)) | (~Q(status="qualified") & Q(active__gt=0))
    )
    for lead in wrong.order_by("pk").iterator(chunk_size=CHUNK):
        yield "lead", lead.pk, f"It is {lead.status} and has {lead.active} active qualifications."


def qualified_leads_link_what_they_became() -> Iterator[tuple[str, Any, str]]:
    """Lead and active qualification name the same account and contact."""
    for cycle in (
        Qualification.objects.filter(state="active")
        .select_related("lead")
        .iterator(chunk_size=CHUNK)
    ):
        lead = cycle.lead
        if (lead.account_id, lead.contact_id) != (cycle.account_id, cycle.contact_id):
            yield "lead", lead.pk, "Its account and contact are not those of its qualification."


def qualifications_link_their_opportunities() -> Iterator[tuple[str, Any, str]]:
    """What a qualification answered is what it is linked to, with one primary opportunity."""
    cycles = Qualification.objects.filter(state="active").prefetch_related("opportunity_links")
    for cycle in cycles.order_by("pk").iterator(chunk_size=CHUNK):
        links = cycle.opportunity_links.all()
        linked = {link.opportunity_id for link in links}
        answered = set(cycle.result.get("opportunities", []))
        if linked != answered:
            yield (
                "qualification",
                cycle.pk,
                f"It answered {sorted(answered)} and is linked to {sorted(linked)}.",
            )
        if links and sum(link.is_primary for link in links) != 1:
            yield "qualification", cycle.pk, "It has not exactly one primary opportunity."


def cycles_are_counted() -> Iterator[tuple[str, Any, str]]:
    """Cycles are numbered from 1 without gaps, and the lead knows how many there were."""
    leads = Lead.all_objects.annotate(
        count=Count("qualifications"), last=Coalesce(Max("qualifications__seq"), 0)
    ).exclude(cycles=F("count"), last=F("count"))
    for lead in leads.order_by("pk").iterator(chunk_size=CHUNK):
        yield (
            "lead",
            lead.pk,
            f"It counts {lead.cycles} cycles, has {lead.count}, the last is number {lead.last}.",
        )


def next_steps_equal_the_activities() -> Iterator[tuple[str, Any, str]]:
    """The next step, the last touch and the first contact are those of the timeline."""
    for model in ON_A_TIMELINE:
        shown = Activity.objects.filter(
            links__record_type=ContentType.objects.get_for_model(model),
            links__record_id=OuterRef("pk"),
        )
        first = shown.to_do().order_by(F("due_at").asc(nulls_last=True), "pk")
        last = shown.filter(status=Activity.Status.DONE, kind__in=TOUCHES).order_by("-done_at")
        asked: list[Any] = [
            "pk",
            "next_step",
            Coalesce(Subquery(first.values("subject")[:1]), Value("")),
            "next_step_kind",
            Coalesce(Subquery(first.values("kind")[:1]), Value("")),
            "next_step_at",
            Subquery(first.values("due_at")[:1]),
            "touched_at",
            Subquery(last.values("done_at")[:1]),
        ]
        names = ["next_step", "next_step_kind", "next_step_at", "touched_at"]
        if model.keeps_first_contact:
            contacts = shown.contacts().order_by("done_at")
            names.append("contacted_at")
            asked += ["contacted_at", Subquery(contacts.values("done_at")[:1])]
        rows = model._base_manager.order_by("pk").values_list(*asked)
        for pk, *pairs in rows.iterator(chunk_size=CHUNK):
            for name, stored, true in zip(
                names,
                pairs[::2],
                pairs[1::2],
                strict=True,
            ):
                if stored != true:
                    yield _kind(model), pk, f"{name} is {stored!r}, the timeline says {true!r}."


def versions_equal_the_history() -> Iterator[tuple[str, Any, str]]:
    """Every version of a record has its line of history. A seeded record may have none at all."""
    for model in RECORDS:
        history: Any = model.history.model
        counts = dict(
            history.objects.order_by()
            .values_list("id")
            .annotate(Count("history_id"))
            .values_list("id", "history_id__count")
        )
        for pk, version in (
            model._base_manager.order_by("pk")
            .values_list("pk", "version")
            .iterator(chunk_size=CHUNK)
        ):
            lines = counts.get(pk, 0)
            if version < 1 or (lines and lines != version):
                yield _kind(model), pk, f"It is version {version} and has {lines} lines of history."


def opportunities_remember_their_way() -> Iterator[tuple[str, Any, str]]:
    """The last move of an opportunity leads to its stage, and a closed one ends with its close."""
    last = StageMove.objects.filter(opportunity=OuterRef("pk")).order_by("-at", "-pk")
    rows = Opportunity.all_objects.order_by("pk").values_list(
        "pk",
        "status",
        "stage_id",
        Subquery(last.values("kind")[:1]),
        Subquery(last.values("to_stage")[:1]),
    )
    for pk, status, stage, kind, to_stage in rows.iterator(chunk_size=CHUNK):
        if to_stage != stage:
            yield "opportunity", pk, "Its last move does not lead to its stage."
        is_close = kind in {StageMove.Kind.WON, StageMove.Kind.LOST}
        if (status == Opportunity.Status.OPEN) == is_close or (is_close and kind != status):
            yield "opportunity", pk, f"It is {status}, and its last move is {kind}."


def pipeline_states_tell_what_opportunities_were() -> Iterator[tuple[str, Any, str]]:
    """The states of an opportunity follow each other without a gap, up to what its row says."""
    rows = Opportunity.all_objects.order_by("pk").only(
        "status", "deleted_at", *(name for name in PipelineState.KEPT if name != "standing")
    )
    for opportunity in rows.prefetch_related("states").iterator(chunk_size=CHUNK):
        states = sorted(opportunity.states.all(), key=lambda state: state.from_at)
        began = None
        for before, state in pairwise(states):
            began = before.from_at if before.begins_a_stay else began
            days = (state.from_at - began).days if began and state.leaves_a_stage else None
            if state.days_before != days:
                yield "opportunity", opportunity.pk, f"State {state.pk} tells of another stay."
            expected = PipelineState()
            expected.follow(before)
            if before.until_at != state.from_at or not state.tells_the_same_of_before(expected):
                yield "opportunity", opportunity.pk, f"State {state.pk} does not follow the last."
        last = states[-1] if states else None
        if last is None or last.until_at != FOREVER:
            yield "opportunity", opportunity.pk, "No state of it holds now."
        elif not PipelineState.of(opportunity).is_like(last):
            yield "opportunity", opportunity.pk, f"State {last.pk} is not what it is now."


def activities_have_one_origin() -> Iterator[tuple[str, Any, str]]:
    """An entry was written in one place, and every place that shows it is there."""
    origins = ActivityLink.objects.filter(activity=OuterRef("pk"), is_origin=True)
    homeless = Activity.all_objects.exclude(Exists(origins)).order_by("pk")
    for pk in homeless.values_list("pk", flat=True).iterator(chunk_size=CHUNK):
        yield "activity", pk, "It is nobody's: it has no record that it was written on."
    for model in ON_A_TIMELINE:
        there = model._base_manager.filter(pk=OuterRef("record_id"))
        lost = (
            ActivityLink.objects.filter(record_type=ContentType.objects.get_for_model(model))
            .exclude(Exists(there))
            .order_by("pk")
        )
        for link in lost.iterator(chunk_size=CHUNK):
            yield (
                "activity",
                link.activity_id,
                f"It is shown on a {_kind(model)} that is not there.",
            )


def files_have_their_bytes() -> Iterator[tuple[str, Any, str]]:
    """What a file row names lies where it should and is as long; and nothing else lies there.

    Bytes of the last day may belong to a form that is being saved.
    """
    rows = File.all_objects.order_by("pk").values_list("pk", "size", "key", "preview")
    for pk, size, key, preview in rows.iterator(chunk_size=CHUNK):
        try:
            found = default_storage.size(key)
        except FileNotFoundError:
            yield "file", pk, "Its bytes are gone."
            continue
        if found != size:
            yield "file", pk, f"It has {size} bytes, and {found} are there."
        if preview and not default_storage.exists(preview):
            yield "file", pk, "Its preview is gone."
    before = timezone.now() - SWEPT_AFTER
    for keys in unnamed_bytes():
        for key in keys:
            if default_storage.get_modified_time(key) < before:
                yield "bytes", key, "No file names these bytes."


def accounts_are_no_circle() -> Iterator[tuple[str, Any, str]]:
    """No account is above itself."""
    parents = dict(Account.all_objects.filter(parent__isnull=False).values_list("pk", "parent_id"))
    for pk in parents:
        above, steps = parents.get(pk), 0
        while above is not None and above != pk and steps <= len(parents):
            above, steps = parents.get(above), steps + 1
        if above == pk:
            yield "account", pk, "It is above itself."


def inherited_claims_are_the_survivors() -> Iterator[tuple[str, Any, str]]:
    """What a merge brought is with what it brought it to, as long as the merge is active."""
    claims = IdentityClaim.objects.exclude(merge=None).select_related("merge")
    for claim in claims.iterator(chunk_size=CHUNK):
        merge = claim.merge
        assert merge is not None  # noqa: S101  as the filter says
        # The people of a company that was merged keep what they were known by there.
        is_follower = merge.kind == Merge.Kind.ACCOUNT and claim.contact_id
        holder = claim.account_id if merge.kind == Merge.Kind.ACCOUNT else claim.contact_id
        if not merge.is_active or not (is_follower or holder == merge.survivor_id):
            yield "claim", claim.pk, f"{claim} is not what merge {merge.pk} left there."


def merged_records_are_part_of_another() -> Iterator[tuple[str, Any, str]]:
    """What was merged lies in the bin, and is marked so as long as its merge is active."""
    marked = {(m.kind, m.record_id): m.merge_id for m in MergedRecord.objects.all()}
    merges = Merge.objects.defer("image").order_by("pk")
    for merge in merges.iterator(chunk_size=CHUNK):
        for pk in merge.loser_ids:
            is_marked = marked.get((merge.kind, pk)) == merge.pk
            if is_marked != merge.is_active:
                yield merge.kind, pk, f"Merge {merge.pk} is {merge.state}, and it is marked so not."
        if merge.survivor_id in merge.loser_ids:
            yield "merge", merge.pk, "Its survivor is one of its losers."
    for model in MERGEABLE:
        gone = MergedRecord.objects.filter(kind=_kind(model)).values("record_id")
        alive = model.objects.filter(pk__in=gone)  # type: ignore[attr-defined]
        for pk in alive.order_by("pk").values_list("pk", flat=True):
            yield _kind(model), pk, "It was merged into another one and is not in the bin."


def nothing_refers_to_what_was_merged() -> Iterator[tuple[str, Any, str]]:
    """Everything that hung on a record that was merged hangs on the one it is part of."""
    for model in MERGEABLE:
        merged = MergedRecord.objects.filter(kind=_kind(model)).values("record_id")
        for key in references_to(model, stays=(*LEAD_STAYS, *CLAIMS)):
            left = key.model._base_manager.filter(**{f"{key.name}__in": merged})
            if key.model is model:
                left = left.exclude(pk__in=merged)  # those that were merged together
            for pk in left.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=CHUNK):
                yield key.model._meta.model_name, pk, f"Its {key.name} was merged into another one."
        kind = ContentType.objects.get_for_model(model)
        shown = ActivityLink.objects.filter(record_type=kind, record_id__in=merged).order_by("pk")
        for link in shown.iterator(chunk_size=CHUNK):
            yield "activity", link.activity_id, "It is shown on what was merged into another one."


def pairs_are_two_records() -> Iterator[tuple[str, Any, str]]:
    """A pair is two different records, the lower number first; who says that it is none is named.

    One of the two may be gone for good: what a person said about them stays.
    """
    alike = Q(kind__in=[_kind(model) for model in MERGEABLE])
    between = Q(kind__in=["lead_account", "lead_contact"])
    said = Q(dismissed_at__isnull=False, dismissed_by__isnull=False)
    unsaid = Q(dismissed_at=None, dismissed_by=None)
    sound = (alike & Q(low__lt=F("high")) | between) & (said | unsaid) & Q(score__lte=100)
    # Not `exclude`: a condition on what is nothing would leave its row out.
    right = PossibleDuplicate.objects.filter(sound).values("pk")
    for pair in PossibleDuplicate.objects.exclude(pk__in=right).order_by("pk").iterator():
        yield "possible duplicate", pair.pk, f"{pair} are no two records of which this can be said."


def jobs_have_a_worker_while_they_run() -> Iterator[tuple[str, Any, str]]:
    """Nobody works on a job that waits or has ended: whoever takes it up would not get it."""
    held = Job.objects.exclude(state=Job.State.RUNNING).exclude(worker="")
    for job in held.order_by("pk").iterator(chunk_size=CHUNK):
        yield "job", job.pk, f"It is {job.state}, and a worker has it."


def the_search_is_in_step_with_the_records() -> Iterator[tuple[str, Any, str]]:
    """Everything is found by what stands in it, and what will be written is going to be."""
    yield from search_index.faults()


def the_sums_are_in_step_with_the_records() -> Iterator[tuple[str, Any, str]]:
    """What figures read of sums is what they would count of the records."""
    yield from summaries.faults()


def webhooks_are_told_of_what_happens() -> Iterator[tuple[str, Any, str]]:
    """What the trail says is noted for whoever shall be told."""
    yield from outbox.faults()


def letters_have_a_worker_while_they_are_sent() -> Iterator[tuple[str, Any, str]]:
    """Nobody works on a letter that waits or is settled: whoever takes it would not get it."""
    sending = Mail.State.SENDING
    wrong = Mail.objects.filter(Q(state=sending, worker="") | (~Q(state=sending) & ~Q(worker="")))
    for mail in wrong.order_by("pk").iterator(chunk_size=CHUNK):
        yield "mail", mail.pk, f"It is {mail.state}, and its worker is {mail.worker or 'nobody'}."


def references_lead_somewhere() -> Iterator[tuple[str, Any, str]]:
    """Every foreign key has its row: SQLite checks that only while it is switched on."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_key_check")
        for table, pk, other, _ in cursor.fetchall():
            yield table, pk, f"It refers to a row of {other} that is not there."


RULES: tuple[Callable[[], Iterator[tuple[str, Any, str]]], ...] = (
    references_lead_somewhere,
    claims_point_to_live_records,
    claims_say_what_their_record_is,
    live_records_have_their_claims,
    derived_columns_follow_from_the_others,
    qualified_leads_have_one_active_qualification,
    qualified_leads_link_what_they_became,
    qualifications_link_their_opportunities,
    cycles_are_counted,
    next_steps_equal_the_activities,
    versions_equal_the_history,
    opportunities_remember_their_way,
    pipeline_states_tell_what_opportunities_were,
    activities_have_one_origin,
    files_have_their_bytes,
    accounts_are_no_circle,
    inherited_claims_are_the_survivors,
    merged_records_are_part_of_another,
    nothing_refers_to_what_was_merged,
    pairs_are_two_records,
    jobs_have_a_worker_while_they_run,
    letters_have_a_worker_while_they_are_sent,
    the_search_is_in_step_with_the_records,
    the_sums_are_in_step_with_the_records,
    webhooks_are_told_of_what_happens,
)


def _kind(model: type[Record]) -> str:
    return str(model._meta.model_name)


def _batches(records: Any) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for record in records.iterator(chunk_size=CHUNK):
        batch.append(record)
        if len(batch) == CHUNK // 4:
            yield batch
            batch = []
    if batch:
        yield batch
