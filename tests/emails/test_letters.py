"""What an email says, whoever wrote it and however badly."""

from __future__ import annotations

import base64
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emails.letters import LetterIsWrong, letter_of
from emails.mailboxes import LARGEST
from tests.emails.letters import a_bounce, a_letter, raw

HEAD = b"From: Ada <ada@engine.example>\nTo: in@crm.example\nMessage-ID: <1@engine.example>\n"


def test_reads_who_wrote_what_to_whom():
    letter = letter_of(
        raw(
            "Zoë <ZOE@Engine.example>",
            "in@crm.example, Charles <charles@works.example>",
            "Ja, gerne. Größe 7 \N{SNOWMAN}",
            subject="Re: Bücher",
            In_Reply_To="<2@crm.example>",
            References="<1@crm.example> <2@crm.example>",
            Delivered_To="in+l7@crm.example",
        )
    )

    assert (letter.sender, letter.sender_name) == ("zoe@engine.example", "Zoë")
    assert letter.recipients == ("in@crm.example", "charles@works.example", "in+l7@crm.example")
    assert (letter.subject, letter.text) == ("Re: Bücher", "Ja, gerne. Größe 7 \N{SNOWMAN}")
    assert letter.references == ("<1@crm.example>", "<2@crm.example>")
    assert not letter.is_automatic


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        ("text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        ("text/plain; charset=klingon", "Grüße".encode(), "Grüße"),
        ("text/plain; charset=utf-8", b"Gr\xfc\xdfe", "Grüße"),
        ("text/plain", b"a\x00b\x07c", "abc"),
        ("text/plain; charset=utf-16", b"\xff", "ÿ"),
        ("text/html", b"<p title='>'>One<!-- > --><br>two &amp; three<script>1 < 2</p>", None),
        ("text/html", b"One<DIV\n>two &amp; th<b>ree<template>x<p>y</p></template></head>", None),
        ('text/html; charset="utf-8"', b"<style>x</style><p>One<br>two &amp; <b>three</b>", None),
    ],
)
def test_reads_texts_in_whatever_they_are_written(head, body, text):
    letter = letter_of(HEAD + f"Content-Type: {head}\n\n".encode() + body)

    assert letter.text == (text or "One\ntwo & three")


def test_reads_encoded_bodies_and_names_of_files():
    for encoding, body in (
        ("base64", base64.encodebytes("Grüße".encode())),
        ("quoted-printable", b"Gr=C3=BC=C3=9Fe"),
        ("base64", b"R3LDvMOfZQ==garbage!"),
    ):
        head = HEAD + f"Content-Transfer-Encoding: {encoding}\n".encode()
        assert letter_of(head + b"Content-Type: text/plain; charset=utf-8\n\n" + body).text[:5] == (
            "Grüße"
        )

    whole = MIMEMultipart()
    for name, value in (("From", "a@b.example"), ("Subject", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=")):
        whole[name] = value
    both = MIMEMultipart("alternative")
    both.attach(MIMEText("plain", "plain"))
    both.attach(MIMEText("<p>html", "html"))
    whole.attach(both)
    file = MIMEApplication(b"%PDF")
    file.add_header("Content-Disposition", "attachment", filename=("utf-8", "", "Größe ../7.pdf"))
    whole.attach(file)
    inner = MIMEApplication(b"x")
    inner.add_header("Content-ID", "<logo>")
    whole.attach(inner)

    letter = letter_of(bytes(whole))

    assert (letter.text, letter.subject) == ("plain", "Grüße")
    assert [(each.name, each.content) for each in letter.attached] == [("Größe ../7.pdf", b"%PDF")]


HISTORIES = [
    "On Mon, 3 Nov 2026 at 10:00, Ada Lovelace <ada@engine.example> wrote:\n> So?",
    "Am 03.11.26 um 10:00 schrieb Ada Lovelace:\n> So?",
    "Le lun. 3 nov. 2026 à 10:00, Ada\n<ada@engine.example> a écrit :\n> So?",
    "-----Original Message-----\nFrom: Ada\nSo?",
    "________________________________\nFrom: Ada <ada@engine.example>\nSent: Monday\n\nSo?",
    "From: Ada\nSent: Monday\nTo: Charles\n\nSo?",
    "> So?\n> And?",
]


@pytest.mark.parametrize("history", HISTORIES)
def test_leaves_out_the_history_that_it_quotes(history):
    assert letter_of(raw(text=f"Yes.\n\nOn Friday.\n\n{history}")).text == "Yes.\n\nOn Friday."
    assert letter_of(raw(text=history)).text  # where there is nothing else, it is what was said


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"List_Id": "<all.engine.example>"},
        {"Return_Path": "<>"},
    ],
)
def test_knows_what_no_person_wrote(headers):
    assert letter_of(raw(**headers)).is_automatic


def test_knows_what_came_back():
    bounce = letter_of(a_bounce("<7@crm.example>")).bounce

    assert bounce is not None
    assert (bounce.message_id, bounce.is_final) == ("<7@crm.example>", True)
    assert bounce.words == "ada@engine.example: 5.2.2: 552 5.2.2 mailbox full"
    later = letter_of(a_bounce("<7@crm.example>", action="delayed")).bounce
    assert later is not None
    assert not later.is_final


def nested(depth: int) -> bytes:
    heads = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(depth)
    )
    return HEAD + heads + b"Content-Type: text/plain\n\nhello"


@pytest.mark.parametrize(
    ("letter", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"no header at all", "unreadable"),
        (b"From: nobody\n\nhello", "unreadable"),
        (b"x" * (LARGEST + 1), "huge"),
        (nested(3000), "deep"),
    ],
)
def test_says_why_something_is_no_letter(letter, reason):
    with pytest.raises(LetterIsWrong, match=reason):
        letter_of(letter)


HOSTILE = [
    HEAD + b"Subject: =?utf-8?b?AAAA?= \x00\xff\n\nhello",
    HEAD + b"Subject: =?utf-8?b?!!!?=\n\nhello",
    HEAD + b"Content-Type: text/plain; charset*=bogus''x%FF\n\nhello",
    HEAD + b'Content-Type: multipart/mixed; boundary=""\n\nhello',
    HEAD + b"Content-Type: multipart/mixed\n\nhello",
    HEAD + b"Content-Type: ;;;=\n\nhello",
    HEAD + b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n\xff",
    HEAD + b"Content-Disposition: attachment; filename*0*=x'y'%GG\n\nhello",
    HEAD + b"Date: 99 Foo 99999 99:99:99 +9999\n\nhello",
    HEAD + b"References: " + b"<x@y> " * 50_000 + b"\n\nhello",
    HEAD + b"To: " + b"a@b.example," * 20_000 + b"\n\nhello",
    HEAD + b"X: " + b"y" * 1_000_000 + b"\n\nhello",
    HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 100_000 + b"hello",
    HEAD + b"Content-Type: text/html\n\n" + b"<a " * 200_000,
    HEAD + b"Content-Type: text/html\n\n" + b"<a b='" * 100_000,
    HEAD + b"Content-Type: text/html\n\n" + b"<!--" * 100_000,
    HEAD + b"Content-Type: text/html\n\n" + b"&#" + b"9" * 100_000 + b";",
    HEAD + b"\n" + b"On " + b"a " * 100_000 + b"wrote:\nhello",
    HEAD + b"\n" + b"> " * 100_000,
    HEAD.replace(b"<1@engine.example>", b"<" + b"x" * 5_000 + b"@y>") + b"\nhello",
    nested(40),
]


@pytest.mark.parametrize("letter", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_letters_are_read_or_refused_and_nothing_else(letter):
    read = letter_of(letter)

    assert read.sender == "ada@engine.example"
    assert len(read.message_id) <= 250
    assert len(read.text) <= 20_000
    assert "\x00" not in f"{read.subject}{read.text}"


@given(st.binary(max_size=400), st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(head, body):
    for letter in (head + b"\n\n" + body, HEAD + head + b"\n\n" + body, HEAD + b"\n" + body):
        try:
            read = letter_of(letter)
        except LetterIsWrong:
            continue
        read.text.encode()
        read.subject.encode()


def test_a_letter_without_an_id_has_the_same_one_each_time():
    letter = a_letter()
    del letter["Message-ID"]

    one, other = letter_of(bytes(letter)), letter_of(bytes(letter))

    assert one.message_id == other.message_id
    letter.set_content("Something else")
    assert letter_of(bytes(letter)).message_id != one.message_id
