"""Handing a letter to the mail server: the one place from which mail leaves, and what it answers.

Everything that may go wrong out there becomes a `Failure` that says whether trying again may help.
"""

from __future__ import annotations

import smtplib
from email.utils import formatdate, parseaddr
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

from records.keys import clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.models import Mail

LONGEST_ANSWER = 300
# The server wants something of us, not of the letter: an operator mends that, and it goes out.
OURS_TO_MEND = {530, 534, 535, 538}
UNREACHABLE = (OSError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError)


def where_it_goes() -> str:
    """Return where letters go instead of to a mail server: `log`, `folder`; else nothing."""
    backend = settings.EMAIL_BACKEND.rpartition(".")[0].rpartition(".")[2]
    return {"console": "log", "filebased": "folder", "dummy": "log"}.get(backend, "")


class Failure(Exception):
    """The letter did not leave; `str()` says why.

    It `is_final` when the server refused it for good, and the server `is_away` when it could not be
    asked at all, so that no other letter has to try in this moment.
    """

    def __init__(self, words: str, *, is_final: bool = False, is_away: bool = False) -> None:
        super().__init__(words)
        self.is_final = is_final
        self.is_away = is_away


def hand_over(mail: Mail) -> dict[str, str]:
    """Hand a letter to the mail server; return whom it refused while it took it for others.

    Raises `Failure`. Nothing is written, and no transaction may be open: a server takes its time.
    """
    try:
        message = message_of(mail)
        recipients = [bare(each) for each in (*mail.to, *mail.cc, *mail.bcc)]
        with get_connection() as post:
            if not isinstance(post, EmailBackend):
                post.send_messages([message])  # to the log, a folder or, in tests, a list
                return {}
            letter: Any = message.message()
            line: Any = post.connection
            octets = letter.as_bytes(linesep="\r\n")
            refused = line.sendmail(bare(message.from_email), recipients, octets)
            return {address: said(answer) for address, answer in refused.items()}
    except smtplib.SMTPRecipientsRefused as error:
        raise _refused_by_all(error.recipients) from error
    except UNREACHABLE as error:
        words = _("The mail server cannot be reached: %(why)s")
        raise Failure(words % {"why": _in_short(error)}, is_away=True) from error
    except smtplib.SMTPResponseException as error:
        code = error.smtp_code
        is_away = code == 421 or isinstance(error, smtplib.SMTPAuthenticationError)
        is_final = 500 <= code < 600 and code not in OURS_TO_MEND and not is_away
        raise Failure(said((code, error.smtp_error)), is_final=is_final, is_away=is_away) from error
    except smtplib.SMTPException as error:
        raise Failure(_in_short(error)) from error


def message_of(mail: Mail) -> EmailMultiAlternatives:
    """Return the letter as it is sent, the same one each time."""
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=settings.MAIL_BOUNCE_ADDRESS or mail.sender,
        to=mail.to,
        cc=mail.cc,
        bcc=mail.bcc,
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers={
            **mail.headers,
            "From": mail.sender,
            "Message-ID": mail.message_id,
            "Date": formatdate(mail.created_at.timestamp()),
        },
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    for part in mail.parts.order_by("pk"):
        content = bytes(part.content)
        if part.is_alternative:
            message.attach_alternative(content.decode(), part.content_type)
        else:
            message.attach(part.name, content, part.content_type)
    return message


def bare(address: str) -> str:
    """Return an address as the envelope has it: no name, a domain of plain letters.

    >>> bare("Ada <ada@Bücher.example>")
    'ada@xn--bcher-kva.example'
    """
    local, _at, domain = parseaddr(address)[1].rpartition("@")
    return f"{local}@{punycode(domain)}"


def said(answer: tuple[int, bytes | str]) -> str:
    """Return what a mail server answered, as a line for people: "550 5.2.2 mailbox full".

    >>> said((452, b"4.2.2 mailbox full\\r\\ntry later"))
    '452 4.2.2 mailbox full try later'
    """
    code, words = answer
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return f"{code} {' '.join(clean_text(text).split())}"[:LONGEST_ANSWER]


def _refused_by_all(answers: Mapping[str, tuple[int, bytes]]) -> Failure:
    codes = {code for code, _words in answers.values()}
    words = "; ".join(f"{address}: {said(answer)}" for address, answer in answers.items())
    is_final = all(500 <= code < 600 and code not in OURS_TO_MEND for code in codes)
    return Failure(words, is_final=is_final, is_away=codes == {421})


def _in_short(error: Any) -> str:
    text = " ".join(clean_text(str(error)).split()) or type(error).__name__
    return text[:LONGEST_ANSWER]
