"""The ways to ask: plain, from several threads, asynchronously, and in one call."""

from __future__ import annotations

import asyncio
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from askpod import Archive, Filters, answer
from askpod.errors import QuestionError
from askpod.model import Answer, Usage

QUESTIONS = [
    "What killed the beekeeper's first colonies?",
    "Who won the football world cup in 2018?",
    "What does frost do to a coupler?",
    "How are the recordings of the language kept?",
]


def timeless(reply: Answer) -> Answer:
    return replace(reply, usage=Usage())


def test_an_answer_is_json(asked):
    for _, reply in asked:
        as_dict = json.loads(json.dumps(reply.to_dict(), allow_nan=False))
        assert as_dict["text"] == reply.text
        assert [each["number"] for each in as_dict["citations"]] == [
            citation.number for citation in reply.citations
        ]


def test_the_same_question_gets_the_same_answer(archive, asked):
    gold, reply = asked[0]
    assert timeless(archive.ask(gold["question"])) == timeless(reply)


def test_a_question_may_have_any_white_space(archive):
    plain, spaced = archive.ask(QUESTIONS[0]), archive.ask(f"\n {QUESTIONS[0]}\t ")
    assert spaced.text == plain.text


def test_filters_may_be_a_mapping_or_a_value(archive):
    by_mapping = archive.ask(QUESTIONS[0], filters={"season": 1})
    assert timeless(by_mapping) == timeless(archive.ask(QUESTIONS[0], filters=Filters(season=1)))
    assert {passage.episode_id for passage in by_mapping.passages} <= {
        "bread-forecasting-for-eleven-bakeries",
        "hive-telemetry-for-small-apiaries",
        "restoring-church-organs-by-measurement",
    }


def test_asking_asynchronously(archive):
    async def both():
        return await asyncio.gather(*(archive.aask(question) for question in QUESTIONS))

    assert [timeless(reply) for reply in asyncio.run(both())] == [
        timeless(archive.ask(question)) for question in QUESTIONS
    ]


def test_answer_may_be_called_from_many_threads(store):
    with Archive.open(store) as archive:
        expected = [timeless(archive.ask(question)) for question in QUESTIONS * 4]
    with ThreadPoolExecutor(8) as threads:
        replies = threads.map(lambda question: answer(question, store=store), QUESTIONS * 4)
        assert [timeless(reply) for reply in replies] == expected


def test_answer_opens_the_default_archive(store, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    shutil.move(store, "vectorstore")
    assert answer(QUESTIONS[0]).citations
    monkeypatch.setenv("ASKPOD_STORE", str(shutil.move("vectorstore", tmp_path / "elsewhere")))
    assert answer(QUESTIONS[0], filters={"season": 1}).citations


@pytest.mark.parametrize("question", ["", "  \n", "why " * 600])
def test_questions_that_cannot_be_asked(archive, question):
    with pytest.raises(QuestionError):
        archive.ask(question)
    with pytest.raises(QuestionError):
        archive.search(question)


def test_a_figure_is_told_in_few_words(tmp_path, write_episode):
    running = write_episode(
        "running.md",
        [
            (
                "Ayo",
                "I run marathons. Um, professionally since 2015. Before that I drove "
                "a delivery van in Leeds, parcels, nothing glamorous, and I ran to "
                "the depot because the bus was, you know, not reliable.",
            ),
            ("Petra", "And how far was the depot?"),
            (
                "Ayo",
                "Nine miles. There and back, so eighteen, five days a week. I didn't "
                "know that was training, I thought it was just being skint.",
            ),
            ("Petra", "Who told you that it was training?"),
            (
                "Ayo",
                "A man called Derek Hollis. He used to stand outside the leisure "
                "centre with a stopwatch, no idea why, and one morning he goes, lad, "
                "do you know how fast you're going? And I thought he was going to "
                "tell me off.",
            ),
            ("Petra", "Was he a coach?"),
            (
                "Ayo",
                "He was a retired maths teacher. He's still my coach now. He does "
                "everything on squared paper, no watches, no apps, none of it.",
            ),
            ("Petra", "Let's talk about Valencia, because that's the race everybody asks about."),
            (
                "Ayo",
                "Yeah. Two hours, six minutes, and, uh, forty-one seconds. Which I "
                "still have to say slowly because it doesn't feel like mine.",
            ),
        ],
        guests=["Ayo"],
    )
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([running])
        answer = archive.ask("How far did Ayo run to work?")
    assert answer.citations[0].quote.startswith("Nine miles.")
