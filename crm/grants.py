"""The grants of a role as a table: a row for each kind of thing, a column for what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from records.models import Record
from users.models import Grant
from users.permissions import permissions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import Model

COLUMNS = ("view", "add", "change", "delete")
PREFIX = "grant-"


def table_of(kinds: Iterable[type[Model]], grants: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows, records first: each with its cells, and what else can be done."""
    ordered = sorted(kinds, key=lambda kind: (not issubclass(kind, Record), kind._meta.label))
    return [_row(kind, grants) for kind in ordered if permissions_of(kind)]


def _row(kind: type[Model], grants: Mapping[str, str]) -> dict[str, Any]:
    known = permissions_of(kind)
    usual = [f"{kind._meta.app_label}.{verb}_{kind._meta.model_name}" for verb in COLUMNS]
    return {
        "label": capfirst(str(kind._meta.verbose_name_plural)),
        "cells": [_cell(kind, name, known, grants) if name in known else None for name in usual],
        "more": [_cell(kind, name, known, grants) for name in known if name not in usual],
    }


def _cell(
    kind: type[Model], name: str, known: Mapping[str, str], grants: Mapping[str, str]
) -> dict[str, Any]:
    """Return a choice of how far a permission reaches; settings are reached all or not at all."""
    chosen = grants.get(name, "")
    scopes = [
        (value, label)
        for value, label in Grant.Scope.choices
        if issubclass(kind, Record) or value in {Grant.Scope.ALL, chosen}
    ]
    options = [("", _("No")), *scopes]
    return {
        "name": f"{PREFIX}{name}",
        "label": known[name],
        "options": [(value, label, value == chosen) for value, label in options],
    }


def grants_in(
    data: Mapping[str, Any], kinds: Iterable[type[Model]], standing: Mapping[str, str]
) -> dict[str, str]:
    """Return the grants that a table was sent with; what stands and has no cell in it stays."""
    shown = {name for kind in kinds for name in permissions_of(kind)}
    sent = {
        str(name).removeprefix(PREFIX): str(value)
        for name, value in data.items()
        if str(name).startswith(PREFIX) and value
    }
    return {name: scope for name, scope in standing.items() if name not in shown} | sent
