"""What the frame of every page shows: where one can go from here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.models import Account, Contact
from handover.queries import MODELS
from imports.queries import kinds_for
from intake.models import Delivery
from leads.models import Lead, QualificationRuleSet
from opportunities.models import Opportunity
from records.permissions import scope_of
from reports.operations import DASHBOARD
from users.models import Grant, User
from workbench.templatetags.workbench import address
from workbench.views.kept import FROM, VIEW
from workbench.views.lookup import record_kinds

if TYPE_CHECKING:
    from django.http import HttpRequest

    from records.models import Record

# Address, label, icon, and the letter that follows G on the keyboard.
DAY = ("/", gettext_noop("My day"), "sun", "H")
# For those who begin with something else.
DAY_APART = ("/day/", gettext_noop("My day"), "sun", "H")
WORK = [
    DAY,
    ("/leads/", gettext_noop("Leads"), "target-arrow", "L"),
    ("/opportunities/board/", gettext_noop("Opportunities"), "briefcase", "O"),
    ("/accounts/", gettext_noop("Accounts"), "building", "A"),
    ("/contacts/", gettext_noop("Contacts"), "address-book", "C"),
    ("/activities/", gettext_noop("Activities"), "clipboard-check", "T"),
]
# What is counted behind a line.
COUNTED = {"/": "late", "/leads/": "leads", "/opportunities/board/": "opportunities"}
# For those who look after what comes in.
INBOX = [("/intake/", gettext_noop("Inbox"), "inbox", "I")]
# For those who say what a good lead is.
RULES = [("/rules/", gettext_noop("Rules"), "list-check", "R")]
INSIGHTS = [
    ("/reports/", gettext_noop("Dashboard"), "chart-histogram", "D"),
    ("/duplicates/", gettext_noop("Duplicates"), "copy", ""),
]
# What the palette offers to make: the room, the words, the icon.
CREATE: list[tuple[type[Record], Any, str]] = [
    (Lead, gettext_lazy("New lead"), "lead"),
    (Account, gettext_lazy("New account"), "account"),
    (Contact, gettext_lazy("New contact"), "contact"),
    (Opportunity, gettext_lazy("New opportunity"), "opportunity"),
]
# For those who may make records.
IMPORTS = [("/imports/", gettext_noop("Import"), "file-import", "")]
HELP = [("/docs/lead-or-opportunity/", gettext_noop("Lead or opportunity?"), "book", "")]
ADMINISTRATION = [("/admin/", gettext_noop("Administration"), "settings", "")]


@dataclass(frozen=True)
class Place:
    """One line of the navigation."""

    url: str
    label: str
    icon: str
    key: str
    is_current: bool
    count: None = None  # a figure here would cost a statement on every page
    is_late: bool = False

    @property
    def counts(self) -> str:
        """What the figure is fetched by, once the page stands."""
        return COUNTED.get(self.url, "")


@dataclass(frozen=True)
class Pin:
    """A pinned view in the navigation. `kind` is that of its records, and gives it its colour."""

    pk: int
    url: str
    label: str
    kind: str
    is_current: bool
    is_default: bool
    count: None = None  # fetched by the page, once it stands


@cache
def exists(path: str) -> bool:
    """Tell whether a page answers at `path`."""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def places(listed: list[tuple[str, str, str, str]], path: str) -> list[Place]:
    """Return the lines whose pages exist; the one that `path` belongs to is current."""
    return [
        Place(url, _(label), icon, key, path == url if url == "/" else path.startswith(room(url)))
        for url, label, icon, key in listed
        if exists(url)
    ]


def room(url: str) -> str:
    """Return where the pages are to which a line leads: a board is one of the ways in."""
    return url.removesuffix("board/")


MOST_PINNED = 8  # what is beyond has its tab in its list


@cache
def list_of(kind: str) -> str:
    """Return where the saved views of a kind are shown; nothing where there is no such place."""
    if kind == DASHBOARD:
        return reverse("reports:overview")
    model = record_kinds().get(kind)
    return address(f"{model().url_namespace}:list") if model is not None else ""


def pins(request: HttpRequest) -> list[Pin]:
    """Return the pinned views, by name; the one that the list shows is current.

    They came along with who is signed in: here nothing is asked.
    """
    found = []
    for pk, name, kind, is_default in getattr(request.user, "pinned_views", None) or ():
        url = list_of(kind)
        if not url:
            continue
        is_here = request.path in {url, f"{url}board/"}
        asked = request.GET.get(VIEW) or request.GET.get(FROM)
        begins = bool(is_default) and not request.GET and request.path == url
        is_current = is_here and (asked == str(pk) or begins)
        found.append(Pin(pk, f"{url}?{VIEW}={pk}", name, kind, is_current, bool(is_default)))
    return sorted(found, key=lambda pin: (pin.label.casefold(), pin.pk))[:MOST_PINNED]


def has_inbox(user: Any) -> bool:
    """Say whether `user` looks after what comes in."""
    return scope_of(user, "view", Delivery) == Grant.Scope.ALL


def has_rules(user: Any) -> bool:
    """Say whether `user` shapes the rules."""
    return scope_of(user, "view", QualificationRuleSet) == Grant.Scope.ALL


def creatable(user: Any) -> list[Place]:
    """Return what `user` may make. The grants are known by now: the navigation has asked."""
    return [
        Place(reverse(f"{model().url_namespace}:create"), str(label), icon, "", False)
        for model, label, icon in CREATE
        if scope_of(user, "add", model) is not None
    ]


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Return `nav` for the frame; nothing is worked out on a page that has no frame."""

    def build() -> dict[str, Any]:
        path, pinned = request.path, pins(request)
        work = WORK
        if getattr(request.user, "start_page", User.StartPage.DAY) != User.StartPage.DAY:
            work = [DAY_APART if place is DAY else place for place in WORK]
        imports = [kind for kind, _label in kinds_for(request.user)]
        bottom = (
            (IMPORTS if imports else [])
            + HELP
            + (ADMINISTRATION if getattr(request.user, "is_staff", False) else [])
        )
        return {
            "work": places(work + (INBOX if has_inbox(request.user) else []), path),
            "views": pinned,
            # Counts are fetched by this address, which is another one when other views are pinned.
            "counts_url": f"{reverse('nav-counts')}?{urlencode([('view', p.pk) for p in pinned])}",
            "insights": places(INSIGHTS + (RULES if has_rules(request.user) else []), path),
            "bottom": places(bottom, path),
            "create": creatable(request.user),
            "imports": imports,
            "hands_over": any(scope_of(request.user, "assign", kind) for kind in MODELS.values()),
        }

    return {"nav": SimpleLazyObject(build), "session_seconds": seconds_left(request)}


def seconds_left(request: HttpRequest) -> int:
    """Return in how many seconds whoever is signed in is signed out; nobody is in none."""
    session = getattr(request, "session", None)
    if session is None or not session.accessed:
        return 0  # nobody was asked for: it is not read for this alone
    ends_at = getattr(session, "ends_at", None)
    if session.modified or ends_at is None:
        return int(session.get_expiry_age())
    return max(0, int((ends_at - timezone.now()).total_seconds()))
