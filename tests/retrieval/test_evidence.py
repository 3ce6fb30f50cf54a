"""Evidence for a model: what is taken, what is joined, what is left out, and what it costs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.archive import Archive
from askpod.model import EvidenceTurn
from askpod.retrieval.evidence import pack, render, render_turn
from askpod.text import split_sentences
from askpod.tokens import TokenCounter
from talks import Talks

PLENTY = 10_000

BEES = [
    ("Ann", "Welcome back."),
    ("Ann", "How do bees find the linden trees?"),
    ("Bo", "They dance. The dance tells the direction. It tells the distance, too."),
    ("Ann", "Do they ever err?"),
    ("Bo", "Now and then. Nobody minds."),
]
TRAINS = [("Cy", f"Train {n} stands still in Basel. It waits for the milk.") for n in range(8)]


def words(text: str) -> int:
    """A counter that a reader can follow."""
    return len(text.split())


def read(evidence: tuple[EvidenceTurn, ...]) -> list[str]:
    return [f"[{turn.number}] {turn.span.speaker}: {turn.span.text}" for turn in evidence]


def test_nothing_found_is_no_evidence():
    assert pack([], Talks().turns, words, PLENTY) == ()


def test_a_passage_is_numbered_turn_by_turn_and_brings_the_question_it_answers():
    talks = Talks(bees=BEES)
    assert read(pack([talks.passage("bees", 2, 4)], talks.turns, words, PLENTY)) == [
        "[1] Ann: How do bees find the linden trees?",
        "[2] Bo: They dance. The dance tells the direction. It tells the distance, too.",
        "[3] Ann: Do they ever err?",
        "[4] Bo: Now and then. Nobody minds.",
    ]


def test_what_the_same_speaker_said_before_is_no_question():
    talks = Talks(bees=BEES)
    assert len(pack([talks.passage("bees", 1, 1)], talks.turns, words, PLENTY)) == 1


def test_of_a_long_turn_before_come_its_last_sentences():
    long = " ".join(f"I say this for the {n}th time." for n in range(60))
    talks = Talks(bees=[("Ann", f"{long} So, do they dance?"), ("Bo", "They do.")])
    first, _ = pack([talks.passage("bees", 1, 1)], talks.turns, words, PLENTY)
    assert first.span.text.endswith("59th time. So, do they dance?")
    assert words(render_turn(first, titled=False)) <= 120


def test_the_question_is_left_out_where_only_the_answer_fits():
    talks = Talks(bees=BEES)
    answer = [talks.passage("bees", 4, 4)]
    both = words(render(pack(answer, talks.turns, words, PLENTY)))
    assert read(pack(answer, talks.turns, words, both - 1)) == [
        "[1] Bo: Now and then. Nobody minds."
    ]


def test_passages_that_touch_are_one_stretch():
    talks = Talks(bees=BEES)
    text = BEES[2][1]
    cut = text.index("It tells")
    late = talks.passage_of("bees", [talks.span("bees", 2, cut), talks.span("bees", 3)], 2.0)
    early = talks.passage_of("bees", [talks.span("bees", 2, 0, cut - 1)], 1.0)
    evidence = pack([late, early], talks.turns, words, PLENTY)
    assert [turn.span.turn for turn in evidence] == [1, 2, 3]
    assert evidence[1].span == talks.span("bees", 2)


def test_parts_of_a_turn_that_do_not_touch_stay_apart():
    talks = Talks(bees=[("Bo", "One is here. Two is left out. Three is here.")])
    text = talks.said["bees"][0].text
    parts = [
        talks.passage_of("bees", [talks.span("bees", 0, begin, end)])
        for begin, end in (split_sentences(text)[0], split_sentences(text)[2])
    ]
    evidence = pack(parts, talks.turns, words, PLENTY)
    assert [turn.span.text for turn in evidence] == ["One is here.", "Three is here."]
    assert evidence[0].span.end < evidence[1].span.start


def test_episodes_stand_in_the_order_of_their_best_passages_and_turns_in_that_of_speech():
    talks = Talks(bees=BEES, trains=TRAINS)
    found = [
        talks.passage("trains", 5, 5, 3.0),
        talks.passage("bees", 4, 4, 2.0),
        talks.passage("trains", 1, 1, 1.0),
    ]
    evidence = pack(found, talks.turns, words, PLENTY)
    assert [(turn.episode_id, turn.span.turn) for turn in evidence] == [
        ("trains", 1),
        ("trains", 5),
        ("bees", 3),
        ("bees", 4),
    ]


def test_each_turn_links_to_its_own_second():
    talks = Talks(bees=BEES)
    evidence = pack([talks.passage("bees", 2, 3)], talks.turns, words, PLENTY)
    assert [turn.url for turn in evidence] == [
        f"https://www.youtube.com/watch?v=bees____&t={second}s" for second in (10, 20, 30)
    ]


def test_a_turn_that_does_not_fit_is_cut_at_the_end_of_a_sentence():
    talks = Talks(bees=[BEES[2]])
    passage = talks.passage("bees", 0, 0)
    whole = words(render(pack([passage], talks.turns, words, PLENTY)))
    assert read(pack([passage], talks.turns, words, whole - 1)) == [
        "[1] Bo: They dance. The dance tells the direction."
    ]


def test_a_first_sentence_that_does_not_fit_is_left_out():
    talks = Talks(bees=[BEES[2]])
    assert pack([talks.passage("bees", 0, 0)], talks.turns, words, 8) == ()


def test_a_passage_that_begins_within_a_sentence_gets_the_whole_of_it():
    talks = Talks(bees=[BEES[2]])
    passage = talks.passage_of("bees", [talks.span("bees", 0, 20, 30)])
    evidence = pack([passage], talks.turns, words, PLENTY)
    assert read(evidence) == ["[1] Bo: The dance tells the direction."]


def test_speech_without_punctuation_keeps_the_passage_as_it_was_cut():
    talks = Talks(bees=[("Bo", "and then they dance " * 500)])
    passage = talks.passage_of("bees", [talks.span("bees", 0, 4_000, 4_019)])
    evidence = pack([passage], talks.turns, words, PLENTY)
    assert read(evidence) == ["[1] Bo: and then they dance"]


def test_one_episode_does_not_crowd_out_another_that_fits_nearly_as_well():
    talks = Talks(trains=TRAINS, bees=BEES)
    found = [talks.passage("trains", n, n, 1.0) for n in (0, 2, 4, 6)]
    found.append(talks.passage("bees", 4, 4, 0.8))
    budget = 4 * words(render(pack(found[:1], talks.turns, words, PLENTY))) - 6
    evidence = pack(found, talks.turns, words, budget)
    assert [turn.episode_id for turn in evidence] == ["trains"] * 3 + ["bees"] * 2
    assert evidence[2].span.text == "Train 4 stands still in Basel."  # what room was left for


def test_an_episode_that_fits_much_worse_has_no_claim_to_room():
    talks = Talks(trains=TRAINS, bees=BEES)
    found = [talks.passage("trains", n, n, 1.0) for n in (0, 2, 4, 6)]
    budget = 4 * words(render(pack(found[:1], talks.turns, words, PLENTY)))
    found.append(talks.passage("bees", 4, 4, 0.79))
    evidence = pack(found, talks.turns, words, budget)
    assert {turn.episode_id for turn in evidence} == {"trains"}
    assert len(evidence) == 4


def test_what_was_held_back_for_another_episode_follows_where_there_is_room():
    talks = Talks(trains=TRAINS, bees=BEES)
    found = [talks.passage("trains", n, n, 1.0) for n in (0, 2, 4, 6)]
    found.append(talks.passage("bees", 4, 4, 0.8))
    exactly = words(render(pack(found, talks.turns, words, PLENTY)))
    assert len(pack(found, talks.turns, words, exactly)) == 6
    assert words(render(pack(found[:4], talks.turns, words, PLENTY))) > exactly / 2


def test_turns_that_are_gone_from_the_archive_are_left_out():
    talks = Talks(bees=BEES)
    passage = talks.passage("bees", 2, 4)
    talks.said["bees"] = talks.said["bees"][:3]
    assert [turn.span.turn for turn in pack([passage], talks.turns, words, PLENTY)] == [1, 2]


def test_scores_below_nothing_have_an_order_too():
    talks = Talks(trains=TRAINS, bees=BEES)
    found = [talks.passage("trains", 0, 0, -1.0), talks.passage("bees", 4, 4, -1.1)]
    assert len(pack(found, talks.turns, words, PLENTY)) == 3


@pytest.mark.parametrize("budget", [0, 60, 250, 1_000, 4_000])
def test_the_examples_fill_a_budget_of_tokens_and_never_pass_it(archive: Archive, budget: int):
    counter = TokenCounter("gpt-4o")
    found = archive.search("How do you know that a forecast is wrong?", top=30)
    evidence = pack(
        found, lambda episode, first, last: archive.turns(episode)[first : last + 1],
        counter.count, budget,
    )  # fmt: skip
    assert counter.count(render(evidence)) <= budget
    assert counter.count(render(evidence)) > budget - 150
    for turn in evidence:
        said = archive.turns(turn.episode_id)[turn.span.turn]
        assert said.text[turn.span.offset :].startswith(turn.span.text)
        assert turn.span.text.endswith((".", "!", "?", "”", "…")), "cut within a sentence"


ODD = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("ab. ?!\n[]>$<|9")), st.characters(exclude_categories=["Cs"])
    ),
    max_size=120,
)
TURNS = st.lists(st.tuples(st.sampled_from(["Ann", "Bo", ""]), ODD), min_size=1, max_size=6)
COUNTERS = st.sampled_from([words, len, TokenCounter("gpt-4o").count])


@settings(max_examples=150)
@given(st.data(), TURNS, TURNS, COUNTERS, st.integers(0, 400))
def test_whatever_was_said_the_evidence_is_verbatim_ordered_and_within_budget(
    data, ants, bees, count, budget
):
    talks = Talks(ants=ants, bees=bees)
    found = [data.draw(_passages(talks)) for _ in range(data.draw(st.integers(0, 5)))]
    evidence = pack(found, talks.turns, count, budget)

    assert not evidence or count(render(evidence)) <= budget
    assert [turn.number for turn in evidence] == list(range(1, len(evidence) + 1))
    for turn in evidence:
        said = talks.said[turn.episode_id][turn.span.turn].text
        begin, end = turn.span.offset, turn.span.offset + len(turn.span.text)
        assert said[begin:end] == turn.span.text
        assert begin in {first for first, _ in split_sentences(said)}
        assert end in {last for _, last in split_sentences(said)}
    places = [(turn.episode_id, turn.span.turn, turn.span.offset) for turn in evidence]
    assert len(set(places)) == len(places)
    for episode in talks.said:
        mine = [place for place in places if place[0] == episode]
        assert mine == sorted(mine)


@st.composite
def _passages(draw, talks: Talks):
    episode = draw(st.sampled_from(sorted(talks.said)))
    first = draw(st.integers(0, len(talks.said[episode]) - 1))
    last = draw(st.integers(first, len(talks.said[episode]) - 1))
    begin = draw(st.integers(0, len(talks.said[episode][first].text)))
    spans = [talks.span(episode, first, begin)]
    spans += [talks.span(episode, turn) for turn in range(first + 1, last + 1)]
    return talks.passage_of(episode, spans, draw(st.floats(-1, 3)))
