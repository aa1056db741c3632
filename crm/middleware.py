"""What every answer has in common: no stale pages, and a polite word when the database is busy."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.gzip import GZipMiddleware
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from records.errors import Busy
from records.models import Currency
from users import formats

if TYPE_CHECKING:
    from decimal import Decimal

Handler = Callable[[HttpRequest], HttpResponseBase]

# SQLite reports a missing table, which is our fault, with the same class as a locked file.
SQLITE_OUTAGES = ("locked", "busy", "unable to open", "disk", "full", "readonly")


def is_outage(error: BaseException | None) -> bool:
    """Tell whether `error` means that the database is away or busy, and not that we are wrong."""
    if isinstance(error, Busy | InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    if type(error.__cause__).__module__.startswith("sqlite3"):
        return any(word in str(error) for word in SQLITE_OUTAGES)
    return True


def busy_answer(request: HttpRequest) -> HttpResponse:
    """Ask the caller to come back in a moment: as JSON for the API, as a page for people."""
    answer: HttpResponse
    if request.path.startswith("/api/"):
        detail = "The database is busy. Nothing was changed. Try again in a moment."
        answer = JsonResponse({"detail": detail, "code": "busy", "errors": {}}, status=503)
    else:
        # Without the request: a context processor would ask the database again.
        answer = HttpResponse(render_to_string("503.html"), status=503)
    answer["Retry-After"] = "2"
    answer["Cache-Control"] = "no-store"
    return answer


class PoliteRefusal:
    """Answer 503 when the database is locked or gone; the next request finds it by itself again.

    What fails in a view is seen here. What fails in another middleware (the session is read
    there) reaches `crm.views.server_error`, which asks the same question.
    """

    sync_capable: ClassVar[bool] = True
    async_capable: ClassVar[bool] = False

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the polite answer for an outage, None (so that it stays loud) for a fault."""
        return busy_answer(request) if is_outage(error) else None


class SignedIn(LoginRequiredMiddleware):
    """Ask for a sign-in everywhere; a part of a page is told that, the page then asks in place."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view: Any
    ) -> HttpResponse:
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=401)
        return super().handle_no_permission(request, view)


class AsRead:
    """Write each page as its reader reads: in his language, his zone and his locale."""

    sync_capable: ClassVar[bool] = True
    async_capable: ClassVar[bool] = False

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with formats.kept():
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_arguments: Any) -> None:
        """Write as whoever is signed in reads, which has been asked for the sign-in already."""
        begin_for(request)


def begin_for(request: HttpRequest) -> None:
    """Write as whoever is signed in reads, until the request is over."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        formats.begin(user, rates=cache(rates))


def rates() -> dict[str, Decimal]:
    """Return what a unit of each currency is worth in the installation's own."""
    return dict(Currency.objects.values_list("pk", "rate"))


class FreshPages:
    """Keep pages with customers in them out of every cache, also behind the back button."""

    sync_capable: ClassVar[bool] = True
    async_capable: ClassVar[bool] = False

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        answer.headers.setdefault("Cache-Control", "no-store")
        # A page and its part have one address.
        patch_vary_headers(answer, ["HX-Request"])
        return answer


# What there is much of, and is text. Downloads and pictures go as they are.
COMPRESSED = {"text/html", "text/css", "text/javascript", "image/svg+xml"}
# Pages that show a secret again and again, to which somebody else might add words by an address.
WITH_SECRETS = ("/auth/", "/admin/")


class Compressed(GZipMiddleware):
    """Compress pages and static files, but for pages with a secret in them.

    Who can make a browser ask for a page, and sees how long the answers are, could guess a secret
    in it letter by letter. What is fetched only: keys are shown once, in answers to what was sent.
    The token against forged forms is written anew each time, and a random length is added.
    """

    def process_response(self, request: Any, response: Any) -> Any:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if (
            request.method != "GET"
            or response.status_code in {204, 206, 304}
            or kind not in COMPRESSED
            or request.path.startswith(WITH_SECRETS)
        ):
            return response
        return super().process_response(request, response)
