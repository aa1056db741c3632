"""An import is taken back as a whole, as far as nobody has touched since what it wrote."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Account, Contact
from activities.operations import log_note
from imports.jobs import import_rows, revert
from imports.models import Import
from imports.operations import ImportIsOver
from leads.models import Lead
from leads.operations import update_lead
from records.errors import Unacceptable
from records.models import Currency
from tests.factories import LeadFactory, OpportunityFactory
from tests.imports.files import LEADS, imported, sent
from users.models import User


def of(model: type, *columns: str) -> list[tuple[object, ...]]:
    return list(model.objects.order_by("pk").values_list(*columns))  # type: ignore[attr-defined]


def test_everything_is_as_it_was(rep: User) -> None:
    LeadFactory(owner=rep, external_id="x1", topic="Old", city="Bern", first_name="Ada")
    before = of(Lead, "topic", "city", "first_name", "owner")
    text = "external_id,topic,last_name,city\nx1,New,Lovelace,Basel\nx2,Other,Two,\n"
    done = imported(text, by=rep)
    assert (done.count("new"), done.count("updated")) == (1, 1)

    back = revert(done, by=rep)

    assert back.phase == "reverted"
    assert of(Lead, "topic", "city", "first_name", "owner") == before
    assert not back.rows.filter(is_reverted=False).exists()


def test_a_value_is_worth_again_what_it_was_whatever_its_currency_is_by_now(rep: User) -> None:
    Currency.objects.update_or_create(code="USD", defaults={"name": "Dollar", "rate": "0.9"})
    deal = OpportunityFactory(owner=rep, external_id="x1", value=Decimal(100), currency="USD")
    lead = LeadFactory(owner=rep, external_id="x1", estimated_value=Decimal(100), currency="USD")
    Currency.objects.filter(code="USD").update(rate="0.5")
    done = [
        imported("external_id,value\nx1,300\n", by=rep, kind="opportunity"),
        imported("external_id,estimated_value\nx1,300\n", by=rep),
    ]
    Currency.objects.filter(code="USD").update(rate="0.7")

    for each in done:
        revert(each, by=rep)

    for record in (deal, lead):
        record.refresh_from_db()
        assert record.rate == Decimal("0.9")
        assert record.base_value == 90


def test_what_somebody_has_touched_stays_and_says_why(rep: User) -> None:
    done = imported(LEADS, by=rep)
    touched, noted = Lead.objects.order_by("pk")
    update_lead(touched, by=rep, city="Milan")
    log_note(noted, by=rep, text="Called back")

    back = revert(done, by=rep)

    assert Lead.objects.count() == 2
    told = list(back.rows.in_order().values_list("is_reverted", "kept_because"))
    assert told[0] == (False, f"{touched} was changed since.")
    assert told[1][0] is False
    assert "1 activity" in told[1][1]
    assert back.job.outcome == "0 rows were taken back. 2 stay, or some of it."


def test_of_a_changed_record_only_what_still_stands_is_given_back(rep: User) -> None:
    lead = LeadFactory(owner=rep, external_id="x1", topic="Old", city="Bern")
    done = imported("external_id,topic,city\nx1,New,Basel\n", by=rep)
    update_lead(Lead.objects.get(pk=lead.pk), by=rep, city="Geneva")

    back = revert(done, by=rep)

    lead.refresh_from_db()
    assert (lead.topic, lead.city) == ("Old", "Geneva")
    assert "1 of the values" in back.rows.get().kept_because


def test_a_company_goes_with_the_people_who_brought_it(rep: User) -> None:
    text = "first_name,last_name,company\nAda,Lovelace,Engine Works\nBob,Babbage,Engine Works\n"
    done = imported(text, by=rep, kind="contact")
    assert (Account.objects.count(), Contact.objects.count()) == (1, 2)

    revert(done, by=rep)

    assert not Account.objects.exists()
    assert not Contact.objects.exists()


def test_a_job_of_days_gone_by_writes_nothing_more(rep: User) -> None:
    done = imported(LEADS, by=rep)
    ran = done.job
    assert ran is not None
    revert(done, by=rep)

    with pytest.raises(ImportIsOver):
        import_rows.step(ran)

    assert not Lead.objects.exists()


def test_it_is_done_once_and_in_time(rep: User) -> None:
    with pytest.raises(Unacceptable, match="Nothing was imported"):
        revert(sent(LEADS, by=rep), by=rep)
    done = imported(LEADS, by=rep)
    Import.objects.filter(pk=done.pk).update(finished_at=timezone.now() - timedelta(days=8))
    with pytest.raises(Unacceptable, match="too long ago"):
        revert(Import.objects.get(pk=done.pk), by=rep)
    Import.objects.filter(pk=done.pk).update(finished_at=timezone.now())

    revert(Import.objects.get(pk=done.pk), by=rep)

    with pytest.raises(Unacceptable, match="undone already"):
        revert(Import.objects.get(pk=done.pk), by=rep)
