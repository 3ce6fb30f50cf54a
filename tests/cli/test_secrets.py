"""No command prints or stores a key or a token, however a service fails, or repeats what it got."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

import ears
from askpod.settings import Settings
from fake_web import Asked, FakeWeb, Page
from serve.conftest import served

EXAMPLES = Path(__file__).parents[2] / "evals" / "examples.yaml"
KEY = "sk-MARKERkey0123456789abcdef"
TOKEN = "MARKERtoken.0123456789.abcdef"
HEADER = "MARKERheader0123456789"
PASSWORD = "MARKERpassword"
ALL = f"{KEY} {TOKEN} {HEADER}"  # what is sent, and so can be repeated
MARKS = [mark.encode() for mark in ("MARKER",)] + [
    base64.b64encode(f"{user}:{PASSWORD}".encode()) for user in ("ann", PASSWORD)
]

Raw = Callable[[BaseHTTPRequestHandler], None]


def raw(answer: str) -> Raw:
    """The connection ends after this."""
    return lambda handler: handler.wfile.write(answer.encode("latin-1")) and None


SSE = "text/event-stream"


def _stream(*chunks: object) -> Page:
    lines = (c if isinstance(c, str) else json.dumps(c) for c in chunks)
    body = "".join(f"data: {line}\n\n" for line in lines).encode()
    return Page(body, headers={"Content-Type": SSE})


def _named(kind: str, **data: object) -> str:
    """One of the events that Anthropic's interface streams."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | data)}\n\n"


def _lines(*parts: object) -> Page:
    """What Ollama's interface streams."""
    body = "".join(f"{part if isinstance(part, str) else json.dumps(part)}\n" for part in parts)
    return Page(body.encode(), headers={"Content-Type": "application/x-ndjson"})


def _chunk(**parts: object) -> dict[str, object]:
    delta = {"index": 0, "delta": {"content": "They "}, "finish_reason": None}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "choices": [delta]} | parts


def _said(status: int, said: object, kind: str = "application/json", **headers: str) -> Page:
    body = said if isinstance(said, str) else json.dumps(said)
    return Page(body.encode(), status, {"Content-Type": kind, **headers})


ERROR = {"error": {"message": f"no {ALL}", "type": ALL, "code": ALL, "param": {ALL: [ALL]}}}
REASONS = {"detail": [{"msg": ALL, "loc": [ALL], "input": {"key": ALL}}], ALL: ALL}
CHUNKS = {
    "choices": {"choices": ALL},
    "choice": {"choices": [ALL]},
    "delta": {"choices": [{"index": 0, "delta": ALL}]},
    "index": {"choices": [{"index": ALL, "delta": {"content": {ALL: ALL}}}]},
    "finish": {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": ALL}]},
    "usage": {"usage": {"prompt_tokens": ALL, "completion_tokens": [ALL]}},
    "model": {"model": {ALL: ALL}, "system_fingerprint": [ALL], "id": [ALL]},
    "tools": {"choices": [{"index": 0, "delta": {"tool_calls": ALL, "function_call": ALL}}]},
    "role": {"choices": [{"index": 0, "delta": {"role": ALL, "content": "x", "refusal": [ALL]}}]},
}
FAILURES: dict[str, Page | Raw] = {
    **{f"{code}": _said(code, ERROR) for code in (400, 401, 403, 404, 409, 413, 429, 500, 503)},
    "422": _said(422, REASONS),
    "429 wait": _said(429, ALL, Retry_After=ALL, **{"Retry-After": ALL, "X-Request-Id": ALL}),
    "500 text": _said(500, f"Internal {ALL}", "text/plain"),
    "500 html": _said(500, f"<html>{ALL}</html>", "text/html"),
    "500 deep": _said(500, '{"error":' * 50_000 + json.dumps(ALL) + "}" * 50_000),
    "redirect": _said(307, ERROR, Location=f"http://ann:{PASSWORD}@{TOKEN}.example/{KEY}"),
    "page": _said(200, f"<html>{ALL}</html>", "text/html"),
    "error in 200": _said(200, ERROR),
    "other json": _said(200, {"data": [{"embedding": ALL, "index": ALL}], "usage": ALL}),
    "no json": _said(200, f"[{ALL}"),
    "not gzip": _said(200, ALL, **{"Content-Encoding": "gzip"}),
    "odd packing": _said(200, ALL, **{"Content-Encoding": ALL}),
    "more than gzip": Page(gzip.compress(b"{}") + ALL.encode(), 200, {"Content-Encoding": "gzip"}),
    "status line": raw(f"HTTP/1.1 {ALL}\r\n\r\n"),
    "header": raw(f"HTTP/1.1 200 OK\r\n{ALL}\r\n\r\n"),
    "chunk size": raw(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{ALL}\r\n"),
    "no http": raw(ALL),
    "nothing": raw(""),
    "sse no json": _stream(_chunk(), ALL),
    "sse error": _stream(_chunk(), ERROR),
    "sse deep": _stream(_chunk(), "[" * 50_000),
    **{f"sse {name}": _stream(_chunk(), _chunk(**part)) for name, part in CHUNKS.items()},
}
BEGUN = _named(
    "message_start",
    message={
        **{"id": "1", "type": "message", "role": "assistant", "model": "m", "content": []},
        **{"stop_reason": None, "stop_sequence": None},
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
)
OLLAMAS = {"model": "m", "created_at": "2025-01-01T00:00:00Z", "done": False}
OTHER_WIRES: dict[str, Page | Raw] = {
    f"anthropic {name}": Page((BEGUN + event).encode(), headers={"Content-Type": SSE})
    for name, event in {
        "error": _named("error", error={"type": ALL, "message": ALL}),
        "error text": _named("error", error=ALL),
        "no json": f"event: content_block_delta\ndata: {ALL}\n\n",
        "delta": _named("content_block_delta", index=0, delta={"type": ALL, "text": [ALL]}),
        "block": _named("content_block_start", index=ALL, content_block={"type": ALL, ALL: ALL}),
        "stop": _named("message_delta", delta={"stop_reason": ALL}, usage={"output_tokens": ALL}),
        "start": _named("message_start", message=ALL),
    }.items()
} | {
    f"ollama {name}": _lines(OLLAMAS | {"message": {"role": "assistant", "content": "A"}}, part)
    for name, part in {
        "error": {"error": ALL},
        "no json": ALL,
        "message": OLLAMAS | {"message": ALL},
        "text": OLLAMAS | {"message": {"role": ALL, "content": [ALL]}},
        "end": OLLAMAS | {"done": ALL, "done_reason": [ALL], "eval_count": ALL, "model": [ALL]},
    }.items()
}
HEARD = {
    f"heard {name}": _said(200, {"text": "x", "language": "en", "segments": segments, "words": []})
    for name, segments in {
        "text": ALL,
        "times": [{"id": 0, "start": ALL, "end": ALL, "text": ALL}],
        "words": [{"id": 0, "start": 0.0, "end": 1.0, "text": "x", "words": [ALL, {ALL: ALL}]}],
    }.items()
}
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
    monkeypatch.setattr("askpod.transcription.endpoint.PATIENCE", 0.0)
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
        failing.failure = _said(200, {"object": "list", "data": [VECTOR], "model": "m"})
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
