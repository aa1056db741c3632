"""The addresses of forms, doors and the inbox."""

from django.urls import path

from intake import views

app_name = "intake"

urlpatterns = [
    path("intake/", views.InboxList.as_view(), name="list"),
    path("intake/retry/", views.InboxRetry.as_view(), name="retry"),
    path("intake/<int:pk>/", views.InboxDetail.as_view(), name="detail"),
    path("intake/<int:pk>/discard/", views.InboxDiscard.as_view(), name="discard"),
    path("f/<slug:slug>/", views.WebFormPage.as_view(), name="form"),
    path("f/<slug:slug>/thanks/", views.WebFormThanks.as_view(), name="thanks"),
    path("hooks/<slug:slug>/<str:key>/", views.DoorPage.as_view(), name="door"),
]
