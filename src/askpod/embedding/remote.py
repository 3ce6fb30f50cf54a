"""Embeddings from any OpenAI-compatible endpoint: OpenAI, a gateway, a server on this machine.

Texts go out in batches under the endpoint's limits, with patience for its passing troubles, and
what comes back is checked before it is used: as many vectors as texts, all of one length, all
finite, made unit. A text that the model would cut is refused. The key is read from OPENAI_API_KEY
and goes to the endpoint alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from askpod.errors import EmbedderError, ModelError
from askpod.services.endpoints import OPENAI_URL, is_vendors, key_for, where
from askpod.services.retry import RequestFailure, Retries
from askpod.text import well_formed
from askpod.tokens import TokenCounter, reported

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types import CreateEmbeddingResponse

PREFIX = "openai:"

# Some models put a marker before and after each text. OpenAI's do not; counting two too many
# for those costs nothing.
SPECIAL_TOKENS = 2
MAX_TOKENS_OPENAI = 8_191
# Of a model that is not known: what the smallest common ones read. A chunk has at most 170
# tokens, so that there is room for a tokenizer that cuts words finer than the one that counts.
MAX_TOKENS_UNKNOWN = 512

# In one request. OpenAI takes 2,048 texts and 300,000 tokens; fewer lose less when one fails.
# Some local servers refuse more than 32 texts, and none gains by more.
TEXTS_OPENAI = 256
TEXTS_ELSEWHERE = 32
TOKENS = 250_000

TIMEOUT = 120.0  # seconds without a byte
PATIENCE = 120.0  # seconds that the retries of one request may take
TRIES = 6
MOST_BYTES = 50_000_000  # of a response; the largest batches take two fifths, as plain numbers

NO_LIST = "no list of embeddings"


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request returned."""

    begin: int  # the first text's index
    vectors: NDArray[np.float32]  # of unit length, one row for each text from there on
    tokens: int  # as the endpoint reports them; where it does not, as we count them


class RemoteEmbedder:
    """An embeddings model behind an HTTP endpoint. Safe to call from several threads.

    Args:
        model: its name at the endpoint, like "text-embedding-3-small".
        base_url: of the endpoint, up to and with its `/v1`; None means OpenAI's own.
        dimension: of its vectors, where it is known; else it is learned from the first reply.

    No request is made, and `openai` is not imported, before a vector is needed.
    """

    def __init__(
        self, model: str, *, base_url: str | None = None, dimension: int | None = None
    ) -> None:
        self._model = model
        self._url = base_url or OPENAI_URL
        self.name = remote_name(model, self._url)
        self.max_tokens = MAX_TOKENS_OPENAI if _of_openai(model) else MAX_TOKENS_UNKNOWN
        self._dimension = dimension
        self._lock = threading.Lock()
        self._plain_numbers = False  # whether it refused base64

    @property
    def sold_as(self) -> str | None:
        """The model's name where its vendor is asked, who bills for it; else None."""
        return self._model if is_vendors(self._url) else None

    @property
    def dimension(self) -> int:
        """Length of a vector. Asks the endpoint where nobody knows it yet.

        Raises:
            ModelError: the endpoint failed.
        """
        if self._dimension is None:
            self.embed(["How long is a vector?"])
        if self._dimension is None:  # embed has learned it, or raised
            raise AssertionError
        return self._dimension

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as tiktoken counts them, two markers included, nothing cut.

        Exact for OpenAI's models. For others it is near: their own tokenizers are not at hand.
        """
        return [SPECIAL_TOKENS + self._counter.count(text) for text in texts]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension), in the order of `texts`.

        Raises:
            EmbedderError: a text is empty or longer than `max_tokens`; none is sent then.
            ModelError: the endpoint failed, or gave what cannot be used.
        """
        parts = [batch.vectors for batch in self.batches(texts)]
        return np.concatenate(parts) if parts else np.empty((0, self.dimension), np.float32)

    def batches(self, texts: Sequence[str]) -> Iterator[Batch]:
        """`embed`, request by request, so that a caller can keep what has come so far."""
        counts = self.count_tokens(texts)
        for index, (text, count) in enumerate(zip(texts, counts, strict=True)):
            if not text:
                raise EmbedderError(f"text {index} is empty; {self.name} takes no empty text")
            if count > self.max_tokens:
                raise EmbedderError(
                    f"text {index} has {count} tokens; {self.name} is taken to read "
                    f"{self.max_tokens} at most. Split it: nothing is cut in silence"
                )
        for begin, end in _ranges(counts, self._most_texts):
            reply = self._ask([well_formed(text) for text in texts[begin:end]])
            vectors = self._checked(reply, end - begin)
            yield Batch(begin, vectors, _tokens(reply) or sum(counts[begin:end]))

    def _ask(self, texts: list[str]) -> CreateEmbeddingResponse:
        return Retries(PATIENCE, TRIES).repeat(lambda: self._request(texts), self._failure)

    def _failure(self, problem: Exception) -> RequestFailure:
        """What a problem with a request means."""
        from askpod.services.errors import ErrorMessages, RequestInfo

        if isinstance(problem, ModelError):
            return RequestFailure(problem)
        asked = RequestInfo(
            model=self._model,
            address=where(self._url),
            key=self._key,
            interface="embeddings",
            setting="ASKPOD_EMBEDDER",
            timeout=TIMEOUT,
        )
        return ErrorMessages(asked).of(problem) or RequestFailure(
            self._unusable(f"a reply that is {NO_LIST}")
        )

    def _request(self, texts: list[str]) -> CreateEmbeddingResponse:
        import openai

        create = self._client.embeddings.create
        if self._plain_numbers:
            return create(model=self._model, input=texts, encoding_format="float")
        try:
            return create(model=self._model, input=texts)  # as base64: a quarter of the bytes
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            if not any(word in str(error) for word in ("encoding_format", "base64")):
                raise
            self._plain_numbers = True
            return create(model=self._model, input=texts, encoding_format="float")

    def _checked(self, reply: CreateEmbeddingResponse, count: int) -> NDArray[np.float32]:
        """The reply's vectors in the order of the texts, made unit."""
        rows = self._rows(reply)
        if len(rows) != count:
            raise self._unusable(f"{len(rows)} vectors for {count} texts")
        lengths = {len(row) for row in rows}
        if len(lengths) != 1:
            raise self._unusable(f"vectors of different lengths ({sorted(lengths)})")
        self._learn(lengths.pop())
        vectors = np.array(rows, dtype=np.float64)
        with np.errstate(over="ignore"):  # checked in the next line
            norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(norms).all():
            raise self._unusable("a vector with a value that is no finite number")
        if not norms.all():
            raise self._unusable("a vector of zeros")
        unit: NDArray[np.float32] = (vectors / norms).astype(np.float32)
        return unit

    def _rows(self, reply: CreateEmbeddingResponse) -> list[list[float]]:
        try:
            data = list(reply.data)
            # Some servers leave `index` out, or give every row the same one: then the order stands.
            places = [int(getattr(row, "index", None) or 0) for row in data]
            rows = [[float(value) for value in row.embedding] for row in data]
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise self._unusable(f"a reply that is {NO_LIST}") from error
        if sorted(places) == list(range(len(places))):
            return [row for _, row in sorted(zip(places, rows, strict=True))]
        # Some count from 0 again for each part of a request; any other step back is no order.
        if any(place and place < before for before, place in pairwise(places)):
            raise self._unusable("vectors with indexes that are in no order")
        return rows

    def _learn(self, length: int) -> None:
        with self._lock:
            if self._dimension is None and length:
                self._dimension = length
            if self._dimension != length:
                raise self._unusable(
                    f"vectors of length {length} where {self._dimension} is expected: another "
                    "model now has this name there, and `askpod rebuild` rebuilds the archive"
                )

    def _unusable(self, what: str) -> ModelError:
        return ModelError(
            f"{self.name}: the endpoint gave {what}. Check that OPENAI_BASE_URL and "
            "ASKPOD_EMBEDDER name an embeddings model."
        )

    @property
    def _most_texts(self) -> int:
        return TEXTS_OPENAI if _host(self._url) == _host(OPENAI_URL) else TEXTS_ELSEWHERE

    @cached_property
    def _counter(self) -> TokenCounter:
        return TokenCounter(self._model)

    @cached_property
    def _client(self) -> OpenAI:
        # Imported when a vector is needed: it takes longer than opening an archive.
        from askpod.services.openai_http import guarded_openai

        return guarded_openai(self._key, self._url, MOST_BYTES, TIMEOUT)

    @cached_property
    def _key(self) -> str:
        return key_for(self._url)


def remote_name(model: str, base_url: str | None) -> str:
    """The name that an embedder of this model has, like "openai:text-embedding-3-small".

    With "@host" where the endpoint is not OpenAI's own.
    """
    host = _host(base_url or OPENAI_URL)
    return f"{PREFIX}{model}" if host == _host(OPENAI_URL) else f"{PREFIX}{model}@{host}"


def _host(url: str) -> str:
    """Host and port alone: what else a URL may hold, as a password, is not for a store."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _of_openai(model: str) -> bool:
    # LM Studio puts "text-embedding-" before the name of any model: that alone says nothing.
    return model.rsplit("/", 1)[-1].startswith(("text-embedding-3-", "text-embedding-ada-"))


def _ranges(counts: Sequence[int], most_texts: int) -> Iterator[tuple[int, int]]:
    """Consecutive ranges of texts that one request may carry."""
    begin = size = 0
    for index, count in enumerate(counts):
        if index > begin and (index - begin == most_texts or size + count > TOKENS):
            yield begin, index
            begin, size = index, 0
        size += count
    if counts:
        yield begin, len(counts)


def _tokens(reply: CreateEmbeddingResponse) -> int:
    """What the endpoint says it has read; 0 where it does not say."""
    # The client checks no types: a server may leave out what its own class requires.
    used = getattr(getattr(reply, "usage", None), "prompt_tokens", 0)
    return reported(used) or 0
