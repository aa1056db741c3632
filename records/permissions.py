"""Who may do what to which record: the one place where that is decided.

A permission is a queryset: `restrict` keeps the rows on which a user may do something, and
everything else (buttons, pages, API, operations) asks whether a record is among those rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import CharField, Exists, Model, OuterRef, Q, QuerySet, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from records.errors import NotPermitted, Unacceptable
from users.models import FieldAccess, Grant, User

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from django.contrib.auth.models import AnonymousUser

M = TypeVar("M", bound=Model)

MOST_MEMBERS = 200  # of a team, that are told to the database by number

DENIED_AT_ALL = gettext_noop("You may not do this to this %(kind)s.")
DENIED = {
    "view": gettext_noop("You may not view this %(kind)s."),
    "add": gettext_noop("You may not add this %(kind)s."),
    "change": gettext_noop("You may not change this %(kind)s."),
    "delete": gettext_noop("You may not delete this %(kind)s."),
    "assign": gettext_noop("You may not assign this %(kind)s."),
    "qualify": gettext_noop("You may not qualify this %(kind)s."),
    "disqualify": gettext_noop("You may not disqualify this %(kind)s."),
    "undo": gettext_noop("You may not undo this %(kind)s."),
    "close": gettext_noop("You may not close this %(kind)s."),
}
DENIED_ALL_AT_ALL = gettext_noop("You may not do this to %(kinds)s.")
DENIED_ALL = {
    "view": gettext_noop("You may not view %(kinds)s."),
    "add": gettext_noop("You may not add %(kinds)s."),
    "change": gettext_noop("You may not change %(kinds)s."),
    "delete": gettext_noop("You may not delete %(kinds)s."),
    "assign": gettext_noop("You may not assign %(kinds)s."),
}


def load_scopes(people: Iterable[User]) -> None:
    """Read the scopes of several people with one statement, as each would read their own."""
    people = [person for person in people if "scopes" not in vars(person)]
    if not people:
        return
    found: dict[int, dict[str, str]] = {person.pk: {} for person in people}
    grants = Grant.objects.filter(role__members__in=found)
    for pk, permission, scope in grants.values_list("role__members", "permission", "scope"):
        widest = found.get(pk)
        if widest is not None and Grant.REACH[scope] > Grant.REACH.get(
            widest.get(permission, ""), 0
        ):
            widest[permission] = scope
    for person in people:
        person.scopes = found[person.pk]


def permission_for(action: str, model: type[Model]) -> str:
    """Return the name of a permission, like `leads.qualify_lead`."""
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def scope_of(user: User | AnonymousUser, action: str, model: type[Model]) -> str | None:
    """Return how far the roles of `user` let it do `action`: own, team, all or not at all."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_superuser:
        return Grant.Scope.ALL
    return user.scopes.get(permission_for(action, model))


def may(user: User | AnonymousUser, action: str, model: type[Model]) -> bool:
    """Say whether `user` may do `action` to at least some records of this kind."""
    return scope_of(user, action, model) is not None


def hidden_fields(user: User | AnonymousUser | None, kind: str) -> frozenset[str]:
    """Return the fields of a kind that the roles of `user` hide: columns, and `custom.<key>`.

    Nobody in particular, as a machine asks, is kept from nothing. No statement where the grants of
    `user` have been read.
    """
    kept = user.withheld.get(kind, {}) if isinstance(user, User) else {}
    return frozenset(name for name, level in kept.items() if level == FieldAccess.Level.HIDDEN)


def fixed_fields(user: User | AnonymousUser | None, kind: str) -> frozenset[str]:
    """Return the fields of a kind that `user` may not change: hidden ones and read-only ones."""
    return frozenset(user.withheld.get(kind, ())) if isinstance(user, User) else frozenset()


def is_hidden_field(user: User | AnonymousUser | None, model: type[Model], name: str) -> bool:
    """Say whether a field is hidden from `user`: also one of a related record, behind a point."""
    *relations, last = [name] if name.startswith("custom.") else name.split(".")
    for relation in relations:
        if relation not in {field.name for field in model._meta.get_fields()}:
            return False  # derived, like bant.budget: no column holds it
        model = model._meta.get_field(relation).related_model  # type: ignore[assignment]
    return last in hidden_fields(user, str(model._meta.model_name))


def require_fields(user: User | None, kind: str, names: Iterable[str]) -> None:
    """Raise `Unacceptable`, naming each, for fields that `user` may not change."""
    if refused := sorted(fixed_fields(user, kind).intersection(names)):
        sentence = _("Your role does not let you change this field.")
        raise Unacceptable(errors={name: [sentence] for name in refused})


def restrict(
    records: QuerySet[M, Any],
    user: User | AnonymousUser,
    action: str,
    *,
    team: Collection[int] | None = None,
) -> QuerySet[M, Any]:
    """Keep the rows on which the roles of `user` grant `action`.

    A record without an owner waits in the queue of every team, for whoever takes it. `team` are the
    numbers of all who are in the team of `user`, of a caller who has read them: so the database
    knows beforehand how few of very many rows are theirs.
    """
    reach = reach_of(user, action, records.model, team=team)
    if reach is None:
        return records.none()
    return records.filter(reach) if reach else records


def reach_of(
    user: User | AnonymousUser,
    action: str,
    model: type[Model],
    *,
    team: Collection[int] | None = None,
    via: str = "",
) -> Q | None:
    """Return what rows meet on which the roles of `user` grant `action`; None where there are none.

    `via` is the way to them from other rows, like `account__`, for one who reads both at once.
    """
    match scope_of(user, action, model):
        case Grant.Scope.ALL:
            return Q()
        case Grant.Scope.TEAM if user.team_id:  # type: ignore[union-attr]
            members = members_for(user) if team is None else team  # type: ignore[arg-type]
            return Q(**{f"{via}owner__in": members}) | Q(**{f"{via}owner": None})
        case Grant.Scope.TEAM | Grant.Scope.OWN:
            return Q(**{f"{via}owner": user.pk})
        case _:
            return None


def members_for(user: User) -> Collection[int] | QuerySet[User, User]:
    """Return who is in the team of `user`: by number where they were read along with who is signed
    in, unless they are very many, so that the database knows how few of all rows are theirs.
    """
    read: Any = getattr(user, "team_members", None)
    return sorted(pk for (pk,) in read) if read and len(read) <= MOST_MEMBERS else team_of(user)


def team_of(user: User) -> QuerySet[User, User]:
    """Return all who are in the team of `user`; nobody is in the team of somebody without one."""
    return User.objects.filter(team=user.team_id) if user.team_id else User.objects.none()


def named_on_seen(rows: QuerySet[M, Any], user: User | AnonymousUser) -> QuerySet[M, Any]:
    """Keep the words, like tags, that stand on a record which `user` may see.

    A word has a relation to many for each kind of record that it can stand on.
    """
    seen = Q(pk__in=[])
    for relation in rows.model._meta.related_objects:
        if not relation.many_to_many:
            continue
        column: Any = relation.field
        records = restrict(column.model._default_manager.all(), user, "view").order_by()
        links = column.remote_field.through._base_manager.filter(
            **{
                f"{column.m2m_reverse_field_name()}": OuterRef("pk"),
                f"{column.m2m_field_name()}__in": records.values("pk"),
            }
        )
        seen |= Q(Exists(links))
    return rows.filter(seen)


def reaches(user: User | AnonymousUser, action: str, record: Any) -> bool:
    """Say whether `record`, with its owner loaded, is among the rows of `restrict`.

    The same rule as `restrict`, for a record in hand; a test proves that the two always agree.
    """
    match scope_of(user, action, type(record)):
        case Grant.Scope.ALL:
            return True
        case Grant.Scope.TEAM if user.team_id:  # type: ignore[union-attr]
            return record.owner_id is None or record.owner.team_id == user.team_id  # type: ignore[union-attr]
        case Grant.Scope.TEAM | Grant.Scope.OWN:
            return bool(record.owner_id == user.pk)
        case _:
            return False


def people_in_reach(user: User, action: str, *kinds: type[Model]) -> QuerySet[User]:
    """Return the people whose records, of at least one of these kinds, `user` may do this to."""
    scopes = {scope_of(user, action, kind) for kind in kinds}
    if Grant.Scope.ALL in scopes:
        return User.objects.all()
    if Grant.Scope.TEAM in scopes and user.team_id:
        return User.objects.filter(Q(team=user.team_id) | Q(pk=user.pk))
    if scopes - {None}:
        return User.objects.filter(pk=user.pk)
    return User.objects.none()


def reaches_person(user: User, action: str, person: User, *kinds: type[Model]) -> bool:
    """Say whether `person` is among the people of `people_in_reach`, without asking for them."""
    scopes = {scope_of(user, action, kind) for kind in kinds}
    if Grant.Scope.ALL in scopes:
        return True
    is_colleague = user.team_id is not None and person.team_id == user.team_id
    if Grant.Scope.TEAM in scopes and is_colleague:
        return True
    return bool(scopes - {None}) and person.pk == user.pk


def unnamed(model: type[Model]) -> str:
    """Return what a record is called before somebody who may not see it."""
    kind = str(model._meta.verbose_name)
    if kind[:1].lower() in "aeiou":
        return _("an %(kind)s that you cannot open") % {"kind": kind}
    return _("a %(kind)s that you cannot open") % {"kind": kind}


def name_for(viewer: User, record: Model) -> str:
    """Return what `record`, with its owner loaded, is called before `viewer`."""
    return str(record) if reaches(viewer, "view", record) else unnamed(type(record))


def hidden_from(
    viewer: User, named: Mapping[type[Model], Iterable[Any]]
) -> set[tuple[type[Model], Any]]:
    """Return those of the records that `named` lists by their numbers that `viewer` may not see.

    Records in the recycle bin are seen by whoever saw them before. One statement at most.
    """
    hidden: set[tuple[type[Model], Any]] = set()
    parts: list[Any] = []
    for model, numbers in named.items():
        wanted = set(numbers)
        if not wanted or scope_of(viewer, "view", model) == Grant.Scope.ALL:
            continue
        hidden |= {(model, number) for number in wanted}
        kind = Value(model._meta.label, output_field=CharField())
        rows = restrict(model._base_manager.filter(pk__in=wanted), viewer, "view")
        # A name that no column has: activities have a kind of their own.
        parts.append(rows.order_by().annotate(label_=kind).values_list("label_", "pk"))
    if not parts:
        return hidden
    seen = set(parts[0].union(*parts[1:]) if parts[1:] else parts[0])
    return {(model, number) for model, number in hidden if (model._meta.label, number) not in seen}


def require(user: User, action: str, record: Any) -> None:
    """Raise `NotPermitted` unless `user` may do `action` to `record`."""
    if not reaches(user, action, record):
        raise NotPermitted(
            _(DENIED.get(action, DENIED_AT_ALL)) % {"kind": record._meta.verbose_name}
        )


def require_any(user: User, action: str, model: type[Model]) -> None:
    """Raise `NotPermitted` unless `user` may do `action` to some records of this kind."""
    if not may(user, action, model):
        raise NotPermitted(
            _(DENIED_ALL.get(action, DENIED_ALL_AT_ALL))
            % {"kinds": model._meta.verbose_name_plural}
        )
