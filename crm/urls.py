"""Every address of the product, room by room."""

from __future__ import annotations

from importlib.util import find_spec

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.decorators.http import require_http_methods

from crm import frame, views

# The admin site is entered by the same door as everything else, with its limits and second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Django's form views take PUT for POST.
with_a_form = require_http_methods(["GET", "HEAD", "POST"])

handler400 = "crm.views.bad_request"
handler404 = "crm.views.page_not_found"
handler500 = "crm.views.server_error"

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("nav/", frame.NavCounts.as_view(), name="nav-counts"),
    path("admin/", admin.site.urls),
    # allauth's other pages (reset, second factor) keep their own names under one address, as
    # /accounts/ is a room here.
    path("auth/", include("allauth.urls")),
    path("login/", with_a_form(account.login), name="account_login"),
    path("session/", views.session, name="session"),
    path("logout/", with_a_form(account.logout), name="account_logout"),
    path("api/", include("crm.api")),
]

ROOMS = [
    "intake",
    "reports",
    "duplicates",
    "emails",
    "handover",
    "imports",
    "leads",
    "opportunities",
    "accounts",
    "activities",
    "workbench",
    "users",
]
urlpatterns += [path("", include(f"{room}.urls")) for room in ROOMS if find_spec(f"{room}.urls")]
