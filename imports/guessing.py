"""Which field a column of a file most likely fills: by its name, what is like it, and its cells.

Pure functions over texts: the same file is always matched in the same way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from records.similarity.spelling import closeness, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST_LOOKED_AT = 200  # cells of a column
ENOUGH = 0.8  # of the cells have to look alike before they say what they are
FEWEST = 2  # cells that are believed


@dataclass(frozen=True)
class Target:
    """A field that a column can fill, and what it is called."""

    name: str
    label: str


@dataclass(frozen=True)
class Guess:
    """What a column fills, how that is known, and how sure it is, from 0 to 1.

    `how` is "name", "word" (another word for it), "alike" (spelled nearly so), "contents", or
    nothing where nobody can tell.
    """

    header: str
    field: str = ""
    how: str = ""
    sureness: float = 0.0


# What a column is called that fills one of these fields; of several the first that the kind has.
# English first, then how exports in other languages of Europe call it.
_WORDS = """
external_id:
    id, record id, external id, lead id, contact id, account id, company id, deal id,
    opportunity id, organization id, hs object id, crm id, customer number, kundennummer, kunden
    nr
first_name:
    first name, given name, forename, vorname, prenom, nombre, nome, voornaam, imie
last_name:
    last name, surname, family name, nachname, familienname, nom de famille, apellido,
    apellidos, cognome, achternaam, nazwisko, nom
salutation:
    salutation, prefix, name prefix, anrede, civilite, tratamiento, titolo
job_title:
    job title, title, position, role, jobtitle, organization title, funktion, fonction, cargo,
    puesto, qualifica, functie, stanowisko, beruf
email:
    email, email address, e mail, e mail address, mail, primary email, work email, email work, e
    mail 1 value, e mail adresse, correo, correo electronico, courriel, adresse email, posta
    elettronica, emailadres
second_email:
    second email, secondary email, other email, email 2, e mail 2 address, e mail 2 value, email
    address 2, private email, email home, zweite e mail
phone:
    phone, telephone, phone number, business phone, work phone, main phone, phone work, phone 1
    value, tel, phone 1, telefon, telefonnummer, telefono, numero de telephone, telefoon
mobile:
    mobile, mobile phone, cell, cell phone, mobile number, phone mobile, phone 2 value, phone 2,
    handy, mobil, mobiltelefon, movil, portable, cellulare, mobiel
company name account:
    company, company name, organization, organisation, organization name, account, account name,
    employer, business, firma, firmenname, unternehmen, entreprise, societe, empresa, azienda,
    societa, bedrijf, firm
website:
    website, web, url, web site, homepage, company domain name, domain, www, website url,
    webseite, internet, site web, sitio web, sito
industry:
    industry, sector, branche, secteur, sector de actividad, settore, organization industry
employees:
    employees, number of employees, no of employees, employee count, company size, headcount,
    mitarbeiter, mitarbeiterzahl, effectif, empleados, dipendenti
annual_revenue:
    annual revenue, revenue, turnover, umsatz, jahresumsatz, chiffre d affaires, facturacion,
    fatturato
street:
    street, address, street address, address 1, address line 1, address 1 street, mailing
    street, billing street, business street, address 1 street 1, strasse, str, adresse, rue,
    calle, direccion, indirizzo, via, straat
city:
    city, town, mailing city, billing city, business city, address 1 city, ort, stadt, ville,
    ciudad, citta, plaats, miasto
region:
    region, state, province, county, state region, state province, mailing state, billing state,
    business state, address 1 state, address 1 region, address 1 state province, bundesland,
    kanton, provincia, provincie, departement
postal_code:
    postal code, zip, zip code, postcode, zip postal code, mailing zip, billing code, business
    postal code, address 1 postal code, address 1 zip postal code, plz, postleitzahl, code
    postal, codigo postal, cap, kod pocztowy
country:
    country, country region, mailing country, billing country, business country region, address
    1 country, address 1 country region, land, pays, pais, paese, kraj
topic name:
    topic, subject, deal name, opportunity name, potential name, deal title, name of the deal,
    thema, betreff, sujet, asunto, oggetto
name last_name:
    name, full name, fullname, display name, contact name, lead name, contact person,
    ansprechpartner, kontakt, nom complet, nombre completo, nome completo
description:
    description, notes, note, comments, comment, remarks, message, about, beschreibung, notiz,
    notizen, bemerkung, bemerkungen, kommentar, notas, note interne, omschrijving
source:
    source, lead source, original source, original traffic source, deal source, herkunft,
    quelle, leadquelle, origine, origen, fonte, bron
campaign name:
    campaign name, kampagnenname
campaign:
    campaign, source campaign, kampagne, campagne, campana, campagna
rating:
    rating, lead rating, bewertung, temperature
status:
    status, lead status, state of the lead, statut, estado, stato
stage:
    stage, deal stage, pipeline stage, sales stage, phase, etape, etapa, fase
value estimated_value budget_amount price:
    value, amount, deal value, deal amount, est value, est revenue, estimated value,
    estimated revenue,
    potential value, betrag, wert, montant, importe, importo
budget_amount:
    budget, budget amount, budget eur, budget usd, budget gbp, budget chf
price:
    price, unit price, list price, preis, prix, precio, prezzo
currency:
    currency, currency code, currency iso code, deal currency, waehrung, devise, moneda, valuta
estimated_close_date:
    close date, expected close date, closing date, est close date, estimated close date,
    abschlussdatum, date de cloture
closed_on:
    closed on, actual close date, won time, lost time, closed date
probability:
    probability, win probability, deal probability, wahrscheinlichkeit, probabilite,
    probabilidad
loss_reason:
    loss reason, lost reason, closed lost reason, reason for loss, verlustgrund
next_step:
    next step, next action, naechster schritt
owner.email:
    owner email, owner s email
owner.name:
    owner, lead owner, contact owner, account owner, deal owner, opportunity owner, company
    owner, record owner, assigned to, sales rep, sales agent, besitzer, verantwortlich,
    zustaendig, proprietaire, propietario
parent.name:
    parent account, parent company, parent, muttergesellschaft
product.name name:
    product name, produktname
product.name:
    product, products, product interest, produkt, produit, producto, prodotto
tags:
    tags, labels, label, categories, group membership, stichworte, schlagworte, etiquettes
do_not_contact:
    do not contact, opted out, email opt out, do not call
consent:
    consent, opt in, legal basis, einwilligung
created_at:
    created at, created, create date, created time, created on, created date, add time, date
    added, erstellt am, angelegt am, cree le, creado
"""


def _by_word() -> dict[str, tuple[str, ...]]:
    """Return which fields each word may mean, the best first."""
    found: dict[str, tuple[str, ...]] = {}
    names: tuple[str, ...] = ()
    for line in _WORDS.strip().splitlines():
        if line.endswith(":"):
            names = tuple(
                "account.name" if name == "account" else name for name in line[:-1].split()
            )
            continue
        for word in filter(None, map(plain, line.split(","))):
            found.setdefault(word, names)
    return found


WORDS = _by_word()

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
_SITE = re.compile(r"(?:https?://)?(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/\S*)?", re.IGNORECASE)
_PHONE = re.compile(r"(?=.*[+()/\s.-])\+?[\d()/\s.-]{7,24}(?:x\d+)?")
_MANY_DASHES = re.compile(r"\d{4}-\d{2}-\d{2}.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}.*|[\d.,\s]+")
_CURRENCY = re.compile(r"EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|JPY|CAD|AUD|INR|BRL|CNY")
_FIRM = re.compile(
    r".*\b(?:gmbh|ag|kg|ohg|ltd|limited|llc|inc|corp|co|plc|s\.?a\.?s?|s\.?r\.?l|s\.?p\.?a|b\.?v|n\.?v"
    r"|oy|ab|a/s|as|aps|sp\. z o\.o|logistica|group|holding|university|steel|bank)\b\.?",
    re.IGNORECASE,
)


def contents_of(texts: Iterable[str]) -> str:
    """Say what the cells of a column are: email, phone, website, currency, company, or nothing.

    >>> contents_of(["ada@engine.example", "j@loom.example"])
    'email'
    >>> contents_of(["+49 30 1234", "(0)30-99 12"]), contents_of(["EUR", "CHF", "EUR"])
    ('phone', 'currency')
    >>> contents_of(["www.engine.example", "https://loom.example/"])
    'website'
    >>> contents_of(["Engine Works Ltd", "Loom GmbH"]), contents_of(["2026-03-01", "1.250,00"])
    ('company', '')
    """
    cells = [text.strip() for text in texts if text.strip()][:MOST_LOOKED_AT]
    if len(cells) < FEWEST:
        return ""

    def share(pattern: re.Pattern[str]) -> float:
        return sum(pattern.fullmatch(cell) is not None for cell in cells) / len(cells)

    if share(_EMAIL) >= ENOUGH:
        return "email"
    if share(_CURRENCY) >= ENOUGH:
        return "currency"
    if share(_SITE) >= ENOUGH:
        return "website"
    if share(_MANY_DASHES) < ENOUGH and share(_PHONE) >= ENOUGH:
        return "phone"
    return "company" if share(_FIRM) >= ENOUGH / 2 else ""


# What cells of a kind fill, the first that is free.
_FILLED_BY = {
    "email": ("email", "second_email"),
    "phone": ("phone", "mobile"),
    "website": ("website",),
    "currency": ("currency",),
    "company": ("company", "account.name", "name"),
}


def guess(
    headers: Sequence[str], samples: Mapping[str, Sequence[str]], targets: Sequence[Target]
) -> list[Guess]:
    """Return a guess for each column; no field is filled twice, the surest column has it.

    >>> fields = [Target("first_name", "First name"), Target("last_name", "Last name"),
    ...     Target("email", "Email"), Target("company", "Company"), Target("custom.hall", "Hall")]
    >>> heads = ["First Name", "Surname", "Kontaktadresse", "Compnay", "hall", "Decision"]
    >>> cells = {"Kontaktadresse": ["ada@engine.example", "j@loom.example"]}
    >>> for each in guess(heads, cells, fields):
    ...     print(each.header, "->", each.field or None, each.how or "?")
    First Name -> first_name name
    Surname -> last_name word
    Kontaktadresse -> email contents
    Compnay -> company alike
    hall -> custom.hall name
    Decision -> None ?
    """
    free = {target.name for target in targets}
    names = {plain(target.name): target.name for target in targets}
    names |= {plain(target.label): target.name for target in targets}
    found: list[tuple[float, int, str, str]] = []
    for place, header in enumerate(headers):
        for sureness, field, how in _candidates(header, samples.get(header, ()), names, free):
            found.append((-sureness, place, field, how))
    taken: dict[int, Guess] = {}
    for sureness, place, field, how in sorted(found):
        if place not in taken and field in free:
            taken[place] = Guess(headers[place], field, how, -sureness)
            free.discard(field)
    return [taken.get(place, Guess(header)) for place, header in enumerate(headers)]


def _closest(word: str, known: Iterable[str]) -> tuple[float, str]:
    """Return how close the word is that is closest; a longer one is another, not a slip."""
    alike = ((closeness(word, name), name) for name in known if abs(len(word) - len(name)) <= 2)
    return max(alike, default=(0.0, ""))


def _candidates(
    header: str, cells: Sequence[str], names: Mapping[str, str], free: set[str]
) -> list[tuple[float, str, str]]:
    """Return what a column may fill: how sure, the field, and how that is known."""
    word = plain(header)
    found: list[tuple[float, str, str]] = []
    if word in names:
        found.append((1.0, names[word], "name"))
    possible = [field for field in WORDS.get(word, ()) if field in free]
    found += [(0.95 - 0.02 * n, field, "word") for n, field in enumerate(possible)]
    if not found and len(word) > 3:
        best = _closest(word, names)
        if best[0] >= 0.8:
            found.append((0.9 * best[0], names[best[1]], "alike"))
        else:
            close = _closest(word, WORDS)
            if close[0] >= 0.85:
                possible = [field for field in WORDS[close[1]] if field in free]
                found += [(0.85 * close[0], field, "alike") for field in possible[:1]]
    if not found or found[0][2] == "alike":
        fields = _FILLED_BY.get(contents_of(cells), ())
        found += [(0.7 - 0.05 * n, field, "contents") for n, field in enumerate(fields)]
    return found


def preset_for(headers: Sequence[str], presets: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the name of the preset that knows most of these columns; "" when none does.

    >>> presets = {"pipes": {"columns": {"Deal - Title": "topic", "Deal - Value": "value",
    ...     "Deal - Owner": "owner.name"}}, "plain": {"columns": {"Name": "name"}}}
    >>> preset_for(["Deal - Title", "Deal - Value", "Deal - Owner", "X"], presets)
    'pipes'
    >>> preset_for(["Name", "Email", "Phone", "City"], presets)
    ''
    """
    found: list[tuple[int, str]] = []
    for name, preset in presets.items():
        columns = preset.get("columns", {})
        known = [header for header in headers if header in columns]
        telling = [header for header in known if " ".join(header.casefold().split()) not in WORDS]
        if len(known) >= 3 and telling and 2 * len(known) >= len(headers):
            found.append((len(known), name))
    return max(found)[1] if found else ""
