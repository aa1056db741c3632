"""The timeline: notes, calls, meetings, emails and tasks on any record."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = _("Activities")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # A worker that sends letters has to know what follows from them.
        import_module("activities.operations.steps")
