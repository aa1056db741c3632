"""What any record is, who may touch it, how it changes, what trail it leaves."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "records"
    default_auto_field = "django.db.models.BigAutoField"
