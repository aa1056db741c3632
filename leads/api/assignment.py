"""The assignment rules for programs, and the owner that the rules are to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from leads import operations
from leads.forms.assignment import MOST_NUMBER
from leads.models import AssignmentRule, Lead
from leads.operations.assignment import MOST_WEIGHT
from leads.rules.assignment import condition_in_words, problems_of, takers
from records.operations import require_for_all
from records.vocabulary import fields_of
from users.models import Team, User
from workbench import api

if TYPE_CHECKING:
    pass

BY_RULES = "rules"


@extend_schema_field({"type": "string", "example": "ada@example.com"})
class OwnerOrRules(api.Person):
    """A user; of a new lead, or one to assign, also the word “rules”: they say who it is."""

    def to_internal_value(self, data: Any) -> User | str:
        is_asked = data == BY_RULES and self.parent.instance is None
        return BY_RULES if is_asked else super().to_internal_value(data)


@extend_schema_field({"type": "string", "example": "North"})
class TeamByName(serializers.Field[Any, Any, Any, Any]):
    """A team, given by name or id, given out by name."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Name a team by name or id."),
        "unknown": _("There is no team of this name or id."),
    }

    def to_internal_value(self, data: Any) -> Team:
        if isinstance(data, str):
            which: dict[str, Any] = {"name": data.strip()[:200]}
        elif api.is_id(data):
            which = {"pk": data}
        else:
            self.fail("invalid")
        team = Team.objects.filter(**which).first()
        if team is None:
            self.fail("unknown")
        return team

    def to_representation(self, value: Team) -> str:
        return value.name


@extend_schema_field(
    {
        "type": "object",
        "description": '`{"all": […]}` or `{"any": […]}` of tests `{"field", "is", "value"}` and '
        "of groups.",
    }
)
class Conditions(serializers.JSONField):
    """A condition; the operation says what is wrong with it."""


def a_number() -> api.Whole:
    """Return a limit of a rule; null is none."""
    return api.Whole(required=False, allow_null=True, min_value=1, max_value=MOST_NUMBER)


class AssignmentRuleSerializer(api.Strict, serializers.ModelSerializer[AssignmentRule]):
    """Who gets the leads for which conditions hold: a person, or the people of a team in turn."""

    name = api.Text(max_length=120)
    position = api.SmallWhole(required=False, min_value=1)
    conditions = Conditions(source="condition")
    owner = api.Person(source="person", required=False, allow_null=True)
    team = TeamByName(required=False, allow_null=True)
    way = api.Word(choices=AssignmentRule.Way.values, required=False)
    most_a_day = a_number()
    most_open = a_number()
    hours_untouched = a_number()
    weights = serializers.DictField(
        child=api.Whole(min_value=0, max_value=MOST_WEIGHT),
        required=False,
        help_text="How many leads somebody gets for one of the others': by the id of the user.",
    )
    is_active = api.YesNo(required=False)
    words = serializers.SerializerMethodField(help_text="The conditions in a sentence.")
    problems = serializers.SerializerMethodField(help_text="Why it cannot assign by now.")

    class Meta:
        model = AssignmentRule
        validators: list[Any] = []  # the operation says that it is one of the two
        fields = [
            "id", "name", "position", "conditions", "owner", "team", "way", "most_a_day",
            "most_open", "hours_untouched", "weights", "is_active", "version", "words", "problems",
        ]  # fmt: skip
        read_only_fields = ["version"]

    def get_words(self, rule: AssignmentRule) -> str:
        return condition_in_words(rule, self.context["known"])

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_problems(self, rule: AssignmentRule) -> list[str]:
        return problems_of(rule, self.context["known"], self.context["people"])


class AssignmentRuleViewSet(api.SettingViewSet):
    """The assignment rules in their order: the first that holds for a lead says who gets it."""

    model = AssignmentRule
    has_versions = True
    order = ("position", "id")
    serializer_class = AssignmentRuleSerializer
    filterset_class = api.filters_for(AssignmentRule, ["name", "is_active"], page=FilterSet)

    def rows(self) -> Any:
        require_for_all(self.user, "view", AssignmentRule)
        return AssignmentRule.objects.select_related("person", "team")

    def represent(self, records: list[Any]) -> list[Any]:
        known, people = fields_of(Lead, self.user), list(takers())
        context = {**self.get_serializer_context(), "known": known, "people": people}
        return list(AssignmentRuleSerializer(records, many=True, context=context).data)

    @staticmethod
    def create_operation(*, by: User, position: int | None = None, **values: Any) -> AssignmentRule:
        rule = AssignmentRule(**values)
        return operations.save_assignment_rule(rule, by=by, position=position)

    update_operation = staticmethod(operations.change_assignment_rule)
    delete_operation = staticmethod(operations.delete_assignment_rule)
