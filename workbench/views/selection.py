"""Records that are selected in a list: what can be done to them, and which they are.

The list asks the page of an action for them by `GET`: `?id=7&id=8` are those whose boxes are
ticked, with `?all=1` it is the whole view that is meant. `?from=` is always that view, as the query
string of the list: what is gone back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from records.custom import definitions_for, kind_of
from records.permissions import fixed_fields, may
from workbench.models import SavedView
from workbench.templatetags.workbench import address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from records.models import Record
    from users.models import User

LONGEST_VIEW = SavedView.LONGEST_QUERY  # characters of the query string of a list


@dataclass(frozen=True)
class ForSelected:
    """Something that can be done to selected records: a page that is asked for with their numbers.

    `page` names an address, also of a room above; of the `BulkView` of the room it is the word that
    stands in the address. `action` is what somebody has to be permitted to do to some records of
    this kind, or of the kind `of`. It takes from `least` to `most` records; without a `most` any
    number, also a whole view.
    """

    label: Any
    page: str
    icon: str
    action: str
    key: str = ""
    least: int = 1
    most: int = 0
    of: str = ""
    # Whether it is about custom fields, which the kind may not have.
    is_own: bool = False

    def address_for(self, model: type[Record]) -> str:
        """Return where its page is; nothing while that room is not there."""
        if ":" in self.page:
            return address(self.page)
        return address(f"{model().url_namespace}:bulk", self.page)

    def is_open_to(self, user: User, model: type[Record]) -> bool:
        if self.is_own:
            kind = kind_of(model)
            names = {each.name for each in definitions_for(user).get(kind, ())}
            if not names - fixed_fields(user, kind):
                return False
        return may(user, self.action, apps.get_model(self.of) if self.of else model)


ASSIGN = ForSelected(_("Assign"), "assign", "user-share", "assign", key="a")
TASK = ForSelected(_("Add task"), "task", "checkbox", "add", key="t", of="activities.activity")
TAG = ForSelected(_("Tag"), "tag", "tag", "change")
FIELD = ForSelected(_("Set a field"), "field", "pencil", "change", is_own=True)
DELETE = ForSelected(_("Delete"), "delete", "trash", "delete")
MERGE = ForSelected(_("Merge"), "duplicates:merge", "git-merge", "change", least=2, most=5)


def offered_to(
    user: User, model: type[Record], actions: Iterable[ForSelected]
) -> list[dict[str, Any]]:
    """Return what of this the bar of a list offers to somebody."""
    return [
        {
            "label": action.label,
            "url": url,
            "icon": action.icon,
            "key": action.key,
            "is_dialog": ":" not in action.page,
            "from": action.least if action.least > 1 else 0,
            "to": action.most,
        }
        for action in actions
        if action.is_open_to(user, model) and (url := action.address_for(model))
    ]


@dataclass(frozen=True)
class Selection:
    """What an address names: numbers, each once in their order, or a view. Neither is nothing.

    `is_too_long` says that a view was meant that has more filters than can be read.
    """

    numbers: tuple[int, ...] = ()
    view: QueryDict | None = None
    back: str = ""
    is_too_long: bool = False

    @classmethod
    def of(cls, data: QueryDict, *names: str) -> Selection:
        """Read a selection; `names` are further names of a number, like `lead`."""
        words = [word for name in ("id", *names) for word in data.getlist(name)]
        numbers = [int(word) for word in words if is_number(word)]
        text = data.get("from", "").removeprefix("?")
        # Cut short it would leave out a filter, and mean more records than somebody has seen.
        is_readable = len(text) <= LONGEST_VIEW
        is_view = data.get("all") == "1"
        view = QueryDict(text if is_readable else "")
        return cls(
            tuple(dict.fromkeys(numbers)),
            view if is_readable and is_view else None,
            f"?{view.urlencode()}" if view else "",
            is_view and not is_readable,
        )

    def list_url(self, namespace: str) -> str:
        """Return the list as it was when the records were selected."""
        return f"{reverse(f'{namespace}:list')}{self.back}"


def is_number(word: str) -> bool:
    """Say whether a word is the number of a record that there may be."""
    return word.isascii() and word.isdigit() and len(word) < 19
