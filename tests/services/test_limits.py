"""What a server may send is bounded as it comes out, for each of the four clients alike."""

from __future__ import annotations

import asyncio
import gzip
import os
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod import ModelSettings
from askpod.answering.llm_client import LanguageModel
from askpod.embedding import remote
from askpod.embedding.remote import RemoteEmbedder
from askpod.errors import AskpodError, FetchError, ModelError, ServerError
from askpod.services.limits import MOST_MEMBERS, NotUnpacked, TooLarge, Unpacker
from askpod.sources import fetch
from askpod.sources.fetch import Fetcher
from askpod.store.shared import client as chroma_client
from fake_web import FakeWeb

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """A gzip stream of 250 megabytes, about a thousandth as long."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(250))
    return packed + packer.flush()


# The unpacker


@given(st.binary(max_size=3_000), st.lists(st.integers(0, 4_000)), st.booleans())
def test_what_was_packed_comes_out_however_it_is_cut(content, cuts, twice):
    packed = gzip.compress(content) + (gzip.compress(content) if twice else b"")
    ends = [0, *sorted(min(cut, len(packed)) for cut in cuts), len(packed)]
    pieces = [packed[begin:end] for begin, end in pairwise(ends)]
    unpacked = b"".join(Unpacker("gzip", 10_000).all_of(pieces))
    assert unpacked == content * (2 if twice else 1)


def test_what_is_not_packed_is_counted_too():
    assert b"".join(Unpacker("", 4).all_of([b"ab", b"", b"cd"])) == b"abcd"
    with pytest.raises(TooLarge):
        list(Unpacker("identity", 4).all_of([b"ab", b"cde"]))


def test_a_limit_counts_what_comes_out():
    packed = gzip.compress(b"a" * 1_000)
    assert len(b"".join(Unpacker("gzip", 1_000).all_of([packed]))) == 1_000
    with pytest.raises(TooLarge):
        list(Unpacker("gzip", 999).all_of([packed]))


@pytest.mark.parametrize(
    ("packed", "problem"),
    [
        (b"no gzip at all", "it is no gzip"),
        (gzip.compress(b"hello")[:-1], "it breaks off"),
        (b"", "it breaks off"),
        (gzip.compress(b"hello") + b"more", "something follows"),
        (gzip.compress(b"hello") + b"\0" * 100_000, "something follows"),
        (gzip.compress(b"hello") + gzip.compress(b"there")[:-2], "it breaks off"),
        (gzip.compress(b"") * (MOST_MEMBERS + 1), "files of gzip in one"),
        (gzip.compress(b"hello")[:-5] + b"wrong", "it is no gzip"),
    ],
    ids=["plain", "cut", "empty", "more", "zeros", "second cut", "many", "wrong sum"],
)
def test_what_is_not_one_body_is_refused(packed, problem):
    with pytest.raises(NotUnpacked, match=problem):
        list(Unpacker("GZip", MEGABYTE).all_of([packed]))


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "compress"])
def test_what_was_not_asked_for_is_refused(encoding):
    with pytest.raises(NotUnpacked, match="not asked for"):
        Unpacker(encoding, MEGABYTE)


# Each client


def _model(web: FakeWeb) -> object:
    return LanguageModel(_settings(web)).reply([("user", "Who?")])


def _model_async(web: FakeWeb) -> object:
    async def ask() -> None:
        async for _ in LanguageModel(_settings(web)).astream([("user", "Who?")]):
            pass

    return asyncio.run(ask())


def _settings(web: FakeWeb) -> ModelSettings:
    timeout = float(os.environ.get("ASKPOD_TIMEOUT", "60"))
    return ModelSettings("tiny", web.at("/v1"), timeout=timeout, patience=0.0, answer_tokens=20)


def _embedder(web: FakeWeb) -> object:
    return RemoteEmbedder("tiny", base_url=web.at("/v1")).embed(["Who?"])


def _chroma(web: FakeWeb) -> object:
    client = chroma_client.Database(chroma_client.Address(web.at(""), "default", "default"))
    return client.ask("GET", "heartbeat")


def _feed(web: FakeWeb) -> object:
    with Fetcher(allow_private=True) as fetcher:
        return fetcher.get(web.at("/feed.xml"), MEGABYTE)


Client = Callable[[FakeWeb], object]
CLIENTS = {
    "/v1/chat/completions": (_model, "text/event-stream", ModelError),
    "/v1/chat/completions?": (_model_async, "text/event-stream", ModelError),
    "/v1/embeddings": (_embedder, "application/json", ModelError),
    "/api/v2/heartbeat": (_chroma, "application/json", ServerError),
    "/feed.xml": (_feed, "application/rss+xml", FetchError),
}


@pytest.fixture(params=CLIENTS)
def client(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Client, str, type[AskpodError]]:
    """A path, who asks for it, for what kind of content, and the error it ends with."""
    monkeypatch.setattr(remote, "PATIENCE", 0.0)
    ask, kind, error = CLIENTS[request.param]
    return request.param.rstrip("?"), ask, kind, error


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No client waits as long as a user's."""
    monkeypatch.setenv("ASKPOD_TIMEOUT", "0.2")
    monkeypatch.setattr(fetch, "SILENCE", 0.2)
    monkeypatch.setattr(fetch, "WHOLE", 0.5)
    monkeypatch.setattr(chroma_client, "READ_SECONDS", 0.2)
    monkeypatch.setattr(chroma_client, "WHOLE_SECONDS", 0.5)
    monkeypatch.setattr(remote, "TIMEOUT", 0.2)


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as server:
        yield server


def test_a_bomb_is_not_unpacked(web, client, bomb):
    path, ask, kind, error = client
    web.put(path, bomb, Content_Encoding="gzip", Content_Type=kind)
    ask_once_before(web, client)
    tracemalloc.start()
    try:
        with pytest.raises(error, match=r"without end|more than was asked|is larger than"):
            ask(web)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 150 * MEGABYTE
    assert len(web.asked) == 2  # it is not asked again, as nothing would change


def ask_once_before(web: FakeWeb, client: tuple[str, Client, str, type[AskpodError]]) -> None:
    """Loads what the client loads at its first request."""
    _, ask, _, error = client
    with pytest.raises(error):
        ask(web)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b": 1\n\n") + b"more", "gzip"),
        (gzip.compress(b": 1\n\n" * 9)[:-9], "gzip"),
        (b": 1\n\n", "gzip"),
        (zlib.compress(b": 1\n\n"), "deflate"),
        (b": 1\n\n", "br"),
    ],
    ids=["bytes after the end", "cut short", "not packed", "deflate", "brotli"],
)
def test_what_cannot_be_unpacked_is_told(web, client, body, encoding):
    path, ask, kind, error = client
    web.put(path, body, Content_Encoding=encoding, Content_Type=kind)
    with pytest.raises(error, match=r"cannot be unpacked|packed in a way that was not asked"):
        ask(web)


def test_what_is_packed_in_order_is_read(web, client):
    path, ask, kind, error = client
    made = {
        "/v1/chat/completions": b'data: {"id":"1","object":"chat.completion.chunk","created":1,'
        b'"model":"m","choices":[{"index":0,"delta":{"content":"Ann."},"finish_reason":"stop"}]}'
        b"\n\ndata: [DONE]\n\n",
        "/v1/embeddings": b'{"data": [{"index": 0, "embedding": [1.0, 0.0]}]}',
        "/api/v2/heartbeat": b"{}",
        "/feed.xml": b"<rss/>",
    }[path]
    web.put(path, gzip.compress(made), Content_Encoding="gzip", Content_Type=kind)
    ask(web)
    assert [asked.headers["accept-encoding"] for asked in web.requests] == ["gzip"]
    assert error is not None


@pytest.mark.usefixtures("impatient")
def test_a_server_that_always_says_wait_is_not_waited_for(web, client):
    path, ask, _, error = client

    def wait(handler):
        while True:  # until the client hangs up
            handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            time.sleep(0.02)

    web.script(path, wait)
    ask_once_before(web, client)
    web.forget()
    began = time.monotonic()
    with pytest.raises(error, match=r"said nothing|too slow|has not come|not answered"):
        ask(web)
    assert time.monotonic() - began < 60
    assert len(web.asked) == 1


def test_a_pause_beyond_all_reason_is_not_made(web, client):
    path, ask, _, error = client
    web.put(path, "busy", status=503, Retry_After="9" * 400)
    began = time.monotonic()
    with pytest.raises(error) as told:
        ask(web)
    assert "inf" not in str(told.value)
    assert time.monotonic() - began < 60
    assert len(web.asked) == 1
