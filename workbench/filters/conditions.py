r"""Conditions in the address of a list: `where=company:contains:acme`, once for each.

Written `field:comparison:value`; several values have commas between them, a comma that is part of a
value has a backslash before it: `source:one_of:web,fair`, `company:one_of:Acme\, Inc.,Apex`. What
holds by itself has no value: `owner:me`, `email:unknown`. A group, and whatever else the language
of conditions can say, is its JSON: `where={"any":[{"field":…,"is":…,"value":…},…]}`. All of them
have to hold.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.db.models import Case, F, Q, When
from django.db.models.lookups import In
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from records import custom
from records.conditions import (
    DEEPEST,
    MOST_TESTS,
    WITH_MANY,
    ConditionIsWrong,
    Field,
    Group,
    Test,
    addressed,
    as_data,
    names_in,
    parse,
    words,
)
from records.lookups import JsonNumber
from records.models import Record
from records.permissions import reach_of, scope_of
from records.vocabulary import fields_of
from users import formats
from users.models import Grant, User
from workbench.forms.conditions import texts_under

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import Model

    from records.models import CustomField

WHERE = "where"
LONGEST = 4000  # characters of one
MOST_NESTED = 4 * DEEPEST  # of JSON: twice what can be meant, so that what is meant is told


def fields_for(
    model: type[Model], user: User, *, only: Collection[str] | None = None
) -> dict[str, Field]:
    """Return what `user` can ask of records of this kind.

    What a related record holds is unknown where he may not see that record: a filter would tell it
    as well as a column does.
    """
    found = fields_of(model, user, only=only, is_for_viewer=True)
    return {name: _as_seen(model, about, user) for name, about in found.items()}


def _as_seen(model: type[Model], about: Field, user: User) -> Field:
    if about.type == "link":
        link = custom.field_of(custom.kind_of(model), about.name, user)
        return about if link is None else replace(about, rows=link_seen(link, user))
    if "." not in about.name or about.rows is not None or "__" not in about.path:
        return about
    rows = where_seen(model, about.path, user)
    return about if rows is None else replace(about, rows=rows)


def link_seen(link: CustomField, user: User) -> Case | None:
    """Return the number that stands in a custom link, as far as `user` may see that record.

    Nothing is returned where he may see all of them.
    """
    target = link.target_model
    if scope_of(user, "view", target) == Grant.Scope.ALL:
        return None
    place = JsonNumber("custom", link.key)
    seen: Any = target._default_manager.all()
    return Case(
        When(In(place, seen.permitted(user, "view").order_by().values("pk").query), then=place)
    )


def where_seen(model: type[Model], path: str, user: User, **options: Any) -> Case | None:
    """Return what stands at a path by way of a related record, as far as `user` may see that one.

    Nothing is returned where he may see all of them, or where the path leads by way of none.
    """
    seen = seen_by_way_of(model, path, user)
    return Case(When(seen, then=F(path)), **options) if seen else None


def seen_by_way_of(model: type[Model], path: str, user: User) -> Q | None:
    """Return what rows meet whose related record, by way of which a path leads, `user` may see.

    That is everything where he may see all of them; None is returned where the path leads by way of
    no record. What is read anyway says whether it may be seen: no numbers of records are listed.
    """
    relation, way, _rest = path.partition("__")
    related: Any = model._meta.get_field(relation).related_model if way else None
    if related is None or not issubclass(related, Record):
        return None
    if scope_of(user, "view", related) == Grant.Scope.ALL:
        return Q()
    reach = reach_of(user, "view", related, via=f"{relation}__")
    return Q(pk__in=[]) if reach is None else reach & Q(**{f"{relation}__deleted_at": None})


# Writing and reading one


def written(part: Test | Group) -> str:
    r"""Return a condition as the address has it; `read` reads the same one.

    >>> written(Test("source", "one_of", ("web", "fair"), "choice"))
    'source:one_of:web,fair'
    >>> written(Test("company", "one_of", ("Acme, Inc.", "Apex"), "text"))
    'company:one_of:Acme\\, Inc.,Apex'
    """
    data = as_data(part)
    if isinstance(part, Group):
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    said = [part.field, part.comparison]
    if "value" in data:
        value = data["value"]
        many = value if isinstance(value, list) else None
        said.append(str(value) if many is None else ",".join(map(_escaped, many)))
    return ":".join(said)


def _escaped(value: Any) -> str:
    return re.sub(r"([\\,])", r"\\\1", str(value))


def read(text: str) -> Any:
    r"""Return what stands in the address as `records.conditions.parse` takes it.

    >>> read("company:one_of:Acme\\, Inc.,Apex")
    {'field': 'company', 'is': 'one_of', 'value': ['Acme, Inc.', 'Apex']}
    >>> read("owner:me"), read("topic:is:a:b")
    ({'field': 'owner', 'is': 'me'}, {'field': 'topic', 'is': 'is', 'value': 'a:b'})
    """
    if text.startswith("{"):
        return _readable(json.loads(text))
    field, _colon, rest = text.partition(":")
    comparison, colon, value = rest.partition(":")
    test: dict[str, Any] = {"field": field, "is": comparison}
    if not colon:
        return test
    if comparison not in WITH_MANY:
        return test | {"value": value}
    parts = re.findall(r"((?:\\.|[^\\,])+)", value)
    return test | {"value": [re.sub(r"\\(.)", r"\1", part) for part in parts]}


def _readable(data: Any) -> Any:
    """Return JSON as it is. Raises `ValueError` for what no page could show or go through."""
    layer = [data]
    for _deep in range(MOST_NESTED):
        layer = [
            each
            for part in layer
            if isinstance(part, dict | list)
            for each in (part.values() if isinstance(part, dict) else part)
        ]
        if not layer:
            json.dumps(data, ensure_ascii=False).encode()  # half a character cannot be sent
            return data
    raise ValueError("nested too deep")


def read_all(texts: Iterable[str]) -> dict[str, Any] | None:
    """Return the conditions of an address as one group, or nothing where it has none.

    Raises `ValueError` for what is no JSON.
    """
    parts = [read(text[:LONGEST]) for text in texts if text.strip()]
    if len(parts) == 1 and isinstance(parts[0], dict) and "field" not in parts[0]:
        return parts[0]
    return {"all": parts} if parts else None


class WhereInput(forms.Widget):
    """Reads every condition that stands under the name."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return texts_under(data, name)


class WhereField(forms.Field):
    """The conditions of an address; clean they are one group of the language."""

    widget = WhereInput

    def __init__(self, model: type[Model], user: User, **options: Any) -> None:
        self.model, self.user = model, user
        super().__init__(**options)

    def clean(self, value: Any) -> Group | None:
        texts = [str(text) for text in value or () if str(text).strip()]
        if any(len(text) > LONGEST for text in texts):
            raise forms.ValidationError(_("A filter in the address is too long to be read."))
        if len(texts) > MOST_TESTS:
            raise forms.ValidationError(
                _("A list can have %(most)d filters. Take some away."), params={"most": MOST_TESTS}
            )
        try:
            data = read_all(texts)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("A filter in the address cannot be read.")) from error
        if data is None:
            return None
        asked = fields_for(self.model, self.user, only=names_asked(data))
        try:
            return parse(data, asked, translate=gettext)
        except ConditionIsWrong as wrong:
            raise forms.ValidationError(wrong.reasons) from wrong


def names_asked(data: Any) -> set[str]:
    """Return the names of fields in a condition that nobody has checked yet."""
    if isinstance(data, dict):
        own = {data["field"]} if isinstance(data.get("field"), str) else set()
        return own.union(*(names_asked(part) for part in data.values() if isinstance(part, list)))
    return set().union(*map(names_asked, data)) if isinstance(data, list) else set()


class ConditionFilter(django_filters.Filter):
    """Rows for which the conditions of the address hold, as the one who asks means them."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Conditions"))
        super().__init__(field_name="pk", **kwargs)

    @property
    def field(self) -> WhereField:
        return WhereField(self.model, self.parent.user, label=self.label, required=False)

    def filter(self, qs: Any, value: Group | None) -> Any:
        if value is None:
            return qs
        user = self.parent.user
        asked = fields_for(self.model, user, only=names_in(value))
        week = formats.week_of(timezone.localdate())[0] if formats.first_weekday() else None
        meant = addressed(value, me=str(user.pk), team=_LazyTeam(user), week=week)
        return qs.meeting(meant, asked, now=timezone.localtime())

    def chips(self, value: Any) -> list[dict[str, Any]]:
        """Return each condition in words, with the conditions that are left without it."""
        user = self.parent.user
        asked = fields_for(self.model, user, only=names_in(value))
        parts = value.parts if value.kind == "all" else (value,)
        said = [written(part) for part in parts]
        return [
            {
                "name": WHERE,
                "at": number,
                "label": words(part, asked, translate=gettext, write=formats.value),
                "text": words(part, asked, translate=gettext, write=formats.value),
                "others": [text for place, text in enumerate(said) if place != number],
            }
            for number, part in enumerate(parts)
        ]


class _LazyTeam:
    """The keys of the people of one's team, looked up only where a condition asks for them."""

    def __init__(self, user: User) -> None:
        self.user = user

    def __iter__(self) -> Any:
        if self.user.team_id is None:
            return iter([str(self.user.pk)])
        return map(str, User.objects.filter(team=self.user.team_id).values_list("pk", flat=True))
