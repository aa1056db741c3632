"""Companies and contacts, and who is the same as whom."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts and contacts")
    default_auto_field = "django.db.models.BigAutoField"
