"""Chunks hold every word, fit the embedder, and keep the seconds of their speech."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.chunking import FINEST, SPECIAL_TOKENS, ChunkSettings, chunk_episode
from askpod.embedding.minilm import MAX_TOKENS, MiniLM
from askpod.model import Chunk, Episode, Turn
from askpod.text import split_sentences

BUDGET = ChunkSettings()
# The counting of tokens does not depend on the precision, nor on any test: one serves all.
COUNT = MiniLM(threads=1).count_tokens


def episode(*turns: str | tuple[str, str], title: str = "A talk", seconds: float = 60) -> Episode:
    """Turns of a minute each, given as texts or as (section, text)."""
    pairs = [("", turn) if isinstance(turn, str) else turn for turn in turns]
    return Episode(
        id="talk",
        title=title,
        guests=("Mara Lind",),
        turns=tuple(
            Turn("AB"[i % 2], text, i * seconds, (i + 1) * seconds, section=section)
            for i, (section, text) in enumerate(pairs)
        ),
    )


def chunks(talk: Episode) -> list[Chunk]:
    return chunk_episode(talk, COUNT)


def tokens(text: str) -> int:
    return COUNT([text])[0] - SPECIAL_TOKENS


def sentence(number: int, words: int = 20) -> str:
    return f"Number {number} " + "says a word " * (words // 3) + "here."


def assert_sound(talk: Episode) -> None:
    """What holds for the chunks of any episode."""
    covered = [[False] * len(turn.text) for turn in talk.turns]
    for chunk in chunks(talk):
        assert max(COUNT([chunk.embedded_text, chunk.heading])) <= MAX_TOKENS
        assert chunk.spans
        assert chunk.text == "\n".join(span.text for span in chunk.spans)
        for span in chunk.spans:
            turn, end = talk.turns[span.turn], span.offset + len(span.text)
            assert span.text == turn.text[span.offset : end]
            assert span.speaker == turn.speaker
            assert turn.section == chunk.section
            assert turn.start <= span.start <= span.end <= turn.end
            covered[span.turn][span.offset : end] = [True] * len(span.text)
    for turn, marks in zip(talk.turns, covered, strict=True):
        lost = [c for c, mark in zip(turn.text, marks, strict=True) if not (mark or c.isspace())]
        assert not lost


def test_the_examples_lose_nothing(archive):
    for known in archive.episodes():
        turns = tuple(archive.turns(known.id))
        assert_sound(Episode(known.id, known.title, turns, guests=known.guests))


WILD = st.text(max_size=400) | st.text(alphabet="aé漢🐝́‍\u202e. !\n", max_size=400)
LONG = st.tuples(WILD.filter(len), st.integers(1, 400)).map(lambda pair: pair[0] * pair[1])


@settings(max_examples=150)
@given(st.lists(WILD | LONG.map(lambda text: text[:20_000]), max_size=6), WILD)
def test_no_text_is_lost_or_too_long_for_the_embedder(texts, title):
    assert_sound(episode(*texts, title=title))


@pytest.mark.parametrize(
    "monster",
    [
        "word " * 3000,
        "漢" * 3000,
        "x" * 3000,
        "https://example.org/" + "a/b-c_d?e=f&" * 200,
        "﷽ࣰ🏳️‍🌈" * 500,
        "no.stop.after.a.dot " * 400,
        "\ud800 half a character " * 300,
    ],
)
def test_a_monster_sentence_is_split_not_cut(monster):
    talk = episode(f"Before. {monster}. After.")
    assert len(chunks(talk)) > 1 or tokens(talk.turns[0].text) <= BUDGET.speech
    assert_sound(talk)


@pytest.mark.parametrize("separator", [" ", "\n", "\t", "\u00a0"])
def test_a_monster_sentence_is_split_between_words(separator):
    words = [f"word{i}" + "x" * (i % 70) for i in range(300)]
    talk = episode(separator.join(words))
    held = {word for chunk in chunks(talk) for span in chunk.spans for word in span.text.split()}
    assert held == set(words)


def test_a_sentence_that_fits_is_never_split():
    texts = [" ".join(sentence(10 * i + j, 9 + 3 * j) for j in range(9)) for i in range(12)]
    talk = episode(*texts)
    whole = [
        {0, len(text)} | {place for pair in split_sentences(text) for place in pair}
        for text in texts
    ]
    spans = [span for chunk in chunks(talk) for span in chunk.spans]
    assert len(spans) > 12
    for span in spans:
        assert {span.offset, span.offset + len(span.text)} <= whole[span.turn]


def test_a_chunk_stays_in_its_section():
    talk = episode(("Bees", "They dance."), ("Bees", "They do."), ("Trains", "They wait."))
    assert [(c.section, c.text) for c in chunks(talk)] == [
        ("Bees", "They dance.\nThey do."),
        ("Trains", "They wait."),
    ]


def test_the_heading_is_neither_speech_nor_embedded_with_it():
    [chunk] = chunks(episode(("Bees", "They dance.")))
    assert chunk.heading == "A talk | Mara Lind | Bees"
    assert chunk.embedded_text == "They dance."
    assert chunk.text == "They dance."


@pytest.mark.parametrize("title", ["grand " * 5000, "x" * 500_000, "漢" * 5000, ""])
def test_a_heading_of_any_length_leaves_room_for_speech(title):
    found = chunks(episode(" ".join(sentence(i) for i in range(30)), title=title))
    for chunk in found:
        assert tokens(chunk.heading) <= BUDGET.heading
        assert len(chunk.heading) < 2000
    assert len(found) > 1


def test_parts_of_a_long_turn_have_their_own_seconds_in_order():
    [first, *others] = chunks(episode(" ".join(sentence(i) for i in range(60)), seconds=600))
    assert first.start == 0
    assert others[-1].end == 600
    starts = [chunk.start for chunk in (first, *others)]
    assert starts == sorted(set(starts))
    for chunk in (first, *others):
        share = chunk.spans[0].offset / len(" ".join(sentence(i) for i in range(60)))
        assert chunk.start == pytest.approx(600 * share)


def test_no_speech_is_in_two_chunks():
    found = chunks(
        episode(*[" ".join(sentence(10 * i + j, 12) for j in range(30)) for i in range(3)])
    )
    assert len(found) > 5
    for before, after in pairwise(found):
        last, first = before.spans[-1], after.spans[0]
        assert (last.turn, last.offset + len(last.text)) <= (first.turn, first.offset)


def test_a_chunk_is_embedded_with_the_last_words_said_before_it():
    text = " ".join(sentence(i, 12) for i in range(80))
    first, *others = chunks(episode(text))
    assert first.lead == ""
    for chunk in others:
        assert 0 < tokens(chunk.lead) <= BUDGET.lead
        assert text[: chunk.spans[0].offset].rstrip().endswith(chunk.lead)
        assert chunk.lead in chunk.embedded_text
        assert not chunk.text.startswith(chunk.lead)


def test_a_chunk_ends_between_turns_where_it_can():
    text = " ".join(sentence(i) for i in range(4))
    talk = episode(*[text] * 8)
    assert tokens(text) < BUDGET.speech
    for chunk in chunks(talk):
        last = chunk.spans[-1]
        assert last.text.endswith(text[-20:])
        assert last.offset + len(last.text) == len(text)


def test_in_a_talk_of_short_turns_a_chunk_is_as_short_as_a_turn():
    messages = episode(*(sentence(number) for number in range(30)))
    assert max(len(chunk.spans) for chunk in chunks(messages)) == 1


def test_short_turns_between_long_ones_share_a_chunk():
    told = " ".join(sentence(number) for number in range(12))
    interview = episode(told, *["I see.", told, "Why is that?"] * 5)
    assert [len(chunk.spans) for chunk in chunks(interview)].count(1) < len(chunks(interview))
    assert max(tokens(chunk.text) for chunk in chunks(interview)) > BUDGET.speech / 2


@given(turns=st.lists(st.integers(0, 500)))
def test_budgets_never_grow_and_never_vanish(turns):
    fitted = BUDGET.fitted_to(turns)
    assert FINEST <= fitted.speech <= BUDGET.speech
    assert 0 <= fitted.lead <= BUDGET.lead
    if turns and min(turns) >= BUDGET.speech:
        assert fitted == BUDGET


def test_silence_has_no_chunks():
    assert chunks(episode()) == []
    assert chunks(episode("", " \n ")) == []
