"""The addresses of accounts and contacts."""

from django.urls import include, path

from accounts import views

accounts = (
    [
        path("", views.AccountList.as_view(), name="list"),
        path("new/", views.AccountCreate.as_view(), name="create"),
        path("bulk/<slug:action>/", views.AccountBulk.as_view(), name="bulk"),
        path("<int:pk>/", views.AccountDetail.as_view(), name="detail"),
        path("<int:pk>/edit/", views.AccountEdit.as_view(), name="edit"),
        path("<int:pk>/assign/", views.AccountAssign.as_view(), name="assign"),
        path("<int:pk>/history/", views.AccountHistory.as_view(), name="history"),
        path("<int:pk>/delete/", views.AccountDelete.as_view(), name="delete"),
        path("<int:pk>/restore/", views.AccountRestore.as_view(), name="restore"),
    ],
    "accounts",
)
contacts = (
    [
        path("", views.ContactList.as_view(), name="list"),
        path("new/", views.ContactCreate.as_view(), name="create"),
        path("bulk/<slug:action>/", views.ContactBulk.as_view(), name="bulk"),
        path("<int:pk>/", views.ContactDetail.as_view(), name="detail"),
        path("<int:pk>/edit/", views.ContactEdit.as_view(), name="edit"),
        path("<int:pk>/assign/", views.ContactAssign.as_view(), name="assign"),
        path("<int:pk>/history/", views.ContactHistory.as_view(), name="history"),
        path("<int:pk>/delete/", views.ContactDelete.as_view(), name="delete"),
        path("<int:pk>/restore/", views.ContactRestore.as_view(), name="restore"),
    ],
    "contacts",
)

urlpatterns = [
    path("accounts/", include(accounts)),
    path("contacts/", include(contacts)),
]
