"""The archive as a step in somebody's LangChain program."""

from __future__ import annotations

import asyncio

from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

QUESTION = "What killed the beekeeper's first colonies?"


def test_a_document_carries_time_and_episode(archive):
    documents = archive.as_retriever(top=3).invoke(QUESTION)
    passages = archive.search(QUESTION, top=3)
    assert len(documents) == 3
    for document, passage in zip(documents, passages, strict=True):
        assert document.page_content == passage.text
        assert document.metadata == {
            "episode_id": passage.episode_id,
            "title": passage.title,
            "start": passage.start,
            "end": passage.end,
            "speakers": list(passage.speakers),
            "section": passage.section,
            "score": passage.score,
            "url": passage.url,
        }


def test_in_a_chain(archive):
    def cite(documents):
        return [f"{each.metadata['episode_id']}@{each.metadata['start']:.0f}" for each in documents]

    retriever = archive.as_retriever(top=2, guest="feuerhahn")
    assert isinstance(retriever, BaseRetriever)
    chain = {"sources": retriever | RunnableLambda(cite), "question": RunnablePassthrough()}
    out = RunnableLambda(lambda asked: asked).pipe(chain).invoke("What does frost do?")
    assert out["question"] == "What does frost do?"
    assert len(out["sources"]) == 2
    assert all(source.startswith("night-train-timetables@") for source in out["sources"])


def test_asynchronously_and_in_batches(archive):
    retriever = archive.as_retriever(top=2)
    expected = retriever.invoke(QUESTION)
    assert asyncio.run(retriever.ainvoke(QUESTION)) == expected
    assert retriever.batch([QUESTION, QUESTION]) == [expected, expected]


def test_an_answer_is_a_message_with_citations(archive):
    answer = archive.ask(QUESTION)
    message = answer.to_langchain()
    assert message.text == answer.text
    (block,) = message.content_blocks
    marks = [answer.text[a["start_index"] : a["end_index"]] for a in block["annotations"]]
    assert marks == [f"[{a['extras']['number']}]" for a in block["annotations"]]
    first, citation = block["annotations"][0], answer.citations[0]
    assert (first["type"], first["url"], first["title"], first["cited_text"]) == (
        "citation",
        citation.url,
        citation.title,
        citation.quote,
    )
    assert first["extras"]["start"] == citation.start
    assert len({each["id"] for each in block["annotations"]}) == len(marks) > 0
