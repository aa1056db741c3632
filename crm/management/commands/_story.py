"""What people in the demo say, sell and want: all of it invented."""

from __future__ import annotations

# key, name, price in euros
PRODUCTS = [
    ("line-monitor", "Line monitor", 18_500),
    ("inspection-camera", "Inspection camera", 42_000),
    ("palletising-cell", "Palletising cell", 128_000),
    ("label-printer", "Label printer", 9_800),
    ("service-plan", "Service plan", 14_400),
    ("operator-training", "Operator training", 4_900),
]

COMPETITORS = [
    ("corvant", "Corvant Systems"),
    ("helio-lines", "Helio Lines"),
    ("bastion", "Bastion Automation"),
]

CAMPAIGNS = [
    ("packaging-fair", "Packaging fair"),
    ("less-downtime", "Webinar: less downtime"),
    ("newsletter", "Newsletter"),
]

# topic, product, what they need, what we propose
INTERESTS = [
    (
        "Monitoring for two filling lines",
        "line-monitor",
        "They lose four hours a week and nobody knows where",
        "Monitors on both lines, a board in the hall, weekly reports",
    ),
    (
        "Camera check before sealing",
        "inspection-camera",
        "One complaint in three is about a label that is not straight",
        "Two cameras before the sealer, rejects blown out",
    ),
    (
        "Palletising at the end of line three",
        "palletising-cell",
        "The night shift cannot be staffed any more",
        "One cell with a fence of light, ready for a second line",
    ),
    (
        "New label printers",
        "label-printer",
        "The old ones stop twice a shift",
        "Six printers with one spare, ribbons included",
    ),
    (
        "Service plan for all plants",
        "service-plan",
        "Every plant has its own contract; purchasing wants one",
        "One plan, four visits a year, answer within two hours",
    ),
    (
        "Training after the change of shifts",
        "operator-training",
        "Eighteen new operators start in spring",
        "Three days on site, in small groups",
    ),
    (
        "Counting rejects by cause",
        "line-monitor",
        "The auditor asks for figures that they do not have",
        "Monitors with a key for each cause",
    ),
    (
        "Reading codes on glass jars",
        "inspection-camera",
        "Codes on wet glass cannot be read by eye",
        "Camera with a dark field, mounted behind the dryer",
    ),
]

OPENINGS = [
    "Came to our stand and asked for a price. Wants to see one running.",
    "Filled in the form after the webinar. Compares three suppliers.",
    "Was given our name by a customer. Has a plan but no figures yet.",
    "Asked for a brochure by mail, then called the same afternoon.",
    "Read the article about the dairy and wants the same.",
]

CALLS_REACHED = [
    "Good talk. The plant manager decides, purchasing signs.",
    "They need it before the season starts; afterwards nobody has time.",
    "Budget is set aside, but the amount is not settled.",
    "Has a quotation from a competitor and finds it too long to read.",
    "Asked how long the line has to stand still. One weekend, I said.",
    "The old supplier no longer answers. That is why they look around.",
    "Wants references from the same trade. Sending two.",
]

CALLS_MISSED = ["Nobody answered.", "On holiday until Monday.", "In a meeting, call again."]

MEETINGS = [
    ("Walk through the hall", "Saw the line. Enough room behind the sealer, power is there."),
    ("Needs and numbers", "Went through the stops of last month, hour by hour."),
    ("First presentation", "Six people. Maintenance is for it, quality wants to see a test."),
    ("Test with their own product", "Forty jars, all codes read. Two were wet: read as well."),
]

EMAILS = [
    ("Our talk today", "Thank you for your time. The two references are attached."),
    ("Figures for the example", "With four hours a week it has paid for itself in eleven months."),
    ("Dates for a visit", "Tuesday or Thursday would suit us. Which is better for you?"),
]

# What comes back on emails: first on that after a call, then on that about a next step.
ANSWERS = [
    "Thank you. Tuesday before ten suits me best, then we can look at the line while it stands.",
    "The board meets on Wednesday. Could you bring the dates in writing? Then we sign.",
]

NOTES = [
    "Speaks to us only before ten; afterwards she is in the hall.",
    "Their year ends in March. After that the budget is new.",
    "The works council has to be asked about the cameras.",
    "They bought a filler last year and liked how it was installed.",
]

NEXT_STEPS = [
    "Call about the budget",
    "Send the quotation",
    "Agree on a date for the visit",
    "Ask who signs",
    "Send two references",
    "Call after the board meeting",
    "Prepare the test",
]

WON_COMMENTS = [
    "They liked that the same people install and maintain.",
    "The test decided it.",
    "Price was not the cheapest, delivery was the fastest.",
]

LOST_COMMENTS = [
    "They put the whole project off by two years.",
    "A competitor offered the machine for the price of the service.",
    "Head office bought for all plants at once, elsewhere.",
    "What they need we cannot do yet: cold rooms below minus twenty.",
]

GIVEN_UP = [
    ("no-budget", "Nothing this year, perhaps in the next one."),
    ("no-need", "They wanted the brochure for a thesis."),
    ("cannot-contact", "Five calls, two mails, no answer."),
    ("wrong-timing", "They move to a new hall first."),
    ("no-longer-interested", "Bought a used machine."),
    ("no-authority", "A student on placement; nobody above knows of it."),
]
