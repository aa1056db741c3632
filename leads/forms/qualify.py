"""What is asked for when a lead is to be qualified."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Contact
from leads.operations import Plan, Target, Terms
from leads.operations.plan import FROM_LEAD, MOST_OPPORTUNITIES, budget_for
from leads.operations.reusing import AUTO, CREATE, SKIP, USE
from opportunities.models import Opportunity
from opportunities.rules import opening_stages
from users.models import User
from workbench.forms import (
    CurrencyField,
    LookupField,
    MoneyField,
    OperationForm,
    colleagues,
    date_input,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NEW, NONE, EXISTING = "new", "none", "existing"
OTHER = "other"
TAKE, KEEP = "take", "keep"
LARGEST_ID = 2**63 - 1
TERMS = ("topic", "value", "currency", "estimated_close_date", "stage", "owner")


class TargetField(forms.CharField):
    """The account or the contact: auto, create, skip, another (which a field names), a number."""

    def clean(self, value: Any) -> Target:
        text = super().clean(value) or AUTO
        if text in (AUTO, CREATE, SKIP, OTHER):
            return Target(text)
        number = text.removeprefix(f"{USE}:")
        if number != text and number.isascii() and number.isdigit() and len(number) < 19:
            return Target(USE, int(number))
        raise ValidationError(_("Choose one of the list"), code="invalid_choice")


class NumbersField(forms.Field):
    """The numbers of records that were ticked."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[int]:
        words = [str(word) for word in value or ()]
        if not all(word.isascii() and word.isdigit() and len(word) < 19 for word in words):
            raise ValidationError(_("Choose one of the list"), code="invalid_choice")
        return [int(word) for word in words]


class PersonField(forms.ChoiceField):
    """One of the people. Those at hand are known without reading all the others."""

    def __init__(
        self, people: Callable[[], list[User]], *, at_hand: list[User], **kwargs: Any
    ) -> None:
        self.people = people
        self.at_hand = [person for person in at_hand if person.is_active and not person.is_machine]
        super().__init__(choices=self._choices_of_people, **kwargs)

    def _choices_of_people(self) -> list[tuple[str, str]]:
        return [(str(person.pk), str(person)) for person in self.people()]

    def clean(self, value: Any) -> User | None:
        text = str(value or "")
        for person in self.at_hand:
            if text == str(person.pk):
                return person
        text = super().clean(value)
        return next((person for person in self.people() if text == str(person.pk)), None)


class QualifyForm(OperationForm):
    """How to qualify the lead: which account and contact, and on which terms.

    `plan` hands it all to the operation; whatever is left out the operation decides. Up to five
    opportunities: the first has the fields `topic`, `value` …, the second `topic_2`, `value_2` …
    """

    account = TargetField(required=False)
    contact = TargetField(required=False)
    other_account = LookupField(
        Account.objects.all(), label=gettext_lazy("Name of the account"), required=False
    )
    other_contact = LookupField(
        Contact.objects.all(), label=gettext_lazy("Name of the contact"), required=False
    )
    opportunity = forms.ChoiceField(
        label=gettext_lazy("Opportunity"),
        choices=[
            (NEW, gettext_lazy("New")),
            (EXISTING, gettext_lazy("Add to existing")),
            (NONE, gettext_lazy("None")),
        ],
        required=False,
    )
    existing = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    count = forms.IntegerField(required=False, widget=forms.HiddenInput)
    override_reason = forms.CharField(
        label=gettext_lazy("Reason for qualifying anyway"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    lead_version = forms.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput
    )
    duplicates = NumbersField(required=False)
    open_after = forms.BooleanField(
        label=gettext_lazy("Open the opportunity afterwards"), required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = list(opening_stages())
        self.stages = {str(stage.pk): stage for stage in found if stage.process.is_default}
        self.has_conditions = len(self.stages) < len(found)
        self.stages |= {str(stage.pk): stage for stage in found}
        self.initial.setdefault("lead_version", self.record.version)
        self.initial.setdefault("opportunity", NEW)
        self.number = self._number()
        people = cache(lambda: list(colleagues()))
        for suffix in self.suffixes:
            self._add_terms(suffix, people)
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "c-input")
        for name in ("account", "contact"):
            self.fields[f"other_{name}"].widget.attrs["data-chooses"] = f"{name}-other"

    @property
    def suffixes(self) -> list[str]:
        return ["", *(f"_{place}" for place in range(2, self.number + 1))]

    def _number(self) -> int:
        text = str(self.data.get("count", "1")) if self.is_bound else "1"
        return min(max(int(text), 1), MOST_OPPORTUNITIES) if text in "12345" and text else 1

    def _add_terms(self, suffix: str, people: Callable[[], list[User]]) -> None:
        lead, is_first = self.record, not suffix
        budget = budget_for(self.user, lead)
        value = lead.estimated_value if lead.estimated_value is not None else budget
        self.fields[f"topic{suffix}"] = forms.CharField(
            label=_("Name"), max_length=300, required=False, initial=lead.topic if is_first else ""
        )
        self.fields[f"value{suffix}"] = MoneyField(
            label=_("Value"), required=False, initial=value if is_first else None
        )
        self.fields[f"currency{suffix}"] = CurrencyField(
            label=_("Currency"), required=False, initial=lead.currency
        )
        self.fields[f"estimated_close_date{suffix}"] = forms.DateField(
            label=_("Expected close"),
            required=False,
            widget=date_input(),
            initial=lead.estimated_close_date if is_first else None,
        )
        self.fields[f"stage{suffix}"] = forms.ChoiceField(
            label=_("Stage"),
            required=False,
            choices=self._stage_choices(),
        )
        self.fields[f"owner{suffix}"] = PersonField(
            people,
            at_hand=[self.user, *([lead.owner] if lead.owner else [])],
            label=_("Owner"),
            required=False,
            initial=str((lead.owner or self.user).pk),
        )

    def _stage_choices(self) -> list[tuple[str, str]]:
        """Offer the stages; where a process is chosen by its condition, that comes first."""
        if not self.has_conditions:
            return [(key, str(stage)) for key, stage in self.stages.items()]
        named = [(key, f"{stage.process}: {stage}") for key, stage in self.stages.items()]
        return [("", _("The first one of its process")), *named]

    @property
    def origins(self) -> dict[str, str]:
        """Say of each prefilled field where its value comes from."""
        lead = self.record
        origins = {"topic": _("from topic"), "owner": _("owner of the lead")}
        if lead.estimated_value is not None:
            origins["value"] = _("from estimated value")
        elif budget_for(self.user, lead) is not None:
            origins["value"] = _("from budget")
        if lead.estimated_close_date is not None:
            origins["estimated_close_date"] = _("from expected close")
        if lead.owner is None:
            origins["owner"] = _("you: the lead has no owner")
        return origins

    @property
    def terms(self) -> list[dict[str, Any]]:
        """The fields of each opportunity, with the origin of what is prefilled."""
        origins = self.origins
        return [
            {
                "place": place,
                "fields": [
                    {
                        "field": self[f"{name}{suffix}"],
                        "origin": origins.get(name, "") if place == 1 else "",
                    }
                    for name in TERMS
                ],
            }
            for place, suffix in enumerate(self.suffixes, start=1)
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._find_other(data)
        for name in ("account", "contact"):
            if isinstance(data.get(name), Target):
                data[name] = self._with_fields(name, data[name])
        if data.get("opportunity") == EXISTING:
            self._find_existing(data)
        elif (
            data.get("opportunity") == NEW and not data.get("topic") and "topic" not in self.errors
        ):
            self.add_error("topic", _("Enter a name for the opportunity"))
        return data

    def _with_fields(self, name: str, target: Target) -> Target:
        """Add what was chosen field by field of the record that is used.

        Who chose fields of the record that would be used anyway means this record.
        """
        number = target.id
        if target.action == AUTO:
            text = str(self.data.get(f"{name}-auto", ""))
            number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
        if number is None:
            return target
        prefix = f"{name}-{number}-"
        said = {
            key.removeprefix(prefix): value
            for key, value in self.data.items()
            if key.startswith(prefix)
        }
        take = tuple(key for key, value in said.items() if value == TAKE)
        keep = tuple(key for key, value in said.items() if value == KEEP)
        return Target(USE, number, take, keep) if take or keep else target

    def _find_other(self, data: dict[str, Any]) -> None:
        """Put in place of “another one” the record that was typed."""
        for name in ("account", "contact"):
            target = data.get(name)
            if target is None or target.action != OTHER:
                self.errors.pop(f"other_{name}", None)  # typed, but not chosen
                continue
            record = data.get(f"other_{name}")
            if record is not None:
                data[name] = Target(USE, record.pk)
            elif f"other_{name}" not in self.errors:
                self.add_error(f"other_{name}", _("Type a name, or choose another way"))

    def _find_existing(self, data: dict[str, Any]) -> None:
        rows = Opportunity.objects.permitted(self.user, "view").open()
        found = rows.filter(pk=data.get("existing")).first()
        if found is None:
            self.add_error("existing", _("Choose an open opportunity"))
        data["existing"] = found

    @property
    def plan(self) -> Plan:
        """What is asked for; of a form with errors as much as could be read, for the preview."""
        data = self.cleaned_data
        opportunities: tuple[Terms, ...] | None = None
        if data.get("opportunity") == NEW:
            opportunities = tuple(self._terms_of(suffix) for suffix in self._wanted())
        elif data.get("opportunity") == NONE:
            opportunities = ()
        elif data.get("opportunity") == EXISTING:
            found = data.get("existing")
            opportunities = (Terms(opportunity=found),) if isinstance(found, Opportunity) else ()
        return Plan(
            account=self._target("account"),
            contact=self._target("contact"),
            opportunities=opportunities,
            override_reason=data.get("override_reason", ""),
            lead_version=data.get("lead_version"),
            duplicates=tuple(data.get("duplicates") or ()),
        )

    def _target(self, name: str) -> Target:
        target = self.cleaned_data.get(name)
        return target if isinstance(target, Target) and target.action != OTHER else Target()

    def _wanted(self) -> list[str]:
        """Leave out further opportunities that were given no name."""
        return [s for s in self.suffixes if self.cleaned_data.get(f"topic{s}") or not s]

    def _terms_of(self, suffix: str) -> Terms:
        """Return what was asked for; a value or a date that was emptied is none, not the lead's."""
        values = {name: self.cleaned_data.get(f"{name}{suffix}") for name in TERMS}
        for name in ("value", "estimated_close_date"):
            if f"{name}{suffix}" not in self.data:
                values[name] = FROM_LEAD
        return Terms(
            topic=values["topic"] or "",
            value=values["value"],
            currency=values["currency"] or "",
            estimated_close_date=values["estimated_close_date"],
            stage=self.stages.get(values["stage"] or ""),
            owner=values["owner"],
        )
