"""Who is let in and what they may do; their profiles; the keys with which programs act for them."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from users import formats
from users.models import ApiToken, CalendarFeed, Channel, FieldAccess, Grant, NoticeKind, Role, User
from users.permissions import beyond, exists, holds_for_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

# Every request would write a row otherwise; to the hour is enough to find a key nobody uses.
USE_IS_NOTED_EVERY = timedelta(hours=1)
# How a saved view is named as a start page.
VIEW = "view:"

T = TypeVar("T", User, Role)


def issue_token(
    user: User,
    *,
    by: User,
    name: str,
    scope: str = ApiToken.Scope.WRITE,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a key for `user` and return it with its secret, which is nowhere to be read again.

    Raises `PermissionDenied` unless it is for oneself or `by` administers, and `ValidationError`
    for an unknown scope, a name nobody could recognise it by, or a moment that has passed.
    """
    _require_own_or_administrator(user, by)
    if not user.is_active:
        raise ValidationError({"user": _("%(user)s is not active.") % {"user": user}})
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": _("Choose a moment that is still to come.")})
    secret = ApiToken.new_secret()
    token = ApiToken(
        user=user,
        name=name.strip(),
        prefix=secret[: len(ApiToken.PREFIX) + 6],
        digest=ApiToken.digest_of(secret),
        scope=scope,
        expires_at=expires_at,
    )
    token.full_clean(exclude=["user"])
    token.save()
    return token, secret


def revoke_token(token: ApiToken, *, by: User) -> ApiToken:
    """End a key for good. Ending one that has ended changes nothing."""
    _require_own_or_administrator(token.user, by)
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    token.refresh_from_db(fields=["revoked_at"])
    return token


def live_token(secret: str) -> ApiToken | None:
    """Return the key of this secret, with its user, if it still opens."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(digest=ApiToken.digest_of(secret), user__is_active=True)
        .first()
    )
    return token if token is not None and token.is_live else None


def note_use(token: ApiToken) -> None:
    """Remember that a key was used, at most once an hour."""
    now = timezone.now()
    if token.used_at is None or now - token.used_at >= USE_IS_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)


# The calendar


@transaction.atomic
def open_calendar(user: User, *, by: User) -> str:
    """Give the calendar of `user` a new private address; return its secret part, told only here.

    The address before it ends. Raises `PermissionDenied` for the calendar of somebody else.
    """
    if by.pk != user.pk or not by.is_active:
        raise PermissionDenied(_("Everybody opens a calendar for themselves alone."))
    secret = secrets.token_urlsafe(32)
    CalendarFeed.objects.update_or_create(
        user=user, defaults={"digest": ApiToken.digest_of(secret), "created_at": timezone.now()}
    )
    return secret


def close_calendar(user: User, *, by: User) -> bool:
    """End the address of somebody's calendar; return whether there was one."""
    _require_own_or_administrator(user, by)
    count, _models = CalendarFeed.objects.filter(user=user).delete()
    return bool(count)


def owner_of_calendar(secret: str) -> User | None:
    """Return whose calendar has this address, if it still opens."""
    feed = (
        CalendarFeed.objects.select_related("user")
        .filter(digest=ApiToken.digest_of(secret), user__is_active=True)
        .first()
    )
    return feed.user if feed is not None else None


PREFERENCES = {
    "name",
    "theme",
    "has_shortcuts",
    "signature",
    "density",
    "start_page",
    "language",
    "locale",
    "time_zone",
    "first_weekday",
    "currency_display",
    "shows_own_currency",
}


def update_profile(user: User, *, by: User, **given: Any) -> User:
    """Change how somebody is called and how the pages look to him. None leaves a thing as it is.

    Raises `PermissionDenied` for the profile of somebody else, `ValidationError` for what there is
    not: a theme, a language, a zone, a page to begin with; or a name that is too long.
    """
    _require_own_or_administrator(user, by)
    changes = {field: value for field, value in given.items() if value is not None}
    if unknown := sorted(changes.keys() - PREFERENCES):
        raise ValidationError({name: [_("This cannot be set.")] for name in unknown})
    _require_there_is(user, changes)
    for field, value in changes.items():
        setattr(user, field, value)
    user.full_clean(exclude={field.name for field in user._meta.fields} - changes.keys())
    if changes:
        user.save(update_fields=sorted(changes))
    return user


def _require_there_is(user: User, changes: Mapping[str, Any]) -> None:
    """Refuse a language, a locale, a zone or a start page that nobody has."""
    errors: dict[str, list[str]] = {}
    if changes.get("language") and changes["language"] not in dict(settings.LANGUAGES):
        errors["language"] = [_("Choose one of the languages of the list.")]
    if changes.get("locale") and changes["locale"] not in formats.locale_names():
        errors["locale"] = [_("Choose one of the regions of the list.")]
    if changes.get("time_zone") and changes["time_zone"] not in formats.zones():
        errors["time_zone"] = [_("Choose one of the time zones of the list, like Europe/Berlin.")]
    page = changes.get("start_page")
    if page is not None and page not in User.StartPage.values:
        number = str(page).removeprefix(VIEW)
        is_number = number != page and number.isascii() and number.isdigit() and len(number) < 19
        if not is_number or not user.saved_views.filter(pk=number).exists():
            errors["start_page"] = [_("Choose one of the pages of the list.")]
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def choose_notices(
    user: User, *, by: User, notices: Mapping[str, str], digest_hour: int | None
) -> User:
    """Say of which kind of notice somebody wants to be told in which way, and at once or daily.

    Who begins to have a digest after its hour has it from the next day on. Raises `ValidationError`
    for a kind, a way or an hour that there is not.
    """
    _require_own_or_administrator(user, by)
    known = all(k in NoticeKind.values and c in Channel.values for k, c in notices.items())
    if not known:
        raise ValidationError(_("Choose how to be told of each."))
    if digest_hour is not None and not 0 <= digest_hour <= 23:
        raise ValidationError({"digest_hour": [_("Choose an hour of the day.")]})
    user.notices = {**user.notices, **notices}
    now = timezone.now().astimezone(formats.zone_of(user))
    is_new = user.digest_hour is None and digest_hour is not None
    if is_new and now.hour >= digest_hour:  # type: ignore[operator]
        user.digested_on = max(user.digested_on or now.date(), now.date())
    user.digest_hour = digest_hour
    user.save(update_fields=["notices", "digest_hour", "digested_on"])
    return user


def stop_mails(user: User, kinds: Iterable[str]) -> User:
    """Send `user` no more mails of these kinds, told by the link in one of them.

    What was told in both ways is told in the app alone, what was only mailed not any more.
    """
    less = {Channel.BOTH: Channel.APP, Channel.EMAIL: Channel.NONE}
    with transaction.atomic():
        current = _held(user)
        for kind in kinds:
            channel = current.channel_of(kind)
            current.notices[kind] = str(less.get(Channel(channel), channel))
        current.save(update_fields=["notices"])
    return current


def _require_own_or_administrator(user: User, by: User) -> None:
    if not by.is_active or not (by.pk == user.pk or by.is_superuser):
        raise PermissionDenied(
            _("You may not change the profile or the API tokens of somebody else.")
        )


# People


PERSONAL = {
    "email",
    "name",
    "team",
    "manager",
    "is_active",
    "is_staff",
    "is_superuser",
    "is_machine",
    "theme",
    "has_shortcuts",
    "signature",
}
# A change of one of these changes what somebody may do: open sessions were opened by another.
RIGHTS = {"email", "team", "is_active", "is_staff", "is_superuser", "roles"}

Changes = dict[str, list[Any]]


# What the product does without a hand, it does as somebody: with these rights and no password.
MACHINE = "automation@localhost.invalid"
MACHINE_MAY = (
    "leads.view_lead",
    "leads.disqualify_lead",
    "leads.qualify_lead",
    "accounts.view_account",
    "accounts.add_account",
    "accounts.change_account",
    "accounts.view_contact",
    "accounts.add_contact",
    "accounts.change_contact",
    "opportunities.view_opportunity",
    "opportunities.add_opportunity",
    "activities.view_activity",
    "activities.add_activity",
    "activities.assign_activity",
)


# Another one takes in what comes from outside, so that the trail tells the two apart.
INTAKE = "intake@localhost.invalid"
INTAKE_MAY = (
    "leads.view_lead",
    "leads.add_lead",
    "leads.change_lead",
    "leads.assign_lead",
    "activities.view_activity",
    "activities.add_activity",
)


# And a third one reads the mailbox: it adds what strangers wrote, where that belongs, and no more.
MAILBOX = "mailbox@localhost.invalid"
MAILBOX_MAY = ("activities.view_activity", "activities.add_activity")


def machine() -> User:
    """Return the user in whose name the product acts by itself, made when first asked for."""
    return _machine(MACHINE, "Automation", MACHINE_MAY)


def intake_machine() -> User:
    """Return the user in whose name leads come in from outside, made when first asked for."""
    return _machine(INTAKE, "Intake", INTAKE_MAY)


def mailbox_machine() -> User:
    """Return the user in whose name mail of strangers is written, made when first asked for."""
    return _machine(MAILBOX, "Mailbox", MAILBOX_MAY)


@transaction.atomic
def _machine(email: str, name: str, may: tuple[str, ...]) -> User:
    role, is_new = Role.objects.get_or_create(name=name)
    if is_new:
        Grant.objects.bulk_create(
            Grant(role=role, permission=permission, scope=Grant.Scope.ALL) for permission in may
        )
    user, is_new = User.objects.get_or_create(
        email=email, defaults={"name": name, "is_machine": True, "password": "!"}
    )
    if is_new:
        user.roles.add(role)
    return user


@transaction.atomic
def add_user(
    *, by: User, email: str, password: str = "", roles: Iterable[Role] = (), **fields: Any
) -> User:
    """Let somebody in. Without a password they ask for one by email, or use single sign-on.

    Raises `PermissionDenied` when `by` may not add people or gives more than they hold, and
    `ValidationError` for what cannot be typed.
    """
    _require_for_all(by, "users.add_user")
    _require_known(fields)
    user = User(email=email.strip().lower(), **fields)
    if password:
        validate_password(password, user)
    user.set_password(password or None)
    user.full_clean()
    _require_line(user)
    given = list(roles)
    _require_privileges(by, user, user.is_staff, user.is_superuser)
    _require_not_beyond(by, _grants_of(given), teams={user.team_id})
    _require_as_much_kept(by, given)
    user.save(force_insert=True)
    user.roles.set(given)
    return user


@transaction.atomic
def update_user(
    user: User, *, by: User, roles: Iterable[Role] | None = None, **changes: Any
) -> tuple[User, Changes]:
    """Change what somebody is and may do; return them with field → [old, new].

    Who loses or gains rights has to sign in again. Raises `PermissionDenied` for the account of
    somebody who may more than `by`, for rights that `by` does not hold, and for the last active
    superuser; `ValidationError` for what cannot be typed, and for a manager below oneself.
    """
    _require_for_all(by, "users.change_user")
    _require_known(changes)
    supers = _held_superusers()
    current = _held(user)
    before, old_team = list(current.roles.order_by("name")), current.team_id
    was_super = current.is_superuser and current.is_active
    _require_not_above(by, current, before)

    if "email" in changes:
        changes["email"] = changes["email"].strip().lower()
    changed = _applied(current, changes)
    after = before if roles is None else sorted(roles, key=str)
    if {role.pk for role in before} != {role.pk for role in after}:
        changed["roles"] = [[str(role) for role in before], [str(role) for role in after]]
    if not changed:
        return current, {}

    if "email" in changed and not by.is_superuser:
        raise PermissionDenied(_("Only a superuser may change the email somebody signs in with."))
    _require_privileges(by, current, "is_staff" in changed, "is_superuser" in changed)
    _require_not_beyond(by, _grants_of(after), teams={old_team, current.team_id})
    _require_as_much_kept(by, [role for role in after if role not in before])
    if "team" in changed and not by.is_superuser and Grant.Scope.TEAM in by.scopes.values():
        raise PermissionDenied(_("Only somebody who works with all teams may move people."))
    if was_super and not (current.is_superuser and current.is_active):
        _require_another(current, supers)
    current.full_clean()
    if "manager" in changed:
        _require_line(current)
    current.save(update_fields=sorted(changed.keys() - {"roles"}) or None)
    if "roles" in changed:
        current.roles.set(after)
    if "email" in changed:
        # allauth remembers the addresses somebody signed in with: the old one must not open.
        EmailAddress.objects.filter(user=current).delete()
    if changed.keys() & RIGHTS:
        end_sessions(current)
    return current, changed


@transaction.atomic
def set_password(user: User, *, by: User, password: str) -> User:
    """Give somebody a new password, which ends their sessions. Only superusers may, and oneself.

    Raises `ValidationError` for a password that is too easy to guess.
    """
    _require_own_or_administrator(user, by)
    validate_password(password, user)
    current = _held(user)
    current.set_password(password)
    current.save(update_fields=["password"])
    if current.pk != by.pk:  # one's own others end too: they carry a digest of the old password
        end_sessions(current)
    return current


@transaction.atomic
def remove_second_factor(user: User, *, by: User) -> bool:
    """Let somebody who lost their phone sign in with the password alone, and set up a new one.

    Returns whether there was one. Only superusers may; it ends the person's sessions.
    """
    if not by.is_superuser or not by.is_active:
        raise PermissionDenied(_("Only a superuser may remove a second factor."))
    count, _models = Authenticator.objects.filter(user=user).delete()
    if count:
        end_sessions(user)
    return bool(count)


@transaction.atomic
def delete_user(user: User, *, by: User) -> None:
    """Remove somebody who has left no trace. Raises `ValidationError` for anybody who has."""
    _require_for_all(by, "users.delete_user")
    supers = _held_superusers()
    current = _held(user)
    _require_not_above(by, current, list(current.roles.all()))
    if current.is_superuser and current.is_active:
        _require_another(current, supers)
    if current.pk == by.pk:
        raise ValidationError(_("Nobody can remove themselves. Ask another administrator."))
    for field in _protected_by():
        if field.model._base_manager.filter(**{field.name: current}).exists():
            raise ValidationError(
                _(
                    "%(user)s owns or has changed records, or is somebody's manager, so the "
                    "account stays. Switch off “active” instead: then nobody can sign in with it."
                )
                % {"user": current}
            )
    end_sessions(current)
    current.delete()


@transaction.atomic
def sign_out(user: User, *, by: User) -> int:
    """End every session of somebody who may not more than `by`; return how many there were."""
    _require_for_all(by, "users.change_user")
    _require_not_above(by, user, list(user.roles.all()))
    return end_sessions(user)


def end_session(key: str, *, by: User) -> bool:
    """Sign oneself out on another device; return whether one was signed in there.

    What is nobody's, or somebody else's, stays as it is.
    """
    with transaction.atomic():
        if not UserSession.objects.filter(user=by, session_key=key).exists():
            return False
        Session.objects.filter(session_key=key).delete()
        UserSession.objects.filter(user=by, session_key=key).delete()
    return True


def end_sessions(user: User) -> int:
    """Sign somebody out everywhere; return how many sessions that were.

    A session does not say outside its seal whose it is, so every live one is opened. Rights change
    rarely, and a firm has few sessions.
    """
    live = Session.objects.filter(expire_date__gt=timezone.now())
    keys = [
        session.session_key
        for session in live.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    for start in range(0, len(keys), 500):
        Session.objects.filter(session_key__in=keys[start : start + 500]).delete()
    return len(keys)


# Roles


@transaction.atomic
def save_role(
    role: Role,
    *,
    by: User,
    name: str,
    description: str = "",
    grants: Mapping[str, str],
    fields: Mapping[str, str] | None = None,
) -> tuple[Role, Changes]:
    """Make or change a role: `grants` is permission → scope, all of them.

    `fields` is `<kind>.<field>` → how far it is kept from its members, all of them; None leaves it
    as it stands. Its members have to sign in again when one of the two changed. Raises
    `PermissionDenied` when it grants, or granted, more than `by` holds; `ValidationError` for a
    permission or scope that does not exist, or a name that is taken.
    """
    is_new = role.pk is None
    _require_for_all(by, "users.add_role" if is_new else "users.change_role")
    current = Role() if is_new else _held(role)
    before = {} if is_new else dict(current.grants.values_list("permission", "scope"))
    if unknown := sorted(p for p in grants if not exists(p)):
        raise ValidationError({"grants": [_("There is no permission %s.") % p for p in unknown]})
    if any(scope not in Grant.Scope.values for scope in grants.values()):
        raise ValidationError({"grants": [_("Choose how far each permission reaches.")]})
    kept = {} if is_new else withheld_by(current)
    fields = kept if fields is None else fields
    if any(level not in FieldAccess.Level.values for level in fields.values()):
        raise ValidationError({"fields": [_("A field is read-only or hidden, or left out.")]})
    members = [] if is_new else list(current.members.all())
    teams = {member.team_id for member in members}
    _require_not_beyond(by, before, teams=teams)
    _require_not_beyond(by, grants, teams=teams)

    changed = _applied(current, {"name": name.strip(), "description": description.strip()})
    current.full_clean()
    said = _differing(before, grants) | _differing(kept, fields)
    if not changed and not said:
        return current, {}

    current.save()
    if said:
        _say_anew(current, grants, fields)
        for member in members:
            end_sessions(member)
    return current, changed | said


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> Changes:
    """Return in what two tables differ: name → [before, after]."""
    pairs = {n: [before.get(n), after.get(n)] for n in sorted(before.keys() | after.keys())}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _say_anew(role: Role, grants: Mapping[str, str], fields: Mapping[str, str]) -> None:
    """Write the grants of a role and the fields that it keeps, in the place of those it had."""
    role.grants.all().delete()
    Grant.objects.bulk_create(
        Grant(role=role, permission=permission, scope=scope)
        for permission, scope in sorted(grants.items())
    )
    role.withheld.all().delete()
    parts = [(*name.partition("."), level) for name, level in sorted(fields.items())]
    FieldAccess.objects.bulk_create(
        FieldAccess(role=role, kind=kind, field=field, level=level)
        for kind, _dot, field, level in parts
    )


def withheld_by(role: Role) -> dict[str, str]:
    """Return what a role keeps from its members: `<kind>.<field>` → level."""
    lines = role.withheld.order_by("kind", "field").values_list("kind", "field", "level")
    return {f"{kind}.{field}": level for kind, field, level in lines}


@transaction.atomic
def delete_role(role: Role, *, by: User) -> None:
    """Remove a role that nobody has. Raises `ValidationError` when somebody does."""
    _require_for_all(by, "users.delete_role")
    current = _held(role)
    _require_not_beyond(by, _grants_of([current]), teams=set())
    if count := current.members.count():
        raise ValidationError(
            ngettext(
                "%(count)d person has this role. Give them another one first.",
                "%(count)d people have this role. Give them another one first.",
                count,
            )
            % {"count": count}
        )
    current.delete()


def _protected_by() -> list[models.Field[Any, Any]]:
    """Return the columns that keep a user from being removed; most have no name on the user."""
    return [
        relation.field
        for relation in User._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ManyToOneRel) and relation.on_delete is models.PROTECT
    ]


def _applied(thing: User | Role, changes: Mapping[str, Any]) -> Changes:
    changed: Changes = {}
    for name, value in changes.items():
        old = getattr(thing, name)
        if old != value:
            setattr(thing, name, value)
            changed[name] = [old, value]
    return changed


def _require_as_much_kept(by: User, given: Iterable[Role]) -> None:
    """Refuse roles that show a field which is kept from `by`: the most generous one would count."""
    for kind, fields in by.withheld.items():
        for role in given:
            shows = any(
                grant.permission.partition(".")[2] == f"view_{kind}" for grant in role.grants.all()
            )
            kept = {line.field for line in role.withheld.all() if line.kind == kind}
            if shows and not fields.keys() <= kept:
                told = _("The role %(role)s shows fields that are kept from you.")
                raise PermissionDenied(told % {"role": role})


def _grants_of(roles: Iterable[Role]) -> dict[str, str]:
    """Permission → widest scope of these roles together."""
    widest: dict[str, str] = {}
    for permission, scope in Grant.objects.filter(role__in=[role.pk for role in roles]).values_list(
        "permission", "scope"
    ):
        if Grant.REACH[scope] > Grant.REACH.get(widest.get(permission, ""), 0):
            widest[permission] = scope
    return widest


def _held(thing: T) -> T:
    """Lock and re-read a person or a role. Raises `ValidationError` when it was deleted since."""
    found = type(thing)._default_manager.select_for_update().filter(pk=thing.pk).first()
    if found is None:
        raise ValidationError(_("%(thing)s is gone for good.") % {"thing": thing})
    return found


def _held_superusers() -> set[int]:
    """Lock the active superusers, so that two of them cannot remove each other at once."""
    rows = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    return set(rows.order_by("pk").values_list("pk", flat=True))


def _require_another(user: User, supers: set[int]) -> None:
    if not supers - {user.pk}:
        raise PermissionDenied(
            _("%(user)s is the last active superuser. Make somebody else one first.")
            % {"user": user}
        )


def _require_line(user: User) -> None:
    """Refuse a manager who is a machine, or whose own managers lead back to `user`.

    Whoever changes people holds the superusers: nobody else moves a manager meanwhile.
    """
    if user.manager is not None and user.manager.is_machine:
        raise ValidationError({"manager": [_("Choose a person.")]})
    above, passed = user.manager_id, set[int]()
    while above is not None and above not in passed:
        if above == user.pk:
            raise ValidationError(
                {"manager": [_("Nobody is their own manager, also not by way of others.")]}
            )
        passed.add(above)
        # As it stands in the table: what a caller holds may have been read before.
        above = User.objects.filter(pk=above).values_list("manager", flat=True).first()


def _require_for_all(by: User, permission: str) -> None:
    if not holds_for_all(by, permission):
        raise PermissionDenied(_("You may not administer people and roles."))


def _require_known(fields: Mapping[str, Any]) -> None:
    if unknown := sorted(fields.keys() - PERSONAL):
        raise ValidationError({name: [_("This cannot be set.")] for name in unknown})


def _require_not_above(by: User, user: User, roles: list[Role]) -> None:
    """Refuse the account of somebody who may more than `by`: to change it is to have its rights."""
    if user.is_superuser and not by.is_superuser:
        raise PermissionDenied(_("Only a superuser may change a superuser."))
    if beyond(by, _grants_of(roles), teams={user.team_id}):
        raise PermissionDenied(_("%(user)s may do more than you do.") % {"user": user})


def _require_not_beyond(by: User, grants: Mapping[str, str], *, teams: set[int | None]) -> None:
    if excess := beyond(by, grants, teams=teams):
        raise PermissionDenied(
            _("Nobody may grant more than they hold: %(permissions)s")
            % {"permissions": ", ".join(excess[:5]) + ("…" if len(excess) > 5 else "")}
        )


def _require_privileges(by: User, user: User, staff: bool, superuser: bool) -> None:
    if superuser and not by.is_superuser:
        raise PermissionDenied(_("Only a superuser may make or unmake a superuser."))
    if staff and not (by.is_staff or by.is_superuser):
        raise PermissionDenied(
            _("You may not let %(user)s into the administration.") % {"user": user}
        )
