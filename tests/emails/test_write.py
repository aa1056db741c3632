"""Writing an email on a record: it stands on the timeline and leaves in the writer's name."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.operations import update_contact
from activities.models import Activity, File
from activities.operations import attach, edit_activity, log_call, log_email
from activities.timeline import timeline_of
from crm.integrity import next_steps_equal_the_activities
from emails.matching import address_of
from emails.models import Email, EmailTemplate
from emails.operations import IsLeftAlone, save_template, send_again, send_email
from emails.queries import people_of
from leads.models import DisqualifyReason
from leads.operations import disqualify, qualify, update_lead
from opportunities.operations import add_stakeholder
from records.errors import NotPermitted, Unacceptable
from tests.catcher import catching
from tests.emails.conftest import ADA
from tests.factories import (
    AccountFactory,
    ContactFactory,
    LeadFactory,
    OpportunityFactory,
    UserFactory,
)
from workbench.models import Mail
from workbench.operations.mail import MailIsOnItsWay, note_bounce
from workbench.operations.sending import prune_mail
from workbench.operations.sending import send as deliver

QUEUE = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def send(record: Any, by: Any, **said: Any) -> Activity:
    return send_email(record, by=by, **{"to": ADA, "subject": "The quote", "text": "Here", **said})


# Sent


def test_stands_on_the_timeline_and_leaves_in_the_name_of_the_writer(lead, rep):
    entry = send(lead, rep, cc="charles@works.example", bcc="boss@crm.example")

    (letter,) = outbox.outbox
    message = letter.message()
    lead.refresh_from_db()
    assert (entry.kind, entry.direction, entry.status) == ("email", "outgoing", "done")
    assert entry.people == f"{ADA}, charles@works.example, boss@crm.example"
    assert [each.activity for each in timeline_of(lead, kind="email").entries] == [entry]
    assert lead.touched_at is not None
    assert message["From"] == "Rep <crm@crm.example>"
    assert message["Reply-To"] == f"Rep <{rep.email}>, {address_of(lead)}"
    assert message["Message-ID"] == Email.objects.get(activity=entry).message_id
    assert "Bcc" not in message
    assert "boss@crm.example" in letter.recipients()


def test_answers_go_to_the_record_only_where_that_is_wanted_and_read(lead, rep):
    send(lead, rep, takes_replies=False)
    with override_settings(MAIL_IN_ADDRESS=""):
        send(lead, rep)

    assert {letter.message()["Reply-To"] for letter in outbox.outbox} == {f"Rep <{rep.email}>"}


def test_an_answer_belongs_to_what_it_answers(lead, rep):
    first = send(lead, rep)
    second = send(lead, rep, answers=first)
    send(lead, rep, answers=second)

    ids = list(Email.objects.order_by("pk").values_list("message_id", flat=True))
    message = outbox.outbox[-1].message()
    assert message["In-Reply-To"] == ids[1]
    assert message["References"].split() == ids[:2]


def test_is_shown_once_on_relatives_and_after_qualifying(lead, rep):
    entry = send(lead, rep)
    outcome = qualify(lead, by=rep)

    for record in (outcome.account, outcome.contact, outcome.opportunities[0]):
        shown = [each.activity for each in timeline_of(record, kind="email").entries]
        assert shown == [entry]


def test_leaves_nothing_behind_when_it_fails(lead, rep, broken_trail):
    broken_trail()

    with pytest.raises(Exception, match="full"):
        send(lead, rep)

    assert not Activity.objects.exists()
    assert not Mail.objects.exists()


def test_what_was_sent_stays_as_it_was(client: Client, lead, rep):
    client.force_login(rep)
    entry = send(lead, rep)
    logged = log_email(lead, by=rep, subject="Hi", text="Hello")

    for change in ({"subject": "x"}, {"text": "x"}, {"direction": "incoming"}):
        with pytest.raises(Unacceptable, match="stays as it is"):
            edit_activity(entry, by=rep, **change)
        assert edit_activity(logged, by=rep, **change).pk
    assert edit_activity(entry, by=rep, is_pinned=True).is_pinned
    form = client.get(reverse("activities:edit", args=[entry.pk])).context["form"]
    assert not {"subject", "text"} & set(form.fields)


# Refused


@pytest.mark.once
@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"to": ""}, "to"),
        ({"to": "ada"}, "to"),
        ({"cc": "x@"}, "cc"),
        ({"subject": "  "}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"text": " \n"}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "a\x00b"}, "text"),
    ],
)
def test_says_which_part_of_it_cannot_be_sent(lead, rep, said, field):
    with pytest.raises(Unacceptable) as refusal:
        send(lead, rep, **said)

    assert list(refusal.value.errors) == [field]
    assert not Activity.objects.exists()


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
def test_whoever_asked_to_be_left_alone_is_not_written_to(lead, rep, outsider, field):
    # Also by those who may not see the record that says so.
    contact = ContactFactory(
        owner=outsider, email="other@x.example", second_email="Charles@Works.example"
    )
    update_contact(contact, by=outsider, do_not_contact=True)
    update_lead(LeadFactory(owner=rep, email="eve@x.example"), by=rep, do_not_contact=True)

    for address in ("charles@works.example", "Eve <EVE@x.example>"):
        with pytest.raises(IsLeftAlone) as refusal:
            send(lead, rep, **{"to": ADA, field: address})
        assert refusal.value.field == field
        assert contact.last_name not in str(refusal.value)
    assert not Mail.objects.exists()


def test_is_refused_where_nothing_may_be_written(lead, rep, outsider):
    with pytest.raises(NotPermitted):
        send(lead, outsider)
    with pytest.raises(NotPermitted):
        send(lead, UserFactory(team=rep.team, may={"leads.view_lead": "team"}))
    disqualify(lead, by=rep, reason=DisqualifyReason.objects.get(key="no-need"))
    with pytest.raises(Exception, match="closed"):
        send(lead, rep)
    assert not outbox.outbox


# What went wrong


def test_what_did_not_leave_is_told_on_the_timeline_and_tried_again(client: Client, lead, rep):
    client.force_login(rep)
    with catching() as server:
        server.answers[ADA] = "552 5.2.2 mailbox full"
        entry = send(lead, rep)
        page = client.get(lead.get_absolute_url()).content.decode()
        again = reverse("emails:again", args=[entry.pk])
        assert "Not sent: ada@engine.example: 552 5.2.2 mailbox full" in page
        assert again in page
        assert "mailbox full" in client.get(again).content.decode()

        server.answers.clear()
        client.post(again)
        assert len(server.caught) == 1
    page = client.get(lead.get_absolute_url()).content.decode()
    assert "Not sent" not in page
    with pytest.raises(MailIsOnItsWay):
        send_again(entry, by=rep)


def test_nobody_has_heard_from_us_by_a_letter_that_failed(lead, rep):
    def contacted_at() -> Any:
        lead.refresh_from_db()
        return lead.contacted_at

    with catching() as server:
        server.answers[ADA] = "552 5.2.2 mailbox full"
        with override_settings(TASKS=QUEUE):
            entry = send(lead, rep)
        assert contacted_at() == entry.done_at
        deliver.call(entry.mail.pk)
        assert contacted_at() is None
        server.answers.clear()
        send_again(entry, by=rep)
    assert contacted_at() == entry.done_at
    note_bounce(entry.mail.message_id, "550 nobody here")
    assert contacted_at() is None
    Mail.objects.update(created_at=timezone.now() - timedelta(days=999))

    assert prune_mail() == 0
    call = log_call(lead, by=rep, subject="Hello", direction="outgoing")
    assert contacted_at() == call.done_at
    assert list(next_steps_equal_the_activities()) == []


def test_a_letter_that_came_back_is_told_and_not_tried_for_whoever_asked_to_be_left_alone(
    lead, rep, rep2
):
    entry = send(lead, rep)
    note_bounce(entry.mail.message_id, "550 nobody here")
    with pytest.raises(NotPermitted):
        send_again(entry, by=rep2)
    update_lead(lead, by=rep, do_not_contact=True)

    with pytest.raises(IsLeftAlone):
        send_again(entry, by=rep)


# The form


def form_of(record: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    url = f"{reverse('emails:create')}?on={record._meta.model_name}:{record.pk}"
    sent = {
        "to": ADA, "subject": "Hi", "text": "Dear Ada", "takes_replies": "on",
        "submission": str(uuid.uuid4()),
    }  # fmt: skip
    return url, {**sent, **more}


def test_the_composer_asks_for_the_form_and_the_form_works_without_it(client: Client, lead, rep):
    client.force_login(rep)
    url, data = form_of(lead)
    composer = client.get(f"{lead.get_absolute_url()}?compose=email").content.decode()
    page = client.get(url)
    part = client.get(url, headers={"HX-Request": "true", "HX-Target": "email-form"})

    assert f'hx-get="{url}&amp;in=composer"' in composer
    assert page.context["form"]["to"].value() == ADA
    assert "<html" in page.content.decode()
    assert "<html" not in part.content.decode()
    assert address_of(lead) in part.content.decode()
    answer = client.post(url, data)
    again = client.post(url, data)  # a double click
    assert answer.status_code == again.status_code == 302
    assert Activity.objects.filter(kind="email").count() == len(outbox.outbox) == 1


def test_what_is_wrong_comes_back_with_what_was_typed(client: Client, lead, rep):
    client.force_login(rep)
    url, data = form_of(lead, to="ada@", text="A long text <script>", cc="Ada <x@")

    answer = client.post(url, data, headers={"HX-Request": "true", "HX-Target": "email-form"})

    told = answer.content.decode()
    assert answer.status_code == 422
    assert "“ada@” is no email address" in told
    assert "A long text &lt;script&gt;" in told
    assert not outbox.outbox


def test_files_go_along_and_stay_with_the_entry(client: Client, lead, rep):
    client.force_login(rep)
    attach(lead, by=rep, name="price.txt", content=b"Seven")
    old = File.objects.get()
    url, data = form_of(lead)
    text = SimpleUploadedFile("terms.txt", b"Thirty days")
    bad = SimpleUploadedFile("terms.exe", b"MZ")

    refused = client.post(url, {**data, "files": bad})
    assert refused.status_code == 422
    assert ".exe" in refused.content.decode()
    with override_settings(MAIL_LARGEST=0):
        assert client.post(url, {**data, "files": text}).status_code == 422
    text.seek(0)
    client.post(url, {**data, "files": text, "existing": [old.pk]})

    (letter,) = outbox.outbox
    names = [part.get_filename() for part in letter.message().walk() if part.get_filename()]
    entry = Activity.objects.get(kind="email")
    assert names == ["terms.txt", "price.txt"]
    assert sorted(entry.files.values_list("name", flat=True)) == ["price.txt", "terms.txt"]


def test_in_the_composer_it_gives_place_to_the_timeline(client: Client, lead, rep):
    client.force_login(rep)
    url, data = form_of(lead)
    part = {"HX-Request": "true", "HX-Target": "email-form"}

    answer = client.post(f"{url}&in=composer", data, headers=part)

    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "#composer")
    assert "is on its way" in answer.headers["HX-Trigger"]
    assert "Email: Hi" in answer.content.decode()
    elsewhere = client.post(url, {**data, "submission": str(uuid.uuid4())}, headers=part)
    assert elsewhere.headers["HX-Redirect"] == lead.get_absolute_url()


def test_offers_the_people_whom_the_record_is_about_as_far_as_they_are_seen(rep, outsider):
    account = AccountFactory(owner=rep)
    first = ContactFactory(owner=rep, account=account, last_name="Aa", email="a@x.example")
    second = ContactFactory(owner=rep, account=account, last_name="Bb", email="b@x.example")
    ContactFactory(owner=outsider, account=account, last_name="Cc", email="c@x.example")
    ContactFactory(owner=rep, account=account, last_name="Dd", email="")
    deal = OpportunityFactory(owner=rep, account=account, contact=second)
    add_stakeholder(deal, by=rep, contact=first, role="other")

    def addresses(record: Any) -> list[str]:
        return [each.address for each in people_of(record, rep)]

    assert addresses(account) == ["a@x.example", "b@x.example"]
    assert addresses(deal) == ["b@x.example", "a@x.example"]
    assert addresses(first) == ["a@x.example"]


def test_begins_with_a_template_and_keeps_what_was_typed(client: Client, lead, rep):
    client.force_login(rep)
    rep.signature = "Rep\nof the firm"
    rep.save()
    template = save_template(
        EmailTemplate(
            name="Quote",
            kinds=["lead"],
            subject="{{ lead.topic }} for {{ company|you }}",
            text="Dear {{ person.first_name|there }},\n{{ me.name }}",
        ),
        by=rep,
    )
    url, data = form_of(lead, template=template.pk, fill="1", text="", subject="")
    signed = client.get(url).context["form"]["text"].value()
    assert signed == "\n\n-- \nRep\nof the firm"

    empty = client.post(url, {**data, "text": signed}).context["form"]
    typed = client.post(url, {**data, "text": "My own words", "cc": "c@x.example"}).context["form"]

    assert empty["text"].value() == f"Dear Ada,\nRep{signed}"
    assert empty["subject"].value() == f"{lead.topic} for Engines"
    assert typed["text"].value() == "Dear Ada,\nRep\n\nMy own words"
    assert typed["cc"].value() == "c@x.example"
    assert not outbox.outbox


def test_an_answer_begins_with_whom_and_what_it_answers(client: Client, lead, rep):
    client.force_login(rep)
    entry = send(lead, rep, to="Ada <ada@engine.example>", text="One\nTwo")
    page = client.get(reverse("activities:detail", args=[entry.pk])).content.decode()
    url = f"{reverse('emails:create')}?on=lead:{lead.pk}&answers={entry.pk}"
    assert url.replace("&", "&amp;") in page

    form = client.get(url).context["form"]

    assert (form["to"].value(), form["subject"].value()) == (ADA, "Re: The quote")
    assert "> One\n> Two" in form["text"].value()
    assert form["answers"].value() == entry.pk
    for nonsense in ("0", "x", "987654321987654321"):
        other = client.get(f"{reverse('emails:create')}?on=lead:{lead.pk}&answers={nonsense}")
        assert other.context["form"]["answers"].value() is None


@pytest.mark.parametrize(
    ("backend", "words"),
    [("console", "There is no mail server."), ("filebased", "This is a demo."), ("smtp", "")],
)
def test_says_where_emails_go_when_they_go_to_nobody(client: Client, lead, rep, backend, words):
    client.force_login(rep)
    with override_settings(EMAIL_BACKEND=f"django.core.mail.backends.{backend}.EmailBackend"):
        told = client.get(form_of(lead)[0]).content.decode()

    assert words in told
    assert ("c-notice" in told) == bool(words)
