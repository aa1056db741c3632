"""Emails by their ids, so that answers find them; templates to begin one with."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from activities.models import Activity
from emails.querysets import EmailTemplateQuerySet


class Email(models.Model):
    """What an email on a timeline is to mail programs: its id, and whom it came from.

    `message_id` is there once: the same letter, read twice, is one entry. `references` are the ids
    of the letters before it, the oldest first, parted by blanks.
    """

    activity = models.OneToOneField(Activity, on_delete=models.CASCADE, related_name="email")
    message_id = models.CharField(max_length=250, unique=True)
    sender = models.CharField(_("from"), max_length=254, blank=True)
    references = models.TextField(blank=True)

    class Meta:
        verbose_name = _("email")
        verbose_name_plural = _("emails")
        default_permissions = ()

    def __str__(self) -> str:
        return self.message_id


class EmailTemplate(models.Model):
    """A subject and a text to begin an email with; `{{ first_name|there }}` is filled in.

    `kinds` are the kinds of record that it is offered on; none are all of them.
    """

    class Audience(models.TextChoices):
        PRIVATE = "private", _("Only me")
        TEAM = "team", _("My team")
        EVERYONE = "everyone", _("Everyone")

    LONGEST_TEXT = 10_000

    name = models.CharField(_("name"), max_length=80)
    kinds = models.JSONField(_("offered on"), default=list, blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"), max_length=LONGEST_TEXT)
    audience = models.CharField(
        _("who uses it"), max_length=8, choices=Audience, default=Audience.PRIVATE
    )
    is_active = models.BooleanField(_("in use"), default=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="email_templates",
        verbose_name=_("owner"),
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = models.Manager.from_queryset(EmailTemplateQuerySet)()

    class Meta:
        permissions = [
            ("share_emailtemplate", gettext_noop("Can share an email template with everyone"))
        ]
        verbose_name = _("email template")
        verbose_name_plural = _("email templates")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], name="emails_a_person_names_a_template_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("emails:template-edit", kwargs={"pk": self.pk})

    @property
    def url_namespace(self) -> str:
        return "emails"
