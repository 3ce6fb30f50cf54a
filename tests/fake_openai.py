"""A model service on this machine, for tests: it speaks Chat Completions and embeddings over HTTP.

    with FakeOpenAI() as server:
        server.queue("It is the bees.", failed(429, headers={"Retry-After": "1"}))
        settings = ModelSettings(name="any", base_url=server.base_url)
        ...
        server.requests[0].messages[-1]["content"]

Each request takes the next reply of the queue, else what the function of `answer_with` makes of
the request, else `default`. A reply is a text, sent in a few pieces of whole words, or a
`Scripted`.
It listens on the loopback only. A fault in a test's function is raised when the server closes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fake_openai_wire import Handler, Server

WORDS = re.compile(r"\S+\s*")
PIECES = 10  # of a text at most: what a client does for each takes longer than the rest


@dataclass(frozen=True)
class Scripted:
    """What the server sends for one request. Times are seconds."""

    pieces: Iterable[str] = ()  # the text, as it is streamed; may be endless
    finish: str | None = "stop"  # the finish_reason; None: none is sent
    usage: bool = True  # False: tokens are never reported, even when asked for
    wait: float = 0.0  # before the first byte
    pause: float = 0.0  # before each piece but the first, and before the end
    then: str | None = None  # sent as it is after the pieces, in place of a proper end
    cut: bool = False  # the connection breaks after the pieces (and after `then`)
    done: bool = True  # False: the stream ends in order, but without [DONE]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes | None = None  # a whole response in place of a completion
    content_type: str = "application/json"  # of `body`


def said(text: str, **how: Any) -> Scripted:
    """A text in pieces of one word each; `how` are fields of `Scripted`."""
    return Scripted(pieces=tuple(WORDS.findall(text)), **how)


def failed(status: int, message: str = "no", code: str | None = None, **how: Any) -> Scripted:
    """An error in the form of OpenAI's own."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return Scripted(status=status, body=json.dumps({"error": error}), **how)


@dataclass
class Request:
    """One request as it came, and whether its sender hung up before the whole reply was sent."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: dict[str, Any]
    arrived: float = field(default_factory=time.perf_counter)
    hung_up: threading.Event = field(default_factory=threading.Event)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.body.get("messages", []))

    @property
    def prompt(self) -> str:
        """The text of all messages, one after the other."""
        return "\n".join(str(message["content"]) for message in self.messages)

    @property
    def inputs(self) -> list[Any]:
        """What is to be embedded."""
        given = self.body.get("input", [])
        return given if isinstance(given, list) else [given]


Answering = Callable[[Request], "str | Scripted"]
Embedding = Callable[[str], list[float]]


def hashed_vector(text: str, size: int = 32) -> list[float]:
    """A vector of length one that depends on the text alone."""
    digest = hashlib.shake_256(text.encode()).digest(4 * size)
    values = [number / 2**31 - 1 for number in struct.unpack(f"<{size}I", digest)]
    length = sum(value * value for value in values) ** 0.5
    return [value / length for value in values]


class FakeOpenAI:
    """The server. `requests` are those for chat, `embedding_requests` those for embeddings."""

    handler: type[Handler] = Handler
    chat_paths = ("/v1/chat/completions",)

    def __init__(self, default: str | Scripted = "A reply.") -> None:
        self.default = default
        self.requests: list[Request] = []
        self.embedding_requests: list[Request] = []
        self.strays: list[str] = []  # "POST /elsewhere": requests for anything else, answered 404
        self._replies: deque[str | Scripted] = deque()
        self._embedding_replies: deque[Scripted] = deque()
        self._answering: Answering | None = None
        self._embedding: Embedding = hashed_vector
        self._problems: list[BaseException] = []
        self._closing = threading.Event()
        self._http = Server(("127.0.0.1", 0), self.handler)
        self._http.fake = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.005,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    def queue(self, *replies: str | Scripted) -> None:
        """The replies to the next chat requests, one each."""
        self._replies.extend(replies)

    def answer_with(self, answering: Answering) -> None:
        """Chat requests with no reply in the queue are answered by this function."""
        self._answering = answering

    def queue_embeddings(self, *replies: Scripted) -> None:
        """Replies to the next embedding requests in place of vectors: `failed(…)` and the like."""
        self._embedding_replies.extend(replies)

    def embed_with(self, embedding: Embedding) -> None:
        """The vector of a text (tokens come as their numbers joined with spaces)."""
        self._embedding = embedding

    def close(self) -> None:
        """Stop at once, even in the middle of a reply; raise what went wrong in the server."""
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        if self._problems:
            raise self._problems[0]

    def __enter__(self) -> FakeOpenAI:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def seen(self, path: str, headers: dict[str, str], raw: bytes) -> Request:
        """A POST as it came; of one that is not JSON the body is left out."""
        is_json = "json" in headers.get("content-type", "")
        return Request(path, headers, json.loads(raw) if is_json else {})

    def note(self, problem: BaseException) -> None:
        """Keep a fault of the server's own, to be raised by `close`."""
        self._problems.append(problem)

    def due(self, request: Request) -> Scripted:
        """The reply to a POST. A test's own function that fails makes it a 500."""
        makers = dict.fromkeys(self.chat_paths, self.chat_reply)
        maker = {**makers, "/v1/embeddings": self.embedding_reply}.get(request.path)
        if maker is None:
            return self.stray("POST", request.path)
        try:
            return maker(request)
        except BaseException as problem:
            self.note(problem)
            return failed(500, "the test's own function failed")

    def stray(self, method: str, path: str) -> Scripted:
        """The reply to a request for what is not here."""
        self.strays.append(f"{method} {path}")
        return failed(404, f"Not Found: {path}")

    def chat_reply(self, request: Request) -> Scripted:
        """The reply that is due, after writing the request down."""
        self.requests.append(request)
        reply: str | Scripted = self.default
        if self._replies:
            reply = self._replies.popleft()
        elif self._answering is not None:
            reply = self._answering(request)
        return Scripted(pieces=_pieces(reply)) if isinstance(reply, str) else reply

    def embedding_reply(self, request: Request) -> Scripted:
        """Vectors in the order of the inputs, or the failure that is due."""
        self.embedding_requests.append(request)
        if self._embedding_replies:
            return self._embedding_replies.popleft()
        texts = [_as_text(given) for given in request.inputs]
        rows = [
            {"object": "embedding", "index": position, "embedding": self._vector(text, request)}
            for position, text in enumerate(texts)
        ]
        tokens = sum(_tokens(given) for given in request.inputs)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        whole = {"object": "list", "data": rows, "model": request.body["model"], "usage": usage}
        return Scripted(body=json.dumps(whole))

    def _vector(self, text: str, request: Request) -> str | list[float]:
        vector = self._embedding(text)
        if request.body.get("encoding_format") != "base64":
            return vector
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

    @property
    def closing(self) -> bool:
        return self._closing.is_set()


def _pieces(text: str) -> list[str]:
    words = WORDS.findall(text)
    step = max(1, math.ceil(len(words) / PIECES))
    return ["".join(words[begin : begin + step]) for begin in range(0, len(words), step)]


def _as_text(given: Any) -> str:
    return given if isinstance(given, str) else " ".join(str(number) for number in given)


def _tokens(given: Any) -> int:
    return len(given.split()) if isinstance(given, str) else len(given)
