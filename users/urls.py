"""One's own profile, theme and keys."""

from django.urls import path

from users import views

app_name = "users"

urlpatterns = [
    path("profile/", views.Profile.as_view(), name="profile"),
    path("profile/region/", views.Region.as_view(), name="region"),
    path("profile/notifications/", views.Notices.as_view(), name="notices"),
    path("profile/theme/", views.Theme.as_view(), name="theme"),
    path("profile/calendar/", views.CalendarOpen.as_view(), name="calendar-open"),
    path("profile/calendar/revoke/", views.CalendarClose.as_view(), name="calendar-close"),
    path("profile/sessions/<int:pk>/end/", views.SessionEnd.as_view(), name="session-end"),
    path("profile/tokens/", views.TokenCreate.as_view(), name="token-create"),
    path("profile/tokens/<int:pk>/revoke/", views.TokenRevoke.as_view(), name="token-revoke"),
]
