"""Kept replies: nothing is asked twice, nothing is mistaken, and damage is harmless."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from askpod import Archive
from askpod.answering.llm_client import Message, Reply
from askpod.errors import ModelError, StoreUnwritable
from askpod.evals.asking import StoredModel, StoredReplies
from askpod.settings import ModelSettings, Settings
from fake_openai import FakeOpenAI, failed, said

ASKED: list[Message] = [("system", "Be brief."), ("user", "What do bees do?")]
REPLY = Reply("They dance.", "stop", 12, 3, 1.5, 0.25)


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(default="They dance.") as server:
        yield server


@pytest.fixture
def settings(server) -> ModelSettings:
    return ModelSettings("any", base_url=server.base_url, timeout=60.0, patience=0.2)


@pytest.fixture
def replies(tmp_path) -> StoredReplies:
    return StoredReplies(tmp_path / "replies")


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "replies").iterdir())


def test_a_reply_is_kept_with_all_it_says(replies, settings):
    assert replies.get(settings, ASKED) is None
    replies.put(settings, ASKED, REPLY)
    assert replies.get(settings, ASKED) == REPLY
    unknown = replace(REPLY, prompt_tokens=None, completion_tokens=None, first_text_seconds=None)
    replies.put(settings, ASKED[1:], unknown)
    assert replies.get(settings, ASKED[1:]) == unknown


@pytest.mark.parametrize(
    "change",
    [{"name": "other"}, {"base_url": "http://localhost:1/v1"}, {"answer_tokens": 100}],
)
def test_what_changes_a_reply_is_asked_anew(replies, settings, change):
    replies.put(settings, ASKED, REPLY)
    assert replies.get(replace(settings, **change), ASKED) is None


def test_a_reply_in_another_form_is_another_request(replies, settings):
    schema = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {}}}
    replies.put(settings, ASKED, REPLY)
    assert replies.get(settings, ASKED, schema) is None
    structured = replace(REPLY, text='{"answered": true}')
    replies.put(settings, ASKED, structured, schema)
    assert replies.get(settings, ASKED, schema) == structured
    assert replies.get(settings, ASKED) == REPLY


@pytest.mark.parametrize("other", [ASKED[1:], ASKED[::-1], [*ASKED, ("assistant", "")]])
def test_other_messages_are_another_request(replies, settings, other):
    replies.put(settings, ASKED, REPLY)
    assert replies.get(settings, other) is None


def test_patience_changes_no_reply(replies, settings):
    replies.put(settings, ASKED, REPLY)
    assert replies.get(replace(settings, timeout=1.0, patience=9.0), ASKED) == REPLY


ENDLESS = json.dumps(asdict(REPLY) | {"seconds": "1e999"})


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"text": 3}', "\x00" * 40, ENDLESS])
def test_a_damaged_file_counts_as_absent(tmp_path, replies, settings, damage):
    replies.put(settings, ASKED, REPLY)
    (path,) = files(tmp_path)
    path.write_text(damage)
    assert replies.get(settings, ASKED) is None
    replies.put(settings, ASKED, REPLY)
    assert replies.get(settings, ASKED) == REPLY


def test_many_may_write_the_same_reply_at_once(tmp_path, replies, settings):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: replies.put(settings, ASKED, REPLY), range(40)))
    assert len(files(tmp_path)) == 1  # nothing is left lying beside it
    assert StoredReplies(tmp_path / "replies").get(settings, ASKED) == REPLY


def test_a_folder_that_cannot_be_written_is_said(tmp_path, settings):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritable, match=r"file: replies cannot be kept"):
        StoredReplies(tmp_path / "file").put(settings, ASKED, REPLY)


def test_a_model_is_asked_once(server, settings, replies):
    first = StoredModel(settings, replies).reply(ASKED)
    again = StoredModel(settings, replies).reply(ASKED)
    assert again == first  # the seconds, too
    assert again.text == "They dance."
    assert again.first_text_seconds is not None
    assert len(server.requests) == 1


def test_asynchronous_code_finds_the_same_reply(server, settings, replies):
    async def whole() -> list[str | Reply]:
        return [item async for item in StoredModel(settings, replies).astream(ASKED)]

    *_, first = asyncio.run(whole())
    assert asyncio.run(whole()) == ["They dance.", first]
    assert StoredModel(settings, replies).reply(ASKED) == first
    assert len(server.requests) == 1


def test_a_failure_is_not_kept(server, settings, replies):
    server.queue(failed(401), said("They dance about", cut=True))
    model = StoredModel(settings, replies)
    for _ in range(2):
        with pytest.raises(ModelError):
            model.reply(ASKED)
    assert model.reply(ASKED).text == "They dance."
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "unusable", ['{"answer": "A year."}', said("<think>Hives, hives", finish="length")]
)
def test_a_reply_that_cannot_be_used_is_asked_for_again(
    server, settings, replies, indexed, unusable
):
    server.queue(unusable)
    model = StoredModel(settings, replies)
    with Archive.open(indexed, settings=Settings(model=settings), language_model=model) as archive:
        answers = [archive.ask("How long did the bee trial run?") for _ in range(3)]
    assert [answer.mode for answer in answers] == ["extractive", "llm", "llm"]
    assert len(server.requests) == 2


def test_a_reply_nobody_waited_for_is_not_kept(settings, replies):
    stream = StoredModel(settings, replies).stream(ASKED)
    next(stream)
    stream.close()
    assert replies.get(settings, ASKED) is None


def test_an_archive_answers_from_kept_replies(server, settings, replies, indexed):
    def ask():
        model = StoredModel(settings, replies)
        whole = Settings(model=settings)
        with Archive.open(indexed, settings=whole, language_model=model) as archive:
            return archive.ask("How long did the trial of the bee kit run?")

    server.answer_with(lambda request: f"It ran for fourteen months [{len(request.messages)}].")
    first, again = ask(), ask()
    assert len(server.requests) == 1
    assert again.text == first.text
    assert again.usage.model_seconds == first.usage.model_seconds
    assert again.usage.prompt_tokens == first.usage.prompt_tokens
