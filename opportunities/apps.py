"""Qualified deals on their way through the stages."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OpportunitiesConfig(AppConfig):
    name = "opportunities"
    verbose_name = _("Opportunities and their lists")
    default_auto_field = "django.db.models.BigAutoField"
