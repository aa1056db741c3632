"""Tags in a form: their names in one line, parted by commas."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from records.keys import tag_key
from records.models import Tag, tag_problem
from records.operations.tags import MOST_TAGS

BETWEEN = re.compile(f"[{re.escape(Tag.BETWEEN)}\\r\\n]")


def names_in(text: str) -> list[str]:
    """Return the names in a line, each once in whatever case.

    >>> names_in("Hot, vip ;hot,, Spring  fair")
    ['Hot', 'vip', 'Spring fair']
    """
    names: dict[str, str] = {}
    for part in BETWEEN.split(text):
        if name := " ".join(part.split()):
            names.setdefault(tag_key(name), name)
    return list(names.values())


class TagsInput(forms.TextInput):
    """A line of names; `static/app/tags.js` makes a row of tags of it and proposes others."""

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        return {
            **super().build_attrs(base_attrs, extra_attrs),
            "autocomplete": "off",
            "data-tags": reverse("workbench:tags"),
            "data-module": static("app/tags.js"),
            "data-remove": _("Remove %(tag)s") % {"tag": "{tag}"},
            "data-found": _("%(n)s tags to choose from") % {"n": "{n}"},
        }


class TagsField(forms.Field):
    """The names of tags, typed as words with commas between; its value is a list of names."""

    widget = TagsInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Tags"))
        kwargs.setdefault("help_text", gettext_lazy("Part them by commas"))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> list[str]:
        return names_in(value) if isinstance(value, str) else [str(each) for each in value or ()]

    def validate(self, value: list[str]) -> None:
        super().validate(value)
        problems = [
            _("“%(tag)s”: %(problem)s") % {"tag": name[:60], "problem": problem}
            for name in value
            if (problem := tag_problem(name))
        ]
        if len(value) > MOST_TAGS:
            told = ngettext(
                "A record has at most %(most)d tag.",
                "A record has at most %(most)d tags.",
                MOST_TAGS,
            )
            problems.append(told % {"most": MOST_TAGS})
        if problems:
            raise ValidationError(problems)

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value
        return ", ".join(sorted((str(each) for each in value), key=tag_key))

    def has_changed(self, initial: Any, data: Any) -> bool:
        before = {tag_key(str(each)) for each in initial or ()}
        return before != {tag_key(name) for name in self.to_python(data)}
