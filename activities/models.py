"""What was said and done, and what is to be done next, on any record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from activities.querysets import ActivityQuerySet
from records.models import Record
from records.querysets import AliveManager
from records.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence


class Activity(Record):
    """A note, a call, a meeting, an email or a task. Its owner is who does or did it."""

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        CALL = "call", _("Call")
        MEETING = "meeting", _("Meeting")
        EMAIL = "email", _("Email")
        TASK = "task", _("Task")

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    class Direction(models.TextChoices):
        OUTGOING = "outgoing", _("Outgoing")
        INCOMING = "incoming", _("Incoming")

    class Outcome(models.TextChoices):
        REACHED = "reached", _("Reached")
        NO_ANSWER = "no_answer", _("No answer")
        LEFT_MESSAGE = "left_message", _("Left a message")
        WRONG_NUMBER = "wrong_number", _("Wrong number")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DONE)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True, max_length=20_000)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    duration = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    is_pinned = models.BooleanField(_("pinned"), default=False)

    vocabulary = Vocabulary(
        """
        kind status subject text direction outcome duration due_at done_at is_pinned created_at
        changed_at owner owner.team
        """
    )

    objects = AliveManager.from_queryset(ActivityQuerySet)()
    all_objects = models.Manager.from_queryset(ActivityQuerySet)()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        permissions = [("assign_activity", "Can assign an activity")]
        indexes = [
            models.Index(fields=["owner", "status", "due_at", "id"], name="activity_owner_due_idx"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="done") | Q(done_at__isnull=False),
                name="activities_what_is_done_has_a_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.text[:80] or str(self.get_kind_display())

    @property
    def url_namespace(self) -> str:
        return "activities"

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    def search_parts(self) -> Sequence[str]:
        return [self.subject, self.text[:500]]


class ActivityLink(models.Model):
    """One record on whose timeline an activity is shown; `is_origin` marks where it was written."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="links")
    record_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    record_id = models.BigIntegerField()
    is_origin = models.BooleanField(default=False)
    # Names what brought the link, like "qualification:7", so that undo takes away just that.
    via = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "record_type", "record_id"],
                name="activities_a_timeline_shows_an_activity_once",
            ),
            models.UniqueConstraint(
                fields=["activity"],
                condition=Q(is_origin=True),
                name="activities_an_activity_was_written_in_one_place",
            ),
        ]
        indexes = [
            models.Index(fields=["record_type", "record_id"], name="activitylink_record_idx"),
            models.Index(fields=["via"], name="activitylink_via_idx", condition=~Q(via="")),
        ]

    def __str__(self) -> str:
        return f"{self.record_type_id}/{self.record_id}"
