"""The endpoint, asked by the real openai client and by LangChain's."""

from __future__ import annotations

import openai
import pytest
from langchain_openai import ChatOpenAI

from askpod.answering.refusal import IN_ITS_PLACE
from askpod.model import Answer, Citation
from askpod.serve.completions import completed, sources
from askpod.settings import ModelSettings, Settings
from fake_openai import FakeOpenAI, said

QUESTION = "Why did batteries that should have lasted two years give out in three weeks?"
PICTURE = {"type": "image_url", "image_url": {"url": "http://a.example/cat.png"}}
USER = {"role": "user", "content": QUESTION}


@pytest.fixture
def asking(address):
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none") as client:
        yield client


def test_the_archive_is_a_model(asking):
    assert [model.id for model in asking.models.list()] == ["askpod"]
    assert asking.models.retrieve("askpod").id == "askpod"
    with pytest.raises(openai.NotFoundError):
        asking.models.retrieve("another")


@pytest.mark.parametrize(
    "wanted",
    [
        {"n": 2},
        {"response_format": {"type": "json_object"}},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, PICTURE]}]},
    ],
)
def test_what_the_reply_could_not_hold_is_refused(asking, wanted):
    with pytest.raises(openai.BadRequestError, match=r"n: |response_format\.type: |only text"):
        asking.chat.completions.create(**{"model": "askpod", "messages": [USER]} | wanted)


def test_an_answer_has_its_citations_in_three_layers(asking, archive):
    reply = asking.chat.completions.create(model="askpod", messages=[USER])
    answer = archive.ask(QUESTION)
    message = reply.choices[0].message
    assert message.content.startswith(answer.text)
    assert f"](<{answer.citations[0].url}>)" in message.content
    first = message.annotations[0].url_citation
    assert message.content[first.start_index : first.end_index] == "[1]"
    assert first.url == answer.citations[0].url
    assert [each["quote"] for each in reply.citations] == [c.quote for c in answer.citations]
    assert reply.basis == answer.basis


def test_a_stream_makes_the_same_message(asking):
    whole = asking.chat.completions.create(model="askpod", messages=[USER]).choices[0].message
    chunks = list(
        asking.chat.completions.create(
            model="askpod", messages=[USER], stream=True, stream_options={"include_usage": True}
        )
    )
    texts = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert "".join(texts) == whole.content
    assert len(texts) > 3  # role, two quotations at least, the end
    assert chunks[-1].usage is not None
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-2].citations
    noted = next(c.choices[0].delta for c in chunks if c.choices and hasattr(c, "citations"))
    assert noted.annotations[0]["url_citation"] == whole.annotations[0].url_citation.model_dump()


def test_earlier_messages_are_the_history(asking):
    before = [
        {"role": "system", "content": "Be a pirate."},
        {"role": "user", "content": "How do they weigh the hives?"},
        {"role": "assistant", "content": "With load cells.\n\nSources:\n\n1. [x](<http://x>)"},
        {"role": "user", "content": [{"type": "text", "text": "And why?"}]},
    ]
    reply = asking.chat.completions.create(model="askpod", messages=before)
    assert reply.citations[0]["episode_id"] == "hive-telemetry-for-small-apiaries"


def test_a_refusal_sends_empty_citations(asking):
    question = {"role": "user", "content": "qwxz vbnmpl zzgrk"}
    reply = asking.chat.completions.create(model="askpod", messages=[question])
    assert (reply.citations, reply.choices[0].message.annotations, reply.basis) == ([], [], "none")


@pytest.mark.parametrize("content", ["", "x" * 5000])
@pytest.mark.parametrize("stream", [True, False])
def test_what_cannot_be_asked_is_a_bad_request(asking, content, stream):
    messages = [{"role": "user", "content": content}]
    with pytest.raises(openai.BadRequestError):
        asking.chat.completions.create(model="askpod", messages=messages, stream=stream)


def test_langchain_asks_streamed_and_not(address, archive):
    model = ChatOpenAI(model="askpod", base_url=f"{address}/v1", api_key="none")
    text = archive.ask(QUESTION).text
    assert model.invoke(QUESTION).text.startswith(text)
    assert "".join(piece.text for piece in model.stream(QUESTION)).startswith(text)


def test_what_broke_off_is_told_from_what_is_sent_in_its_place(serve, indexed):
    with FakeOpenAI(said("They eat sixty grams a day. [10] The trial ran", cut=True)) as model:
        settings = Settings(model=ModelSettings("any", base_url=model.base_url))
        client = openai.OpenAI(base_url=f"{serve(indexed, settings=settings)}/v1", api_key="none")
        stream = client.chat.completions.create(
            model="askpod",
            messages=[{"role": "user", "content": "How long did the bee trial run?"}],
            stream=True,
        )
        shown = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    broken, _, rest = shown.partition(f"\n\n{IN_ITS_PLACE}\n\n")
    assert broken.startswith("They eat")
    assert "Sources:" in rest


def test_a_hostile_title_stays_text_in_markdown():
    title = "](http://evil.example) <script>\n# `x` |"
    cited = Citation(1, "e", title, "<b>", 3.0, 4.0, "q", "http://a.example/x", supported=False)
    answer = Answer("q", "Yes [1].", (cited,), (), refused=False, mode="extractive")
    [line] = [line for line in sources(answer).splitlines() if line.startswith("1.")]
    assert line.startswith(r"1. [\](http://evil.example) \<script\> \# \`x\` \| (\<b\>, 0:03)]")
    assert "not supported" in line
    assert completed(answer)["citations"][0]["supported"] is False
