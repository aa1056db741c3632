"""The page that somebody begins with: his day, or what he has chosen in his preferences."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import generic

from reports.operations import DASHBOARD
from reports.views.home import Home
from reports.views.viewer import person
from users.models import User
from workbench.models import SavedView

VIEW = "view:"
PLACES = {
    "lead": "leads:list",
    "account": "accounts:list",
    "contact": "contacts:list",
    "opportunity": "opportunities:list",
    "activity": "activities:list",
    DASHBOARD: "reports:overview",
}


class Start(generic.View):
    """The start page. Asked for with anything it is the day: that is what its links mean."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        chosen = "" if request.GET else start_url(request)
        if chosen:
            return HttpResponseRedirect(chosen)
        return Home.as_view()(request, *args, **kwargs)


def start_url(request: HttpRequest) -> str:
    """Return where the start page of whoever has signed in is; nothing where it is his day."""
    user = person(request)
    match user.start_page:
        case User.StartPage.DASHBOARD:
            return reverse("reports:overview")
        case User.StartPage.LEADS:
            return f"{reverse('leads:list')}?owner=me&status=open"
        case User.StartPage.PIPELINE:
            return reverse("opportunities:board")
    number = user.start_page.removeprefix(VIEW)
    if number == user.start_page or not number.isdigit():
        return ""
    view = SavedView.objects.permitted(user).filter(pk=number).first()
    if view is None or view.kind not in PLACES:
        messages.info(request, _("The view that you begin with is gone. Here is your day."))
        return ""
    return f"{reverse(PLACES[view.kind])}?view={view.pk}"
