"""No command prints or stores a key or a token, however a service fails, or repeats what it got."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import ears
from askpod.embedding import remote
from askpod.settings import Settings
from fake_web import Asked, FakeWeb, Page, Raw
from leaking_replies import (
    FAILURES,
    HEADER,
    HEARD,
    KEY,
    MARKS,
    OTHER_WIRES,
    PASSWORD,
    SSE,
    TOKEN,
    answered,
)
from serve.conftest import served

EXAMPLES = Path(__file__).parents[2] / "evals" / "examples.yaml"
SOME = ("500", "status line", "sse delta")  # tried with every command


class _Failing(FakeWeb):
    """Answers everything with one failure."""

    failure: Page | Raw = Page()

    def answer(self, asked: Asked) -> Page | Raw:
        self.requests.append(asked)
        return self.failure


@pytest.fixture
def failing() -> Iterator[_Failing]:
    with _Failing() as server:
        yield server


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failing: _Failing) -> Path:
    """A folder to work in, and an environment that holds every secret there can be."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, value in {
        "OPENAI_API_KEY": KEY,
        "ASKPOD_CHROMA_TOKEN": TOKEN,
        "OPENAI_CUSTOM_HEADERS": f"api-key: {HEADER}",
        "OPENAI_BASE_URL": failing.at("/v1"),
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": failing.at(""),
        "MISTRAL_API_KEY": KEY,
        "MISTRAL_BASE_URL": failing.at("/v1"),
        "OLLAMA_HOST": failing.at(""),
        "ASKPOD_DATA": str(folder / "data"),
        "ASKPOD_TIMEOUT": "0.5",
        "ASKPOD_PATIENCE": "0",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("askpod.services.retry.FIRST_WAIT", 0.001)
    monkeypatch.setattr("askpod.embedding.remote.PATIENCE", 0.0)
    monkeypatch.setattr("askpod.store.shared.client.PATIENCE", 0.0)
    monkeypatch.setattr("askpod.transcription.engine.PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stdin", io.StringIO("What is a bee?\n"))
    return folder


QUESTION = "How do hives report their weight?"
STORE = ("--store", "{store}")
MODEL = ("--model", "m", *STORE)
WITH_A_MODEL = {
    "ask json": ("ask", QUESTION, "--json", "--verbose", *MODEL),
    "chat": ("chat", *MODEL),
    "eval run": ("eval", "run", "{gold}", *MODEL),
    "eval models": ("eval", "models", "{gold}", *MODEL),
    "eval long-context": (
        *("eval", "long-context", "{examples}", "--lengths", "4k", "--questions", "1", *MODEL),
    ),
    "serve": MODEL,
    "mcp": MODEL,
}
WITH_AN_EMBEDDER = {
    "index": ("index", "{talk}", "--store", "new"),
    "rebuild": ("rebuild", *STORE),
    "search": ("search", QUESTION, *STORE),
    "ask": ("ask", QUESTION, *STORE),
    "serve": STORE,
}
WITH_A_SERVER = {
    "index": ("index", "{talk}", "--store", "new"),
    "rebuild": ("rebuild", *STORE),
    "search": ("search", QUESTION, *STORE),
    "doctor": ("doctor", *STORE),
    "episodes": ("episodes", *STORE),
    "people": ("people", *STORE),
    "remove": ("remove", "bees", *STORE),
    "ask": ("ask", QUESTION, *STORE),
    "serve": STORE,
}
WITH_A_PROVIDER = {
    name: ("ask", QUESTION, "--json", "--verbose", "--model", f"{name}:m", *STORE)
    for name in ("anthropic", "mistralai", "ollama")
}
WITH_A_TRANSCRIBER = {
    "index": ("index", "{sound}", "--model", "openai:whisper-1", "--store", "new"),
}
KINDS = {
    "model": WITH_A_MODEL,
    "embedder": WITH_AN_EMBEDDER,
    "server": WITH_A_SERVER,
    "provider": WITH_A_PROVIDER,
    "transcriber": WITH_A_TRANSCRIBER,
}
WIRES = {"provider": FAILURES | OTHER_WIRES, "transcriber": FAILURES | HEARD}


def _in_every_run(kind: str, command: str, failure: str) -> bool:
    """A part of the product in which each command meets two failures, each service all its own."""
    commands = list(KINDS[kind])
    place = commands.index(command)
    if failure in SOME:
        return command == _most_tried(kind) or (place + SOME.index(failure)) % 3 != 0
    if failure in OTHER_WIRES:
        return failure.startswith(command)
    if failure.startswith("sse"):  # to who expects no stream, one is like the other
        return kind == "model" or command == "mistralai"
    return kind != "provider" or list(FAILURES).index(failure) % len(commands) == place


def _most_tried(kind: str) -> str:
    """The command of a kind that is tried with every failure."""
    return "ask json" if kind == "model" else "index"


CASES = [
    pytest.param(
        *(kind, command, failure),
        marks=() if _in_every_run(kind, command, failure) else pytest.mark.thorough,
    )
    for kind, commands in KINDS.items()
    for command in commands
    for failure in WIRES.get(kind, FAILURES)
    if kind == "provider"
    or command == _most_tried(kind)
    or failure in (SOME if command != "mcp" else SOME[-1:])
]


@pytest.mark.parametrize(("kind", "command", "failure"), CASES)
def test_no_secret_is_printed_or_stored(
    askpod,
    indexed,
    settings,
    failing,
    monkeypatch,
    recwarn,
    caplog,
    tmp_path,
    kind,
    command,
    failure,
):
    store = settings / "store"
    if kind == "embedder":
        monkeypatch.setenv("ASKPOD_EMBEDDER", "openai:m")
        monkeypatch.setattr(remote, "TEXTS_ELSEWHERE", 1)  # a text a request, a vector a reply
        failing.failure = answered(200, {"object": "list", "data": [VECTOR], "model": "m"})
        if command != "index":
            assert askpod("index", _filled("{talk}", settings, store), *STORE[:1], store).code == 0
    elif kind == "server":
        monkeypatch.setenv("ASKPOD_CHROMA_URL", failing.at(""))
    else:
        store = indexed  # is only read
    if kind == "provider":
        pytest.importorskip(f"langchain_{command}")
    failing.forget()
    failing.failure = WIRES.get(kind, FAILURES)[failure]
    arguments = [_filled(each, settings, store) for each in KINDS[kind][command]]
    if command == "serve":
        shown = _served(store, "m" if kind == "model" else None)
    elif command == "mcp":
        shown = _over_stdio(arguments)
    else:
        run = askpod(*arguments)
        shown = run.out + run.err
    _look(shown + caplog.text, [tmp_path])
    assert failing.requests
    assert [str(warning.message) for warning in recwarn if "MARKER" in str(warning.message)] == []


VECTOR = {"object": "embedding", "index": 0, "embedding": [0.6, 0.8]}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}


def _served(store: Path, model: str | None) -> str:
    """What a server over the store says to everything that asks the archive or a service."""
    asked = {"messages": [{"role": "user", "content": QUESTION}]}
    tool = CALL | {"params": {"name": "ask", "arguments": {"question": QUESTION}}}
    accept = {"Accept": f"application/json, {SSE}"}
    with (
        warnings.catch_warnings(action="ignore"),  # as `main` does
        served(store, settings=Settings.load({"model": model})) as address,
        httpx.Client(base_url=address, timeout=30, headers=accept) as client,
    ):
        replies = [
            client.get("/"),
            client.get("/api/archive"),
            client.get("/api/search", params={"q": QUESTION}),
            client.get("/api/episodes"),
            client.post("/api/ask", json={"question": QUESTION}),
            client.post("/v1/chat/completions", json=asked),
            client.post("/v1/chat/completions", json=asked | {"stream": True}),
            client.post("/mcp", json=tool),
        ]
    return "".join(f"{reply.headers}{reply.text}" for reply in replies)


def _over_stdio(arguments: list[str]) -> str:
    """What `askpod mcp` says to a client and on stderr."""
    command = [sys.executable, "-m", "askpod", "mcp", *arguments]
    hello = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": CLIENT}
    tool = CALL | {"id": 2, "params": {"name": "ask", "arguments": {"question": QUESTION}}}
    sent = (CALL | {"method": "initialize", "params": hello}, tool)
    with subprocess.Popen(
        command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdin
        assert running.stdout
        said = ""
        for message in sent:
            running.stdin.write(json.dumps(message) + "\n")
            running.stdin.flush()
            said += running.stdout.readline()
        return said + "".join(running.communicate(timeout=60))


CLIENT = {"name": "test", "version": "1"}


def _filled(argument: str, folder: Path, store: Path) -> str:
    talk, gold, sound = folder / "talk.md", folder / "gold.yaml", folder / "sound.wav"
    if argument == "{sound}":
        sound.write_bytes(ears.wav(ears.speak("the ferry crosses")))
    if argument == "{talk}":
        line = "- line: Bees dance.\n  who: Ann\n  sec: 1\n"
        talk.write_text(f"---\ntitle: Bees\ntranscript:\n{line}---\n")
    if argument == "{gold}":
        gold.write_text(f"- {{id: a, question: {QUESTION!r}, type: unanswerable}}\n")
    files = {"talk": talk, "gold": gold, "sound": sound, "examples": EXAMPLES}
    return argument.format(store=store, **files)


def _look(shown: str, folders: list[Path]) -> None:
    assert not any(mark.decode() in shown for mark in MARKS), shown
    assert not re.search(r"Traceback|Warning: |fault of its own", shown), shown
    for folder in folders:
        for path in folder.rglob("*"):
            assert "MARKER" not in path.name
            if path.is_file():
                data = path.read_bytes()
                assert not any(mark in data for mark in MARKS), path


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OPENAI_API_KEY", f"{KEY} é"),
        ("OPENAI_API_KEY", f"{KEY}\x1b"),
        ("ASKPOD_CHROMA_TOKEN", f"{TOKEN} \n x"),
        ("OPENAI_BASE_URL", f"http://ann:{PASSWORD}@127.0.0.1:1/v1"),
        ("OPENAI_BASE_URL", f"ftp://ann:{PASSWORD}@127.0.0.1/v1"),
        ("OPENAI_BASE_URL", f"http://ann:{PASSWORD}@[::1/v1"),
        ("ASKPOD_CHROMA_URL", f"http://ann:{PASSWORD}@127.0.0.1:1"),
        ("ASKPOD_CHROMA_URL", f"//ann:{PASSWORD}@"),
    ],
)
def test_settings_that_cannot_be_used_are_told_without_their_secrets(
    askpod, settings, failing, monkeypatch, tmp_path, variable, value
):
    failing.failure = FAILURES["401"]
    monkeypatch.setenv("ASKPOD_EMBEDDER", "openai:m")
    if "TOKEN" in variable:
        monkeypatch.setenv("ASKPOD_CHROMA_URL", failing.at(""))
    monkeypatch.setenv(variable, value)
    run = askpod("index", _filled("{talk}", settings, settings), "--store", "new")
    assert run.code in (1, 2)
    _look(run.out + run.err, [tmp_path])


@pytest.mark.parametrize("name", ["api_key", "openai_api_key", "chroma_token", "token", "secret"])
def test_a_key_in_the_file_is_refused_and_not_repeated(askpod, settings, name):
    (settings / "askpod.toml").write_text(f'{name} = "{KEY}"\n')
    run = askpod("doctor")
    assert "is read from the environment only" in run.out
    _look(run.out + run.err, [])
