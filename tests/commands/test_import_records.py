"""`import_records`: files of any spelling come in, and each row is told its verdict."""

from __future__ import annotations

import csv
import json
from collections import Counter

import pytest
from django.core.management import CommandError

from accounts.models import Account, Contact
from accounts.operations import delete_account, merge_accounts
from leads.models import Lead
from opportunities.models import Campaign, Opportunity, Product, Source
from tests.factories import AccountFactory, TeamFactory, UserFactory
from tests.leads.assigning import a_rule, people_in
from tests.reference import folder_of


def test_names_each_bad_row_and_takes_the_good_ones(take):
    verdicts, summary = take(
        "lead",
        "topic,last_name,email,estimated_value,country\n"
        "Engines,Lovelace,ada@engine.example,1000,GB\n"
        "Looms,Jacquard,j@loom.example,many,FR\n"
        "\n"
        "Pumps,Newcomen,n@pump.example,5,Atlantis\n"
        ",,,,\n"
        "Clocks,Harrison,h@clock.example,7,GB\n",
    )

    assert [(v["line"], v["verdict"]) for v in verdicts] == [
        (2, "new"),
        (3, "rejected"),
        (5, "rejected"),
        (7, "new"),
    ]
    assert verdicts[1]["errors"] == {"estimated_value": ["“many” is not a number."]}
    assert "Atlantis" in verdicts[2]["errors"]["country"][0]
    assert (summary["new"], summary["rejected"]) == (2, 2)
    assert Lead.objects.count() == 2


def test_same_file_twice_changes_nothing(take):
    text = "external_id,topic,last_name,email\nx1,Engines,Lovelace,ada@engine.example\n"
    take("lead", text)
    before = list(Lead.objects.values())

    verdicts, _ = take("lead", text)

    assert [v["verdict"] for v in verdicts] == ["unchanged"]
    assert list(Lead.objects.values()) == before


def test_changed_row_updates_its_record_and_blank_cells_keep(take):
    take("lead", "external_id,topic,last_name,city\nx1,Engines,Lovelace,London\n")

    verdicts, _ = take("lead", "external_id,topic,last_name,city\nx1,More engines,Lovelace,\n")

    lead = Lead.objects.get()
    assert verdicts[0]["verdict"] == "updated"
    assert (lead.topic, lead.city) == ("More engines", "London")


def test_dry_run_says_the_same_and_writes_nothing(take):
    text = "name,parent.name\nEngine Works,\nBoiler Works,Engine Works\nPump Works,Nobody\n"

    verdicts, summary = take("account", text, dry_run=True)

    assert [v["verdict"] for v in verdicts] == ["new", "new", "rejected"]
    assert summary["new"] == 2
    assert not Account.objects.exists()


def test_row_may_name_a_parent_further_down(take):
    verdicts, _ = take("account", "name,parent.name\nBoiler Works,Engine Works\nEngine Works,\n")

    assert {v["verdict"] for v in verdicts} == {"new"}
    assert Account.objects.get(name="Boiler Works").parent.name == "Engine Works"


def test_links_a_contact_by_the_external_id_of_its_account(take):
    take("account", "external_id,name\na1,Engine Works\n")

    verdicts, _ = take(
        "contact",
        "last_name,account.external_id\nLovelace,a1\nBabbage,a9\n",
    )

    assert Contact.objects.get().account.name == "Engine Works"
    assert "a9" in verdicts[1]["errors"]["account.external_id"][0]


@pytest.mark.parametrize("policy", ["report", "skip"])
def test_account_that_exists_is_not_made_again(take, policy):
    known = AccountFactory(name="Engine Works Ltd")

    verdicts, _ = take("account", "name\nENGINE WORKS\n", {"duplicates": policy})

    assert (verdicts[0]["verdict"], verdicts[0]["of"]) == ("duplicate", known.pk)
    assert Account.objects.count() == 1


def test_duplicate_fills_what_is_known_when_told_to_update(take):
    known = AccountFactory(name="Engine Works Ltd")

    verdicts, _ = take("account", "name,city\nEngine Works Ltd,London\n", {"duplicates": "update"})

    known.refresh_from_db()
    assert (verdicts[0]["verdict"], known.city) == ("updated", "London")


def test_duplicate_is_made_when_told_to_create(take):
    AccountFactory(name="Engine Works Ltd")

    verdicts, _ = take("account", "name\nEngine Works Ltd\n", {"duplicates": "create"})

    assert verdicts[0]["verdict"] == "new"
    assert Account.objects.count() == 2


def test_invalid_address_keeps_the_row_and_is_named(take):
    verdicts, _ = take("contact", "last_name,email\nLevy,b.levy@expressl&t.net\n")

    assert verdicts[0]["verdict"] == "new"
    assert "expressl&t" in verdicts[0]["warnings"]["email"][0]
    assert "b.levy@expressl&t.net" in Contact.objects.get().description


@pytest.mark.parametrize(
    "encoded",
    [
        "last_name;topic\nMüller;Größe\n".encode(),
        "last_name;topic\nMüller;Größe\n".encode("utf-8-sig"),
        "last_name;topic\nMüller;Größe\n".encode("utf-16"),
        "last_name\ttopic\nMüller\tGröße\n".encode("utf-16-le"),
        "last_name|topic\nMüller|Größe\n".encode("cp1252"),
        b'last_name,topic\r\n"M\xc3\xbcller","Gr\xc3\xb6\xc3\x9fe"\r\n',
    ],
    ids=["utf-8", "bom", "utf-16", "utf-16 without mark", "cp1252", "quoted"],
)
def test_reads_any_encoding_and_delimiter(take, encoded):
    take("lead", encoded)

    assert list(Lead.objects.values_list("last_name", "topic")) == [("Müller", "Größe")]


def test_dates_are_read_in_the_order_that_is_said(take):
    mapping = {"date_order": "mdy", "columns": {"when": "estimated_close_date"}}

    take("lead", "topic,last_name,when\nEngines,Lovelace,02/03/27\n", mapping)

    assert Lead.objects.get().estimated_close_date.isoformat() == "2027-02-03"


def test_date_without_a_known_order_is_refused(take):
    verdicts, _ = take("lead", "topic,last_name,estimated_close_date\nEngines,Lovelace,02/03/27\n")

    assert "order ymd" in verdicts[0]["errors"]["estimated_close_date"][0]


def test_row_with_too_many_cells_is_not_shifted(take):
    verdicts, _ = take("lead", "topic,last_name\nEngines,Lovelace,oops\nLooms,Jacquard\n")

    assert [v["verdict"] for v in verdicts] == ["rejected", "new"]
    assert "3 cells" in verdicts[0]["errors"][""][0]


def test_quote_that_is_never_closed_is_named(take):
    verdicts, _ = take(
        "lead", 'topic,last_name\nEngines,Lovelace\n"Looms,Jacquard\nPumps,Newcomen\n'
    )

    assert verdicts[0]["verdict"] == "new"
    assert verdicts[1]["verdict"] == "rejected"
    assert "Lines 3 to 4" in verdicts[1]["errors"][""][0]


def test_nul_in_a_cell_is_refused(take):
    verdicts, _ = take("lead", "topic,last_name\nEngi\0nes,Lovelace\n")

    assert "NUL" in verdicts[0]["errors"]["topic"][0]


def test_words_are_translated_and_missing_ones_given(take):
    mapping = {
        "columns": {"Herkunft": "source", "Stand": "status"},
        "values": {"source": {"Messe": "trade-show"}, "status": {"in Arbeit": "working"}},
        "defaults": {"topic": "Imported", "currency": "CHF"},
    }

    take("lead", "Last name,Herkunft,Stand\nMüller,Messe,in Arbeit\n", mapping)

    lead = Lead.objects.get()
    assert (lead.source.key, lead.progress) == ("trade-show", "working")
    assert (lead.topic, lead.currency) == ("Imported", "CHF")


def test_disqualified_lead_comes_in_disqualified(take):
    take("lead", "topic,last_name,status\nEngines,Lovelace,No budget\n")

    lead = Lead.objects.get()
    assert (lead.status, lead.disqualify_reason.key) == ("disqualified", "no-budget")


def test_unknown_status_is_refused(take):
    verdicts, _ = take("lead", "topic,last_name,status\nEngines,Lovelace,dreaming\n")

    assert "dreaming" in verdicts[0]["errors"]["status"][0]


def test_missing_source_is_made_by_an_administrator_only(take):
    person = UserFactory(may={"leads.add_lead": "all", "leads.view_lead": "all"})
    text = "topic,last_name,source\nEngines,Lovelace,Carrier pigeon\n"

    refused, _ = take("lead", text, by=person.email)
    taken, _ = take("lead", text)

    assert refused[0]["verdict"] == "rejected"
    assert taken[0]["verdict"] == "new"
    assert Source.objects.filter(name="Carrier pigeon").count() == 1


def test_won_opportunity_without_an_account_comes_in(take):
    take(
        "opportunity",
        "topic,stage,value,closed_on,created_at\nEngines,won,500,2025-03-01,2025-01-01\n",
    )

    deal = Opportunity.objects.get()
    assert (deal.status, deal.actual_value, deal.account) == ("won", 500, None)
    assert deal.closed_on.isoformat() == "2025-03-01"
    assert deal.created_at.date().isoformat() == "2025-01-01"


def test_owner_is_found_by_address(take):
    owner = UserFactory()

    verdicts, _ = take(
        "lead",
        f"topic,last_name,owner.email\nEngines,Lovelace,{owner.email}\nLooms,Jacquard,no@body.example\n",
    )

    assert Lead.objects.get().owner == owner
    assert verdicts[1]["verdict"] == "rejected"


def test_rep_may_not_import_for_others(take):
    rep = UserFactory(may={"leads.add_lead": "own", "leads.view_lead": "own"})
    other = UserFactory()

    verdicts, _ = take(
        "lead", f"topic,last_name,owner.email\nEngines,Lovelace,{other.email}\n", by=rep.email
    )

    assert verdicts[0]["verdict"] == "rejected"
    assert not Lead.objects.exists()


def test_product_is_found_by_name_or_the_row_is_refused(take):
    Product.objects.create(key="loom", name="Loom", price=900, currency="EUR")

    verdicts, _ = take(
        "opportunity",
        "deal,product,amount\nLooms,loom,\nMore looms,Loom,500\nEngines,Engine,\n",
        {"columns": {"deal": "topic", "product": "product.name", "amount": "value"}},
    )

    assert [v["verdict"] for v in verdicts] == ["new", "new", "rejected"]
    assert verdicts[2]["errors"] == {"product.name": ["There is no product “Engine”."]}
    assert list(Opportunity.objects.order_by("pk").values_list("value", flat=True)) == [900, 500]
    assert Opportunity.objects.latest("pk").lines.get().product.name == "Loom"


def test_products_come_in_once(take):
    text = "name,price,currency\nLoom,900,EUR\nEngine,many,EUR\n,5,EUR\n"

    first, _ = take("product", text)
    second, _ = take("product", text.replace("900", "950"))
    third, _ = take("product", text.replace("900", "950"))

    verdicts = [[v["verdict"] for v in run] for run in (first, second, third)]
    assert verdicts == [
        ["new", "rejected", "rejected"],
        ["updated", "rejected", "rejected"],
        ["unchanged", "rejected", "rejected"],
    ]
    assert (Product.objects.get().key, Product.objects.get().price) == ("loom", 950)


def test_campaigns_come_in(take):
    take("campaign", "name,starts_on\nFair,2027-03-01\n")

    assert Campaign.objects.get().starts_on.isoformat() == "2027-03-01"


def test_lists_are_for_those_who_shape_them(take):
    rep = UserFactory(may={"leads.add_lead": "all"})

    verdicts, _ = take("campaign", "name\nFair\n", by=rep.email)

    assert verdicts[0]["verdict"] == "rejected"
    assert not Campaign.objects.exists()


def test_mapping_may_use_the_names_of_the_api(take, boss):
    mapping = {
        "columns": {"Wer": "owner", "Bis": "estimated_close_on"},
        "defaults": {"topic": "Looms", "last_name": "Jacquard"},
    }

    take("lead", f"Wer,Bis\n{boss.email},2027-01-31\n", mapping)

    lead = Lead.objects.get()
    assert (lead.owner, lead.estimated_close_date.isoformat()) == (boss, "2027-01-31")


def test_twin_outside_the_scope_is_told_without_a_trace_of_it(take):
    hidden = AccountFactory(name="Engine Works Ltd", external_id="secret-1")
    rep = UserFactory(may={"accounts.add_account": "own", "accounts.view_account": "own"})

    by_name, _ = take("account", "name\nEngine Works\n", by=rep.email)
    by_id, _ = take("account", "external_id,name\nsecret-1,Pump Works\n", by=rep.email)
    by_link, _ = take("account", "name,parent.external_id\nPump Works,secret-1\n", by=rep.email)

    assert (by_name[0]["verdict"], by_name[0]["of"]) == ("duplicate", None)
    assert {by_id[0]["verdict"], by_link[0]["verdict"]} == {"rejected"}
    hidden.refresh_from_db()
    assert hidden.name == "Engine Works Ltd"


def test_what_a_file_says_of_a_merged_record_goes_into_what_it_is_part_of(take, boss):
    kept, gone = AccountFactory(external_id="x1"), AccountFactory(external_id="x2")
    merge_accounts(kept, [gone], by=boss)

    verdicts, _ = take("account", f"external_id,name,city\nx2,{kept.name},Oslo\n")

    assert (verdicts[0]["verdict"], verdicts[0]["id"]) == ("updated", kept.pk)
    kept.refresh_from_db()
    assert (kept.city, kept.external_id) == ("Oslo", "x1")


def test_record_in_the_bin_stays_there(take, boss):
    delete_account(AccountFactory(external_id="x1"), by=boss)

    verdicts, _ = take("account", "external_id,name\nx1,Engine Works\n")

    assert "recycle bin" in verdicts[0]["errors"]["external_id"][0]
    assert not Account.objects.exists()


def test_new_word_of_a_refused_row_is_not_remembered(take):
    verdicts, _ = take(
        "lead",
        "topic,last_name,source,status\n"
        "Engines,Lovelace,Carrier pigeon,dreaming\n"
        "Looms,Jacquard,Carrier pigeon,new\n",
    )

    assert [v["verdict"] for v in verdicts] == ["rejected", "new"]
    assert Lead.objects.get().source.name == "Carrier pigeon"


@pytest.mark.once
@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"columns": {"topic": "colour"}}, "no field colour"),
        ({"duplicates": "marry"}, "duplicates"),
        ({"date_order": "dym"}, "date_order"),
        ({"colums": {}}, "unknown parts"),
        ({"preset": "abacus"}, "no preset"),
        ([], "object"),
    ],
)
def test_wrong_mapping_ends_the_command(take, mapping, words, tmp_path):
    file = tmp_path / "m.json"
    file.write_text(json.dumps(mapping))

    with pytest.raises(CommandError, match=words):
        take("lead", "topic,last_name\nEngines,Lovelace\n", str(file))


@pytest.mark.parametrize("name", ["no such file", "empty"])
def test_file_that_cannot_be_read_ends_the_command(take, tmp_path, name):
    file = tmp_path / name
    if name == "empty":
        file.touch()

    with pytest.raises(CommandError):
        take("lead", file=file)


def test_title_lines_are_not_guessed_away(take):
    with pytest.raises(CommandError, match="headers"):
        take("lead", "Our leads\n\ntopic,last_name\nEngines,Lovelace\nLooms,Jacquard\n")

    verdicts, _ = take(
        "lead", "Our leads\n\ntopic,last_name\nEngines,Lovelace\nLooms,Jacquard\n", {"header": 3}
    )

    assert [v["line"] for v in verdicts] == [4, 5]


# PostgreSQL takes files with twins, too: test_import_batches.py and the one below.
@pytest.mark.once
@pytest.mark.slow
@pytest.mark.reference_data("zoho-leads")
def test_leads_that_share_an_address_all_stay(take):
    mapping = {
        "columns": {
            "LEADID": "external_id",
            "Last Name": "last_name",
            "Company": "company",
            "Email": "email",
            "Mobile": "mobile",
            "Industry": "industry",
            "Lead Source": "source",
            "Created Time": "created_at",
            "Lead Status": None,
            "Lead Owner": None,
        }
    }

    verdicts, summary = take("lead", mapping=mapping, file=folder_of("zoho-leads") / "Leads.csv")

    assert Lead.objects.count() == summary["rows"] == 1265
    assert Counter(v["verdict"] for v in verdicts) == {"new": 92, "duplicate": 1173}
    assert all(v["id"] for v in verdicts)


@pytest.mark.slow
@pytest.mark.reference_data("us-500")
def test_three_layouts_of_the_same_people_are_the_same_people(take, tmp_path):
    folder = folder_of("us-500")
    columns = {
        "first_name": "first_name",
        "last_name": "last_name",
        "phone1": "phone",
        "zip": "postal_code",
    }
    few = {"firstname": "first_name", "lastname": "last_name", "phone1": "phone"}
    bare = {"1": "first_name", "2": "last_name", "9": "phone", "11": "email"}

    summaries = [
        take("contact", mapping={"columns": columns}, file=folder / "us-500.csv")[1],
        take("contact", mapping={"columns": few}, file=folder / "us-500_few_columns.csv")[1],
        take(
            "contact", mapping={"columns": bare, "header": 0}, file=folder / "us-500_no_header.csv"
        )[1],
    ]

    assert [(s["new"], s["duplicate"]) for s in summaries] == [(500, 0), (0, 500), (0, 500)]
    with (folder / "us-500.csv").open() as stream:
        zips = sorted(row["zip"] for row in csv.DictReader(stream))
    assert sorted(Contact.objects.values_list("postal_code", flat=True)) == zips


def test_leaves_the_owners_to_the_assignment_rules(take):
    ann, bea = people_in(TeamFactory(), "Ann", "Bea")
    a_rule(team=ann.team)
    rows = "".join(f"x{n},Engines,Lovelace {n},{'DE' if n else 'FR'}\n" for n in range(4))
    text = f"external_id,topic,last_name,country\n{rows}"

    take("lead", text, {"defaults": {"owner": "rules"}})
    owners = {lead.external_id: lead.owner for lead in Lead.objects.all()}
    take("lead", text, {"defaults": {"owner": "rules"}})

    assert owners == {"x0": None, "x1": ann, "x2": bea, "x3": ann}
    assert owners == {lead.external_id: lead.owner for lead in Lead.objects.all()}
