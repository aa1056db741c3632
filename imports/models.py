"""A file of records that somebody takes in, and what became of each of its rows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from imports.querysets import ImportQuerySet, ImportRowQuerySet
from workbench.models import Job


class Import(models.Model):
    """A file on its way in: a draft until it was checked, then run, and perhaps taken back.

    key         where the bytes lie; nothing when they were thrown away
    sha256      what is in the file, by which the same one is known again
    encoding    how it is written, as far as somebody has said it; nothing is found out
    header      the line of the headers; 0 for none, nothing is found out
    headers     what the columns are called
    mapping     which column fills which field, as `ColumnMapping.of` takes it
    checked_as  the reading and the mapping that were checked, as a digest: only those can be run
    counts      how many rows of each verdict there are, of the check or of the run
    """

    class Kind(models.TextChoices):
        LEAD = "lead", _("Leads")
        ACCOUNT = "account", _("Accounts")
        CONTACT = "contact", _("Contacts")
        OPPORTUNITY = "opportunity", _("Opportunities")
        PRODUCT = "product", _("Products")
        CAMPAIGN = "campaign", _("Campaigns")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked")
        RUNNING = "running", _("Being imported")
        DONE = "done", _("Imported")
        REVERTING = "reverting", _("Being undone")
        REVERTED = "reverted", _("Undone")
        # What a job that stopped says of it; such a state is worked out and never stored.
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    AT_WORK = (State.CHECKING, State.RUNNING, State.REVERTING)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="imports",
        verbose_name=_("imported by"),
    )
    kind = models.CharField(_("kind"), max_length=11, choices=Kind)
    name = models.CharField(_("file"), max_length=150)
    key = models.CharField(max_length=100, blank=True, editable=False)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    sha256 = models.CharField(max_length=64, editable=False)
    encoding = models.CharField(_("encoding"), max_length=20, blank=True)
    delimiter = models.CharField(_("delimiter"), max_length=1, blank=True)
    header = models.PositiveIntegerField(_("line of the headers"), null=True, blank=True)
    headers = models.JSONField(default=list, editable=False)
    total = models.PositiveIntegerField(_("rows"), default=0)
    mapping = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.DRAFT)
    checked_as = models.CharField(max_length=64, blank=True, editable=False)
    counts = models.JSONField(default=dict, editable=False)
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(_("imported at"), null=True, editable=False)
    reverted_at = models.DateTimeField(_("undone at"), null=True, editable=False)
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = models.Manager.from_queryset(ImportQuerySet)()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        default_permissions = ("add",)
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="import_owner_idx"),
            models.Index(fields=["owner", "kind", "sha256"], name="import_same_file_idx"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("imports:detail", kwargs={"pk": self.pk})

    @property
    def url_namespace(self) -> str:
        return "imports"

    @property
    def is_workbook(self) -> bool:
        """Whether it came as a workbook: then its first sheet is kept, unpacked once for all."""
        return self.name.lower().endswith(".xlsx")

    @property
    def is_at_work(self) -> bool:
        """Whether a job checks, runs or takes it back at this moment."""
        return self.state in self.AT_WORK and self.job is not None and self.job.is_live

    @property
    def phase(self) -> str:
        """How it stands: its state, or what its job says when that has stopped on the way."""
        if self.state in self.AT_WORK and not self.is_at_work:
            is_cancelled = self.job is not None and self.job.state == Job.State.CANCELLED
            return self.State.CANCELLED if is_cancelled else self.State.FAILED
        return self.state

    def get_phase_display(self) -> str:
        return str(self.State(self.phase).label)

    def count(self, verdict: str) -> int:
        return int(self.counts.get(verdict, 0))


class ImportRow(models.Model):
    """What became of one row of a file, in the check or in the run.

    line         where the row begins in the file
    record_id    what it made or changed, of the kind of the import
    of           what it is a duplicate of
    waits        it names a row further down: it is looked at again in the end
    undo         what is needed to take it back; nothing where it has changed nothing
    is_reverted  whether it was taken back; nothing while nobody has tried
    kept_because why it could not be taken back
    """

    class Verdict(models.TextChoices):
        NEW = "new", _("New")
        UPDATED = "updated", _("Updated")
        UNCHANGED = "unchanged", _("Unchanged")
        DUPLICATE = "duplicate", _("Duplicate")
        REJECTED = "rejected", _("Rejected")

    within = models.ForeignKey(
        Import, on_delete=models.CASCADE, related_name="rows", db_column="import_id"
    )
    line = models.PositiveIntegerField(_("line"))
    verdict = models.CharField(_("verdict"), max_length=9, choices=Verdict)
    name = models.CharField(_("name"), max_length=200, blank=True)
    external_id = models.CharField(_("external id"), max_length=120, blank=True)
    record_id = models.BigIntegerField(null=True)
    of = models.BigIntegerField(null=True)
    errors = models.JSONField(default=dict)
    warnings = models.JSONField(default=dict)
    reasons = models.JSONField(default=list)
    waits = models.BooleanField(default=False)
    undo = models.JSONField(default=dict)
    is_reverted = models.BooleanField(null=True)
    kept_because = models.CharField(max_length=300, blank=True)

    objects = models.Manager.from_queryset(ImportRowQuerySet)()

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["within", "line"], name="imports_a_line_has_one_verdict"
            ),
        ]
        indexes = [
            models.Index(fields=["within", "verdict", "line"], name="import_row_verdict_idx"),
            models.Index(
                fields=["within", "record_id"],
                name="import_row_record_idx",
                condition=models.Q(record_id__isnull=False),
            ),
            models.Index(
                fields=["within", "external_id"],
                name="import_row_external_idx",
                condition=~models.Q(external_id=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.line)

    def said(self) -> list[tuple[str, str]]:
        """Return what is told of the row: (field, sentence), errors before warnings."""
        told: list[tuple[str, str]] = [("", reason) for reason in self.reasons]
        parts: tuple[dict[str, Any], ...] = (self.errors, self.warnings)
        for part in parts:
            told += [(field, text) for field, texts in part.items() for text in texts]
        return told
