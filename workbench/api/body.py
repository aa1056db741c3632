"""What may come in: one JSON object, read strictly, before anything looks at it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser

LARGEST = 1_048_576  # bytes
DEEPEST = 20
LONGEST_NUMBER = 40  # characters; the widest column holds 18 digits
WHOLE = "body"  # the name under which an error of the body as a whole is told

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?|[\[\]{}]', re.DOTALL)
_BROKEN = re.compile("[\x00\ud800-\udfff]")


class TooLarge(APIException):
    """The body is larger than anything that could be meant."""

    status_code = 413
    default_code = "too_large"
    default_detail = f"The body may have at most {LARGEST:,} bytes."


class LengthIsMissing(APIException):
    """A body in pieces of unknown length: taken for none, it would do something else than meant."""

    status_code = 411
    default_code = "length_required"
    default_detail = "Send the body in one piece, with its Content-Length."


class Unreadable:
    """Stands where a number stood that no column could hold."""


class JSONBody(BaseParser):
    """Reads the body; what is wrong with it is told with the name of the field where it is.

    Refused are: anything but UTF-8, NUL and lone surrogates in any text or name, a name given twice
    in one object, NaN and Infinity, numbers of more than 40 characters, and more than 20 levels.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            if int(stream.META.get("CONTENT_LENGTH") or 0) > LARGEST:
                raise TooLarge
            raw = stream.read(LARGEST + 1)
        except ValueError as error:
            raise ParseError(_("The body could not be read.")) from error
        if len(raw) > LARGEST:
            raise TooLarge
        try:
            return loads(raw.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ParseError(_("The body is not encoded as UTF-8.")) from error


def loads(text: str) -> Any:
    """Return the object in `text`; raises `ValidationError` or `ParseError`."""
    _refuse_depth(text)
    try:
        body = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole_number,
            parse_float=_number,
            parse_constant=lambda word: Unreadable(),
        )
    except (ValueError, RecursionError) as error:
        raise ParseError(_("The body is not valid JSON.")) from error
    if not isinstance(body, dict):
        raise ValidationError({WHOLE: [_("Send one JSON object.")]})
    errors: dict[str, list[str]] = {}
    for path, value in _leaves(body):
        if isinstance(value, Unreadable):
            errors.setdefault(path, []).append(_("This is not a number that can be stored."))
        elif isinstance(value, str) and _BROKEN.search(value):
            errors.setdefault(path, []).append(
                _("The text contains a character that cannot be stored (NUL or half of a pair).")
            )
    if errors:
        raise ValidationError(errors)
    return body


def _refuse_depth(text: str) -> None:
    """Look at the brackets before the parser does, as it would use its stack up."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth, name = 0, WHOLE
    for token in _TOKENS.finditer(text):
        match token[0][0]:
            case "[" | "{":
                depth += 1
                if depth > DEEPEST:
                    sentence = _("This is nested more than %(levels)d levels deep.")
                    raise ValidationError({_printable(name): [sentence % {"levels": DEEPEST}]})
            case "]" | "}":
                depth -= 1
            case '"' if depth == 1 and token[1]:
                name = token[0][1:].rpartition('"')[0]


def _printable(name: str) -> str:
    return _BROKEN.sub("�", name)[:100]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if _BROKEN.search(name):
            sentence = _("The name of a field contains a character that cannot be stored.")
            raise ValidationError({_printable(name): [sentence]})
        if name in found:
            raise ValidationError({_printable(name): [_("This field is given twice.")]})
        found[name] = value
    return found


def _whole_number(text: str) -> int | Unreadable:
    return int(text) if len(text) <= LONGEST_NUMBER else Unreadable()


def _number(text: str) -> Decimal | Unreadable:
    if len(text) > LONGEST_NUMBER:
        return Unreadable()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Unreadable()
    # 1e999999999 is short to write and long to calculate with.
    return number if number.is_finite() and abs(number.adjusted()) < 100 else Unreadable()


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _leaves(inner, f"{path}.{name}" if path else _printable(name))
        case list():
            for position, inner in enumerate(value):
                yield from _leaves(inner, f"{path}.{position}")
        case _:
            yield path, value


class JSONOnly(BaseContentNegotiation):
    """JSON in, JSON out, whatever else was asked for."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        media_type, _semicolon, options = (request.content_type or "").lower().partition(";")
        charset = re.search(r"charset\s*=\s*\"?([\w-]+)", options)
        if media_type.strip() != "application/json":
            return None
        return parsers[0] if charset is None or charset[1] in {"utf-8", "utf8"} else None

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
