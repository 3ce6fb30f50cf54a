"""Models of a provider, named like `anthropic:NAME`, through the providers' own packages."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from langchain_core.tracers.langchain import wait_for_all_tracers
from langsmith import utils as langsmith_utils

from askpod.answering.llm_client import LanguageModel
from askpod.answering.provider_endpoint import ProviderEndpoint
from askpod.answering.replies import answer_schema
from askpod.errors import ContextTooLong, ModelError
from askpod.services.endpoints import sold_as, split_name, struck_out
from askpod.settings import ModelSettings
from askpod.tokens import encoding_of
from fake_openai import FakeOpenAI, Scripted, failed, said
from fake_providers import FakeAnthropic, FakeMistral, FakeOllama

QUESTION = [("system", "Answer from the evidence."), ("user", "How do bees {find} their way?")]
KEY = "qz4-never-to-be-seen-8812"


@pytest.fixture(autouse=True)
def _variables(monkeypatch):
    for name in ("ANTHROPIC_API_URL", "OPENAI_BASE_URL", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setattr("askpod.services.retry.FIRST_WAIT", 0.02)


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("gpt-4o-mini", "openai", "gpt-4o-mini"),
        ("openai:gpt-4o-mini", "openai", "gpt-4o-mini"),
        ("openai:ollama:7b", "openai", "ollama:7b"),
        ("llama3:8b", "openai", "llama3:8b"),
        ("ft:gpt-4o:org::id", "openai", "ft:gpt-4o:org::id"),
        ("anthropic:", "openai", "anthropic:"),
        (":x", "openai", ":x"),
        ("anthropic:claude-haiku-4-5", "anthropic", "claude-haiku-4-5"),
        ("google-genai:gemini-2.5-flash", "google_genai", "gemini-2.5-flash"),
        ("Ollama:qwen3:8b", "ollama", "qwen3:8b"),
    ],
)
def test_only_known_prefixes_name_a_provider(name, provider, model):
    assert split_name(name) == (provider, model)


def test_what_a_provider_sells_has_its_price():
    own = "http://localhost:8000/v1"
    assert sold_as("anthropic:claude-haiku-4-5", own) == "claude-haiku-4-5"
    assert sold_as("google_genai:gemini-2.5-flash", None) == "gemini/gemini-2.5-flash"
    assert sold_as("openai:gpt-4o", None) == "gpt-4o"
    assert sold_as("openai:gpt-4o", own) is sold_as("ollama:qwen3:8b", None) is None
    assert encoding_of("openai:gpt-4-0613") == "cl100k_base"


def test_a_leading_openai_is_left_out(model_server):
    model = LanguageModel(ModelSettings("openai:tiny", model_server.base_url))
    assert model.reply(QUESTION).text == "A reply."
    assert model_server.requests[0].body["model"] == "tiny"


def failure(name: str, **how: float) -> ModelError:
    with pytest.raises(ModelError) as caught:
        LanguageModel(ModelSettings(name, **{"timeout": 60.0, "patience": 0.0, **how})).reply(
            QUESTION
        )
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY not in shown
    return caught.value


def patience_for(words: str) -> dict[str, float]:
    """Short only where silence is what the test is about: a busy machine is slow at all else."""
    return {"timeout": 1.5} if "said nothing" in words else {}


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("mistralai:tiny", 'pip install "askpod[mistralai]"'),
        ("google_genai:tiny", 'pip install "askpod[google-genai]"'),
        ("groq:tiny", "pip install langchain langchain-groq"),
    ],
)
def test_without_the_package_the_command_that_installs_it(monkeypatch, name, command):
    monkeypatch.setattr("askpod.services.endpoints.find_spec", lambda _: None)
    assert str(failure(name)) == f"{name} needs a package that is not installed: {command}"


def test_a_providers_key_is_struck_out_of_whatever_is_shown():
    assert struck_out(f"the key {KEY} is wrong") == "the key *** is wrong"


def test_without_a_key_its_variable_is_named(monkeypatch):
    monkeypatch.setattr("askpod.services.endpoints.find_spec", lambda _: True)
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    assert str(failure("anthropic:tiny")) == "no key for anthropic: set ANTHROPIC_API_KEY"


# --- Through the packages, where they are installed ----------------------------------------------


@pytest.fixture
def served(monkeypatch) -> Iterator[Callable[..., FakeOpenAI]]:
    """Serves what speaks as a provider does, and leads its package there."""
    with ExitStack() as servers:

        def serve(
            package: str, fake: type[FakeOpenAI], variable: str, path: str = ""
        ) -> FakeOpenAI:
            pytest.importorskip("langchain")
            pytest.importorskip(package)
            server = servers.enter_context(fake())
            monkeypatch.setenv(variable, f"{server.address}{path}")
            return server

        yield serve


@pytest.fixture
def ollama(served):
    return served("langchain_ollama", FakeOllama, "OLLAMA_HOST")


@pytest.fixture
def anthropic(served):
    return served("langchain_anthropic", FakeAnthropic, "ANTHROPIC_BASE_URL")


@pytest.fixture
def mistralai(served, monkeypatch):
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    return served("langchain_mistralai", FakeMistral, "MISTRAL_BASE_URL", "/v1")


@pytest.fixture(params=["ollama", "anthropic", "mistralai"])
def provider(request) -> tuple[LanguageModel, FakeOpenAI]:
    """Each provider's model, and its server."""
    server = request.getfixturevalue(request.param)
    settings = ModelSettings(f"{request.param}:tiny:8b", timeout=60.0, patience=0.0)
    model = LanguageModel(settings)
    yield model, server
    model.close()


async def gathered(model):
    return [item async for item in model.astream(QUESTION)]


def test_text_comes_in_pieces_with_its_tokens(provider):
    model, server = provider
    for ask in (lambda: [*model.stream(QUESTION)], lambda: asyncio.run(gathered(model))):
        server.queue("They watch the sun [1].")
        *pieces, reply = ask()
        assert pieces == ["They ", "watch ", "the ", "sun ", "[1]."]
        assert (reply.text, reply.finish) == ("They watch the sun [1].", "stop")
        assert reply.prompt_tokens == len(server.requests[0].prompt.split())
        assert reply.completion_tokens == 5
        assert server.requests[-1].body["model"] == "tiny:8b"


def test_one_model_serves_several_event_loops(provider):
    model, server = provider
    for _ in range(3):
        assert asyncio.run(gathered(model))[-1].text == "A reply."
    assert len(server.requests) == 3


def test_what_ollama_is_asked_for(ollama):
    schema = answer_schema(3)
    settings = ModelSettings("ollama:tiny", context_tokens=4000, answer_tokens=400)
    ollama.queue(failed(400, "this model cannot do format"))
    assert [*LanguageModel(settings).stream(QUESTION, schema)][-1].text == "A reply."
    first, second = (request.body for request in ollama.requests)
    assert first["format"] == schema["json_schema"]["schema"]
    assert not second.get("format")
    assert first["options"] == {"temperature": 0.0, "num_predict": 400, "num_ctx": 5500}


def test_what_anthropic_is_asked_for(anthropic):
    model = LanguageModel(ModelSettings("anthropic:tiny"))
    anthropic.queue(failed(400, "`temperature` is deprecated for this model."))
    for _ in range(2):
        model.reply(QUESTION)
    refused, request, later = anthropic.requests
    assert KEY in str(request.headers)
    assert (request.body["max_tokens"], request.body["system"]) == (700, QUESTION[0][1])
    assert refused.body["temperature"] == 0
    assert "temperature" not in {*request.body, *later.body}


def test_closing_the_stream_closes_the_connection(provider):
    model, server = provider
    server.queue(Scripted(pieces=iter(lambda: "more ", None), pause=0.01))
    with closing(model.stream(QUESTION)) as items:
        next(items)
    assert server.requests[0].hung_up.wait(30)


def test_an_answer_cut_at_its_length_says_so(provider):
    model, server = provider
    server.queue(said("They watch", finish="length"))
    assert model.reply(QUESTION).finish == "length"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (failed(401, "no"), "refused the key (401): check ANTHROPIC_API_KEY"),
        (failed(404, "model: tiny"), "has no model tiny (404), saying “model: tiny”"),
        (failed(400, f"Bad shape {KEY}"), "refused the request (400), saying “Bad shape ***”"),
        (failed(429, headers={"Retry-After": "7"}), "(429) and asks to wait 7 s"),
        (failed(529, "Overloaded"), "failed on its side (529), saying “Overloaded”"),
        (Scripted(wait=60), "said nothing for 1.5 seconds: try again, or raise the timeout"),
        (said("They watch", pause=60), "said nothing for 1.5 seconds in the middle of the answer"),
        (said("They watch", cut=True), "broke off in the middle of the answer: try again"),
        (said("They watch", finish=None), "broke off in the middle of the answer: try again"),
        (Scripted(), "gave an empty reply"),
        (Scripted(finish="content_filter"), "withheld the answer"),
        (
            said(
                "They",
                then="event: error\ndata: "
                + json.dumps({"type": "error", "error": {"type": "x", "message": "Out of room"}})
                + "\n\n",
            ),
            "reported a failure, saying “Out of room”",
        ),
        (Scripted(body="<html>Hi", content_type="text/html"), "the model's service at anthropic "),
    ],
)
def test_anthropics_failures_in_the_same_words(anthropic, reply, words):
    anthropic.queue(reply)
    shown = str(failure("anthropic:tiny", **patience_for(words)))
    assert shown.startswith("the model's service at anthropic ")
    assert words in shown
    assert len(anthropic.requests) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (failed(404, 'model "tiny" not found'), "has no model tiny (404)"),
        (failed(500, "out of memory"), "failed on its side (500), saying “out of memory”"),
        (said("They watch", cut=True), "broke off in the middle of the answer: try again"),
        (said("They watch", finish=None), "broke off in the middle of the answer: try again"),
        (said("They watch", pause=60), "said nothing for 1.5 seconds in the middle of the answer"),
        (said("They", then='{"error": "Out of room"}\n'), "reported a failure, saying “Out of"),
        (said("They", then="never closed {\n"), "sent what its package cannot read (JSONDecode"),
    ],
)
def test_ollamas_failures_in_the_same_words(ollama, reply, words):
    ollama.queue(reply)
    assert words in str(failure("ollama:tiny", **patience_for(words)))


def test_nothing_listens_there(provider):
    model, server = provider
    server.close()
    with pytest.raises(ModelError, match=r"nothing listens there: start it, or correct \w+_"):
        model.reply(QUESTION)


def test_what_may_pass_is_tried_again(provider):
    model, server = provider
    patient = LanguageModel(ModelSettings(model.name, timeout=60.0, patience=60.0))
    server.queue(failed(503), Scripted(pieces=["It "], wait=0.0))
    assert patient.reply(QUESTION).text == "It "
    assert len(server.requests) == 2


def test_too_long_a_prompt_is_known(anthropic):
    anthropic.queue(failed(400, "prompt is too long: 208310 tokens > 200000 maximum"))
    assert isinstance(failure("anthropic:tiny"), ContextTooLong)


def test_a_conversation_of_several_threads_and_a_closed_model(provider):
    model, _ = provider
    model.close()
    assert model.reply(QUESTION).text == "A reply."


def test_no_trace_is_sent_and_no_gateway_asked(provider, monkeypatch):
    model, server = provider
    langsmith_utils.get_env_var.cache_clear()
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "of-langsmith")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", server.address)
    monkeypatch.setenv("LANGSMITH_GATEWAY", server.address + "/gateway")
    try:
        model.reply(QUESTION)
        asyncio.run(gathered(model))
        wait_for_all_tracers()
    finally:
        langsmith_utils.get_env_var.cache_clear()
    assert server.strays == []


def test_no_model_is_made_before_it_is_asked(ollama):
    assert ProviderEndpoint(ModelSettings("ollama:tiny")).dialect.temperature
    assert ollama.requests == []
