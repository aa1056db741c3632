"""The addresses that all kinds of records share, and those of jobs."""

from django.urls import include, path

from workbench import views

jobs = (
    [
        path("", views.JobList.as_view(), name="list"),
        path("<int:pk>/", views.JobDetail.as_view(), name="detail"),
        path("<int:pk>/cancel/", views.JobCancel.as_view(), name="cancel"),
        path("<int:pk>/resume/", views.JobResume.as_view(), name="resume"),
        path("<int:pk>/undo/", views.JobUndo.as_view(), name="undo"),
    ],
    "jobs",
)
shared = (
    [
        path("lookup/<slug:kind>/", views.LookupView.as_view(), name="lookup"),
    ],
    "workbench",
)

urlpatterns = [
    path("jobs/", include(jobs)),
    path("", include(shared)),
]
