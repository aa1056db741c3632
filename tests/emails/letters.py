"""Letters as they come in, written for tests."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from django.utils import timezone


def a_letter(
    sender: str = "Ada Lovelace <ada@engine.example>",
    to: str = "in@crm.example",
    text: str = "Yes, on Friday.",
    *,
    message_id: str = "<1@engine.example>",
    subject: str = "Re: The quote",
    **headers: str,
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = message_id
    message["Date"] = headers.pop("Date", format_datetime(timezone.now()))
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def raw(*args: Any, **said: Any) -> bytes:
    return bytes(a_letter(*args, **said))


def a_bounce(message_id: str, *, action: str = "failed") -> bytes:
    """Return what a mail server reports about a letter of ours."""
    return (
        "From: MAILER-DAEMON@mail.example\nTo: in@crm.example\nSubject: Undelivered\n"
        "Message-ID: <bounce@mail.example>\nAuto-Submitted: auto-replied\nReturn-Path: <>\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nIt did not arrive.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example\n\n"
        f"Final-Recipient: rfc822; ada@engine.example\nAction: {action}\nStatus: 5.2.2\n"
        "Diagnostic-Code: smtp; 552 5.2.2 mailbox full\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\n\n--b--\n"
    ).encode()
