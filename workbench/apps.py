"""How any record is listed, filtered, edited and found on the web."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkbenchConfig(AppConfig):
    name = "workbench"
    verbose_name = _("Jobs, views and emails")
    default_auto_field = "django.db.models.BigAutoField"
