"""The page of a lead: what is known of it, what was done, and whether it can be qualified."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activities.models import Activity
from activities.timeline import next_up, timeline_of
from leads.bant import UNKNOWN, known
from leads.matching import lookalikes
from leads.models import Lead, Qualification
from leads.queries import why
from leads.rules import verdicts_for, with_rules
from leads.rules.scoring import parts_told, suggested_rating, with_scale
from leads.tables import TONES
from opportunities.rules import stage_bar
from opportunities.views.record import touches_of
from records.keys import domain_key
from records.layouts import groups_for, hidden_in
from records.permissions import may, reaches
from users import formats
from workbench.custom import rows_for
from workbench.rows import fold, unseen
from workbench.tables import pips_in_words, tags_of
from workbench.templatetags.workbench import address, day, money
from workbench.views import RecordView

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from leads.matching import Lookalike
    from leads.rules import Verdicts
    from users.models import User
    from workbench.rows import Editing

FIELDS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (
        gettext_lazy("Person"),
        ("first_name", "last_name", "job_title", "email", "phone", "mobile", "contact"),
    ),
    (
        gettext_lazy("Company"),
        (
            "company", "website", "industry", "employees", "annual_revenue", "street", "city",
            "region", "postal_code", "country", "account",
        ),
    ),
    (
        gettext_lazy("Interest"),
        (
            "topic", "products", "source", "campaign", "rating", "estimated_value",
            "estimated_close_date", "description", "tags",
        ),
    ),
    (gettext_lazy("Consent"), ("consent", "do_not_contact", "do_not_automate")),
)  # fmt: skip
# Folded away while they say nothing: an address of five empty lines helps nobody.
FOLDED = {"street", "region", "postal_code", "contact", "account", "mobile", "annual_revenue"}
LABELS = {"account": gettext_lazy("Account"), "contact": gettext_lazy("Contact")}
MONEY = {"estimated_value", "annual_revenue", "budget_amount"}


class LeadDetail(RecordView):
    """A lead and everything that one does with it."""

    model = Lead
    related = (
        "owner", "source", "campaign", "account__owner", "contact__owner", "disqualify_reason",
        "duplicate_of__owner", "created_by",
    )  # fmt: skip
    actions = ("change", "delete", "assign", "qualify", "disqualify", "undo")
    timeline_of = staticmethod(timeline_of)
    next_up = staticmethod(next_up)

    def get_rows(self) -> Any:
        return with_scale(with_rules(super().get_rows().with_product_names()))  # type: ignore[attr-defined]

    def closed_because(self) -> str:
        return why_closed(self.record)

    @cached_property
    def verdicts(self) -> Verdicts:
        return verdicts_for(self.record, by=self.user)

    def summary(self) -> dict[str, Any]:
        lead: Lead = self.record
        hidden = hidden_in("lead", self.user)
        qualification = bant_rows(lead, self.editing, hidden)
        parts = [row["part"] for row in qualification]
        return {
            "head": head_of(lead, self.editing, hidden),
            "stages": stages_for(lead, self.verdicts),
            "groups": groups_of(lead, self.editing, self.user),
            "parts": parts,
            "bant_words": pips_in_words(row["part"] for row in qualification),
            "bant_count": _("%(known)d of %(total)d")
            % {"known": known(parts), "total": len(parts)},
            "bant_rows": qualification,
            "verdicts": self.verdicts,
            "rules": rules_of(self.verdicts, self.editing.url, hidden, self.editing),
            "score": score_of(lead, self.user),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lead: Lead = self.record
        number = dialled(lead, "phone") or dialled(lead, "mobile")
        return super().get_context_data(
            may_write=lead.is_open and may(self.user, "add", Activity),
            tel=number if lead.is_open and not lead.do_not_contact else "",
            lookalikes=[
                shown_lookalike(other, lead, self.user) for other in lookalikes(lead, by=self.user)
            ]
            if lead.is_open
            else [],
            outcome=outcome_of(lead, self.user) if lead.cycles else None,
            duplicate=next(iter(linked([lead.duplicate_of], self.user)), None),
            why=why(lead),
            progresses=[
                {"value": value, "label": label, "is_current": value == lead.progress}
                for value, label in Lead.Progress.choices
            ],
            **kwargs,
        )


def why_closed(lead: Lead) -> str:
    """Say of a lead that is not open why it cannot be changed."""
    if lead.is_open:
        return ""
    return _("%(lead)s is %(status)s and read-only.") % {
        "lead": lead,
        "status": lead.get_status_display().lower(),
    }


def dialled(lead: Lead, name: str) -> str:
    """Return a number as a telephone dials it."""
    return str(getattr(lead, f"{name}_key") or getattr(lead, name))


def head_of(lead: Lead, editing: Editing, hidden: Container[str] = ()) -> dict[str, Any]:
    """Return the head of the page: name, status, what the person does and where, and four facts."""
    place = ", ".join(
        part for part in (lead.job_title, lead.company if lead.full_name else "") if part
    )
    return {
        "object": "lead",
        "title": str(lead),
        "badge": lead.status_label,
        "tone": TONES.get(lead.progress if lead.is_open else lead.status, ""),
        "status": {"name": "progress", "label": _("Status"), **editing.on_page("progress")},
        "meta": [{"label": part} for part in (place, lead.topic) if part],
        "facts": facts_of(lead, editing, hidden),
    }


def facts_of(lead: Lead, editing: Editing, hidden: Container[str] = ()) -> list[dict[str, Any]]:
    """Return the figures at the right of the head, without the fields that the layout hides."""
    facts: list[dict[str, Any]] = []
    if lead.score is not None:
        facts.append({"label": _("Score"), "score": lead.score})
    if "estimated_value" not in hidden:
        value = money(lead.estimated_value, lead.currency)
        facts.append(editing.fact("estimated_value", _("Est. value"), value))
    if "source" not in hidden:
        source = str(lead.source or "")
        facts.append(editing.fact("source", _("Source"), source, is_extra=True))
    return [*facts, editing.owner()]


def stages_for(lead: Lead, verdicts: Verdicts) -> list[dict[str, Any]]:
    """Return the process bar: this is where the journey begins."""
    bar = stage_bar(lead_since=lead.created_at, lead_until=lead.qualified_at, has_steps=False)
    stages = []
    for place in bar:
        state, note = place.state, _later(lead, is_next=len(stages) == 1)
        if place.stage.is_for_leads:
            state, note = _first_stage(lead, verdicts, place.usual_days)
        url = "#readiness" if state == "current" else ""
        stages.append({"label": str(place.stage), "note": note, "state": state, "url": url})
    return stages


def _later(lead: Lead, *, is_next: bool) -> str:
    if lead.status == Lead.Status.DISQUALIFIED:
        return _("Not reached")
    if lead.is_open and is_next:
        return _("Starts when qualified")
    return _("On the opportunity")


def _first_stage(lead: Lead, verdicts: Verdicts, usual_days: int) -> tuple[str, str]:
    if lead.status == Lead.Status.DISQUALIFIED:
        return "lost", str(lead.disqualify_reason)
    if lead.qualified_at is not None:
        days = (lead.qualified_at - lead.created_at).days
        took = ngettext("%(day)s, took %(n)d day", "%(day)s, took %(n)d days", days)
        return "done", took % {"day": formats.day_of_year(lead.qualified_at), "n": days}
    return "current", _("Day %(day)d, %(met)d of %(total)d rules met") % {
        "day": (timezone.now() - lead.created_at).days + 1,
        "met": verdicts.met,
        "total": verdicts.total,
    }


def groups_of(lead: Lead, editing: Editing, user: User) -> list[dict[str, Any]]:
    """Return the fields in groups, each with the address that edits it."""
    standard = [
        (title, fold({name: row_of(lead, name, editing, user) for name in names}, FOLDED))
        for title, names in FIELDS
    ]
    return groups_for("lead", user, standard, rows_for(lead, user, editing)) + touches_of(lead.utm)


def row_of(lead: Lead, name: str, editing: Editing, user: User) -> dict[str, Any]:
    """Return one field as `components/field_row.html` takes it."""
    value = lead.product_names if name == "products" else getattr(lead, name)  # type: ignore[attr-defined]
    url = why_not = ""
    column = Lead._meta.get_field(name)
    if name == "tags":
        value = tags_of(lead, reverse("leads:list"))
    elif name in MONEY:
        value = money(value, lead.currency)
    elif name == "email" and value:
        url = f"mailto:{value}"
    elif name == "website" and (domain := domain_key(value)):
        url = f"https://{domain}"
        value = re.sub(r"^https?://(www\.)?|/$", "", value)
    elif name in ("phone", "mobile") and value:
        url = f"tel:{dialled(lead, name)}"
    elif name in ("account", "contact") and value is not None:
        is_visible = reaches(user, "view", value)
        url = value.get_absolute_url() if is_visible else ""
        why_not = "" if is_visible else unseen(value)
        value = value if is_visible else _("One that you cannot open")
    elif name == "country":
        value = value.name
    elif name == "estimated_close_date":
        value = day(value)
    elif isinstance(value, bool):
        value = _("Yes") if value else _("No")
    elif getattr(column, "choices", None):
        value = getattr(lead, f"get_{name}_display")()
    label = LABELS.get(name) or str(column.verbose_name).capitalize()  # type: ignore[union-attr]
    return editing.row(name, label, value, url=url, why_not=why_not)


def bant_rows(lead: Lead, editing: Editing, hidden: Container[str] = ()) -> list[dict[str, Any]]:
    """Return the four rows of the qualification card, unknown ones as a question.

    What the layout hides is neither told nor asked for: a part that is hidden whole has no row.
    """
    told: dict[str, Any] = {
        "budget_amount": money(lead.budget_amount, lead.currency),
        "budget_status": lead.get_budget_status_display(),
        "decision_maker": lead.decision_maker,
        "decision_maker_known": _("Decision maker is known")
        if lead.decision_maker_known and not lead.decision_maker
        else "",
        "purchase_process": lead.get_purchase_process_display()
        if lead.purchase_process != "unknown"
        else "",
        "need": lead.get_need_display(),
        "need_description": lead.need_description,
        "timeframe": lead.get_timeframe_display() if lead.bant[3].state != UNKNOWN else "",
    }
    rows = (
        (_("Budget"), ", ", _("What can they spend?"), ("budget_amount", "budget_status")),
        (
            _("Authority"),
            ", ",
            _("Who decides?"),
            ("decision_maker", "decision_maker_known", "purchase_process"),
        ),
        (
            _("Need"),
            ": ",
            _("What do they need, and how much?"),
            ("need", "need_description"),
        ),
        (_("Timeframe"), "", _("When do they want to decide?"), ("timeframe",)),
    )
    shown = [
        (part, name, between, question, [field for field in fields if field not in hidden])
        for part, (name, between, question, fields) in zip(lead.bant, rows, strict=True)
    ]
    return [
        {
            "part": part,
            "letter": part.letter,
            "name": name,
            "state": part.state,
            "value": between.join(str(told[field]) for field in fields if told[field]),
            "question": question,
            "field": fields[0],
            **editing.of(fields[0]),
        }
        for part, name, between, question, fields in shown
        if fields
    ]


def _joined(*words: Any) -> str:
    return ", ".join(str(word) for word in words if word)


def rules_of(
    verdicts: Verdicts,
    edit_url: str,
    hidden: Container[str] = (),
    editing: Editing | None = None,
) -> list[dict[str, Any]]:
    """Return the rules as the checklist takes them: what is missing leads to its field.

    On the page of the lead, whose `editing` is given, the field opens there.
    """
    rules = []
    for verdict in verdicts.items:
        is_open = verdict.is_told and not verdict.is_met and verdict.field not in hidden
        is_mended = bool(edit_url and is_open and verdict.field)
        rules.append(
            {
                "label": verdict.label,
                "note": verdict.note,
                "state": verdict.state,
                "url": f"{edit_url}#id_{verdict.field}" if edit_url and is_open else "",
                "opens": verdict.field if editing is not None and is_mended else "",
            }
        )
    return rules


def shown_lookalike(other: Lookalike, lead: Lead, user: User) -> dict[str, str]:
    """Return a possible duplicate in words; of one that may not be seen only that there is one."""
    if other.lead is None:
        hidden = _("A lead that you cannot open looks like this one. Ask your manager to compare.")
        return {"text": hidden, "url": "", "merge_url": ""}
    reasons = ", ".join(other.reasons)
    may_merge = all(reaches(user, "change", each) for each in (lead, other.lead))
    merge = address("duplicates:merge") if may_merge else ""
    name = _joined(other.lead, other.lead.company if other.lead.full_name else "")
    return {
        "text": _("Lead “%(name)s”: %(why)s.") % {"name": name, "why": reasons},
        "url": other.lead.get_absolute_url(),
        "merge_url": f"{merge}?kind=lead&id={lead.pk}&id={other.lead.pk}" if merge else "",
    }


def outcome_of(lead: Lead, user: User) -> dict[str, Any] | None:
    """Return what the latest qualification made, with links to what the user may open."""
    qualification = (
        Qualification.objects.filter(lead=lead).select_related("by").order_by("-seq").first()
    )
    if qualification is None:
        return None
    links = qualification.opportunity_links.select_related("opportunity__owner").order_by("pk")
    opportunities = [link.opportunity for link in links] if lead.qualified_at else []
    records = [lead.account, lead.contact, *opportunities] if lead.qualified_at else []
    return {
        "by": qualification.by,
        "at": qualification.at,
        "records": list(linked(records, user)),
        "receipt_url": reverse("leads:receipt", kwargs={"pk": lead.pk}),
    }


def score_of(lead: Lead, user: User) -> dict[str, Any] | None:
    """Return the score of a lead and what made it; None where it has none."""
    if lead.score is None:
        return None
    rating = suggested_rating(lead)
    return {
        "score": lead.score,
        "parts": parts_told(lead, viewer=user),
        "suggested": Lead.Rating(rating).label if rating != lead.rating else "",
        "history_url": f"{reverse('leads:history', kwargs={'pk': lead.pk})}?field=score",
    }


def linked(records: Iterable[Any], user: User) -> Iterable[dict[str, str]]:
    """Yield each record with its kind, its name and its address, as far as the user may know."""
    for record in records:
        if record is None:
            continue
        is_visible = reaches(user, "view", record)
        yield {
            "kind": record._meta.model_name,
            "kind_name": str(record._meta.verbose_name).capitalize(),
            "name": str(record) if is_visible else _("One that you cannot open"),
            "url": record.get_absolute_url() if is_visible else "",
        }
