"""Transcripts that state no time: taken when asked for, and never shown with a second."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from mcp import Client

from askpod import Archive
from askpod.chat import Chat, Sessions
from askpod.evals.gold import GoldQuestion
from askpod.evals.scoring import Outcome, record
from askpod.export import as_markdown
from askpod.langchain import document
from askpod.model import Exchange, Filters
from askpod.times import NO_SECOND
from serve.conftest import served

KELP = """\
Mara Lind: Welcome. Today we talk about kelp and the people who farm it.

Bo Sand: Kelp grows half a metre a day in cold water, which nobody believes at first.

Mara Lind: How do you harvest kelp without killing it?

Bo Sand: We cut above the holdfast, and the kelp grows again in about six weeks.
"""
QUESTION = "How is kelp harvested?"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "kelp.txt"
    path.write_text(KELP, encoding="utf-8")
    path.with_suffix(".yaml").write_text("audio: https://pod.example/kelp.mp3\n", encoding="utf-8")
    return path


@pytest.fixture
def archive(file: Path, tmp_path: Path):
    with Archive.open(tmp_path / "store", create=True) as archive:
        assert archive.index([file], untimed=True).added == ["kelp"]
        yield archive


def test_without_the_flag_the_refusal_names_it(file, tmp_path, askpod):
    refused = askpod("index", file, "--store", tmp_path / "new")
    assert refused.code == 1
    assert "--untimed" in refused.err
    assert "--untimed" in askpod("check", file).out
    assert "who speaks" in askpod("check", file, "--untimed").out


def test_nothing_that_is_found_has_a_second(archive):
    passage = archive.search(QUESTION)[0]
    assert (passage.start, passage.end) == (None, None)
    assert passage.url == "https://pod.example/kelp.mp3"
    told = passage.to_dict()
    assert {(span["start"], span["end"]) for span in told["spans"]} == {(None, None)}
    assert document(passage).metadata["start"] is None
    answer = archive.ask(QUESTION)
    assert {(each.start, each.end, each.url) for each in answer.citations} == {
        (None, None, "https://pod.example/kelp.mp3")
    }
    assert f"Bo Sand ({NO_SECOND}): “We cut above the holdfast" in answer.text
    shown = as_markdown([Exchange(QUESTION, answer)])
    assert f"[{NO_SECOND}](https://pod.example/kelp.mp3)" in shown
    assert "0:0" not in answer.text + shown + json.dumps(answer.to_dict())


def test_a_conversation_shows_what_was_said_around_it_and_is_kept(archive, tmp_path):
    chat = Chat(archive)
    *_, answer = chat.ask(QUESTION)
    excerpt = chat.excerpt(1)
    assert any("holdfast" in span.text for span in excerpt.spans)
    sessions = Sessions(tmp_path / "store", tmp_path / "data")
    sessions.new().keep(Exchange(QUESTION, answer), Filters())
    resumed = sessions.resume(print)
    assert resumed is not None
    assert resumed.history[0].answer.citations == answer.citations


@pytest.mark.usefixtures("archive")
def test_commands_say_that_there_is_no_second(tmp_path, askpod):
    store = ["--store", tmp_path / "store"]
    assert f" {NO_SECOND}  Bo Sand" in askpod("ask", QUESTION, *store).out
    assert f"1. {NO_SECOND}" in askpod("search", QUESTION, *store).out
    assert f"{NO_SECOND}  We cut" in askpod("people", "name", "kelp", *store).out
    [episode] = askpod("episodes", "--json", *store).json
    assert episode["untimed"] is True
    asked = askpod("ask", QUESTION, "--json", *store).json
    assert asked["citations"][0]["start"] is None


def test_it_stays_untimed_when_its_file_changes_and_when_all_is_rebuilt(archive, file, tmp_path):
    file.write_text(KELP.replace("six", "seven"), encoding="utf-8")
    assert archive.index([file]).changed == ["kelp"]
    archive.close()
    assert not Archive.rebuild(tmp_path / "store").failed
    with Archive.open(tmp_path / "store") as again:
        assert again.episodes()[0].untimed
        assert again.search("seven weeks")[0].start is None
    file.unlink()
    assert not Archive.rebuild(tmp_path / "store").failed
    with Archive.open(tmp_path / "store") as again:
        assert again.search("seven weeks")[0].start is None


def test_the_page_and_the_tools_have_no_second(archive, tmp_path):
    archive.close()
    with served(tmp_path / "store") as address:
        with httpx.Client(base_url=address) as client:
            [first, *_] = client.get("/api/search", params={"q": QUESTION}).json()
            assert first["start"] is None
            turns = client.get("/api/episode", params={"id": "kelp"}).json()["turns"]
            assert {turn["start"] for turn in turns} == {None}
            words = {"episode": "kelp", "words": "above the holdfast", "around": 0.1}
            near = client.get("/api/passage", params=words).json()["turns"]
            assert "We cut above the holdfast" in near[-1]["text"] + near[0]["text"]
            asked = {"question": QUESTION}
            events = client.post("/api/ask", json=asked).text.split("data: ")
            answer = json.loads(events[-1])
            past = {"question": QUESTION, "answer": answer}
            again = client.post("/api/ask", json={"question": "And then?", "history": [past]})
            assert "event: answer" in again.text
        found = asyncio.run(_tools(f"{address}/mcp"))
    assert found["ask"]["citations"][0]["at"] == NO_SECOND
    assert found["search"]["passages"][0]["start"] is None
    assert {turn["at"] for turn in found["passage"]["turns"]} == {NO_SECOND}


async def _tools(address: str) -> dict[str, dict]:
    calls = {
        "ask": {"question": QUESTION},
        "search": {"question": QUESTION},
        "passage": {"episode": "kelp", "words": "above the holdfast"},
    }
    async with Client(address) as client:
        return {
            name: (await client.call_tool(name, given)).structured_content
            for name, given in calls.items()
        }


def test_an_evaluation_counts_nothing_found_in_it_as_evidence(archive):
    asked = GoldQuestion(
        id="k",
        question=QUESTION,
        type="factual",
        answer="Above the holdfast.",
        evidence=[{"episode": "kelp", "start": 0, "end": 5}],
    )

    class Sources:
        length = staticmethod(lambda _: 20.0)
        title = staticmethod(str)
        url = staticmethod(lambda _: "")
        speech = staticmethod(lambda _: "")

    kept = record(asked, Outcome(tuple(archive.search(QUESTION))), Sources(), None)
    assert kept.retrieved[0]["start"] is None
    assert kept.scores["recall@60"].value == 0.0


@pytest.mark.usefixtures("archive")
def test_how_long_somebody_speaks_is_not_told(tmp_path, askpod):
    told = askpod("people", "name", "kelp", "--store", tmp_path / "store").out
    assert "Bo Sand  2 turns\n" in told
    assert "of talk" not in told
