"""The REST API as a whole: its resources, and the one shape that every error has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required, login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django_filters import FilterSet
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import exception_handler as handled_by_library

from accounts.api import AccountViewSet, ContactViewSet
from accounts.errors import AlreadyExists, NeedsDecision
from activities.api import ActivityViewSet, FileViewSet
from crm.custom_fields import CustomFieldViewSet
from crm.middleware import is_outage
from duplicates.api import MergeViewSet, PairViewSet
from duplicates.queries import merges_for, obstacle_for
from emails.api import EmailTemplateViewSet, EmailViewSet
from imports.api import ImportViewSet
from intake.api import DoorViewSet, WebFormViewSet
from leads.api import (
    AssignmentRuleViewSet,
    DisqualifyReasonViewSet,
    LeadViewSet,
    QualificationRuleViewSet,
    ScoringRuleViewSet,
)
from leads.errors import CannotUndo, RulesAreUnmet
from leads.queries import blocker_for
from opportunities.api import (
    CampaignViewSet,
    CompetitorViewSet,
    LossReasonViewSet,
    OpportunityViewSet,
    ProcessViewSet,
    ProductViewSet,
    SourceViewSet,
    StageViewSet,
)
from opportunities.errors import StepsAreMissing
from records.errors import CannotUnmerge, IsMerged, Obstacle, Refused, Unacceptable
from records.models import Merge, Tag
from records.permissions import reaches
from reports.api import DashboardViewSet, ReportViewSet, TargetViewSet
from users.models import Team, User
from webhooks.api import WebhookViewSet
from workbench import api
from workbench.api.tokens import BearerToken

# A refusal that is not listed is a state in which this cannot be done: 409.
STATUS = {
    "not_permitted": 403,
    "stale": 412,
    "busy": 503,
    "unacceptable": 400,
    "key_reused": 422,
    "rules_are_unmet": 422,
    "steps_are_missing": 422,
}
RETRY_AFTER = "2"
# What emails are written on: in an address, and alone.
WRITTEN_ON = {
    "leads": "lead",
    "accounts": "account",
    "contacts": "contact",
    "opportunities": "opportunity",
}


class TeamSerializer(serializers.ModelSerializer[Team]):
    """People who share a pipeline."""

    class Meta:
        model = Team
        fields = ["id", "name"]


class TeamViewSet(api.ApiViewSet):
    """The teams."""

    model = Team
    serializer_class = TeamSerializer


class UserSerializer(serializers.ModelSerializer[User]):
    """Somebody who can own records."""

    class Meta:
        model = User
        fields = ["id", "email", "name", "team", "manager", "is_active", "is_machine"]


class UserViewSet(api.ApiViewSet):
    """The people who work here; those who have left are shown to administrators."""

    model = User
    serializer_class = UserSerializer
    filterset_class = api.filters_for(
        User, ["email", "name", "team", "manager", "is_active"], page=FilterSet
    )

    def rows(self) -> Any:
        everybody = User.objects.all()
        return everybody if self.user.is_superuser else everybody.filter(is_active=True)


class TagSerializer(serializers.ModelSerializer[Tag]):
    """A word by which records are found together."""

    class Meta:
        model = Tag
        fields = ["id", "key", "name"]


class TagViewSet(api.ApiViewSet):
    """The tags of the records that one may see. A new one is made by putting it on a record."""

    model = Tag
    serializer_class = TagSerializer

    def rows(self) -> Any:
        return Tag.objects.seen_by(self.user)


router = SimpleRouter()
router.trailing_slash = "/?"  # nobody is sent on for a slash: a POST would lose its body
router.register("leads", LeadViewSet, "leads")
router.register("accounts", AccountViewSet, "accounts")
router.register("contacts", ContactViewSet, "contacts")
router.register("opportunities", OpportunityViewSet, "opportunities")
router.register("activities", ActivityViewSet, "activities")
router.register("tags", TagViewSet, "tags")
router.register("files", FileViewSet, "files")
router.register("imports", ImportViewSet, "imports")
router.register("users", UserViewSet, "users")
router.register("teams", TeamViewSet, "teams")
router.register("sources", SourceViewSet, "sources")
router.register("campaigns", CampaignViewSet, "campaigns")
router.register("products", ProductViewSet, "products")
router.register("processes", ProcessViewSet, "processes")
router.register("stages", StageViewSet, "stages")
router.register("competitors", CompetitorViewSet, "competitors")
router.register("loss-reasons", LossReasonViewSet, "loss-reasons")
router.register("custom-fields", CustomFieldViewSet, "custom-fields")
router.register("duplicates", PairViewSet, "duplicates")
router.register("merges", MergeViewSet, "merges")
router.register("jobs", api.JobViewSet, "jobs")
router.register("assignment-rules", AssignmentRuleViewSet, "assignment-rules")
router.register("scoring-rules", ScoringRuleViewSet, "scoring-rules")
router.register("disqualify-reasons", DisqualifyReasonViewSet, "disqualify-reasons")
router.register("intake-doors", DoorViewSet, "intake-doors")
router.register("email-templates", EmailTemplateViewSet, "email-templates")
router.register("web-forms", WebFormViewSet, "web-forms")
router.register("webhooks", WebhookViewSet, "webhooks")
router.register("dashboards", DashboardViewSet, "dashboards")
router.register("targets", TargetViewSet, "targets")
router.register("qualification-rules", QualificationRuleViewSet, "qualification-rules")


# Errors


def error(status: int, code: str, detail: str, errors: Any = None, **more: Any) -> Response:
    """Return the one shape that every error has; `more` is what helps to mend it."""
    return Response({"detail": detail, "code": code, "errors": errors or {}, **more}, status)


def exception_handler(problem: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer for a refusal or an error that the caller made; None for one of ours."""
    if isinstance(problem, Refused):
        return refused(problem, context)
    if isinstance(problem, Http404 | NotFound):
        # Nothing tells a row that one may not see from one that is not there.
        return error(404, "not_found", _("Not found."))
    if isinstance(problem, PermissionDenied):
        return error(403, "not_permitted", str(problem) or _("You are not permitted to do this."))
    if is_outage(problem):
        return _busy(_("The database is busy. Nothing was changed. Try again in a moment."))
    if isinstance(problem, ValidationError):
        errors = dict(_by_field(problem.detail))
        sentences = [f"{name}: {told}" for name, all_told in errors.items() for told in all_told]
        return error(400, "invalid", " ".join(sentences[:3]), errors)
    if isinstance(problem, APIException):
        library = handled_by_library(problem, context)
        code = problem.get_codes()
        code = "not_permitted" if problem.status_code == 403 else code
        response = error(problem.status_code, str(code), str(problem.detail))
        for name, value in (library.headers if library is not None else {}).items():
            if name in {"WWW-Authenticate", "Retry-After", "Allow"}:
                response[name] = value
        return response
    return None


def refused(refusal: Refused, context: dict[str, Any]) -> Response:
    """Return the answer for an operation that said no."""
    view = context.get("view")
    names: Mapping[str, str] = getattr(view, "api_names", {})
    status = STATUS.get(refusal.code, 409)
    if status == 503:
        return _busy(str(refusal))
    errors: dict[str, list[str]] = {}
    if isinstance(refusal, Unacceptable) and refusal.errors:
        errors = {names.get(name, name): told for name, told in refusal.errors.items()}
    elif refusal.field:
        errors = {names.get(refusal.field, refusal.field): [str(refusal)]}
    detail, more = str(refusal), dict(_more(refusal, getattr(view, "user", None), names))
    if isinstance(refusal, AlreadyExists) and more["existing"] is None:
        # That there is a twin has to be told, or nobody could go on; what it is called, not.
        detail = _("There is a record like this already, and you cannot open it.")
        errors = {name: [detail] for name in errors}
    if "errors" in more:
        errors = more.pop("errors")
    response = error(status, refusal.code, detail, errors, **more)
    if status == 412 and more["version"]:
        response["ETag"] = f'"v{more["version"]}"'
    return response


def _more(
    refusal: Refused, user: User | None, names: Mapping[str, str]
) -> Iterator[tuple[str, Any]]:
    """Yield what a program needs to go on, besides the sentence."""
    code = refusal.code
    if code == "stale":
        yield "version", getattr(refusal, "version", None)
    if isinstance(refusal, RulesAreUnmet):
        rules = [
            {"key": key, "label": rule["label"], "field": names.get(rule["field"], rule["field"])}
            for key, rule in refusal.unmet.items()
        ]
        errors: dict[str, list[str]] = {}
        for rule in rules:
            errors.setdefault(rule["field"], []).append(rule["label"])
        yield "rules", rules
        yield "errors", errors
    if isinstance(refusal, StepsAreMissing):
        yield "steps", [_step(step, names) for step in refusal.steps]
    if isinstance(refusal, NeedsDecision):
        yield "kind", refusal.kind
        yield "candidates", getattr(refusal, "candidates", [])
    if isinstance(refusal, AlreadyExists):
        yield "existing", _named(refusal.record, user)
    if isinstance(refusal, CannotUndo):
        yield "blockers", [_blocker(blocker, user) for blocker in refusal.blockers]
    if isinstance(refusal, CannotUnmerge):
        yield "obstacles", [_obstacle(obstacle, user) for obstacle in refusal.obstacles]
        yield "may_keep", refusal.may_keep
    if isinstance(refusal, IsMerged):
        is_seen = user is not None and merges_for(user).filter(pk=refusal.merge.pk).exists()
        yield "merge", refusal.merge.pk if is_seen else None


def _step(step: Any, names: Mapping[str, str]) -> dict[str, str]:
    return {
        "stage": step.stage.key,
        "key": step.key,
        "label": step.label,
        "field": names.get(step.field, step.field),
    }


def _named(record: Any, user: User | None) -> dict[str, Any] | None:
    """Return kind and id of a record, if `user` may see it."""
    if record is None or user is None or not reaches(user, "view", record):
        return None
    return {"kind": record._meta.model_name, "id": record.pk}


def _blocker(blocker: Any, user: User | None) -> dict[str, Any]:
    told = blocker_for(blocker, user)
    merge = told.place.pk if told.place is not None else None
    return {"text": told.text, "record": _named(told.record, user), "merge": merge}


def _obstacle(obstacle: Obstacle, user: User | None) -> dict[str, Any]:
    told = obstacle if user is None else obstacle_for(obstacle, user)
    if isinstance(told.record, Merge):
        return {"text": told.text, "record": None, "merge": told.record.pk}
    return {"text": told.text, "record": _named(told.record, user), "merge": None}


def _busy(detail: str) -> Response:
    response = error(503, "busy", detail)
    response["Retry-After"] = RETRY_AFTER
    return response


def _by_field(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield the sentences of a nested error by the path of their field: `opportunities.1.topic`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            name = "" if name == "non_field_errors" else str(name)  # noqa: PLW2901
            yield from _by_field(inner, ".".join(part for part in (path, name) if part))
        return
    nested = [inner for inner in detail if isinstance(inner, Mapping | list)]
    if nested:
        for position, inner in enumerate(detail):
            if inner:
                yield from _by_field(inner, f"{path}.{position}")
        return
    yield path or "body", [str(told) for told in detail]


@csrf_exempt
@login_not_required
def not_found(request: HttpRequest, **_rest: Any) -> JsonResponse:
    """Answer for an address that is none, as for a record that is none."""
    return JsonResponse({"detail": _("Not found."), "code": "not_found", "errors": {}}, status=404)


# Addresses

# The description is read by people who are signed in to the pages, and by programs.
description = SpectacularAPIView.as_view(
    authentication_classes=[BearerToken, SessionAuthentication]
)
swagger: Callable[..., Any] = login_required(
    csp_update({"style-src": [SELF, UNSAFE_INLINE], "img-src": [SELF, "data:"]})(
        SpectacularSwaggerSplitView.as_view(
            url_name="api-schema", template_name="crm/api_docs.html"
        )
    )
)

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(
        "^v1/reports/overview/?$",
        ReportViewSet.as_view({"get": "overview"}),
        name="reports-overview",
    ),
    re_path(
        "^v1/reports/breakdown/?$",
        ReportViewSet.as_view({"get": "breakdown"}),
        name="reports-breakdown",
    ),
    re_path(
        "^v1/reports/(?P<name>[a-z-]+)/?$",
        ReportViewSet.as_view({"get": "report"}),
        name="reports-report",
    ),
    *(
        re_path(
            f"^v1/{kinds}/(?P<pk>[0-9]{{1,18}})/emails/?$",
            EmailViewSet.as_view({"get": "list", "post": "create"}, kind=kind, basename="emails"),
            name=f"{kinds}-emails",
        )
        for kinds, kind in WRITTEN_ON.items()
    ),
    path("v1/", include(router.urls)),
    path("schema/", description, name="api-schema"),
    path("docs/", swagger, name="api-docs"),
    re_path("^", not_found, name="api-not-found"),
]
