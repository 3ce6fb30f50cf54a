"""`askpod eval check` and `askpod eval run`, as one types them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from askpod.evals.gold import load_gold
from fake_openai import FakeOpenAI, Scripted
from scripted_models import Sound

EXAMPLES = Path(__file__).parents[2] / "evals" / "examples.yaml"
RUN = ("questions.jsonl", "report.html", "summary.json", "timings.json")


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty working directory."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> Path:
    """A gold set of five questions, the last one unanswerable."""
    rows = yaml.load(EXAMPLES.read_text(encoding="utf-8"), yaml.CSafeLoader)
    answerable = [row for row in rows if row["evidence"]]
    others = [row for row in rows if not row["evidence"]]
    path = tmp_path_factory.mktemp("gold") / "few.yaml"
    path.write_text(yaml.safe_dump([*answerable[::12][:4], others[0]]), encoding="utf-8")
    return path


@pytest.fixture
def server(monkeypatch, few, archive) -> Iterator[FakeOpenAI]:
    """A sound model, where the environment says that models are."""
    with FakeOpenAI() as server:
        server.answer_with(Sound(load_gold(few), archive))
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("ASKPOD_PATIENCE", "0.1")
        yield server


# check


def test_check_says_what_a_good_set_holds(askpod, indexed):
    run = askpod("eval", "check", EXAMPLES, "--store", indexed)
    assert run.code == 0
    assert run.err == ""
    assert re.fullmatch(
        r"examples: 155 questions \(46 single, 28 unanswerable.*\), 18% unanswerable, "
        r"evidence in 6 episodes\n",
        run.out,
    )


def test_check_names_every_bad_row_by_its_line(askpod, indexed, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(
        "- {id: a, question: What?, evidence: [{episode: nowhere, start: 1, end: 2}]}\n"
        "- {id: a, question: What?, type: unanswerable}\n"
        "- {id: c, question: What?, facts: [], evidence: [{episode: e, start: 1, end: 2}]}\n"
        "- id: d\n  question: What?\n  evidence:\n"
        "  - {episode: night-train-timetables, start: 1, end: 1000000}\n"
        '- {id: "\\e[2Jred"}\n',
        encoding="utf-8",
    )
    run = askpod("eval", "check", path, "--store", indexed)
    assert run.code == 1
    assert "\x1b" not in run.out
    *problems, held = run.out.splitlines()
    assert [line.removeprefix(f"{path}:").split(": ")[:2] for line in problems[:4]] == [
        ["1", "a"],
        ["2", "a"],
        ["3", "c"],
        ["4", "d"],
    ]
    assert "unknown episode nowhere" in problems[0]
    assert "the id stands at line 1 already" in problems[1]
    assert "empty facts" in problems[2]
    assert "night-train-timetables ends at" in problems[3]
    assert held.startswith("bad: 2 questions (2 question)")


def test_check_as_json(askpod, indexed, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("- {id: a, question: What?}\n", encoding="utf-8")
    run = askpod("eval", "check", path, "--store", indexed, "--json")
    assert run.code == 1
    assert run.json["problems"] == [
        {
            "line": 1,
            "row": "a",
            "problem": "no evidence; a question without any has the type unanswerable",
        }
    ]
    good = askpod("eval", "check", EXAMPLES, "--store", indexed, "--json").json
    assert (good["questions"], good["unanswerable"], good["episodes"]) == (155, 28, 6)
    assert sum(good["types"].values()) == 155


def test_a_file_that_is_no_gold_set_is_bad_usage(askpod, indexed, tmp_path):
    path = tmp_path / "text.yaml"
    path.write_text("hello", encoding="utf-8")
    run = askpod("eval", "check", path, "--store", indexed)
    assert run.code == 2
    assert f"{path}:1: not a list of questions" in run.err


# run


def test_a_run_shows_its_table_and_leaves_its_folder(askpod, indexed, few, here):
    run = askpod("eval", "run", few, "--store", indexed)
    assert run.code == 0
    assert run.err == ""
    folder = here / "evals" / "runs" / "few" / "extractive"
    assert sorted(path.name for path in folder.iterdir()) == list(RUN)
    assert re.search(r"^retrieval \d+\.\d\d s \(p95 \d+\.\d\d\)$", run.out, re.MULTILINE)
    assert run.out.endswith("report: evals/runs/few/extractive/report.html\n")
    assert "recall" in run.out
    summary = json.loads((folder / "summary.json").read_text())
    assert str(here) not in json.dumps(summary)


def test_the_search_alone(askpod, indexed, few, here):
    run = askpod("eval", "run", few, "--store", indexed, "--retrieval-only", "--json")
    assert run.code == 0
    (only,) = run.json["runs"]
    assert (only["name"], only["failed"]) == ("retrieval", 0)
    assert (here / only["folder"] / "report.html").is_file()
    assert only["timings"]["retrieval_seconds"]["p50"] > 0
    assert "fact" not in json.dumps(only["summary"])


def test_the_search_alone_and_a_model_do_not_go_together(askpod, indexed, few, here):
    run = askpod("eval", "run", few, "--store", indexed, "--retrieval-only", "--model", "any")
    assert run.code == 2
    assert "leave --model out" in run.err
    assert list(here.iterdir()) == []


def test_a_bad_set_is_not_run(askpod, indexed, tmp_path, here):
    path = tmp_path / "bad.yaml"
    path.write_text(
        "- {id: a, question: What?, evidence: [{episode: nowhere, start: 1, end: 2}]}\n"
    )
    run = askpod("eval", "run", path, "--store", indexed)
    assert run.code == 2
    assert f"{path}:1: a: unknown episode nowhere" in run.err
    assert list(here.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_asked(
    askpod, indexed, few, here, server
):
    (here / "file").write_text("")
    run = askpod("eval", "run", few, "--store", indexed, "--model", "a", "--out", "file/run")
    assert run.code == 1
    assert "file/run: the run cannot be written" in run.err
    assert server.requests == []


def test_models_stand_side_by_side_and_are_asked_once(askpod, indexed, few, here, server):
    command = ("eval", "run", few, "--store", indexed, "--model", "lab/small:8b", "--model", "big")
    run = askpod(*command)
    assert run.code == 0
    assert {path.name for path in (here / "evals/runs/few").iterdir()} == {"lab-small-8b", "big"}
    for name in ("lab-small-8b", "big"):
        assert re.search(rf"^{name} +\d\.\d\d\d .*\d$", run.out, re.MULTILINE)
    assert "tokens in" in run.out
    requests = len(server.requests)
    assert requests >= 8
    assert {request.body["model"] for request in server.requests} == {"lab/small:8b", "big"}

    # Kept replies have the seconds of their requests; the search is made and timed again.
    again, first = (
        re.sub(r"retrieval \S+ s \(p95 \S+\)", "", out) for out in (askpod(*command).out, run.out)
    )
    assert again == first
    assert len(server.requests) == requests


@pytest.mark.usefixtures("here", "server")
def test_a_folder_of_ones_own(askpod, indexed, few, tmp_path):
    one, several = tmp_path / "one", tmp_path / "several"
    askpod("eval", "run", few, "--store", indexed, "--model", "a", "--out", one)
    assert sorted(path.name for path in one.iterdir()) == list(RUN)
    askpod("eval", "run", few, "--store", indexed, "--model", "a", "--model", "b", "--out", several)
    assert sorted(path.name for path in several.iterdir()) == ["a", "b"]


@pytest.mark.usefixtures("here")
def test_models_whose_folders_would_be_one_are_refused(askpod, indexed, few):
    run = askpod("eval", "run", few, "--store", indexed, "--model", "a/b", "--model", "a:b")
    assert run.code == 2
    assert "would share the folder" in run.err


def test_failed_questions_are_named_and_leave_code_1(askpod, indexed, few, here, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("ASKPOD_PATIENCE", "0")
    run = askpod("eval", "run", few, "--store", indexed, "--model", "gone")
    assert run.code == 1
    assert "examples-001: the model could not answer" in run.err
    assert "questions failed and scored 0; the same command asks them again" in run.err
    assert (here / "evals/runs/few/gone/report.html").is_file()


def test_ctrl_c_keeps_the_replies_and_the_next_run_goes_on(
    askpod, indexed, few, here, server, archive
):
    sound = Sound(load_gold(few), archive)
    waiting = Scripted(pieces=("never",), wait=60)
    server.answer_with(lambda request: sound(request) if len(server.requests) < 3 else waiting)
    command = ["eval", "run", str(few), "--model", "slow", "--store", str(indexed)]
    process = subprocess.Popen(
        [sys.executable, "-m", "askpod", *command, "--parallel", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while process.poll() is None and len(server.requests) < 4:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "the replies so far are kept in evals/runs/replies; the same command goes on" in err
    assert len(list((here / "evals/runs/replies").iterdir())) == 2

    server.answer_with(sound)
    asked = len(server.requests)
    done = askpod(*command)
    assert done.code == 0
    assert "report: evals/runs/few/slow/report.html" in done.out
    assert len(server.requests) - asked <= 3  # two of the five were there


@pytest.mark.usefixtures("here")
def test_a_bar_shows_how_far_it_is_on_a_terminal(terminal, indexed, few):
    screen = terminal("eval", "run", few, "--store", indexed, width=100)
    assert screen.code == 0
    assert "5/5 questions" in screen.text
    assert "report: evals/runs/few/extractive/report.html" in screen.text


def test_the_commands_say_what_they_take(askpod):
    listed = askpod("eval", "--help").out
    for name in ("check", "run"):
        assert re.search(rf"^  {name} +\S.*\.$", listed, re.MULTILINE)
        shown = askpod("eval", name, "--help").out
        assert "--store DIR" in shown
        assert "--json" in shown
