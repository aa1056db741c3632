"""The addresses of handing over."""

from django.urls import path

from handover import views

app_name = "handover"

urlpatterns = [
    path("handover/", views.HandOver.as_view(), name="create"),
    path("handover/<int:pk>/undo/", views.HandOverUndo.as_view(), name="undo"),
]
