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

urlpatterns = [
    path("", views.Start.as_view(), name="home"),
    path("day/", views.Home.as_view(), name="day"),
    path("search/", views.Search.as_view(), name="search"),
    path("palette/", views.Palette.as_view(), name="palette"),
    path("palette/opened/", views.Opened.as_view(), name="palette-opened"),
    path("reports/", include(reports)),
    path("docs/figures/", views.Definitions.as_view(), name="figures"),
    path(
        "docs/lead-or-opportunity/",
        views.LeadOrOpportunity.as_view(),
        name="lead-or-opportunity",
    ),
]
