"""A visitor fills a form on the web, and there is a lead; a robot does, and a person decides."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import PersonBlocks
from intake import jobs
from intake.forms import KEY, TOKEN
from intake.models import Delivery, WebForm, WebFormField
from intake.operations import renew_snippet, retry, save_web_form
from intake.rules import ASKED, TRAP
from leads.models import Lead
from leads.operations import qualify
from opportunities.models import Campaign, Opportunity, Product
from records.errors import NotPermitted
from records.keys import clean_text
from tests.factories import LeadFactory
from users.models import User
from workbench.views.limits import address_of

DATA = Path(__file__).parent.parent / "data"
ADDRESS = "/f/contact/"
ADA = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@engine.example"}


@pytest.fixture
def web_form(admin: User) -> WebForm:
    form = save_web_form(
        WebForm(
            name="Contact us",
            slug="contact",
            campaign=Campaign.objects.create(key="fair", name="Fair"),
            consent_text="You may write to me.",
        ),
        by=admin,
    )
    asked = ("first_name", "last_name", "email", "company", "country", "description")
    for position, name in enumerate(asked):
        WebFormField.objects.create(
            form=form, field=name, position=position, is_required=name == "email"
        )
    return form


def opened(client: Client, address: str = ADDRESS, **headers: str) -> dict[str, str]:
    """Return what the page would send when nobody types anything."""
    page = client.get(address, headers=headers).content.decode()
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: value.replace("&amp;", "&") for name, value in hidden}


def opened_before(client: Client, seconds: float = 20, **terms: Any) -> dict[str, str]:
    with time_machine.travel(timezone.now() - timedelta(seconds=seconds), tick=False):
        return opened(client, **terms)


def send(client: Client, seconds: float = 20, **typed: Any) -> Any:
    """Open the page, take so many seconds to fill it in, and send it."""
    now = timezone.now()
    with time_machine.travel(now - timedelta(seconds=seconds), tick=False):
        hidden = opened(client)
    with time_machine.travel(now, tick=False):
        return client.post(ADDRESS, hidden | typed)


def test_a_visitor_becomes_a_lead(web_form: WebForm):
    client = Client(enforce_csrf_checks=True)

    answer = send(client, **ADA, description="Two pumps", country="DE", agrees="on")

    assert (answer.status_code, answer["Location"]) == (302, "/f/contact/thanks/")
    lead = Lead.objects.get()
    assert (lead.full_name, lead.email, str(lead.country)) == ("Ada Lovelace", ADA["email"], "DE")
    assert (lead.topic, lead.description, lead.campaign) == (
        "Contact us",
        "Two pumps",
        web_form.campaign,
    )
    assert lead.consent
    assert lead.owner is None
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.lead) == ("processed", lead)
    assert b"Two+pumps" in bytes(delivery.raw)
    assert (delivery.consent_text, delivery.consent_version) == ("You may write to me.", 1)
    assert lead.created_by.is_machine
    assert b"Thank you" in client.get(answer["Location"]).content


def test_needs_no_sign_in_no_cookie_and_no_script(web_form: WebForm):
    answer = Client().get(ADDRESS)

    assert answer.status_code == 200
    assert not answer.cookies
    assert b"hx-" not in answer.content
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "form-action 'self';" in f"{answer['Content-Security-Policy']};"


def test_keeps_how_the_visitor_came_on_lead_and_opportunity(web_form: WebForm, admin: User):
    client = Client()
    address = f"{ADDRESS}?utm_source=news&utm_campaign=spring&utm_evil=1&owner=1"
    hidden = opened_before(client, address=address, Referer="https://search.example/?q=pumps")

    client.post(ADDRESS, hidden | ADA)

    lead = Lead.objects.get()
    assert lead.utm == {
        "utm_source": "news",
        "utm_campaign": "spring",
        "referrer": "https://search.example/?q=pumps",
        "landing_page": address,
    }
    qualify(lead, by=admin)
    opportunity = Opportunity.objects.get()
    assert (opportunity.utm, opportunity.campaign) == (lead.utm, web_form.campaign)


def test_says_what_is_missing_and_keeps_what_was_typed(web_form: WebForm):
    answer = send(Client(), first_name="Ada", email="nowhere", description="Two pumps")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Enter an email address in the format name@example.com" in page
    assert "Two pumps" in page
    assert "<title>Error: Contact us</title>" in page
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("robot", "reason"),
    [
        ({TRAP: "x"}, "do not see"),
        ({"seconds": 1}, "1.0 seconds after"),
        ({"seconds": 90_000}, "more than a day"),
        ({TOKEN: "forged"}, "not fetched from here"),
        ({TOKEN: ""}, "not fetched from here"),
        ({KEY: "guessed", TOKEN: ""}, "not fetched from here"),
        ({"description": "http://a.example " * 6}, "6 links"),
    ],
)
def test_a_robot_waits_in_quarantine(web_form: WebForm, robot: dict[str, Any], reason: str):
    answer = send(Client(), **(ADA | robot))

    assert answer["Location"] == "/f/contact/thanks/"  # it is not told
    delivery = Delivery.objects.get()
    assert delivery.state == "quarantined"
    assert reason in delivery.error
    assert not Lead.objects.exists()


def test_what_was_no_robot_is_released(web_form: WebForm, manager: User):
    send(Client(), seconds=1, **ADA)
    delivery = Delivery.objects.get()

    jobs.retry(delivery, by=manager)

    delivery.refresh_from_db()
    assert delivery.state == "processed"
    assert Lead.objects.get().email == ADA["email"]


def test_a_form_sent_twice_makes_one_lead(web_form: WebForm):
    client = Client()
    hidden = opened_before(client)

    for _ in range(3):
        assert client.post(ADDRESS, hidden | ADA).status_code == 302

    assert Lead.objects.count() == 1
    assert Delivery.objects.get().repeats == 2


def test_a_known_person_becomes_an_enquiry_on_the_open_lead(web_form: WebForm, rep: User):
    lead = LeadFactory(owner=rep, email="ADA@engine.example", topic="Engines", company="Engine")

    send(Client(), **ADA, description="Now two pumps", country="DE", company="Other")

    lead.refresh_from_db()
    assert Lead.objects.count() == 1
    assert (lead.topic, lead.company, str(lead.country), lead.owner) == (
        "Engines",
        "Engine",
        "DE",
        rep,
    )
    page = Client()
    page.force_login(rep)
    shown = page.get(lead.get_absolute_url()).content.decode()
    assert "New enquiry: Contact us" in shown
    assert "Now two pumps" in shown
    assert Delivery.objects.get().lead == lead


def test_makes_another_lead_where_the_form_says_so(web_form: WebForm, rep: User, admin: User):
    LeadFactory(owner=rep, email=ADA["email"])
    web_form.on_known = "new"
    save_web_form(web_form, by=admin)

    send(Client(), **ADA)

    assert Lead.objects.filter(email=ADA["email"]).count() == 2


def test_a_closed_lead_is_left_alone(web_form: WebForm, rep: User):
    closed = LeadFactory(owner=rep, email=ADA["email"])
    qualify(closed, by=rep)

    send(Client(), **ADA)

    assert Lead.objects.exclude(pk=closed.pk).get().is_open


def test_takes_only_the_fields_that_it_has(web_form: WebForm, rep: User):
    """Every column of a lead is tried, and whatever else a model might take."""
    probe = {field.name: "1" for field in Lead._meta.get_fields()} | {
        "owner": str(rep.pk),
        "status": "qualified",
        "custom": '{"a": 1}',
        "city": "Berlin",
        "do_not_contact": "on",
        "score": "99",
        "__class__": "x",
        "pk": "7",
    }

    answer = send(Client(), **(probe | ADA | {"company": "", "country": "", "description": ""}))

    assert answer.status_code == 302
    lead = Lead.objects.get()
    untouched = Lead(topic="Contact us")
    changed = {
        field.name
        for field in Lead._meta.concrete_fields
        if getattr(lead, field.attname) != getattr(untouched, field.attname)
    }
    ours = {"id", "first_name", "last_name", "email", "campaign", "utm", "created_by", "changed_by"}
    derived = {"search", "email_key", "name_key", "domain", "created_at", "changed_at"}
    blocks = {field.name for field in PersonBlocks._meta.local_fields}
    assert changed <= ours | derived | blocks | {"ready_since"}


def test_hidden_values_come_from_the_server_alone(web_form: WebForm, admin: User):
    WebFormField.objects.create(form=web_form, field="city", is_hidden=True, value="Berlin")

    page = Client().get(ADDRESS).content.decode()
    send(Client(), **ADA, city="Paris")

    assert "Berlin" not in page
    assert Lead.objects.get().city == "Berlin"


def test_every_field_that_can_be_asked_for_can_be_filled(admin: User):
    product = Product.objects.create(key="pump", name="Pump")
    form = save_web_form(WebForm(name="All", slug="contact"), by=admin)
    for position, name in enumerate(ASKED):
        WebFormField.objects.create(form=form, field=name, position=position)
    typed = dict.fromkeys(ASKED, "Text") | {
        "email": "ada@engine.example",
        "phone": "+49 30 1234",
        "mobile": "+49 30 1235",
        "website": "engine.example",
        "employees": "250",
        "country": "DE",
        "products": ["pump"],
        "budget_amount": "30k",
        "estimated_value": "1,000.50",
        "budget_status": "can_buy",
        "purchase_process": "committee",
        "need": "must",
        "timeframe": "immediate",
    }

    answer = send(Client(), **typed)

    assert answer.status_code == 302, answer.content.decode()
    lead = Lead.objects.get()
    for name, value in typed.items():
        if name == "products":
            assert list(lead.products.all()) == [product]
        elif name in {"budget_amount", "estimated_value", "employees"}:
            assert str(getattr(lead, name)) in {"30000.00", "1000.50", "250"}
        else:
            assert str(getattr(lead, name)) == value, name


def test_turns_a_flood_away_and_keeps_what_was_typed(web_form: WebForm, settings: Any):
    client = Client()
    hidden = opened_before(client)

    answers = [client.post(ADDRESS, hidden | ADA | {"description": f"No {n}"}) for n in range(21)]
    elsewhere = client.post(ADDRESS, hidden | ADA | {"description": "x"}, REMOTE_ADDR="10.0.0.9")

    assert [a.status_code for a in answers] == [302] * 20 + [429]
    assert b"No 20" in answers[-1].content
    assert int(answers[-1]["Retry-After"]) > 0
    assert elsewhere.status_code == 302
    settings.CRM_THROTTLE = False
    assert client.post(ADDRESS, hidden | ADA | {"description": "y"}).status_code == 302


def test_a_form_has_a_budget_of_its_own(web_form: WebForm):
    WebForm.objects.update(hourly_limit=2)
    client = Client()
    hidden = opened_before(client)

    answers = [
        client.post(ADDRESS, hidden | ADA | {"company": f"No {n}"}, REMOTE_ADDR=f"10.0.0.{n}")
        for n in range(3)
    ]

    assert [a.status_code for a in answers] == [302, 302, 429]
    assert Delivery.objects.count() == 2


def test_believes_a_forwarded_address_only_behind_a_proxy_of_ours(settings: Any):
    def seen(forwarded: str) -> str:
        return address_of(
            RequestFactory().post(ADDRESS, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
        )

    assert seen("1.1.1.1, 2.2.2.2") == "10.0.0.1"
    settings.TRUST_PROXY = True
    assert seen("1.1.1.1, 2.2.2.2") == "2.2.2.2"
    assert seen("2001:db8::1:2:3") == "2001:db8::/64"


def test_a_closed_form_is_not_there(web_form: WebForm, admin: User):
    web_form.is_active = False
    save_web_form(web_form, by=admin)

    assert Client().get(ADDRESS).status_code == 404
    assert Client().post(ADDRESS, ADA).status_code == 404
    assert Client().get("/f/none/").status_code == 404


def test_goes_where_the_administrator_says_and_nowhere_else(web_form: WebForm, admin: User):
    web_form.redirect_url = "https://shop.example/thanks"
    save_web_form(web_form, by=admin)

    page = Client().get(ADDRESS)
    answer = send(Client(), **ADA, next="https://evil.example", redirect_url="https://evil.example")

    assert answer["Location"] == "https://shop.example/thanks"
    assert "form-action 'self' https://shop.example" in page["Content-Security-Policy"]


def test_a_changed_consent_is_a_new_version(web_form: WebForm, admin: User):
    web_form.consent_text = "You may write and call."
    save_web_form(web_form, by=admin)
    save_web_form(web_form, by=admin)

    send(Client(), **ADA, agrees="on")
    send(Client(), email="bob@engine.example")

    with_consent, without = Delivery.objects.order_by("pk")
    assert (with_consent.consent_text, with_consent.consent_version) == (
        "You may write and call.",
        2,
    )
    assert (without.has_consent, without.consent_text) == (False, "")
    assert not Lead.objects.get(email="bob@engine.example").consent


def test_asks_for_the_consent_that_is_required(web_form: WebForm, admin: User):
    web_form.is_consent_required = True
    save_web_form(web_form, by=admin)

    assert send(Client(), **ADA).status_code == 422
    assert send(Client(), **ADA, agrees="on").status_code == 302


# The snippet


def snippet_values(web_form: WebForm, client: Client) -> dict[str, str]:
    page = client.get(f"/admin/intake/webform/{web_form.pk}/snippet/").content.decode()
    html = unescape(page)
    start = html.index("<form action=")
    snippet = html[start : html.index("</form>", start)]
    assert 'action="http://testserver/f/contact/"' in snippet
    assert "<script" not in snippet
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', snippet))


def test_the_snippet_works_on_another_website(web_form: WebForm, admin: User, client: Client):
    client.force_login(admin)
    hidden = snippet_values(web_form, client)
    stranger = Client(enforce_csrf_checks=True)

    answer = stranger.post(
        ADDRESS,
        hidden | ADA,
        headers={"Origin": "https://a.example", "Referer": "https://a.example/b"},
    )

    assert answer.status_code == 302
    assert not answer.cookies
    assert Lead.objects.get().utm["landing_page"] == "https://a.example/b"


def test_an_old_snippet_waits_in_quarantine(web_form: WebForm, admin: User, client: Client):
    client.force_login(admin)
    hidden = snippet_values(web_form, client)

    renew_snippet(web_form, by=admin)
    Client().post(ADDRESS, hidden | ADA)

    assert Delivery.objects.get().state == "quarantined"


def test_a_robot_on_another_website_is_told_by_the_trap(
    web_form: WebForm, admin: User, client: Client
):
    client.force_login(admin)

    Client().post(ADDRESS, snippet_values(web_form, client) | ADA | {TRAP: "x"})

    assert Delivery.objects.get().state == "quarantined"


# Hostile input


def test_naughty_strings_are_kept_as_they_are(admin: User, settings: Any):
    settings.CRM_THROTTLE = False
    form = save_web_form(WebForm(name="All", slug="contact"), by=admin)
    names = ("last_name", "job_title", "company", "street", "city", "region", "need_description")
    names = (*names, "decision_maker", "industry", "description")
    for position, name in enumerate(names):
        WebFormField.objects.create(form=form, field=name, position=position)
    strings = dict.fromkeys(json.loads((DATA / "naughty-strings/blns.json").read_text()))
    texts = [text for text in strings if text.strip() and len(text) <= 100 and "\x00" not in text]
    texts = [text for text in texts if not any("\ud800" <= sign <= "\udfff" for sign in text)]
    client = Client()

    for start in range(0, len(texts), len(names)):
        typed = dict(zip(names, texts[start:], strict=False))
        answer = client.post(ADDRESS, {KEY: form.snippet_key, **typed})
        assert answer.status_code == 302, (typed, answer.content.decode())

    assert set(Delivery.objects.values_list("state", flat=True)) == {"processed"}
    kept = {value for row in Lead.objects.values_list(*names) for value in row}
    lost = {text for text in texts if clean_text(text).strip() not in kept}
    assert not lost


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"x" * 200_000, "application/x-www-form-urlencoded", 413),
        (b"email=%FF%FE&last_name=%00", "application/x-www-form-urlencoded", 302),
        (b"&".join(b"a%d=1" % n for n in range(1_200)), "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 302),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 302),
        (b"email=a", "application/x-www-form-urlencoded; charset=utf-7", 400),
    ],
)
def test_nonsense_is_refused_or_quarantined(
    web_form: WebForm, body: bytes, content_type: str, status: int
):
    client = Client(raise_request_exception=False)

    answer = client.post(ADDRESS, body, content_type=content_type)

    assert answer.status_code == status
    assert not Lead.objects.exists()


def test_takes_six_statements_to_the_answer(web_form: WebForm, settings: Any):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    client = Client()
    hidden = opened_before(client)
    client.get(ADDRESS)

    with CaptureQueriesContext(connection) as captured:
        answer = client.post(ADDRESS, hidden | ADA)

    assert answer.status_code == 302
    told = [
        query["sql"]
        for query in captured.captured_queries
        if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))
    ]
    # The form, its fields, the submission, the task; BEGIN and COMMIT stand outside of a test.
    assert len(told) + 2 <= 6, "\n".join(told)
    assert Delivery.objects.get().state == "stored"


def test_a_release_is_for_those_who_may(web_form: WebForm, rep: User):
    send(Client(), seconds=1, **ADA)

    with pytest.raises(NotPermitted):
        retry(Delivery.objects.get(), by=rep)
    assert Delivery.objects.get().state == "quarantined"
