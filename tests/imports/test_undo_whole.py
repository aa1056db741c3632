"""What an import made goes as a whole: whatever a row made, in whatever order the rows came."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account, Contact
from activities.models import Activity
from activities.operations import edit_activity
from imports.jobs import revert
from imports.models import Import
from imports.operations import prune_imports
from leads.models import Lead
from leads.operations import update_lead
from opportunities.models import Opportunity, Product, Source
from opportunities.operations import update_opportunity
from tests import snapshots
from tests.factories import AccountFactory, ContactFactory, LeadFactory, OpportunityFactory
from tests.imports.files import LEADS, imported
from users.models import User

STEP = {"columns": {"topic": "topic", "next_step": "next_step"}}
RECORDS = (Lead, Account, Contact, Opportunity, Activity)


def told(done: Import) -> list[tuple[Any, ...]]:
    return list(done.rows.in_order().values_list("is_reverted", "kept_because"))


def test_a_parent_that_stands_further_down_goes_after_its_child(rep: User) -> None:
    done = imported("name,parent.name\nA Works,D Works\nD Works,\n", by=rep, kind="account")
    assert done.count("new") == 2

    back = revert(done, by=rep)

    assert told(back) == [(True, ""), (True, "")]
    assert not Account.objects.exists()


def test_what_one_row_made_and_others_changed_goes(rep: User) -> None:
    text = "external_id,topic,last_name\nx1,A,One\nx1,B,One\nx1,C,One\n"
    done = imported(text, by=rep)
    assert (done.count("new"), done.count("updated")) == (1, 2)

    back = revert(done, by=rep)

    assert told(back) == [(True, "")] * 3
    assert not Lead.objects.exists()


def test_what_somebody_changed_between_stays(rep: User) -> None:
    done = imported("external_id,topic,last_name\nx1,A,One\nx1,B,One\n", by=rep)
    update_lead(Lead.objects.get(), by=rep, city="Bern")

    back = revert(done, by=rep)

    assert [row[0] for row in told(back)] == [False, True]
    assert Lead.objects.get().topic == "A"


def test_a_product_that_was_added_goes_and_one_that_was_changed_is_as_it_was(admin: User) -> None:
    Product.objects.create(key="pump", name="Pump", price=5)
    before = list(Product.objects.order_by("pk").values("key", "name", "price"))
    done = imported("Name,Price\nEngine,100\nPump,7\n", by=admin, kind="product")
    assert (done.count("new"), done.count("updated")) == (1, 1)

    back = revert(done, by=admin)

    assert told(back) == [(True, ""), (True, "")]
    assert list(Product.objects.order_by("pk").values("key", "name", "price")) == before


def test_a_product_that_somebody_renamed_stays(admin: User) -> None:
    done = imported("Name,Price\nEngine,100\n", by=admin, kind="product")
    Product.objects.update(name="Motor", version=2)

    back = revert(done, by=admin)

    assert Product.objects.get().name == "Motor"
    assert told(back)[0][0] is False


def test_a_source_that_is_used_stays_and_says_by_what(admin: User) -> None:
    before = Source.objects.count()
    done = imported("topic,last_name,source\nA,One,Badge scan 7\n", by=admin)
    assert Source.objects.count() == before + 1

    back = revert(done, by=admin)

    assert not Lead.objects.exists()
    (is_reverted, why), *_ = told(back)
    assert is_reverted is False
    assert why.startswith("Badge scan 7 is used by 1 lead")


def test_an_opportunity_goes_with_its_next_step(rep: User) -> None:
    done = imported("topic,next_step\nEngines,Call\n", by=rep, kind="opportunity", mapping=STEP)
    assert Activity.objects.count() == 1

    back = revert(done, by=rep)

    assert told(back) == [(True, "")]
    assert not Opportunity.objects.exists()
    assert not Activity.objects.exists()


def test_a_next_step_stays_where_its_opportunity_stays(rep: User) -> None:
    text = "topic,next_step\nEngines,Call\nPumps,Write\n"
    done = imported(text, by=rep, kind="opportunity", mapping=STEP)
    engines, pumps = Opportunity.objects.order_by("pk")
    update_opportunity(engines, by=rep, topic="Motors")
    edit_activity(Activity.objects.on(pumps).get(), by=rep, subject="Write a letter")

    back = revert(done, by=rep)

    assert Opportunity.objects.count() == Activity.objects.count() == 2
    assert [why for _is, why in told(back)] == [
        "Motors was changed since.",
        "Write a letter was changed since.",
    ]


def test_what_a_conversion_made_goes_with_its_lead(admin: User) -> None:
    text = "topic,first_name,last_name,company,converted\nA,Ada,One,Engine Works,yes\n"
    done = imported(text, by=admin, mapping={"conversions": "make"})
    assert done.count("new") == 1, list(done.rows.values())
    assert Lead.objects.get().status == Lead.Status.QUALIFIED
    assert Account.objects.exists()

    back = revert(done, by=admin)

    assert told(back)[0] == (True, "")
    assert not Lead.objects.exists()
    assert not Account.objects.exists()
    assert not Contact.objects.exists()


def test_a_cancelled_run_that_was_undone_keeps_its_line_in_the_history(rep: User) -> None:
    done = imported(LEADS, by=rep)
    Import.objects.filter(pk=done.pk).update(state="running", finished_at=None, job=None)
    back = revert(Import.objects.get(pk=done.pk), by=rep)

    prune_imports(timezone.now() + timedelta(days=31))

    kept = Import.objects.get(pk=back.pk)
    assert (kept.phase, kept.key, kept.rows.count()) == ("reverted", "", 0)


FILES = {
    "account": """external_id,name,city,parent.name
k1,Known Works,Basel,
k2,A Works,,Late Works
k3,Late Works,Bern,
k2,A Works,Genf,
""",
    "contact": """external_id,first_name,last_name,company,email
p1,Known,Person,,new@known.example
,Ada,Lovelace,Engine Works,ada@engine.example
,Bob,Babbage,Engine Works,
""",
    "lead": """external_id,topic,last_name,company,tags,city,rating
l1,New topic,Known,,Hot; Vip,Basel,hot
l2,Other,Two,Two Ltd,Vip,,
l2,Other still,Two,Two Ltd,Hot,Bern,cold
""",
    "opportunity": """external_id,topic,value,next_step,stage
o1,Changed,900,,
o2,Made,100,Call,
o3,Won one,50,,won
""",
}


@pytest.mark.parametrize(("kind", "text"), FILES.items(), ids=FILES)
def test_every_row_of_every_table_is_as_it_was(rep: User, kind: str, text: str) -> None:
    AccountFactory(owner=rep, external_id="k1", name="Known Works", city="Bern")
    ContactFactory(owner=rep, external_id="p1", email="old@known.example")
    LeadFactory(owner=rep, external_id="l1", topic="Topic", last_name="Known", city="Bern")
    OpportunityFactory(owner=rep, external_id="o1", topic="Unchanged", value=100)
    before, living = snapshots.rows(), [set(model.objects.values_list("pk")) for model in RECORDS]
    done = imported(text, by=rep, kind=kind)
    assert (done.count("new") >= 1, done.count("updated") >= 1) == (True, True)
    assert not done.count("rejected"), list(done.rows.values_list("errors", flat=True))

    back = revert(done, by=rep)

    assert not back.rows.filter(is_reverted=False).exists(), told(back)
    after = snapshots.rows()
    # What an opportunity was at which time is told to the reports, and an import was a time.
    del before["opportunities.PipelineState"]
    for table, rows in before.items():
        assert not Counter(rows) - Counter(after[table]), table
    assert [set(model.objects.values_list("pk")) for model in RECORDS] == living
