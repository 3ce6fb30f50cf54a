"""askpod for LangChain: an archive as a retriever, and its embedder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from askpod.embedding import Embedder
from askpod.model import Passage


class ArchiveRetriever(BaseRetriever):
    """Searches an archive. Times (seconds) and episode stand in each document's metadata."""

    search: Callable[..., list[Passage]]  # Archive.search
    top: int = 20
    filters: dict[str, Any] = Field(default_factory=dict)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 (the base class passes it)
    ) -> list[Document]:
        return [document(passage) for passage in self.search(query, top=self.top, **self.filters)]


def document(passage: Passage) -> Document:
    """A passage as LangChain takes it: its speech, and all else as metadata."""
    metadata = passage.to_dict()
    del metadata["text"], metadata["spans"]
    metadata["speakers"] = list(passage.speakers)
    return Document(page_content=passage.text, metadata=metadata)


class LangChainEmbeddings(Embeddings):
    """Lets LangChain's stores and retrievers use the vectors that an archive is made of.

    Example:
        Chroma(embedding_function=LangChainEmbeddings(MiniLM()))
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector for each text.

        Raises:
            EmbedderError: a text is longer than the embedder reads.
        """
        vectors: list[list[float]] = self._embedder.embed(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question.

        Raises:
            EmbedderError: the question is longer than the embedder reads.
        """
        return self.embed_documents([text])[0]
