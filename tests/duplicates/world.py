"""Records to merge, with everything on them that can hang on a record of their kind."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from accounts.models import Account, Contact
from accounts.operations import create_account, create_contact
from activities.operations import add_task, log_call, log_note, share
from intake.models import Delivery, Door, Reference
from leads.models import DisqualifyReason, Lead
from leads.operations import Plan, Target, capture_lead, disqualify, qualify, undo
from opportunities.models import Product
from opportunities.operations import add_stakeholder, open_opportunity
from users.models import User


def a_lead(by: User, name: str = "Ada", **fields: Any) -> Lead:
    """A lead that can be qualified."""
    known = {
        "topic": f"Engines for {name}",
        "first_name": name,
        "last_name": "Lovelace",
        "company": f"{name} Engines",
        "email": f"{name.lower()}@engine.example",
    }
    return capture_lead(by=by, **(known | fields))


def accounts(by: User) -> list[Account]:
    """Three accounts: the first is to stay, the others have all that an account can have."""
    kept = create_account(by=by, name="Analytical Engines", city="London", tags=["steam"])
    gone = create_account(
        by=by,
        name="Analytical Machines",
        website="https://machines.example",
        phone="+44 20 7946 0001",
        external_id="SF-2",
        annual_revenue="1000.00",
        currency="EUR",
        tags=["Steam", "brass"],
    )
    third = create_account(by=by, name="Engine Works", country="GB", description="Old friends")
    log_note(kept, by=by, text="A note on the first")
    both = log_note(gone, by=by, text="A note on two of them")
    share(gone, targets=[kept], via="test")
    add_task(gone, by=by, subject="Call them")
    log_call(third, by=by, outcome="reached", text="Spoke")
    share(third, targets=[gone], via="test")
    assert both is not None
    person = create_contact(
        by=by, first_name="Charles", last_name="Babbage", phone="+442079460002", account=gone
    )
    create_contact(by=by, last_name="Lovelace", email="ada@engine.example", account=third)
    create_account(by=by, name="Machines North", parent=gone)
    open_opportunity("Looms", by=by, owner=by, account=gone, contact=person)
    a_lead(by, "Grace", account=gone)
    lead = a_lead(by, "Mary", company="Analytical Machines", website="https://machines.example")
    qualify(lead, by=by)
    again = a_lead(by, "Joan", company="Engine Works", country="GB")
    qualify(again, by=by)
    undo(again, by=by)
    return [record(each) for each in (kept, gone, third)]


def contacts(by: User) -> list[Contact]:
    """Three contacts: the first is to stay, the others have all that a contact can have."""
    home = create_account(by=by, name="Analytical Engines")
    away = create_account(by=by, name="Difference Works")
    kept = create_contact(by=by, first_name="Ada", last_name="Lovelace", email="ada@engine.example")
    gone = create_contact(
        by=by,
        first_name="Ada",
        last_name="Byron",
        email="ada@byron.example",
        second_email="countess@byron.example",
        phone="+44 20 7946 0001",
        account=home,
        do_not_contact=True,
        consent=True,
        external_id="SF-2",
        tags=["steam"],
    )
    third = create_contact(
        by=by, first_name="A.", last_name="King", mobile="+44 7700 900123", account=away
    )
    log_note(gone, by=by, text="Prefers mail")
    share(gone, targets=[kept], via="test")
    add_task(third, by=by, subject="Call her")
    deal = open_opportunity("Looms", by=by, owner=by, account=home, contact=gone)
    for person in (kept, gone, third):
        add_stakeholder(deal, by=by, contact=person, role="champion")
    other = open_opportunity("Mills", by=by, owner=by, account=home)
    add_stakeholder(other, by=by, contact=gone, role="decision_maker")
    a_lead(by, "Grace", contact=gone)
    lead = a_lead(by, "Ada", last_name="Byron", email="countess@byron.example", company="")
    qualify(lead, by=by, plan=Plan(contact=Target("use", gone.pk)))
    return [record(each) for each in (kept, gone, third)]


def leads(by: User) -> list[Lead]:
    """Three leads: the first is to stay, the others have all that a lead can have."""
    first, second = (
        Product.objects.create(key="loom", name="Loom"),
        Product.objects.create(key="mill", name="Mill"),
    )
    kept = a_lead(by, "Ada", products=[first])
    gone = a_lead(
        by,
        "Augusta",
        products=[first, second],
        phone="+44 20 7946 0001",
        estimated_value="500.00",
        do_not_contact=True,
        external_id="SF-2",
        utm={"source": "fair"},
        tags=["steam"],
    )
    third = a_lead(by, "Countess", job_title="Countess")
    log_note(kept, by=by, text="A note on the first")
    log_note(gone, by=by, text="A note on two of them")
    share(gone, targets=[kept], via="test")
    add_task(gone, by=by, subject="Call her")
    log_call(third, by=by, outcome="reached", text="Spoke")
    qualify(third, by=by)
    undo(third, by=by)
    twin = a_lead(by, "Twin")
    disqualify(twin, by=by, reason=DisqualifyReason.objects.get(key="duplicate"), duplicate_of=gone)
    door = Door.objects.create(name="Fair", slug="fair")
    Reference.objects.create(door=door, name="7", lead=gone)
    Delivery.objects.create(door=door, digest="x", key="x", lead=gone, state="processed")
    return [record(each) for each in (kept, gone, third)]


def record(one: Any) -> Any:
    """Return the record as it stands now."""
    model: type[Model] = type(one)
    return model._base_manager.get(pk=one.pk)
