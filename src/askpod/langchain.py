"""askpod for LangChain: an archive as a retriever, an answer as a message, and the embedder."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.content import Annotation, create_citation, create_text_block
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from askpod.embedding import Embedder
from askpod.model import Answer, Passage

_MARK = re.compile(r"\[(\d{1,6})\]")
_EXTRAS = ("number", "episode_id", "speaker", "start", "end", "supported", "cited_by")


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


def message(answer: Answer) -> AIMessage:
    """An answer as a model's message, each of its marks with a `Citation` block.

    A citation spans its mark in the text. Episode, speaker, seconds and whether the turn supports
    the claim are its `extras`.
    """
    cited = {citation.number: citation for citation in answer.citations}
    marks = [(mark, cited.get(int(mark[1]))) for mark in _MARK.finditer(answer.text)]
    annotations: list[Annotation] = [
        create_citation(
            url=citation.url or None,
            title=citation.title,
            start_index=mark.start(),
            end_index=mark.end(),
            cited_text=citation.quote,
            **{name: getattr(citation, name) for name in _EXTRAS},
        )
        for mark, citation in marks
        if citation is not None
    ]
    block = create_text_block(answer.text, annotations=annotations)
    spent = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    usage = UsageMetadata(input_tokens=spent[0], output_tokens=spent[1], total_tokens=sum(spent))
    return AIMessage(
        content_blocks=[block],
        response_metadata={"model_name": answer.model, "refused": answer.refused},
        usage_metadata=usage,
    )


class LangChainEmbeddings(Embeddings):
    """Lets LangChain's stores and retrievers use the vectors that an archive is made of.

    Example:
        Chroma(embedding_function=LangChainEmbeddings(MiniLM()))
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector for each text. Raises EmbedderError: one is longer than is read."""
        vectors: list[list[float]] = self._embedder.embed(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question."""
        return self.embed_documents([text])[0]
