"""Lists, a page at a time: from a row on, never by counting rows from the start."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from workbench.api.fields import is_id

PAGE = 50
LARGEST_PAGE = 200
COUNTED = 10_000


class Pages(BasePagination):
    """`results` with links to the `next` and `previous` page, and a count for those who ask.

    A page starts behind a row, not at a number: rows that come in while somebody reads on shift
    nothing, and the last page costs what the first does.
    """

    PARAMETERS: ClassVar[set[str]] = {"limit", "cursor", "count"}

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.address = request.build_absolute_uri()
        self.order: tuple[str, ...] = view.order
        self.count = self._count(queryset, request.query_params.get("count", ""))
        limit = self._limit(request.query_params.get("limit"))
        is_back, position = self._position(request.query_params.get("cursor"))

        rows = queryset.order_by(*(_reversed(self.order) if is_back else self.order))
        if position is not None:
            rows = rows.filter(_behind(self.order, position, is_back=is_back))
        page = list(rows[: limit + 1])
        has_more = len(page) > limit
        page = page[:limit]
        if is_back:
            page.reverse()
        self.next = self._link(page[-1:], is_back=False) if is_back or has_more else None
        is_behind_another = has_more if is_back else position is not None
        self.previous = self._link(page[:1], is_back=True) if is_behind_another else None
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {**self.count, "results": data, "next": self.next, "previous": self.previous}
        )

    def _limit(self, text: str | None) -> int:
        if not text:
            return PAGE
        if not (text.isascii() and text.isdigit() and text.strip("0")):
            raise ValidationError({"limit": [_("Enter a whole number above zero.")]})
        # What is too long for a number that makes sense is clamped as well.
        return min(int(text.lstrip("0")[:9]), LARGEST_PAGE)

    def _count(self, queryset: QuerySet[Any], text: str) -> dict[str, Any]:
        if text in {"", "0"}:
            return {}
        if text != "1":
            raise ValidationError({"count": [_("Choose 0 or 1.")]})
        found = queryset.order_by().values("pk")[: COUNTED + 1].count()
        return {"count": min(found, COUNTED), "count_is_capped": found > COUNTED}

    def _link(self, rows: list[Any], *, is_back: bool) -> str | None:
        if not rows:
            return None
        values = [getattr(rows[0], name.lstrip("-")) for name in self.order]
        plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
        cursor = base64.urlsafe_b64encode(json.dumps([is_back, *plain]).encode()).decode()
        return replace_query_param(
            remove_query_param(self.address, "count"), "cursor", cursor.rstrip("=")
        )

    def _position(self, cursor: str | None) -> tuple[bool, list[Any] | None]:
        if not cursor:
            return False, None
        try:
            text = base64.urlsafe_b64decode(cursor[:400] + "==")
            is_back, *plain = json.loads(text)
            if not isinstance(is_back, bool) or len(plain) != len(self.order):
                raise ValueError
            return is_back, [
                _read(name, value) for name, value in zip(self.order, plain, strict=True)
            ]
        except (ValueError, TypeError, RecursionError, binascii.Error) as error:
            raise ValidationError(
                {"cursor": [_("Take this from the address of the page before or after.")]}
            ) from error

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "count": {"type": "integer", "maximum": COUNTED},
                "count_is_capped": {"type": "boolean"},
                "results": schema,
                "next": link,
                "previous": link,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "description": f"Rows of a page: {PAGE} unless given, {LARGEST_PAGE} at most.",
                "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE},
            },
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page starts, as `next` and `previous` say.",
                "schema": {"type": "string"},
            },
            {
                "name": "count",
                "in": "query",
                "required": False,
                "description": f"1 adds `count`, exact up to {COUNTED:,}, and `count_is_capped`.",
                "schema": {"type": "integer", "enum": [0, 1]},
            },
        ]


def _reversed(order: tuple[str, ...]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in order]


def _behind(order: tuple[str, ...], position: list[Any], *, is_back: bool) -> Q:
    """Return the condition for rows behind `position`, in a form that an index can follow.

    With two columns that is: first <= a and (first < a or second < b).
    """
    falls = order[0].startswith("-") != is_back
    less = "lt" if falls else "gt"
    names = [name.lstrip("-") for name in order]
    if len(names) == 1:
        return Q(**{f"{names[0]}__{less}": position[0]})
    first, second = names
    return Q(**{f"{first}__{less}e": position[0]}) & (
        Q(**{f"{first}__{less}": position[0]}) | Q(**{f"{second}__{less}": position[1]})
    )


def _read(name: str, value: Any) -> Any:
    if name.endswith("_at"):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None or not 1900 <= moment.year <= 9000:
            raise ValueError
        return moment
    if not is_id(value):
        raise ValueError
    return value
