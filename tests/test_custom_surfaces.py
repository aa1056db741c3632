"""A custom field of each type where nobody looks first: in its place, kept, given back, ruled."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from leads.errors import RulesAreUnmet
from leads.models import Lead
from leads.operations import activate_rules, draft_rules, qualify, update_lead
from records import custom
from tests.custom import ONE_OF_EACH, define
from tests.factories import AccountFactory, LeadFactory
from tests.test_custom_journey import NARROWED, OTHER
from tests.workbench.test_custom_fields import STORED, TYPED
from tests.workbench.test_fields import send
from tests.workbench.test_history import restore
from users.models import User
from workbench.operations.saved_views import save_view
from workbench.transfer.export import custom_cell
from workbench.transfer.shown import as_xlsx

TYPES = [*ONE_OF_EACH, "user", "record"]


@pytest.fixture
def known(rep: User, rep2: User) -> dict[str, tuple[Any, Any, Any, str]]:
    """Return by key what somebody types, what is stored, another value, and a filter."""
    first, second = AccountFactory(owner=rep), AccountFactory(owner=rep)
    found = {key: (TYPED[key], STORED[key], OTHER[key], NARROWED[key][0]) for key in ONE_OF_EACH}
    found["whole"] = (TYPED["whole"], STORED["whole"], OTHER["whole"], "=1250")
    found["user"] = (str(rep.pk), rep.pk, rep2.pk, f"={rep.pk}")
    found["record"] = (first.name, first.pk, second.pk, f"={first.pk}")
    return found


@pytest.mark.parametrize("kind", TYPES)
def test_is_the_same_on_every_surface(
    kind: str, client: Client, rep: User, manager: User, admin: User, known: Any, tmp_path: Any
) -> None:
    key = {"user": "buddy", "record": "partner"}.get(kind, kind)
    typed, value, other, narrowed = known[kind]
    more = {"type": kind, **ONE_OF_EACH.get(kind, {"label": kind.capitalize()})}
    if kind == "record":
        more["target"] = "account"
    field = define("lead", key, by=admin, **more)
    name = field.name
    client.force_login(rep)
    lead = LeadFactory(owner=rep)
    without = LeadFactory(owner=rep, custom={})

    # In its place on the page; the same once more writes nothing.
    answer = send(client, lead, name, **{name: typed})
    assert answer.status_code == 200, answer.content
    lead.refresh_from_db()
    assert (lead.custom, lead.version) == ({key: value}, 2)

    # A kept view with its filter and its column, and the file of it.
    view = save_view("lead", by=rep, name="Kept", query=f"{name}{narrowed}&columns=name,{name}")
    page = client.get(f"/leads/?view={view.pk}")
    listed = {row.pk for row in page.context["page"]["rows"]}
    # What is not yes is no.
    assert listed == ({lead.pk, without.pk} if kind == "yes_no" else {lead.pk})
    assert field.label in page.content.decode()

    # Changed, and given back from its history.
    lead = update_lead(lead, by=again(rep), custom={key: other})
    restore(client, lead, name)
    assert lead.custom == {key: value}

    # Out and in again as a workbook, each cell as a list gives it or as an export does.
    seen = custom.definitions_for(again(rep))["lead"][0]
    custom.prepare(seen, [lead])
    for number, cell in enumerate((custom.in_file(seen, value), custom_cell(seen, value))):
        if number == 0 and kind in {"money", "user", "record"}:
            continue  # a list tells them in words that name more than one
        file = tmp_path / f"{number}.xlsx"
        heads = ["external_id", "last_name", "topic", name]
        row = [f"x{number}", f"Name {number}", f"Topic {number}", cell]
        file.write_bytes(b"".join(as_xlsx("Leads", heads, [row])))
        out = StringIO()
        call_command("import_records", "lead", str(file), "--by", rep.email, stdout=out)
        assert json.loads(out.getvalue().splitlines()[0])["verdict"] == "new", out.getvalue()
        assert Lead.objects.get(external_id=f"x{number}").custom == {key: value}

    # A rule that asks for it keeps back who has none.
    asks = {"field": name, "is": "yes" if kind == "yes_no" else "known"}
    rule = {"condition": {"all": [asks]}, "label": "It is there", "is_required": True}
    activate_rules(draft_rules(by=manager, rules=[rule]), by=manager)
    if kind == "yes_no":
        update_lead(lead, by=again(rep), custom={key: True})
    with pytest.raises(RulesAreUnmet):
        qualify(without, by=again(rep))
    assert qualify(lead, by=again(rep)).contact is not None


def again(user: User) -> User:
    """Load a user anew, as each request does."""
    return User.objects.get(pk=user.pk)
