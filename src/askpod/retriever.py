"""The archive as a LangChain retriever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

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
