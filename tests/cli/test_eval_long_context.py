"""`askpod eval long-context` from the command to its files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from askpod import Archive
from askpod.evals.gold import load_gold
from fake_openai import FakeOpenAI, failed
from scripted_readers import Reader, ReadsTheFirst

GOLD = Path(__file__).parents[2] / "evals" / "examples.yaml"


@pytest.fixture
def server(archive: Archive):
    with FakeOpenAI() as running:
        running.answer_with(Reader(load_gold(GOLD), archive))
        yield running


@pytest.fixture
def measure(askpod, indexed: Path, server: FakeOpenAI, tmp_path: Path, monkeypatch):
    """Runs the command with two questions, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASKPOD_PATIENCE", "0")

    def run(*arguments: str):
        address = ("--base-url", server.base_url, "--store", str(indexed))
        command = ("eval", "long-context", GOLD, "--model", "gpt-4o", "--questions", "2")
        return askpod(*command, *address, *arguments)

    return run


def test_the_table_the_files_and_the_window(measure, server, archive, tmp_path: Path):
    server.answer_with(ReadsTheFirst(load_gold(GOLD), archive, 4_200))
    run = measure("--lengths", "4k,8k")
    assert run.code == 0, run.err
    assert "2 questions, 62 requests with at most 0.4 million prompt tokens" in run.err
    lines = [line.rstrip() for line in run.out.splitlines()]
    head = next(line for line in lines if line.startswith("facts F1"))
    assert head.split()[-3:] == ["packed", "4k", "8k"]
    for row in ("retrieved", "base", "  first third", "random episodes", "Markdown"):
        assert any(line.startswith(row) for line in lines), row
    assert "keeps 85 % of its score at 4k at no longer length; at 8k" in run.out
    assert all(len(line) <= 80 for line in lines if "keeps" not in line and "/" not in line)
    folder = tmp_path / "evals" / "runs" / "examples" / "gpt-4o"
    assert sorted(path.name for path in folder.iterdir()) == [
        "long-context.html",
        "long-context.json",
    ]
    # In the shortest haystacks there is no room for other episodes: random ones are the same.
    assert 50 < len(server.requests) <= 62


def test_factors_are_varied_at_the_one_length_that_is_named(measure, tmp_path: Path):
    run = measure("--lengths", "4k,8k", "--factors-at", "4k", "--json", "--out", "one")
    assert run.code == 0, run.err
    assert "2 questions, 38 requests" in run.err
    rows = [(row["row"], row["length"]) for row in run.json["rows"] if row["position"] == "all"]
    assert {length for name, length in rows if name == "base"} == {4_000, 8_000}
    assert {length for name, length in rows if name not in ("base", "retrieved")} == {4_000}
    windows = {window["row"] for window in run.json["windows"]}
    assert windows == {"base"}  # of one length alone there is none
    assert "Markdown" in (tmp_path / "one" / "long-context.html").read_text(encoding="utf-8")


def test_no_factor_is_varied_where_none_is_named(measure, server):
    run = measure("--lengths", "4k,8k", "--factors-at", "none", "--json")
    assert run.code == 0, run.err
    assert {row["row"] for row in run.json["rows"]} == {"retrieved", "base"}
    assert len(server.requests) == 2 * (1 + 2 * 3)


def test_every_factor_has_its_window_where_there_is_one_length_alone(measure):
    run = measure("--lengths", "4k", "--json", "--out", "one")
    arms = {"base", "random episodes", "instruction before", "instruction twice", "Markdown"}
    assert {window["row"] for window in run.json["windows"]} == arms


@pytest.mark.parametrize("wrong", ["16k", "4k,8k", "four", ""])
def test_factors_are_varied_at_none_but_the_lengths_asked(measure, server, wrong: str):
    run = measure("--lengths", "4k,8k", "--factors-at", wrong)
    assert run.code == 2
    assert "--factors-at" in run.err
    assert not server.requests


def test_json_is_the_file_without_the_replies_and_a_repeat_asks_nothing(
    measure, server, tmp_path: Path
):
    first = measure("--lengths", "4k", "--json", "--out", "one")
    asked = len(server.requests)
    second = measure("--lengths", "4k", "--json", "--out", "two")
    assert first.code == second.code == 0
    assert first.out == second.out
    assert asked == len(server.requests)
    for name in ("long-context.json", "long-context.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    whole = json.loads((tmp_path / "one" / "long-context.json").read_text(encoding="utf-8"))
    assert len(whole.pop("replies")) == 2 * (1 + 5 * 3) >= asked
    assert whole == first.json
    assert first.json["setup"]["model"] == "gpt-4o"


def test_going_past_the_window_is_said_once_with_the_reason(measure, monkeypatch):
    monkeypatch.setenv("ASKPOD_EFFECTIVE_WINDOW", "8000")
    run = measure("--lengths", "4k,9k")
    assert run.err.count("past effective_window (8,000) on purpose") == 1
    assert "whatever window the model claims" in run.err


def test_lengths_without_enough_text_are_left_out_and_said_so(measure, server):
    run = measure("--lengths", "4k,64k")
    assert run.code == 0
    assert "64k: 15 conditions left out, the archive has too little text for them" in run.out
    assert len(server.requests) <= 32


def test_failures_leave_with_1_and_the_rest_is_done(measure, server, archive):
    reader = Reader(load_gold(GOLD), archive)
    server.answer_with(
        lambda request: failed(500) if "**[1]" in request.prompt else reader(request)
    )
    run = measure("--lengths", "4k")
    assert run.code == 1
    assert "6 requests failed and scored 0; the same command asks them again" in run.err
    assert "Markdown, 4k, first third: " in run.err


def test_many_tokens_are_sent_only_after_a_yes(measure, server, monkeypatch):
    monkeypatch.setattr(sys.modules["askpod.cli.eval.long_context"], "MANY", 100_000)
    run = measure("--lengths", "4k")
    assert run.code == 2
    assert "add --yes to send them" in " ".join(run.err.split())
    assert not server.requests
    assert measure("--lengths", "4k", "--yes").code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--lengths", "four"), "--lengths: 'four' is no length"),
        (("--lengths", "1k"), "--lengths: 1k is not between 2k and 2000k"),
        (("--questions", "0"), "--questions"),
    ],
)
def test_bad_usage_is_told(measure, server, arguments, told):
    run = measure(*arguments)
    assert run.code == 2
    assert told in run.err
    assert not server.requests


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_sent(measure, server):
    run = measure("--lengths", "4k", "--factors-at", "none", "--out", "/dev/null/out")
    assert run.code == 1
    assert "/dev/null/out: the run cannot be written" in run.err
    assert not server.requests


def test_a_model_is_needed(askpod, indexed: Path):
    run = askpod("eval", "long-context", GOLD, "--store", indexed)
    assert run.code == 2
    assert "name the model" in run.err
