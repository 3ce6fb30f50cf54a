"""Help answers at once and says what there is."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import askpod as package

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = (
    "index",
    "search",
    "ask",
    "chat",
    "episodes",
    "people",
    "remove",
    "check",
    "doctor",
    "rebuild",
)
HEAVY = {"numpy", "rich.table", "chromadb", "onnxruntime", "pydantic", "langchain_core", "yaml"}


def test_the_commands_are_listed_each_with_a_whole_sentence(askpod):
    run = askpod("--help")
    assert run.code == 0
    listed = dict(re.findall(r"^  (\w+) {2,}(\S.*)$", run.out.split("Commands:")[1], re.MULTILINE))
    assert set(COMMANDS) <= set(listed)
    assert all(about.endswith(".") and not about.endswith("...") for about in listed.values())


def test_the_page_of_commands_is_their_help():
    reference = runpy.run_path(str(DOCS / "cli_reference.py"))["reference"]()
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == reference, "run `make reference`"
    cut = [line for line in reference.splitlines() if line.endswith("...")]
    assert all(line.startswith("Usage: ") for line in cut), "a command's first sentence is too long"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_a_store_and_gives_json(askpod, command):
    run = askpod(command, "--help")
    assert run.code == 0
    assert run.err == ""
    assert "--store DIR" in run.out
    assert "--json" in run.out


@pytest.mark.parametrize("command", ["search", "ask", "chat", "episodes"])
def test_the_filters_are_named(askpod, command):
    shown = askpod(command, "--help").out
    for name in ("--episode", "--guest", "--speaker", "--season", "--since", "--until"):
        assert name in shown


def test_the_version(askpod):
    assert askpod("--version").out == f"askpod {package.__version__}\n"


def test_without_a_command_the_help_is_shown(askpod):
    run = askpod()
    assert run.code == 2
    assert "Commands:" in run.out + run.err


def test_help_loads_nothing_heavy():
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "askpod", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rsplit("|", 1)[1].strip() for line in run.stderr.splitlines()}
    assert "typer" in loaded
    assert not HEAVY & loaded
