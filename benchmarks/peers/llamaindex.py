"""LlamaIndex: its sentence splitter at its defaults, 1,024 tokens and 200 shared, by meaning.

It embeds a document's metadata, here id and title, in front of each chunk: that is its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.vector_stores import ExactMatchFilter, MetadataFilters
from pydantic import PrivateAttr

from peers.scoring import Found, Stretch
from peers.transcript import Transcript
from peers.vectors import KeptVectors


class Embedding(BaseEmbedding):
    """The kept vectors in LlamaIndex's terms."""

    _vectors: KeptVectors = PrivateAttr()

    def __init__(self, vectors: KeptVectors) -> None:
        super().__init__(model_name=vectors.name, embed_batch_size=2048)
        self._vectors = vectors

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._vectors.embed(texts).tolist()

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


class LlamaIndex:
    """A vector index in memory; one episode is asked for by a filter on the metadata."""

    name = "LlamaIndex"

    def __init__(self, transcripts: Mapping[str, Transcript], vectors: KeptVectors) -> None:
        self._transcripts = transcripts
        documents = [
            Document(text=each.text, metadata={"episode": each.episode, "title": each.title})
            for each in transcripts.values()
        ]
        splitter = SentenceSplitter(chunk_size=1024, chunk_overlap=200)
        self.index = VectorStoreIndex.from_documents(
            documents, transformations=[splitter], embed_model=Embedding(vectors)
        )

    def retriever(self, episode: str | None, **options: Any) -> BaseRetriever:
        """What finds nodes of one episode, or of all."""
        if episode is not None:
            only = ExactMatchFilter(key="episode", value=episode)
            options["filters"] = MetadataFilters(filters=[only])
        return self.index.as_retriever(**options)

    def place(self, episode: str, begin: int, text: str) -> Stretch:
        """When a text is said that stands in an episode at a character or after it."""
        transcript = self._transcripts[episode]
        return transcript.found(transcript.text.find(text, begin), text).stretch

    def search(self, question: str, episode: str | None, top: int) -> list[Found]:
        nodes = self.retriever(episode, similarity_top_k=top).retrieve(question)
        return [
            self._transcripts[each.node.metadata["episode"]].found(
                each.node.start_char_idx, each.node.text
            )
            for each in nodes
        ]
