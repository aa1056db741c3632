"""The timeline: notes, calls, meetings, emails and tasks on any record."""

from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"
    default_auto_field = "django.db.models.BigAutoField"
