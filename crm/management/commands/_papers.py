"""Papers of the demo: a sketch, an offer and a log, made here so that nothing has to be shipped."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from activities.operations import attach, log_note
from leads.models import Lead
from opportunities.models import Opportunity

if TYPE_CHECKING:
    from users.models import User

SURVEY = """## What we saw

@{colleague}, this is what the offer has to cover:

- **Two** filling lines, wet labels on both
- power and air *behind* the sealer, none before it
- a weekend in January is the only time to stop

> We know our figures, but nobody believes them.

The sketch is attached. Their own pages: https://larkspur-dairy.example/lines"""
CONTRACT = """Dates for the contract, agreed with @{colleague}:

1. delivery in week 3
2. training in week 5
3. `98.5 %` read rate at the handover"""
LOG = """line;stops;minutes
1;14;212
2;9;97
"""


def sketch() -> bytes:
    """Return a picture of two lines in a hall."""
    picture = Image.new("RGB", (960, 600), "#f9f8f5")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((40, 40, 920, 560), outline="#182022", width=4)
    for top in (150, 350):
        draw.rectangle((120, top, 760, top + 70), fill="#dcedef", outline="#0b5f6b", width=4)
        draw.polygon([(760, top - 20), (860, top + 35), (760, top + 90)], fill="#0b5f6b")
        for left in range(160, 720, 80):
            draw.ellipse((left, top + 20, left + 30, top + 50), fill="#e3a01b")
    draw.line((460, 40, 460, 150), fill="#b02a20", width=6)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def offer(title: str, lines: list[str]) -> bytes:
    """Return one page as a PDF."""
    words = ["BT /F1 20 Tf 60 770 Td", f"({title}) Tj", "/F1 12 Tf 0 -40 Td"]
    words += [part for line in lines for part in (f"({line}) Tj", "0 -20 Td")]
    drawn = " ".join([*words, "ET"]).encode("latin-1")
    fonts = b"/Resources << /Font << /F1 5 0 R >> >>"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s >>" % fonts,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, part in enumerate(parts, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n" % (len(parts) + 1, table)
    return bytes(out + b"%%EOF\n")


def lay_out_survey(by: User, colleague: User) -> None:
    """Write what a visit has shown on the lead that is ready, with a sketch and a list."""
    lead = Lead.objects.get(external_id="tour-ready")
    note = log_note(lead, by=by, text=SURVEY.format(colleague=colleague.name), is_pinned=True)
    attach(lead, by=by, name="Hall with two lines.png", content=sketch(), activity=note)
    attach(lead, by=by, name="Stops in October.csv", content=LOG.encode(), activity=note)


def lay_out_offer(by: User, colleague: User) -> None:
    """Put the offer on the deal that is about to be closed, and what was agreed about it."""
    deal: Any = Opportunity.objects.get(external_id="tour-closing")
    lines = ["Two inspection cameras before the sealer", "Installation on one weekend", "Training"]
    attach(deal, by=by, name="Offer.pdf", content=offer("Offer", lines))
    log_note(deal, by=by, text=CONTRACT.format(colleague=colleague.name))
