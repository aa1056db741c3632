"""Timeline entries in the administration. They are written on records, and corrected here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from activities import operations
from activities.models import Activity, ActivityLink
from workbench.admin import ReadOnlyInline, RecordAdmin


class ActivityLinkInline(ReadOnlyInline):
    """The records on whose timelines an entry is shown."""

    model = ActivityLink
    fields = ("record_type", "record_id", "is_origin", "via")
    verbose_name_plural = _("shown on")

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("record_type").order_by("-is_origin")


@admin.register(Activity)
class ActivityAdmin(RecordAdmin):
    """Notes, calls, meetings, emails and tasks."""

    change_operation = staticmethod(operations.edit_activity)
    delete_operation = staticmethod(operations.delete_activity)
    restore_operation = staticmethod(operations.restore_activity)
    assign_operation = None  # editing gives it to somebody else, with all that goes with it

    list_display = ("what", "kind", "status", "due_at", "done_at", "owner", "created_at")
    list_filter = ("kind", "status", "owner__team", "created_at")
    sortable_by = ("created_at",)
    search_help_text = _("Words of the subject or the text")
    autocomplete_fields = ("owner",)
    inlines = (ActivityLinkInline,)
    readonly_fields = ("kind", "status", *RecordAdmin.readonly_fields)
    fieldsets = (
        (None, {"fields": ["kind", "status", "subject", "text", "owner", "is_pinned"]}),
        (_("When"), {"fields": ["due_at", "done_at", "duration"]}),
        (_("How it went"), {"fields": ["direction", "outcome"]}),
        (_("More"), {"fields": ["external_id"]}),
    )

    @admin.display(description=_("activity"))
    def what(self, activity: Activity) -> str:
        return str(activity)
