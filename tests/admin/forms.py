"""What a form of the administration would send, and what it says."""

from __future__ import annotations

from typing import Any

from django.forms import ModelMultipleChoiceField
from django.test import Client


def form_of(client: Client, address: str) -> dict[str, Any]:
    """Return what the form at `address` would send when nobody types anything."""
    form = client.get(address).context["adminform"].form
    sent: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if isinstance(value, bool):
            if value:
                sent[field.html_name] = "on"
            continue
        widget = field.field.widget
        if not value and isinstance(field.field, ModelMultipleChoiceField):
            continue
        if hasattr(widget, "decompress"):
            for number, part in enumerate(widget.decompress(value)):
                sent[f"{field.html_name}_{number}"] = "" if part is None else str(part)
            continue
        if isinstance(value, list | tuple):
            sent[field.html_name] = [getattr(item, "pk", item) for item in value]
        else:
            sent[field.html_name] = "" if value is None else str(value)
    for formset in client.get(address).context["inline_admin_formsets"]:
        for field in formset.formset.management_form:
            sent[field.html_name] = field.value()
    return sent


def errors_of(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(sentence for sentences in answer.context["errors"] for sentence in sentences)
