"""Custom fields for a test: one line to define one, and one of each type with a value."""

from __future__ import annotations

from typing import Any

from records.models import CustomField
from records.operations.shaping import save_field
from users.models import User

ONE_OF_EACH: dict[str, dict[str, Any]] = {
    "text": {"label": "Budget code"},
    "long_text": {"label": "Background"},
    "whole": {"label": "Machines"},
    "decimal": {"label": "Discount"},
    "money": {"label": "Fee"},
    "date": {"label": "Contract end"},
    "date_time": {"label": "Demo at"},
    "yes_no": {"label": "Is partner"},
    "choice": {"label": "Size", "choices": ["Small", "Large"]},
    "choices": {"label": "Regions", "choices": ["North", "South", "East"]},
    "tender_page": {"label": "Tender page", "type": "url"},
    "buyer_email": {"label": "Buyer email", "type": "email"},
    "switchboard": {"label": "Switchboard", "type": "phone"},
}
# What a record stores of each.
VALUES: dict[str, Any] = {
    "text": "B-7 <b>&",
    "long_text": "Two lines\nof text",
    "whole": 250,
    "decimal": "12.5",
    "money": {"amount": "1250.50", "currency": "EUR"},
    "date": "2026-11-30",
    "date_time": "2026-11-30T14:30:00Z",
    "yes_no": False,
    "choice": "small",
    "choices": ["north", "east"],
    "tender_page": "https://tender.example/lot?n=7&x=<b>",
    "buyer_email": "buyer@tender.example",
    "switchboard": "+49 30 123456",
}


def define(kind: str, key: str, *, by: User, **more: Any) -> CustomField:
    """Define a field of `kind`, called like its key; choices may be given by their labels."""
    choices = [
        {"label": choice} if isinstance(choice, str) else choice
        for choice in more.pop("choices", ())
    ]
    values = {"label": key.replace("_", " ").capitalize(), "type": "text", **more}
    return save_field(CustomField(kind=kind, key=key, choices=choices, **values), by=by)


def one_of_each(kind: str, *, by: User) -> dict[str, CustomField]:
    """Define one field of each type, with the type for its key where nothing else has that name."""
    return {
        key: define(kind, key, position=place, by=by, **{"type": key, **more})
        for place, (key, more) in enumerate(ONE_OF_EACH.items(), start=1)
    }
