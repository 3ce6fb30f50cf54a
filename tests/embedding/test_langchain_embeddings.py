"""The LangChain face gives what the embedder gives, as lists of floats."""

from __future__ import annotations

import pytest
from langchain_core.embeddings import Embeddings

from askpod.embedding.minilm import MiniLM
from askpod.errors import EmbedderError
from askpod.langchain import LangChainEmbeddings


def test_it_gives_lists_of_floats(int8: MiniLM) -> None:
    face: Embeddings = LangChainEmbeddings(int8)
    documents = face.embed_documents(["one", "two"])
    assert documents == int8.embed(["one", "two"]).tolist()
    assert face.embed_query("two") == documents[1]
    assert isinstance(documents[0][0], float)
    assert face.embed_documents([]) == []


def test_it_cuts_nothing(int8: MiniLM) -> None:
    with pytest.raises(EmbedderError, match="300 tokens"):
        LangChainEmbeddings(int8).embed_query("word " * 298)
