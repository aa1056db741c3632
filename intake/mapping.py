"""What a payload says: read strictly, taken apart into events, its values found by their paths.

Pure functions over bytes and plain data. A path is names and numbers with points between them:
`contact.emails.0.value`; `*` takes the first of a list that says anything.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

DEEPEST = 32
LONGEST_NUMBER = 40  # characters
MOST_NAMES = 5_000  # names and list items in one payload
MOST_EVENTS = 1_000  # in one batch
LONGEST_VALUE = 10_000
CHARSETS = ("utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252", "utf-16")
_BROKEN = re.compile("[\x00\ud800-\udfff]")
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
GOOGLE_KEY = "google_key"
NOBODY = "00000000-0000-0000-0000-000000000000"


class PayloadIsWrong(ValueError):
    """A payload cannot be read; `str()` says why, for the person who can mend it."""


@dataclass(frozen=True)
class Event:
    """One thing that a payload tells.

    key      what makes a second one the same; empty: the payload itself does
    subject  the id, there, of what it is about; empty: it stands for itself
    values   what to look for paths in
    at       when it was so there, as its sender counts
    unread   why nothing is made of it; empty: something is
    """

    values: Any
    key: str = ""
    subject: str = ""
    at: int = 0
    unread: str = ""
    body: Any = field(default=None, compare=False)


# Reading


def payload_of(raw: bytes, content_type: str = "") -> Any:
    """Return what `raw` says: JSON, or the fields of a form. Raises `PayloadIsWrong`.

    >>> payload_of(b'{"a": [1]}'), payload_of(b"a=1&a=2&b=x", "application/x-www-form-urlencoded")
    ({'a': [1]}, {'a': ['1', '2'], 'b': 'x'})
    """
    media_type, _semicolon, options = content_type.lower().partition(";")
    text = _text_of(raw, options)
    if media_type.strip() == "application/x-www-form-urlencoded":
        return _fields_of(text)
    if media_type.strip() == "multipart/form-data":
        raise PayloadIsWrong("Send JSON or a urlencoded form, not multipart.")
    if not text.strip():
        raise PayloadIsWrong("The body is empty.")
    _refuse_depth(text)
    try:
        payload = json.loads(
            text, parse_int=_whole_number, parse_float=_number, parse_constant=_no_number
        )
    except RecursionError:
        raise PayloadIsWrong("The body is nested too deep.") from None
    except PayloadIsWrong:
        raise
    except ValueError as error:
        raise PayloadIsWrong(f"The body is not valid JSON: {error}.") from None
    _refuse_what_cannot_be_stored(payload)
    return payload


def _text_of(raw: bytes, options: str) -> str:
    named = re.search(r"charset\s*=\s*\"?([\w-]+)", options)
    try:
        charset = codecs.lookup(named[1] if named else "utf-8").name
    except LookupError:
        charset = ""
    if charset not in CHARSETS:
        raise PayloadIsWrong(f"The encoding “{named[1][:30] if named else ''}” is not known here.")
    try:
        return raw.decode("utf-8-sig" if charset == "utf-8" else charset)
    except UnicodeDecodeError as error:
        raise PayloadIsWrong(
            f"The body is not encoded as {charset}: byte {error.start} does not fit."
        ) from None


def _fields_of(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_NAMES, errors="strict")
    except UnicodeDecodeError:
        raise PayloadIsWrong("The fields are not encoded as UTF-8.") from None
    except ValueError as error:
        raise PayloadIsWrong(f"The form cannot be read: {error}.") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            before = found[name]
            found[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            found[name] = value
    _refuse_what_cannot_be_stored(found)
    return found


def _refuse_depth(text: str) -> None:
    """Look at the brackets before the parser does, as it would use its stack up."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for token in _TOKENS.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth > DEEPEST:
                raise PayloadIsWrong(f"The body is nested more than {DEEPEST} levels deep.")
        elif token[0] in "]}":
            depth -= 1


def _whole_number(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise PayloadIsWrong(f"A number has more than {LONGEST_NUMBER} digits.")
    return int(text)


def _number(text: str) -> str:
    """Keep a number with a point as it was written: as a float it would become another one."""
    try:
        number = Decimal(text) if len(text) <= LONGEST_NUMBER else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > LONGEST_NUMBER:
        raise PayloadIsWrong(f"{text[:40]} is not a number that can be stored.")
    return f"{number:f}"


def _no_number(text: str) -> Any:
    raise PayloadIsWrong(f"{text} is not a number that can be stored.")


def _refuse_what_cannot_be_stored(payload: Any) -> None:
    for count, (path, value) in enumerate(leaves(payload)):
        if count >= MOST_NAMES:
            raise PayloadIsWrong(f"The body has more than {MOST_NAMES:,} values.")
        if _BROKEN.search(path) or (isinstance(value, str) and _BROKEN.search(value)):
            raise PayloadIsWrong(
                "The body contains a character that cannot be stored (NUL or half of a pair)."
            )


def leaves(payload: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path of each single value, with the value.

    >>> list(leaves({"a": [{"b": 1}, 2]}))
    [('a.0.b', 1), ('a.1', 2)]
    """
    match payload:
        case dict():
            for name, inner in payload.items():
                yield from leaves(inner, f"{path}.{name}" if path else str(name))
        case list():
            for position, inner in enumerate(payload):
                yield from leaves(inner, f"{path}.{position}" if path else str(position))
        case _:
            yield path, payload


# Finding


def value_at(payload: Any, path: str) -> Any:
    """Return what stands at `path`, None where nothing does.

    A name with points in it is found too. A number counts a list from 0, from the end when it is
    negative.

    >>> value_at({"a": [{"b": "x"}]}, "a.0.b"), value_at({"a": [{}, {"b": "y"}]}, "a.*.b")
    ('x', 'y')
    >>> value_at({"a.b": 1}, "a.b"), value_at({"a": 1}, "a.b"), value_at([1, 2], "-1")
    (1, None, 2)
    """
    if not path:
        return payload
    if isinstance(payload, dict):
        if path in payload:
            return payload[path]
        # The longest name that fits goes first, so that names with points in them can be found.
        ends = [at for at, sign in enumerate(path) if sign == "."]
        for end in reversed(ends[:DEEPEST]):
            if path[:end] in payload:
                found = value_at(payload[path[:end]], path[end + 1 :])
                if found is not None:
                    return found
        return None
    if isinstance(payload, list):
        name, _point, rest = path.partition(".")
        if name == "*":
            return next(
                (v for item in payload if (v := value_at(item, rest)) not in (None, "")), None
            )
        if re.fullmatch(r"-?\d{1,6}", name) and -len(payload) <= int(name) < len(payload):
            return value_at(payload[int(name)], rest)
    return None


def said(value: Any) -> str:
    """Return a single value, or a list of them, as a text; nothing for what is no single value.

    >>> said(True), said(12), said(["a", "b"]), said({"a": 1}), said(None)
    ('true', '12', 'a; b', '', '')
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | Decimal():
            return str(value).strip()[:LONGEST_VALUE]
        case list():
            return "; ".join(text for item in value if (text := said(item)))[:LONGEST_VALUE]
        case _:
            return ""


def mapped(payload: Any, rows: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return field → text for `rows` of path, field and what it is otherwise.

    >>> mapped({"mail": "a@b.example"}, [("mail", "email", ""), ("land", "country", "DE")])
    {'country': 'DE', 'email': 'a@b.example'}
    """
    rows = list(rows)
    return otherwise(rows) | told(payload, rows)


def told(payload: Any, rows: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return field → text for what a payload says, and for what is so whatever it says.

    Of several rows for one field the first that says something counts; without a path a row says
    its value always.

    >>> told({"land": "FR"}, [("", "source", "fair"), ("state", "country", "DE")])
    {'source': 'fair'}
    """
    found: dict[str, str] = {}
    for path, name, value in rows:
        text = said(value_at(payload, path)) if path else value
        if text:
            found.setdefault(name, text)
    return found


def otherwise(rows: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return field → text for what counts as long as nothing is told of a field.

    >>> otherwise([("land", "country", "DE"), ("state", "country", "FR"), ("", "source", "fair")])
    {'country': 'DE'}
    """
    found: dict[str, str] = {}
    for path, name, value in rows:
        if path and value:
            found.setdefault(name, value)
    return found


# Taking apart, by who sent it


def events_of(kind: str, payload: Any, hints: Mapping[str, str] | None = None) -> list[Event]:
    """Return what a payload tells, one or several events. Raises `PayloadIsWrong`.

    `hints` are headers by their small name.
    """
    hints = hints or {}
    match kind:
        case "hubspot":
            return _of_hubspot(payload)
        case "dataverse":
            return [_of_dataverse(payload, hints)]
        case "google":
            return [_of_google(payload)]
        case "meta":
            return _of_meta(payload)
        case _:
            if not isinstance(payload, dict | list):
                raise PayloadIsWrong("Send an object: names with values.")
            key = hints.get("idempotency-key") or hints.get("webhook-id") or ""
            return [Event(payload, key=f"id:{key[:200]}" if key else "", body=payload)]


def _of_hubspot(payload: Any) -> list[Event]:
    """A batch of events, each about one property of one object; or what a workflow sends."""
    if isinstance(payload, dict):
        if "subscriptionType" in payload:
            return [_hubspot_event(payload)]
        subject = said(payload.get("objectId") or payload.get("vid") or payload.get("hs_object_id"))
        return [Event(_hubspot_properties(payload), subject=subject, body=payload)]
    if not isinstance(payload, list) or not all(isinstance(event, dict) for event in payload):
        raise PayloadIsWrong("HubSpot sends an array of events, or one object with properties.")
    if not payload:
        raise PayloadIsWrong("The array of events is empty.")
    if len(payload) > MOST_EVENTS:
        raise PayloadIsWrong(f"There are more than {MOST_EVENTS:,} events in one batch.")
    return [_hubspot_event(event) for event in payload]


def _hubspot_event(event: dict[str, Any]) -> Event:
    kind = said(event.get("subscriptionType"))
    at = event.get("occurredAt")
    number = said(event.get("eventId"))
    values: dict[str, Any] = {}
    if name := said(event.get("propertyName")):
        values[name] = event.get("propertyValue")
    thing, _point, verb = kind.partition(".")
    if thing not in {"contact", "object"} or verb not in {"creation", "propertyChange"}:
        unread = f"{kind or 'An event without a type'} makes no lead."
    elif thing == "object" and said(event.get("objectTypeId")) not in {"0-1", ""}:
        unread = "It is about something else than a contact."
    else:
        unread = ""
    return Event(
        values,
        key=f"event:{number[:200]}" if number else "",
        subject=said(event.get("objectId"))[:200],
        at=at if isinstance(at, int) and 0 <= at < 10**15 else 0,
        unread=unread,
        body=event,
    )


def _hubspot_properties(payload: dict[str, Any]) -> dict[str, Any]:
    """Return name → value, whether HubSpot says {"email": "x"} or {"email": {"value": "x"}}."""
    inner = payload.get("properties")
    found = inner if isinstance(inner, dict) else payload
    return {
        name: value.get("value") if isinstance(value, dict) and "value" in value else value
        for name, value in found.items()
    }


def _of_google(payload: Any) -> Event:
    """One lead: a column is known by its id, whatever its label is in the language of the form."""
    if not isinstance(payload, dict):
        raise PayloadIsWrong("Google sends an object: a lead with its columns.")
    columns = payload.get("user_column_data")
    values = {name: value for name, value in payload.items() if name.lower() != GOOGLE_KEY}
    for column in columns if isinstance(columns, list) else []:
        if isinstance(column, dict) and (name := said(column.get("column_id"))):
            values[name] = column.get("string_value", column.get("string_values"))
    number, is_test = said(payload.get("lead_id"))[:200], payload.get("is_test") is True
    kept = {"test" if is_test else "event": number} if number else {}
    return Event(
        values,
        # A test carries the number that a lead may have as well.
        key=next((f"event:{kind}:{name}" for kind, name in kept.items()), ""),
        unread="It is a test of the form." if is_test else "",
        body=payload,
    )


def without_google_key(payload: Any, raw: bytes) -> bytes:
    """Return what is kept of a lead of Google: not the secret that it carries.

    >>> without_google_key({"lead_id": "1", "google_key": "k"}, b"")
    b'{"lead_id":"1"}'
    """
    if not isinstance(payload, dict):
        return raw
    return written({name: v for name, v in payload.items() if name.lower() != GOOGLE_KEY})


def google_key_in(body: bytes) -> str:
    """Return the secret that a lead of Google carries; nothing where none can be read.

    >>> google_key_in(b'{"Google_key": "k"}'), google_key_in(b"{")
    ('k', '')
    """
    try:
        payload = payload_of(body)
    except PayloadIsWrong:
        return ""
    pairs = payload.items() if isinstance(payload, dict) else ()
    return next((said(value) for name, value in pairs if name.lower() == GOOGLE_KEY), "")


def _of_meta(payload: Any) -> list[Event]:
    """What Meta notifies, a number for each lead; or a lead with its answers, once fetched.

    Both name the same lead, so a number waits until its answers come.
    """
    if not isinstance(payload, dict):
        raise PayloadIsWrong("Meta sends an object: entries with changes, or a lead.")
    if "entry" not in payload:
        return [_meta_lead(payload)]
    entries = payload["entry"]
    changes = [
        change
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("changes"), list)
        for change in entry["changes"]
        if isinstance(change, dict)
    ]
    if not changes:
        raise PayloadIsWrong("There is no change in any entry.")
    if len(changes) > MOST_EVENTS:
        raise PayloadIsWrong(f"There are more than {MOST_EVENTS:,} changes in one batch.")
    return [_meta_change(change) for change in changes]


def _meta_change(change: dict[str, Any]) -> Event:
    told = change.get("value")
    values = told if isinstance(told, dict) else {}
    number = said(values.get("leadgen_id"))[:200]
    is_lead = change.get("field") == "leadgen" and bool(number)
    return Event(
        values,
        key=f"event:{number}" if number else "",
        subject=number,
        unread="" if is_lead else f"{said(change.get('field')) or 'A change'} makes no lead.",
        body={"entry": [{"changes": [change]}]},
    )


def _meta_lead(payload: dict[str, Any]) -> Event:
    answers = payload.get("field_data")
    values = {name: value for name, value in payload.items() if name != "field_data"}
    for answer in answers if isinstance(answers, list) else []:
        if isinstance(answer, dict) and (name := said(answer.get("name"))):
            values[name] = answer.get("values")
    is_test = any(said(value).startswith("<test lead") for value in values.values())
    return Event(
        values,
        subject=said(payload.get("id"))[:200],
        unread="It is a test of the form." if is_test else "",
        body=payload,
    )


def _of_dataverse(payload: Any, hints: Mapping[str, str]) -> Event:
    """The execution context of a step: its Target is a list of attributes with their values."""
    if not isinstance(payload, dict):
        raise PayloadIsWrong("Dataverse sends an object: the execution context.")
    pairs = payload.get("InputParameters")
    target = next(
        (
            pair.get("value")
            for pair in (pairs if isinstance(pairs, list) else [])
            if isinstance(pair, dict) and pair.get("key") == "Target"
        ),
        None,
    )
    message = said(payload.get("MessageName"))
    unread = "" if message in {"Create", "Update", ""} else f"The message {message} makes no lead."
    if not unread and not isinstance(target, dict):
        # Dataverse leaves it out of a message that grows too large, so it may be a lead.
        raise PayloadIsWrong("The execution context has no Target with attributes.")
    values = _attributes(target) if isinstance(target, dict) else {}
    operation = said(payload.get("OperationId"))
    key = operation if operation and operation != NOBODY else hints.get("x-request-id", "")
    entity = said(payload.get("PrimaryEntityId")) or said((target or {}).get("Id"))
    return Event(
        values,
        key=f"id:{key[:200]}" if key else "",
        subject="" if entity == NOBODY else entity[:200],
        unread=unread,
        body=payload,
    )


def _attributes(target: dict[str, Any]) -> dict[str, Any]:
    """Return attribute → value; a choice, an amount or a reference by what it holds."""
    found: dict[str, Any] = {}
    for name, inner in (("Attributes", ""), ("FormattedValues", "formatted.")):
        pairs = target.get(name)
        for pair in pairs if isinstance(pairs, list) else []:
            if isinstance(pair, dict) and (key := said(pair.get("key"))):
                value = pair.get("value")
                if isinstance(value, dict):
                    value = value.get("Value", value.get("Name", value.get("Id")))
                found[inner + key] = value
    return found


def digest_of(*parts: bytes) -> str:
    """Return one fingerprint of all parts; where one ends and the next begins counts."""
    fingerprint = hashlib.sha256()
    for part in parts:
        fingerprint.update(len(part).to_bytes(8, "big") + part)
    return fingerprint.hexdigest()


def written(payload: Any) -> bytes:
    """Return a payload as bytes again, for the part of a batch that is stored by itself."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


# What a door maps by itself

_PLAIN = {
    name: name
    for name in (
        "topic", "salutation", "first_name", "last_name", "job_title", "email", "phone", "mobile",
        "company", "website", "industry", "employees", "annual_revenue", "street", "city", "region",
        "postal_code", "country", "description", "products", "need", "need_description",
        "timeframe", "budget_amount", "budget_status", "decision_maker", "purchase_process",
        "estimated_value", "currency", "source", "campaign", "external_id", "consent",
        "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "landing_page",
        "referrer",
    )
}  # fmt: skip
_SPELLINGS = {
    "firstName": "first_name", "firstname": "first_name", "FirstName": "first_name",
    "lastName": "last_name", "lastname": "last_name", "LastName": "last_name",
    "surname": "last_name", "full_name": "name", "fullName": "name", "Email": "email",
    "emailAddress": "email", "email_address": "email", "EmailAddress": "email", "Phone": "phone",
    "phoneNumber": "phone", "phone_number": "phone", "MobilePhone": "mobile",
    "mobilePhone": "mobile", "Company": "company", "company_name": "company",
    "companyName": "company", "CompanyName": "company", "Title": "job_title",
    "jobTitle": "job_title", "Website": "website", "Industry": "industry", "Country": "country",
    "City": "city", "State": "region", "PostalCode": "postal_code", "Address": "street",
    "message": "description", "Message": "description", "comments": "description",
    "LeadSource": "source", "subject": "topic", "name": "name",
}  # fmt: skip
_HUBSPOT = {
    "firstname": "first_name", "lastname": "last_name", "salutation": "salutation",
    "email": "email", "phone": "phone", "mobilephone": "mobile", "company": "company",
    "jobtitle": "job_title", "website": "website", "industry": "industry",
    "numemployees": "employees", "annualrevenue": "annual_revenue", "address": "street",
    "city": "city", "state": "region", "zip": "postal_code", "country": "country",
    "message": "description", "hs_analytics_source": "utm_source",
}  # fmt: skip
_DATAVERSE = {
    "subject": "topic", "salutation": "salutation", "firstname": "first_name",
    "lastname": "last_name", "jobtitle": "job_title", "emailaddress1": "email",
    "telephone1": "phone", "mobilephone": "mobile", "companyname": "company",
    "websiteurl": "website", "formatted.industrycode": "industry",
    "numberofemployees": "employees", "address1_line1": "street", "address1_city": "city",
    "address1_stateorprovince": "region", "address1_postalcode": "postal_code",
    "address1_country": "country", "description": "description", "budgetamount": "budget_amount",
    "estimatedamount": "estimated_value", "decisionmaker": "decision_maker_known",
}  # fmt: skip
_PLACES = {
    "city": "city", "state": "region", "province": "region", "region": "region",
    "country": "country", "post_code": "postal_code", "postal_code": "postal_code",
    "zip_code": "postal_code", "street_address": "street",
}  # fmt: skip
_ANSWERS = _PLACES | {
    "full_name": "name", "first_name": "first_name", "last_name": "last_name", "email": "email",
    "work_email": "email", "phone_number": "phone", "work_phone": "phone",
    "work_phone_number": "phone", "company_name": "company", "job_title": "job_title",
}  # fmt: skip
_INSIDE = {f"data.{path}": name for path, name in (_PLAIN | _SPELLINGS).items()}
PRESETS: dict[str, dict[str, str]] = {
    "google": {path.upper(): name for path, name in _ANSWERS.items()},
    "meta": _ANSWERS,
    "standard": _PLAIN | _SPELLINGS | _INSIDE,
    "hmac": _PLAIN | _SPELLINGS,
    "generic": _PLAIN | _SPELLINGS,
    "marketo": _PLAIN | _SPELLINGS,
    "hubspot": _HUBSPOT,
    "dataverse": _DATAVERSE,
}


def rows_for(kind: str, own: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return the rows that a door goes by: what is always so, its own, then its kind's."""
    own = list(own)
    preset = [(path, name, "") for path, name in PRESETS[kind].items()]
    return [row for row in own if not row[0]] + [row for row in own if row[0]] + preset
