"""The same with LangChain's hybrid search: ranks by meaning and by BM25, fused half and half."""

from __future__ import annotations

import warnings
from functools import lru_cache

from langchain_classic.retrievers import EnsembleRetriever

from peers.chunks import Chunks
from peers.langchain_dense import LangChainDense
from peers.scoring import Found

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # langchain-community winds down
    from langchain_community.retrievers import BM25Retriever

EACH = 20  # chunks of either search: enough for 2,000 words, and longer lists fuse worse


class LangChainEnsemble:
    """EnsembleRetriever over BM25Retriever and Chroma, otherwise with their defaults.

    BM25Retriever has no filters, so an episode that is asked alone has an index of its own.
    """

    name = "LangChain ensemble"

    def __init__(self, chunks: Chunks, dense: LangChainDense) -> None:
        self._chunks = chunks
        self._dense = dense
        self._words = lru_cache(maxsize=1)(self._words_of)

    def search(self, question: str, episode: str | None, top: int) -> list[Found]:
        words = self._words(episode)
        words.k = EACH
        dense = self._dense.retriever(episode, EACH)
        both = EnsembleRetriever(retrievers=[words, dense], weights=[0.5, 0.5])
        return self._chunks.found(both.invoke(question)[:top])

    def _words_of(self, episode: str | None) -> BM25Retriever:
        return BM25Retriever.from_documents(self._chunks.of(episode))
