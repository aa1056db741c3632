"""What people in the demo write to each other by email, and begin it with."""

from __future__ import annotations

from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from emails.models import EmailTemplate
from emails.operations import receive, save_template, send_email
from emails.placeholders import filled
from emails.queries import people_of, values_for
from users.operations import mailbox_machine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from activities.models import Activity
    from users.models import User

AFTER_A_CALL: dict[str, Any] = {
    "name": "After the first call",
    "kinds": ["lead"],
    "audience": "everyone",
    "subject": "Our talk about {{ topic }}",
    "text": (
        "Dear {{ person.first_name|Sir or Madam }},\n\n"
        "Thank you for the talk today. You said what matters most: {{ need_description|the date }}."
        "\nI will send you a quotation this week. Until then, two customers of your trade are glad "
        "to tell you how it went with them.\n\n{{ me.name }}"
    ),
}
NEXT_STEP: dict[str, Any] = {
    "name": "Next step",
    "kinds": ["opportunity"],
    "audience": "team",
    "subject": "{{ topic }}: the next step",
    "text": (
        "Dear {{ person.first_name|all }},\n\n"
        "We are through with {{ stage|this step }}. Which day suits you for the next one?\n\n"
        "{{ me.name }}"
    ),
}


def keep_templates(people: Mapping[str, User]) -> None:
    """Have the manager speak to everyone and the rep to their team."""
    save_template(EmailTemplate(**AFTER_A_CALL), by=people["manager"])
    save_template(EmailTemplate(**NEXT_STEP), by=people["rep"])


def write(record: Any, template: Mapping[str, Any], *, by: User) -> Activity:
    """Send the template to the first of the people whom `record` is about."""
    person = people_of(record, by)[0]
    value_of = values_for(record, by, person)
    return send_email(
        record,
        by=by,
        to=person.address,
        subject=filled(template["subject"], value_of),
        text=filled(template["text"], value_of),
    )


def answer(email: Activity, text: str, *, at: datetime) -> None:
    """Let whom an email went to answer it; it comes in as all mail does."""
    sent = email.mail
    assert sent is not None  # noqa: S101  it was sent from here
    letter = EmailMessage()
    letter["From"], letter["To"] = sent.to[0], sent.reply_to
    letter["Subject"] = f"Re: {sent.subject}"
    letter["Message-ID"] = f"<answer-{email.pk}@{sent.to[0].rpartition('@')[2].strip('>')}>"
    # Without a date: it comes in now, and is moved with the story.
    letter["In-Reply-To"] = sent.message_id
    wrote = f"On {at:%d %b %Y}, {email.owner} wrote:"
    quoted = "\n".join(f"> {line}" for line in sent.text.splitlines())
    letter.set_content(f"{text}\n\n{wrote}\n{quoted}\n")
    receive(bytes(letter), by=mailbox_machine())
