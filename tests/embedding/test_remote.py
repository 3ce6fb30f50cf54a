"""Embeddings from an endpoint: the real client against a server on this machine."""

from __future__ import annotations

import base64
import json
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from askpod.embedding import remote
from askpod.embedding.remote import RemoteEmbedder, remote_name
from askpod.errors import EmbedderError, ModelError
from fake_openai import FakeOpenAI, Scripted, failed, hashed_vector

MODEL = "text-embedding-3-small"
KEY = "sk-secret-of-the-tests"
TEXTS = ["Bees dance.", "A night train waits.", "Bread takes a day."]


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def embedder(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> RemoteEmbedder:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return RemoteEmbedder(MODEL, base_url=server.base_url)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited; nobody really waits."""
    waited: list[float] = []
    monkeypatch.setattr("askpod.services.retry.time.sleep", waited.append)
    return waited


def reply(rows: list[Any], **fields: Any) -> Scripted:
    """Vectors, or whole rows, as a server sends them."""
    data = [
        row if isinstance(row, dict) else {"object": "embedding", "index": i, "embedding": row}
        for i, row in enumerate(rows)
    ]
    body = {"object": "list", "model": MODEL, "data": data, **fields}
    return Scripted(body=json.dumps(body))


def test_vectors_come_in_the_order_of_the_texts(embedder):
    expected = np.array([hashed_vector(text) for text in TEXTS], np.float32)
    vectors = embedder.embed(TEXTS)
    assert vectors.dtype == np.float32
    assert np.allclose(vectors, expected, atol=1e-6)
    assert embedder.dimension == 32


def test_vectors_are_made_unit(server, embedder):
    server.embed_with(lambda _: [3.0, 4.0])
    assert embedder.embed(["Bees."]).tolist() == [[pytest.approx(0.6), pytest.approx(0.8)]]


def test_no_text_is_no_request_where_the_dimension_is_known(server):
    embedder = RemoteEmbedder(MODEL, base_url=server.base_url, dimension=32)
    assert embedder.embed([]).shape == (0, 32)
    assert embedder.dimension == 32
    assert not server.embedding_requests


def test_the_dimension_is_asked_for_once(server, embedder):
    assert (embedder.dimension, embedder.dimension) == (32, 32)
    assert len(server.embedding_requests) == 1


def test_its_name_says_whose_model_it_is(embedder, server):
    port = server.base_url.split(":")[2].split("/")[0]
    assert embedder.name == f"openai:{MODEL}@127.0.0.1:{port}"
    assert remote_name(MODEL, None) == f"openai:{MODEL}"
    assert remote_name(MODEL, "https://api.openai.com/v1/") == f"openai:{MODEL}"
    assert remote_name("nomic", "http://me:secret@box:8080/v1") == "openai:nomic@box:8080"


def test_tokens_are_those_of_tiktoken_with_two_markers(embedder):
    assert embedder.count_tokens(["Bees dance.", "", "<|endoftext|>"]) == [6, 2, 9]
    assert embedder.max_tokens == 8191
    assert RemoteEmbedder("nomic-embed-text").max_tokens == 512


def test_tokens_that_the_endpoint_bills_are_told(embedder):
    assert [batch.tokens for batch in embedder.batches(TEXTS)] == [10]  # its words


def test_tokens_are_counted_here_where_the_endpoint_does_not_say(server, embedder):
    server.queue_embeddings(reply([[1.0, 0.0]]))
    assert [batch.tokens for batch in embedder.batches(["Bees dance."])] == [6]


# What is sent


def test_texts_go_out_in_batches(server, embedder):
    texts = [f"text {number}" for number in range(70)]
    vectors = embedder.embed(texts)
    assert [len(request.inputs) for request in server.embedding_requests] == [32, 32, 6]
    assert np.allclose(vectors[69], hashed_vector("text 69"), atol=1e-6)


def test_a_batch_stays_under_the_limit_of_tokens(server, embedder, monkeypatch):
    monkeypatch.setattr(remote, "TOKENS", 20)
    embedder.embed(["one two three four"] * 7)  # six tokens each
    assert [len(request.inputs) for request in server.embedding_requests] == [3, 3, 1]


def test_a_text_too_long_is_refused_and_nothing_is_sent(server, embedder):
    with pytest.raises(EmbedderError, match=r"text 1 has 9,?\d+ tokens.*nothing is cut"):
        embedder.embed(["Bees.", "bee " * 9000])
    with pytest.raises(EmbedderError, match="text 0 is empty"):
        embedder.embed([""])
    assert not server.embedding_requests


def test_lone_surrogates_can_be_sent(embedder):
    assert embedder.embed(["Bees \ud800 dance"]).shape == (1, 32)


def test_the_key_goes_to_the_endpoint_and_nowhere_else(server, embedder):
    embedder.embed(["Bees."])
    assert server.embedding_requests[0].headers["authorization"] == f"Bearer {KEY}"
    server.queue_embeddings(failed(401, f"Incorrect API key provided: {KEY}"))
    with pytest.raises(ModelError) as caught:
        embedder.embed(["Bees."])
    assert KEY not in f"{caught.value!r} {caught.value} {embedder!r} {embedder.__dict__.keys()}"
    assert caught.value.__cause__ is None


# The forms that vectors come in


def test_a_server_that_ignores_base64_is_understood(server, embedder):
    server.queue_embeddings(reply([[0.0, 2.0]]))
    assert embedder.embed(["Bees."]).tolist() == [[0.0, 1.0]]
    assert server.embedding_requests[0].body["encoding_format"] == "base64"


def test_a_server_that_refuses_base64_is_asked_for_numbers_from_then_on(server, embedder):
    server.queue_embeddings(failed(400, "unknown value for encoding_format"))
    embedder.embed(["Bees."])
    embedder.embed(["Trains."])
    formats = [request.body["encoding_format"] for request in server.embedding_requests]
    assert formats == ["base64", "float", "float"]


def test_rows_out_of_order_are_put_in_order(server, embedder):
    rows = [{"index": 1, "embedding": [0.0, 1.0]}, {"index": 0, "embedding": [1.0, 0.0]}]
    server.queue_embeddings(reply(rows))
    assert embedder.embed(["first", "second"]).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_rows_that_all_have_index_0_stand_in_order(server, embedder):
    rows = [{"index": 0, "embedding": [1.0, 0.0]}, {"index": 0, "embedding": [0.0, 1.0]}]
    server.queue_embeddings(reply(rows))
    assert embedder.embed(["first", "second"]).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_rows_without_an_index_stand_in_order(server, embedder):
    server.queue_embeddings(reply([{"embedding": [1.0, 0.0]}, {"embedding": [0.0, 1.0]}]))
    assert embedder.embed(["first", "second"]).tolist() == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("tokens", [10**290, -5, True, "9", None])
def test_tokens_that_can_be_no_count_are_counted_here(server, embedder, tokens):
    server.queue_embeddings(reply([[1.0, 0.0]], usage={"prompt_tokens": tokens}))
    assert [batch.tokens for batch in embedder.batches(["Bees dance."])] == [6]


NAN = base64.b64encode(struct.pack("<2f", float("nan"), 1.0)).decode()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (reply([[1.0, 0.0]]), "1 vectors for 2 texts"),
        (reply([]), "no list of embeddings"),
        (reply([[1.0, 0.0], [1.0]]), "different lengths"),
        (reply([[1.0, 0.0], NAN]), "no finite number"),
        (reply([[1.0, 0.0], [1e300, 1e300]]), "no finite number"),
        (reply([[1.0, 0.0], [0.0, 0.0]]), "a vector of zeros"),
        (reply([[1.0, 0.0], ["one", "two"]]), "no list of embeddings"),
        (reply([[1.0, 0.0], None]), "no list of embeddings"),
        (reply([[], []]), "length 0"),
        (reply([{"index": i, "embedding": [1.0, i]} for i in (2, 1)]), "in no order"),
        (reply([{"index": i, "embedding": [1.0, 0.0]} for i in ([], [0])]), "no list of"),
        (reply([[1.0, 0.0], "abc"]), "no list of embeddings"),
        (Scripted(body="<html>Welcome</html>", content_type="text/html"), "no list of embeddings"),
        (Scripted(body='{"data": 5}'), "no list of embeddings"),
    ],
)
def test_what_cannot_be_vectors_is_a_clear_error(server, embedder, given, problem):
    server.queue_embeddings(given)
    with pytest.raises(ModelError, match=problem):
        embedder.embed(["first", "second"])


def test_a_reply_without_end_is_not_read_on(server, embedder, monkeypatch):
    monkeypatch.setattr(remote, "MOST_BYTES", 10_000)
    server.queue_embeddings(reply([[1.0] * 5_000]))
    with pytest.raises(ModelError, match="sent a response without end"):
        embedder.embed(["first"])
    assert len(server.embedding_requests) == 1


def test_another_dimension_than_the_archive_has_is_a_clear_error(server):
    embedder = RemoteEmbedder(MODEL, base_url=server.base_url, dimension=1536)
    with pytest.raises(ModelError, match=r"length 32 where 1536 is expected.*askpod rebuild"):
        embedder.embed(["Bees."])


# Passing troubles


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_passing_failures_are_waited_out(server, embedder, waits, status):
    server.queue_embeddings(failed(status), failed(status))
    assert embedder.embed(["Bees."]).shape == (1, 32)
    assert 0.375 <= waits[0] <= 0.625
    assert 0.75 <= waits[1] <= 1.25


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [({"Retry-After": "7"}, 7, 7), ({"Retry-After": "0"}, 0.375, 0.625)],
)
def test_retry_after_is_heeded(server, embedder, waits, headers, least, most):
    server.queue_embeddings(failed(429, headers=headers))
    embedder.embed(["Bees."])
    assert least <= waits[0] <= most


def test_a_retry_after_beyond_our_patience_ends_it_at_once(server, embedder, waits):
    server.queue_embeddings(failed(429, headers={"Retry-After": "3600"}))
    with pytest.raises(ModelError):
        embedder.embed(["Bees."])
    assert not waits


def test_it_gives_up_after_six_requests(server, embedder, waits):
    server.queue_embeddings(*[failed(500)] * 10)
    with pytest.raises(ModelError):
        embedder.embed(["Bees."])
    assert len(server.embedding_requests) == 6
    assert sum(waits) < 20


@pytest.mark.parametrize("given", [failed(401), failed(404), failed(400)])
def test_what_waiting_cannot_mend_is_not_repeated(server, embedder, given):
    server.queue_embeddings(given)
    with pytest.raises(ModelError):
        embedder.embed(["Bees."])
    assert len(server.embedding_requests) == 1


def test_a_spent_quota_is_not_repeated(server, embedder):
    server.queue_embeddings(failed(429, "You exceeded your quota", code="insufficient_quota"))
    with pytest.raises(ModelError):
        embedder.embed(["Bees."])
    assert len(server.embedding_requests) == 1


def test_a_server_that_is_not_there_is_a_clear_error(server, embedder, waits):
    server.close()
    with pytest.raises(ModelError, match=r"127\.0\.0\.1"):
        embedder.embed(["Bees."])
    assert not waits  # somebody has to start it


def test_a_timeout_is_a_clear_error(server, embedder, monkeypatch):
    monkeypatch.setattr(remote, "TIMEOUT", 0.1)
    server.queue_embeddings(*[Scripted(body="{}", wait=5)] * 6)
    with pytest.raises(ModelError):
        embedder.embed(["Bees."])
    assert len(server.embedding_requests) == 6


def test_several_threads_may_use_one(server, embedder):
    lock = threading.Lock()
    seen: list[str] = []

    def vector(text: str) -> list[float]:
        with lock:
            seen.append(text)
        return hashed_vector(text)

    server.embed_with(vector)
    texts = [f"text {number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: embedder.embed([text])[0], texts))
    assert np.allclose(found, [hashed_vector(text) for text in texts], atol=1e-6)
    assert sorted(seen) == sorted(texts)
