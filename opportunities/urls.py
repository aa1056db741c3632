"""The addresses of opportunities."""

from django.urls import path

from opportunities import views

app_name = "opportunities"

urlpatterns = [
    path("opportunities/", views.OpportunityList.as_view(), name="list"),
    path("opportunities/board/", views.OpportunityBoard.as_view(), name="board"),
    path("opportunities/new/", views.OpportunityCreate.as_view(), name="create"),
    path("opportunities/bulk/<slug:action>/", views.OpportunityBulk.as_view(), name="bulk"),
    path("opportunities/<int:pk>/", views.OpportunityDetail.as_view(), name="detail"),
    path("opportunities/<int:pk>/edit/", views.OpportunityEdit.as_view(), name="edit"),
    path("opportunities/<int:pk>/history/", views.OpportunityHistory.as_view(), name="history"),
    path("opportunities/<int:pk>/delete/", views.OpportunityDelete.as_view(), name="delete"),
    path("opportunities/<int:pk>/restore/", views.OpportunityRestore.as_view(), name="restore"),
    path("opportunities/<int:pk>/assign/", views.OpportunityAssign.as_view(), name="assign"),
    path("opportunities/<int:pk>/process/", views.OpportunityProcess.as_view(), name="process"),
    path("opportunities/<int:pk>/stage/", views.OpportunityStage.as_view(), name="stage"),
    path(
        "opportunities/<int:pk>/stage/back/",
        views.OpportunityStageBack.as_view(),
        name="stage-back",
    ),
    path("opportunities/<int:pk>/tick/", views.OpportunityTick.as_view(), name="tick"),
    path("opportunities/<int:pk>/win/", views.OpportunityWin.as_view(), name="win"),
    path("opportunities/<int:pk>/lose/", views.OpportunityLose.as_view(), name="lose"),
    path("opportunities/<int:pk>/reopen/", views.OpportunityReopen.as_view(), name="reopen"),
    path("opportunities/<int:pk>/hold/", views.OpportunityHold.as_view(), name="hold"),
    path("opportunities/<int:pk>/resume/", views.OpportunityResume.as_view(), name="resume"),
    path("opportunities/<int:pk>/lines/", views.OpportunityLines.as_view(), name="lines"),
    path(
        "opportunities/<int:pk>/people/new/",
        views.OpportunityStakeholderAdd.as_view(),
        name="stakeholder-add",
    ),
    path(
        "opportunities/<int:pk>/people/<int:contact>/remove/",
        views.OpportunityStakeholderRemove.as_view(),
        name="stakeholder-remove",
    ),
]
