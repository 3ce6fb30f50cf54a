"""A quote from the middle of a turn is given the second at which its own words are said."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.answering.citations import cite
from askpod.chunking import cut_span
from askpod.model import Turn, join_spans

# Three captions in one turn, with a long silence before the last.
TEXT = "Bees dance on the comb. They turn left. Then they sleep."
TURN = Turn("Ann", TEXT, 10.0, 62.0, marks=((24, 14.0), (40, 60.0)))


@st.composite
def marked_turns(draw: st.DrawFn) -> Turn:
    text = draw(st.text("ab ", min_size=2, max_size=60))
    places = sorted(draw(st.sets(st.integers(1, len(text) - 1), max_size=6)))
    seconds = sorted(draw(st.lists(st.floats(0, 1e4), min_size=len(places) + 2, max_size=8)))
    marks = tuple(zip(places, seconds[1:-1], strict=False))
    return Turn("Ann", text, seconds[0], seconds[-1], marks=marks)


@pytest.mark.parametrize(
    ("quote", "start", "end"),
    [
        ("Bees dance on the comb.", 10.0, pytest.approx(14.0, abs=0.2)),
        ("They turn left.", 14.0, pytest.approx(60.0, abs=3)),
        ("Then they sleep.", 60.0, 62.0),
        (TEXT, 10.0, 62.0),
    ],
)
def test_a_quote_has_the_seconds_of_its_own_captions(quote, start, end):
    begin = TEXT.index(quote)
    span = cut_span(TURN, 0, begin, begin + len(quote))
    assert (span.start, span.end) == (start, end)


def test_a_citation_from_inside_a_span_links_to_the_second_of_its_words():
    whole = cut_span(TURN, 0, 0, len(TEXT))
    words = (TEXT.index("Then"), len(TEXT))
    link = "https://talk.example/{}#t={:g}".format
    citation = cite(1, ("bees", "Bees"), whole, words, link, supported=True)
    assert citation.quote == "Then they sleep."
    assert citation.start == 60.0
    assert citation.url == "https://talk.example/bees#t=60"


@given(marked_turns(), st.data())
def test_cutting_what_was_cut_and_joined_changes_no_second(turn, data):
    length = len(turn.text)
    cuts = sorted(data.draw(st.sets(st.integers(0, length), min_size=2, max_size=5)))
    parts = [cut_span(turn, 0, begin, end) for begin, end in pairwise(cuts)]
    (joined,) = join_spans(parts)
    again = Turn("Ann", joined.text, joined.start, joined.end, marks=joined.marks)
    for begin, end in pairwise(cuts):
        direct = cut_span(turn, 0, begin, end)
        by_way = cut_span(again, 0, begin - joined.offset, end - joined.offset)
        assert by_way.text == direct.text
        assert by_way.start == pytest.approx(direct.start)
        assert by_way.end == pytest.approx(direct.end)


@given(marked_turns())
def test_seconds_never_go_backwards_along_a_turn(turn):
    starts = [cut_span(turn, 0, i, i + 1).start for i in range(len(turn.text))]
    assert starts == sorted(starts)
    assert turn.start <= starts[0]
    assert starts[-1] <= turn.end
