"""The roof as Django sees it: commands and admin registrations live here, models do not."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CRMConfig(AppConfig):
    """The installation itself."""

    name = "crm"
    verbose_name = _("CRM")
