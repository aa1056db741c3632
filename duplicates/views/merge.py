"""Compare and merge: two to five records side by side, a choice for each field that differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.forms import AccountForm, ContactForm
from accounts.operations.merge import MONEY as ACCOUNT_MONEY
from duplicates import operations
from duplicates.forms import TAKE, AddForm, MergeForm
from duplicates.queries import KINDS, hanging_on, moves_in_words, suggestions_for
from leads.forms import LeadForm
from leads.models import Lead
from leads.operations.merge import MONEY as LEAD_MONEY
from records import custom
from records.layouts import hidden_in
from records.models import Merge, Record
from records.operations.merging import (
    MOST_RECORDS,
    custom_names,
    fields_of,
    is_empty,
    sources_of,
    value_of,
)
from records.permissions import fixed_fields, name_for, reaches
from workbench.forms import label_of
from workbench.templatetags.workbench import ago, day, money
from workbench.views.record import FormPage, merged_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from users.models import User

MONEY = {"account": ACCOUNT_MONEY, "lead": LEAD_MONEY}
# Fields stand in the order of the form that people know.
FORMS = {"account": AccountForm, "contact": ContactForm, "lead": LeadForm}
# They are joined, as far as there is room: nobody has to choose.
JOINED = ("second_email",)


@dataclass(frozen=True)
class Cell:
    """What one record says in a field."""

    pk: int
    record: str
    text: str
    checked: bool
    is_empty: bool = False


@dataclass(frozen=True)
class Row:
    """A field of the records that are compared. `text` is the value that all of them have."""

    name: str
    label: str
    cells: tuple[Cell, ...] = ()
    text: str = ""


class DuplicateMerge(FormPage):
    """Compare records of one kind, choose what stays, and make them one.

    `?kind=contact&id=1&id=2` names them, `&main=2` the one that stays (else the first). With one
    record, or with `&add=` and the name of another, the page asks for more.
    """

    form_class = MergeForm
    template_name = "duplicates/merge.html"
    submit_label = gettext_lazy("Merge")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.model = KINDS.get(request.GET.get("kind", ""), Lead)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        for number in self.numbers:
            if number not in self.found and (page := merged_page(self.model, number, self.user)):
                # Sent a second time, or somebody else was faster.
                status = 409 if request.method == "POST" else 200
                return render(request, "workbench/merged.html", page, status=status)
        for record in self.records:
            if not reaches(self.user, "change", record):
                raise PermissionDenied(
                    _("You can read %(record)s but not merge it. Ask %(owner)s.")
                    % {"record": record, "owner": record.owner or _("your manager")}
                )
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.added is not None:
            numbers = list(dict.fromkeys([*(r.pk for r in self.records), self.added.pk]))
            return self.go(address_of(self.kind, numbers, self.main_number))
        return super().get(request, *args, **kwargs)

    @cached_property
    def rows(self) -> Any:
        return self.model.objects.permitted(self.user, "view")  # type: ignore[attr-defined]

    @cached_property
    def numbers(self) -> list[int]:
        """The numbers that are asked for, each once and no more than one too many."""
        words = self.request.GET.getlist("id")
        if not all(word.isascii() and word.isdigit() and len(word) < 19 for word in words):
            raise Http404
        return list(dict.fromkeys(int(word) for word in words))[: MOST_RECORDS + 1]

    @cached_property
    def found(self) -> dict[int, Any]:
        """The records of these numbers that the user may see."""
        relations = [f.name for f in self.model._meta.concrete_fields if f.is_relation]
        return self.rows.select_related(*relations).in_bulk(self.numbers)  # type: ignore[no-any-return]

    @cached_property
    def records(self) -> list[Any]:
        """The records that are asked for, in that order; one that may not be seen is none."""
        if len(self.found) < len(self.numbers):
            raise Http404
        return [self.found[number] for number in self.numbers]

    def named(self, record: Any) -> str:
        """Return the name of a record, with its number where another one has the same name."""
        names = [str(each) for each in self.records]
        return str(record) if names.count(str(record)) == 1 else label_of(record)

    @property
    def main_number(self) -> str:
        return self.request.GET.get("main", "")

    @cached_property
    def kept(self) -> Any:
        """The record that stays."""
        return next((r for r in self.records if str(r.pk) == self.main_number), self.records[0])

    @cached_property
    def gone(self) -> list[Any]:
        return [record for record in self.records if record != self.kept]

    @cached_property
    def add_form(self) -> AddForm:
        text = self.request.GET.get("add", "") or self.request.GET.get("add-choice", "")
        data = self.request.GET if text else None
        return AddForm(data, rows=self.rows, user=self.user)

    @cached_property
    def added(self) -> Any:
        form = self.add_form
        return form.cleaned_data["add"] if form.is_bound and form.is_valid() else None

    def page_title(self) -> str:
        titles = {
            "account": _("Merge accounts"),
            "contact": _("Merge contacts"),
            "lead": _("Merge leads"),
        }
        return titles[self.kind]

    @property
    def may_compare(self) -> bool:
        return 2 <= len(self.records) <= MOST_RECORDS

    def closed_because(self) -> str:
        if self.may_compare:
            return ""
        if len(self.records) > MOST_RECORDS:
            return _("Choose at most %(n)d records to merge.") % {"n": MOST_RECORDS}
        return _("Choose at least two records to merge.")

    @cached_property
    def names(self) -> list[str]:
        """The fields that are compared: those that the form of this kind shows."""
        hidden = {*hidden_in(self.kind, self.user), *fixed_fields(self.user, self.kind), *JOINED}
        known = {each.name for each in custom.definitions_for(self.user)[self.kind]}
        own = [name for name in custom_names(self.records) if name in known]
        order = {name: place for place, name in enumerate(FORMS[self.kind].base_fields)}
        columns = sorted(fields_of(self.model), key=lambda name: order.get(name, len(order)))
        return [name for name in (*columns, *own) if name not in hidden]

    @cached_property
    def sources(self) -> dict[str, Any]:
        """Which record each field is taken from when nobody chooses."""
        money_names = MONEY.get(self.kind, ())
        found = sources_of(self.kept, self.gone, {}, money=money_names)
        is_closed = isinstance(self.kept, Lead) and self.kept.status == Lead.Status.QUALIFIED
        return dict.fromkeys(found, self.kept) if is_closed else found

    @cached_property
    def comparison(self) -> tuple[list[Row], list[Row]]:
        """The fields in which the records differ, and those in which they are the same."""
        differing, same = [], []
        for name in self.names:
            values = [value_of(record, name) for record in self.records]
            if all(map(is_empty, values)):
                continue
            label = label_for(self.model, name, self.user)
            texts = [in_words(record, name, self.user) for record in self.records]
            if len(set(texts)) == 1:
                same.append(Row(name, label, text=texts[0]))
                continue
            taken = self.request.POST.get(f"{TAKE}{name}", str(self.sources[name].pk))
            cells = tuple(
                Cell(
                    record.pk,
                    self.named(record),
                    text or _("empty"),
                    str(record.pk) == taken,
                    is_empty=not text,
                )
                for record, text in zip(self.records, texts, strict=True)
            )
            differing.append(Row(name, label, cells))
        return differing, same

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        if not self.may_compare:
            return kwargs
        names = [row.name for row in self.comparison[0]]
        return {**kwargs, "records": self.records, "sources": self.sources, "names": names}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(
            columns=[self.column(record) for record in self.records],
            add_form=self.add_form,
            may_add=len(self.records) < MOST_RECORDS,
            most=MOST_RECORDS,
            is_compared=self.may_compare,
            suggestions=self.suggestions(),
            kinds=[
                {"label": name, "url": f"?kind={kind}", "is_current": kind == self.kind}
                for kind, name in Merge.Kind.choices
            ],
            **kwargs,
        )
        if self.may_compare:
            differing, same = self.comparison
            context |= {
                "rows": differing,
                "same": same,
                "same_label": ngettext(
                    "%(n)d field is the same", "%(n)d fields are the same", len(same)
                )
                % {"n": len(same)},
                "effects": self.effects(),
                "kept": self.kept,
                "action": address_of(self.kind, [r.pk for r in self.records], str(self.kept.pk)),
            }
        return context

    def suggestions(self) -> list[dict[str, str]]:
        """Return what looks like the one record that is there."""
        if len(self.records) != 1:
            return []
        first = self.records[0]
        return [
            {"name": str(other), "url": address_of(self.kind, [first.pk, other.pk])}
            for other in suggestions_for(first, self.user)
        ]

    def column(self, record: Any) -> dict[str, Any]:
        numbers = [each.pk for each in self.records]
        return {
            "name": self.named(record),
            "pk": record.pk,
            "version": record.version,
            "url": record.get_absolute_url(),
            "is_main": self.may_compare and record == self.kept,
            "main_url": address_of(self.kind, numbers, str(record.pk)),
            "leave_url": address_of(self.kind, [n for n in numbers if n != record.pk], ""),
            "created": day(record.created_at),
            "touched": ago(record.touched_at),
            "owner": record.owner,
        }

    def effects(self) -> list[dict[str, str]]:
        """Return in words what will happen."""
        others = ", ".join(self.named(record) for record in self.gone)
        effects = moves_in_words(hanging_on(self.gone), self.named(self.kept), self.user)
        names = {"others": others, "name": self.named(self.kept)}
        if any(getattr(record, "do_not_contact", False) for record in self.records):
            text = _("%(name)s is not to be contacted, as one of them is not") % names
            effects.append({"kind": "warning", "text": text})
        if self.kind != "lead":
            text = _("Leads of %(others)s find %(name)s from now on") % names
            effects.append({"kind": "link", "text": text})
        text = ngettext(
            "%(others)s goes to the recycle bin, until the merge is undone",
            "%(others)s go to the recycle bin, until the merge is undone",
            len(self.gone),
        )
        return [*effects, {"kind": "close", "text": text % names}]

    def run(self, form: MergeForm) -> Merge:
        return operations.merge(
            self.kept, self.gone, by=self.user, values=form.values, versions=form.versions
        )

    def add_refusal(self, form: Any, refusal: Any) -> None:
        """Name what the operation calls `values.name` as the field of the page is called."""
        if errors := getattr(refusal, "errors", None):
            refusal.errors = {
                name.replace("values.", TAKE): sentences for name, sentences in errors.items()
            }
        super().add_refusal(form, refusal)

    def success_message(self, outcome: Merge) -> str:
        words = ngettext(
            "%(n)d record was merged into %(name)s",
            "%(n)d records were merged into %(name)s",
            len(outcome.loser_ids),
        )
        return words % {"n": len(outcome.loser_ids), "name": self.kept}

    def undo_url(self, outcome: Merge) -> str:
        return reverse("duplicates:unmerge", kwargs={"pk": outcome.pk})

    def success_url_for(self, outcome: Merge) -> str:
        return outcome.get_absolute_url()

    def cancel_url(self) -> str:
        return self.kept.get_absolute_url() if self.records else super().cancel_url()


def address_of(kind: str, numbers: Sequence[int], main: str = "") -> str:
    """Return the page that compares these records."""
    words: list[tuple[str, Any]] = [("kind", kind), *(("id", number) for number in numbers)]
    if main:
        words.append(("main", main))
    return f"{reverse('duplicates:merge')}?{urlencode(words)}"


def label_for(model: type[Record], name: str, user: User) -> str:
    """Return what people call a field."""
    if name.startswith(custom.PREFIX):
        field = custom.field_of(custom.kind_of(model), name, user)
        return field.label if field else name.removeprefix(custom.PREFIX)
    return str(model._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]


def in_words(record: Any, name: str, viewer: User) -> str:
    """Return the value of a field as a person reads it; nothing for an empty one."""
    value = value_of(record, name)
    if is_empty(value):
        return ""
    if name.startswith(custom.PREFIX):
        return custom.in_words(custom.field_of(custom.kind_of(record), name, viewer), value)
    return _column_in_words(record, name, value, viewer)


def _column_in_words(record: Any, name: str, value: Any, viewer: User) -> str:
    if name in MONEY.get(str(record._meta.model_name), ()):
        return money(value, record.currency)
    if isinstance(value, Model):
        return name_for(viewer, value) if isinstance(value, Record) else str(value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name == "country":
        return str(value.name)
    if type(record)._meta.get_field(name).choices:
        return str(getattr(record, f"get_{name}_display")())
    return day(value) if hasattr(value, "isoformat") else str(value)
