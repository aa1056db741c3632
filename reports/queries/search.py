"""Finding a record of any kind by what one remembers of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Case, IntegerField, Q, Value, When
from django.urls import reverse

from accounts.models import Account, Contact
from leads.models import Lead
from opportunities.models import Opportunity
from records import keys
from records.querysets import has_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from users.models import User


@dataclass(frozen=True)
class Found:
    """What a search found of one kind, and whether there is more of it."""

    kind: str
    records: tuple[Any, ...]
    has_more: bool
    url: str

    @property
    def object(self) -> str:
        """The name of one record of this kind, like `lead`."""
        return str(self.records[0]._meta.model_name)

    @property
    def title(self) -> str:
        """The name of the kind, as a heading."""
        return str(self.records[0]._meta.verbose_name_plural).capitalize()


def find(text: str, *, by: User, limit: int = 8) -> tuple[Found, ...]:
    """Look for `text` among all records that `by` may see. At most one statement per kind.

    Exact hits come first: an email address, or a telephone number in any spelling. Words of a
    single character are not looked for.
    """
    words = [word for word in keys.search_key(text).split() if len(word) > 1]
    if not words:
        return ()
    email = keys.email_key(text)
    phone = keys.phone_key(text, settings.DEFAULT_COUNTRY)
    return tuple(
        _found(kind, model, _exact(email, phone, email_fields, phone_fields), words, by, limit)
        for kind, model, email_fields, phone_fields in SEARCHED
    )


SEARCHED: tuple[tuple[str, Any, tuple[str, ...], tuple[str, ...]], ...] = (
    ("leads", Lead, ("email_key",), ("phone_key", "mobile_key")),
    ("accounts", Account, (), ("phone_key",)),
    ("contacts", Contact, ("email_key",), ("phone_key", "mobile_key")),
    ("opportunities", Opportunity, (), ()),
)


def _exact(email: str, phone: str, email_fields: Sequence[str], phone_fields: Sequence[str]) -> Q:
    exact = Q()
    for name in email_fields if email else ():
        exact |= Q(**{name: email})
    for name in phone_fields if phone else ():
        # Not every number has an index of its own, but the search text has one and holds them all.
        exact |= Q(**{name: phone}, search__contains=phone)
    return exact


def _found(kind: str, model: Any, exact: Q, words: Sequence[str], by: User, limit: int) -> Found:
    rows = model.objects.permitted(by)
    asked = Q()
    for word in words[:8]:
        asked &= has_word(word)
    if exact:
        rank = Case(When(exact, then=Value(0)), default=Value(1), output_field=IntegerField())
        rows = rows.filter(exact | asked).annotate(rank=rank).order_by("rank", "-pk")
    else:
        rows = rows.filter(asked).order_by("-pk")
    records = list(rows.for_list()[: limit + 1])
    url = f"{reverse(f'{kind}:list')}?{urlencode({'q': ' '.join(words)})}"
    return Found(kind, tuple(records[:limit]), len(records) > limit, url)
