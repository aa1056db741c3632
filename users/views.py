"""The pages on which people change what is theirs: profile, theme, keys for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import generic

from users import operations
from users.forms import ProfileForm, ThemeForm, TokenForm
from users.models import ApiToken, CalendarFeed, User

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

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.user
        kwargs.setdefault("form", None)
        return super().get_context_data(
            **{
                "profile_form": ProfileForm(
                    initial={
                        "name": user.name,
                        "theme": user.theme,
                        "has_shortcuts": user.has_shortcuts,
                        "signature": user.signature,
                    }
                ),
                "token_form": TokenForm(),
                "calendar": CalendarFeed.objects.filter(user=user).first(),
                "tokens": ApiToken.objects.filter(user=user, revoked_at=None).order_by("-pk"),
                **kwargs,
            }
        )

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        page = self.get_context_data(form=form, **{self.form_name: form})
        return self.render_to_response(page, status=422)

    form_name = "profile_form"


class Profile(ProfilePage):
    """Name, theme and shortcuts; saved they hold on every page and machine."""

    form_class = ProfileForm

    def form_valid(self, form: BaseForm) -> HttpResponse:
        user = self.user
        try:
            operations.update_profile(user, by=user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self.form_invalid(form)
        messages.success(self.request, _("Profile saved"))
        return super().form_valid(form)


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
