"""The addresses of leads."""

from django.urls import path

from leads import views
from leads.views import availability, rules, scoring

app_name = "leads"

urlpatterns = [
    path("leads/", views.LeadList.as_view(), name="list"),
    path("leads/new/", views.LeadCreate.as_view(), name="create"),
    path("leads/bulk/qualify/", views.LeadBulkQualify.as_view(), name="bulk-qualify"),
    path("leads/bulk/disqualify/", views.LeadBulkDisqualify.as_view(), name="bulk-disqualify"),
    path("leads/bulk/undo/<int:pk>/", views.LeadBulkUndo.as_view(), name="bulk-undo"),
    path("leads/bulk/<slug:action>/", views.LeadBulk.as_view(), name="bulk"),
    path("leads/<int:pk>/", views.LeadDetail.as_view(), name="detail"),
    path("leads/<int:pk>/edit/", views.LeadEdit.as_view(), name="edit"),
    path("leads/<int:pk>/history/", views.LeadHistory.as_view(), name="history"),
    path("leads/<int:pk>/delete/", views.LeadDelete.as_view(), name="delete"),
    path("leads/<int:pk>/restore/", views.LeadRestore.as_view(), name="restore"),
    path("leads/<int:pk>/assign/", views.LeadAssign.as_view(), name="assign"),
    path(
        "leads/<int:pk>/assign/rules/",
        views.LeadAssignByRules.as_view(),
        name="assign-by-rules",
    ),
    path("leads/<int:pk>/progress/", views.LeadProgress.as_view(), name="progress"),
    path("leads/<int:pk>/qualify/", views.LeadQualify.as_view(), name="qualify"),
    path("leads/<int:pk>/disqualify/", views.LeadDisqualify.as_view(), name="disqualify"),
    path("leads/<int:pk>/reopen/", views.LeadReopen.as_view(), name="reopen"),
    path("leads/<int:pk>/undo/", views.LeadUndo.as_view(), name="undo"),
    path("leads/<int:pk>/receipt/", views.LeadReceipt.as_view(), name="receipt"),
    path("rules/assignment/", views.AssignmentRuleList.as_view(), name="assignment"),
    path("rules/assignment/new/", views.AssignmentRuleCreate.as_view(), name="assignment-create"),
    path("rules/assignment/try/", views.AssignmentDryRun.as_view(), name="assignment-try"),
    path("rules/assignment/people/", availability.TakerList.as_view(), name="takers"),
    path(
        "rules/assignment/people/<int:pk>/",
        availability.AvailabilityEdit.as_view(),
        name="availability",
    ),
    path("rules/assignment/<int:pk>/", views.AssignmentRuleEdit.as_view(), name="assignment-edit"),
    path(
        "rules/assignment/<int:pk>/move/",
        views.AssignmentRuleMove.as_view(),
        name="assignment-move",
    ),
    path(
        "rules/assignment/<int:pk>/switch/",
        views.AssignmentRuleSwitch.as_view(),
        name="assignment-switch",
    ),
    path(
        "rules/assignment/<int:pk>/delete/",
        views.AssignmentRuleDelete.as_view(),
        name="assignment-delete",
    ),
    path("rules/scoring/", scoring.ScoringRuleList.as_view(), name="scoring"),
    path("rules/scoring/new/", scoring.ScoringRuleCreate.as_view(), name="scoring-create"),
    path("rules/scoring/scale/", scoring.ScaleEdit.as_view(), name="scoring-scale"),
    path("rules/scoring/<int:pk>/", scoring.ScoringRuleEdit.as_view(), name="scoring-edit"),
    path(
        "rules/scoring/<int:pk>/delete/",
        scoring.ScoringRuleDelete.as_view(),
        name="scoring-delete",
    ),
    path("rules/", rules.RulesHome.as_view(), name="rules-home"),
    path("rules/qualification/", rules.Rules.as_view(), name="rules"),
    path("rules/qualification/preview/", rules.RulesPreview.as_view(), name="rules-preview"),
    path("rules/qualification/automation/", rules.Automation.as_view(), name="automation"),
    path(
        "rules/qualification/automation/run/", rules.AutomationRun.as_view(), name="automation-run"
    ),
    path("rules/qualification/draft/", rules.RulesDraft.as_view(), name="rules-draft"),
    path("rules/qualification/threshold/", rules.RulesThreshold.as_view(), name="rules-threshold"),
    path("rules/qualification/activate/", rules.RulesActivate.as_view(), name="rules-activate"),
    path("rules/qualification/discard/", rules.RulesDiscard.as_view(), name="rules-discard"),
    path("rules/qualification/<int:number>/", rules.RulesVersion.as_view(), name="rules-version"),
    path("rules/qualification/new/", rules.RuleCreate.as_view(), name="rule-add"),
    path("rules/qualification/<slug:key>/edit/", rules.RuleEdit.as_view(), name="rule-edit"),
    path("rules/qualification/<slug:key>/move/", rules.RuleMove.as_view(), name="rule-move"),
    path("rules/qualification/<slug:key>/switch/", rules.RuleSwitch.as_view(), name="rule-switch"),
    path("rules/qualification/<slug:key>/remove/", rules.RuleRemove.as_view(), name="rule-remove"),
]
