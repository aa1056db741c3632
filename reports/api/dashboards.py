"""The dashboards that people keep, for programs: the same operations as the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django_filters import FilterSet
from rest_framework import serializers

from reports.arrangements import LIBRARY, WIDTHS, Arrangement, Placed
from reports.filters import CHOSEN, SPAN, query_to_keep
from reports.operations import DASHBOARD, change_dashboard, save_dashboard
from workbench import api
from workbench.models import SavedView
from workbench.operations.saved_views import delete_view

if TYPE_CHECKING:
    from users.models import User

CHOICES = ("board", "period", *SPAN, "team", "owner", "source", "by", "cohort")


class CardSerializer(api.Strict, serializers.Serializer[Any]):
    """A card at its place."""

    name = api.Word(choices=[(name, name) for name in LIBRARY])
    width = api.Whole(
        required=False,
        min_value=WIDTHS[0],
        max_value=WIDTHS[-1],
        help_text="Of twelve columns. Left out, it is as wide as usual.",
    )


class Cards(serializers.ListField):
    """The cards in their order. What is sent takes the place of all that there were."""

    child = CardSerializer()

    def get_attribute(self, instance: SavedView) -> tuple[Placed, ...]:
        return Arrangement.read(QueryDict(instance.query).get("cards", "")).cards

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, list) and len(data) > len(LIBRARY):
            raise serializers.ValidationError(
                [
                    _("There are %(most)d cards, and each stands there once.")
                    % {"most": len(LIBRARY)}
                ]
            )
        cards = super().to_internal_value(data)
        return " ".join(
            str(Placed(card["name"], card.get("width", LIBRARY[card["name"]]))) for card in cards
        )


class ChoicesSerializer(api.Strict, serializers.Serializer[Any]):
    """What is chosen in the head and on the cards, as it stands in the address of the page."""

    board = api.Text(
        required=False, allow_blank=True, help_text="`mine` counts what belongs to the reader."
    )
    period = api.Text(required=False, allow_blank=True)
    team = api.Text(required=False, allow_blank=True)
    owner = api.Text(required=False, allow_blank=True)
    source = api.Text(required=False, allow_blank=True)
    by = api.Text(required=False, allow_blank=True)
    cohort = api.Text(required=False, allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        """Add the first and the last day, one of whose names is none for an attribute."""
        told = f"A day, where the period is `{CHOSEN}`."
        days = {name: api.Text(required=False, allow_blank=True, help_text=told) for name in SPAN}
        return {**super().get_fields(), **days}

    def get_attribute(self, instance: SavedView) -> dict[str, str]:
        asked = QueryDict(instance.query)
        return {name: asked.get(name, "") for name in CHOICES}


class DashboardSerializer(api.Strict, serializers.ModelSerializer[SavedView]):
    """A dashboard that somebody keeps; whoever reads it is told the figures that he may see."""

    name = api.Text(max_length=60)
    audience = api.Word(choices=SavedView.Audience.choices, required=False)
    owner = serializers.EmailField(source="owner.email", read_only=True)
    cards = Cards()
    choices = ChoicesSerializer(required=False)
    url = serializers.SerializerMethodField()

    class Meta:
        model = SavedView
        fields = ["id", "version", "name", "audience", "owner", "cards", "choices", "url"]
        read_only_fields = ("version",)
        validators: ClassVar[list[Any]] = []  # the operation says that a name is taken

    def get_url(self, view: SavedView) -> str:
        return f"{reverse('reports:overview')}?view={view.pk}"


class DashboardViewSet(api.SettingViewSet):
    """The dashboards that the caller keeps, and those that are shared with him."""

    model = SavedView
    serializer_class = DashboardSerializer
    filterset_class = api.filters_for(SavedView, ["name", "audience"], page=FilterSet)
    has_versions = True
    order = ("name", "id")

    def rows(self) -> Any:
        mine = SavedView.objects.permitted(self.user).filter(kind=DASHBOARD)
        return mine.select_related("owner")

    def require(self, action: str) -> None:
        """Everybody keeps dashboards; the operation says who may change one of somebody else."""

    @staticmethod
    def create_operation(*, by: User, cards: str, choices: Any = None, **values: Any) -> SavedView:
        query = query_to_keep(by, {**(choices or {}), "cards": cards})
        return save_dashboard(by=by, query=query, **values)

    @staticmethod
    def update_operation(view: SavedView, *, by: User, **values: Any) -> SavedView:
        standing = QueryDict(view.query).dict()
        asked = standing | values.pop("choices", {})
        if "cards" in values:
            asked["cards"] = values.pop("cards")
        if asked != standing:
            values["query"] = query_to_keep(by, asked)
        return change_dashboard(view, by=by, **values)

    @staticmethod
    def delete_operation(view: SavedView, *, by: User, version: int | None = None) -> None:
        delete_view(view, by=by, version=version)
