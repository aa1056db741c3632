"""The addresses of timelines' entries."""

from django.urls import path

from activities import views

app_name = "activities"

urlpatterns = [
    path("calendar/<str:token>.ics", views.Calendar.as_view(), name="calendar"),
    path("activities/", views.ActivityList.as_view(), name="list"),
    path("activities/new/", views.ActivityCreate.as_view(), name="create"),
    path("activities/people/", views.People.as_view(), name="people"),
    path("activities/<int:pk>/", views.ActivityDetail.as_view(), name="detail"),
    path("activities/<int:pk>/edit/", views.ActivityEdit.as_view(), name="edit"),
    path("activities/<int:pk>/complete/", views.ActivityComplete.as_view(), name="complete"),
    path("activities/<int:pk>/snooze/", views.ActivitySnooze.as_view(), name="snooze"),
    path("activities/<int:pk>/reopen/", views.ActivityReopen.as_view(), name="reopen"),
    path("activities/<int:pk>/pin/", views.ActivityPin.as_view(), name="pin"),
    path("activities/<int:pk>/delete/", views.ActivityDelete.as_view(), name="delete"),
    path("activities/<int:pk>/restore/", views.ActivityRestore.as_view(), name="restore"),
    path("files/<int:pk>/", views.FileDownload.as_view(), name="file"),
    path("files/<int:pk>/preview/", views.FilePreview.as_view(), name="file-preview"),
    path("files/<int:pk>/delete/", views.FileDelete.as_view(), name="file-delete"),
    path("files/<int:pk>/restore/", views.FileRestore.as_view(), name="file-restore"),
]
