"""The addresses that all kinds of records share."""

from django.urls import path

from workbench import views

app_name = "workbench"

urlpatterns = [
    path("lookup/<slug:kind>/", views.LookupView.as_view(), name="lookup"),
]
