"""Where leads come in from outside: forms on the web and doors for other systems."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "intake"
    default_auto_field = "django.db.models.BigAutoField"
