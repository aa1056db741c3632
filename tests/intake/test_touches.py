"""How somebody came first stays, how they came last follows, and both go to the opportunity."""

from __future__ import annotations

import pytest
from django.test import Client

from leads.models import Lead
from leads.operations import qualify
from opportunities.models import Opportunity
from tests.intake.world import a_door, hand_in
from users.models import User

ADA = {"email": "ada@engine.example", "name": "Ada Lovelace", "company": "Engines", "need": "x"}


@pytest.mark.parametrize("on_known", ["enquiry", "update"])
def test_the_first_touch_stays_and_the_last_follows(on_known: str, admin: User, client: Client):
    door = a_door(on_known=on_known)
    for source in ("news", "fair", "search"):
        hand_in(door, ADA | {"utm_source": source, "landing_page": f"/{source}"})

    lead = Lead.objects.get()
    first, last = ({"utm_source": word, "landing_page": f"/{word}"} for word in ("news", "search"))
    assert lead.utm == {**first, "last": last}
    qualify(lead, by=admin)
    client.force_login(admin)
    pages = [lead, *Opportunity.objects.all()]
    assert all(page.utm == lead.utm for page in pages)
    for page in pages:
        shown = client.get(page.get_absolute_url()).content.decode()
        assert "news · /news" in shown
        assert "search · /search" in shown
