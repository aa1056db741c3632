"""Each report as a picture: complete by itself, readable, and harmless whatever the names are."""

from __future__ import annotations

from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from opportunities.operations import open_opportunity, update_opportunity, win
from reports.tables import REPORTS
from reports.views.picture import MOST_ROWS
from tests.factories import UserFactory
from tests.reports.test_past import at, day
from tests.reports.world import a_season, a_won_opportunity
from users.models import User

pytestmark = pytest.mark.once  # but for what is marked `both`

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", REPORTS)
def test_stands_alone(client: Client, manager: User, rep: User, name: str) -> None:
    a_season(rep)
    client.force_login(manager)

    answer = client.get(f"/reports/{name}/?period=12_months&format=svg")

    picture = ET.fromstring(answer.content)
    assert answer["Content-Type"].startswith("image/svg+xml")
    assert answer["Content-Disposition"] == f'attachment; filename="{name}.svg"'
    assert picture.tag == f"{SVG}svg"
    assert picture.find(f"{SVG}title").text == str(REPORTS[name].title)  # type: ignore[union-attr]
    assert picture.find(f"{SVG}desc").text  # type: ignore[union-attr]
    tags = {each.tag.removeprefix(SVG) for each in picture.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "text"}
    assert not [each for each in picture.iter() if "style" in each.attrib]
    rows = client.get(f"/reports/{name}/?period=12_months").context["table"].rows
    labels = [text.text for text in picture.iter(f"{SVG}text")]
    assert {row.label[:20] for row in rows} <= {str(label)[:20] for label in labels}


def bars_of(picture: ET.Element) -> list[tuple[float, float]]:
    """Return where each bar begins and how long it is, in percent."""
    found = [slot.find(f"{SVG}rect") for slot in picture.findall(f"{SVG}svg")]
    places = [(bar.get("x", ""), bar.get("width", "")) for bar in found if bar is not None]
    return [(float(x.rstrip("%")), float(length.rstrip("%"))) for x, length in places]


@pytest.mark.both
def test_the_past_is_drawn_by_what_it_was_worth(client: Client, admin: User) -> None:
    with at(0):
        stays, won = (
            open_opportunity(name, by=admin, owner=admin, value=Decimal(value))
            for name, value in (("Stays", 60), ("Won", 40))
        )
    with at(3):
        win(won, by=admin)
        update_opportunity(stays, by=admin, value=Decimal(80))
    client.force_login(admin)

    def picture(address: str) -> ET.Element:
        return ET.fromstring(client.get(f"/reports/{address}&format=svg").content)

    change = picture(f"bridge/?from={day(1)}&to={day(4)}")
    then = picture(f"pipeline-as-of/?as_of={day(1)}")

    # 100 at the beginning, 20 more, 40 less, 80 at the end; the longest way is 120.
    assert bars_of(change) == [
        pytest.approx(bar, abs=0.01)
        for bar in ((0, 83.333), (83.333, 16.667), (66.667, 33.333), (0, 66.667))
    ]
    assert [text.text for text in change.iter(f"{SVG}text")][-2:] == ["At the end", "€80"]
    assert bars_of(then) == [(0, 100)]
    assert "2026" in str(then.findtext(f"{SVG}desc"))


def test_runs_nothing_that_a_name_says(client: Client, manager: User, rep: User) -> None:
    User.objects.filter(pk=rep.pk).update(name='"><script>alert(1)</script>')
    a_won_opportunity(rep, 100)
    client.force_login(manager)

    answer = client.get("/reports/leaderboard/?format=svg")

    assert b"<script" not in answer.content
    assert not list(ET.fromstring(answer.content).iter(f"{SVG}script"))


def test_says_what_it_leaves_out(client: Client, admin: User) -> None:
    for place in range(MOST_ROWS + 3):
        a_won_opportunity(UserFactory(name=f"Seller {place}"), 100)
    client.force_login(admin)

    answer = client.get("/reports/leaderboard/?format=svg")

    assert b"3 more in the table" in answer.content
