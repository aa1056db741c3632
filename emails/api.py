"""Emails of a record and templates for programs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django_filters import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from activities.models import Activity
from emails.matching import address_of
from emails.models import EmailTemplate
from emails.operations import send_email
from emails.operations.writing import LONGEST_SUBJECT, LONGEST_TEXT
from emails.placeholders import filled
from emails.queries import people_of, values_for
from emails.querysets import KINDS
from records.permissions import require_any
from workbench import api
from workbench.operations.mail import MOST_RECIPIENTS
from workbench.smtp import bare


class EmailTemplateSerializer(serializers.ModelSerializer[EmailTemplate]):
    """The beginning of an email, with placeholders in braces."""

    owner = serializers.EmailField(source="owner.email")
    kinds = serializers.ListField(
        child=serializers.CharField(), help_text="The kinds of record; none are all of them."
    )
    created_at = api.Moment(read_only=True)

    class Meta:
        model = EmailTemplate
        fields = [
            "id", "version", "name", "kinds", "subject", "text", "audience", "is_active", "owner",
            "created_at",
        ]  # fmt: skip


class EmailTemplateViewSet(api.ApiViewSet):
    """The templates that the caller may use: their own, their team's, everybody's."""

    model = EmailTemplate
    order = ("name", "id")
    serializer_class = EmailTemplateSerializer
    filterset_class = api.filters_for(
        EmailTemplate, ["name", "audience", "is_active"], page=FilterSet
    )

    def rows(self) -> Any:
        return EmailTemplate.objects.permitted(self.user).select_related("owner")


class DeliverySerializer(serializers.Serializer[Any]):
    """What has become of a letter that was sent from here."""

    state = serializers.CharField(help_text="waiting, sending, sent or failed")
    error = serializers.CharField(help_text="What the mail server said, where it said no.")
    attempts = serializers.IntegerField()
    sent_at = api.Moment()


class EmailSerializer(serializers.ModelSerializer[Activity]):
    """An email on a timeline."""

    owner = serializers.EmailField(source="owner.email", allow_null=True)
    done_at = api.Moment(read_only=True)
    delivery = DeliverySerializer(
        source="mail", allow_null=True, help_text="Null for what was logged or received."
    )

    class Meta:
        model = Activity
        fields = [
            "id", "version", "direction", "subject", "text", "people", "owner", "done_at",
            "delivery",
        ]  # fmt: skip


class SendSerializer(api.Strict):
    """An email to be sent. What a template says can be overridden by field."""

    to = serializers.ListField(
        child=api.Text(max_length=320),
        required=False,
        max_length=MOST_RECIPIENTS,
        help_text="Addresses; without any, the first of the record's people.",
    )
    cc = serializers.ListField(
        child=api.Text(max_length=320), required=False, max_length=MOST_RECIPIENTS
    )
    bcc = serializers.ListField(
        child=api.Text(max_length=320), required=False, max_length=MOST_RECIPIENTS
    )
    subject = api.Text(required=False, allow_blank=True, max_length=LONGEST_SUBJECT)
    text = api.Text(required=False, allow_blank=True, max_length=LONGEST_TEXT)
    template = api.Whole(required=False, min_value=1, help_text="The id of a template.")
    answers = api.Whole(required=False, min_value=1, help_text="The email that is answered.")
    takes_replies = api.YesNo(
        required=False, help_text="Whether replies go to the timeline as well; they do."
    )


class EmailViewSet(api.WritingViewSet):
    """The emails of one record: read, the newest first, and sent."""

    model = Activity
    order = ("-done_at", "-id")
    serializer_class = EmailSerializer
    filterset_class = api.filters_for(Activity, ["direction"], page=FilterSet)
    has_versions = False
    kind = ""  # of the record; the address says it

    def record(self) -> Any:
        """Return the record; one that the caller may not see is as if it were not."""
        rows: Any = KINDS[self.kind].objects.permitted(self.user, "view")  # type: ignore[attr-defined]
        found = rows.select_related("owner").filter(pk=int(self.kwargs["pk"])).first()
        if found is None:
            raise NotFound
        return found

    def rows(self) -> Any:
        emails = Activity.objects.on(self.record()).filter(kind=Activity.Kind.EMAIL)
        return emails.select_related("owner", "mail").defer("mail__text", "mail__html")

    def list(self, request: Request, pk: str) -> Response:
        return super().list(request)

    @extend_schema(request=SendSerializer, responses={201: EmailSerializer})
    def create(self, request: Request, pk: str) -> Response:
        """Send an email to people whom the record is about."""
        return self.write(self._create)

    def _create(self) -> Any:
        record = self.record()
        require_any(self.user, "add", Activity)
        serializer = SendSerializer(data=self.body(), context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        people = [each for each in people_of(record, self.user) if not each.is_left_alone]
        values.setdefault("to", [each.address for each in people[:1]])
        template, answers = values.pop("template", None), values.pop("answers", None)
        if template is not None:
            values = {**self.begun_with(template, record, values["to"]), **values}
        values = {"subject": "", "text": "", "takes_replies": bool(address_of(record)), **values}
        entry = send_email(record, by=self.user, answers=self.answered(record, answers), **values)
        rows = Activity.objects.select_related("owner", "mail").filter(pk=entry.pk)
        return 201, self.represent(list(rows))[0]

    def begun_with(self, number: int, record: Any, to: Any) -> dict[str, str]:
        """Return what a template says on the record."""
        offered = EmailTemplate.objects.offered(self.user, self.kind)
        template = next((each for each in offered if each.pk == number), None)
        if template is None:
            raise ValidationError({"template": [_("There is no template of this id here.")]})
        addresses = {bare(each).lower() for each in to}
        people = people_of(record, self.user)
        person = next((each for each in people if bare(each.address).lower() in addresses), None)
        value_of = values_for(record, self.user, person)
        return {
            "subject": filled(template.subject, value_of)[:LONGEST_SUBJECT],
            "text": filled(template.text, value_of),
        }

    def answered(self, record: Any, number: int | None) -> Activity | None:
        """Return the email of the record that is answered."""
        if number is None:
            return None
        rows = Activity.objects.on(record).filter(kind=Activity.Kind.EMAIL, pk=number)
        found: Activity | None = rows.first()
        if found is None:
            raise ValidationError({"answers": [_("There is no email of this id on the record.")]})
        return found
