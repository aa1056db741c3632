"""Companies and people in the administration, and the claims that make twins impossible."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts import operations
from accounts.models import Account, Contact, IdentityClaim, IdentityLock
from workbench.admin import ReadOnlyAdmin, RecordAdmin, RecordAdminForm


class CompanyForm(RecordAdminForm):
    """An account; a person may say that it only looks like one that is there."""

    is_different = forms.BooleanField(
        label=_("This is a different company"),
        help_text=_("Another account has this name and domain or country, and is not this one."),
        required=False,
    )


class PersonForm(RecordAdminForm):
    """A contact; a person may say that it only looks like one that is there."""

    is_different = forms.BooleanField(
        label=_("This is a different person"),
        help_text=_("Another contact has this email, or this name and phone, and is not this one."),
        required=False,
    )


ADDRESS = (
    _("Address"),
    {"fields": ["street", "postal_code", "city", "region", "country"]},
)


@admin.register(Account)
class AccountAdmin(RecordAdmin):
    """Companies."""

    add_operation = staticmethod(operations.create_account)
    change_operation = staticmethod(operations.update_account)
    delete_operation = staticmethod(operations.delete_account)
    restore_operation = staticmethod(operations.restore_account)

    form = CompanyForm
    list_display = ("name", "city", "country", "phone", "owner", "created_at")
    list_filter = ("owner__team", "created_at")
    sortable_by = ("name", "created_at")
    autocomplete_fields = ("owner", "parent", "tags")
    fieldsets = (
        (None, {"fields": ["name", "owner", "parent", "website", "phone", "tags", "is_different"]}),
        (_("Company"), {"fields": ["industry", "employees", "annual_revenue", "currency"]}),
        ADDRESS,
        (_("More"), {"fields": ["description", "external_id"]}),
    )


@admin.register(Contact)
class ContactAdmin(RecordAdmin):
    """People."""

    add_operation = staticmethod(operations.create_contact)
    change_operation = staticmethod(operations.update_contact)
    delete_operation = staticmethod(operations.delete_contact)
    restore_operation = staticmethod(operations.restore_contact)

    form = PersonForm
    list_display = ("name", "job_title", "account", "email", "owner", "created_at")
    list_filter = ("owner__team", "do_not_contact", "created_at")
    list_select_related = ("owner", "account")
    sortable_by = ("name", "created_at")
    autocomplete_fields = ("owner", "account", "tags")
    fieldsets = (
        (
            None,
            {
                "fields": [
                    "salutation",
                    "first_name",
                    "last_name",
                    "job_title",
                    "account",
                    "owner",
                    "is_different",
                ]
            },
        ),
        (_("Reach"), {"fields": ["email", "second_email", "phone", "mobile"]}),
        (_("Leave alone"), {"fields": ["consent", "do_not_contact"]}),
        ADDRESS,
        (_("More"), {"fields": ["description", "tags", "external_id"]}),
    )

    @admin.display(description=_("name"), ordering="last_name")
    def name(self, contact: Contact) -> str:
        return str(contact)


@admin.register(IdentityClaim)
class IdentityClaimAdmin(ReadOnlyAdmin):
    """Who is who, as matching decided; read to find out why two were not told apart."""

    list_display = ("kind", "value", "slot", "account", "contact")
    list_filter = ("kind",)
    list_select_related = ("account", "contact")
    search_fields = ("value__istartswith",)
    search_help_text = _("The beginning of a normalised email, name or company")
    ordering = ("-pk",)
    sortable_by = ()

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related(*self.list_select_related)


@admin.register(IdentityLock)
class IdentityLockAdmin(ReadOnlyAdmin):
    """Rows that operations hold while they decide who is who."""

    list_display = ("value",)
    search_fields = ("value__istartswith",)
    ordering = ("-pk",)
    sortable_by = ()
