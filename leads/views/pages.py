"""The list of leads, its forms, and what is done to one lead but qualifying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.timeline import next_up
from leads import operations
from leads.errors import CannotUndo
from leads.filters import LeadFilter
from leads.forms import AssignForm, DisqualifyForm, LeadForm, ProgressForm
from leads.matching import lookalikes
from leads.models import Lead
from leads.queries import blocker_for, with_reasons
from leads.tables import LeadTable
from leads.views.record import shown_lookalike, why_closed
from records.custom import PREFIX
from records.permissions import may, name_for, reaches, unnamed
from workbench.filters import WHERE
from workbench.views import (
    ASSIGN,
    DELETE,
    FIELD,
    MERGE,
    TAG,
    TASK,
    CreateView,
    DeleteView,
    EditView,
    ForSelected,
    OperationView,
    RelatedListView,
    RestoreView,
    Tab,
)

if TYPE_CHECKING:
    from django.http import HttpResponse

    from records.errors import Refused, Stale
    from users.models import User


# What a person narrows a list by before all that is left of it is given up.
GIVES_UP_BY = {
    "q", "progress", "source", "campaign", "rating", "tag", "next_step", "created",
    "created_after", "created_before", "country", "region", WHERE,
}  # fmt: skip
ONLY_OPEN = f"status:is:{Lead.Status.OPEN}"  # the same as a condition says it


class LeadList(RelatedListView):
    """The leads that the user may see."""

    model = Lead
    table_class = LeadTable
    filter_class = LeadFilter
    purpose = gettext_lazy("A lead is somebody who showed interest and has not been qualified yet.")
    amount_column = "estimated_value"
    total_column = "base_value"
    tabs = [
        Tab(gettext_lazy("My open leads"), "owner=me&status=open"),
        Tab(gettext_lazy("All open"), "status=open"),
        Tab(gettext_lazy("New this week"), "created=week"),
        Tab(gettext_lazy("Unassigned"), "owner=none&status=open"),
        Tab(gettext_lazy("Ready to qualify"), "ready=1"),
        Tab(gettext_lazy("Needs a decision"), "undecided=1"),
        Tab(gettext_lazy("Qualified this month"), "qualified=month"),
    ]
    for_selected = [
        ForSelected(gettext_lazy("Qualify"), "leads:bulk-qualify", "circle-check", "qualify"),
        ASSIGN,
        ForSelected(gettext_lazy("Status"), "status", "circle-dashed", "change", key="s"),
        TASK,
        TAG,
        FIELD,
        MERGE,
        ForSelected(gettext_lazy("Disqualify"), "leads:bulk-disqualify", "ban", "disqualify"),
        DELETE,
    ]

    def left_out(self) -> tuple[str, ...]:
        """Leave out the owner where it is always the same: there is room for the age instead, or
        for the reason why nobody has it. Automation is for those who ask for it, the open question
        for those who look at what needs a decision.
        """
        owner = self.data.get("owner")
        if self.data.get("undecided") == "1":
            return ("age", "source", "bant", "why", "automation", "next_step")
        if owner == "none":
            return ("owner", "age", "source", "bant", "automation", "decision")
        return ("owner" if owner == "me" else "age", "why", "automation", "decision")

    def for_rows(self, rows: Any) -> Any:
        return super().for_rows(with_reasons(rows) if "why" in self.shown else rows)

    def for_all(self) -> list[dict[str, Any]]:
        """Offer to qualify the leads that are ready, and to give up what a filter leaves."""
        offered = []
        if self.data.get("ready") == "1" and may(self.user, "qualify", Lead):
            offered.append(("leads:bulk-qualify", _("Qualify all …"), "circle-check"))
        if self.is_narrowed and may(self.user, "disqualify", Lead):
            offered.append(("leads:bulk-disqualify", _("Disqualify all …"), "ban"))
        return [
            {"url": reverse(name) + self.here(), "label": label, "icon": icon}
            for name, label, icon in offered
        ]

    @property
    def is_narrowed(self) -> bool:
        """Say whether open leads are left by filters of the user's own, beyond those of a tab."""
        said = {name for name, value in self.data.items() if value}
        conditions = self.data.getlist(WHERE)
        is_open = self.data.get("status") == Lead.Status.OPEN or ONLY_OPEN in conditions
        if set(conditions) <= {ONLY_OPEN, ""}:
            said.discard(WHERE)
        is_own = any(name.startswith(PREFIX) for name in said)
        return is_open and (is_own or bool(said & GIVES_UP_BY))


class LeadCreate(CreateView):
    """Capture a lead."""

    model = Lead
    form_class = LeadForm
    has_hints = True
    prefilled = (
        "topic",
        "company",
        "first_name",
        "last_name",
        "email",
        "phone",
        "account",
        "contact",
    )

    @staticmethod
    def operation(*, owner: Any = None, **values: Any) -> Lead:
        """Take an owner that was left empty as said: nobody."""
        return operations.capture_lead(owner=owner, is_unassigned=owner is None, **values)


class OpenLead:
    """A page for leads that are open: of another one it says why it cannot be used."""

    record: Any

    def closed_because(self) -> str:
        return why_closed(self.record)


class LeadEdit(OpenLead, EditView):
    """Change the fields of an open lead."""

    model = Lead
    form_class = LeadForm
    has_hints = True
    related = ("owner", "account", "contact", "changed_by")
    operation = staticmethod(operations.update_lead)


class LeadDelete(DeleteView):
    """Put a lead into the recycle bin."""

    model = Lead
    operation = staticmethod(operations.delete_lead)


class LeadRestore(RestoreView):
    """Take a lead out of the recycle bin."""

    model = Lead
    operation = staticmethod(operations.restore_lead)


class LeadAssign(OpenLead, OperationView):
    """Give a lead to somebody else."""

    model = Lead
    action = "assign"
    form_class = AssignForm
    operation = staticmethod(operations.assign_lead)
    submit_label = gettext_lazy("Assign lead")

    def page_title(self) -> str:
        return _("Assign %(lead)s") % {"lead": self.record}

    def success_message(self, outcome: Lead) -> str:
        if outcome.owner is None:
            return _("%(lead)s waits in the queue") % {"lead": outcome}
        return _("%(lead)s assigned to %(owner)s") % {"lead": outcome, "owner": outcome.owner}

    def success_url_for(self, outcome: Lead) -> str:
        is_visible = Lead.objects.permitted(self.user, "view").filter(pk=outcome.pk).exists()
        return outcome.get_absolute_url() if is_visible else reverse("leads:list")


class LeadProgress(OpenLead, OperationView):
    """Say how far the work on a lead is."""

    model = Lead
    action = "change"
    form_class = ProgressForm
    operation = staticmethod(operations.set_progress)
    submit_label = gettext_lazy("Save status")

    def page_title(self) -> str:
        return _("Status of %(lead)s") % {"lead": self.record}

    def success_message(self, outcome: Lead) -> str:
        return _("%(lead)s is %(status)s") % {
            "lead": outcome,
            "status": str(outcome.get_progress_display()).lower(),
        }


class LeadDisqualify(OpenLead, OperationView):
    """Give a lead up, with a reason."""

    model = Lead
    action = "disqualify"
    form_class = DisqualifyForm
    operation = staticmethod(operations.disqualify)
    template_name = "leads/disqualify.html"
    submit_label = gettext_lazy("Disqualify lead")
    explanation = gettext_lazy("The lead closes and leaves your open views. You can reopen it.")

    def page_title(self) -> str:
        return _("Disqualify %(lead)s") % {"lead": self.record}

    def is_stale(self, form: Any, refusal: Stale) -> HttpResponse:
        del self.record
        form.add_error(None, _("%(refusal)s Check it again, then confirm.") % {"refusal": refusal})
        form.data = form.data.copy()
        form.data["version"] = str(refusal.version)
        return self.form_invalid(form, status=409)

    def success_message(self, outcome: Lead) -> str:
        return _("%(lead)s is disqualified") % {"lead": outcome}

    def undo_url(self, outcome: Lead) -> str:
        return reverse("leads:reopen", kwargs={"pk": outcome.pk})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            lookalikes=[
                shown_lookalike(other, self.record, self.user)
                for other in lookalikes(self.record, by=self.user)
            ],
            to_cancel=next_up(self.record),
            **kwargs,
        )


class LeadReopen(OperationView):
    """Take up a closed lead again; a qualified one keeps the records that were made of it."""

    model = Lead
    operation = staticmethod(operations.reopen)
    submit_label = gettext_lazy("Reopen lead")

    @property
    def action(self) -> str:
        return "undo" if self.record.status == Lead.Status.QUALIFIED else "disqualify"

    def page_title(self) -> str:
        return _("Reopen %(lead)s") % {"lead": self.record}

    def closed_because(self) -> str:
        return _("%(lead)s is open already.") % {"lead": self.record} if self.record.is_open else ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kept = _("The account, the contact and the opportunities stay. The lead is open again.")
        back = _("The lead is open again, and its cancelled tasks come back.")
        is_qualified = self.record.status == Lead.Status.QUALIFIED
        return super().get_context_data(**{**kwargs, "explanation": kept if is_qualified else back})

    def success_message(self, outcome: Lead) -> str:
        return _("%(lead)s is open again") % {"lead": outcome}


class LeadUndo(OperationView):
    """Take a qualification back: what it made goes, what it found is as before."""

    model = Lead
    action = "undo"
    operation = staticmethod(operations.undo)
    template_name = "leads/undo.html"
    submit_label = gettext_lazy("Undo qualification")

    def page_title(self) -> str:
        return _("Undo the qualification of %(lead)s") % {"lead": self.record}

    def closed_because(self) -> str:
        if self.record.status == Lead.Status.QUALIFIED:
            return ""
        return _("%(lead)s is not qualified.") % {"lead": self.record}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.closed_because():
            return super().get_context_data(**kwargs)
        made = operations.made_by(operations.latest_qualification(self.record))
        told = [blocker_for(blocker, self.user) for blocker in operations.blockers_of(made)]
        blockers = [{"text": each.text, "url": each.url} for each in told]
        context = super().get_context_data(
            blockers=blockers, effects=undo_effects(self.record, made, self.user), **kwargs
        )
        if blockers:
            # The same sentences, but with links to what they are about.
            context["errors"] = []
        return context

    def add_refusal(self, form: Any, refusal: Refused) -> None:
        if isinstance(refusal, CannotUndo):
            told = [blocker_for(blocker, self.user).text for blocker in refusal.blockers]
            refusal.reasons = list(dict.fromkeys(told))
        super().add_refusal(form, refusal)

    def success_message(self, outcome: Any) -> str:
        return _("%(lead)s is open again") % {"lead": self.record}


def undo_effects(lead: Lead, made: Any, viewer: User) -> list[dict[str, str]]:
    """Say in words what an undo would do, without the names that `viewer` may not read."""
    effects = [
        {
            "kind": "nothing",
            "text": _("Remove the %(kind)s %(name)s")
            % {"kind": record._meta.verbose_name, "name": record}
            if reaches(viewer, "view", record)
            else _("Remove %(name)s") % {"name": unnamed(type(record))},
        }
        for record in made.created
    ]
    effects += [
        {
            "kind": "link",
            "text": _("Give %(name)s back what was filled in") % {"name": name_for(viewer, record)},
        }
        for record in made.filled
    ]
    effects += [
        {
            "kind": "link",
            "text": _("Take the lead from the opportunity %(name)s") % {"name": record}
            if reaches(viewer, "view", record)
            else _("Take the lead from %(name)s") % {"name": unnamed(type(record))},
        }
        for record in made.joined
    ]
    effects.append({"kind": "move", "text": _("Bring notes, calls and tasks back to the lead")})
    effects.append({"kind": "create", "text": _("Open the lead %(lead)s again") % {"lead": lead}})
    return effects
