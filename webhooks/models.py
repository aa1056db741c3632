"""Who is told of what happens here, and each message about it."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from records.models import AuditEntry
from records.signatures import new_secret
from webhooks.querysets import UNSENT, MessageQuerySet

_OF_ALL = "created changed assigned deleted restored"
_OF_MERGED = "merged merged_away unmerged"
# What can be told: the lines of the trail that say it.
EVENTS = tuple(
    f"{kind}.{verb}"
    for kind, verbs in {
        "lead": f"{_OF_ALL} qualified unqualified disqualified reopened {_OF_MERGED}",
        "opportunity": f"{_OF_ALL} stage_changed won lost reopened",
        "account": f"{_OF_ALL} {_OF_MERGED}",
        "contact": f"{_OF_ALL} {_OF_MERGED}",
    }.items()
    for verb in verbs.split()
)
PING = "ping"


class Webhook(models.Model):
    """An address of another system that is told of what happens here.

    events         what it is told of; an empty list is all there is
    secret         by which it can tell that a message is ours
    former_secret  the one before, by which messages are signed too until `former_until`
    """

    UNTOLD = frozenset({"secret", "former_secret", "former_until"})

    name = models.CharField(_("name"), max_length=120)
    url = models.CharField(
        _("address"),
        max_length=1_000,
        help_text=_("Begins with https:// and is open to everybody."),
    )
    events = models.JSONField(_("events"), default=list, blank=True)
    is_active = models.BooleanField(
        _("in use"), default=True, help_text=_("Out of use, nothing is noted for it, nor sent.")
    )
    secret = models.CharField(max_length=200, default=new_secret, editable=False)
    former_secret = models.CharField(max_length=200, blank=True, editable=False)
    former_until = models.DateTimeField(null=True, editable=False)
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """One thing that one webhook is told: noted with what happened, sent after it.

    The database notes it (`crm/outbox.py`), in the transaction of what happened. The row is the
    truth, whatever dies on the way; its number names it to the receiver, the same each time.

    entry   the line of the trail that it tells of; none for a try
    body    what is sent, as it was written for the first time
    status  what the receiver answered last
    worker  who sends it in this moment, since `taken_at`
    next_at not before then it is tried (again)
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Arrived")
        FAILED = "failed", _("Not arrived")

    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="messages", verbose_name=_("webhook")
    )
    entry = models.ForeignKey(AuditEntry, on_delete=models.PROTECT, null=True, related_name="+")
    event = models.CharField(_("event"), max_length=60)
    record_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    record_id = models.BigIntegerField(_("record id"))
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.WAITING)
    body = models.TextField(_("content"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    status = models.PositiveSmallIntegerField(_("answer"), null=True)
    error = models.CharField(_("what went wrong"), max_length=500, blank=True)
    worker = models.CharField(max_length=32, blank=True)
    taken_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(_("next try"), default=timezone.now)
    created_at = models.DateTimeField(_("happened"), default=timezone.now)
    sent_at = models.DateTimeField(_("arrived"), null=True)

    objects = models.Manager.from_queryset(MessageQuerySet)()

    class Meta:
        verbose_name = _("message to a webhook")
        verbose_name_plural = _("messages to webhooks")
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="webhooks_what_arrived_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"], name="message_live_idx", condition=Q(state__in=UNSENT)
            ),
            models.Index(
                fields=["webhook", "record_type", "record_id", "id"],
                name="message_order_idx",
                condition=Q(state__in=UNSENT),
            ),
            models.Index(fields=["-created_at", "-id"], name="message_created_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.name}"

    @property
    def name(self) -> str:
        """By what the receiver knows that it has this one already."""
        return f"msg_{self.pk}"

    @property
    def is_on_its_way(self) -> bool:
        return self.state in UNSENT
