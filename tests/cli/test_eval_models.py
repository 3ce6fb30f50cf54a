"""`askpod eval models` as a person uses it: said beforehand, shown, written, interrupted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from fake_openai import FakeOpenAI, Request, Scripted, failed, said

EXAMPLES = Path(__file__).parents[2] / "evals" / "examples.yaml"
QUESTIONS = 4


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    """Serves `bees`, and `busy`, which refuses everything, and `late`, which stops after once."""

    def answering(request: Request) -> str | Scripted:
        replies = {"busy": failed(401), "late": said("Soon.", wait=60 * (asked_of("late") > 1))}
        return replies.get(request.body["model"], "It is the bees [1].")

    def asked_of(model: str) -> int:
        return sum(each.body["model"] == model for each in server.requests)

    with FakeOpenAI() as server:
        server.answer_with(answering)
        yield server


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """The first questions of the examples."""
    rows = yaml.load(EXAMPLES.read_text(encoding="utf-8"), yaml.CSafeLoader)[:QUESTIONS]
    path = tmp_path / "few.yaml"
    path.write_text(yaml.safe_dump(rows), encoding="utf-8")
    return path


def test_models_side_by_side(askpod, gold, indexed, server, tmp_path):
    options = ("--store", indexed, "--base-url", server.base_url, "--out", tmp_path / "out")
    run = askpod("eval", "models", gold, "--model", "bees", "--model", "busy", *options)
    assert run.code == 1  # one of them gave no reply
    announced = run.err.splitlines()[0]
    assert announced.startswith(f"{2 * (1 + 3 * QUESTIONS)} requests to 2 models")
    assert announced.endswith("price unknown: bees, busy")
    assert "refused the key (401)" in run.err or "asks for a key (401)" in run.err
    assert "bees" in run.out.splitlines()[0]
    assert "tokens per second" in run.out
    assert f"report: {tmp_path / 'out' / 'models.html'}" in run.out
    kept = json.loads((tmp_path / "out" / "models.json").read_text(encoding="utf-8"))
    assert [each["model"] for each in kept["models"]] == ["bees", "busy"]


def test_json_is_what_the_file_holds(askpod, gold, indexed, server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ("--store", indexed, "--base-url", server.base_url, "--json")
    run = askpod("eval", "models", gold, "--model", "bees", *options)
    assert run.code == 0
    written = tmp_path / "evals" / "runs" / "few" / "models" / "models.json"
    assert run.json == json.loads(written.read_text(encoding="utf-8"))
    assert [level["requests"] for level in run.json["models"][0]["levels"]] == [QUESTIONS] * 3


def test_without_a_model_it_says_what_to_do(askpod, gold, indexed):
    run = askpod("eval", "models", gold, "--store", indexed)
    assert run.code == 2
    assert "--model" in run.err


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_asked(
    askpod, gold, indexed, server, tmp_path
):
    (tmp_path / "file").touch()
    options = ("--store", indexed, "--base-url", server.base_url, "--out", tmp_path / "file")
    run = askpod("eval", "models", gold, "--model", "bees", *options)
    assert run.code == 1
    assert run.err.startswith(f"askpod: {tmp_path / 'file'}: the run cannot be written")
    assert server.requests == []


def test_ctrl_c_keeps_the_models_that_were_finished(gold, indexed, server, tmp_path):
    options = ("--store", indexed, "--base-url", server.base_url, "--out", tmp_path / "out")
    command = ("eval", "models", gold, "--model", "bees", "--model", "late", *options)
    process = subprocess.Popen(
        [sys.executable, "-m", "askpod", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while process.poll() is None and len(server.requests) < 1 + 3 * QUESTIONS + 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    written = tmp_path / "out" / "models.json"
    assert f"the figures of late are lost; those before it are in {written}" in err
    assert err.endswith("askpod: stopped; what was finished is kept\n")
    kept = json.loads(written.read_text(encoding="utf-8"))
    assert [each["model"] for each in kept["models"]] == ["bees"]
