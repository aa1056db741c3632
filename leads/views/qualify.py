"""The page on which a lead is qualified: what will be made of it, and why that is allowed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.matching import LISTED, apart
from accounts.models import Account, Contact
from leads import operations
from leads.forms import OTHER, TERMS, QualifyForm
from leads.matching import lookalikes
from leads.models import Lead
from leads.operations.plan import MOST_OPPORTUNITIES, Plan, decided
from leads.operations.preview import is_hidden
from leads.operations.reusing import AUTO, BARRED, CREATE, SKIP, USE, Target
from leads.rules import with_rules
from leads.views.record import rules_of, shown_lookalike
from opportunities.models import Opportunity
from records.errors import NotPermitted, Refused, Stale, Unacceptable
from records.layouts import hidden_in
from records.permissions import reaches
from workbench.views import OperationView
from workbench.views.conflict import AsRead, as_sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import Model

    from accounts.matching import Seen
    from leads.matching import Lookalike
    from leads.operations import Preview, Qualified
    from leads.operations.plan import Choice, Decision
    from leads.operations.preview import Compared
    from users.models import User

MOST_EXISTING = 20
PARTED: dict[str, Any] = {"account": Account, "contact": Contact, "lead": Lead}
EFFECTS = {
    "link": "link",
    "plus": "create",
    "arrow": "move",
    "lock": "close",
    "copy": "copy",
    "warning": "warning",
    "question": "warning",
}
BADGES = {
    "reused": (gettext_lazy("Link to existing"), "active c-badge--bare"),
    "created": (gettext_lazy("Create new"), "info c-badge--bare"),
    "skipped": (gettext_lazy("Skip"), "plain c-badge--bare"),
    "undecided": (gettext_lazy("Needs a decision"), "warn c-badge--bare"),
}


class LeadQualify(OperationView):
    """Ask for account, contact and terms, show what will happen, then qualify the lead.

    Nothing is written before "Qualify lead": the buttons "Update preview" and "Add another" only
    draw the page again with what was chosen.
    """

    model = Lead
    action = "qualify"
    related = (
        "owner", "source", "campaign", "account__owner", "contact__owner",
        "contact__account__owner",
    )  # fmt: skip
    form_class = QualifyForm
    template_name = "leads/qualify.html"
    explanation = gettext_lazy(
        "Check what will be created or linked. Nothing is saved until you confirm."
    )

    def get_rows(self) -> Any:
        return with_rules(super().get_rows())

    def page_title(self) -> str:
        return _("Qualify %(lead)s") % {"lead": self.record}

    def closed_because(self) -> str:
        if self.record.is_open:
            return ""
        return _("%(lead)s is %(status)s already.") % {
            "lead": self.record,
            "status": self.record.get_status_display().lower(),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.record.status == Lead.Status.QUALIFIED:
            # Somebody was faster, or the button was pressed twice: everybody gets the same answer.
            read = Plan(lead_version=self.record.version)
            try:
                done = operations.qualify(self.record, by=self.user, plan=read)
            except Stale:
                # Taken back in this very moment: nothing is qualified that nobody has looked at.
                return self.go(request.get_full_path())
            return self.go(self.success_url_for(done))
        if "apart" in request.POST or "together" in request.POST:
            return self.part()
        if "add" in request.POST:
            data = request.POST.copy()
            data["count"] = str(min(self.get_form().number + 1, MOST_OPPORTUNITIES))
            form = self.form_class(data, record=self.record, user=self.user)
            return self.render_to_response(self.get_context_data(form=form, is_update=True))
        if "update" in request.POST or self.is_part:
            return self.render_to_response(
                self.get_context_data(form=self.get_form(), is_update=True)
            )
        return super().post(request, *args, **kwargs)

    def part(self) -> HttpResponse:
        """Keep what was said about lead and candidate: the same or not; then show what follows."""
        data = self.request.POST.copy()
        word = "apart" if "apart" in data else "together"
        kind, _colon, number = str(data[word]).partition(":")
        model = PARTED.get(kind)
        if model is None or not (number.isascii() and number.isdigit() and len(number) < 19):
            raise Http404
        other = get_object_or_404(
            model.objects.permitted(self.user, "view").select_related("owner"), pk=int(number)
        )
        keep = operations.dismiss_pair if word == "apart" else operations.restore_pair
        try:
            keep(self.record, other, by=self.user)
        except NotPermitted as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        except Unacceptable as refusal:
            raise Http404 from refusal  # the lead and itself
        if data.get(kind) == f"{USE}:{number}" and word == "apart":
            data[kind] = AUTO
        form = self.form_class(data, record=self.record, user=self.user)
        if kind != "lead" and word == "apart" and data.get(kind, AUTO) == AUTO:
            form.is_valid()
            found, _problem = self.preview(form.plan)
            if getattr(found.decision, kind).outcome == "undecided":
                # Who says that it is another one means a new one, if nobody else is meant.
                data[kind] = CREATE
                form = self.form_class(data, record=self.record, user=self.user)
        return self.render_to_response(self.get_context_data(form=form, is_update=True))

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#judgement" if self.is_part else self.template_name]

    @property
    def is_part(self) -> bool:
        """Say whether htmx asks for what follows the choices."""
        htmx = self.request.htmx  # type: ignore[attr-defined]
        return bool(htmx) and htmx.target == "qualify-judgement"

    def run(self, form: QualifyForm) -> Qualified:
        return operations.qualify(self.record, by=self.user, plan=form.plan)

    def add_refusal(self, form: Any, refusal: Refused) -> None:
        super().add_refusal(form, refusal)
        if getattr(refusal, "unmet", None) and reaches(self.user, "override", self.record):
            form.add_error("override_reason", _("Enter a reason to qualify the lead anyway"))

    def is_stale(self, form: Any, refusal: Stale) -> HttpResponse:
        read = AsRead(self.record, form.cleaned_data["lead_version"]).row
        del self.record
        form.add_error(None, _("%(refusal)s Check it again, then confirm.") % {"refusal": refusal})
        form.data = form.data.copy()
        form.data["lead_version"] = str(refusal.version)
        if read is not None:
            self._propose_anew(form, read.instance)
        return self.form_invalid(form, status=409)

    def _propose_anew(self, form: Any, read: Lead) -> None:
        """Fill in what the lead says by now, where nobody has changed what it said when read."""
        before, now = (self.form_class(record=lead, user=self.user) for lead in (read, self.record))
        for name in TERMS:
            if form.data.getlist(name) == as_sent(before, name):
                form.data.setlist(name, as_sent(now, name))

    def success_message(self, outcome: Qualified) -> str:
        return _("%(lead)s is qualified") % {"lead": outcome.lead}

    def undo_url(self, outcome: Qualified) -> str:
        if outcome.is_repeat or not reaches(self.user, "undo", outcome.lead):
            return ""
        return reverse("leads:undo", kwargs={"pk": outcome.lead.pk})

    def success_url_for(self, outcome: Qualified) -> str:
        if "open_after" in self.request.POST:
            # One that was given to somebody else at once may be out of sight.
            for opportunity in outcome.opportunities[:1]:
                if reaches(self.user, "view", opportunity):
                    return opportunity.get_absolute_url()
        return outcome.lead.get_absolute_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lead = self.record
        if not lead.is_open:
            return super().get_context_data(form=None, **kwargs)
        form = kwargs.pop("form", None) or self.get_form()
        if form.is_bound:
            form.is_valid()
        plan = form.plan if form.is_bound else Plan()
        found, problem = self.preview(plan)
        verdicts = found.verdicts
        rules = rules_of(verdicts, self.edit_url(), hidden_in("lead", self.user))
        context = super().get_context_data(
            form=form,
            problem=problem,
            rules=rules,
            verdicts=verdicts,
            warnings=[v for v in verdicts.told if v.state == "warning"],
            may_override=found.may_override,
            effects=[{"text": s.text, "kind": EFFECTS.get(s.icon, "nothing")} for s in found.steps],
            targets=self.targets(form, found),
            existing=self.existing(found),
            existing_errors=[] if kwargs.get("is_update") else form["existing"].errors,
            may_add=form.number < MOST_OPPORTUNITIES,
            lookalikes=[self.shown(other, plan) for other in lookalikes(lead, by=self.user)],
            is_part=self.is_part,
            may_part=reaches(self.user, "change", lead),
            is_wide=True,
            starts_with_reading=not form.is_bound,
            **kwargs,
        )
        # What is missing on the lead is filled in there: each reason leads to its field.
        places = {str(rule["label"]): rule["url"] for rule in rules if rule["url"]}
        for error in context["errors"]:
            error["url"] = places.get(str(error["text"]), "")
        return context

    def shown(self, other: Lookalike, plan: Plan) -> dict[str, Any]:
        """Return a possible duplicate; one that the user may close along with this has its key."""
        twin = other.lead
        may_close = twin is not None and twin.is_open and reaches(self.user, "disqualify", twin)
        return {
            **shown_lookalike(other, self.record, self.user),
            "pk": twin.pk if twin is not None and may_close else "",
            "number": twin.pk if twin is not None else "",
            "is_closing": twin is not None and twin.pk in plan.duplicates,
        }

    def preview(self, plan: Plan) -> tuple[Preview, str]:
        """Return what the plan would do; if it cannot be, what would be done otherwise, and why."""
        try:
            return operations.preview(self.record, by=self.user, plan=plan), ""
        except Refused as refusal:
            return operations.preview(self.record, by=self.user), str(refusal)

    def edit_url(self) -> str:
        if not reaches(self.user, "change", self.record):
            return ""
        return reverse("leads:edit", kwargs={"pk": self.record.pk})

    def existing(self, found: Preview) -> list[Opportunity]:
        """Return the open opportunities of the account that would be used."""
        account = found.decision.account.record
        if not isinstance(account, Account):
            return []
        rows = Opportunity.objects.permitted(self.user, "view").open().filter(account=account)
        return list(rows.select_related("stage").order_by("-created_at", "-pk")[:MOST_EXISTING])

    def targets(self, form: QualifyForm, found: Preview) -> list[dict[str, Any]]:
        """Return the choices for the account and for the contact."""
        lead, plan, decision = self.record, found.plan, found.decision
        # What would be decided without a choice, given the other's: the way that says "auto".
        auto_account = self.undirected(plan, "account", decision)
        auto_contact = self.undirected(plan, "contact", decision)
        accounts = decision.account_match.seen_by(self.user)
        counts = counts_of([candidate.record for candidate in accounts.candidates])
        has_person = bool(lead.full_name or lead.email or lead.phone or lead.mobile)
        account, contact = decision.account.record, decision.contact.record
        may_part = reaches(self.user, "change", lead)
        parted = self.parted if may_part else {}
        return [
            {
                "name": "account",
                "label": _("Account"),
                "other": form["other_account"],
                **self.ways(Account, plan.account, decision.account, auto_account),
                **self.candidates(
                    accounts,
                    decision.account,
                    auto_account,
                    plan.account,
                    lambda record: account_meta(record, counts.get(record.pk, (0, 0))),
                ),
                "create": _("Create a new account “%(name)s”") % {"name": lead.company}
                if lead.company
                else "",
                "create_meta": "",
                "skip": _("No account"),
                "may_part": may_part,
                "parted": parted.get("account", ()),
                "compared": compared_rows("account", account, found.account_fields),
                "is_asked": any(line.is_asked for line in found.account_fields),
            },
            {
                "name": "contact",
                "label": _("Contact"),
                "other": form["other_contact"],
                **self.ways(Contact, plan.contact, decision.contact, auto_contact),
                **self.candidates(
                    decision.contact_match.seen_by(self.user),
                    decision.contact,
                    auto_contact,
                    plan.contact,
                    lambda record: contact_meta(record, self.user),
                ),
                "create": _("Create %(name)s")
                % {"name": lead.full_name or lead.email or lead.phone or lead.mobile}
                if has_person
                else "",
                "create_meta": " · ".join(part for part in (lead.job_title, lead.email) if part),
                "skip": _("No contact"),
                "may_part": may_part,
                "parted": parted.get("contact", ()),
                "compared": compared_rows("contact", contact, found.contact_fields),
                "is_asked": any(line.is_asked for line in found.contact_fields),
            },
        ]

    @cached_property
    def parted(self) -> dict[str, list[Any]]:
        """Return the records that are said not to be the same as the lead, by kind."""
        return {
            kind: list(PARTED[kind].objects.permitted(self.user, "view").filter(pk__in=numbers))
            for kind, numbers in apart("lead", self.record.pk).items()
            if kind in {"account", "contact"} and numbers
        }

    def undirected(self, plan: Plan, name: str, decision: Decision) -> Choice:
        """Return what would be decided about one of the two if nobody had chosen."""
        target = plan.account if name == "account" else plan.contact
        if target.action != AUTO:
            other = (
                replace(plan, account=Target())
                if name == "account"
                else (replace(plan, contact=Target()))
            )
            with suppress(Refused):
                decision = decided(
                    self.record,
                    other,
                    decision.account_match,
                    decision.contact_match,
                    by=self.user,
                )
        return decision.account if name == "account" else decision.contact

    def ways(
        self, model: type[Model], target: Target, choice: Choice, auto: Choice
    ) -> dict[str, Any]:
        """Return the ways that are no record, each with its value and whether it is chosen.

        What would be decided anyway has the value `auto`: then it stays true if somebody else makes
        the same company in this minute, while `create` insists on another one.
        """
        is_auto = target.action == AUTO
        badge, tone = BADGES[choice.outcome]
        hidden = ""
        if is_hidden(auto.record, self.user):
            hidden = _("An existing %(kind)s that you cannot open") % {
                "kind": model._meta.verbose_name
            }
        return {
            "badge": badge,
            "tone": tone,
            "question": choice.question,
            "create_value": AUTO if auto.outcome == "created" else CREATE,
            "is_create": target.action == CREATE or (is_auto and auto.outcome == "created"),
            "skip_value": AUTO if auto.outcome == "skipped" else SKIP,
            "is_skip": target.action == SKIP or (is_auto and auto.outcome == "skipped"),
            "is_other": self.request.POST.get(str(model._meta.model_name)) == OTHER
            and target.action != USE,
            "hidden": hidden,
            "is_hidden": is_auto and bool(hidden),
        }

    def candidates(
        self,
        match: Seen[Any],
        choice: Choice,
        auto: Choice,
        target: Target,
        meta: Callable[[Any], str],
    ) -> dict[str, Any]:
        """Return the records that may be meant, as far as the user may see them."""
        options = []
        found = {candidate.record.pk: candidate for candidate in match.candidates}
        records = [candidate.record for candidate in match.candidates]
        # The one picked on the lead, the account of the contact, the one named by hand.
        records += [r for r in (auto.record, choice.record) if r is not None and r.pk not in found]
        for record in dict.fromkeys(records):
            if not reaches(self.user, "view", record):
                continue
            is_auto = auto.record == record
            is_named = target.action == USE and target.id == record.pk
            candidate = found.get(record.pk)
            reasons = (
                [(reason.text, reason.agrees) for reason in candidate.reasons]
                if candidate
                else [(reason, True) for reason in (auto if is_auto else choice).reasons]
            )
            options.append(
                {
                    "pk": record.pk,
                    "value": AUTO if is_auto else f"{USE}:{record.pk}",
                    "name": str(record),
                    "meta": meta(record),
                    "score": candidate.score if candidate else "",
                    "is_parted": record in self.parted.get(str(record._meta.model_name), ()),
                    "reasons": [
                        {"label": text, "state": "agrees" if agrees else "differs"}
                        for text, agrees in reasons
                    ],
                    "checked": is_named or (is_auto and target.action == AUTO),
                }
            )
        weak = [o for o in options if o["score"] != "" and o["score"] < LISTED and not o["checked"]]
        return {
            "options": [option for option in options if option not in weak],
            "weaker": weak,
            "no_match": "" if options else _("No match found"),
            "auto_pk": next((o["pk"] for o in options if o["value"] == AUTO), ""),
        }


def compared_rows(kind: str, record: Any, fields: Iterable[Compared]) -> list[dict[str, Any]]:
    """Return the fields in which lead and record differ, each with its two radios.

    The one that is chosen without a word has no value: only what a person chose is sent.
    """
    return [
        {
            "field": f"{kind}-{record.pk}-{line.name}",
            "id": f"{kind}-{record.pk}-{line.name}".replace(".", "-"),
            "label": line.label,
            "theirs": line.theirs,
            "ours": line.ours,
            "is_carried": line.is_carried,
            "is_barred": line.outcome == BARRED,
            "is_asked": line.is_asked,
            "keep": "keep" if line.is_taken_unasked else "",
            "take": "" if line.is_taken_unasked else "take",
        }
        for line in fields
    ]


def account_meta(account: Account, counts: tuple[int, int]) -> str:
    contacts, opportunities = counts
    words = [account.place]
    if contacts:
        words.append(ngettext("%(n)d contact", "%(n)d contacts", contacts) % {"n": contacts})
    if opportunities:
        words.append(
            ngettext("%(n)d open opportunity", "%(n)d open opportunities", opportunities)
            % {"n": opportunities}
        )
    return " · ".join(word for word in words if word)


def contact_meta(contact: Contact, viewer: User) -> str:
    account = "" if is_hidden(contact.account, viewer) else contact.account
    return " · ".join(
        str(part) for part in (contact.job_title, account or "", contact.email) if part
    )


def counts_of(accounts: list[Account]) -> dict[int, tuple[int, int]]:
    """Count the contacts and the open opportunities of each account. Two statements."""
    keys = [account.pk for account in accounts]
    if not keys:
        return {}
    people = dict(
        Contact.objects.filter(account__in=keys)
        .values_list("account")
        .annotate(n=Count("pk"))
        .order_by()
    )
    deals = dict(
        Opportunity.objects.open()
        .filter(account__in=keys)
        .values_list("account")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return {key: (people.get(key, 0), deals.get(key, 0)) for key in keys}
