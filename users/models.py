"""People, the teams they work in and the roles that say what they may do."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

UNREAD = object()


class Team(models.Model):
    """People who share a pipeline; a manager sees what the team owns."""

    name = models.CharField(_("name"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class Role(models.Model):
    """A set of grants with a name, given to people."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    description = models.CharField(_("description"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """One permission of a role, and how far it reaches."""

    class Scope(models.TextChoices):
        OWN = "own", _("Own records")
        TEAM = "team", _("Records of the team")
        ALL = "all", _("All records")

    # The wider scope wins where a person has several roles.
    REACH: ClassVar[dict[str, int]] = {Scope.OWN: 1, Scope.TEAM: 2, Scope.ALL: 3}

    role = models.ForeignKey(
        Role, on_delete=models.CASCADE, related_name="grants", verbose_name=_("role")
    )
    permission = models.CharField(
        _("permission"), max_length=100, help_text=_("Like leads.qualify_lead")
    )
    scope = models.CharField(_("scope"), max_length=4, choices=Scope)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.UniqueConstraint(
                fields=["role", "permission"], name="users_a_role_grants_a_permission_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.permission}: {self.get_scope_display()}"


class FieldAccess(models.Model):
    """That a role keeps a field of a kind of record from its members, or from being changed.

    `kind` is the name of the model in small letters, `field` a column or `custom.<key>`.
    """

    class Level(models.TextChoices):
        READ_ONLY = "read_only", _("Read-only")
        HIDDEN = "hidden", _("Hidden")

    role = models.ForeignKey(
        Role, on_delete=models.CASCADE, related_name="withheld", verbose_name=_("role")
    )
    kind = models.CharField(_("kind"), max_length=20)
    field = models.CharField(_("field"), max_length=60)
    level = models.CharField(_("access"), max_length=9, choices=Level)

    class Meta:
        verbose_name = _("field access")
        verbose_name_plural = _("field access")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["role", "kind", "field"], name="users_a_role_says_once_of_a_field"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}.{self.field}: {self.get_level_display()}"


class UserManager(BaseUserManager["User"]):
    """Makes users by email address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class NoticeKind(models.TextChoices):
    """What somebody is told of."""

    ASSIGNED = "assigned", _("Something is assigned to me")
    MENTIONED = "mentioned", _("Somebody mentions me")
    ANSWERED = "answered", _("An email comes in for me")
    TASK_DUE = "task_due", _("A task of mine is due")
    LEAD_REOPENED = "lead_reopened", _("A lead of mine is opened again")
    JOB_FINISHED = "job_finished", _("A job of mine has finished")


class Channel(models.TextChoices):
    """How somebody wants to be told."""

    APP = "app", _("In the app")
    EMAIL = "email", _("By email")
    BOTH = "both", _("Both")
    NONE = "none", _("Not at all")


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in, or a machine that acts in its own name.

    language, locale, time_zone  empty is that of the installation; the locale is of numbers and
                 days, and empty it is that of the language
    start_page   one of `StartPage`, or `view:7` for a saved view
    notices      kind of notice → how to be told of it; in the app where nothing is said
    digest_hour  at which hour of his day one mail tells all of the day; None is a mail at once
    digested_on  the last day, in his zone, for which that was done
    manager      whom the figures of this person count for, too; it gives nobody any right
    """

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Density(models.TextChoices):
        COMPACT = "compact", _("Compact")
        STANDARD = "", _("Standard")
        COMFORTABLE = "comfortable", _("Comfortable")

    class Weekday(models.TextChoices):
        USUAL = "", _("As usual in the region")
        MONDAY = "monday", _("Monday")
        SATURDAY = "saturday", _("Saturday")
        SUNDAY = "sunday", _("Sunday")

    class Currency(models.TextChoices):
        SYMBOL = "symbol", _("Symbol, like €")
        CODE = "code", _("Code, like EUR")

    # Beside these, `view:7` is a saved view of a list.
    class StartPage(models.TextChoices):
        DAY = "day", _("My day")
        DASHBOARD = "dashboard", _("Dashboard")
        LEADS = "leads", _("My open leads")
        PIPELINE = "pipeline", _("Pipeline")

    email = models.EmailField(_("email"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("team"),
    )
    manager = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="direct_reports",
        verbose_name=_("manager"),
        help_text=_("Figures can be parted by manager. It gives nobody any right."),
    )
    roles = models.ManyToManyField(
        Role, blank=True, related_name="members", verbose_name=_("roles")
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the administration"), default=False)
    is_machine = models.BooleanField(_("is a machine"), default=False)
    theme = models.CharField(_("theme"), max_length=6, choices=Theme, default=Theme.SYSTEM)
    has_shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)
    density = models.CharField(
        _("height of rows"), max_length=11, choices=Density, default=Density.STANDARD, blank=True
    )
    start_page = models.CharField(_("start page"), max_length=30, default=StartPage.DAY)
    language = models.CharField(_("language"), max_length=12, blank=True)
    locale = models.CharField(_("region"), max_length=20, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    first_weekday = models.CharField(
        _("week begins on"), max_length=8, choices=Weekday, default=Weekday.USUAL, blank=True
    )
    currency_display = models.CharField(
        _("currency as"), max_length=6, choices=Currency, default=Currency.SYMBOL
    )
    shows_own_currency = models.BooleanField(
        _("amounts also in the installation's currency"), default=False
    )
    notices = models.JSONField(_("notices"), default=dict, blank=True)
    digest_hour = models.PositiveSmallIntegerField(_("hour of the digest"), null=True, blank=True)
    digested_on = models.DateField(null=True, blank=True, editable=False)
    signature = models.TextField(_("email signature"), max_length=1_000, blank=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self).split()[0]

    @property
    def initials(self) -> str:
        words = str(self).replace("@", " ").split()
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()

    @property
    def unread_notices(self) -> int:
        """How many notifications are unread; read only of who is signed in, by crm.backends."""
        return int(getattr(self, "unread", 0))

    def channel_of(self, what: str) -> str:
        """Return how to tell of this kind of notice."""
        said = self.notices.get(what) if isinstance(self.notices, dict) else None
        return said if said in Channel.values else Channel.APP

    @cached_property
    def scopes(self) -> dict[str, str]:
        """Permission → widest scope granted by any role. One statement, once per loaded user.

        Who is signed in was fetched with them: `granted` has what the roles grant, line by line.
        """
        widest: dict[str, str] = {}
        for permission, scope, _role, kind in self._said_by_roles:
            if not kind and Grant.REACH[scope] > Grant.REACH.get(widest.get(permission, ""), 0):
                widest[permission] = scope
        return widest

    @cached_property
    def withheld(self) -> dict[str, dict[str, str]]:
        """Kind → field → how far it is kept from this person: `FieldAccess.Level`.

        A field is kept from whom every role that shows the kind keeps it from. Nothing is kept from
        those who shape roles, as they could give it to themselves.
        """
        if self.is_superuser or self.scopes.get("users.change_role") == Grant.Scope.ALL:
            return {}
        showing: dict[str, set[int]] = {}
        levels: dict[tuple[str, str], dict[int, str]] = {}
        for name, word, role, kind in self._said_by_roles:
            verb, _dash, shown = name.partition(".")[2].partition("_")
            if kind:
                levels.setdefault((kind, name), {})[role] = word
            elif verb == "view":
                showing.setdefault(shown, set()).add(role)
        found: dict[str, dict[str, str]] = {}
        for (kind, name), told in levels.items():
            roles = showing.get(kind) or told.keys()
            if roles <= told.keys():
                is_read = any(told[role] == FieldAccess.Level.READ_ONLY for role in roles)
                level = FieldAccess.Level.READ_ONLY if is_read else FieldAccess.Level.HIDDEN
                found.setdefault(kind, {})[name] = level
        return found

    @cached_property
    def _said_by_roles(self) -> list[tuple[str, str, int, str]]:
        """Grants as permission, scope, role, nothing; fields as name, level, role, kind.

        One statement, and none for who is signed in.
        """
        granted: Any = getattr(self, "granted", UNREAD)
        if granted is UNREAD:
            grants = Grant.objects.filter(role__members=self.pk)
            fields = FieldAccess.objects.filter(role__members=self.pk)
            lines = grants.values_list("permission", "scope", "role_id", models.Value(""))
            more = fields.values_list("field", "level", "role_id", "kind")
            return list(lines.union(more, all=True))
        kept: Any = getattr(self, "kept_back", None)
        return [(*line, "") for line in granted or ()] + [tuple(line) for line in kept or ()]


class ApiToken(models.Model):
    """A key with which a program acts as a user. Only its hash is kept."""

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Read and write")

    PREFIX = "crm_"

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="tokens", verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(_("scope"), max_length=5, choices=Scope, default=Scope.WRITE)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    def new_secret(cls) -> str:
        """Return a fresh secret of 256 random bits, with a prefix that scanners recognise."""
        return cls.PREFIX + secrets.token_urlsafe(32)

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

    @property
    def is_live(self) -> bool:
        if self.revoked_at is not None:
            return False
        return self.expires_at is None or self.expires_at > timezone.now()


class CalendarFeed(models.Model):
    """The private address at which somebody's calendar can be read. Only its hash is kept.

    There is one for each person: a new one ends the one before.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="calendar_feed")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user)
