"""Django's administration with an index of our own."""

from django.contrib.admin.apps import AdminConfig


class Administration(AdminConfig):
    """The administration, as `crm.site` orders it."""

    default_site = "crm.site.Site"
