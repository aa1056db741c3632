"""The administration as a whole: its name, and people, roles, keys, currencies and the trail."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from allauth.mfa.models import Authenticator
from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.password_validation import password_validators_help_texts
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_tasks_db.models import DBTaskResult

from crm import form_conditions, form_layouts, operations, shaping  # noqa: F401 - they register pages of their own
from crm.grants import fields_in, fields_table, grants_in, table_of
from crm.may import AskForm, told_of, verdicts_on
from handover.queries import givers
from records.errors import Refused, Unacceptable
from records.models import (
    AuditEntry,
    Currency,
    IdempotencyKey,
    Merge,
    PossibleDuplicate,
    Record,
    Retention,
    Tag,
)
from records.permissions import reaches
from users.models import ApiToken, Grant, Role, Team, User
from users.operations import withheld_by
from users.permissions import permissions_of
from workbench.admin import (
    Button,
    OperatedAdmin,
    ReadOnlyAdmin,
    SettingAdmin,
    SettingInline,
    TellingForm,
    VersionedForm,
    custom_fields_of,
    is_lookup,
    lines_of,
    told,
    user_of,
)
from workbench.models import Mail, SavedView
from workbench.operations.mail import retry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse

admin.site.site_header = admin.site.site_title = gettext_lazy("CRM administration")
admin.site.index_title = gettext_lazy("What can be shaped here")

# What libraries register writes past our operations, so it is taken out. Groups are not used: roles
# are. Addresses and second factors belong to the person, whose page has buttons for what an
# administrator may do.
LIBRARIES = (
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "django.contrib.auth",
    "django_tasks_db",
)


def administered() -> list[type[Model]]:
    """Return every kind of thing that has pages here."""
    return [kind for kind in apps.get_models() if admin.site.is_registered(kind)]


for library in LIBRARIES:
    import_module(f"{library}.admin")
for foreign in administered():
    if apps.get_app_config(foreign._meta.app_label).name in LIBRARIES:
        admin.site.unregister(foreign)


# People


class UserForm(TellingForm):
    """Somebody who signs in; a first password may be given here, or they ask for one by email."""

    password_once = forms.CharField(
        label=gettext_lazy("First password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Leave it empty, and they ask for one on the sign-in page."),
    )

    class Meta:
        model = User
        exclude = ("password",)
        labels: ClassVar[dict[str, Any]] = {"roles": gettext_lazy("Roles")}

    def tell(self, refusal: Refused) -> None:
        if isinstance(refusal, Unacceptable) and "password" in refusal.errors:
            refusal.errors["password_once"] = refusal.errors.pop("password")
        super().tell(refusal)


@admin.register(User)
class UserAdmin(OperatedAdmin):
    """People and machines: who may come in, and by their roles what they may do."""

    form = UserForm
    list_display = (
        "email",
        "name",
        "team",
        "manager",
        "role_names",
        "is_active",
        "is_staff",
        "is_superuser",
        "last_login",
    )
    list_filter = ("is_active", "is_staff", "is_superuser", "is_machine", "team", "roles")
    list_select_related = ("team", "manager")
    search_fields = ("email", "name")
    ordering = ("email",)
    autocomplete_fields = ("team", "manager")
    filter_horizontal = ("roles",)
    readonly_fields = ("last_login", "date_joined")
    actions = ("deactivate", "sign_out", "remove_second_factor")
    view_on_site = False
    fieldsets = (
        (None, {"fields": ["email", "name", "team", "manager", "password_once"]}),
        (
            gettext_lazy("Rights"),
            {"fields": ["roles", "is_active", "is_staff", "is_superuser", "is_machine"]},
        ),
        (
            gettext_lazy("Look"),
            {
                "classes": ["collapse"],
                "fields": ["theme", "has_shortcuts", "last_login", "date_joined"],
            },
        ),
    )

    @admin.display(description=gettext_lazy("roles"))
    def role_names(self, user: User) -> str:
        return ", ".join(sorted(role.name for role in user.roles.all()))

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        if is_lookup(request):
            return rows.filter(is_active=True, is_machine=False)
        return rows.prefetch_related("roles")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sections = super().get_fieldsets(request, obj)
        if obj is None:
            return sections
        return [
            (name, {**options, "fields": [f for f in options["fields"] if f != "password_once"]})
            for name, options in sections
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = list(super().get_readonly_fields(request, obj))
        if not user_of(request).is_superuser:
            names += ["is_superuser", *(["email"] if obj else [])]
        return names

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        values = {name: v for name, v in form.cleaned_data.items() if name != "password_once"}
        if change:
            changes = {name: values[name] for name in form.changed_data if name in values}
            saved = operations.update_user(obj, by=user_of(request), **changes)
        else:
            saved = operations.add_user(
                by=user_of(request), password=form.cleaned_data["password_once"], **values
            )
        obj.__dict__.update(saved.__dict__)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing is left to do: the operation has seen to the roles."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        people = list(objs)
        forbidden = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        counted = {str(self.opts.verbose_name_plural): len(people)}
        return [str(user) for user in people], counted, forbidden, []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        operations.delete_user(obj, by=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            operations.delete_user(user, by=user_of(request))

    # What else may be done

    def get_buttons(self, request: HttpRequest, obj: User) -> list[Button]:
        if not self.has_change_permission(request, obj):
            return []
        buttons = [
            Button(_("What they may do"), url=self.address("may", obj.pk)),
            Button(_("Sign out everywhere"), "sign_out"),
        ]
        if givers(user_of(request)).filter(pk=obj.pk).exists():
            url = f"{reverse('handover:create')}?person={obj.pk}"
            buttons.append(Button(_("Hand over work"), url=url))
        if user_of(request).is_superuser:
            if Authenticator.objects.filter(user=obj).exists():
                buttons.append(Button(_("Remove second factor"), "remove_second_factor"))
            buttons.append(Button(_("Set a password"), url=self.address("password", obj.pk)))
        return buttons

    @admin.action(permissions=["change"], description=gettext_lazy("Sign out everywhere"))
    def sign_out(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            count = operations.sign_out(user, by=user_of(request))
            told = ngettext(
                "%(user)s was signed out of %(count)d session.",
                "%(user)s was signed out of %(count)d sessions.",
                count,
            )
            self.message_user(request, told % {"user": user, "count": count}, messages.SUCCESS)

    @admin.action(permissions=["change"], description=gettext_lazy("Remove second factor"))
    def remove_second_factor(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            if operations.remove_second_factor(user, by=user_of(request)):
                told = _("%(user)s signs in with the password alone now.") % {"user": user}
                self.message_user(request, told, messages.SUCCESS)

    @admin.action(permissions=["change"], description=gettext_lazy("Deactivate selected users"))
    def deactivate(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            operations.update_user(user, by=user_of(request), is_active=False)
            told = _("%(user)s can no longer sign in.") % {"user": user}
            self.message_user(request, told, messages.SUCCESS)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.password_view)
        may = self.admin_site.admin_view(self.may_view)
        return [
            path("<int:pk>/may/", may, name="users_user_may"),
            path("<int:pk>/password/", view, name="users_user_password"),
            *super().get_urls(),
        ]

    def may_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what somebody may do, and why; of a record only whoever may see it hears."""
        user = self.line_for(request, pk)
        form = AskForm(request.GET if "kind" in request.GET else None)
        context: dict[str, Any] = {
            "form": form,
            "kinds": told_of(user),
        }
        if form.is_valid():
            record = form.cleaned_data["record"]
            if reaches(user_of(request), "view", record):
                context["record_title"] = str(record)
                context["verdicts"] = verdicts_on(user, type(record), record)
            else:
                form.add_error("number", _("There is no such record."))
        title = _("What %(user)s may do") % {"user": user}
        return self.own_page(request, "user_may", title, context, original=user)

    def password_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give somebody a new password."""
        user = self.get_object(request, str(pk))
        if user is None:
            raise Http404
        if not user_of(request).is_superuser:
            raise PermissionDenied
        form = PasswordForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                operations.set_password(
                    user, by=user_of(request), password=form.cleaned_data["password"]
                )
            except Refused as refusal:
                for sentence in refusal.reasons:
                    form.add_error("password", sentence)
            else:
                told = _("%(user)s has a new password.") % {"user": user}
                self.message_user(request, told, messages.SUCCESS)
                return HttpResponseRedirect(self.address("change", pk))
        context = {
            "form": form,
            "rules": password_validators_help_texts(),
        }
        title = _("Set a password for %(user)s") % {"user": user}
        return self.own_page(request, "user_password", title, context, original=user)


class PasswordForm(forms.Form):
    """A new password, typed twice."""

    password = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )
    again = forms.CharField(
        label=gettext_lazy("Once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        if typed.get("password") != typed.get("again") and "again" in typed:
            self.add_error("again", _("The two passwords are not the same."))
        return typed


@admin.register(Team)
class TeamAdmin(SettingAdmin):
    """People who share a pipeline."""

    list_display = ("name", "people")
    search_fields = ("name",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(head_count=Count("members"))

    @admin.display(description=gettext_lazy("people"), ordering="head_count")
    def people(self, team: Any) -> int:
        return int(team.head_count)


# Roles


class GrantInline(SettingInline):
    """What a role allows, and how far. Settings and people reach all or nothing."""

    model = Grant
    fields = ("permission", "scope")
    ordering = ("permission",)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "permission":
            return forms.ChoiceField(
                label=_("Permission"), choices=[("", "---------"), *grantable()]
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)


def grantable() -> Sequence[tuple[Any, Any]]:
    """Return what a role can allow, grouped by kind: records first, then settings."""
    # Jobs, imports and scores are granted too, though their pages are elsewhere.
    granted = set(Grant.objects.values_list("permission", flat=True))
    kinds = sorted(
        (
            kind
            for kind in apps.get_models()
            if admin.site.is_registered(kind) or not granted.isdisjoint(permissions_of(kind))
        ),
        key=lambda kind: (not issubclass(kind, Record), kind._meta.label),
    )
    return [
        (
            label_of_kind(kind),
            [(name, f"{text} ({name})") for name, text in permissions_of(kind).items()],
        )
        for kind in kinds
    ]


def label_of_kind(kind: Any) -> str:
    text = str(kind._meta.verbose_name_plural)
    return text[:1].upper() + text[1:]


@admin.register(Role)
class RoleAdmin(OperatedAdmin):
    """Sets of grants. Nobody may grant more than they hold."""

    list_display = ("name", "description", "people")
    search_fields = ("name",)
    ordering = ("name",)
    inlines = (GrantInline,)

    def get_buttons(self, request: HttpRequest, obj: Role) -> list[Button]:
        return [Button(_("Grants and fields as a table"), url=self.address("grants", obj.pk))]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.grants_view)
        return [path("<int:pk>/grants/", view, name="users_role_grants"), *super().get_urls()]

    def grants_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what a role grants as a table, and save it whole."""
        role = self.line_for(request, pk)
        may_change = self.has_change_permission(request, role)
        grants = dict(role.grants.values_list("permission", "scope"))
        fields = withheld_by(role)
        problems: Sequence[str] = ()
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            grants = grants_in(request.POST, administered(), grants)
            fields = fields_in(request.POST, fields)
            terms = {"name": role.name, "description": role.description}
            try:
                operations.save_role(
                    role, by=user_of(request), **terms, grants=grants, fields=fields
                )
            except Refused as refusal:
                problems = refusal.reasons
            else:
                told = _("The grants of %(role)s are saved.") % {"role": role}
                self.message_user(request, told, messages.SUCCESS)
                return HttpResponseRedirect(self.address("change", pk))
        context = {
            "rows": table_of(administered(), grants),
            "kinds": fields_table(fields),
            "problems": problems,
            "may_change": may_change,
        }
        title = _("What %(role)s grants") % {"role": role}
        return self.own_page(request, "role_grants", title, context, original=role)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(head_count=Count("members"))

    @admin.display(description=gettext_lazy("people"), ordering="head_count")
    def people(self, role: Any) -> int:
        return int(role.head_count)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Role, form: Any, change: bool) -> None:
        """Wait for the grants: a role is saved with all of them."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        grants: dict[str, str] = {}
        for formset in formsets:
            lines_of(formset)
            for line in formset.forms:
                terms = line.cleaned_data
                if terms.get("permission") and line not in formset.deleted_forms:
                    grants[terms["permission"]] = terms["scope"]
        if not formsets:  # whoever may only look at the grants sends none
            grants = dict(form.instance.grants.values_list("permission", "scope"))
        saved = operations.save_role(
            form.instance,
            by=user_of(request),
            name=form.cleaned_data["name"],
            description=form.cleaned_data["description"],
            grants=grants,
        )
        form.instance.__dict__.update(saved.__dict__)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        roles = list(objs)
        forbidden = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        counted = {str(self.opts.verbose_name_plural): len(roles)}
        return [str(role) for role in roles], counted, forbidden, []

    def delete_model(self, request: HttpRequest, obj: Role) -> None:
        operations.delete_role(obj, by=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for role in queryset:
            operations.delete_role(role, by=user_of(request))


# Keys


@admin.register(ApiToken)
class ApiTokenAdmin(OperatedAdmin):
    """Keys with which programs act for somebody. The secret is shown once; a key can be ended."""

    list_display = (
        "name",
        "prefix",
        "user",
        "scope",
        "created_at",
        "expires_at",
        "used_at",
        "revoked_at",
    )
    list_filter = ("scope", "revoked_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__email", "user__name")
    ordering = ("-pk",)
    autocomplete_fields = ("user",)
    actions = ("revoke",)
    fields = ("user", "name", "scope", "expires_at")
    readonly_fields = ("prefix", "created_at", "used_at", "revoked_at")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else (*self.fields, *self.readonly_fields)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        terms = form.cleaned_data
        token, request.secret = operations.issue_token(  # type: ignore[attr-defined]
            terms["user"],
            by=user_of(request),
            name=terms["name"],
            scope=terms["scope"],
            expires_at=terms["expires_at"],
        )
        obj.__dict__.update(token.__dict__)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A key has nothing else."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Show the secret, on this answer and nowhere else."""
        context = {
            "secret": request.secret,  # type: ignore[attr-defined]
        }
        return self.own_page(request, "token_secret", _("API token made"), context, original=obj)

    def get_buttons(self, request: HttpRequest, obj: ApiToken) -> list[Button]:
        if obj.revoked_at is not None or not self.has_change_permission(request):
            return []
        return [Button(_("Revoke"), "revoke")]

    @admin.action(permissions=["change"], description=gettext_lazy("Revoke selected tokens"))
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        for token in queryset:
            operations.revoke_token(token, by=user_of(request))
            self.message_user(
                request, _("%(token)s is revoked.") % {"token": token}, messages.SUCCESS
            )


# What the foundation keeps


class KindFilter(admin.SimpleListFilter):
    """What an entry of the trail is about."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = [(kind._meta.label_lower, label_of_kind(kind)) for kind in administered()]
        return sorted(kinds, key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        app_label, _dot, name = str(self.value()).partition(".")
        return queryset.filter(
            record_type__in=ContentType.objects.filter(app_label=app_label, model=name)
        )


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what to which record. Only ever added to."""

    list_display = ("at", "actor", "event", "label", "reason")
    list_filter = ("at", KindFilter)
    list_select_related = ("actor",)
    search_fields = ("label__icontains", "event__istartswith", "actor__email__istartswith")
    search_help_text = gettext_lazy("Name of the record, event, or email of who did it")
    ordering = ("-pk",)
    sortable_by = ("at",)
    fields = ("at", "actor", "event", "record_type", "record_id", "label", "told", "reason")
    readonly_fields = ("told",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the changes for those from whom fields are kept: histories tell them theirs."""
        is_told = not user_of(request).withheld
        return [name for name in self.fields if is_told or name != "told"]

    @admin.display(description=gettext_lazy("changes"))
    def told(self, entry: AuditEntry) -> str:
        model = entry.record_type.model_class()
        if model is None:
            return "—"
        fields = custom_fields_of(model, entry.changes)
        changes = [told(model, name, pair, fields) for name, pair in entry.changes.items()]
        lines = [
            f"{label}: {old} → {new}" if old else f"{label}: {new}" for label, old, new in changes
        ]
        return "\n".join(lines) or "—"


class CurrencyForm(TellingForm):
    """A currency; its code is typed once."""

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).upper()


@admin.register(Currency)
class CurrencyAdmin(SettingAdmin):
    """Currencies and their rates. A new rate counts for what is written from then on."""

    form = CurrencyForm
    list_display = ("code", "rate")
    search_fields = ("code",)
    ordering = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["code"] if obj else []


@admin.register(Retention)
class RetentionAdmin(SettingAdmin):
    """For how many days what is only needed for a while is kept."""

    form = VersionedForm
    list_display = ("__str__", "payloads", "letters", "jobs", "notices")
    sortable_by = ()

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


@admin.register(Tag)
class TagAdmin(SettingAdmin):
    """The words by which records are found together. One in use is renamed, never deleted."""

    form = VersionedForm
    fields = ("name",)
    list_display = ("name", "key", "created_by")
    list_select_related = ("created_by",)
    search_fields = ("name", "name_key")
    ordering = ("name_key",)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """First answers to requests that may be sent again."""

    list_display = ("key", "user", "status", "at")
    # Not the answer: it says what this user may see.
    fields = ("key", "user", "status", "at")
    list_filter = ("at",)
    list_select_related = ("user",)
    search_fields = ("key__istartswith",)
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin):
    """Records that were made one. Undone on the page of the merge."""

    list_display = ("at", "by", "kind", "survivor_id", "loser_ids", "state")
    list_filter = ("at", "kind", "state")
    list_select_related = ("by",)
    ordering = ("-pk",)
    sortable_by = ("at",)
    # Not the rows as they were: they can be many.
    fields = ("at", "by", "kind", "survivor_id", "loser_ids", "state", "ended_at", "ended_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Merge]:
        return super().get_queryset(request).defer("image")


@admin.register(PossibleDuplicate)
class PossibleDuplicateAdmin(ReadOnlyAdmin):
    """Pairs that may be one record, and those of which somebody said that they are not."""

    list_display = ("kind", "low", "high", "score", "found_at", "dismissed_at", "dismissed_by")
    list_filter = ("kind", "dismissed_at")
    list_select_related = ("dismissed_by",)
    ordering = ("-pk",)
    sortable_by = ("score",)


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    """Lists as people keep them. Renamed, shared and deleted by those who see them as tabs."""

    list_display = ("name", "kind", "audience", "owner", "created_at")
    list_filter = ("kind", "audience")
    list_select_related = ("owner",)
    search_fields = ("name__istartswith",)
    ordering = ("-pk",)
    sortable_by = ("created_at",)


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """Letters to people outside: how far they are. What they say is on the record they are for."""

    list_display = ("subject", "to", "state", "attempts", "error", "created_at", "sent_at")
    list_filter = ("state", "created_at")
    search_fields = ("subject", "error")
    ordering = ("-created_at", "-pk")
    sortable_by = ("created_at",)
    fields = (
        "subject", "sender", "to", "cc", "bcc", "reply_to", "message_id", "state", "attempts",
        "error", "refused", "created_at", "next_at", "sent_at",
    )  # fmt: skip
    actions = ("try_again",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "change")

    def get_buttons(self, request: HttpRequest, obj: Mail) -> list[Button]:
        is_open = obj.state == Mail.State.FAILED and self.has_retry_permission(request)
        return [Button(_("Try again"), "try_again")] if is_open else []

    @admin.action(permissions=["retry"], description=gettext_lazy("Try to send selected again"))
    def try_again(self, request: HttpRequest, queryset: Any) -> None:
        for mail in queryset:
            try:
                retry(mail, by=user_of(request))
            except Refused as refusal:
                self.message_user(request, f"{mail}: {refusal}", messages.WARNING)
            else:
                self.message_user(
                    request, _("%(mail)s is tried again.") % {"mail": mail}, messages.SUCCESS
                )


@admin.register(DBTaskResult)
class TaskAdmin(ReadOnlyAdmin):
    """Work that runs later: what is waiting, done or failed."""

    list_display = ("task_path", "status", "enqueued_at", "started_at", "finished_at")
    list_filter = ("status", "enqueued_at")
    search_fields = ("task_path",)
    ordering = ("-enqueued_at",)
    sortable_by = ("enqueued_at",)
