"""Work that goes on after the answer, and letters; lists as people keep them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from workbench.querysets import LIVE, UNSENT, JobQuerySet, MailQuerySet, SavedViewQuerySet


class Job(models.Model):
    """Work done in steps after the answer: each step whole, one after the other, to the end.

    The row is the truth, whatever dies on the way: a step and the `cursor` behind it are one
    transaction, so that whoever goes on does the next step, and none a second time.

    kind       where the function stands that does its steps: `leads.jobs.bulk.qualify_leads`
    key        what there may be one live job of, like a recomputation; mostly nothing
    arguments  what it was started with
    cursor     what it needs to go on
    total      how many there are to do; 0 as long as nobody knows
    worker     who does it; nobody while it waits for its turn
    attempts   how often it was taken up since its last step
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(_("kind"), max_length=100)
    key = models.CharField(max_length=100, blank=True)
    title = models.CharField(_("title"), max_length=200)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(_("to do"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    arguments = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict)
    outcome = models.CharField(_("outcome"), max_length=1_000, blank=True)
    url = models.CharField(_("results"), max_length=500, blank=True)
    worker = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("started"), default=timezone.now)
    started_at = models.DateTimeField(_("taken up"), null=True)
    heartbeat_at = models.DateTimeField(_("last heard of"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="jobs",
        verbose_name=_("started by"),
    )

    objects = models.Manager.from_queryset(JobQuerySet)()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        default_permissions = ("view", "change")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=Q(state__in=LIVE) & ~Q(key=""),
                name="workbench_a_key_has_one_live_job",
            ),
            models.CheckConstraint(
                condition=Q(state__in=LIVE, finished_at=None)
                | Q(~Q(state__in=LIVE), finished_at__isnull=False),
                name="workbench_a_job_that_ended_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["heartbeat_at", "id"], name="job_live_idx", condition=Q(state__in=LIVE)
            ),
            models.Index(fields=["owner", "-created_at", "-id"], name="job_owner_idx"),
            models.Index(fields=["-created_at", "-id"], name="job_created_idx"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("jobs:detail", kwargs={"pk": self.pk})

    @property
    def url_namespace(self) -> str:
        return "jobs"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def may_resume(self) -> bool:
        """Say whether it stopped before its end."""
        return self.state in {self.State.FAILED, self.State.CANCELLED}


class JobLine(models.Model):
    """What a job has to tell of one record: done, passed over or refused, and why.

    `code` is a stable word for programs, `text` a sentence; `undo` is what is needed to take it
    back.
    """

    class State(models.TextChoices):
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Nothing to do")
        REFUSED = "refused", _("Refused")

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    record_type = models.ForeignKey(
        ContentType, on_delete=models.PROTECT, null=True, related_name="+"
    )
    record_id = models.PositiveBigIntegerField(null=True)
    state = models.CharField(max_length=7, choices=State, default=State.DONE)
    code = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=1_000, blank=True)
    undo = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("line of a job")
        verbose_name_plural = _("lines of a job")
        constraints = [
            models.UniqueConstraint(
                fields=["job", "record_type", "record_id"],
                name="workbench_a_job_tells_of_a_record_once",
            ),
        ]

    def __str__(self) -> str:
        return self.text or self.get_state_display()


class SavedView(models.Model):
    """A list as somebody keeps it: the query string of the list, with a name and an audience.

    It is an address and no more: whoever opens it sees the records that he may see.

    kind   of which records, like `lead`
    query  what stands behind the ? of the list
    """

    class Audience(models.TextChoices):
        PRIVATE = "private", _("Only me")
        TEAM = "team", _("My team")
        EVERYONE = "everyone", _("Everyone")

    LONGEST_QUERY = 4000

    kind = models.CharField(_("kind"), max_length=40)
    name = models.CharField(_("name"), max_length=60)
    query = models.TextField(_("address"), max_length=LONGEST_QUERY, blank=True)
    audience = models.CharField(
        _("who sees it"), max_length=8, choices=Audience, default=Audience.PRIVATE
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="saved_views",
        verbose_name=_("owner"),
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = models.Manager.from_queryset(SavedViewQuerySet)()

    class Meta:
        permissions = [("share_savedview", gettext_noop("Can share a view with everyone"))]
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "kind", "name"], name="workbench_a_person_names_a_view_once"
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "audience"], name="saved_view_kind_idx"),
        ]

    def __str__(self) -> str:
        return self.name


class ViewMark(models.Model):
    """What a view is to a person: pinned to the front, or what the list begins with."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="view_marks"
    )
    # A mark says nothing without its view, so it goes with it.
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="marks")
    kind = models.CharField(max_length=40)
    is_pinned = models.BooleanField(_("pinned"), default=False)
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        verbose_name = _("mark of a view")
        verbose_name_plural = _("marks of views")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "view"], name="workbench_a_person_marks_a_view_once"
            ),
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=Q(is_default=True),
                name="workbench_a_list_begins_with_one_view",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.view}"


class Mail(models.Model):
    """A letter to people outside: promised in the transaction of what it is about, sent after it.

    The row is the truth, whatever dies on the way. Its `message_id` is fixed, so that whoever gets
    a letter twice can tell that it is one.

    key        names what it is about, where it must not be posted twice; mostly nothing
    to, cc, bcc  addresses as they stand in a letter: `Ada Lovelace <ada@engine.example>`
    headers    what stands in the head of the letter besides
    refused    address → what the mail server said, where it took the letter for others only
    worker     who sends it in this moment, since `taken_at`
    next_at    not before then it is tried (again)
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")

    key = models.CharField(max_length=200, blank=True)
    message_id = models.CharField(max_length=200, unique=True)
    sender = models.CharField(_("from"), max_length=500)
    reply_to = models.CharField(_("reply to"), max_length=1_000, blank=True)
    to = models.JSONField(_("to"), default=list)
    cc = models.JSONField(_("cc"), default=list, blank=True)
    bcc = models.JSONField(_("bcc"), default=list, blank=True)
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField(_("text"), blank=True)
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("what went wrong"), max_length=1_000, blank=True)
    refused = models.JSONField(_("refused"), default=dict, blank=True)
    worker = models.CharField(max_length=32, blank=True)
    taken_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(_("next try"), default=timezone.now)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True)

    objects = models.Manager.from_queryset(MailQuerySet)()

    class Meta:
        verbose_name = _("email to send")
        verbose_name_plural = _("emails to send")
        default_permissions = ("view", "change")
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=~Q(key=""), name="workbench_a_key_is_posted_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="workbench_what_was_sent_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"], name="mail_live_idx", condition=Q(state__in=UNSENT)
            ),
            models.Index(fields=["-created_at", "-id"], name="mail_created_idx"),
            models.Index(
                fields=["created_at"], name="mail_failed_idx", condition=Q(state="failed")
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_on_its_way(self) -> bool:
        return self.state in UNSENT


class MailPart(models.Model):
    """A file that goes with a letter; `is_alternative` says the same as the text, like a calendar.

    What was in it is forgotten when the letter is sent.
    """

    mail = models.ForeignKey(Mail, on_delete=models.CASCADE, related_name="parts")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    content = models.BinaryField()
    size = models.PositiveIntegerField(default=0)
    is_alternative = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("part of an email")
        verbose_name_plural = _("parts of an email")
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
