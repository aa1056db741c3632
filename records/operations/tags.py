"""The tags on a record: given by their names, and made when somebody types one that is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from records import audit, keys
from records.errors import Unacceptable
from records.models import Tag, TimelineRecord, tag_problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from users.models import User

MOST_TAGS = 50  # on one record


def tags_named(names: Iterable[Any], *, by: User) -> list[Tag]:
    """Return the tags of these names, in whatever case, each once; those that are new are made.

    A tag in hand may stand for its name; of nothing but such nothing is asked. Raises
    `Unacceptable` for what cannot be the name of a tag, and for too many of them.
    """
    names = list(names)
    if all(isinstance(each, Tag) for each in names):
        return list(dict.fromkeys(names))
    wanted: dict[str, str] = {}
    problems: list[str] = []
    for each in names:
        name = " ".join(str(each).split())
        if problem := tag_problem(name):
            problems.append(problem)
        else:
            wanted.setdefault(keys.tag_key(name), name)
    if len(wanted) > MOST_TAGS:
        problems.append(_("A record has at most %(most)d tags.") % {"most": MOST_TAGS})
    if problems:
        raise Unacceptable(errors={"tags": list(dict.fromkeys(problems))})
    if not wanted:
        return []
    found = {tag.name_key: tag for tag in Tag.objects.filter(name_key__in=list(wanted))}
    for key, name in wanted.items():
        if key not in found:
            found[key] = _made(name, by=by)
    return [found[key] for key in wanted]


def _made(name: str, *, by: User) -> Tag:
    tag = Tag(name=name, created_by=by)
    tag.clean()
    tag.save()
    audit.log(tag, "tag.created", by=by)
    return tag


def put_on(record: TimelineRecord, tags: Sequence[Tag]) -> None:
    """Put tags on a record that is new and has none."""
    put_on_many(type(record), "tags", [(record, tags)])


def put_on_many(
    model: type[TimelineRecord], name: str, pairs: Iterable[tuple[TimelineRecord, Sequence[Any]]]
) -> None:
    """Give records that are new what belongs to them by `name`, like tags. One statement."""
    field: Any = model._meta.get_field(name)
    through = field.remote_field.through
    own, other = field.m2m_field_name(), field.m2m_reverse_field_name()
    rows = [
        through(**{own: record, other: each})
        for record, found in pairs
        for each in dict.fromkeys(found)
    ]
    if rows:
        through.objects.bulk_create(rows)


def retag(record: TimelineRecord, names: Iterable[Any], *, by: User) -> dict[str, list[Any]]:
    """Give a record these tags and no others; return what changed: "tags" → [old, new] names."""
    old = list(record.tags.all())
    new = tags_named(names, by=by)
    if {tag.pk for tag in old} == {tag.pk for tag in new}:
        return {}
    record.tags.set(new)
    return {"tags": [in_order(old), in_order(new)]}


def in_order(tags: Iterable[Tag]) -> list[str]:
    """Return the names of tags in the order of the alphabet."""
    return [tag.name for tag in sorted(tags, key=lambda tag: tag.name_key)]
