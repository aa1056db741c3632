"""The pages on which people change what is theirs: profile, preferences, sessions, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import generic

from users import formats, operations
from users.forms import NoticesForm, ProfileForm, RegionForm, ThemeForm, TokenForm
from users.models import ApiToken, CalendarFeed, User
from users.sessions import live_sessions

if TYPE_CHECKING:
    from django.forms import BaseForm
    from django.http import HttpRequest, HttpResponse


class OwnPage:
    """A page about whoever is signed in; the whole site asks for that."""

    # Django's form views take PUT for POST.
    http_method_names = ["get", "post", "head", "options"]

    request: HttpRequest

    @property
    def user(self) -> User:
        return self.request.user  # type: ignore[return-value]


class ProfilePage(OwnPage, generic.FormView):
    """The one page of a person, around whichever of its forms was sent."""

    template_name = "users/profile.html"
    success_url = reverse_lazy("users:profile")
    form_name = "profile_form"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.user
        kwargs.setdefault("form", None)
        return super().get_context_data(
            **{
                "profile_form": ProfileForm.of(user),
                "region_form": RegionForm.of(user),
                "notices_form": NoticesForm(user=user),
                "token_form": TokenForm(),
                "calendar": CalendarFeed.objects.filter(user=user).first(),
                "zones": formats.zones(),
                "sessions": live_sessions(user, self.request.session.session_key),
                "tokens": ApiToken.objects.filter(user=user, revoked_at=None).order_by("-pk"),
                **kwargs,
            }
        )

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        page = self.get_context_data(form=form, **{self.form_name: form})
        return self.render_to_response(page, status=422)


class OwnFormPage(ProfilePage):
    """One of the forms of the page, about the person himself."""

    message: ClassVar[Any]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.user}

    def save(self, data: dict[str, Any]) -> None:
        operations.update_profile(self.user, by=self.user, **data)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            self.save(form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
            return self.form_invalid(form)
        messages.success(self.request, self.message)
        return super().form_valid(form)


class Profile(OwnFormPage):
    """Name, theme, rows, start page and shortcuts; saved they hold on every page and machine."""

    form_class = ProfileForm
    message = gettext_lazy("Profile saved")


class Region(OwnFormPage):
    """Language, locale, time zone, week and currency."""

    form_class = RegionForm
    form_name = "region_form"
    message = gettext_lazy("Language and region saved")


class Notices(OwnFormPage):
    """Of what to be told, and how."""

    form_class = NoticesForm
    form_name = "notices_form"
    message = gettext_lazy("Notifications saved")

    def save(self, data: dict[str, Any]) -> None:
        operations.choose_notices(self.user, by=self.user, **data)


class Theme(OwnPage, generic.FormView):
    """Change the theme from the menu, and go back to where one was."""

    http_method_names = ["post", "options"]
    form_class = ThemeForm

    def form_valid(self, form: BaseForm) -> HttpResponse:
        operations.update_profile(self.user, by=self.user, theme=form.cleaned_data["theme"])
        return self._back()

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        messages.error(self.request, _("Choose the light theme, the dark one or the system's."))
        return self._back()

    def _back(self) -> HttpResponse:
        address = self.request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(address, {self.request.get_host()})
        return HttpResponseRedirect(address if is_ours else reverse("users:profile"))


class SessionEnd(OwnPage, generic.View):
    """Sign out on another device; this one has its own way out."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        sessions = live_sessions(self.user, request.session.session_key)
        session = next((each for each in sessions if each.pk == pk), None)
        if session is None or session.is_current:
            raise Http404
        operations.end_session(session.key, by=self.user)
        messages.success(request, _("Session ended"))
        return HttpResponseRedirect(reverse("users:profile"))


class TokenCreate(ProfilePage):
    """Make a key; its secret is on the answer to this request and nowhere else."""

    http_method_names = ["post", "options"]
    form_class = TokenForm
    form_name = "token_form"

    def form_valid(self, form: BaseForm) -> HttpResponse:
        user = self.user
        try:
            token, secret = operations.issue_token(user, by=user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self.form_invalid(form)
        return self.render_to_response(
            self.get_context_data(form=None, new_token=token, secret=secret)
        )


class CalendarOpen(OwnPage, generic.View):
    """Make a new address for one's calendar; told by this answer and nowhere else."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        secret = operations.open_calendar(self.user, by=self.user)
        path = reverse("activities:calendar", kwargs={"token": secret})
        page = Profile()
        page.setup(request)
        context = page.get_context_data(calendar_url=request.build_absolute_uri(path))
        return page.render_to_response(context)


class CalendarClose(OwnPage, generic.View):
    """End the address of one's calendar."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        if operations.close_calendar(self.user, by=self.user):
            messages.success(request, _("Calendar address revoked"))
        return HttpResponseRedirect(reverse("users:profile"))


class TokenRevoke(OwnPage, generic.View):
    """End one of one's own keys."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        token = get_object_or_404(ApiToken, pk=pk, user=self.user)
        operations.revoke_token(token, by=self.user)
        messages.success(request, _("API token revoked"))
        return HttpResponseRedirect(reverse("users:profile"))
