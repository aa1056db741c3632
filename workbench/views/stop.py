"""The link that ends the mails of a kind: who has it needs no session."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from users import formats
from users.models import NoticeKind, User
from users.operations import stop_mails
from workbench.operations.notices import read_stop


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class NoticeStop(View):
    """End the mails of a kind, by the link in one of them.

    A mail program asks with a POST of its own, without a form of ours (RFC 8058). What stands in
    the link is signed, so nobody can make one up; whoever looks first is asked.
    """

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        user, kinds = self.read(token)
        return self.told(request, user, kinds, is_done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        user, kinds = self.read(token)
        if user is not None:
            stop_mails(user, kinds)
        return self.told(request, user, kinds, is_done=True)

    def read(self, token: str) -> tuple[User | None, list[str]]:
        """Return whose mails of which kinds; of somebody who has left, nobody's."""
        try:
            number, kinds = read_stop(token)
        except signing.BadSignature as wrong:
            raise Http404 from wrong
        return User.objects.filter(pk=number, is_active=True).first(), kinds

    def told(
        self, request: HttpRequest, user: User | None, kinds: list[str], *, is_done: bool
    ) -> HttpResponse:
        if user is not None:
            formats.begin(user)
        labels = [NoticeKind(kind).label for kind in kinds]
        context = {"labels": labels, "is_done": is_done}
        return render(request, "workbench/notices_stopped.html", context)
