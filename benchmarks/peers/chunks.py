"""LangChain's chunks: 1,000 characters, of which 200 are shared with the chunk before."""

from __future__ import annotations

from collections.abc import Mapping

from langchain_core.documents import Document
from langchain_text_splitters import RecursiveCharacterTextSplitter

from peers.scoring import Found
from peers.transcript import Transcript


class Chunks:
    """All chunks; each knows its episode and at which character of its text it begins."""

    def __init__(self, transcripts: Mapping[str, Transcript]) -> None:
        splitter = RecursiveCharacterTextSplitter(
            chunk_size=1000, chunk_overlap=200, add_start_index=True
        )
        self._transcripts = transcripts
        self._documents = splitter.split_documents(
            Document(each.text, metadata={"episode": each.episode}) for each in transcripts.values()
        )

    def of(self, episode: str | None) -> list[Document]:
        """Those of one episode, or all."""
        return [each for each in self._documents if episode in (None, each.metadata["episode"])]

    def found(self, documents: list[Document]) -> list[Found]:
        """Chunks as they are scored."""
        return [
            self._transcripts[each.metadata["episode"]].found(
                each.metadata["start_index"], each.page_content
            )
            for each in documents
        ]
