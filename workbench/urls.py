"""The addresses that all records share, and those of jobs, notifications and saved views."""

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
notices = (
    [
        path("", views.NoticeList.as_view(), name="list"),
        path("panel/", views.NoticePanel.as_view(), name="panel"),
        path("bell/", views.NoticeBell.as_view(), name="bell"),
        path("read/", views.NoticeReadAll.as_view(), name="read-all"),
        path("<int:pk>/open/", views.NoticeOpen.as_view(), name="open"),
        path("<int:pk>/mark/", views.NoticeMark.as_view(), name="mark"),
        path("stop/<str:token>/", views.NoticeStop.as_view(), name="stop"),
    ],
    "notices",
)
saved_views = (
    [
        path("new/<slug:kind>/", views.SavedViewCreate.as_view(), name="create"),
        path("<int:pk>/edit/", views.SavedViewEdit.as_view(), name="edit"),
        path("<int:pk>/delete/", views.SavedViewDelete.as_view(), name="delete"),
        path("<int:pk>/save/", views.SavedViewSave.as_view(), name="save"),
        path("<int:pk>/pin/", views.SavedViewPin.as_view(), name="pin"),
        path("<int:pk>/begin/", views.SavedViewBegin.as_view(), name="begin"),
    ],
    "views",
)
shared = (
    [
        path("cell/<slug:kind>/<int:pk>/<str:column>/", views.CellPage.as_view(), name="cell"),
        path("field/<slug:kind>/<int:pk>/<str:field>/", views.FieldPage.as_view(), name="field"),
        path("filter/<slug:kind>/", views.FilterPage.as_view(), name="filter"),
        path("lookup/<slug:kind>/", views.LookupView.as_view(), name="lookup"),
        path("tags/", views.TagOptions.as_view(), name="tags"),
    ],
    "workbench",
)

urlpatterns = [
    path("jobs/", include(jobs)),
    path("notifications/", include(notices)),
    path("views/", include(saved_views)),
    path("", include(shared)),
]
