"""Podcasting 2.0's HTML, as hosts write it and as hostile pages may."""

from __future__ import annotations

import html
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.errors import ReadError
from askpod.readers.html_page import looks_like_transcript_html, read_podcast_html
from askpod.readers.text import FaultLog

PATH = Path("talk.html")


def draft(page):
    return read_podcast_html(page, FaultLog(PATH))


def said(page):
    return [(turn.speaker, turn.start, turn.text) for turn in draft(page).turns]


def test_a_whole_page(read, formats):
    reading = read((formats / "glass-eels.html").read_bytes(), "glass-eels.html")
    episode = reading.episode
    assert episode.title == "Counting glass eels – The Weir Hour"
    assert [(turn.speaker, turn.estimated) for turn in episode.turns] == [
        ("Marit Osei", False),
        ("Jonas Quill", False),
        ("Marit Osei", False),
        ("Jonas Quill", True),
    ]
    assert [turn.start for turn in episode.turns[:3]] == [0.0, 11.0, 34.0]
    text = "\n".join(turn.text for turn in episode.turns)
    assert "Jonas Quill & his nets" in text
    assert "so that you can read The Angler’s Almanac through one." in text
    assert "in one night, and then none" in text
    for foreign in ("script", "comment", "Nobody", "All episodes", "Published", "©"):
        assert foreign not in text


@pytest.mark.parametrize(
    "page",
    [
        "<cite>Ann:</cite><time>0:05</time><p>One.</p><cite>Ben:</cite><time>0:09</time><p>Two.</p>",
        "<time>0:05</time><cite>Ann</cite><p>One.</p><time>0:09</time><cite>Ben</cite><p>Two.</p>",
        "<p><cite>Ann :</cite> <time>00:00:05</time> One.</p>"
        "<p><cite>Ben:</cite><time>[0:09]</time>Two.",
        "<CITE>Ann:</CITE>\n<TIME>(0:05)</TIME>\n<P>One.\n<cite>Ben:</cite><time>0:09</time><P>Two.",
        "<div><cite>Ann:</cite> <time>0:05</time></div><div>One.</div>"
        "<div><cite>Ben:</cite> <time>0:09</time></div><div>Two.</div>",
        "<cite>Ann:</cite><time datetime='PT5S'>0:05</time> One.<br>"
        '<cite class="a > b">Ben:</cite><time>0:09.0</time> Two.<br/>',
    ],
)
def test_names_and_clocks_in_any_order(page):
    assert looks_like_transcript_html(page)
    assert said(page) == [("Ann", 5.0, "One."), ("Ben", 9.0, "Two.")]


def test_without_names():
    page = "<time>0:00</time><p>One.</p><time>1:30</time><p>Two.</p>"
    assert looks_like_transcript_html(page)
    (turn,) = draft(page).turns
    assert (turn.text, turn.start, turn.marks) == ("One. Two.", 0.0, ((5, 90.0),))


@pytest.mark.parametrize("clock", ["button", "span", "time"])
@pytest.mark.parametrize("form", ["<{0}>{1}</{0}><b>{2}</b>", "<b>{2}</b><{0}>{1}</{0}>"])
def test_names_and_clocks_that_only_their_style_sets_apart(read, clock, form):
    heard = [("Ann Lee", 3, "Is it lit?"), ("Bo", 9, "It is."), ("Ann Lee", 12, "And hot?")]
    rows = (
        f"<div>{form.format(clock, f'0:{at:02}', who)}<p>{text}</p></div>\n"
        for who, at, text in heard
    )
    turns = read(f"<div>{''.join(rows)}</div>", "kiln.html").episode.turns
    assert [(turn.speaker, turn.start, turn.text) for turn in turns] == heard


def test_without_clocks():
    page = "<cite>Ann:</cite><p>One.</p><cite>Ben:</cite><p>Two.</p><p>Three.</p>"
    assert looks_like_transcript_html(page)
    turns = draft(page).turns
    assert [(turn.speaker, turn.text) for turn in turns] == [
        ("Ann", "One."),
        ("Ben", "Two. Three."),
    ]
    assert [turn.start for turn in turns] == sorted(turn.start for turn in turns)


def test_what_is_no_clock_is_speech():
    page = "<cite>Ann:</cite><time>0:05</time><p>Since <time>May 1958</time> it rained.</p>"
    assert said(page) == [("Ann", 5.0, "Since May 1958 it rained.")]


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><p>Posted on <time datetime='2024-05-01'>May 1</time></p><p>Text</p></body>",
        "<blockquote><p>Bees dance.</p><cite>An author</cite></blockquote><p>Text</p>",
        "<p>Doors open at <time>19:30</time></p><p>Text</p>",
        "<h1>00:12 Ann</h1>",
        "plain text, 1 < 2",
        "",
    ],
)
def test_other_pages_are_no_transcripts(page):
    assert not looks_like_transcript_html(page)


@pytest.mark.parametrize(
    "junk",
    [
        "<!--",
        "<p",
        "<p a='",
        '<a "',
        "<script>",
        "<nav>",
        "<![CDATA[",
        "</",
        "<",
        "&#",
        "&#9",
        "<cite>",
    ],
)
def test_markup_that_never_ends_takes_no_time(junk):
    page = "<cite>Ann:</cite><time>0:05</time><p>One.</p>" + junk * 100_000
    assert "One." in "".join(turn.text for turn in draft(page).turns)


def test_too_many_tags_are_refused():
    with pytest.raises(ReadError, match="300,000 tags"):
        draft("<p>" * 300_001)


def test_references_are_read_however_long():
    page = (
        "<cite>Ann:</cite><time>0:05</time><p>a&amp;b &#8217; &#x1F41D; &#"
        + "9" * 6000
        + "; &no;</p>"
    )
    ((_, _, text),) = said(page)
    assert text.startswith("a&b ’ 🐝 &#999")
    assert text.endswith("; &no;")


TEXTS = st.text(alphabet="ab<>&\"' \né漢", min_size=1, max_size=20)


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.sampled_from(["Ann", "Ben"]), st.none() | st.integers(0, 5999), TEXTS))
)
def test_no_word_is_lost_or_invented_and_time_runs_forward(spoken):
    spoken = [(who, second, f"{n}{text}") for n, (who, second, text) in enumerate(spoken)]
    stated = iter(sorted(second for _, second, _ in spoken if second is not None))
    page = ""
    for who, second, text in spoken:
        at = next(stated) if second is not None else 0
        clock = "" if second is None else f"<time>{at // 60}:{at % 60:02}</time>"
        page += f"<cite>{who}:</cite>{clock}\n<p>{html.escape(text)}</p>\n"
    turns = draft(page).turns
    written = "".join(text for _, _, text in spoken)
    assert "".join("".join(turn.text for turn in turns).split()) == "".join(written.split())
    assert all(turn.start <= turn.end <= after.start for turn, after in pairwise(turns))
