"""The page of an opportunity: where it stands, what is next, who has a say."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.views.record import account_card
from activities.models import Activity
from activities.timeline import next_up, timeline_of
from opportunities.models import Opportunity, Step
from opportunities.rules import stage_bar, told_as
from opportunities.tables import TONES
from opportunities.touches import LAST, told
from records.layouts import groups_for, hidden_in
from records.permissions import fixed_fields, may, reaches
from users import formats
from workbench.custom import rows_for
from workbench.tables import tags_of
from workbench.templatetags.workbench import address, day, money
from workbench.views import RecordView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accounts.models import Contact
    from opportunities.rules import StageOnBar
    from users.models import User
    from workbench.rows import Editing


class OpportunityDetail(RecordView):
    """An opportunity and everything that one does with it."""

    model = Opportunity
    related = (
        "owner", "stage", "account__owner", "contact__owner", "source", "campaign",
        "loss_reason", "lost_to",
    )  # fmt: skip
    actions = ("change", "delete", "assign", "close")
    timeline_of = staticmethod(timeline_of)
    next_up = staticmethod(next_up)

    def get_rows(self) -> Any:
        return super().get_rows().with_competitor_names()  # type: ignore[attr-defined]

    def closed_because(self) -> str:
        return why_closed(self.record)

    @cached_property
    def qualification(self) -> Any:
        """What made the opportunity of a lead, if it was made of one."""
        origin = self.record.qualification_links.select_related("qualification__lead__owner")
        link = origin.order_by("-is_primary", "pk").first()
        return link.qualification if link is not None else None

    @cached_property
    def lead(self) -> Any:
        return self.qualification.lead if self.qualification else None

    @cached_property
    def bar(self) -> list[StageOnBar]:
        return stage_bar(
            self.record,
            lead_since=self.lead.created_at if self.lead else None,
            lead_until=self.qualification.at if self.qualification else None,
        )

    def summary(self) -> dict[str, Any]:
        this, bar = self.record, self.bar
        return {
            "head": head_of(this, self.editing, self.origin()),
            "stages": stages_for(this, bar, link_to(self.lead, self.user), kept=self.kept),
            "groups": groups_of(this, self.editing, self.user),
            "next_stage": next((place.stage for place in bar if place.state == "next"), None),
            "checklist": checklist_of(bar, "", self.editing),
            "may_edit": bool(self.editing.url),
            **account_card(this, self.editing, self.user),
        }

    @property
    def kept(self) -> str:
        return f"&{self.trail.query}" if self.trail else ""

    def origin(self) -> list[dict[str, str]]:
        """Return what the opportunity belongs to and comes from, for the line under its name."""
        account = link_to(self.record.account, self.user)
        parts = [account or {"label": _("No account")}]
        if self.lead is not None:
            parts.append({"lead_in": _("from lead"), **(link_to(self.lead, self.user) or {})})
        if receipt_url := receipt_of(self.qualification, self.user):
            parts.append({"label": _("Receipt"), "url": receipt_url})
        return parts

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET.get("stage", "")
        may_edit = bool(self.editing.url)
        lines = list(self.record.lines.select_related("product").order_by("position", "pk"))
        return super().get_context_data(
            stage_panel=self.stage_panel(asked),
            people=self.people(may_edit=may_edit),
            lines=lines,
            total=sum((line.amount for line in lines), Decimal(0)),
            may_write=may(self.user, "add", Activity),
            **kwargs,
        )

    def stage_panel(self, asked: str) -> dict[str, Any] | None:
        """Return what a stage that was chosen on the process bar asks for, under the bar."""
        is_one = any(str(place.stage.pk) == asked for place in self.bar)
        return checklist_of(self.bar, asked, self.editing) if is_one else None

    def url(self, name: str, **more: int) -> str:
        return reverse(f"opportunities:{name}", kwargs={"pk": self.record.pk, **more})

    def people(self, *, may_edit: bool) -> list[dict[str, Any]]:
        """Return the primary contact, then everybody else who has a say."""
        stakeholders = list(
            self.record.stakeholders.select_related("contact__owner").order_by("pk")
        )
        roles = {person.contact_id: str(person.get_role_display()) for person in stakeholders}
        people = []
        if self.record.contact is not None:
            role = roles.get(self.record.contact_id) or _("Primary contact")
            people.append(person_row(self.record.contact, role, self.user))
        for person in stakeholders:
            if person.contact_id != self.record.contact_id:
                row = person_row(person.contact, roles[person.contact_id], self.user)
                if may_edit:
                    row["remove_url"] = self.url("stakeholder-remove", contact=person.contact_id)
                people.append(row)
        return people


def link_to(record: Any, user: User) -> dict[str, str] | None:
    """Return name and address of a record; of one that may not be seen only that there is one."""
    if record is None:
        return None
    if record.is_in_bin or not reaches(user, "view", record):
        kind = record._meta.verbose_name
        return {"label": _("%(kind)s that you cannot open") % {"kind": kind}, "url": ""}
    return {"label": str(record), "url": record.get_absolute_url()}


def receipt_of(qualification: Any, user: User) -> str:
    """Return where it is told how a lead became the opportunity, to those who may see the lead."""
    if qualification is None or not (link_to(qualification.lead, user) or {}).get("url"):
        return ""
    return f"{address('leads:receipt', qualification.lead_id)}?seq={qualification.seq}"


def status_of(opportunity: Opportunity) -> str:
    """Return the status in a word, on hold included."""
    return _("On hold") if opportunity.is_on_hold else str(opportunity.get_status_display())


def why_closed(opportunity: Opportunity) -> str:
    """Say of an opportunity that is not open why it cannot be changed."""
    if opportunity.is_open:
        return ""
    return _("%(opportunity)s is %(status)s. Reopen it to change it.") % {
        "opportunity": opportunity,
        "status": opportunity.get_status_display().lower(),
    }


def head_of(
    opportunity: Opportunity, editing: Editing, origin: list[dict[str, str]]
) -> dict[str, Any]:
    """Return the head of the page: name, status, where it belongs, and four facts."""
    tone = "warn" if opportunity.is_on_hold else TONES[opportunity.status]  # type: ignore[index]
    return {
        "object": "opportunity",
        "title": str(opportunity),
        "badge": status_of(opportunity),
        "tone": tone,
        "meta": origin,
        "facts": facts_of(opportunity, editing),
    }


def facts_of(opportunity: Opportunity, editing: Editing) -> list[dict[str, Any]]:
    """Return the figures at the right of the head."""
    is_won = opportunity.status == Opportunity.Status.WON
    value = money(opportunity.actual_value if is_won else opportunity.value, opportunity.currency)
    likely = f"{opportunity.probability}%"
    close = {"label": _("Closed on"), "value": day(opportunity.closed_on)}
    if opportunity.is_open:
        expected = day(opportunity.estimated_close_date)
        close = editing.fact("estimated_close_date", _("Expected close"), expected)
    return [
        editing.fact("value", _("Value"), value),
        editing.fact("probability", _("Probability"), likely, is_extra=True),
        close,
        editing.owner(),
    ]


def stages_for(
    opportunity: Opportunity,
    bar: Sequence[StageOnBar],
    lead: dict[str, str] | None,
    *,
    kept: str = "",
) -> list[dict[str, Any]]:
    """Return the process bar: each stage opens its checklist, the first one leads to the lead."""
    stages = []
    is_won = opportunity.status == Opportunity.Status.WON
    for place in bar:
        url, panel_url = "", f"?stage={place.stage.pk}{kept}#stage-panel"
        if place.stage.is_for_leads:
            url, panel_url = (lead["url"] if lead else ""), ""
        stages.append(
            {
                "label": str(place.stage),
                "note": note_of(place, opportunity),
                "state": "won" if is_won else place.state,
                "url": url,
                "panel_url": panel_url,
                "is_late": place.is_late and opportunity.is_open,
            }
        )
    return stages


def note_of(place: StageOnBar, opportunity: Opportunity) -> str:
    """Return the small line of a stage: when it was left, the day it is on, what is still to do."""
    match place.state:
        case "current" if place.is_late:
            return _("Day %(day)d, usual %(usual)d") % {
                "day": place.day,
                "usual": place.usual_days,
            }
        case "current":
            return _("Day %(day)d of usual %(usual)d") % {
                "day": place.day or 1,
                "usual": place.usual_days,
            }
        case "next" if not opportunity.is_open:
            return _("Not reached")
        case "next" if place.steps_left:
            return ngettext(
                "%(n)d step left to enter", "%(n)d steps left to enter", place.steps_left
            ) % {"n": place.steps_left}
        case "next":
            return _("No required step left")
        case "lost":
            return str(opportunity.loss_reason or _("Lost"))
    if place.left_at is None or place.days is None:
        return _("Skipped") if place.state == "done" else ""
    return ngettext("%(day)s, took %(n)d day", "%(day)s, took %(n)d days", place.days) % {
        "day": formats.day_of_year(place.left_at),
        "n": place.days,
    }


def place_of(step: Step, edit_url: str, page_url: str = "") -> str:
    """Return where a step is done that is no box: its field, or the timeline of the page."""
    return f"{page_url}#timeline" if step.activity else f"{edit_url}#id_{step.field}"


def checklist_of(bar: Sequence[StageOnBar], asked: str, editing: Editing) -> dict[str, Any] | None:
    """Return the steps before the stage that was asked for, or before the next one.

    Those of the stage that an opportunity is in and of all that it would pass; of a stage that it
    has passed, or is in at last, the steps of that stage.
    """
    own = [place for place in bar if not place.stage.is_for_leads]
    chosen = next((place for place in own if str(place.stage.pk) == asked), None)
    following = next((place for place in own if place.state == "next"), None)
    chosen = chosen or following or next((p for p in reversed(own) if p.state != "next"), None)
    if chosen is None:
        return None
    is_ahead = chosen.state == "next"
    places = [chosen]
    if is_ahead:
        places = [
            place
            for place in own
            if place.state in {"current", "next"} and place.stage.position < chosen.stage.position
        ] or [chosen]
    steps = [step for place in places for step in place.steps]
    fixed = fixed_fields(editing.user, "opportunity")

    def way_to(entry: Any) -> str:
        return "" if entry.step.field in fixed else editing.url

    title = _("To enter %(stage)s") if is_ahead else _("Steps of %(stage)s")
    return {
        "title": title % {"stage": chosen.stage},
        "stage": chosen.stage,
        "count": _("%(done)d of %(total)d")
        % {"done": sum(step.is_done for step in steps), "total": len(steps)},
        "items": [
            {
                "label": told_as(entry.step, editing.user),
                "note": _("Required") if entry.step.is_required and not entry.is_done else "",
                "state": "met" if entry.is_done else "open",
                "is_done": entry.is_done,
                "is_box": entry.is_box,
                "step": entry.step.pk,
                "url": place_of(entry.step, editing.url) if way_to(entry) else "",
                "opens": entry.step.field if way_to(entry) and not entry.is_box else "",
            }
            for entry in steps
        ],
        "shown": chosen.stage.pk if str(chosen.stage.pk) == asked else "",
        "is_ahead": is_ahead,
        "is_behind": chosen.state == "done",
    }


def groups_of(opportunity: Opportunity, editing: Editing, user: User) -> list[dict[str, Any]]:
    """Return the fields in groups, each with the address that edits it."""

    def row(name: str, value: Any, label: str = "") -> tuple[str, Any]:
        column = Opportunity._meta.get_field(name)
        label = label or str(column.verbose_name).capitalize()  # type: ignore[union-attr]
        is_text = value is not None and not isinstance(value, SafeString)
        return name, editing.row(name, label, str(value) if is_text else value)

    this = opportunity
    need = "" if "need_description" in hidden_in("opportunity", user) else this.need_description
    budget = joined(money(this.budget_amount, this.currency), this.get_budget_status_display())
    knows = _("Known") if this.decision_maker_known else ""
    closed = [
        {"label": _("Closed on"), "value": day(this.closed_on)},
        {"label": _("Reason"), "value": str(this.loss_reason or "")},
        {"label": _("Lost to"), "value": str(this.lost_to or "")},
        {"label": _("Comment"), "value": this.close_comment},
    ]
    standard = [
        (
            _("Deal"),
            [
                row("value", money(this.value, this.currency)),
                row("estimated_close_date", day(this.estimated_close_date)),
                row("probability", f"{this.probability}%", _("Probability")),
                row("forecast_category", this.get_forecast_category_display(), _("Forecast")),
                row("competitors", this.competitor_names, _("Competitors")),  # type: ignore[attr-defined]
                row("source", this.source),
                row("campaign", this.campaign),
                row("tags", tags_of(this, reverse("opportunities:list"))),
            ],
        ),
        (
            _("Budget, authority, need, timeframe"),
            [
                row("budget_amount", budget, _("Budget")),
                row("decision_maker", this.decision_maker or knows, _("Authority")),
                row("purchase_process", this.get_purchase_process_display(), _("Purchase")),
                row("need", joined(this.get_need_display(), need), _("Need")),
                row("timeframe", this.get_timeframe_display()),
            ],
        ),
        (
            _("Narrative"),
            [
                row("customer_need", this.customer_need, _("Customer need")),
                row("proposed_solution", this.proposed_solution, _("Proposed solution")),
                row("description", this.description),
            ],
        ),
    ]
    sections = [(title, dict(rows)) for title, rows in standard]
    groups = groups_for("opportunity", user, sections, rows_for(this, user, editing))
    groups += touches_of(this.utm)
    if not this.is_open:
        ending = [line for line in closed if line["value"]]
        groups.insert(0, {"title": str(this.get_status_display()), "rows": ending})
    return groups


def touches_of(known: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return how somebody came to us, as a group of fields; no group where nothing tells it."""
    labels = {"first": _("First touch"), LAST: _("Last touch")}
    rows = [{"label": labels[name], "value": words} for name, words in told(known)]
    return [{"title": _("How they came"), "rows": rows}] if rows else []


def joined(*words: Any) -> str:
    return ", ".join(str(word) for word in words if word)


def person_row(contact: Contact, role: str, user: User) -> dict[str, Any]:
    """Return a person with the ways to reach them, for those who may see the contact."""
    row: dict[str, Any] = {"role": role, **(link_to(contact, user) or {})}
    if row["url"]:
        number = contact.phone or contact.mobile
        row["title"] = contact.job_title
        row["tel"] = (contact.phone_key if contact.phone else contact.mobile_key) or number
        row["email"] = contact.email
    return row
