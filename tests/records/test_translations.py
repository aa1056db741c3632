"""Fields of one's own in the language of the reader; untranslated, as they are called."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import translation

from crm.configuration import configuration, take_in
from records import custom
from records.errors import Unacceptable
from records.models import CustomField
from records.operations.shaping import save_field
from tests.custom import define
from tests.factories import LeadFactory
from users.models import User

BOTH = override_settings(LANGUAGES=[("en", "English"), ("de", "Deutsch")])
WORDS = {"de": {"label": "Größe", "help": "Wie viele?", "choices": {"small": "Klein"}}}


@pytest.fixture
def size(admin: User) -> CustomField:
    return define(
        "lead", "size", by=admin, type="choice", choices=["Small", "Large"], translations=WORDS
    )


def seen_by(user: User) -> CustomField:
    return custom.definitions_for(User.objects.get(pk=user.pk))["lead"][0]


def test_speaks_the_language_of_the_reader(size: CustomField, rep: User, client: Client) -> None:
    lead = LeadFactory(owner=rep, custom={"size": "small"})
    with translation.override("de-ch"):
        german = seen_by(rep)
    with translation.override("fr"):
        other = seen_by(rep)

    assert (german.label, german.help_text, other.label) == ("Größe", "Wie viele?", "Size")
    assert custom.in_words(german, "small") == "Klein"
    assert custom.in_words(german, "large") == "Large", "what nobody translated reads as it is"
    assert [custom.from_text(german, t) for t in ("klein", "Small", "large")] == [
        "small", "small", "large",
    ]  # fmt: skip
    with BOTH:
        User.objects.filter(pk=rep.pk).update(language="de")
        client.force_login(rep)
        page = client.get(f"/leads/{lead.pk}/").content.decode()
        listed = client.get("/leads/?view=all&columns=custom.size").content.decode()
    assert "Größe" in page
    assert "Klein" in page
    assert "Größe" in listed


@BOTH
def test_is_translated_in_the_administration(
    size: CustomField, admin: User, client: Client
) -> None:
    client.force_login(admin)
    address = f"/admin/records/customfield/{size.pk}/change/"
    page = client.get(address)
    form = page.context["adminform"].form
    sent: dict[str, Any] = {
        name: "" if (value := form[name].value()) is None else value
        for name in form.fields
        if name != "choices"
    }
    sent |= {"is_active": "on", "translations-de-label": "Umfang", "choices-count": "2"}
    for number, key in enumerate(("small", "large")):
        sent |= {f"choices-{number}-key": key, f"choices-{number}-label": key.capitalize()}
        sent |= {f"choices-{number}-is_active": "on", f"choices-{number}-place": str(number)}
    sent |= {"translations-de-choice-large": "Groß"}

    assert 'value="Größe"' in page.content.decode()
    saved = client.post(address, sent)

    assert saved.status_code == 302, saved.context["adminform"].form.errors
    size.refresh_from_db()
    assert size.label == "Size"
    assert size.translations == {"de": {"label": "Umfang", "choices": {"large": "Groß"}}}


def test_goes_along_in_a_file_and_is_checked(size: CustomField, admin: User) -> None:
    told = configuration()
    size.translations = {}
    save_field(size, by=admin)

    take_in(told, by=admin)

    size.refresh_from_db()
    assert size.translations == WORDS
    for wrong in (
        {"de": {"label": "a\nb"}},
        {"../x": {}},
        {"de": "Größe"},
        {"de": {"help": "x" * 201}},
    ):
        size.translations = wrong
        with pytest.raises(Unacceptable):
            save_field(size, by=admin)
    size.translations = {"de": {"choices": {"gone": "Weg"}, "label": " "}}
    assert save_field(size, by=admin).translations == {}
