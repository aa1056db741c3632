"""A whole day of a sales rep: by keyboard alone, on a touch phone, and with scripts off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Request

from emails.models import EmailTemplate
from emails.operations import save_template
from leads.models import Lead
from leads.operations import assign_lead
from tests.catcher import Catcher, catching
from tests.e2e.day import PASSWORD, Day
from tests.e2e.hands import Finger, Hand, Keyboard, NoScripts
from tests.factories import ActivityFactory, LeadFactory
from users.models import User

pytestmark = pytest.mark.e2e

Window = Callable[..., Page]


@pytest.fixture
def catcher(site: str) -> Iterator[Catcher]:
    with catching() as catcher:
        yield catcher


@pytest.fixture
def planted(site: str, rep: User, manager: User) -> Lead:
    """What waits in the morning: something late, and a lead that the manager gave to rep."""
    rep.set_password(PASSWORD)
    rep.save(update_fields=["password"])
    save_template(
        EmailTemplate(
            name="Thanks", kinds=["lead"], subject="{{ topic }}", text="Dear {{ first_name }},"
        ),
        by=rep,
    )
    elena = LeadFactory(owner=rep, by=rep, first_name="Elena", last_name="Marchetti")
    ActivityFactory(
        on=elena, owner=rep, by=rep, kind="task", subject="Send the catalogue",
        due_at=timezone.now() - timedelta(days=2),
    )  # fmt: skip
    for number in range(3):
        LeadFactory(owner=rep, by=rep, first_name="Mill", last_name=f"Ravenna {number}")
    saskia = LeadFactory(
        owner=manager, by=manager, topic="Quiet looms", first_name="Saskia",
        last_name="Vandermeer", company="Vandermeer Weaving", email="saskia@weaving.example",
        phone="+31 20 555 0123", estimated_value=12_000,
    )  # fmt: skip
    return assign_lead(saskia, by=manager, owner=rep)


def only_ours(page: Page, site: str) -> list[str]:
    """Return a list that will hold each request that leaves for another host."""
    elsewhere: list[str] = []

    def see(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme.startswith("http") and address.netloc != urlsplit(site).netloc:
            elsewhere.append(request.url)

    page.context.on("request", see)
    return elsewhere


@pytest.mark.parametrize("kind", [Keyboard, Finger, NoScripts])
def test_a_whole_day(
    window: Window,
    site: str,
    rep: User,
    rep2: User,
    planted: Lead,
    catcher: Catcher,
    tmp_path: Path,
    kind: type[Hand],
) -> None:
    brochure = tmp_path / "looms.txt"
    brochure.write_text("Looms that are quiet")
    is_small = kind.is_on_phone
    size = {"width": 390, "height": 844} if is_small else {}
    page = window(scripts=kind.has_scripts, touch=is_small, **size)
    elsewhere = only_ours(page, site)
    day = Day(kind(page), rep, rep2, planted, catcher, brochure)

    day.come_in()
    day.do_what_is_late()
    day.look_at_what_is_new()
    day.log_a_call()
    day.mention_a_colleague()
    day.send_an_email()
    day.upload_a_file()
    day.edit_a_field()
    day.filter_and_keep_the_view()
    day.change_several()
    day.search()
    day.qualify()
    day.move_it_on()
    day.win()
    day.read_the_news()
    day.say_what_one_prefers()
    day.go_home()

    assert not elsewhere
