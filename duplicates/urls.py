"""The addresses of duplicates."""

from django.urls import path

from duplicates import views
from duplicates.views import hints

app_name = "duplicates"

urlpatterns = [
    path("duplicates/", views.DuplicateList.as_view(), name="list"),
    path("duplicates/search/", views.DuplicateSearch.as_view(), name="search"),
    path("duplicates/<int:pk>/dismiss/", views.DuplicateDismiss.as_view(), name="dismiss"),
    path("duplicates/<int:pk>/restore/", views.DuplicateRestore.as_view(), name="restore"),
    path("duplicates/hints/", hints.Hints.as_view(), name="hints"),
    path("duplicates/look/lead/", hints.LeadLook.as_view(), name="look-lead"),
    path("duplicates/look/lead/<int:pk>/", hints.LeadEditLook.as_view(), name="look-lead-edit"),
    path("duplicates/look/account/", hints.AccountLook.as_view(), name="look-account"),
    path(
        "duplicates/look/account/<int:pk>/",
        hints.AccountEditLook.as_view(),
        name="look-account-edit",
    ),
    path("duplicates/look/contact/", hints.ContactLook.as_view(), name="look-contact"),
    path(
        "duplicates/look/contact/<int:pk>/",
        hints.ContactEditLook.as_view(),
        name="look-contact-edit",
    ),
    path("duplicates/merge/", views.DuplicateMerge.as_view(), name="merge"),
    path("duplicates/merged/", views.MergeList.as_view(), name="merges"),
    path("duplicates/merged/<int:pk>/", views.MergeReceipt.as_view(), name="merged"),
    path("duplicates/merged/<int:pk>/undo/", views.DuplicateUnmerge.as_view(), name="unmerge"),
]
