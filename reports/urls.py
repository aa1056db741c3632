"""The start page, the search and the palette, the figures, and the page that explains the trade."""

from django.urls import include, path

from reports import views

reports = (
    [
        path("", views.Overview.as_view(), name="overview"),
        path("<slug:name>/", views.ReportPage.as_view(), name="report"),
    ],
    "reports",
)

dashboards = (
    [
        path("arrange/", views.Arrange.as_view(), name="arrange"),
        path("new/", views.DashboardCreate.as_view(), name="create"),
        path("<int:pk>/edit/", views.DashboardEdit.as_view(), name="edit"),
        path("<int:pk>/delete/", views.DashboardDelete.as_view(), name="delete"),
        path("<int:pk>/save/", views.DashboardSave.as_view(), name="save"),
        path("<int:pk>/pin/", views.DashboardPin.as_view(), name="pin"),
        path("<int:pk>/begin/", views.DashboardBegin.as_view(), name="begin"),
    ],
    "dashboards",
)

targets = (
    [
        path("", views.TargetList.as_view(), name="list"),
        path("person/<int:pk>/<int:year>/", views.PersonTargets.as_view(), name="person"),
        path("team/<int:pk>/<int:year>/", views.TeamTargets.as_view(), name="team"),
    ],
    "targets",
)

urlpatterns = [
    path("", views.Start.as_view(), name="home"),
    path("day/", views.Home.as_view(), name="day"),
    path("search/", views.Search.as_view(), name="search"),
    path("palette/", views.Palette.as_view(), name="palette"),
    path("palette/opened/", views.Opened.as_view(), name="palette-opened"),
    path("reports/dashboards/", include(dashboards)),
    path("reports/targets/", include(targets)),
    path("reports/", include(reports)),
    path("docs/figures/", views.Definitions.as_view(), name="figures"),
    path(
        "docs/lead-or-opportunity/",
        views.LeadOrOpportunity.as_view(),
        name="lead-or-opportunity",
    ),
]
