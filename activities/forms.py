"""What is asked of an entry on a timeline, kind by kind."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.models import Activity
from activities.operations import Next, Upload
from records.custom import PREFIX
from records.models import FIRST_YEAR, LAST_YEAR
from records.permissions import may
from workbench.custom import packed
from workbench.forms import OperationForm, PageForm, RecordForm, Section, colleagues, own_fields
from workbench.forms.bulk import BulkForm

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 20_000


class MomentField(forms.DateTimeField):
    """A day and a time of day, in the browser's own field."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
        super().__init__(widget=widget, **kwargs)

    def to_python(self, value: Any) -> datetime | None:
        moment = super().to_python(value)
        if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
            years = {"first": FIRST_YEAR, "last": LAST_YEAR}
            raise forms.ValidationError(_("Enter a year between %(first)d and %(last)d") % years)
        return moment


def text_field(label: Any, *, rows: int = 3, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": gettext_lazy("Write something in the note")},
    )


def subject_field(label: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=200,
        error_messages={"required": gettext_lazy("Say in a few words what it is about")},
    )


def minutes_field() -> forms.IntegerField:
    return forms.IntegerField(
        label=gettext_lazy("Minutes"),
        required=False,
        min_value=1,
        max_value=9_999,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )


def direction_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("Direction"), choices=Activity.Direction.choices, required=False
    )


# What is meant by whoever chooses nothing comes first.
REMINDERS = sorted(Activity.Remind.choices, key=lambda choice: choice[0] == Activity.Remind.NONE)


def remind_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("Remind me"),
        choices=REMINDERS,
        required=False,
        initial=Activity.Remind.AT,
    )


class FilesInput(forms.FileInput):
    """A field of the browser for any number of files."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        return list(files.getlist(name)) if hasattr(files, "getlist") else []


class FilesField(forms.Field):
    """Any number of files, as they were sent: whether they are taken, the operation says."""

    widget = FilesInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, label=gettext_lazy("Files"), **kwargs)

    def to_python(self, value: Any) -> list[Upload]:
        return [Upload(file.name or "", file) for file in value or ()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


class NextFields(forms.Form):
    """What comes next: a question that every finished thing asks."""

    next_subject = forms.CharField(
        label=gettext_lazy("What next?"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    next_due_at = MomentField(label=gettext_lazy("When"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        due_at = data.get("next_due_at")
        if (
            due_at is not None
            and not data.get("next_subject")
            and "next_subject" not in self.errors
        ):
            self.add_error("next_subject", _("Say what comes next on that day"))
        return data

    @property
    def next(self) -> Next | None:
        subject = self.cleaned_data.get("next_subject")
        return Next(subject, self.cleaned_data.get("next_due_at")) if subject else None


class EntryForm(PageForm):
    """A new entry. `values` are the keywords of the operation that writes it."""

    kind: ClassVar[str] = ""
    title: ClassVar[Any] = ""
    submission = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)
    files = FilesField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= own_fields("activity", self.user)

    def leave_out_own(self) -> None:
        """Ask for none of the custom fields: there is no room for them."""
        self.fields = {n: each for n, each in self.fields.items() if not n.startswith(PREFIX)}

    @property
    def values(self) -> dict[str, Any]:
        mine = {"submission", "files", "next_subject", "next_due_at"}
        told = {name: value for name, value in self.cleaned_data.items() if name not in mine}
        return packed(told)


class NoteForm(EntryForm):
    """What somebody wants to keep in mind."""

    kind, title = "note", gettext_lazy("Add note")
    text = text_field(gettext_lazy("Note"), required=True)


class CallForm(NextFields, EntryForm):
    """A call that was made or taken."""

    kind, title = "call", gettext_lazy("Log call")
    sections = [
        Section("", [("outcome", "direction"), "duration", "text"]),
        Section("", [("next_subject", "next_due_at")]),
    ]
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        choices=[("", "–"), *Activity.Outcome.choices],
        required=False,
    )
    direction = direction_field()
    duration = minutes_field()
    text = text_field(gettext_lazy("What was said"))

    @property
    def values(self) -> dict[str, Any]:
        values = {**super().values, "next": self.next}
        return {**values, "direction": values["direction"] or Activity.Direction.OUTGOING}


class TaskForm(EntryForm):
    """Something that is to be done."""

    kind, title = "task", gettext_lazy("Add task")
    sections = [Section("", [("subject", "due_at"), "text", ("owner", "remind")])]
    subject = subject_field(gettext_lazy("What is to be done"))
    due_at = MomentField(label=gettext_lazy("Due"))
    text = text_field(gettext_lazy("Details"))
    owner = forms.ModelChoiceField(
        colleagues(), label=gettext_lazy("Who"), required=False, empty_label=gettext_lazy("Me")
    )
    remind = remind_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may(self.user, "assign", Activity):
            del self.fields["owner"]

    @property
    def values(self) -> dict[str, Any]:
        values = super().values
        return {**values, "remind": values["remind"] or Activity.Remind.AT}


class BulkTaskForm(BulkForm):
    """Something that is to be done about each of many records."""

    sections = [Section("", [("subject", "due_at"), "text", "owner", "numbers"])]
    subject = subject_field(gettext_lazy("What is to be done"))
    due_at = MomentField(label=gettext_lazy("Due"))
    text = text_field(gettext_lazy("Details"))
    owner = forms.ModelChoiceField(
        colleagues(), label=gettext_lazy("Who"), required=False, empty_label=gettext_lazy("Me")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may(self.user, "assign", Activity):
            del self.fields["owner"]


class MeetingForm(EntryForm):
    """A meeting: one to come is planned, one that has passed is logged."""

    kind, title = "meeting", gettext_lazy("Add meeting")
    sections = [Section("", [("subject", "due_at"), ("duration", "remind"), "text"])]
    subject = subject_field(gettext_lazy("Subject"))
    due_at = MomentField(label=gettext_lazy("When"))
    duration = minutes_field()
    text = text_field(gettext_lazy("Agenda, or what was said"))
    remind = remind_field()

    @property
    def values(self) -> dict[str, Any]:
        values = super().values
        return {**values, "remind": values["remind"] or Activity.Remind.AT}


class EmailForm(EntryForm):
    """An email that was sent or received."""

    kind, title = "email", gettext_lazy("Log email")
    sections = [Section("", [("subject", "direction"), "text"])]
    subject = subject_field(gettext_lazy("Subject"))
    direction = direction_field()
    text = text_field(gettext_lazy("Text of the email"))

    @property
    def values(self) -> dict[str, Any]:
        values = super().values
        return {**values, "direction": values["direction"] or Activity.Direction.OUTGOING}


class FileForm(EntryForm):
    """Files that stand alone, with a word about what they are."""

    kind, title = "file", gettext_lazy("Add file")
    text = text_field(gettext_lazy("Note"), rows=2)


ENTRY_FORMS: dict[str, type[EntryForm]] = {
    form.kind: form for form in (NoteForm, CallForm, TaskForm, MeetingForm, EmailForm, FileForm)
}


class CompleteForm(NextFields, OperationForm):
    """How it went, and what comes next."""

    sections = [
        Section("", ["outcome", "text"]),
        Section(gettext_lazy("What next?"), [("next_subject", "next_due_at")]),
    ]
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        choices=[("", "–"), *Activity.Outcome.choices],
        required=False,
    )
    text = text_field(gettext_lazy("Note"), rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["next_subject"].label = _("Next step")
        if self.record.kind != Activity.Kind.CALL:
            del self.fields["outcome"]


class SnoozeForm(OperationForm):
    """Until when it is put off: to the same time of a later day, in the morning if it had none.

    `back_to` is what an address says that takes it back: `to`, the moment at which it was due or
    nothing, and the `version` that it must still have.
    """

    DAYS: ClassVar[dict[str, int]] = {"tomorrow": 1, "days": 3, "week": 7}
    MORNING: ClassVar[time] = time(9)

    until = forms.ChoiceField(
        label=gettext_lazy("Until"),
        choices=[
            ("tomorrow", gettext_lazy("Tomorrow")),
            ("days", gettext_lazy("In 3 days")),
            ("week", gettext_lazy("Next week")),
        ],
        widget=forms.RadioSelect,
        initial="tomorrow",
    )

    def __init__(self, *args: Any, back_to: Mapping[str, str], **kwargs: Any) -> None:
        self.back_to = back_to
        super().__init__(*args, **kwargs)
        if "to" in back_to:
            del self.fields["until"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "to" in self.back_to and self.before is None and self.back_to["to"]:
            self.add_error(None, _("This address says no moment to go back to"))
        return data

    @property
    def before(self) -> datetime | None:
        """The moment that is gone back to."""
        try:
            moment = parse_datetime(self.back_to["to"])
        except ValueError:
            return None
        if moment is None or timezone.is_naive(moment):
            return None
        return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None

    @property
    def values(self) -> dict[str, Any]:
        """What changes of the entry."""
        if "to" in self.back_to:
            version = self.back_to.get("version", "")
            is_number = version.isascii() and version.isdigit() and len(version) < 10
            return {"due_at": self.before, "version": int(version) if is_number else 0}
        return {"due_at": self.later(self.DAYS[self.cleaned_data["until"]])}

    def later(self, days: int) -> datetime:
        """Return the moment so many days from today, at the time of day at which it was due."""
        due_at = self.record.due_at
        clock = timezone.localtime(due_at).time() if due_at is not None else self.MORNING
        day = timezone.localdate() + timedelta(days=days)
        return timezone.make_aware(datetime.combine(day, clock))


class ActivityForm(RecordForm):
    """An entry, to be corrected. What kind it is and what became of it is not asked.

    Files come along with it; one that is there is removed on its own page.
    """

    files = FilesField()

    sections = [
        Section(
            "",
            ["subject", ("due_at", "done_at"), "remind", ("outcome", "direction"), "duration",
             "text", "files", "is_pinned", "owner"],
        ),
    ]  # fmt: skip

    class Meta:
        model = Activity
        fields = (
            "subject", "due_at", "done_at", "remind", "outcome", "direction", "duration", "text",
            "is_pinned", "owner",
        )  # fmt: skip
        field_classes: ClassVar[dict[str, Any]] = {"due_at": MomentField, "done_at": MomentField}
        widgets: ClassVar[dict[str, Any]] = {"text": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.unasked():
            del self.fields[name]
        if "owner" in self.fields:
            self.fields["owner"].required = True
        if "remind" in self.fields:
            self.fields["remind"] = remind_field()

    def clean_remind(self) -> str:
        return str(self.cleaned_data["remind"] or self.instance.remind)

    def unasked(self) -> set[str]:
        """Return the fields that this kind of entry does not have, or that may not be given."""
        activity = self.instance
        kinds = Activity.Kind
        unasked = {"done_at"} if activity.is_open else {"due_at", "owner", "remind"}
        if activity.kind in (kinds.NOTE, kinds.TASK, kinds.MEETING, kinds.FILE):
            unasked |= {"outcome", "direction"}
        if activity.kind == kinds.EMAIL:
            unasked.add("outcome")
        if activity.kind in (kinds.NOTE, kinds.TASK, kinds.EMAIL, kinds.FILE):
            unasked.add("duration")
        if activity.kind in (kinds.NOTE, kinds.FILE):
            unasked.add("subject")
        if activity.was_exchanged:
            unasked |= {"subject", "text", "direction", "done_at"}
        if not may(self.user, "assign", Activity):
            unasked.add("owner")
        return unasked

    @property
    def values(self) -> dict[str, Any]:
        values = super().values
        return {name: value for name, value in values.items() if name != "files"}

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        done_at = data.get("done_at")
        if done_at is not None and done_at > timezone.now():
            self.add_error("done_at", _("Enter a time that has passed"))
        return data
