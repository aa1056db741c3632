"""Pages without a sign-in: web forms for visitors, doors for other systems.

They ask for no CSRF token. A form on another website and a program have none to send, and there is
nothing to forge: no session is looked at, so a post does what anybody may do.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic.base import View

from intake import jobs, mapping, rules, signatures
from intake.forms import KEY, TOKEN, PublicForm, age_of, new_token
from intake.models import Delivery, Door, DoorKey, WebForm
from records.errors import KeyReused
from records.keys import clean_text
from records.signatures import standard
from users.operations import intake_machine
from workbench.views.limits import address_of, hidden, seconds_to_wait

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_FORM = 128 * 1024  # bytes
LARGEST_DELIVERY = 1024 * 1024
MOST_SIGNATURES = 20
PER_ADDRESS, ADDRESS_WINDOW = 20, 600  # submissions, seconds
HOUR = 3600
# What of a request is kept beside its body; nothing that opens a door.
KEPT_HEADERS = (
    "user-agent",
    "origin",
    "idempotency-key",
    "webhook-id",
    "x-request-id",
    "x-hubspot-request-timestamp",
    "x-ms-dynamics-organization",
    "x-ms-dynamics-entity-name",
    "x-ms-dynamics-request-name",
)

public = method_decorator([login_not_required, csrf_exempt], name="dispatch")


def is_too_large(request: HttpRequest, most: int) -> bool:
    """Say so before anything of the body is read."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return not (length.isascii() and length.isdigit() and int(length[:20]) <= most)


def is_too_much(web_form: WebForm, address: str) -> int:
    """Count a submission; return in how many seconds to try again, 0 when it is not too much.

    The form's own budget is counted first, so that a flood cannot fill the counters with addresses.
    """
    for name, most, window in (
        (f"intake-form-{web_form.pk}", web_form.hourly_limit, HOUR),
        (f"intake-address-{web_form.pk}-{hidden(address)}", PER_ADDRESS, ADDRESS_WINDOW),
    ):
        if wait := seconds_to_wait(name, most, window):
            return wait
    return 0


# Web forms


def open_form(slug: str) -> WebForm:
    """Return a form that is open, with its fields; two statements."""
    web_form = WebForm.objects.filter(slug=slug, is_active=True).prefetch_related("fields").first()
    if web_form is None:
        raise Http404
    return web_form


def form_page(
    request: HttpRequest, web_form: WebForm, form: PublicForm, *, status: int = 200, wait: int = 0
) -> HttpResponseBase:
    """Return the page with the form. It sets no cookie and asks for none."""
    sent = request.POST if request.method == "POST" else request.GET
    context = {
        "web_form": web_form,
        "form": form,
        "token_name": TOKEN,
        "token": new_token(web_form),
        "trap": rules.TRAP,
        "came_by": context_of(request, sent),
        "minutes": -(-wait // 60),
    }
    answer = HttpResponse(render_to_string("intake/form.html", context), status=status)
    if wait:
        answer["Retry-After"] = str(wait)
    if not web_form.redirect_url:
        return answer
    # A browser applies the policy for forms also to where the answer sends it.
    target = urlsplit(web_form.redirect_url)
    allowed = csp_update({"form-action": [f"{target.scheme}://{target.netloc}"]})
    return allowed(lambda _request: answer)(request)


def context_of(request: HttpRequest, sent: Mapping[str, Any]) -> dict[str, str]:
    """Return how somebody came to the form: UTM parameters, referrer, landing page."""
    referer = clean_text(request.headers.get("Referer", ""))[: rules.LONGEST_UTM]
    is_here = referer.startswith(f"{request.scheme}://{request.get_host()}/")
    found = rules.utm_in(sent)
    for name, otherwise in (
        ("referrer", "" if is_here or request.method == "POST" else referer),
        ("landing_page", request.get_full_path() if request.method != "POST" else referer),
    ):
        told = clean_text(str(sent.get(name) or ""))[: rules.LONGEST_UTM]
        if text := told or clean_text(otherwise)[: rules.LONGEST_UTM]:
            found[name] = text
    return found


@public
class WebFormPage(View):
    """A form on the web: shown to anybody; what is sent is stored, then made into a lead."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        web_form = open_form(slug)
        return form_page(request, web_form, PublicForm(web_form=web_form))

    def post(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        web_form = open_form(slug)
        if is_too_large(request, LARGEST_FORM):
            return HttpResponse(render_to_string("intake/too_large.html"), status=413)
        form = PublicForm(request.POST, web_form=web_form)
        if wait := is_too_much(web_form, address_of(request)):
            return form_page(request, web_form, form, status=429, wait=wait)
        suspicion = suspicion_of(request, web_form, form)
        if not suspicion and not form.is_valid():
            return form_page(request, web_form, form, status=422)
        jobs.take_submission(
            web_form,
            raw=request.POST.urlencode().encode(),
            values=form.raw_values if suspicion else form.values,
            context=context_of(request, request.POST),
            has_consent=form.has_consent,
            suspicion=suspicion,
        )
        # A robot is told the same as a person.
        thanks = reverse("intake:thanks", kwargs={"slug": web_form.slug})
        return HttpResponseRedirect(web_form.redirect_url or thanks)


def suspicion_of(request: HttpRequest, web_form: WebForm, form: PublicForm) -> str:
    """Say why a submission looks like a robot's; nothing when it does not."""
    key = request.POST.get(KEY, "")
    is_snippet = bool(key) and signatures.is_same(key, web_form.snippet_key)
    age = None if is_snippet else age_of(request.POST.get(TOKEN, ""), web_form)
    return rules.why_robot(
        trap=request.POST.get(rules.TRAP, ""),
        age=age,
        is_ours=is_snippet or age is not None,
        values=form.raw_values,
    )


@public
class WebFormThanks(View):
    """What a visitor reads who has sent a form."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        return HttpResponse(render_to_string("intake/thanks.html", {"web_form": open_form(slug)}))


# Doors


def key_of(slug: str, key: str) -> DoorKey | None:
    """Return the key with which somebody asks at a door; None for a wrong one and for no door."""
    keys = DoorKey.objects.filter(door__slug=slug, door__is_active=True).select_related("door")
    found = [known for known in keys if signatures.is_same(known.key, key)]
    return found[0] if found else None


def is_authentic(key: DoorKey, request: HttpRequest, body: bytes) -> bool:
    """Say whether the sender knows the secret, in the way that senders of its kind prove it."""
    match key.door.kind:
        case Door.Kind.GENERIC:
            return True  # the address is the secret
        case Door.Kind.HUBSPOT if "X-HubSpot-Signature-v3" in request.headers:
            return is_signed(key.secret, request, body)
        case Door.Kind.GOOGLE:
            return signatures.is_same(mapping.google_key_in(body), key.secret)
        case Door.Kind.META:
            sent = request.headers.get("X-Hub-Signature-256", "")
            return signatures.is_same(sent, signatures.meta(key.secret, body))
        case Door.Kind.STANDARD:
            return is_standard(key.secret, request, body)
        case Door.Kind.HMAC:
            moment = request.headers.get("X-Timestamp", "")
            sent = request.headers.get("X-Signature", "").removeprefix("sha256=")
            is_ours = signatures.is_same(sent, signatures.plain(key.secret, moment, body))
            return is_ours and signatures.is_fresh(f"{moment}000", time.time())
        case Door.Kind.DATAVERSE if "code" in request.GET:
            return signatures.is_same(request.GET["code"], key.secret)
        case _:
            return signatures.is_same(sent_key(request), key.secret)


def sent_key(request: HttpRequest) -> str:
    """Return the static key that a sender puts into a header."""
    bearer = request.headers.get("Authorization", "")
    return (
        request.headers.get("X-Door-Key")
        or request.headers.get("X-Api-Key")
        or (bearer.removeprefix("Bearer ") if bearer.startswith("Bearer ") else "")
    )


def is_standard(secret: str, request: HttpRequest, body: bytes) -> bool:
    """Check the signatures of Standard Webhooks, of which one has to fit, and their age."""
    name, moment = (request.headers.get(f"webhook-{each}", "") for each in ("id", "timestamp"))
    if not name or not signatures.is_fresh(f"{moment}000", time.time()):
        return False
    wanted = standard(secret, name, moment, body)
    sent = request.headers.get("webhook-signature", "").split(" ")[:MOST_SIGNATURES]
    return any(signatures.is_same(each, wanted) for each in sent)


def is_signed(secret: str, request: HttpRequest, body: bytes) -> bool:
    """Check the signature of HubSpot over the address as HubSpot knows it, and its age."""
    timestamp = request.headers.get("X-HubSpot-Request-Timestamp", "")
    signature = request.headers.get("X-HubSpot-Signature-v3", "")
    if not signatures.is_fresh(timestamp, time.time()):
        return False
    return any(
        signatures.is_same(
            signature,
            signatures.hubspot_v3(secret, request.method or "", address, body, timestamp),
        )
        for address in public_addresses(request)
    )


def public_addresses(request: HttpRequest) -> set[str]:
    """Return as what a sender may know this address: a proxy in front may have taken off the TLS.

    The signature says which of them was meant, so that to allow for several opens nothing.
    """
    hosts = {request.get_host()}
    if settings.TRUST_PROXY and (host := request.headers.get("X-Forwarded-Host", "")):
        hosts.add(host.partition(",")[0].strip())
    path = request.get_full_path()
    return {f"{scheme}://{host}{path}" for scheme in ("https", "http") for host in hosts}


@public
class DoorPage(View):
    """An address at which another system hands in leads: stored, answered, then processed."""

    http_method_names = ["get", "post", "options"]

    def get(self, request: HttpRequest, slug: str, key: str) -> HttpResponse:
        """Tell Meta that the address is ours: it asks once, with the key as the word to verify."""
        asked = request.GET
        found = key_of(slug, key) if asked.get("hub.mode") == "subscribe" else None
        is_theirs = found is not None and found.door.kind == Door.Kind.META
        if not is_theirs or not signatures.is_same(asked.get("hub.verify_token", ""), key):
            return HttpResponseNotAllowed(["POST", "OPTIONS"])
        return HttpResponse(asked.get("hub.challenge", "")[:200], content_type="text/plain")

    def post(self, request: HttpRequest, slug: str, key: str) -> HttpResponse:
        found = key_of(slug, key)
        if found is None:
            return refusal(404, "There is no such door.")
        if not request.META.get("CONTENT_LENGTH") and "Transfer-Encoding" in request.headers:
            return refusal(411, "Send the body in one piece, with its Content-Length.")
        if is_too_large(request, LARGEST_DELIVERY):
            return refusal(413, f"The body may have at most {LARGEST_DELIVERY:,} bytes.")
        body = request.body
        if not is_authentic(found, request, body):
            return refusal(401, "The signature or the key does not fit, or it is too old.")
        try:
            stored = jobs.take_delivery(
                found.door,
                raw=body,
                content_type=request.headers.get("Content-Type", ""),
                headers={
                    name: clean_text(request.headers[name])[:300]
                    for name in KEPT_HEADERS
                    if name in request.headers
                },
            )
        except KeyReused as reused:
            return refusal(409, str(reused))
        return answer_for(found.door, stored)


def answer_for(door: Door, stored: list[tuple[Delivery, bool]]) -> JsonResponse:
    """Say what was stored; to Marketo, which waits and writes it down, also which lead it is."""
    if len(stored) != 1:
        new = [delivery.pk for delivery, is_new in stored if is_new]
        return JsonResponse({"deliveries": [d.pk for d, _ in stored], "new": len(new)}, status=202)
    delivery, is_new = stored[0]
    if door.kind == Door.Kind.MARKETO:
        if is_new:
            jobs.process_one(delivery, by=intake_machine())
        delivery = Delivery.objects.get(pk=delivery.pk)
    return JsonResponse(
        {"delivery": delivery.pk, "lead": delivery.lead_id, "status": delivery.state},
        status=202 if is_new and delivery.lead_id is None else 200,
    )


def refusal(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"detail": sentence}, status=status)
