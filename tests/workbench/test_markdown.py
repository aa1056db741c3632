"""Notes in Markdown: what is drawn, and that nothing else can be."""

from __future__ import annotations

import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.markdown import ADDRESS, markdown, plain

NAUGHTY = Path(__file__).resolve().parent.parent / "data" / "naughty-strings" / "blns.json"
RELATION = 'rel="nofollow noopener noreferrer"'
JONAS = [("Jonas Weber", "jonas@north.example")]
# Everything that can ever come out.
TAGS = {
    "p": {"class"}, "br": set(), "strong": set(), "em": set(), "s": set(), "code": set(),
    "pre": set(), "blockquote": set(), "ul": set(), "ol": {"start"}, "li": set(), "hr": set(),
    "a": {"href", "rel"}, "span": {"class", "title"},
}  # fmt: skip


class Strict(HTMLParser):
    """Fails on any tag or attribute that is not one of ours; gathers the words."""

    def __init__(self):
        super().__init__()
        self.words = []

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS, tag
        names = dict(attrs)
        assert names.keys() <= TAGS[tag], (tag, attrs)
        if tag == "a":
            assert ADDRESS.fullmatch(names["href"]), names
            assert names["rel"] == "nofollow noopener noreferrer"

    def handle_data(self, data):
        self.words.append(data)


def words(html: str) -> str:
    """Return what a reader reads, and fail on any markup that is not ours."""
    parser = Strict()
    parser.feed(str(html))
    parser.close()
    return "".join(parser.words)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Two lines\nand one more", "<p>Two lines<br>and one more</p>"),
        ("One\n\nTwo", "<p>One</p><p>Two</p>"),
        (
            "**bold** and *stressed* ~~gone~~",
            "<p><strong>bold</strong> and <em>stressed</em> <s>gone</s></p>",
        ),
        ("# Not a heading of the page", '<p class="c-note__title">Not a heading of the page</p>'),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("3. three\n4. four", '<ol start="3"><li>three</li><li>four</li></ol>'),
        ("> they said\n> this", "<blockquote><p>they said<br>this</p></blockquote>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("```\nx = 1\n```", "<pre><code>x = 1\n</code></pre>"),
        ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
        ("Signed\n---\n", None),
        (
            "[them](https://engine.example/?a=1&b=2)",
            f'<p><a href="https://engine.example/?a=1&amp;b=2" {RELATION}>them</a></p>',
        ),
        (
            "[mail](mailto:ada@engine.example)",
            f'<p><a href="mailto:ada@engine.example" {RELATION}>mail</a></p>',
        ),
        (
            "See https://a.example/a_b_c.",
            f'<p>See <a href="https://a.example/a_b_c" {RELATION}>https://a.example/a_b_c</a>.</p>',
        ),
        # What is typed stays to be seen, whatever Markdown would make of it.
        ("<b>bold</b> &copy; & <br>", "<p>&lt;b&gt;bold&lt;/b&gt; &amp;copy; &amp; &lt;br&gt;</p>"),
        ("[a]: https://evil.example", None),
        ("    four blanks", None),
        ("![x](https://evil.example/pixel.png)", None),
        ("[x](javascript:alert(1))", None),
        ("[x](data:text/html,hello)", None),
        ("snake_case_name and 2*3*4", None),
    ],
)
def test_draws_what_was_written(text, drawn):
    shown = markdown(text)

    words(shown)
    assert drawn is None or str(shown) == drawn


@pytest.mark.parametrize(
    "text", ["snake_case_name", "[a]: https://evil.example", "    four blanks", "C:\\path\\to"]
)
def test_swallows_nothing(text):
    assert words(markdown(text)).strip() == text.strip()


def test_makes_chips_of_those_who_are_meant_and_of_nobody_else():
    text = (
        '@Jonas Weber, @"Jonas Weber" and @jonas@north.example: ask @Mara. '
        "**@jonas weber** mail@Jonas Weber `@Jonas Weber`"
    )

    shown = str(markdown(text, JONAS))

    assert (
        shown.count('<span class="c-mention" title="jonas@north.example">@Jonas Weber</span>') == 4
    )
    assert "@Mara" in shown
    assert "<code>@Jonas Weber</code>" in shown
    assert (
        str(markdown("@x", [("<b>", "x")]))
        == '<p><span class="c-mention" title="x">@&lt;b&gt;</span></p>'
    )


def test_leaves_an_email_as_it_was_typed():
    assert str(plain("> **they** wrote\nhttps://a.example")) == (
        "<p>&gt; **they** wrote<br>"
        '<a href="https://a.example" rel="nofollow noopener noreferrer">https://a.example</a></p>'
    )


MARKS = st.text(alphabet="*_`~[]()<>#>-+!@\\\"'&;:/\n\t 1.ab\u202e\x00😀", max_size=60)


@given(MARKS | st.text(max_size=80))
def test_never_draws_anything_but_our_shapes(text):
    words(markdown(text, JONAS))
    words(plain(text))


def test_draws_nothing_that_runs_of_hostile_texts():
    for text in json.loads(NAUGHTY.read_text()):
        for form in (text, f"**{text}**", f"[{text}]({text})", f"- {text}", f"> {text}"):
            words(markdown(form, JONAS))


@pytest.mark.parametrize(
    "piece", ["[", "*a ", "> ", "- ", "`", "![", "<a", "_", "**", "](", "http://", "@Jonas ", "\\"]
)
def test_takes_no_time_for_texts_that_are_made_to_take_it(piece):
    text = (piece * 20_000)[:20_000]

    started = time.process_time()
    markdown(text, JONAS)

    assert time.process_time() - started < 1.5, re.escape(piece)
