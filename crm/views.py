"""Whether this process lives, whether it can work, and what it says when it cannot."""

from __future__ import annotations

import secrets
import sys
from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views import defaults
from django.views.decorators.http import require_http_methods, require_safe

from crm.context import seconds_left
from crm.middleware import begin_for, busy_answer, is_outage
from workbench.models import Mail

MAIL_LOOKED_BACK = timedelta(days=1)
MANY_FAILED = 10


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; nothing else is asked, so nothing else can fail."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers and is of this version: 200, else 503.

    Letters that could not be sent are told beside it: the mail server may be away, and we are not.
    """
    try:
        executor = MigrationExecutor(connection)
        is_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, InterfaceError):
        return JsonResponse({"status": "unavailable", "database": "away"}, status=503)
    if not is_migrated:
        return JsonResponse({"status": "unavailable", "migrations": "pending"}, status=503)
    failed = Mail.objects.failed().filter(created_at__gt=timezone.now() - MAIL_LOOKED_BACK)
    mail = "ok" if failed[:MANY_FAILED].count() < MANY_FAILED else "many emails were not sent"
    return JsonResponse({"status": "ok", "database": "ok", "migrations": "ok", "mail": mail})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """Say who is signed in and for how many seconds more; asked with POST, begin to count anew.
    With `?parts` what a page shows when that comes to its end.

    A page asks before it warns, and after somebody has signed in again in place: what it has of the
    old session, the token of its forms, is of no use any more.
    """
    if "parts" in request.GET:
        begin_for(request)
        return render(request, "components/session.html")
    user = request.user
    is_signed_in = user.is_authenticated
    if is_signed_in and request.method == "POST":
        request.session.modified = True  # which writes it with a new end
    return JsonResponse(
        {
            "who": str(user.pk) if is_signed_in else "",
            "seconds": seconds_left(request) if is_signed_in else 0,
            "token": get_token(request),
        }
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for what cannot be read, without reading it again as Django's own answer would."""
    if request.path.startswith("/api/"):
        detail = "This could not be read. Nothing was done."
        return JsonResponse({"detail": detail, "code": "bad_request", "errors": {}}, status=400)
    return HttpResponse(render_to_string("400.html"), status=400)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for an address that there is not, in the reader's own language."""
    begin_for(request)
    try:
        return defaults.page_not_found(request, exception)
    except BadRequest:  # it reads what was sent, and that cannot be read either
        return bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for what nobody caught: 503 if the database is away, else 500 with no details.

    The answer has a number, by which the line in the log is found.
    """
    if is_outage(sys.exc_info()[1]):
        return busy_answer(request)
    reference = secrets.token_hex(4)
    request.reference = reference  # type: ignore[attr-defined]  # which the log writes
    if request.path.startswith("/api/"):
        detail = "Something went wrong on our side. It has been written to the log."
        told = {"detail": detail, "code": "error", "errors": {}, "reference": reference}
        return JsonResponse(told, status=500)
    again = request.get_full_path() if request.method == "GET" else ""
    page = render_to_string("500.html", {"reference": reference, "again": again})
    return HttpResponse(page, status=500)
