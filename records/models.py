"""What every record has: an owner, a version, a history, a place in the bin, a trail."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.manager import HistoryManager
from simple_history.models import HistoricalRecords

from records import keys
from records.querysets import TagQuerySet, WordQuerySet
from users.models import NoticeKind, Role

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from users.models import User

FIRST_YEAR, LAST_YEAR = 1900, 2999  # before and after it, zones and databases differ
LONGEST_SEARCHED = 200  # characters of one custom text

currency_code = RegexValidator(
    r"^[A-Z]{3}$", _("Enter a currency code of three letters, like EUR.")
)


def default_currency() -> str:
    return str(settings.DEFAULT_CURRENCY)


class MoneyField(models.DecimalField[Any, Any]):
    """An amount in the currency that stands beside it: 14 digits, two of them behind the point."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 14)
        kwargs.setdefault("decimal_places", 2)
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("validators", [MinValueValidator(Decimal(0))])
        super().__init__(*args, **kwargs)


def converted(amount: Decimal | None, rate: Decimal) -> Decimal | None:
    """Return `amount` in the installation's currency, or nothing for what is no amount.

    Derived columns are filled before a record is checked, so what will be refused has to pass here.
    """
    if not isinstance(amount, Decimal) or not amount.is_finite() or not 0 <= amount < 10**12:
        return None
    return (amount * rate).quantize(Decimal("0.01"))


class Currency(models.Model):
    """A currency and what one unit of it is worth in the installation's own."""

    code = models.CharField(_("code"), max_length=3, primary_key=True, validators=[currency_code])
    rate = models.DecimalField(
        _("rate"),
        max_digits=16,
        decimal_places=8,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.00000001"))],
        help_text=_("One unit of this currency in the default currency."),
    )

    class Meta:
        verbose_name = _("currency")
        verbose_name_plural = _("currencies")

    def __str__(self) -> str:
        return self.code


class CustomField(models.Model):
    """A field that an administrator has given to a kind of record.

    Records keep its values in `Record.custom` under `key`, which names it for programs and never
    changes or comes back. `choices` are `{key, label, is_active}` in the order in which they are
    offered; `default` is a value as records store it, or None; `limits` are what
    `records.field_types.limits` keeps; `translations` are `{label, help, choices: {key: label}}` by
    language. A field that is not active is
    retired: nobody sees it, and what was stored stays; if it was deleted, for 30 days.
    """

    class Kind(models.TextChoices):
        LEAD = "lead", _("Lead")
        ACCOUNT = "account", _("Account")
        CONTACT = "contact", _("Contact")
        OPPORTUNITY = "opportunity", _("Opportunity")
        ACTIVITY = "activity", _("Activity")

    # What can be linked to, and has a form that can be laid out: not the entries of timelines,
    # whose forms differ from kind to kind.
    LAID_OUT: ClassVar[list[tuple[str, Any]]] = [
        choice for choice in Kind.choices if choice[0] != "activity"
    ]

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        LONG_TEXT = "long_text", _("Long text")
        WHOLE = "whole", _("Whole number")
        DECIMAL = "decimal", _("Decimal number")
        MONEY = "money", _("Amount of money")
        DATE = "date", _("Date")
        DATE_TIME = "date_time", _("Date and time")
        YES_NO = "yes_no", _("Yes or no")
        CHOICE = "choice", _("Choice")
        CHOICES = "choices", _("Several choices")
        URL = "url", _("Web address")
        EMAIL = "email", _("Email address")
        PHONE = "phone", _("Phone number")
        USER = "user", _("User")
        RECORD = "record", _("Link to a record")

    kind = models.CharField(_("belongs to"), max_length=12, choices=Kind)
    key = models.CharField(_("key"), max_length=41)
    label = models.CharField(_("label"), max_length=80)
    type = models.CharField(_("type"), max_length=9, choices=Type)
    help_text = models.CharField(_("help"), max_length=200, blank=True)
    is_required = models.BooleanField(_("required"), default=False)
    default = models.JSONField(_("default"), null=True, blank=True)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    limits = models.JSONField(_("limits"), default=dict, blank=True)
    target = models.CharField(_("links to"), max_length=12, choices=LAID_OUT, blank=True)
    translations = models.JSONField(_("translations"), default=dict, blank=True)
    section = models.CharField(_("section"), max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    # Email and name by number, as `records.field_types.people` has read them; of no other type.
    people: dict[int, tuple[str, str]] | None = None
    # For whom it was read, and what he sees of the records that it links to: names by number.
    viewer: User | None = None
    linked: dict[int, str] | None = None

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], name="records_a_field_key_is_used_once_per_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def name(self) -> str:
        """What it is called in filters, conditions, mappings, steps and the trail."""
        return f"custom.{self.key}"

    def speak(self, language: str) -> None:
        """Take the words of a language, or of the one that it is a kind of, where there are any.

        What is translated is for reading alone: such a field is not saved.
        """
        told = self.translations if isinstance(self.translations, dict) else {}
        words = told.get(language) or told.get(language.partition("-")[0]) or {}
        self.label = words.get("label") or self.label
        self.help_text = words.get("help") or self.help_text
        if labels := words.get("choices"):
            self.choices = [
                {
                    **choice,
                    "label": labels.get(choice["key"], choice["label"]),
                    "also": choice["label"],
                }
                for choice in self.choices
            ]

    @property
    def has_choices(self) -> bool:
        return self.type in {self.Type.CHOICE, self.Type.CHOICES}

    @property
    def known_choices(self) -> dict[str, dict[str, Any]]:
        """The choices by key, in order; whatever is no choice is left out."""
        return {
            choice["key"]: {"is_active": True, "label": choice["key"], **choice}
            for choice in self.choices or ()
            if isinstance(choice, dict) and isinstance(choice.get("key"), str)
        }

    @property
    def target_model(self) -> Any:
        """The kind of record that it links to."""
        return next(
            model
            for model in apps.get_models()
            if issubclass(model, Record) and model._meta.model_name == self.target
        )

    @property
    def label_in_sentence(self) -> str:
        """The label as it stands within a sentence: an abbreviation keeps its capitals."""
        return self.label if self.label[1:2].isupper() else self.label[:1].lower() + self.label[1:]


class FormLayout(models.Model):
    """How the form and the page of a kind of record are laid out; as built in without sections.

    `sections` are `{title, fields}` in order, a field is `{name, is_visible, is_required}`. The
    layout of a role is for those who have it, in place of the one for everyone; whoever has several
    such roles has the one whose role comes first by name. A quick one is of the short form in which
    a new record begins. A `draft` are sections that nobody works with before they are published.
    """

    kind = models.CharField(_("form of"), max_length=12, choices=CustomField.LAID_OUT)
    role = models.ForeignKey(
        Role,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("for the role"),
    )
    is_quick = models.BooleanField(_("the short form for a new one"), default=False)
    sections = models.JSONField(_("sections"), default=list, blank=True)
    draft = models.JSONField(_("draft"), null=True, blank=True)
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("form layout")
        verbose_name_plural = _("form layouts")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "is_quick"],
                condition=Q(role=None),
                name="records_a_form_is_laid_out_once_for_everyone",
                violation_error_message=_("There is such a layout already: change that one."),
            ),
            models.UniqueConstraint(
                fields=["kind", "is_quick", "role"],
                condition=Q(role__isnull=False),
                name="records_a_form_is_laid_out_once_for_a_role",
                violation_error_message=_("There is such a layout already: change that one."),
            ),
        ]

    def __str__(self) -> str:
        name = _("%(kind)s, short form") if self.is_quick else "%(kind)s"
        name = name % {"kind": self.get_kind_display()}
        return f"{name} ({self.role})" if self.role else name


def days(name: Any, default: int, help_text: Any) -> models.PositiveSmallIntegerField[int, int]:
    """Return a column for how many days something is kept."""
    return models.PositiveSmallIntegerField(
        name,
        default=default,
        validators=[MinValueValidator(1), MaxValueValidator(3_650)],
        help_text=help_text,
    )


class Retention(models.Model):
    """For how many days what is only needed for a while is kept. There is one row.

    Records, the trail and the recycle bin are no part of it: nothing of them goes by itself.
    """

    payloads = days(
        _("payloads of what came in"),
        30,
        _("Counted from when it was done. That it came, and what was agreed to, stays known."),
    )
    letters = days(
        _("letters in the outbox"), 90, _("Sent or given up. What the timeline says of them stays.")
    )
    jobs = days(_("reports of jobs"), 30, _("With them goes the way to take a job back."))
    notices = days(_("notifications"), 90, _("Read or not."))
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retention")
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="records_there_is_one_row_of_retention"),
        ]

    def __str__(self) -> str:
        return str(_("How long it is kept"))

    @classmethod
    def before(cls, what: str, now: datetime | None = None) -> datetime:
        """Return the moment before which `what`, a column, has been kept long enough."""
        row = cls.objects.first() or cls()
        return (now or timezone.now()) - timedelta(days=getattr(row, what))


class FormCondition(models.Model):
    """When a field of a form is shown, or asked for, by what else the record has.

    `field` is called as in layouts: a column or `custom.<key>`; `condition` is one of
    `records.conditions`.
    """

    class Effect(models.TextChoices):
        SHOW = "show", _("Show it only if")
        REQUIRE = "require", _("Ask for it if")

    kind = models.CharField(_("form of"), max_length=12, choices=CustomField.LAID_OUT)
    field = models.CharField(_("field"), max_length=60)
    effect = models.CharField(_("effect"), max_length=7, choices=Effect)
    condition = models.JSONField(_("condition"))
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("form condition")
        verbose_name_plural = _("form conditions")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "field", "effect"],
                name="records_a_field_has_one_condition_of_an_effect",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.field}, {self.get_effect_display()}"


class HistoryOf(HistoryManager):
    """The history of a kind or of a record.

    The library makes the class of it anew each time that it is asked for, so at every save.
    """

    @classmethod
    @cache
    def from_queryset(cls, queryset_class: Any, class_name: str | None = None) -> Any:
        return super().from_queryset(queryset_class, class_name)


class History(HistoricalRecords):
    """Lines of history, without what follows from the other columns."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, history_manager=HistoryOf, **kwargs)

    def fields_included(self, model: Any) -> list[Any]:
        fields = super().fields_included(model)
        return [field for field in fields if not field.name.startswith("block_")]


class Record(models.Model):
    """Anything the business keeps: it has an owner, a version and a history."""

    # Columns that a role can hide, or make read-only, for its members; custom fields all can be.
    withholdable: ClassVar[tuple[str, ...]] = ()

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    external_id = models.CharField(
        _("external id"), max_length=120, blank=True, help_text=_("Its id in another system.")
    )
    custom = models.JSONField(default=dict, blank=True, editable=False)
    search = models.TextField(editable=False, default="")
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("created by"),
    )
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("changed by"),
    )
    deleted_at = models.DateTimeField(_("deleted at"), null=True, editable=False)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("deleted by"),
    )

    history = History(inherit=True, excluded_fields=["search"])

    # Characters that are searched of what `search_parts` returns.
    longest_search = keys.SEARCH_LENGTH
    # The relation with what the record was, stretch by stretch; most kinds keep no such thing.
    keeps_states_in: ClassVar[str] = ""

    class Meta:
        abstract = True

    def get_absolute_url(self) -> str:
        return reverse(f"{self.url_namespace}:detail", kwargs={"pk": self.pk})

    @property
    def url_namespace(self) -> str:
        """The name under which the pages of this kind are found, like `leads`."""
        return str(self._meta.verbose_name_plural)

    @property
    def is_in_bin(self) -> bool:
        return self.deleted_at is not None

    def settled_since(self, moment: datetime) -> frozenset[str]:
        """Return the columns that stay as they are since something happened after `moment`."""
        return frozenset()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Fill the derived columns, then save."""
        self.derive()
        super().save(*args, **kwargs)

    def derive(self) -> None:
        """Fill the columns that follow from others; a subclass adds its own."""
        self.search = keys.search_text(
            *self.search_parts(), *self.custom_texts(), length=self.longest_search
        )

    def search_parts(self) -> Sequence[str]:
        """The texts under which this record can be found."""
        return [str(self)]

    def custom_texts(self) -> list[str]:
        """The texts among the custom values, each as far as one searches for it.

        What kind of field it is, the row does not know: days and keys of choices are texts too.
        """
        # PostgreSQL keeps the keys in an order of its own; the text must not depend on it.
        values = sorted(self.custom.items()) if isinstance(self.custom, dict) else ()
        return [value[:LONGEST_SEARCHED] for _key, value in values if isinstance(value, str)]


def tag_problem(name: str) -> str:
    """Say in a sentence why this cannot be the name of a tag; an empty answer means that it can."""
    if problem := keys.text_problem(name):
        return problem
    if not keys.tag_key(name):
        return gettext("Enter a name for the tag.")
    if len(name) > Tag.LONGEST:
        return gettext("A tag has at most %(most)d characters.") % {"most": Tag.LONGEST}
    if any(sign in name for sign in Tag.BETWEEN):
        return gettext("A tag has no comma and no semicolon: they part one tag from the next.")
    return ""


class Tag(models.Model):
    """A word by which people find records together; one word in whatever case it is typed.

    `key` names it in addresses and conditions and stays when the tag is renamed; `name_key` is the
    name without regard to case, which no two tags share.
    """

    LONGEST = 50
    BETWEEN = ",;"  # what parts one name from the next, in a form or in a file

    key = models.CharField(_("key"), max_length=200, unique=True, blank=True, editable=False)
    name = models.CharField(_("name"), max_length=LONGEST)
    name_key = models.CharField(max_length=200, unique=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
    )
    # Counts the changes, so that nobody overwrites what another has just written.
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = models.Manager.from_queryset(TagQuerySet)()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what is no tag, and the name of another one; fill what follows from the name."""
        if problem := tag_problem(self.name):
            raise ValidationError({"name": problem})
        self.name_key = keys.tag_key(self.name)
        if Tag.objects.filter(name_key=self.name_key).exclude(pk=self.pk).exists():
            raise ValidationError({"name": _("There is a tag of this name already.")})
        self.key = self.key or self._free_key()

    def _free_key(self) -> str:
        """Return the name as a key, with a number where one that was renamed since has that."""
        stem = self.name_key[:190]
        taken = set(Tag.objects.filter(key__startswith=stem).values_list("key", flat=True))
        key, number = self.name_key, 2
        while key in taken:
            key, number = f"{stem} {number}", number + 1
        return key


class TimelineRecord(Record):
    """A record that people work on: it has a timeline and a next step, and can be tagged.

    One that `keeps_first_contact` has a column `contacted_at` too: when its people first heard from
    us, by a call or an email of ours, or a meeting.
    """

    keeps_first_contact: ClassVar[bool] = False

    tags = models.ManyToManyField(
        Tag, blank=True, related_name="tagged_%(class)ss", verbose_name=_("tags")
    )
    next_step = models.CharField(_("next step"), max_length=200, blank=True, editable=False)
    next_step_kind = models.CharField(_("next step kind"), max_length=8, blank=True, editable=False)
    next_step_at = models.DateTimeField(_("next step at"), null=True, editable=False)
    touched_at = models.DateTimeField(_("last touch"), null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def next_step_values(self) -> dict[str, Any]:
        """What lists show of the timeline, for a record that is given the same one."""
        names = ("next_step", "next_step_kind", "next_step_at", "touched_at")
        return {name: getattr(self, name) for name in names}

    def timeline_relatives(self) -> list[tuple[type[TimelineRecord], int]]:
        """The other records on whose timelines an entry of this one is shown too."""
        return []


class PossibleDuplicate(models.Model):
    """Two records that may be one, found by looking through all of them; or said not to be.

    `kind` is lead, account or contact, and `low` is the smaller of their numbers. Between kinds it
    is lead_account or lead_contact, and `low` is the lead. `reasons` are pairs of what was compared
    and how it came out, as `records.similarity.Fact` has them. `score_alone` is the score of two
    contacts without what their accounts say, for who may not see those. What a person said stays
    for ever: a pair with `dismissed_at` is never shown, found or proposed again.
    """

    kind = models.CharField(_("kind"), max_length=12)
    low = models.BigIntegerField(_("low"))
    high = models.BigIntegerField(_("high"))
    score = models.PositiveSmallIntegerField(_("score"), default=0)
    score_alone = models.PositiveSmallIntegerField(_("score alone"), null=True)
    reasons = models.JSONField(_("reasons"), default=list)
    found_at = models.DateTimeField(_("found at"), default=timezone.now)
    dismissed_at = models.DateTimeField(_("dismissed at"), null=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("dismissed by"),
    )

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "low", "high"], name="records_a_pair_is_kept_once"
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "-score", "id"], name="duplicate_score_idx"),
            models.Index(fields=["kind", "high"], name="duplicate_high_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.low} and {self.high}"


class SearchWord(models.Model):
    """A word that stands in a record, or stood there: what a word with a slip in it may have meant.

    The database writes them down by itself as records are written (`crm.search_index`). None is
    taken out, and one that nobody else knew in the same moment may be there twice: a unique key
    would let whoever writes a new word wait for each other.
    """

    word = models.CharField(max_length=40, db_index=True)

    objects = models.Manager.from_queryset(WordQuerySet)()

    class Meta:
        verbose_name = _("searched word")
        verbose_name_plural = _("searched words")
        default_permissions = ()

    def __str__(self) -> str:
        return self.word


class AuditEntry(models.Model):
    """One line of the trail: who did what to which record, with old and new values."""

    at = models.DateTimeField(_("at"), default=timezone.now, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("actor"),
    )
    event = models.CharField(_("event"), max_length=60)
    record_type = models.ForeignKey(
        ContentType, on_delete=models.PROTECT, related_name="+", verbose_name=_("record type")
    )
    record_id = models.BigIntegerField(_("record id"))
    label = models.CharField(_("label"), max_length=300)
    changes = models.JSONField(_("changes"), default=dict)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(
                fields=["record_type", "record_id", "-at", "-id"], name="audit_record_at_idx"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the line once; a line that stands is never changed."""
        if not self._state.adding:
            raise TypeError("The audit trail is only ever added to.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("The audit trail is only ever added to.")


class Merge(models.Model):
    """Two to five records of one kind that were made one: by whom, and how every row was before.

    `survivor_id` and `loser_ids` name records of `kind`, the losers in the order in which they were
    given. `values` says which field came from which record, where somebody chose: field → id.
    `image` is what `records.operations.merging.Image` keeps of the rows that were touched.
    `left` says what could not be given back when the merge was undone: `text`, and the `model` and
    `id` of the record that it speaks of.
    """

    class Kind(models.TextChoices):
        LEAD = "lead", _("Lead")
        ACCOUNT = "account", _("Account")
        CONTACT = "contact", _("Contact")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        UNDONE = "undone", _("Undone")

    kind = models.CharField(max_length=7, choices=Kind)
    survivor_id = models.BigIntegerField()
    loser_ids = models.JSONField(default=list)
    state = models.CharField(max_length=6, choices=State, default=State.ACTIVE)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    values = models.JSONField(default=dict)
    image = models.JSONField(default=dict)
    left = models.JSONField(default=list)

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        default_permissions = ()
        indexes = [
            models.Index(fields=["kind", "survivor_id"], name="merge_survivor_idx"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="active", ended_at=None)
                | Q(state="undone", ended_at__isnull=False),
                name="records_a_merge_that_was_undone_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.survivor_id} ← {', '.join(map(str, self.loser_ids))}"

    def get_absolute_url(self) -> str:
        return reverse("duplicates:merged", kwargs={"pk": self.pk})

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE


class MergedRecord(models.Model):
    """A record that is part of another one by now. It is there as long as its merge is active."""

    merge = models.ForeignKey(Merge, on_delete=models.CASCADE, related_name="merged_records")
    kind = models.CharField(max_length=7, choices=Merge.Kind)
    record_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("merged record")
        verbose_name_plural = _("merged records")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "record_id"], name="records_a_record_is_merged_into_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.record_id}"


class Notice(models.Model):
    """Something that somebody is told: what happened, to which record, and who did it.

    count      how many records it speaks of; of more than one, `record_id` is the last
    text       a sentence beside it, for those who may still see the record
    is_shown   whether it is told in the app; the others are there to be mailed
    mail       whether it is to be told by email, and was
    """

    What = NoticeKind

    class Mail(models.TextChoices):
        NONE = "none", _("Not by email")
        WAITING = "waiting", _("To be sent")
        DONE = "done", _("Done")

    whom = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="received_notices"
    )
    what = models.CharField(max_length=13, choices=NoticeKind)
    # Whoever did it may be removed as long as nothing but this speaks of him.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    record_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    record_id = models.BigIntegerField()
    count = models.PositiveIntegerField(default=1)
    text = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    is_shown = models.BooleanField(default=True)
    mail = models.CharField(max_length=7, choices=Mail, default=Mail.NONE)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        default_permissions = ()
        indexes = [
            models.Index(fields=["whom", "-at", "-id"], name="notice_whom_idx"),
            models.Index(
                fields=["whom"],
                name="notice_unread_idx",
                condition=Q(read_at=None, is_shown=True),
            ),
            models.Index(
                fields=["whom", "at"], name="notice_mail_idx", condition=Q(mail="waiting")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.record_type_id}/{self.record_id}"

    @property
    def is_read(self) -> bool:
        return self.read_at is not None


class IdempotencyKey(models.Model):
    """The first answer to a request that may be sent again, kept with its effect."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("user")
    )
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    body = models.JSONField(null=True)
    at = models.DateTimeField(_("at"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"], name="records_a_key_is_answered_once_per_user"
            ),
        ]

    def __str__(self) -> str:
        return self.key
