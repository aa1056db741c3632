"""`check_integrity`: every rule finds the corruption that is planted for it, and nothing else."""

from __future__ import annotations

import io
import json
import os
import uuid
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Account, Contact, IdentityClaim
from accounts.operations import merge_accounts, unmerge_accounts
from activities.models import Activity, ActivityLink
from activities.operations import add_task, attach, log_call
from crm import outbox, search_index
from crm.integrity import RULES, findings
from leads import jobs
from leads.models import DisqualifyReason, Lead, Qualification, QualifiedOpportunity
from leads.operations import (
    dismiss_pair,
    disqualify,
    qualify,
    restore_pair,
    undo,
)
from opportunities.models import Opportunity, PipelineState, Stage, StageMove
from opportunities.operations import move_to_stage, win
from opportunities.querysets import FOREVER
from records.models import Merge, MergedRecord, PossibleDuplicate, SearchWord
from reports.models import LeadSum
from tests.factories import AccountFactory, ContactFactory, LeadFactory, UserFactory, clerk
from workbench.models import Job, Mail
from workbench.operations.mail import post


@pytest.fixture(autouse=True)
def _folder(tmp_path, settings):
    """Keep the files of each test to itself."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    """A little of everything, made once for this file, and rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield a_little_of_everything()
        transaction.set_rollback(True)


@pytest.fixture
def world(made, db):
    """A little of everything, and what a test does to it is its own."""
    return made


def a_little_of_everything():
    """Make a little of everything, by operations."""
    by = UserFactory(is_superuser=True)
    for _ in range(2):
        lead = LeadFactory(website="https://engine.example", phone="+1 512 757 6000")
        add_task(lead, by=by, subject="Call")
        log_call(lead, by=by, outcome="reached", text="Spoke")
        qualify(lead, by=by)
    undone = LeadFactory()
    qualify(undone, by=by)
    undo(undone, by=by)
    disqualify(LeadFactory(), by=by, reason=DisqualifyReason.objects.get(key="no-need"))
    first, second = Opportunity.objects.order_by("pk")[:2]
    move_to_stage(first, by=by, stage=Stage.objects.get(key="propose"))
    win(second, by=by)
    parent = AccountFactory(name="Parent Works")
    AccountFactory(name="Child Works", parent=parent)
    twins = [AccountFactory(name=f"Twin {n} Works", country="DE", owner=by) for n in range(3)]
    ContactFactory(account=twins[1])
    log_call(twins[1], by=by, outcome="reached", text="Spoke")
    merge_accounts(twins[0], twins[1:2], by=by)
    unmerge_accounts(merge_accounts(twins[0], twins[2:], by=by), by=by)
    people = [ContactFactory(last_name=name) for name in ("Byron", "Lovelace", "King")]
    dismiss_pair(*people[:2], by=by)
    dismiss_pair(people[0], first_of(Lead), by=by)
    dismiss_pair(*people[1:], by=by)
    restore_pair(*people[1:], by=by)
    jobs.qualify_many([LeadFactory().pk], by=by)
    return by


def first_of(model, **which):
    return model._base_manager.filter(**which).order_by("pk").first()


def a_dead_claim():
    record = first_of(IdentityClaim, kind="company").account
    Account.all_objects.filter(pk=record.pk).update(deleted_at=timezone.now())


def a_wrong_claim():
    IdentityClaim.objects.filter(pk=first_of(IdentityClaim).pk).update(value="somebody else")


def a_missing_claim():
    first_of(IdentityClaim, kind="email").delete()


def a_stale_key():
    Lead.objects.filter(pk=first_of(Lead).pk).update(email="other@engine.example")


def a_stale_search_text():
    Contact.objects.filter(pk=first_of(Contact).pk).update(search="nobody")


def a_stale_base_value():
    Opportunity.objects.filter(pk=first_of(Opportunity).pk).update(value=77)


def a_lead_without_its_qualification():
    Qualification.objects.filter(pk=first_of(Qualification, state="active").pk).update(
        state="undone"
    )


def an_open_lead_with_a_qualification():
    lead = first_of(Lead, status="qualified")
    Lead.objects.filter(pk=lead.pk).update(status="open", qualified_at=None)


def another_account_than_qualified():
    lead = first_of(Lead, status="qualified")
    Lead.objects.filter(pk=lead.pk).update(account=Account.objects.exclude(pk=lead.account_id)[0])


def a_lost_opportunity_link():
    first_of(QualifiedOpportunity).delete()


def no_primary_opportunity():
    QualifiedOpportunity.objects.filter(pk=first_of(QualifiedOpportunity).pk).update(
        is_primary=False
    )


def a_wrong_count_of_cycles():
    Lead.objects.filter(pk=first_of(Lead, status="qualified").pk).update(cycles=5)


def a_wrong_next_step():
    Lead.objects.filter(pk=first_of(Lead).pk).update(next_step="Sleep")


def a_wrong_last_touch():
    Account.objects.filter(pk=first_of(Account).pk).update(touched_at=timezone.now())


def a_wrong_version():
    Contact.objects.filter(pk=first_of(Contact).pk).update(version=9)


def a_lost_line_of_history():
    lead = first_of(Lead, status="qualified")
    lead.history.order_by("history_id").first().delete()


def a_close_without_a_move():
    StageMove.objects.filter(kind="won").delete()


def a_stage_without_a_move():
    move = first_of(StageMove, kind="moved")
    Opportunity.objects.filter(pk=move.opportunity_id).update(stage=Stage.objects.get(key="close"))


def a_state_that_is_another():
    PipelineState.objects.lasting().filter(standing="open").update(base_value=7_000_000)


def a_state_that_ended_too_early():
    ended = PipelineState.objects.exclude(until_at=FOREVER)
    ended.update(until_at=F("from_at") + timedelta(microseconds=1))


def a_state_that_followed_another():
    PipelineState.objects.exclude(standing_before="").update(value_before=7_000_000)


def a_stay_of_another_length():
    PipelineState.objects.filter(days_before__isnull=False).update(days_before=7_000)


def an_opportunity_without_a_state():
    PipelineState.objects.lasting().filter(standing="won").delete()


def a_homeless_activity():
    ActivityLink.objects.filter(activity=first_of(Activity)).update(is_origin=False)


def an_activity_on_nothing():
    ActivityLink.objects.filter(pk=first_of(ActivityLink, is_origin=False).pk).update(
        record_id=999_999
    )


def a_circle_of_accounts():
    child = Account.objects.get(name="Child Works")
    Account.objects.filter(pk=child.parent_id).update(parent=child)


def an_inherited_claim_elsewhere():
    claim = IdentityClaim.objects.exclude(merge=None)[0]
    IdentityClaim.objects.filter(pk=claim.pk).update(
        account=Account.objects.get(name="Parent Works")
    )


def a_claim_of_a_merge_that_was_undone():
    IdentityClaim.objects.exclude(merge=None).update(merge=Merge.objects.get(state="undone"))


def a_merged_record_out_of_the_bin():
    Account.all_objects.filter(name="Twin 1 Works").update(deleted_at=None)


def a_merged_record_without_its_mark():
    MergedRecord.objects.all().delete()


def a_survivor_that_is_its_own_loser():
    merge = Merge.objects.get(state="undone")
    Merge.objects.filter(pk=merge.pk).update(survivor_id=merge.loser_ids[0])


def a_person_at_what_was_merged():
    gone = Account.all_objects.get(name="Twin 1 Works")
    Contact.objects.filter(account__name="Twin 0 Works").update(account=gone)


def an_activity_on_what_was_merged():
    gone = Account.all_objects.get(name="Twin 1 Works")
    kept = Account.objects.get(name="Twin 0 Works")
    kind = ContentType.objects.get_for_model(Account)
    ActivityLink.objects.filter(record_type=kind, record_id=kept.pk).update(record_id=gone.pk)


def a_pair_the_wrong_way_round():
    PossibleDuplicate.objects.filter(dismissed_at=None).update(low=9, high=3)


def a_pair_of_no_kind():
    PossibleDuplicate.objects.filter(dismissed_at=None).update(kind="deal")


def a_pair_that_nobody_said_to_be_none():
    PossibleDuplicate.objects.exclude(dismissed_at=None).update(dismissed_by=None)


def a_letter_that_went_in_the_hands_of_a_worker():
    mail = post(to="ada@engine.example", subject="Hi", text="Hello")
    Mail.objects.filter(pk=mail.pk).update(worker="f" * 32)


def a_job_that_ended_in_the_hands_of_a_worker():
    Job.objects.filter(state="done").update(worker="somebody")


def a_word_that_the_search_forgot():
    SearchWord.objects.filter(word="engines").delete()


def an_index_that_was_left_behind():
    table = "leads_lead"
    with connection.cursor() as cursor:
        for name in search_index._triggers_on(table):
            if "search" in name or "words" in name:
                on = "" if connection.vendor == "sqlite" else f" ON {table}"
                cursor.execute(f"DROP TRIGGER {name}{on}")


def a_sum_that_is_gone():
    LeadSum.objects.all().delete()


def a_sum_that_stands_still():
    name, table = "reports_leadsum_new", "leads_lead"
    with connection.cursor() as cursor:
        on = "" if connection.vendor == "sqlite" else f" ON {table}"
        cursor.execute(f"DROP TRIGGER {name}{on}")


def a_file_without_bytes():
    account = first_of(Account, deleted_at=None)
    file = attach(account, by=clerk(), name="a.txt", content=b"text")
    default_storage.delete(file.key)


def bytes_without_a_file():
    key = default_storage.save(f"zz/{uuid.uuid4().hex}", io.BytesIO(b"stray"))
    os.utime(default_storage.path(key), (1, 1))


def a_trail_of_which_nobody_is_told():
    on = "" if connection.vendor == "sqlite" else f" ON {outbox.TRAIL}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {outbox.NAME}{on}")


PLANTED = {
    "claims_point_to_live_records": [a_dead_claim],
    "claims_say_what_their_record_is": [a_wrong_claim],
    "live_records_have_their_claims": [a_missing_claim],
    "derived_columns_follow_from_the_others": [
        a_stale_key,
        a_stale_search_text,
        a_stale_base_value,
    ],
    "qualified_leads_have_one_active_qualification": [
        a_lead_without_its_qualification,
        an_open_lead_with_a_qualification,
    ],
    "qualified_leads_link_what_they_became": [another_account_than_qualified],
    "qualifications_link_their_opportunities": [a_lost_opportunity_link, no_primary_opportunity],
    "cycles_are_counted": [a_wrong_count_of_cycles],
    "next_steps_equal_the_activities": [a_wrong_next_step, a_wrong_last_touch],
    "versions_equal_the_history": [a_wrong_version, a_lost_line_of_history],
    "opportunities_remember_their_way": [a_close_without_a_move, a_stage_without_a_move],
    "pipeline_states_tell_what_opportunities_were": [
        a_state_that_is_another,
        a_state_that_ended_too_early,
        a_state_that_followed_another,
        a_stay_of_another_length,
        an_opportunity_without_a_state,
    ],
    "activities_have_one_origin": [a_homeless_activity, an_activity_on_nothing],
    "files_have_their_bytes": [a_file_without_bytes, bytes_without_a_file],
    "accounts_are_no_circle": [a_circle_of_accounts],
    "inherited_claims_are_the_survivors": [
        an_inherited_claim_elsewhere,
        a_claim_of_a_merge_that_was_undone,
    ],
    "merged_records_are_part_of_another": [
        a_merged_record_out_of_the_bin,
        a_merged_record_without_its_mark,
        a_survivor_that_is_its_own_loser,
    ],
    "nothing_refers_to_what_was_merged": [
        a_person_at_what_was_merged,
        an_activity_on_what_was_merged,
    ],
    "pairs_are_two_records": [
        a_pair_the_wrong_way_round,
        a_pair_of_no_kind,
        a_pair_that_nobody_said_to_be_none,
    ],
    "jobs_have_a_worker_while_they_run": [a_job_that_ended_in_the_hands_of_a_worker],
    "letters_have_a_worker_while_they_are_sent": [a_letter_that_went_in_the_hands_of_a_worker],
    "the_search_is_in_step_with_the_records": [
        a_word_that_the_search_forgot,
        an_index_that_was_left_behind,
    ],
    "the_sums_are_in_step_with_the_records": [a_sum_that_is_gone, a_sum_that_stands_still],
    "webhooks_are_told_of_what_happens": [a_trail_of_which_nobody_is_told],
}


def run(**options):
    out = io.StringIO()
    try:
        call_command("check_integrity", stdout=out, **options)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    return 0, out.getvalue()


def test_finds_nothing_in_what_operations_made(world, django_assert_max_num_queries):
    assert list(findings()) == []
    assert run()[0] == 0


@pytest.mark.parametrize(
    ("rule", "plant"),
    [(rule, plant) for rule, plants in PLANTED.items() for plant in plants],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_finds_what_is_planted(world, rule, plant):
    plant()

    code, text = run(json=True)

    report = json.loads(text)
    assert code == 1
    assert rule in {finding["rule"] for finding in report["findings"]}


def test_every_rule_has_a_corruption_planted():
    names = {rule.__name__ for rule in RULES}

    # That rows are there which others refer to is the engine's business; see test_references.py.
    assert names - {"references_lead_somewhere"} == set(PLANTED)


def test_writes_nothing(world):
    before = [
        list(model._base_manager.order_by("pk").values()) for model in (Lead, Account, Contact)
    ]
    a_stale_key()
    planted = Lead.objects.order_by("pk").values_list("email", flat=True)[0]

    run()

    assert Lead.objects.order_by("pk").values_list("email", flat=True)[0] == planted
    assert [list(m._base_manager.order_by("pk").values()) for m in (Account, Contact)] == before[1:]
