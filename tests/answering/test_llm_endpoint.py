"""Each way in which a model's service fails, and the words that a user gets for it."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import time
import traceback
from dataclasses import replace

import pytest

from askpod.answering.llm_client import LanguageModel
from askpod.errors import ContextTooLong, ModelError
from askpod.settings import ModelSettings
from fake_openai import Scripted, failed, said

QUESTION = [("user", "How do bees find their way?")]
KEY = "qz4-never-to-be-seen-8812"
SILENCE = Scripted(wait=60)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_CUSTOM_HEADERS", raising=False)
    monkeypatch.setattr("askpod.services.retry.FIRST_WAIT", 0.02)


@pytest.fixture
def settings(model_server):
    return ModelSettings("tiny", model_server.base_url, timeout=60.0, patience=0.0)


def failure(settings: ModelSettings) -> ModelError:
    with pytest.raises(ModelError) as caught:
        LanguageModel(settings).reply(QUESTION)
    return caught.value


REFUSED = (
    'data: {"choices": [{"index": 0, "delta": {"refusal": "I cannot help."}}]}\n\n'
    'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
    "data: [DONE]\n\n"
)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (failed(401, "Incorrect API key"), "refused the key (401): check OPENAI_API_KEY"),
        (
            failed(403, "Not for you."),
            "does not allow this key to use tiny (403), saying “Not for you.”: check the key's "
            "rights, or choose another model (ASKPOD_MODEL)",
        ),
        (
            failed(404, "The model `tiny` does not exist", code="model_not_found"),
            "has no model tiny (404), saying “The model `tiny` does not exist”: check ASKPOD_MODEL",
        ),
        (failed(400, "Bad\x1b[31m shape\n of it"), "(400), saying “Bad [31m shape of it”"),
        (failed(429), "is asked too often (429): try again later"),
        (
            failed(429, headers={"Retry-After": "120"}),
            "is asked too often (429) and asks to wait 120 s: try again later",
        ),
        (
            failed(404, "The API deployment for this resource …"),
            "has no model tiny (404), saying “The",
        ),
        (
            failed(404, "No endpoints found for your data policy"),
            "address (404), saying “No endpoi",
        ),
        (
            Scripted(
                status=400, body='[{"error": {"code": 400, "message": "API key not valid."}}]'
            ),
            "refused the request (400), saying “API key not valid.”",
        ),
        (failed(429, "no", code="insufficient_quota"), "says that the quota is used up (429)"),
        (
            failed(429, "Rate limit reached on tokens per day (TPD): try again in 7m12s"),
            "says that the quota is used up (429), saying “Rate limit reached on tokens per day",
        ),
        (failed(500, "Oh."), "failed on its side (500), saying “Oh.”: try again later"),
        (Scripted(status=502, body="<html>Bad Gateway"), "failed on its side (502): try again"),
        (SILENCE, "said nothing for 1.5 seconds: try again, or raise the timeout"),
        (said("They watch", pause=60), "said nothing for 1.5 seconds in the middle of the answer"),
        (said("They watch", cut=True), "broke off in the middle of the answer: try again"),
        (said("They watch", finish=None), "broke off in the middle of the answer: try again"),
        (said("They", then="<html>502</html>\n\n"), "broke off in the middle of the answer"),
        (
            said("They watch", then="data: {never closed\n\n"),
            "sent what is not a stream of Chat Completions (JSONDecodeError): try again",
        ),
        (said("They", then="data: [1]\n\n"), "sent what is not a stream of Chat Completions"),
        (
            said("They", then='data: {"error": {"message": "Out of memory"}}\n\n'),
            "reported a failure, saying “Out of memory”: try again later",
        ),
        (Scripted(), "gave an empty reply: ask again, or choose another model"),
        (said(" \n "), "gave an empty reply"),
        (Scripted(finish="content_filter"), "withheld the answer (its content filter)"),
        (Scripted(then=REFUSED), "withheld the answer"),
        (Scripted(finish="length"), "used up 700 tokens before any text"),
        (
            Scripted(body="<html>Welcome", content_type="text/html; charset=utf-8"),
            "answered with text/html in place of a stream of Chat Completions: "
            "check OPENAI_BASE_URL",
        ),
        (Scripted(body='{"version": 3}'), "answered with application/json in place of a stream"),
        (Scripted(body='{"error": {"message": "Loading"}}'), "reported a failure, saying “Load"),
        (Scripted(body="", content_type="text/plain"), "sent no answer at all"),
        (Scripted(pieces=["on" * 3_000_000]), "sent a response without end"),
        (
            Scripted(status=307, body="", headers={"Location": "http://user:pw@else.invalid/v1"}),
            "redirects (307) to else.invalid: set OPENAI_BASE_URL",
        ),
    ],
)
def test_what_the_user_is_told(settings, model_server, reply, words):
    model_server.queue(reply)
    shown = str(failure(replace(settings, timeout=1.5) if "said nothing" in words else settings))
    assert shown.startswith(f"the model's service at {model_server.base_url} ")
    assert words in shown
    assert len(model_server.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        failed(400, "This model's maximum context …", code="context_length_exceeded"),
        failed(400, "This model's maximum context length is 4096 tokens. However, you …"),  # vLLM
        failed(400, "The decoder prompt (length 5) is longer than the maximum model length of 4"),
        failed(400, "'max_tokens' is too large. This model's maximum context length is 4096"),
        failed(400, "request (9 tokens) exceeds the available context size (4), try increasing"),
        failed(500, "Context size has been exceeded."),  # llama.cpp, both
        failed(400, "input length exceeds maximum context length"),  # Ollama
        failed(400, "Requested tokens (2285) exceed context window of 2048"),
        failed(400, "The model is loaded with context length of only 4096 tokens"),  # LM Studio
        failed(400, "The number of tokens to keep … is greater than the context length"),
        failed(400, "The input (9 tokens) is longer than the model's context length (4 tokens)."),
        failed(422, "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 8000"),  # TGI
        failed(413, "Payload Too Large"),
        failed(429, "Request too large for tiny on tokens per min (TPM): Limit 30, Requested 40"),
        said("", then='data: {"error": {"message": "Context size has been exceeded."}}\n\n'),
        Scripted(body='{"error": {"message": "the request exceeds the available context size"}}'),
    ],
)
def test_a_prompt_that_is_too_long(settings, model_server, reply):
    model_server.queue(reply)
    error = failure(settings)
    assert isinstance(error, ContextTooLong)
    assert "lower context_tokens (ASKPOD_CONTEXT_TOKENS)" in str(error)
    assert len(model_server.requests) == 1


# --- Retries -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again(settings, model_server, status):
    model_server.queue(failed(status), failed(status), "They watch the sun.")
    reply = LanguageModel(replace(settings, patience=60.0)).reply(QUESTION)
    assert reply.text == "They watch the sun."
    assert len(model_server.requests) == 3


@pytest.mark.parametrize(
    "error",
    [
        '{"message": "Rate limit exceeded", "code": 429}',  # OpenRouter
        '{"message": "EngineCore failed", "type": "InternalServerError", "code": 500}',  # vLLM
        '{"type": "overloaded_error", "message": "Overloaded"}',
    ],
)
def test_what_may_pass_is_tried_again_where_the_stream_says_it(settings, model_server, error):
    model_server.queue(Scripted(then=f'data: {{"error": {error}}}\n\n'), "At last.")
    model = LanguageModel(replace(settings, patience=60.0))
    assert model.reply(QUESTION).text == "At last."


@pytest.mark.parametrize("reply", [SILENCE, Scripted(cut=True)])
def test_silence_and_a_broken_connection_before_any_text_are_tried_again(
    settings, model_server, reply
):
    model_server.queue(reply)
    model = LanguageModel(replace(settings, timeout=1.5, patience=60.0))
    assert model.reply(QUESTION).text == "A reply."


def test_a_failure_after_the_first_text_is_final(settings, model_server):
    model_server.queue(said("They watch", cut=True))
    pieces = []
    with pytest.raises(ModelError, match="in the middle"):
        pieces.extend(LanguageModel(replace(settings, patience=60.0)).stream(QUESTION))
    assert len(model_server.requests) == 1


def test_the_time_that_the_service_asks_for_is_waited(settings, model_server):
    model_server.queue(failed(429, headers={"Retry-After": "0.3"}))
    LanguageModel(replace(settings, patience=60.0)).reply(QUESTION)
    first, second = model_server.requests
    assert second.arrived - first.arrived >= 0.3


def test_a_wait_that_is_past_all_patience_is_not_begun(settings, model_server):
    model_server.queue(failed(503, headers={"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}))
    began = time.perf_counter()
    failure(replace(settings, patience=60.0))
    assert time.perf_counter() - began < 30


def test_retries_end_within_the_patience(settings, model_server):
    model_server.answer_with(lambda _: failed(500))
    error = failure(replace(settings, patience=1.0))
    tries = len(model_server.requests)
    assert 2 <= tries <= 7  # 0.02, 0.04 … seconds, each a quarter less at most
    assert re.search(rf"\(tried {tries} times in \d+ s\)", str(error))
    assert error.retryable


def test_asynchronous_requests_fail_and_retry_alike(settings, model_server):
    async def items(patience, timeout=60.0):
        model = LanguageModel(replace(settings, patience=patience, timeout=timeout))
        return [item async for item in model.astream(QUESTION)]

    model_server.queue(failed(500), failed(500))
    with pytest.raises(ModelError, match=r"failed on its side \(500\)"):
        asyncio.run(items(0.0))
    *_, reply = asyncio.run(items(60.0))
    assert reply.text == "A reply."
    model_server.queue(Scripted(body="<html>", content_type="text/html"), SILENCE)
    with pytest.raises(ModelError, match="answered with text/html"):
        asyncio.run(items(0.0))
    with pytest.raises(ModelError, match="said nothing"):
        asyncio.run(items(0.0, timeout=1.5))
    settings = replace(settings, base_url=f"http://127.0.0.1:{unused_port()}/v1")
    with pytest.raises(ModelError, match="nothing listens there"):
        asyncio.run(items(60.0))


# --- Addresses -----------------------------------------------------------------------------------


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_nothing_listens(settings):
    address = f"http://127.0.0.1:{unused_port()}/v1"
    assert str(failure(replace(settings, base_url=address, patience=9.0))) == (
        f"the model's service at {address} cannot be reached, as nothing listens there: "
        "start it, or correct OPENAI_BASE_URL"
    )


def test_a_name_that_nobody_has(settings, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # a resolver may take its time
    error = failure(replace(settings, base_url="http://model.invalid/v1", patience=9.0))
    assert "the name model.invalid is not known; check OPENAI_BASE_URL" in str(error)


def test_tls_where_there_is_none(settings, model_server):
    address = model_server.base_url.replace("http:", "https:")
    assert "cannot be trusted" in str(failure(replace(settings, base_url=address)))


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("", "OPENAI_BASE_URL mostly ends in /v1, try {}/v1"),
        ("/v1/chat/completions", "OPENAI_BASE_URL ends too late, try {}/v1"),
    ],
)
def test_an_address_with_a_wrong_path(settings, model_server, path, hint):
    error = failure(replace(settings, base_url=model_server.address + path))
    assert "has no Chat Completions at this address (404)" in str(error)
    assert hint.format(model_server.address) in str(error)


# --- Keys ----------------------------------------------------------------------------------------


def test_openai_without_a_key(settings, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    assert "no key for https://api.openai.com/v1: set OPENAI_API_KEY" in str(
        failure(replace(settings, base_url=None))
    )


def test_a_server_that_wants_a_key(settings, model_server, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    model_server.queue(failed(401))
    assert "asks for a key (401): set OPENAI_API_KEY" in str(failure(settings))


def test_a_key_that_cannot_be_sent(settings, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY} “pasted”")
    error = failure(settings)
    assert "OPENAI_API_KEY holds characters that no key has" in str(error)
    assert KEY not in str(error)


@pytest.mark.parametrize(
    "reply",
    [failed(status, f"no {KEY}, no Bearer {KEY}") for status in (400, 401, 403, 404, 429, 500)]
    + [
        failed(400, f"maximum context length; key {KEY}"),
        said("They", then='data: {"error": {"message": "no %s"}}\n\n' % KEY),  # noqa: UP031
        said("They", then=f"data: {KEY}\n\n"),
        said("They", cut=True),
        Scripted(body='{"error": {"message": "no %s"}}' % KEY),  # noqa: UP031
        Scripted(body=f"<html>{KEY}", content_type="text/html"),
        SILENCE,
    ],
)
def test_the_key_is_nowhere_to_be_seen(settings, model_server, reply, caplog):
    caplog.set_level(logging.DEBUG)
    model_server.queue(reply)
    model = LanguageModel(replace(settings, timeout=0.3) if reply is SILENCE else settings)
    with pytest.raises(ModelError) as caught:
        model.reply(QUESTION)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    seen = "".join(traceback.format_exception(error)) + repr(error) + repr(model) + caplog.text
    assert KEY not in seen
    assert model_server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_key_in_a_header_of_a_gateway_is_struck_out(settings, model_server, monkeypatch):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"api-key: of-the-gateway-{KEY}")
    model_server.queue(failed(400, f"not of-the-gateway-{KEY}"))
    assert "saying “not ***”" in str(failure(settings))
    assert model_server.requests[0].headers["api-key"] == f"of-the-gateway-{KEY}"
