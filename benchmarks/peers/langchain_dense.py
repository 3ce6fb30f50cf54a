"""LangChain with Chroma, as in recipe_langchain.py: chunks of 1,000 characters, by meaning."""

from __future__ import annotations

from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStoreRetriever

from askpod.langchain import LangChainEmbeddings
from peers.chunks import Chunks
from peers.scoring import Found
from peers.vectors import KeptVectors


class LangChainDense:
    """A collection in memory; one episode is asked for by a filter on the metadata."""

    name = "LangChain"

    def __init__(self, chunks: Chunks, vectors: KeptVectors) -> None:
        self._chunks = chunks
        self._collection = Chroma.from_documents(
            chunks.of(None),
            LangChainEmbeddings(vectors),
            # Searched more widely than by default, where a few neighbours are missed, and other
            # ones each time that the graph is made.
            collection_configuration={"hnsw": {"ef_construction": 400, "ef_search": 400}},
        )

    def search(self, question: str, episode: str | None, top: int) -> list[Found]:
        return self.found(self.retriever(episode, top).invoke(question))

    def found(self, documents: list[Document]) -> list[Found]:
        """When its chunks are said."""
        return self._chunks.found(documents)

    def retriever(self, episode: str | None, top: int) -> VectorStoreRetriever:
        only = {} if episode is None else {"filter": {"episode": episode}}
        return self._collection.as_retriever(search_kwargs={"k": top} | only)
