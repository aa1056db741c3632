"""What was said and done, and what is to be done next, on any record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from activities.querysets import ActivityQuerySet, FileQuerySet
from records import keys
from records.models import Record
from records.querysets import AliveManager
from records.vocabulary import Vocabulary
from workbench.models import Mail

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class FileShown:
    """What a timeline tells of a file; without a preview, `width` and `height` are 0."""

    id: int
    name: str
    size: int
    content_type: str
    is_image: bool
    width: int
    height: int


@dataclass(frozen=True)
class PersonShown:
    """Somebody whom an entry mentions."""

    id: int
    name: str
    email: str


class Activity(Record):
    """A note, a call, a meeting, an email, a task or a file. Its owner is who does or did it.

    `remind` says how long before `due_at` its owner is told that it is to be done.
    """

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        CALL = "call", _("Call")
        MEETING = "meeting", _("Meeting")
        EMAIL = "email", _("Email")
        TASK = "task", _("Task")
        FILE = "file", _("File")

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

    class Remind(models.TextChoices):
        NONE = "none", _("Not at all")
        AT = "at", _("When it is due")
        QUARTER = "15m", _("15 minutes before")
        HOUR = "1h", _("1 hour before")
        DAY = "1d", _("1 day before")

    BEFORE: ClassVar[dict[str, timedelta]] = {
        Remind.AT: timedelta(),
        Remind.QUARTER: timedelta(minutes=15),
        Remind.HOUR: timedelta(hours=1),
        Remind.DAY: timedelta(days=1),
    }

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DONE)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True, max_length=20_000)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    duration = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    remind = models.CharField(_("remind me"), max_length=4, choices=Remind, default=Remind.AT)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    is_pinned = models.BooleanField(_("pinned"), default=False)
    # Of an email: to whom it went or from whom it came, and the letter, while that is remembered.
    people = models.CharField(_("with whom"), max_length=500, blank=True, editable=False)
    mail = models.ForeignKey(
        Mail,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="activities",
    )

    vocabulary = Vocabulary(
        """
        kind status subject text direction outcome duration due_at done_at is_pinned created_at
        changed_at owner owner.team
        """
    )

    longest_search = 4000  # a note is longer than what one knows of a firm

    objects = AliveManager.from_queryset(ActivityQuerySet)()
    all_objects = models.Manager.from_queryset(ActivityQuerySet)()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        permissions = [("assign_activity", gettext_noop("Can assign an activity"))]
        indexes = [
            models.Index(fields=["owner", "status", "due_at", "id"], name="activity_owner_due_idx"),
            models.Index(
                fields=["due_at"], name="activity_to_remind_idx", condition=Q(status="open")
            ),
            # The orders of the list, with what it is narrowed by behind them; a migration makes a
            # third one, of what was done last.
            models.Index(
                fields=["due_at", "id", "status", "kind", "owner"],
                name="activity_by_due_idx",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                fields=["kind", "due_at", "id", "status", "owner"],
                name="activity_by_kind_idx",
                condition=Q(deleted_at=None),
            ),
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

    @property
    def was_exchanged(self) -> bool:
        """Say whether it is an email that went or came; one that is only logged names nobody."""
        return self.kind == self.Kind.EMAIL and bool(self.people)

    @property
    def files_shown(self) -> list[FileShown]:
        """The files of an entry that was read `with_parts`."""
        return [FileShown(*row) for row in _rows(self, "files_told")]

    @property
    def people_shown(self) -> list[PersonShown]:
        """Those whom an entry that was read `with_parts` mentions."""
        return [PersonShown(*row) for row in _rows(self, "mentions_told")]

    def search_parts(self) -> Sequence[str]:
        return [self.subject, self.people, self.text]


def _rows(activity: Activity, name: str) -> list[Any]:
    told: list[Any] = json.loads(getattr(activity, name, None) or "[]")
    return told


class ActivityLink(models.Model):
    """One record on whose timeline an activity is shown; `is_origin` marks where it was written."""

    activity = models.ForeignKey(
        Activity, on_delete=models.CASCADE, related_name="links", verbose_name=_("activity")
    )
    record_type = models.ForeignKey(
        ContentType, on_delete=models.PROTECT, related_name="+", verbose_name=_("record type")
    )
    record_id = models.BigIntegerField(_("record id"))
    is_origin = models.BooleanField(_("is origin"), default=False)
    # Names what brought the link, like "qualification:7", so that undo takes away just that.
    via = models.CharField(_("via"), max_length=60, blank=True)

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


class File(models.Model):
    """A file that came with an entry of a timeline; whoever may see the entry may open it.

    size          bytes
    content_type  what it is by its contents, not by what a browser said
    key           where its bytes are kept: random, and told to nobody
    preview       where the small picture of it is kept, of `width` and `height`; "" without one
    """

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(_("name"), max_length=200)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=100)
    is_image = models.BooleanField(default=False)
    key = models.CharField(max_length=64, unique=True)
    preview = models.CharField(max_length=64, blank=True)
    width = models.PositiveSmallIntegerField(default=0)
    height = models.PositiveSmallIntegerField(default=0)
    search = models.TextField(default="")
    created_at = models.DateTimeField(_("added"), default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = AliveManager.from_queryset(FileQuerySet)()
    all_objects = models.Manager.from_queryset(FileQuerySet)()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("activities:file", kwargs={"pk": self.pk})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Fill what it is found by, then save."""
        self.search = keys.search_key(self.name)
        super().save(*args, **kwargs)


class Mention(models.Model):
    """Somebody who is named with an @ in an entry, and was told so once.

    One that is not current was in the text before: if it comes back, nobody is told again.
    """

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_current = models.BooleanField(default=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "user"], name="activities_a_person_is_mentioned_once"
            ),
        ]

    def __str__(self) -> str:
        return f"@{self.user}"


class Reminder(models.Model):
    """That the owner of an entry was told that it comes due at `due_at`."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="reminders")
    due_at = models.DateTimeField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "due_at"], name="activities_a_due_date_is_told_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.activity_id} {self.due_at}"


class Invitation(models.Model):
    """Who was invited to a meeting, and what they were told last.

    `people` are `{name, email}`; `told` is what the last invitation said, empty before the first.
    Calendars know the meeting by `uid`, and which word is the latest by `sequence`.
    """

    activity = models.OneToOneField(Activity, on_delete=models.CASCADE, related_name="invitation")
    organizer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    uid = models.CharField(max_length=200, unique=True)
    sequence = models.PositiveIntegerField(default=0)
    people = models.JSONField(_("invited"), default=list)
    place = models.CharField(_("where"), max_length=200, blank=True)
    text = models.TextField(_("what the invitation says"), max_length=5_000, blank=True)
    told = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        default_permissions = ()

    def __str__(self) -> str:
        return ", ".join(person["name"] or person["email"] for person in self.people)
