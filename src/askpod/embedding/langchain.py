"""Any embedder of askpod as a LangChain `Embeddings`; imported only when asked for."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings

from askpod.embedding import Embedder


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
