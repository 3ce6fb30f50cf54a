"""bm25s with English stemming and stop words, as its README has it, over LangChain's chunks."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import bm25s
import Stemmer
from langchain_core.documents import Document

from peers.chunks import Chunks
from peers.scoring import Found


class Bm25s:
    """Words alone. It has no filters, so an episode that is asked alone has an index of its own."""

    name = "bm25s"

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._stemmer = Stemmer.Stemmer("english")
        self._index = lru_cache(maxsize=1)(self._index_of)

    def search(self, question: str, episode: str | None, top: int) -> list[Found]:
        index, documents = self._index(episode)
        places, _ = index.retrieve(
            self._tokens([question]), k=min(top, len(documents)), show_progress=False
        )
        return self._chunks.found([documents[place] for place in places[0]])

    def _index_of(self, episode: str | None) -> tuple[bm25s.BM25, list[Document]]:
        documents = self._chunks.of(episode)
        index = bm25s.BM25()
        index.index(self._tokens([each.page_content for each in documents]), show_progress=False)
        return index, documents

    def _tokens(self, texts: list[str]) -> Any:
        return bm25s.tokenize(texts, stopwords="en", stemmer=self._stemmer, show_progress=False)
