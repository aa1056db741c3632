"""Qualifying for programs: the plan that is sent, what would come of it, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from accounts.errors import NeedsDecision
from accounts.matching import LISTED, apart
from leads import operations
from leads.api.receipts import ReceiptsSerializer, receipt_of
from leads.api.scoring import ScoreSerializer
from leads.matching import KINDS, lookalikes
from leads.models import Lead
from leads.operations import Plan, Preview, Qualified, Target, Terms
from leads.operations.duplicates import MOST_DUPLICATES
from leads.operations.plan import MOST_OPPORTUNITIES
from leads.rules.scoring import parts_told, suggested_rating
from opportunities.models import Opportunity, Stage
from records.permissions import reaches, require
from workbench import api

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.matching import Match
    from leads.matching import Lookalike
    from leads.operations.plan import Choice
    from records.errors import Refused
    from users.models import User
    from workbench.api.views import Answer

MOST_FIELDS = 200


class FieldNames(serializers.ListField):
    """Names of fields of an account or a contact: columns, and custom fields as custom.<key>."""

    child = api.Text(max_length=100)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_FIELDS, **kwargs)


class TargetSerializer(api.Strict):
    """What to do about the account or the contact.

    Of one to use, `take` names the fields in which the lead's value replaces what it has, `keep`
    the empty ones that are not to be filled.
    """

    action = api.Word(choices=["auto", "create", "use", "skip"], required=False)
    id = api.Whole(required=False, allow_null=True, min_value=1)
    take = FieldNames(required=False)
    keep = FieldNames(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("id") is not None:
            attrs.setdefault("action", "use")
        wants_one = attrs.get("action") == "use"
        if wants_one != (attrs.get("id") is not None):
            sentence = (
                _("Give the id of the record to use.")
                if wants_one
                else _("Give an id together with the action “use” only.")
            )
            raise ValidationError({"id": [sentence]})
        for name in ("take", "keep"):
            if attrs.get(name) and not wants_one:
                raise ValidationError({name: [_("Name fields of a record to use only.")]})
            attrs[name] = tuple(attrs.get(name, ()))
        return attrs


class StageOfDefault(api.Listed):
    """A stage of the default process in which an opportunity can be."""

    def rows(self) -> Any:
        return Stage.objects.for_opportunities().filter(process__is_default=True)


class TermsSerializer(api.Strict):
    """The terms of one opportunity; what is left out comes from the lead.

    A value or a date that is null is none: it is not taken from the lead.
    With `id` the lead joins an open opportunity instead of opening another.
    """

    id = api.Related(Opportunity, required=False, source="opportunity")
    topic = api.Text(required=False, max_length=300)
    value = api.Money(required=False, allow_null=True, max_digits=14, decimal_places=2, min_value=0)
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False)
    estimated_close_on = api.Day(required=False, allow_null=True, source="estimated_close_date")
    stage = StageOfDefault(Stage, required=False)
    owner = api.Person(required=False)


class Numbers(serializers.ListField):
    """Ids of a few records."""

    child = api.Whole(min_value=1)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_DUPLICATES, **kwargs)


class ApartSerializer(api.Strict):
    """Records that are not the ones that the lead names, by id."""

    account = Numbers(required=False)
    contact = Numbers(required=False)
    lead = Numbers(required=False, help_text="Other leads, which are of somebody else.")


class PlanSerializer(api.Strict):
    """How to qualify; every part may be left out. Without opportunities one is opened."""

    account = TargetSerializer(required=False)
    contact = TargetSerializer(required=False)
    opportunities = TermsSerializer(  # type: ignore[call-arg]  # many=True makes it a list
        required=False, allow_null=True, many=True, max_length=MOST_OPPORTUNITIES
    )
    override_reason = api.Text(required=False, max_length=500, allow_blank=True)
    lead_version = api.Whole(required=False, allow_null=True, min_value=1)
    duplicates = Numbers(
        required=False, help_text="Ids of other leads to disqualify as duplicates of this one."
    )
    apart = ApartSerializer(
        required=False,
        help_text="Who is not meant: nothing proposes them for this lead any more. Remembered "
        "together with the qualification, and not without it.",
    )

    def plan(self, version: int | None) -> Plan:
        """Return the plan that was sent."""
        sent = dict(self.validated_data)
        terms = sent.get("opportunities")
        return Plan(
            account=Target(**sent.get("account", {})),
            contact=Target(**sent.get("contact", {})),
            opportunities=None if terms is None else tuple(Terms(**each) for each in terms),
            override_reason=sent.get("override_reason", ""),
            lead_version=sent.get("lead_version") or version,
            duplicates=tuple(sent.get("duplicates", ())),
            apart={kind: tuple(ids) for kind, ids in sent.get("apart", {}).items()},
        )


class OutcomeSerializer(serializers.Serializer[Any]):
    """What became of the account or the contact; of a hidden one neither id nor reasons."""

    id = serializers.IntegerField(allow_null=True)
    outcome = serializers.ChoiceField(choices=["created", "reused", "skipped"])
    reasons = serializers.ListField(child=serializers.CharField())


class QualifiedSerializer(serializers.Serializer[Any]):
    """What a lead has become; the same for everybody who asks again."""

    qualification = serializers.IntegerField()
    lead = serializers.IntegerField()
    account = OutcomeSerializer()
    contact = OutcomeSerializer()
    opportunities = serializers.ListField(child=serializers.IntegerField())
    receipt = serializers.CharField()


class RuleSerializer(serializers.Serializer[Any]):
    """The verdict of one rule."""

    key = serializers.CharField()
    label = serializers.CharField()
    note = serializers.CharField()
    field = serializers.CharField()
    is_required = serializers.BooleanField()
    is_met = serializers.BooleanField(
        allow_null=True, help_text="null where the caller may not see the record asked about"
    )
    state = serializers.CharField(help_text="met, warning, blocking or untold")


class CandidateSerializer(serializers.Serializer[Any]):
    """A record that may be meant. Outside the caller's scope only that there is one is told."""

    id = serializers.IntegerField(allow_null=True)
    label = serializers.CharField()
    score = serializers.IntegerField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())


class TwinSerializer(CandidateSerializer):
    """Another lead that may be of the same person or company."""

    may_close = serializers.BooleanField(help_text="Whether `duplicates` may name it.")


class ComparedSerializer(serializers.Serializer[Any]):
    """A field in which the lead and the record to use differ."""

    name = serializers.CharField()
    label = serializers.CharField()
    theirs = serializers.CharField(help_text="What the record has, in words.")
    lead = serializers.CharField(source="ours", help_text="What the lead has, in words.")
    outcome = serializers.CharField(help_text="filled, taken, kept or barred")


class DecisionSerializer(serializers.Serializer[Any]):
    """What would be done about the account or the contact, and who was looked at."""

    id = serializers.IntegerField(allow_null=True)
    outcome = serializers.CharField(help_text="created, reused, skipped or undecided")
    reasons = serializers.ListField(child=serializers.CharField())
    question = serializers.CharField()
    candidates = CandidateSerializer(many=True)
    differences = ComparedSerializer(many=True)


class ConsequenceSerializer(serializers.Serializer[Any]):
    """One thing that would happen."""

    icon = serializers.CharField()
    text = serializers.CharField()


class PreviewSerializer(serializers.Serializer[Any]):
    """What would happen if the lead were qualified now. Nothing is written."""

    lead = serializers.IntegerField()
    lead_version = serializers.IntegerField()
    status = serializers.CharField()
    rules = RuleSerializer(many=True)
    rule_version = serializers.CharField()
    met = serializers.IntegerField()
    total = serializers.IntegerField()
    may_qualify = serializers.BooleanField()
    may_override = serializers.BooleanField()
    account = DecisionSerializer()
    contact = DecisionSerializer()
    duplicates = TwinSerializer(many=True)
    apart = ApartSerializer(help_text="Who was said not to be meant, as far as you may see them.")
    plan = PlanSerializer(help_text="What `qualify` takes to do this by name.")
    steps = ConsequenceSerializer(many=True)


class RefusalSerializer(serializers.Serializer[Any]):
    """What `qualify` would answer instead of doing it; an error says more by its code."""

    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class ChosenPreviewSerializer(PreviewSerializer):
    """What would happen if the lead were qualified by a plan. Nothing is written."""

    refusal = RefusalSerializer(allow_null=True)


class QualifyingViewSet(api.MergingViewSet):
    """Leads as far as they are qualified: the preview and the verb."""

    @extend_schema(responses=PreviewSerializer, filters=False)
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=None)
    def qualification(self, request: Any, pk: str) -> Response:
        """Say what qualifying would do: the rules, the candidates and the plan. Writes nothing."""
        lead = self.get_object()
        return Response(self._previewed(lead, operations.preview(lead, by=self.user)))

    @extend_schema(request=PlanSerializer, responses={200: ChosenPreviewSerializer})
    @qualification.mapping.post
    def chosen_qualification(self, request: Any, pk: str) -> Response:
        """Say what qualifying by this plan would do, or why it would be refused. Writes nothing."""
        lead, plan = self.get_object(), self._plan()
        shown = self._previewed(lead, operations.preview(lead, by=self.user, plan=plan))
        refusal = operations.refusal_of(lead, by=self.user, plan=plan)
        return Response({**shown, "refusal": self._refused(refusal, shown)})

    @extend_schema(
        request=PlanSerializer, responses={201: QualifiedSerializer, 200: QualifiedSerializer}
    )
    @action(detail=True, methods=["post"])
    def qualify(self, request: Any, pk: str) -> Response:
        """Qualify the lead: 201 and what it became; asked again 200 and the same."""
        # One operation, and one that remembers an open question although it refuses.
        return self.write(self._qualify, is_one_operation=True)

    def _qualify(self) -> Answer:
        lead, plan = self.found(), self._plan()
        try:
            done = operations.qualify(lead, by=self.user, plan=plan)
        except NeedsDecision as question:
            shown = self._previewed(lead, operations.preview(lead, by=self.user, plan=plan))
            question.candidates = shown[question.kind]["candidates"]  # type: ignore[attr-defined]
            raise
        return 200 if done.is_repeat else 201, self._answered(done)

    def _plan(self) -> Plan:
        """Return the plan of the body, for the version of the lead that `If-Match` names."""
        serializer = PlanSerializer(data=self.body(), context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        versions = self.named_versions()
        return serializer.plan((versions or [0])[0] if versions is not None else None)

    def _refused(self, refusal: Refused | None, shown: dict[str, Any]) -> dict[str, Any] | None:
        """Return what `qualify` would answer to a plan that it refuses."""
        if refusal is None:
            return None
        if isinstance(refusal, NeedsDecision):
            refusal.candidates = shown[refusal.kind]["candidates"]  # type: ignore[attr-defined]
        answer = self.get_exception_handler()(refusal, self.get_exception_handler_context())
        assert answer is not None, "every refusal has an answer"  # noqa: S101
        return {"status": answer.status_code, **answer.data}

    @extend_schema(responses=ScoreSerializer, filters=False)
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=None)
    def score(self, request: Any, pk: str) -> Response:
        """Return the score of a lead, what made it, and the rating that it suggests."""
        lead = self.get_object()
        told = {
            "score": lead.score,
            "parts": parts_told(lead, viewer=self.user),
            "suggested_rating": suggested_rating(lead),
        }
        return Response(ScoreSerializer(told).data)

    @extend_schema(responses=ReceiptsSerializer, filters=False)
    @action(detail=True, methods=["get"], filter_backends=[], pagination_class=None)
    def receipts(self, request: Any, pk: str) -> Response:
        """Return what each qualification of the lead made and found, the latest first."""
        lead = self.get_object()
        people = ("by", "ended_by", "account__owner", "contact__owner")
        rows = lead.qualifications.select_related(*people).order_by("-seq")
        columns = {column.name for column in Lead._meta.concrete_fields if not column.is_relation}
        names = {column: name for column, name in self.api_names.items() if column in columns}
        told = [receipt_of(done, names, viewer=self.user) for done in rows]
        return Response(ReceiptsSerializer({"results": told}).data)

    @extend_schema(request=ApartSerializer, responses={200: ApartSerializer})
    @action(detail=True, methods=["post"])
    def apart(self, request: Any, pk: str) -> Response:
        """Say that records are not meant by the lead; answers whom that was said of by now."""
        return self.write(lambda: self._tell(operations.dismiss_pair))

    @extend_schema(request=ApartSerializer, responses={200: ApartSerializer})
    @action(detail=True, methods=["post"])
    def together(self, request: Any, pk: str) -> Response:
        """Take that back; answers of whom it is said still."""
        return self.write(lambda: self._tell(operations.restore_pair))

    def _tell(self, operation: Callable[..., Any]) -> Answer:
        lead, sent = self.found(), self.taken(ApartSerializer)
        self.keep_still(lead)
        require(self.user, "change", lead)
        for other in operations.told_apart(lead, sent, by=self.user):
            operation(lead, other, by=self.user)
        return 200, self._apart(lead)

    def _apart(self, lead: Lead) -> dict[str, list[int]]:
        """Return the numbers of those of whom somebody said that they are not meant."""
        told = apart("lead", lead.pk)
        seen: dict[str, list[int]] = {}
        for kind, model in KINDS.items():
            rows: Any = model._default_manager
            found = rows.permitted(self.user).filter(pk__in=told[kind]) if told[kind] else ()
            seen[kind] = sorted(each.pk for each in found)
        return seen

    def _answered(self, done: Qualified) -> dict[str, Any]:
        """Return the answer, without the ids of what the caller may not see."""
        answer = {"qualification": done.qualification.pk, **done.qualification.result}
        for kind, record in (("account", done.account), ("contact", done.contact)):
            if record is None:
                answer[kind] = {**answer[kind], "id": None}
            elif not reaches(self.user, "view", record):
                answer[kind] = {**answer[kind], "id": None, "reasons": []}
        answer["opportunities"] = [
            opportunity.pk
            for opportunity in done.opportunities
            if reaches(self.user, "view", opportunity)
        ]
        answer["receipt"] = reverse("leads:receipt", kwargs={"pk": done.lead.pk})
        return answer

    def _previewed(self, lead: Lead, shown: Preview) -> dict[str, Any]:
        decision = shown.decision
        return {
            "lead": lead.pk,
            "lead_version": lead.version,
            "status": lead.status,
            "rules": [
                {
                    "key": verdict.key if verdict.is_told else "",
                    "label": verdict.label,
                    "note": verdict.note,
                    "field": verdict.field,
                    "is_required": verdict.is_required,
                    "is_met": verdict.is_met if verdict.is_told else None,
                    "state": verdict.state,
                }
                for verdict in shown.verdicts.items
            ],
            "rule_version": shown.verdicts.version,
            "met": shown.verdicts.met,
            "total": shown.verdicts.total,
            "may_qualify": shown.may_qualify,
            "may_override": shown.may_override,
            "account": {
                **self._choice(
                    decision.account, decision.account_match, is_hidden=shown.is_account_hidden
                ),
                "differences": ComparedSerializer(shown.account_fields, many=True).data,
            },
            "contact": {
                **self._choice(
                    decision.contact, decision.contact_match, is_hidden=shown.is_contact_hidden
                ),
                "differences": ComparedSerializer(shown.contact_fields, many=True).data,
            },
            "duplicates": [
                self._twin(each)
                for each in lookalikes(lead, by=self.user)
                if each.lead is None or each.lead.pk not in shown.plan.apart.get("lead", ())
            ],
            "apart": self._apart(lead),
            "plan": self._planned(lead, shown),
            "steps": [{"icon": step.icon, "text": step.text} for step in shown.steps],
        }

    def _choice(self, choice: Choice, match: Match[Any], *, is_hidden: bool) -> dict[str, Any]:
        return {
            "id": choice.record.pk if choice.record and not is_hidden else None,
            "outcome": choice.outcome,
            "reasons": [] if is_hidden else list(choice.reasons),
            "question": choice.question,
            "candidates": self._candidates(match),
        }

    def _candidates(self, match: Match[Any]) -> list[dict[str, Any]]:
        """Return who was looked at; however many are hidden, they are one line behind the others.

        Neither score nor place of those is told: by changing the lead one could feel one's way to
        what stands in them.
        """
        seen = match.seen_by(self.user)
        found: list[dict[str, Any]] = [
            {
                "id": each.record.pk,
                "label": str(each.record),
                "score": each.score,
                "reasons": [reason.text for reason in each.reasons],
            }
            for each in seen.candidates
        ]
        if not any(each.decides or each.score >= LISTED for each in seen.hidden):
            return found
        hidden = _("A record that you cannot open")
        return [*found, {"id": None, "label": hidden, "score": None, "reasons": []}]

    def _twin(self, other: Lookalike) -> dict[str, Any]:
        twin = other.lead
        if twin is None:
            label = _("A record that you cannot open")
            nothing: dict[str, Any] = {"id": None, "label": label, "score": None, "reasons": []}
            return {**nothing, "may_close": False}
        may_close = twin.is_open and reaches(self.user, "disqualify", twin)
        return {
            "id": twin.pk,
            "label": str(twin),
            "score": other.score,
            "reasons": list(other.reasons),
            "may_close": may_close,
        }

    def _planned(self, lead: Lead, shown: Preview) -> dict[str, Any]:
        """Return the plan that asks for the same by name; what nobody said is left out."""
        plan, decision = shown.plan, shown.decision
        said = {
            "override_reason": plan.override_reason,
            "duplicates": list(plan.duplicates),
            "apart": {kind: list(ids) for kind, ids in plan.apart.items() if ids},
        }
        return {
            "account": self._target(
                decision.account, plan.account, is_hidden=shown.is_account_hidden
            ),
            "contact": self._target(
                decision.contact, plan.contact, is_hidden=shown.is_contact_hidden
            ),
            "opportunities": [_terms(terms, lead, self.user) for terms in plan.terms],
            **{name: value for name, value in said.items() if value},
        }

    def _target(self, choice: Choice, target: Target, *, is_hidden: bool) -> dict[str, Any]:
        match choice.outcome:
            case "reused" if choice.record is not None and not is_hidden:
                fields = {"take": list(target.take), "keep": list(target.keep)}
                chosen = {name: names for name, names in fields.items() if names}
                return {"action": "use", "id": choice.record.pk, **chosen}
            case "created":
                return {"action": "create"}
            case "skipped":
                return {"action": "skip"}
        return {"action": "auto"}


def _terms(terms: Terms, lead: Lead, viewer: User) -> dict[str, Any]:
    """Return the terms of one opportunity, with what the lead says where nobody said it."""
    if terms.opportunity is not None:
        return {"id": terms.opportunity.pk}
    said = terms.filled_from(lead, by=viewer)
    more = {
        "stage": said.stage.key if said.stage else "",
        "owner": said.owner.email if said.owner else "",
    }
    return {
        "topic": said.topic,
        "value": _money(said.value),
        "currency": said.currency,
        "estimated_close_on": _day(said.estimated_close_date),
        **{name: word for name, word in more.items() if word},
    }


def _money(value: Any) -> str | None:
    return None if value is None else f"{value:.2f}"


def _day(value: Any) -> str | None:
    return None if value is None else value.isoformat()
