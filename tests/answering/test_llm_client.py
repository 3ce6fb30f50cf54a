"""A model's answer, as text that comes in pieces and as a whole, through the real openai client."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from langchain_core.tracers.langchain import wait_for_all_tracers
from langchain_openai import ChatOpenAI
from langsmith import utils as langsmith_utils

from askpod.answering.llm_client import LanguageModel, Reply
from askpod.answering.llm_endpoint import Dialect
from askpod.errors import ModelError
from askpod.services import openai_http
from askpod.settings import ModelSettings
from fake_openai import FakeOpenAI, Scripted, failed, said

LONG = 30.0  # seconds, for what comes at once where the machine is not busy
QUESTION = [("system", "Answer from the evidence."), ("user", "How do bees {find} their way?")]


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch):
    for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def model(model_server):
    made = LanguageModel(ModelSettings("tiny", model_server.base_url, timeout=LONG, patience=0.0))
    yield made
    made.close()


def test_text_comes_in_pieces_and_the_reply_last(model, model_server):
    model_server.queue("They watch the sun [1].")
    *pieces, reply = model.stream(QUESTION)
    assert pieces == ["They ", "watch ", "the ", "sun ", "[1]."]
    assert (reply.text, reply.finish) == ("They watch the sun [1].", "stop")
    assert (reply.prompt_tokens, reply.completion_tokens) == (10, 5)
    assert 0 < reply.first_text_seconds <= reply.seconds < 2


def test_the_whole_reply_at_once(model, model_server):
    model_server.queue("They watch the sun.")
    assert model.reply(QUESTION).text == "They watch the sun."


def test_what_is_asked_for(model, model_server):
    model.reply(QUESTION)
    assert model_server.requests[0].body == {
        "model": "tiny",
        "messages": [
            {"role": "system", "content": "Answer from the evidence."},
            {"role": "user", "content": "How do bees {find} their way?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.0,
        "max_tokens": 700,
    }


def test_the_key_of_the_environment_is_sent(model, model_server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment\n")
    model.reply(QUESTION)
    assert model_server.requests[0].headers["authorization"] == "Bearer of-the-environment"


def test_a_server_of_ones_own_needs_no_key(model, model_server):
    model.reply(QUESTION)
    assert model_server.requests[0].headers["authorization"] == "Bearer no-key"


def test_asynchronous_text_is_the_same(model):
    async def items():
        return [item async for item in model.astream(QUESTION)]

    for _ in range(2):  # each in an event loop of its own
        *pieces, reply = asyncio.run(items())
        assert (pieces, reply.text, reply.finish) == (["A ", "reply."], "A reply.", "stop")


# --- Stopping ------------------------------------------------------------------------------------


def endless() -> Scripted:
    return Scripted(pieces=iter(lambda: "on and ", None), pause=0.02)


def test_closing_the_stream_closes_the_connection(model, model_server):
    model_server.queue(endless())
    with closing(model.stream(QUESTION)) as stream:
        next(stream)
    assert model_server.requests[0].hung_up.wait(LONG)


def test_closing_an_asynchronous_stream_closes_the_connection(model, model_server):
    model_server.queue(endless())

    async def first_piece_only():
        stream = model.astream(QUESTION)
        await anext(stream)
        await stream.aclose()
        return await asyncio.to_thread(model_server.requests[0].hung_up.wait, LONG)

    assert asyncio.run(first_piece_only())


@pytest.mark.parametrize("reply", [endless(), Scripted(wait=4 * LONG)], ids=["between", "before"])
def test_cancelling_the_task_closes_the_connection(model, model_server, reply):
    model_server.queue(reply)

    async def read():
        async for _ in model.astream(QUESTION):
            pass

    async def cancelled():
        task = asyncio.create_task(read())
        while not model_server.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
        return await asyncio.to_thread(model_server.requests[0].hung_up.wait, LONG)

    assert asyncio.run(cancelled())


def test_several_threads_share_a_model(model, model_server):
    model_server.answer_with(lambda request: request.messages[-1]["content"])
    replies = {}

    def ask(text):
        replies[text] = model.reply([("user", text)]).text

    threads = [threading.Thread(target=ask, args=(f"Number {n}.",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == {f"Number {n}.": f"Number {n}." for n in range(6)}


# --- How an answer ends --------------------------------------------------------------------------


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_an_answer_that_was_cut_says_so(model, model_server, finish):
    model_server.queue(said("They watch", finish=finish))
    reply = model.reply(QUESTION)
    assert (reply.text, reply.finish) == ("They watch", finish)


@pytest.mark.parametrize("finish", ["model_length", "MAX_TOKENS"])
def test_a_length_in_other_words_is_one(model, model_server, finish):
    model_server.queue(said("They watch", finish=finish))
    assert model.reply(QUESTION).finish == "length"


@pytest.mark.parametrize("finish", ["abort", "error", "insufficient_system_resource"])
def test_what_a_service_gave_up_is_no_whole_answer(model, model_server, finish):
    model_server.queue(said("They watch", finish=finish))
    with pytest.raises(ModelError, match="broke off in the middle of the answer"):
        model.reply(QUESTION)


def test_an_answer_without_end_is_cut(model_server):
    model_server.queue(Scripted(pieces=iter(lambda: "on and ", None)))
    *pieces, reply = LanguageModel(
        ModelSettings("tiny", model_server.base_url, answer_tokens=20)
    ).stream(QUESTION)
    assert (reply.finish, len(reply.text)) == ("length", 320)
    assert reply.text == "".join(pieces)
    assert model_server.requests[0].hung_up.wait(LONG)


def test_a_stream_that_only_says_that_it_lives_has_an_end(model_server, monkeypatch):
    monkeypatch.setattr(openai_http, "MOST_WAITS", 3)
    model_server.queue(Scripted(pieces=itertools.repeat(""), pause=0.1))
    model = LanguageModel(ModelSettings("tiny", model_server.base_url, timeout=1.0, patience=0.0))
    with pytest.raises(ModelError):
        model.reply(QUESTION)


@pytest.mark.parametrize("cut", range(1, 14))
def test_a_key_that_the_model_repeats_is_struck_out_wherever_it_is_cut(
    model, model_server, monkeypatch, cut
):
    monkeypatch.setenv("OPENAI_API_KEY", key := "gateway+5f/kk1")
    model_server.queue(Scripted(pieces=("It is ", key[:cut], key[cut:], ", so it", " is g")))
    *pieces, reply = model.stream(QUESTION)
    assert "".join(pieces) == reply.text == "It is ***, so it is g"


@pytest.mark.parametrize("key", ["none", "x", "gateway+5f/kk1"])
def test_words_that_are_no_key_are_left_as_they_are(model, model_server, monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    said = (
        "The basic idea was an api-driven trial at six sites, and none of the key-values changed."
    )
    model_server.queue(Scripted(pieces=(said[:50], said[50:])))
    assert model.reply(QUESTION).text == said


def test_the_whole_of_an_answer_counts_even_if_the_connection_breaks_after_it(model, model_server):
    end = 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
    model_server.queue(said("They watch.", then=end, cut=True))
    assert model.reply(QUESTION).text == "They watch."


def test_no_done_at_the_end_is_no_harm(model, model_server):
    model_server.queue(said("They watch.", done=False))
    assert model.reply(QUESTION).text == "They watch."


# --- Endpoints differ ----------------------------------------------------------------------------


def test_an_endpoint_that_counts_no_tokens(model, model_server):
    model_server.queue(said("They watch.", usage=False))
    reply = model.reply(QUESTION)
    assert (reply.prompt_tokens, reply.completion_tokens) == (None, None)


@pytest.mark.parametrize("tokens", [10**290, -5])
def test_an_endpoint_whose_counts_can_be_none(model, model_server, tokens):
    usage = {"prompt_tokens": tokens, "completion_tokens": tokens, "total_tokens": 0}
    ended = [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    chunk = {"id": "1", "object": "chat.completion.chunk", "choices": ended, "usage": usage}
    end = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
    model_server.queue(said("They watch.", then=end, usage=False))
    reply = model.reply(QUESTION)
    assert (reply.prompt_tokens, reply.completion_tokens) == (None, None)


@pytest.mark.parametrize(
    ("complaint", "gone", "instead"),
    [
        ("Unknown field: stream_options", "stream_options", None),
        ("Unsupported value: 'temperature' does not support 0", "temperature", None),
        (
            "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            "max_tokens",
            "max_completion_tokens",
        ),
    ],
)
def test_what_an_endpoint_refuses_is_left_out_from_then_on(
    model, model_server, complaint, gone, instead
):
    model_server.queue(failed(400, complaint))
    assert model.reply(QUESTION).text == "A reply."
    model.reply(QUESTION)
    first, second, third = (request.body for request in model_server.requests)
    assert gone in first
    assert second == third
    assert second.keys() == first.keys() - {gone} | ({instead} if instead else set())


def test_an_endpoint_that_refuses_each_way_gets_no_endless_tries(model, model_server):
    text = "stream_options, temperature, max_tokens and max_completion_tokens are unknown"
    model_server.answer_with(
        lambda request: failed(422, text) if len(request.body) > 3 else "At last."
    )
    assert model.reply(QUESTION).text == "At last."
    assert len(model_server.requests) == 5


def test_openai_itself_is_asked_in_its_newer_words():
    body = Dialect.of("https://api.openai.com/v1").body(50, None)
    assert body == {"max_completion_tokens": 50}


SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}


def test_a_structured_reply_is_asked_for_until_the_endpoint_refuses_it(model_server):
    model = LanguageModel(ModelSettings("tiny", model_server.base_url, patience=0.1))
    model_server.queue(
        failed(400, "response_format json_schema is not supported"), "Hello.", "Yes."
    )
    *_, reply = model.stream(QUESTION, SCHEMA)
    assert reply.text == "Hello."
    *_, reply = model.stream(QUESTION, SCHEMA)
    assert reply.text == "Yes."
    asked = [request.body.get("response_format") for request in model_server.requests]
    assert asked == [SCHEMA, None, None]


IN_THE_STREAM = {"error": {"code": 502, "message": "no", "metadata": "response_format"}}


@pytest.mark.parametrize(
    "refusal",
    [
        failed(400, "Failed to generate JSON.", code="json_validate_failed"),  # Groq
        failed(500, "failed to load model vocabulary required for format"),  # Ollama
        failed(500, "Failed to parse grammar"),  # llama.cpp
        failed(501, "structured outputs are not implemented"),
        failed(404, "No endpoints found that support response_format"),  # OpenRouter
        Scripted(then=f"data: {json.dumps(IN_THE_STREAM)}\n\n"),  # OpenRouter, of who serves it
    ],
)
def test_a_schema_may_be_refused_with_any_status(model_server, refusal):
    model = LanguageModel(ModelSettings("tiny", model_server.base_url, patience=0.0))
    model_server.queue(refusal, "Hello.")
    *_, reply = model.stream(QUESTION, SCHEMA)
    assert reply.text == "Hello."
    asked = [request.body.get("response_format") for request in model_server.requests]
    assert asked == [SCHEMA, None]


def test_a_closing_slash_of_the_address_is_no_harm(model_server):
    model = LanguageModel(ModelSettings("tiny", model_server.base_url + "/"))
    assert model.reply(QUESTION).text == "A reply."


# --- Nobody else is asked ------------------------------------------------------------------------


@pytest.fixture
def tracing(model_server, monkeypatch):
    """LangSmith's variables, all pointing at the test's server; what it would send is a stray."""
    langsmith_utils.get_env_var.cache_clear()
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "of-langsmith")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", model_server.address)
    monkeypatch.setenv("LANGSMITH_GATEWAY", model_server.address + "/gateway")
    yield
    langsmith_utils.get_env_var.cache_clear()


@pytest.mark.usefixtures("tracing")
def test_no_trace_is_sent_whatever_the_environment_says(model, model_server):
    async def asked():
        return [item async for item in model.astream(QUESTION)]

    model.reply(QUESTION)
    asyncio.run(asked())
    wait_for_all_tracers()
    assert model_server.strays == []
    # That the test would see a trace: LangChain alone does send one.
    plain = ChatOpenAI(model="tiny", base_url=model_server.base_url, api_key="x")
    plain.invoke("How?")
    wait_for_all_tracers()
    assert model_server.strays


def test_no_proxy_gets_what_is_meant_for_this_machine(model, monkeypatch):
    with FakeOpenAI() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "OPENAI_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert model.reply(QUESTION).text == "A reply."
        assert proxy.strays == []


def test_nothing_heavy_is_imported_before_the_first_request():
    code = (
        "import sys; from askpod.answering.llm_client import LanguageModel\n"
        "from askpod.settings import ModelSettings\n"
        "print(LanguageModel(ModelSettings('tiny')))\n"
        "print(sorted({'openai', 'httpx', 'langchain_core', 'langsmith'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "LanguageModel('tiny')\n[]\n"


def test_a_closed_model_answers_again(model):
    model.reply(QUESTION)
    model.close()
    assert isinstance(model.reply(QUESTION), Reply)
