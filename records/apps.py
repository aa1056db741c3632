"""What any record is, who may touch it, how it changes, what trail it leaves."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = _("Fields, layouts and trail")
    default_auto_field = "django.db.models.BigAutoField"
