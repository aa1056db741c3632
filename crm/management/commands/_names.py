"""Invented names of people, companies and places, for seed and demo. Nobody is meant."""

from __future__ import annotations

FIRST_NAMES = """
Ada Adele Agnes Aiko Alba Alma Amara Amir Anja Anton Arlo Astrid Aurel Basil Beatrix Bela Bruno
Carla Casper Cecile Clara Cosmo Dalia Dario Delia Dorian Edda Eero Elena Elias Elif Emil Enzo Esme
Fabian Farah Felix Fiona Flora Freya Gaspar Gemma Greta Gustav Hana Hedda Hugo Ida Ilya Ines Iris
Ivo Jana Jasper Joao Jonas Judith Kaja Kamal Karin Kian Klara Lars Leila Leo Lina Livia Lorenz
Lucia Luka Mads Maeve Magnus Malik Mara Marek Marta Matteo Mila Mina Miro Nadia Naomi Nico Nina
Noor Olga Omar Otto Paloma Pavel Petra Priya Rafael Rania Remy Rosa Ruben Saskia Selma Simon Sofia
Stellan Sunniva Tamar Tarik Thea Tilda Tomas Ulla Uma Vera Victor Viggo Wanda Willem Xenia Yara
Yusuf Zoe Zora
""".split()

LAST_NAMES = """
Abendroth Achterberg Alderwick Almqvist Amberley Andrada Arkwright Aubertin Bachmeier Balfour
Bancroft Barzani Beaumont Bellweather Bergstrand Bianchetti Blomkvist Brackwater Brennecke Caldera
Calloway Castellane Chowdhry Clearwater Corvino Cranfield Dahlgren Dalmasso Delacourt Demirel
Dombrowski Drummond Eastlake Ebersbach Eklund Ellingham Espinel Fairbank Falkenrath Farnsworth
Ferrante Fjeldstad Fontanelli Gallardo Garrick Glendower Goldacre Grabowski Greenhalgh Grimaldi
Haddad Halvorsen Harcourt Hartigan Haverkamp Hazelwood Hollister Ibarra Iwamoto Jablonski Janssens
Joslin Kaminsky Karlsen Kassab Kettering Kimura Kingsley Kirchhoff Kowalik Lachance Lagerfelt
Lambourne Lassiter Leclair Lindqvist Lombardi Lorimer Maddox Malloy Marchetti Marlowe Mendoza
Merriweather Montague Moreau Nakagawa Navarro Netherton Nordahl Novotny Oakhurst Okafor Olmstead
Oyelaran Pallister Pemberton Petrescu Pinheiro Quarles Quintana Radley Rasmussen Ravenscroft
Reinholt Ribeiro Rosenthal Rutherglen Salvatore Sandoval Santangelo Schoenfeld Silverthorne
Sorensen Stavros Stonebridge Sundstrom Takeda Tarkowski Tennyson Thornbury Torvald Underhill
Valcourt Vandermeer Vasquez Verhoeven Villanueva Wainwright Westergaard Whitcombe Winterbourne
Yamane Yilmaz Zielinski
""".split()

PLACES_OF_NAMES = """
Alder Amber Anchor Apex Arbor Argent Aspen Aurora Avon Azure Bay Beacon Birch Blue Boreal Bridge
Bright Cairn Canyon Cedar Cinder Clear Cliff Cobalt Compass Copper Coral Crest Crown Crystal Dawn
Delta Dune East Echo Elm Ember Fallow Fern Field Fir Fjord Flint Forge Fox Glen Gold Granite Green
Grove Harbor Haven Hazel Heath Heron High Hill Hollow Horizon Iron Ivory Jade Juniper Keystone
Lake Lantern Larch Lark Linden Lumen Maple Marble Meadow Mill Mint Mist Moor Moss North Oak Ocean
Olive Onyx Opal Orchard Osprey Otter Pearl Pebble Peak Pine Plain Quarry Quartz Quill Rain Raven
Reed Ridge River Robin Rock Rowan Sable Saffron Sage Sail Sand Shore Silver Sky Slate Snow South
Spring Spruce Star Stone Stream Summit Sun Swift Tall Teal Thistle Thorn Tide Timber Topaz Valley
Velvet Vine West Wharf Wheat Willow Wind Winter Wood Yarrow Zephyr
""".split()

ENDS_OF_NAMES = """
bank bay beck borne bridge brook burn bury cliff combe cote croft dale den dell don drift fall
fell field fjord ford gate grove ham harbor haven hay heath hill holm hurst lake land lea ley
light line lock lund marsh mead mere mill mont moor more mouth port point quay ridge rise rock run
rush shaw side spring stead stone strand stream thorpe ton vale view wall water way well wick wold
wood worth yard
""".split()

TRADES = [
    ("Logistics", "Transportation"),
    ("Robotics", "Machinery"),
    ("Foods", "Food and beverage"),
    ("Textiles", "Apparel"),
    ("Instruments", "Medical devices"),
    ("Analytics", "Software"),
    ("Power", "Energy"),
    ("Hotels", "Hospitality"),
    ("Optics", "Electronics"),
    ("Paper", "Packaging"),
    ("Marine", "Shipbuilding"),
    ("Dairy", "Food and beverage"),
    ("Glass", "Materials"),
    ("Clinics", "Healthcare"),
    ("Castings", "Metals"),
    ("Software", "Software"),
    ("Retail", "Retail"),
    ("Timber", "Forestry"),
    ("Chemicals", "Chemicals"),
    ("Airways", "Transportation"),
    ("Printing", "Media"),
    ("Pumps", "Machinery"),
    ("Seeds", "Agriculture"),
    ("Insurance", "Insurance"),
    ("Builders", "Construction"),
]

# city, region, country, currency, legal form, top-level domain, dialling pattern
PLACES = [
    ("Hamburg", "", "DE", "EUR", "GmbH", "example", "+49 40 3{:06d}"),
    ("Stuttgart", "", "DE", "EUR", "AG", "example", "+49 711 2{:06d}"),
    ("Lyon", "", "FR", "EUR", "SARL", "example", "+33 4 72 {:02d} {:02d} {:02d}"),
    ("Rotterdam", "", "NL", "EUR", "B.V.", "example", "+31 10 2{:06d}"),
    ("Milan", "", "IT", "EUR", "S.p.A.", "example", "+39 02 4{:07d}"),
    ("Valencia", "", "ES", "EUR", "S.L.", "example", "+34 96 3{:06d}"),
    ("Vienna", "", "AT", "EUR", "GmbH", "example", "+43 1 5{:06d}"),
    ("Zurich", "", "CH", "CHF", "AG", "example", "+41 44 2{:06d}"),
    ("Gothenburg", "", "SE", "SEK", "AB", "example", "+46 31 7{:06d}"),
    ("Aarhus", "", "DK", "DKK", "A/S", "example", "+45 86 {:02d} {:02d} {:02d}"),
    ("Leeds", "England", "GB", "GBP", "Ltd", "example", "+44 113 2{:06d}"),
    ("Bristol", "England", "GB", "GBP", "plc", "example", "+44 117 9{:06d}"),
    ("Gdansk", "", "PL", "PLN", "Sp. z o.o.", "example", "+48 58 3{:06d}"),
    ("Portland", "OR", "US", "USD", "Inc.", "example", "+1 503 22{:05d}"),
    ("Columbus", "OH", "US", "USD", "LLC", "example", "+1 614 22{:05d}"),
    ("Austin", "TX", "US", "USD", "Corp.", "example", "+1 512 47{:05d}"),
    ("Toronto", "ON", "CA", "CAD", "Inc.", "example", "+1 416 36{:05d}"),
    ("Osaka", "", "JP", "JPY", "KK", "example", "+81 6 6{:03d} {:04d}"),
    ("Curitiba", "PR", "BR", "BRL", "Ltda", "example", "+55 41 3{:03d}-{:04d}"),
    ("Melbourne", "VIC", "AU", "AUD", "Pty Ltd", "example", "+61 3 9{:03d} {:04d}"),
]

JOB_TITLES = [
    "Head of Operations",
    "Purchasing Manager",
    "Plant Manager",
    "Chief Financial Officer",
    "Managing Director",
    "IT Director",
    "Quality Manager",
    "Maintenance Lead",
    "Logistics Manager",
    "Production Engineer",
    "Head of Procurement",
    "Project Manager",
    "Warehouse Manager",
    "Technical Director",
]

TOPICS = [
    "Spare parts contract",
    "New packing line",
    "Service agreement",
    "Energy monitoring",
    "Conveyor retrofit",
    "Warehouse scanners",
    "Quality inspection cameras",
    "Pilot installation",
    "Replacement of the old line",
    "Training for operators",
    "Remote maintenance",
    "Extension of the second hall",
    "Predictive maintenance",
    "Palletising cell",
    "Labelling system",
    "Cold store upgrade",
]


def company_name(number: int) -> str:
    """Return the company of this number, without legal form: 270,000 different ones.

    >>> company_name(0) != company_name(1)
    True
    """
    start, rest = number % len(PLACES_OF_NAMES), number // len(PLACES_OF_NAMES)
    # A stride with no common divisor spreads neighbours without meeting twice.
    end = (rest * 37 + start) % len(ENDS_OF_NAMES)
    trade = (rest // len(ENDS_OF_NAMES) * 7 + start + rest) % len(TRADES)
    return f"{PLACES_OF_NAMES[start]}{ENDS_OF_NAMES[end]} {TRADES[trade][0]}"


def trade_of(name: str) -> str:
    """Return the industry that the last word of a company's name speaks of."""
    return dict(TRADES).get(name.rpartition(" ")[2], "")


def phone_of(pattern: str, number: int) -> str:
    """Fill a dialling pattern with the digits of a number."""
    widths = [int(part[1]) for part in pattern.split("{:")[1:]]
    parts = []
    for width in reversed(widths):
        parts.append(number % 10**width)
        number //= 10**width
    return pattern.format(*reversed(parts))
