"""Templates of emails in the administration: looked at here, changed on their own pages."""

from __future__ import annotations

from django.contrib import admin

from emails.models import EmailTemplate
from workbench.admin import ReadOnlyAdmin


@admin.register(EmailTemplate)
class EmailTemplateAdmin(ReadOnlyAdmin):
    """What people begin their emails with, and with whom they share it."""

    list_display = ("name", "subject", "audience", "is_active", "owner", "created_at")
    list_filter = ("audience", "is_active")
    list_select_related = ("owner",)
    search_fields = ("name__istartswith",)
    ordering = ("-pk",)
    sortable_by = ("created_at",)
