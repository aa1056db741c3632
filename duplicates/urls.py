"""The addresses of duplicates."""

from django.urls import path

from duplicates import views

app_name = "duplicates"

urlpatterns = [
    path("duplicates/merge/", views.DuplicateMerge.as_view(), name="merge"),
    path("duplicates/merged/", views.MergeList.as_view(), name="merges"),
    path("duplicates/merged/<int:pk>/", views.MergeReceipt.as_view(), name="merged"),
    path("duplicates/merged/<int:pk>/undo/", views.DuplicateUnmerge.as_view(), name="unmerge"),
]
