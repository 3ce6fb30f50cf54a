"""Kept replies: nothing is asked twice, nothing is mistaken, and damage is harmless."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from askpod import Archive
from askpod.answering.llm_client import Reply
from askpod.errors import ModelError, StoreUnwritable
from askpod.evals.asking import StoredModel
from askpod.settings import ModelSettings, Settings
from askpod.tokens import Message
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
def model(tmp_path, settings) -> StoredModel:
    return StoredModel(settings, tmp_path / "replies")


def other(model: StoredModel, **change) -> StoredModel:
    return StoredModel(replace(model._settings, **change), model._folder)


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "replies").iterdir())


def test_a_reply_is_kept_with_all_it_says(model):
    assert model.kept(ASKED) is None
    model.keep(ASKED, REPLY)
    assert model.kept(ASKED) == REPLY
    unknown = replace(REPLY, prompt_tokens=None, completion_tokens=None, first_text_seconds=None)
    model.keep(ASKED[1:], unknown)
    assert model.kept(ASKED[1:]) == unknown


@pytest.mark.parametrize(
    "change",
    [{"name": "other"}, {"base_url": "http://localhost:1/v1"}, {"answer_tokens": 100}],
)
def test_what_changes_a_reply_is_asked_anew(model, change):
    model.keep(ASKED, REPLY)
    assert other(model, **change).kept(ASKED) is None


def test_a_reply_in_another_form_is_another_request(model):
    schema = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {}}}
    model.keep(ASKED, REPLY)
    assert model.kept(ASKED, schema) is None
    structured = replace(REPLY, text='{"answered": true}')
    model.keep(ASKED, structured, schema)
    assert model.kept(ASKED, schema) == structured
    assert model.kept(ASKED) == REPLY


@pytest.mark.parametrize("messages", [ASKED[1:], ASKED[::-1], [*ASKED, ("assistant", "")]])
def test_other_messages_are_another_request(model, messages):
    model.keep(ASKED, REPLY)
    assert model.kept(messages) is None


def test_patience_changes_no_reply(model):
    model.keep(ASKED, REPLY)
    assert other(model, timeout=1.0, patience=9.0).kept(ASKED) == REPLY


ENDLESS = json.dumps(asdict(REPLY) | {"seconds": "1e999"})


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"text": 3}', "\x00" * 40, ENDLESS])
def test_a_damaged_file_counts_as_absent(tmp_path, model, damage):
    model.keep(ASKED, REPLY)
    (path,) = files(tmp_path)
    path.write_text(damage)
    assert model.kept(ASKED) is None
    model.keep(ASKED, REPLY)
    assert model.kept(ASKED) == REPLY


def test_many_may_write_the_same_reply_at_once(tmp_path, model):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: model.keep(ASKED, REPLY), range(40)))
    assert len(files(tmp_path)) == 1  # nothing is left lying beside it
    assert other(model).kept(ASKED) == REPLY


def test_a_folder_that_cannot_be_written_is_said(tmp_path, settings):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritable, match=r"file: replies cannot be kept"):
        StoredModel(settings, tmp_path / "file").keep(ASKED, REPLY)


def test_a_model_is_asked_once(server, model):
    first = model.reply(ASKED)
    again = other(model).reply(ASKED)
    assert again == first  # the seconds, too
    assert again.text == "They dance."
    assert again.first_text_seconds is not None
    assert len(server.requests) == 1


def test_a_failure_is_not_kept(server, model):
    server.queue(failed(401), said("They dance about", cut=True))
    for _ in range(2):
        with pytest.raises(ModelError):
            model.reply(ASKED)
    assert model.reply(ASKED).text == "They dance."
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "unusable", ['{"answer": "A year."}', said("<think>Hives, hives", finish="length")]
)
def test_a_reply_that_cannot_be_used_is_asked_for_again(server, settings, model, indexed, unusable):
    server.queue(unusable)
    with Archive.open(indexed, settings=Settings(model=settings), language_model=model) as archive:
        answers = [archive.ask("How long did the bee trial run?") for _ in range(3)]
    assert [answer.mode for answer in answers] == ["extractive", "llm", "llm"]
    assert len(server.requests) == 2


def test_a_reply_nobody_waited_for_is_not_kept(model):
    stream = model.stream(ASKED)
    next(stream)
    stream.close()
    assert model.kept(ASKED) is None


def test_an_archive_answers_from_kept_replies(server, settings, model, indexed):
    def ask():
        whole = Settings(model=settings)
        with Archive.open(indexed, settings=whole, language_model=other(model)) as archive:
            return archive.ask("How long did the trial of the bee kit run?")

    server.answer_with(lambda request: f"It ran for fourteen months [{len(request.messages)}].")
    first, again = ask(), ask()
    assert len(server.requests) == 1
    assert again.text == first.text
    assert again.usage.model_seconds == first.usage.model_seconds
    assert again.usage.prompt_tokens == first.usage.prompt_tokens
