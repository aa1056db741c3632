"""The addresses of emails that are written, of templates and of invitations."""

from django.urls import path

from emails import views

app_name = "emails"

urlpatterns = [
    path("emails/new/", views.EmailWrite.as_view(), name="create"),
    path("emails/<int:pk>/again/", views.EmailAgain.as_view(), name="again"),
    path("meetings/<int:pk>/invite/", views.MeetingInvite.as_view(), name="invite"),
    path("templates/", views.TemplateList.as_view(), name="list"),
    path("templates/new/", views.TemplateCreate.as_view(), name="template-create"),
    path("templates/<int:pk>/edit/", views.TemplateEdit.as_view(), name="template-edit"),
    path("templates/<int:pk>/delete/", views.TemplateDelete.as_view(), name="template-delete"),
]
