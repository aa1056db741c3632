"""Forms on the web, doors for other systems, and everything that came in by them."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from intake.querysets import DeliveryQuerySet
from leads.models import Lead
from opportunities.models import Campaign, Source


def new_key() -> str:
    """Return 256 random bits as a text that can stand in an address."""
    return secrets.token_urlsafe(32)


class Entrance(models.Model):
    """What a web form and a door have in common: what becomes of a lead that comes in here."""

    class OnKnown(models.TextChoices):
        ENQUIRY = "enquiry", _("Add the enquiry to the open lead of the same person")
        UPDATE = "update", _("Bring the open lead of the same person to what is told")
        NEW = "new", _("Make another lead")

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(
        _("address"), max_length=60, unique=True, help_text=_("Stands in the address of the page.")
    )
    is_active = models.BooleanField(_("open"), default=True)
    topic = models.CharField(
        _("topic"),
        max_length=200,
        blank=True,
        help_text=_("What a lead is about that does not say so itself. Empty: the name above."),
    )
    source = models.ForeignKey(
        Source,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("source"),
    )
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("campaign"),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
        help_text=_("Who gets every lead. Empty: as the assignment rules say."),
    )
    on_known = models.CharField(
        _("a known person"), max_length=7, choices=OnKnown, default=OnKnown.ENQUIRY
    )
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class WebForm(Entrance):
    """A form that anybody on the web can send."""

    UNTOLD = frozenset({"snippet_key"})

    title = models.CharField(
        _("title"), max_length=200, blank=True, help_text=_("Empty: the name.")
    )
    introduction = models.TextField(_("introduction"), blank=True, max_length=2_000)
    button = models.CharField(_("button"), max_length=60, blank=True, help_text=_("Empty: “Send”."))
    consent_text = models.TextField(
        _("consent"),
        blank=True,
        max_length=2_000,
        help_text=_(
            "What people agree to by ticking a box. Empty: no box. A changed text is a new "
            "version; each submission keeps the one that was agreed to."
        ),
    )
    consent_version = models.PositiveIntegerField(
        _("version of the consent"), default=1, editable=False
    )
    is_consent_required = models.BooleanField(_("consent is required"), default=False)
    thanks = models.TextField(
        _("thank-you"), blank=True, max_length=2_000, help_text=_("Shown after sending.")
    )
    redirect_url = models.URLField(
        _("redirect"),
        max_length=500,
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_("A page of yours to go to after sending, instead of the thank-you."),
    )
    hourly_limit = models.PositiveIntegerField(
        _("at most an hour"),
        default=500,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text=_("More than this is turned away with the word to try again later."),
    )
    # Anybody can send a form: what a lead says is not changed by whoever knows an address.
    on_known = models.CharField(
        _("a known person"),
        max_length=7,
        choices=[
            choice for choice in Entrance.OnKnown.choices if choice[0] != Entrance.OnKnown.UPDATE
        ],
        default=Entrance.OnKnown.ENQUIRY,
    )
    # Stands in the snippet; a new one closes the old snippets.
    snippet_key = models.CharField(max_length=60, default=new_key, editable=False)

    class Meta:
        verbose_name = _("web form")
        verbose_name_plural = _("web forms")

    def get_absolute_url(self) -> str:
        return reverse("intake:form", kwargs={"slug": self.slug})


class WebFormField(models.Model):
    """One field of a web form, or a value that every lead of the form gets."""

    form = models.ForeignKey(
        WebForm, on_delete=models.CASCADE, related_name="fields", verbose_name=_("form")
    )
    field = models.CharField(_("field"), max_length=80)
    label = models.CharField(
        _("label"), max_length=120, blank=True, help_text=_("Empty: the name of the field.")
    )
    help_text = models.CharField(_("help"), max_length=200, blank=True)
    is_required = models.BooleanField(_("required"), default=False)
    is_hidden = models.BooleanField(
        _("hidden"), default=False, help_text=_("Not on the page: every lead gets the value.")
    )
    value = models.CharField(
        _("value"),
        max_length=300,
        blank=True,
        help_text=_("Of a hidden field; otherwise what the field says before anybody types."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("field of a web form")
        verbose_name_plural = _("fields of a web form")
        constraints = [
            models.UniqueConstraint(
                fields=["form", "field"], name="intake_a_form_asks_for_a_field_once"
            ),
            models.CheckConstraint(
                condition=Q(is_hidden=False) | ~Q(value=""),
                name="intake_a_hidden_field_has_a_value",
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.field

    def clean(self) -> None:
        if self.is_hidden and not self.value:
            raise ValidationError({"value": _("Enter the value that every lead gets.")})


class Door(Entrance):
    """An address at which another system hands in leads."""

    class Kind(models.TextChoices):
        GENERIC = "generic", _("Any system: JSON or a form")
        HUBSPOT = "hubspot", _("HubSpot")
        MARKETO = "marketo", _("Marketo")
        DATAVERSE = "dataverse", _("Dynamics 365 (Dataverse)")
        GOOGLE = "google", _("Google lead form")
        META = "meta", _("Meta lead form")
        STANDARD = "standard", _("Standard Webhooks")
        HMAC = "hmac", _("Any system that signs (HMAC)")

    # They sign with a secret of their own, whatever the address is.
    SIGNING = frozenset({Kind.HUBSPOT, Kind.META, Kind.STANDARD})

    kind = models.CharField(_("kind"), max_length=9, choices=Kind, default=Kind.GENERIC)

    class Meta:
        verbose_name = _("door")
        verbose_name_plural = _("doors")

    @property
    def has_sender_key(self) -> bool:
        """Say whether the sender proves itself by more than the address."""
        return self.kind != self.Kind.GENERIC


class DoorKey(models.Model):
    """A secret address of a door, and the secret by which its sender proves itself.

    They are kept as they are: a signature can only be checked with the secret itself, and an
    address has to be shown again. A door may have several, so that one can be exchanged without a
    gap. They never go into the trail.
    """

    door = models.ForeignKey(
        Door, on_delete=models.CASCADE, related_name="keys", verbose_name=_("door")
    )
    key = models.CharField(max_length=60, unique=True, default=new_key, editable=False)
    secret = models.CharField(_("secret"), max_length=200, default=new_key)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("key of a door")
        verbose_name_plural = _("keys of doors")

    def __str__(self) -> str:
        return f"{self.door_id}/{self.key[:4]}…"

    def get_absolute_url(self) -> str:
        return reverse("intake:door", kwargs={"slug": self.door.slug, "key": self.key})


class DoorField(models.Model):
    """Where in a payload a field of the lead stands, or what it is always."""

    door = models.ForeignKey(
        Door, on_delete=models.CASCADE, related_name="fields", verbose_name=_("door")
    )
    path = models.CharField(
        _("path"),
        max_length=200,
        blank=True,
        help_text=_("Like contact.emails.0.value. Empty: always the value beside it."),
    )
    field = models.CharField(_("field"), max_length=80)
    value = models.CharField(
        _("otherwise"), max_length=300, blank=True, help_text=_("When the payload says nothing.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("mapping of a door")
        verbose_name_plural = _("mappings of doors")
        constraints = [
            models.CheckConstraint(
                condition=~Q(path="") | ~Q(value=""), name="intake_a_mapping_says_where_or_what"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path or self.value} → {self.field}"

    def clean(self) -> None:
        if not self.path and not self.value:
            raise ValidationError({"path": _("Enter a path, or a value, or both.")})


class Reference(models.Model):
    """What another system calls something, what it told about it, and the lead that came of it.

    values    what was told so far: name → [value, moment it was so there, as its sender counts]
    written   what we wrote into the lead because of it; where the lead says something else by now,
              a person has changed it
    """

    door = models.ForeignKey(
        Door, on_delete=models.PROTECT, related_name="references", verbose_name=_("door")
    )
    name = models.CharField(_("id there"), max_length=200)
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, null=True, related_name="references", verbose_name=_("lead")
    )
    values = models.JSONField(default=dict)
    written = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("reference")
        verbose_name_plural = _("references")
        constraints = [
            models.UniqueConstraint(
                fields=["door", "name"], name="intake_a_reference_stands_once_per_door"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """Something that came in: stored first as it was, then made into a lead, once.

    The row is the queue: what is `stored` is still to be processed, whatever dies on the way.

    values   what was sent, by field of the lead; for a door only where a person has mended it
    context  how it came: UTM parameters, referrer, landing page
    key      what makes a second one the same; `repeats` counts how often it came again
    error    why it waits for a person, in a sentence
    """

    class State(models.TextChoices):
        STORED = "stored", _("Waiting")
        QUARANTINED = "quarantined", _("Quarantined")
        PROCESSED = "processed", _("Processed")
        FAILED = "failed", _("Failed")
        IGNORED = "ignored", _("Ignored")

    door = models.ForeignKey(
        Door, on_delete=models.PROTECT, null=True, related_name="deliveries", verbose_name=_("door")
    )
    form = models.ForeignKey(
        WebForm,
        on_delete=models.PROTECT,
        null=True,
        related_name="deliveries",
        verbose_name=_("web form"),
    )
    state = models.CharField(_("state"), max_length=11, choices=State, default=State.STORED)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    raw = models.BinaryField(default=bytes)
    content_type = models.CharField(max_length=200, blank=True)
    headers = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    key = models.CharField(max_length=300)
    # What its sender calls the thing it is about; several deliveries may tell of one.
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    repeats = models.PositiveIntegerField(_("came again"), default=0)
    values = models.JSONField(null=True)
    context = models.JSONField(default=dict)
    has_consent = models.BooleanField(_("agreed"), default=False)
    consent_text = models.TextField(_("agreed to"), blank=True)
    consent_version = models.PositiveIntegerField(_("consent version"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next at"), default=timezone.now)
    processed_at = models.DateTimeField(_("processed"), null=True)
    # What a lead became of may be erased with its person; that something came in stays.
    lead = models.ForeignKey(
        Lead,
        on_delete=models.SET_NULL,
        null=True,
        related_name="deliveries",
        verbose_name=_("lead"),
    )
    error = models.CharField(_("reason"), max_length=1_000, blank=True)

    objects = models.Manager.from_queryset(DeliveryQuerySet)()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.CheckConstraint(
                condition=Q(door__isnull=False, form=None) | Q(door=None, form__isnull=False),
                name="intake_a_delivery_came_by_a_door_or_a_form",
            ),
            models.UniqueConstraint(
                fields=["door", "key"],
                condition=Q(door__isnull=False),
                name="intake_a_door_takes_a_delivery_once",
            ),
            models.UniqueConstraint(
                fields=["form", "key"],
                condition=Q(form__isnull=False),
                name="intake_a_form_takes_a_submission_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"], name="delivery_due_idx", condition=Q(state="stored")
            ),
            models.Index(
                fields=["state", "-received_at", "-id"],
                name="delivery_inbox_idx",
                condition=Q(state__in=["failed", "quarantined"]),
            ),
            models.Index(fields=["received_at"], name="delivery_received_idx"),
            models.Index(
                fields=["door", "subject"],
                name="delivery_subject_idx",
                condition=~Q(subject=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entrance} #{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("intake:detail", kwargs={"pk": self.pk})

    @property
    def url_namespace(self) -> str:
        return "intake"

    @property
    def entrance(self) -> WebForm | Door:
        """The form or the door by which it came."""
        entrance = self.form or self.door
        assert entrance is not None  # noqa: S101  the database sees to it
        return entrance

    @property
    def is_in_inbox(self) -> bool:
        return self.state in {self.State.FAILED, self.State.QUARANTINED}
