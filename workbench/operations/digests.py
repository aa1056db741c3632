"""Telling people by email: what waits is sent a little later and together, or once a day."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Min, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from records.errors import Refused
from records.models import Notice
from records.operations import operation
from records.operations.notices import told_to
from users import formats
from users.models import NoticeKind, User
from workbench.operations.mail import post
from workbench.operations.notices import site_url, stop_link

if TYPE_CHECKING:
    from datetime import datetime

    from records.operations.notices import Told

log = logging.getLogger(__name__)

HELD_BACK = timedelta(minutes=2)
# Where one comes after the other all the time, the first does not wait for the last.
LONGEST_WAIT = timedelta(minutes=10)
MOST_TOLD = 50  # in one mail; what is more is counted


def send_waiting(now: datetime | None = None) -> int:
    """Mail what was told two minutes ago and more, to each person in one mail; return how many.

    What comes in meanwhile is waited for, but not for more than ten minutes.
    """
    now = now or timezone.now()
    waiting = (
        Notice.objects.filter(mail=Notice.Mail.WAITING, whom__digest_hour=None)
        .order_by()
        .values("whom")
        .annotate(first=Min("at"), last=Max("at"))
        .filter(Q(last__lte=now - HELD_BACK) | Q(first__lte=now - LONGEST_WAIT))
    )
    people = User.objects.filter(pk__in=[row["whom"] for row in waiting]).order_by("pk")
    return sum(_mail_to(person, now) for person in people)


def send_digests(now: datetime | None = None) -> int:
    """Mail their day to those whose hour has come and who had none today; return how many.

    A day is one in the zone of the person. After a night in which nothing ran it comes late, once.
    """
    now = now or timezone.now()
    sent = 0
    for person in User.objects.filter(is_active=True, digest_hour__isnull=False).order_by("pk"):
        local = now.astimezone(formats.zone_of(person))
        is_due = local.hour >= (person.digest_hour or 0)
        if is_due and (person.digested_on is None or person.digested_on < local.date()):
            sent += _digest_for(person, now)
    return sent


@operation
def _digest_for(person: User, now: datetime) -> bool:
    """Mail a digest, and write in the same transaction for which day it was."""
    today = now.astimezone(formats.zone_of(person)).date()
    rows = User.objects.filter(Q(digested_on=None) | Q(digested_on__lt=today), pk=person.pk)
    is_ours = rows.update(digested_on=today)
    return bool(is_ours) and _posted(person, now, is_digest=True)


@operation
def _mail_to(person: User, now: datetime) -> bool:
    return _posted(person, now, is_digest=False)


def _posted(person: User, now: datetime, *, is_digest: bool) -> bool:
    """Post a mail with what waits for `person`; False where nothing was left to be told.

    What he has read in the app meanwhile, or may not see any more, is not worth a mail.
    """
    rows = Notice.objects.select_for_update(of=("self",)).filter(
        whom=person, mail=Notice.Mail.WAITING, at__lte=now
    )
    # Another process may have had them: those that it has mailed meanwhile are not among them.
    waiting = list(rows.select_related("by", "record_type").order_by("-at", "-pk"))
    Notice.objects.filter(pk__in=[notice.pk for notice in waiting]).update(mail=Notice.Mail.DONE)
    if not person.is_active:
        return False
    with formats.written_for(person):
        unread = [notice for notice in waiting if not notice.is_read]
        told = [each for each in told_to(person, unread) if each.url or each.record is not None]
        if not told:
            return False
        try:
            post(**_letter(person, told, is_digest=is_digest))
        except Refused as refusal:  # an address that no mail goes to: the app has told it
            log.warning("Could not mail to person %s: %s", person.pk, refusal)
            return False
    return True


def _letter(person: User, told: list[Told], *, is_digest: bool) -> dict[str, Any]:
    kinds = sorted({each.notice.what for each in told})
    more = len(told) - MOST_TOLD
    context: dict[str, Any] = {
        "hello": _("Hello %(name)s,") % {"name": person.get_short_name()},
        "told": told[:MOST_TOLD],
        "more": ngettext("And %(n)s more.", "And %(n)s more.", more) % {"n": formats.count(more)}
        if more > 0
        else "",
        "site": site_url(),
        "list_url": site_url() + reverse("notices:list"),
        "choice_url": f"{site_url()}{reverse('users:profile')}#notifications",
        "stops": [(NoticeKind(kind).label, stop_link(person, [kind])) for kind in kinds],
    }
    last = told[0].notice
    return {
        "to": person.email,
        "subject": _subject(told, is_digest=is_digest),
        "text": _text(context),
        "html": render_to_string("mail/notices.html", context),
        "headers": {
            "List-Unsubscribe": f"<{stop_link(person, kinds)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
        "key": f"notices:{person.pk}:{last.pk}:{last.count}",
    }


def _subject(told: list[Told], *, is_digest: bool) -> str:
    count = len(told)
    if is_digest:
        words = ngettext("Your day: %(n)s notification", "Your day: %(n)s notifications", count)
        return words % {"n": formats.count(count)}
    if count == 1:
        return told[0].sentence
    return _("%(first)s, and %(n)s more") % {
        "first": told[0].sentence,
        "n": formats.count(count - 1),
    }


def _text(context: dict[str, Any]) -> str:
    """Return the mail as plain text: a paragraph for each, then how to have fewer."""
    parts = [context["hello"]]
    for each in context["told"]:
        lines = [each.sentence, each.text, " · ".join(filter(None, [each.who, when(each)]))]
        parts.append("\n".join(filter(None, [*lines, each.url and context["site"] + each.url])))
    parts += filter(None, [context["more"]])
    parts.append(_("All notifications: %(url)s") % {"url": context["list_url"]})
    parts.append(_("Choose what to be told, and how: %(url)s") % {"url": context["choice_url"]})
    parts += [
        _("No more emails of the kind “%(kind)s”: %(url)s") % {"kind": label, "url": url}
        for label, url in context["stops"]
    ]
    return "\n\n".join(parts)


def when(told: Told) -> str:
    """Return the moment of a notice, as a letter says it that is read who knows when."""
    return formats.moment(told.notice.at)
