"""A haystack is as long as wanted, holds its evidence where wanted, and is whole transcripts."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod import Archive
from askpod.answering.prompts import PromptError, Prompts
from askpod.evals.gold import GoldQuestion, load_gold
from askpod.evals.long_context import (
    ARMS,
    BASE,
    DEPTHS,
    Arm,
    Condition,
    Request,
    batches,
)
from askpod.evals.long_context.haystack import Needle, Transcript, build
from askpod.evals.long_context.prompt_maker import LongPrompt, PromptMaker, stretch_of
from askpod.evals.long_context.run import MOST_EVIDENCE, make_plan
from askpod.model import EvidenceTurn, Turn
from askpod.settings import ModelSettings
from askpod.tokens import TokenCounter
from talks import Talks

GOLD = load_gold(Path(__file__).parents[3] / "evals" / "examples.yaml")
LENGTHS = (4_000, 16_000, 32_000)
GPT_4O = ModelSettings("gpt-4o")


@pytest.fixture(scope="module")
def makers(long_archive: Archive) -> dict[str, PromptMaker]:
    """One for each encoding: counting the tokens of the whole archive takes the most time."""
    return {
        name: PromptMaker(long_archive, Prompts(), ModelSettings(name))
        for name in ("gpt-4o", "gpt-4")
    }


@pytest.fixture(scope="module")
def maker(makers: dict[str, PromptMaker]) -> PromptMaker:
    return makers["gpt-4o"]


@pytest.fixture(scope="module")
def asked(maker: PromptMaker) -> tuple[GoldQuestion, ...]:
    """A few questions that can be asked over a haystack."""
    return make_plan(GOLD, maker, (4_000,), questions=4, arms=[BASE]).questions


def alone(maker: PromptMaker, question: GoldQuestion, condition: Condition) -> LongPrompt:
    """The prompt of one question with a haystack of its own."""
    return maker.prompts((Request(question, condition),))[0]


def episodes(prompt: LongPrompt) -> list[str]:
    """The episodes in the order of the haystack, each run of turns once."""
    return [episode for episode, _ in groupby(prompt.turns, key=lambda turn: turn.episode_id)]


# How long


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("arm", ARMS, ids=lambda arm: arm.label)
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4"])
def test_the_whole_prompt_is_at_most_as_long_as_wanted_and_nearly_so(
    makers: dict[str, PromptMaker], asked, length: int, arm: Arm, model: str
):
    for question, position in zip(asked, (*DEPTHS, "middle third"), strict=True):
        prompt = alone(makers[model], question, Condition(arm, length, position))
        assert prompt.tokens == TokenCounter(model).count_messages(prompt.messages)
        assert 0.98 * length <= prompt.tokens <= length


def test_the_longest_prompts_leave_room_for_the_answer(long_archive: Archive, asked):
    model = ModelSettings("gpt-4o", answer_tokens=300)
    maker = PromptMaker(long_archive, Prompts(), model)
    prompt = alone(maker, asked[0], Condition(BASE, 32_000, "middle third"))
    assert 0.98 * 32_000 <= prompt.tokens <= 32_000 - 300


def test_a_long_prompt_is_made_quickly(maker: PromptMaker, asked):
    condition = Condition(BASE, 32_000, "middle third")
    alone(maker, asked[0], condition)  # counts the tokens of the turns
    began = time.process_time()
    alone(maker, asked[0], replace(condition, position="last third"))
    assert time.process_time() - began < 1.0


def test_conditions_for_which_there_is_too_little_text_are_left_out(maker: PromptMaker):
    plan = make_plan(GOLD, maker, (4_000, 128_000), questions=2)
    assert {condition.length for condition in plan.conditions} == {4_000}
    assert {condition.length for condition in plan.left_out} == {128_000}
    assert len(plan.conditions) == len(plan.left_out) == len(ARMS) * len(DEPTHS)


# Where the evidence stands


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("position", DEPTHS)
def test_the_evidence_stands_at_its_depth(maker: PromptMaker, asked, length: int, position: str):
    for question in asked:
        prompt = alone(maker, question, Condition(BASE, length, position))
        text = prompt.messages[1][1].split("begins ===\n")[1].split("=== evidence")[0]
        right = [turn for turn in prompt.turns if stretch_of(turn).touches(question.stretches)]
        place = text.index(right[0].span.text), text.index(right[-1].span.text)
        middle = (place[0] + place[1] + len(right[-1].span.text)) / 2
        count = TokenCounter("gpt-4o").count
        depth = count(text[: int(middle)]) / count(text)
        assert depth == pytest.approx(DEPTHS[position], abs=0.03)
        assert prompt.depth == pytest.approx(depth, abs=0.01)


def test_the_evidence_is_there_whole_once_and_with_its_seconds(
    maker: PromptMaker, long_archive: Archive, asked
):
    for question in asked:
        prompt = alone(maker, question, Condition(BASE, 4_000, "first third"))
        shown = [turn for turn in prompt.turns if stretch_of(turn).touches(question.stretches)]
        said = long_archive.turns(question.stretches[0].episode)
        meant = [turn for turn in said if touches(turn, question)]
        assert [turn.span.text for turn in shown] == [turn.text for turn in meant]
        assert [turn.span.start for turn in shown] == [turn.start for turn in meant]


def touches(turn: Turn, question: GoldQuestion) -> bool:
    return any(turn.start < each.end and each.start < turn.end for each in question.stretches)


# Shared by several questions


@pytest.fixture(scope="module")
def group(maker: PromptMaker) -> tuple[GoldQuestion, ...]:
    """Six questions that share their haystacks."""
    plan = make_plan(GOLD, maker, (4_000,), questions=24, arms=[BASE])
    return next(each for each in plan.groups if len(each) == 6)


@pytest.mark.parametrize("arm", ARMS, ids=lambda arm: arm.label)
@pytest.mark.parametrize("length", [4_000, 16_000])
def test_a_shared_haystack_holds_the_evidence_of_each_where_it_is_said_to(
    maker: PromptMaker, group, arm: Arm, length: int
):
    places: dict[str, list[str]] = {question.id: [] for question in group}
    for batch in batches(group, arm, length):
        prompts = maker.prompts(batch)
        assert 0.98 * length <= max(prompt.tokens for prompt in prompts) <= length
        for (question, condition), prompt in zip(batch, prompts, strict=True):
            places[question.id].append(condition.position)
            assert prompt.depth == pytest.approx(DEPTHS[condition.position], abs=0.2)
            assert question.question in prompt.messages[1][1]
            held = [turn for turn in prompt.turns if stretch_of(turn).touches(question.stretches)]
            alone_held = alone(maker, question, condition).turns
            assert [turn.span for turn in held] == [
                turn.span for turn in alone_held if stretch_of(turn).touches(question.stretches)
            ]
    assert {tuple(sorted(each)) for each in places.values()} == {tuple(sorted(DEPTHS))}


def test_its_prompts_begin_alike_up_to_the_question(maker: PromptMaker, group):
    [first, *others] = maker.prompts(next(batches(group, BASE, 4_000)))
    haystack, _, _ = first.messages[1][1].rpartition("=== evidence")
    assert TokenCounter("gpt-4o").count(haystack) > 3_500
    for other in others:
        assert other.messages[0] == first.messages[0]
        assert other.messages[1][1].startswith(haystack)
        assert other.messages != first.messages


def test_from_one_position_to_the_next_the_same_turns_stand_in_another_order(maker, group):
    haystacks = [maker.prompts(batch)[0].turns for batch in batches(group, BASE, 8_000)]
    spoken = [[turn.span for turn in turns] for turns in haystacks]
    assert spoken[0] != spoken[1] != spoken[2]
    assert set(spoken[0]) == set(spoken[1]) == set(spoken[2])
    for turns in haystacks:
        order = [episode for episode, _ in groupby(turns, key=lambda turn: turn.episode_id)]
        assert len(order) == len(set(order))


def test_none_is_shared_where_the_archive_is_too_small_for_it(maker: PromptMaker):
    shared, alone = (make_plan(GOLD, maker, (4_000, n), 12, [BASE]) for n in (8_000, 32_000))
    assert max(map(len, shared.groups)) == 6
    assert set(map(len, alone.groups)) == {1}
    assert not alone.left_out


def test_every_question_is_asked_once_in_each_condition(maker: PromptMaker):
    plan = make_plan(GOLD, maker, (4_000, 8_000), questions=16)
    asked = [request for step in plan.steps for request in step]
    assert len(asked) == len(plan.requests) == 16 * (1 + 2 * len(ARMS) * len(DEPTHS))
    assert {(each.id, condition) for each, condition in asked} == {
        (each.id, condition) for each, condition in plan.requests
    }
    for group in plan.groups:
        homes = [question.stretches[0].episode for question in group]
        assert len(homes) == len(set(homes))
        assert sum(map(maker.evidence_tokens, group)) <= 0.7 * 4_000
    assert {len(group) for group in plan.groups} <= {6, 3, 1}
    assert sum(map(len, plan.groups)) == 16


def test_sharing_is_a_fraction_of_the_tokens(maker: PromptMaker):
    plan = make_plan(GOLD, maker, (4_000, 8_000), questions=24, arms=[BASE])
    long = plan.tokens(GPT_4O) - 24 * GPT_4O.context_tokens
    conditions = (step[0].condition for step in plan.steps)
    assert sum(each.length for each in conditions if each) <= long / 3


# What stands around it


def test_transcripts_are_whole_but_for_the_outermost_two(
    maker: PromptMaker, long_archive: Archive, asked
):
    for question in asked:
        prompt = alone(maker, question, Condition(BASE, 32_000, "middle third"))
        order = episodes(prompt)
        assert len(order) == len(set(order)) > 4
        for episode in order[1:-1]:
            shown = [turn.span.text for turn in prompt.turns if turn.episode_id == episode]
            assert shown == [turn.text for turn in long_archive.turns(episode)]
        first = [turn for turn in prompt.turns if turn.episode_id == order[0]]
        last = [turn for turn in prompt.turns if turn.episode_id == order[-1]]
        assert first[-1].span.turn == len(long_archive.turns(order[0])) - 1
        assert last[0].span.turn == 0


def test_turns_are_numbered_through_and_stand_as_in_the_answer_prompt(maker: PromptMaker, asked):
    prompt = alone(maker, asked[0], Condition(BASE, 4_000, "middle third"))
    assert [turn.number for turn in prompt.turns] == [*range(1, len(prompt.turns) + 1)]
    evidence = Prompts().answer("Why?", prompt.turns)[1][1]
    block = evidence.split("begins ===\n")[1].split("=== evidence")[0]
    assert block in prompt.messages[1][1]


def test_hard_negatives_are_near_in_topic_and_random_ones_are_any(maker: PromptMaker, asked):
    def filler(arm: Arm) -> int:
        prompts = [alone(maker, q, Condition(arm, 6_000, "middle third")) for q in asked]
        return sum("coast" in turn.episode_id for prompt in prompts for turn in prompt.turns)

    # Nothing in the filler is near any question; among the episodes it is half of them.
    assert filler(BASE) == 0
    assert filler(Arm(negatives="random")) > 20


def test_other_episodes_of_the_guest_come_first(tmp_path: Path, write_episode):
    def episode(name: str, thing: str, **fields: object) -> Path:
        said = [f"We talked about the {thing} at length."] * 3
        return write_episode(f"{name}.md", said, **fields)

    files = [
        episode("one", "oven", guests=["Ada Lovat"]),
        episode("near", "oven and the oven"),
        episode("theirs", "weather", guests=["Ada Lovat"]),
    ]
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index(files)
        evidence = [{"episode": "one", "start": 0, "end": 9}]
        question = GoldQuestion(id="q", question="What of the oven?", evidence=evidence)
        maker = PromptMaker(archive, Prompts(), GPT_4O)
        prompt = alone(maker, question, Condition(BASE, 4_000, "first third"))
    assert episodes(prompt)[-2:] == ["theirs", "near"]


def test_another_copy_of_the_evidence_is_no_negative(tmp_path: Path, write_episode):
    said = [f"The {thing} was measured twice, in spring and in autumn." for thing in
            ("brick", "kiln", "oven", "scale", "clock", "flue")]  # fmt: skip
    other = [f"Nobody at all has measured the {thing} in those years." for thing in
             ("river", "field", "wall", "road", "barn", "lane")]  # fmt: skip
    files = [write_episode("one.md", said), write_episode("copy.md", said)]
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([*files, write_episode("other.md", other)])
        maker = PromptMaker(archive, Prompts(), GPT_4O)
        evidence = [{"episode": "one", "start": 20, "end": 30}]
        question = GoldQuestion(id="q", question="Was the oven measured?", evidence=evidence)
        prompt = alone(maker, question, Condition(BASE, 4_000, "middle third"))
    assert set(episodes(prompt)) == {"one", "other"}


# Instruction and formatting


def test_the_instruction_stands_where_it_is_varied_to(maker: PromptMaker, asked):
    def sides(instruction: str) -> tuple[bool, bool]:
        condition = Condition(Arm(instruction=instruction), 4_000, "middle third")
        user = alone(maker, asked[0], condition).messages[1][1]
        before, _, after = user.partition("=== evidence")
        after = after.rpartition("ends ===")[2]
        assert asked[0].question in before + after
        return before.strip() != "", after.strip() != ""

    assert [sides(place) for place in ("both", "before", "after")] == [
        (True, True),
        (True, False),
        (False, True),
    ]


def test_both_places_hold_the_same_instruction():
    system, user = (text for _, text in Prompts().long_context("Why?", "", "both"))
    before, _, rest = user.partition("=== evidence")
    assert before.strip() == rest.rpartition("ends ===")[2].strip()
    assert "Why?" not in system


def test_an_own_template_must_show_the_evidence_to_the_user(tmp_path: Path):
    own = "## System\n$evidence $refusal\n## User\n$question\n"
    (tmp_path / "long-context.md").write_text(own, encoding="utf-8")
    with pytest.raises(PromptError, match=r"its \$evidence must stand under '## User'"):
        Prompts(tmp_path).long_context("Why?", "", "both")


def test_markdown_adds_marks_and_no_words(maker: PromptMaker, asked):
    condition = Condition(Arm(formatting="markdown"), 4_000, "middle third")
    prompt = alone(maker, asked[0], condition)
    lines = prompt.messages[1][1].splitlines()
    assert sum(line.startswith("**[") and line.endswith("**") for line in lines) == len(
        prompt.turns
    )
    assert sum(line.startswith("## ") for line in lines) == len(episodes(prompt))
    for turn in prompt.turns:
        assert f"> {turn.span.text}" in lines


# Whatever the speech is like

SPOKEN = st.lists(
    st.tuples(st.sampled_from(["Ann", "Bo", ""]), st.text("ab .?\n—é", min_size=1, max_size=120)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=80)
@given(st.lists(SPOKEN, min_size=1, max_size=5), st.data())
def test_any_speech_makes_a_haystack_within_its_room(talks, data: st.DataObject):
    def price(turn: EvidenceTurn) -> int:
        return 8 + len(turn.span.text)

    stacks = []
    for number, said in enumerate(talks):
        talk = Talks(**{f"e{number}": said})
        turns = tuple(
            EvidenceTurn(999, f"e{number}", "T", talk.span(f"e{number}", place), "")
            for place in range(len(said))
        )
        stacks.append(Transcript(f"e{number}", turns, tuple(map(price, turns)), heading=3))
    first = data.draw(st.integers(0, len(talks[0]) - 1))
    needle = Needle(stacks[0], first, data.draw(st.integers(first, len(talks[0]) - 1)))
    room = data.draw(st.integers(needle.tokens + 3, 3_000))
    haystack = build(needle, stacks[1:], room, data.draw(st.floats(0, 1)), price)
    assert haystack.tokens <= room
    shown = len({turn.episode_id for turn in haystack.turns})
    assert haystack.tokens == sum(map(price, haystack.turns)) + 3 * shown
    texts = [turn.span.text for turn in haystack.turns]
    assert all(turn.span.text in texts for turn in needle.turns)


def test_evidence_that_does_not_fit_is_refused():
    talk = Talks(bees=[("Ann", "They dance for their sisters.")])
    turns = (EvidenceTurn(999, "bees", "T", talk.span("bees", 0), ""),)
    needle = Needle(Transcript("bees", turns, (100,), 0), 0, 0)
    with pytest.raises(ValueError, match="evidence of 100 tokens in a haystack of 99"):
        build(needle, [], 99, 0.5, lambda _: 100)


# Which questions


def test_the_sample_is_seeded_spread_over_difficulty_and_usable(maker: PromptMaker):
    small, large = (make_plan(GOLD, maker, (4_000,), n, [BASE]).questions for n in (6, 12))
    assert len(small) == 6
    assert {question.difficulty for question in small} == {"easy", "medium", "hard"}
    assert {question.id for question in small} < {question.id for question in large}
    for question in large:
        assert question.answerable
        assert question.facts
        assert len({each.episode for each in question.evidence}) == 1
        assert maker.evidence_tokens(question) <= MOST_EVIDENCE
