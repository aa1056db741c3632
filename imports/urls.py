"""The addresses of imports: the history, and the four steps of one."""

from django.urls import path

from imports import views

app_name = "imports"

urlpatterns = [
    path("imports/", views.ImportList.as_view(), name="list"),
    path("imports/new/", views.ImportUpload.as_view(), name="create"),
    path("imports/<int:pk>/", views.ImportDetail.as_view(), name="detail"),
    path("imports/<int:pk>/columns/", views.ImportColumns.as_view(), name="columns"),
    path("imports/<int:pk>/reading/", views.ImportReading.as_view(), name="reading"),
    path("imports/<int:pk>/check/", views.ImportCheck.as_view(), name="check"),
    path("imports/<int:pk>/run/", views.ImportRun.as_view(), name="run"),
    path("imports/<int:pk>/cancel/", views.ImportCancel.as_view(), name="cancel"),
    path("imports/<int:pk>/resume/", views.ImportResume.as_view(), name="resume"),
    path("imports/<int:pk>/undo/", views.ImportUndo.as_view(), name="undo"),
    path("imports/<int:pk>/delete/", views.ImportDelete.as_view(), name="delete"),
    path("imports/<int:pk>/rejected/", views.ImportRejected.as_view(), name="rejected"),
]
