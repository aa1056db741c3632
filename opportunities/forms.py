"""What is asked of an opportunity: its own fields, and the terms of each of its operations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Contact
from opportunities.models import (
    Competitor,
    LossReason,
    Opportunity,
    Process,
    Product,
    Stage,
    Stakeholder,
    Step,
)
from opportunities.operations.editing import MOST_LINES
from opportunities.rules import known_steps, opening_stages, stages_to_begin
from records.permissions import may
from users.models import User
from workbench.forms import (
    LookupField,
    MoneyField,
    OperationForm,
    RecordForm,
    Section,
    date_input,
)
from workbench.forms.bulk import BulkForm

BLANK_LINES = 3
LONG = forms.Textarea(attrs={"rows": 3})


class OpportunityForm(RecordForm):
    """The terms of an opportunity. Stage and owner of one that exists have pages of their own."""

    quick = ("topic", "account", "contact", "value", "currency", "estimated_close_date", "owner")
    together = (
        ("value", "currency"),
        ("budget_amount", "budget_status", "currency"),
        ("decision_maker", "decision_maker_known"),
        ("need", "need_description"),
    )
    sections = [
        Section(
            gettext_lazy("Deal"),
            [
                "topic",
                ("account", "contact"),
                ("value", "currency"),
                ("estimated_close_date", "owner"),
                ("stage", "source"),
                ("probability", "forecast_category"),
                "campaign",
                "competitors",
                "tags",
            ],
        ),
        Section(
            gettext_lazy("Budget, authority, need, timeframe"),
            [
                ("budget_amount", "budget_status"),
                ("decision_maker", "decision_maker_known"),
                ("purchase_process", "timeframe"),
                "need",
                "need_description",
            ],
        ),
        Section(gettext_lazy("Narrative"), ["customer_need", "proposed_solution", "description"]),
    ]

    class Meta:
        model = Opportunity
        fields = (
            "topic", "account", "contact", "value", "currency", "estimated_close_date", "owner",
            "stage", "source", "probability", "forecast_category", "campaign", "competitors",
            "tags", "budget_amount", "budget_status", "decision_maker", "decision_maker_known",
            "purchase_process", "timeframe", "need", "need_description", "customer_need",
            "proposed_solution", "description",
        )  # fmt: skip
        widgets: ClassVar[dict[str, Any]] = {
            "competitors": forms.CheckboxSelectMultiple,
            "customer_need": LONG,
            "proposed_solution": LONG,
            "description": LONG,
        }

    def adapt(self) -> None:
        if self.instance.pk:
            # Each has a permission or conditions of its own, and a page of its own.
            del self.fields["owner"], self.fields["stage"]
            return
        # They follow the stage, until somebody knows better.
        del self.fields["probability"], self.fields["forecast_category"]
        self.fields["stage"] = StageField(
            opening_stages(),
            label=gettext_lazy("Stage"),
            required=False,
            empty_label=gettext_lazy("The first one"),
        )
        if not may(self.user, "assign", Opportunity):
            self.fields["owner"].queryset = User.objects.filter(pk=self.user.pk)  # type: ignore[attr-defined]


class VersionForm(OperationForm):
    """The version that somebody looked at, where a page says which."""

    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)


class StageForm(VersionForm):
    """The stage to move to."""

    stage = forms.ModelChoiceField(
        Stage.objects.none(),
        label=gettext_lazy("Stage"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose a stage")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stages = stages_to_begin(self.record.stage.process_id)
        self.fields["stage"].queryset = stages  # type: ignore[attr-defined]
        self.initial.setdefault("stage", self.record.stage_id)

    @property
    def names_process(self) -> bool:
        """Say whether there is another process to go through."""
        others = Process.objects.filter(is_active=True)
        return others.exclude(pk=self.record.stage.process_id).exists()


class StageField(forms.ModelChoiceField):
    """A stage by its name; where there are several processes, after the name of its own."""

    def label_from_instance(self, stage: Any) -> str:
        return f"{stage.process}: {stage}" if self.names_process else str(stage)

    @cached_property
    def names_process(self) -> bool:
        return Process.objects.count() > 1


class ProcessForm(VersionForm):
    """The process to go through from now on."""

    process = forms.ModelChoiceField(
        Process.objects.filter(is_active=True).order_by("position", "name", "pk"),
        label=gettext_lazy("Process"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose a process")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("process", self.record.stage.process_id)


class BulkStageForm(BulkForm):
    """The stage to which many opportunities move."""

    stage = StageField(
        Stage.objects.for_opportunities()
        .select_related("process")
        .order_by("-process__is_default", "process", "position"),
        label=gettext_lazy("Stage"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose a stage")},
    )


class BulkForecastForm(BulkForm):
    """How sure many opportunities are."""

    forecast_category = forms.ChoiceField(
        label=gettext_lazy("Forecast"),
        choices=Stage.Forecast.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a forecast")},
    )


class TickForm(OperationForm):
    """A box of the process, and whether it is done."""

    step = forms.ModelChoiceField(Step.objects.none())
    is_done = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = known_steps().filter(stage__process=self.record.stage.process_id)
        self.fields["step"].queryset = steps.select_related("stage")  # type: ignore[attr-defined]


class CloseForm(OperationForm):
    """When and with which words an opportunity closes."""

    closed_on = forms.DateField(
        label=gettext_lazy("Closed on"),
        widget=date_input(),
        error_messages={"required": gettext_lazy("Enter the day on which it closed")},
    )
    comment = forms.CharField(
        label=gettext_lazy("Comment"), required=False, max_length=10_000, widget=LONG
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("closed_on", timezone.localdate())


class WinForm(CloseForm):
    """The terms on which it was won."""

    actual_value = MoneyField(
        label=gettext_lazy("Actual value"),
        required=False,
        help_text=gettext_lazy("In the currency of the opportunity"),
    )
    field_order = ("actual_value", "closed_on", "comment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["actual_value"].label = _("Actual value, %(currency)s") % {
            "currency": self.record.currency
        }
        self.fields["actual_value"].help_text = ""
        self.initial.setdefault("actual_value", self.record.value)


class LoseForm(CloseForm):
    """Why it was lost, and to whom."""

    reason = forms.ModelChoiceField(
        LossReason.objects.all(),
        label=gettext_lazy("Reason"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose a reason")},
    )
    lost_to = forms.ModelChoiceField(
        Competitor.objects.all(),
        label=gettext_lazy("Lost to"),
        required=False,
        empty_label=gettext_lazy("Nobody we know of"),
    )
    field_order = ("reason", "lost_to", "closed_on", "comment")


class AssignForm(OperationForm):
    """To whom the opportunity goes."""

    owner = forms.ModelChoiceField(
        User.objects.all(),
        label=gettext_lazy("Owner"),
        required=False,
        empty_label=gettext_lazy("Nobody: it waits in the queue of the team"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("owner", self.record.owner_id)


class StakeholderForm(OperationForm):
    """A person who has a say, and which."""

    contact = LookupField(
        Contact.objects.all(),
        label=gettext_lazy("Contact"),
        help_text=gettext_lazy("Type a name"),
        error_messages={"required": gettext_lazy("Type the name of a contact")},
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=Stakeholder.Role.choices, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("role", Stakeholder.Role.OTHER)


class LineForm(forms.Form):
    """One product line; an empty row is none."""

    product = forms.ChoiceField(label=gettext_lazy("Product"), required=False)
    description = forms.CharField(label=gettext_lazy("Description"), required=False, max_length=200)
    quantity = MoneyField(
        label=gettext_lazy("Quantity"),
        required=False,
        max_digits=12,
        min_value=Decimal("0.01"),
        error_messages={
            "invalid": gettext_lazy("Enter the quantity as a number, like %(example)s"),
            "min_value": gettext_lazy("Enter a quantity above zero"),
        },
    )
    price = MoneyField(label=gettext_lazy("Price"), required=False)

    def __init__(self, *args: Any, products: dict[str, Product], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.products = products
        names = [(key, str(product)) for key, product in products.items()]
        self.fields["product"].choices = [("", _("No product")), *names]  # type: ignore[attr-defined]
        number = int(str(self.prefix).rpartition("-")[2]) + 1
        for name, field in self.fields.items():
            label = _("%(field)s, line %(number)d") % {"field": field.label, "number": number}
            css = "form-select" if name == "product" else "form-control"
            field.widget.attrs |= {"aria-label": label, "class": css}

    def clean_product(self) -> Product | None:
        return self.products.get(self.cleaned_data["product"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        has_terms = data.get("quantity") is not None or data.get("price") is not None
        is_named = data.get("product") or data.get("description") or self.errors
        if has_terms and not is_named and not data.get("DELETE"):
            self.add_error("description", _("Choose a product or describe the line"))
        return data

    @property
    def line(self) -> dict[str, Any] | None:
        """What the operation takes, or nothing for a row that is empty or crossed out."""
        data = dict(self.cleaned_data)
        is_gone = data.pop("DELETE", False)
        return None if is_gone or not (data.get("product") or data.get("description")) else data


class LineRows(forms.BaseFormSet[LineForm]):
    """The rows of the lines."""

    def add_fields(self, form: LineForm, index: int | None) -> None:
        super().add_fields(form, index)
        label = _("Remove line %(number)d") % {"number": (index or 0) + 1}
        form.fields["DELETE"].widget.attrs |= {"aria-label": label, "class": "form-check-input"}


LineFormSet = forms.formset_factory(
    LineForm,
    formset=LineRows,
    extra=BLANK_LINES,
    can_delete=True,
    max_num=MOST_LINES,
    absolute_max=MOST_LINES + 1,  # what is beyond is told, and no page of a thousand rows made
    validate_max=True,
)


class LinesForm(OperationForm):
    """All product lines of an opportunity, each a row of a formset."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("version", self.record.version)
        lines = self.record.lines.select_related("product").order_by("position", "pk")
        rows = [
            {
                "product": str(line.product_id or ""),
                "description": line.description,
                "quantity": line.quantity.normalize() + 0,
                "price": line.price,
            }
            for line in lines
        ]
        kept = {line.product_id for line in lines}
        products = Product.objects.order_by("position", "name", "pk")
        choices = {
            str(product.pk): product
            for product in products
            if product.is_active or product.pk in kept
        }
        self.rows = LineFormSet(
            self.data if self.is_bound else None,
            initial=rows,
            prefix="lines",
            form_kwargs={"products": choices},
        )

    def is_valid(self) -> bool:
        is_fine = self.rows.is_valid()
        return super().is_valid() and is_fine

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [form.line for form in self.rows if form.line is not None]
