"""The list of records that may be twice, and what is done about a pair without merging it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from duplicates.forms import PairsForm
from duplicates.queries import (
    KINDS,
    Group,
    agreeing_in,
    count_outside,
    groups_in,
    meta_of,
    pairs_for,
    reasons_told,
    records_in,
    score_told,
)
from duplicates.views.merge import address_of
from leads.jobs import look_through
from leads.jobs.duplicates import look_for_duplicates
from leads.operations import dismiss_pair, restore_pair
from records.errors import Refused
from records.models import PossibleDuplicate
from records.operations.merging import MOST_RECORDS
from records.permissions import may, reaches
from workbench.forms import label_of
from workbench.models import Job
from workbench.views.jobs import page_in, pages
from workbench.views.record import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from users.models import User

GROUPS = 20  # on a page
MOST_SHOWN = 10  # pairs and records of a group


class Kinds(Page):
    """A page about one of the kinds that can be twice: `?kind=contact`, else leads."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.model = KINDS.get(request.GET.get("kind", ""), KINDS["lead"])

    def list_url(self) -> str:
        """Return the list as it is narrowed now."""
        asked = self.request.GET.copy()
        asked["kind"] = self.kind
        return f"{reverse('duplicates:list')}?{asked.urlencode()}"


class DuplicateList(Kinds, TemplateView):
    """Records that may be one: pairs and groups, the likeliest first."""

    template_name = "duplicates/list.html"
    title = gettext_lazy("Duplicates")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = PairsForm(self.request.GET, user=self.user)
        pairs = pairs_for(self.user, [self.kind])
        if least := form.value_of("score"):
            pairs = pairs.filter(told_score__gte=least)
        if what := form.value_of("reason"):
            pairs = agreeing_in(pairs, str(what))
        groups = groups_in(pairs)
        page = min(page_in(self.request), max(1, -(-len(groups) // GROUPS)))
        shown = groups[(page - 1) * GROUPS : page * GROUPS]
        live, last = latest_look(self.kind)
        asked = self.request.GET.copy()
        asked.pop("page", None)
        asked["kind"] = self.kind
        return super().get_context_data(
            form=form,
            tabs=[
                {
                    "label": str(model._meta.verbose_name_plural).capitalize(),
                    "url": f"?kind={kind}",
                    "is_current": kind == self.kind,
                }
                for kind, model in _IN_ORDER
            ],
            groups=groups_in_words(self.model, shown, self.user),
            total=len(groups),
            outside=count_outside(self.user, self.kind),
            is_narrowed=bool(form.value_of("score") or form.value_of("reason")),
            live=live,
            live_url=job_url(live, self.user),
            last=last,
            may_look=may(self.user, "view", self.model),
            asked=self.request.GET.urlencode(),
            **pages(page, len(groups) > page * GROUPS, f"?{asked.urlencode()}"),
            **kwargs,
        )


_IN_ORDER = [(kind, KINDS[kind]) for kind in ("lead", "contact", "account")]


def latest_look(kind: str) -> tuple[Job | None, Job | None]:
    """Return the job that looks through the records of a kind now, and the last that has. One
    statement.
    """
    jobs = Job.objects.filter(kind=look_for_duplicates.name, key=f"duplicates:{kind}")
    latest = list(jobs.select_related("owner").order_by("-pk")[:20])
    live = next((job for job in latest if job.is_live), None)
    return live, next((job for job in latest if job.state == Job.State.DONE), None)


def job_url(job: Job | None, user: User) -> str:
    """Return the page of a job for those who may open it."""
    if job is None or not Job.objects.permitted(user).filter(pk=job.pk).exists():
        return ""
    return job.get_absolute_url()


def groups_in_words(model: Any, groups: Sequence[Group], user: User) -> list[dict[str, Any]]:
    """Return groups as `duplicates/list.html` shows them. Two statements."""
    rows: Any = model._default_manager
    numbers = {number for group in groups for number in group.records[:MOST_SHOWN]}
    records = rows.select_related("owner").in_bulk(numbers)
    kept = {number for group in groups for number in group.pairs[:MOST_SHOWN]}
    kind = str(model._meta.model_name)
    pairs = pairs_for(user, [kind]).in_bulk(kept)
    return [_in_words(model, group, records, pairs, user) for group in groups]


def _in_words(
    model: Any, group: Group, records: dict[int, Any], pairs: dict[int, Any], user: User
) -> dict[str, Any]:
    # A record or pair that went meanwhile is left out.
    members = [records[number] for number in group.records if number in records]
    first = [number for number in group.records if number in records][:MOST_RECORDS]
    may_merge = len(first) > 1 and all(reaches(user, "change", records[each]) for each in first)
    lines = [
        {
            "pk": pair.pk,
            "score": score_told(pair),
            "one": label_of(records[pair.low]),
            "other": label_of(records[pair.high]),
            "reasons": [
                {"label": reason.text, "state": "agrees" if reason.agrees else "differs"}
                for reason in reasons_told(pair)
            ],
            "may_dismiss": any(reaches(user, "change", records[n]) for n in (pair.low, pair.high)),
        }
        for number in group.pairs[:MOST_SHOWN]
        if (pair := pairs.get(number)) and pair.low in records and pair.high in records
    ]
    return {
        "score": group.score,
        "records": [
            {
                "pk": record.pk,
                "name": str(record),
                "url": record.get_absolute_url(),
                "meta": meta_of(record),
                "owner": record.owner,
                "created_at": record.created_at,
            }
            for record in members
        ],
        "count": len(group.records),
        "more_records": len(group.records) - len(members),
        "pairs": lines,
        "more_pairs": len(group.pairs) - len(lines),
        "merge_url": address_of(str(model._meta.model_name), first) if may_merge else "",
    }


class PairChange(Kinds):
    """Something that is said of a pair by a button."""

    http_method_names = ["post", "options"]

    @cached_property
    def pair(self) -> PossibleDuplicate:
        return get_object_or_404(pairs_for(self.user, with_dismissed=True), pk=self.kwargs["pk"])

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.model = KINDS[self.pair.kind]
        try:
            self.change(*records_in(self.pair, self.user))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(self.list_url())  # of which htmx takes its part

    def change(self, record: Any, other: Any) -> None:
        raise NotImplementedError


class DuplicateDismiss(PairChange):
    """Say that two records are not the same; it is remembered."""

    def change(self, record: Any, other: Any) -> None:
        dismiss_pair(record, other, by=self.user)
        undo = reverse("duplicates:restore", kwargs={"pk": self.pair.pk})
        told = _("%(one)s and %(other)s are not proposed again")
        messages.success(
            self.request,
            told % {"one": label_of(record), "other": label_of(other)},
            extra_tags=f"undo:{undo}?kind={self.kind}",
        )


class DuplicateRestore(PairChange):
    """Take back that two records are not the same."""

    def change(self, record: Any, other: Any) -> None:
        restore_pair(record, other, by=self.user)
        told = _("%(one)s and %(other)s are proposed again")
        messages.success(self.request, told % {"one": label_of(record), "other": label_of(other)})


class DuplicateSearch(Kinds):
    """Have all records of a kind looked through now."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            look_through(self.kind, by=self.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            names = self.model._meta.verbose_name_plural
            messages.success(request, _("All %(records)s are looked through") % {"records": names})
        return self.go(self.list_url())
