"""A provider's model through its own LangChain package, in the same terms as llm_endpoint.py.

The packages' own errors may hold the request and with it the key, so only a status and what the
service said is taken out of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import replace
from importlib import import_module
from math import ceil
from typing import TYPE_CHECKING, Any, cast

import httpx
import openai
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata, add_usage
from pydantic import SecretStr

from askpod.answering.llm_endpoint import (
    SEALED,
    STRUCTURED,
    ChatErrorMessages,
    Dialect,
    auntraced,
    untraced,
)
from askpod.errors import ModelError
from askpod.services.endpoints import (
    NO_KEY,
    PROVIDERS,
    is_this_machine,
    missing_packages,
    secret,
    split_name,
)
from askpod.services.errors import ErrorMessages, RequestInfo, chain, is_a, quoted
from askpod.services.retry import RequestFailure
from askpod.settings import ModelSettings
from askpod.tokens import Message, Schema

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

# Under which names providers say why a reply ended.
FINISHES = ("finish_reason", "stop_reason", "stopReason", "done_reason")
OLLAMA_ROOM = 1.25  # a model's own tokens for each that is counted here
# Where LangSmith's gateway would be asked in the provider's place, if no address were given.
ADDRESSES = {
    "anthropic": "https://api.anthropic.com",
    "google_genai": "https://generativelanguage.googleapis.com",
}
OLLAMA_HOST = "127.0.0.1:11434"


class ProviderEndpoint:
    """One model of a provider. Safe for several threads.

    Raises:
        ModelError: its package is not installed, or there is no key.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._provider, self._model = split_name(settings.name)
        if command := missing_packages(self._provider):
            raise ModelError(f"{settings.name} needs a package that is not installed: {command}")
        self._key = _key_for(self._provider)
        self.dialect = Dialect((), usage=False, complained=(*STRUCTURED, "format"))
        self._chats: dict[Dialect, BaseChatModel] = {}

    def stream(
        self, dialect: Dialect, messages: Sequence[Message], schema: Schema | None = None
    ) -> Generator[AIMessageChunk, None, None]:
        """What the service sends. Closing the iterator closes the response."""
        if dialect not in self._chats:
            self._chats[dialect] = self._chat(dialect)
        chat, told = self._chats[dialect], _Told()
        chunks = chat.stream(list(messages), SEALED, **self._form(dialect, schema))
        with closing(untraced(chunks)) as opened:
            for chunk in opened:
                yield told.as_chat_completions(chunk)

    async def astream(
        self, dialect: Dialect, messages: Sequence[Message], schema: Schema | None = None
    ) -> AsyncGenerator[AIMessageChunk, None]:
        """The same for asynchronous code."""
        # Anthropic's package would share a connection, which must not outlive its event loop.
        closed = {"default_headers": {"Connection": "close"}}
        unkept = closed if self._provider == "anthropic" else {}
        chat, told = self._chat(dialect, **unkept), _Told()
        chunks = chat.astream(list(messages), SEALED, **self._form(dialect, schema))
        async with aclosing(auntraced(chunks)) as opened:
            async for chunk in opened:
                yield told.as_chat_completions(chunk)

    def error_messages(self, *, begun: bool) -> ProviderErrorMessages:
        """As of ChatEndpoint."""
        return ProviderErrorMessages(self._settings, self._key, begun=begun)

    def close(self) -> None:
        """Let go of what is kept for the next request."""
        self._chats.clear()

    def _form(self, dialect: Dialect, schema: Schema | None) -> dict[str, Any]:
        """The wish for a structured reply, to those whose word for it is plain."""
        if schema is None or not dialect.structured:
            return {}
        if self._provider == "ollama":
            return {"format": schema["json_schema"]["schema"]}
        return {"response_format": dict(schema)} if self._provider == "mistralai" else {}

    def _chat(self, dialect: Dialect, **more: Any) -> BaseChatModel:  # noqa: ANN401 - the library's
        make = import_module("langchain.chat_models").init_chat_model
        more |= {**dialect.options, **self._address(), **self._limits()}
        try:
            chat = make(self._model, model_provider=self._provider, cache=False, **more)
            return cast("BaseChatModel", chat)
        except Exception as problem:
            what = quoted(str(problem))
        # Outside of `except`: what led to it may hold the key.
        raise ModelError(f"{self._settings.name} cannot be set up{what}: check its variables")

    def _address(self) -> dict[str, Any]:
        """The provider's own, or that of its variable, and never a gateway's."""
        if self._provider not in ADDRESSES:
            return {}
        own = os.environ.get(PROVIDERS[self._provider].address or "")
        return {"base_url": own or ADDRESSES[self._provider], "api_key": SecretStr(self._key)}

    def _limits(self) -> dict[str, Any]:
        """How long it may take and write. Retries are llm_client.py's, bounded in time."""
        settings = self._settings
        if self._provider != "ollama":
            whole = self._provider == "mistralai"  # takes no fraction of a second
            return {
                "max_tokens": settings.answer_tokens,
                "timeout": ceil(settings.timeout) if whole else settings.timeout,
                # Google's counts the first try, too.
                "max_retries": 1 if self._provider == "google_genai" else 0,
            }
        host = os.environ.get("OLLAMA_HOST") or OLLAMA_HOST
        address = host if "://" in host else f"http://{host}"
        client = {"timeout": settings.timeout, "follow_redirects": False}
        return {
            "num_predict": settings.answer_tokens,
            # Ollama would cut a longer prompt without a word.
            "num_ctx": int(OLLAMA_ROOM * (settings.context_tokens + settings.answer_tokens)),
            "client_kwargs": {**client, "trust_env": not is_this_machine(address)},
        }


class _Told:
    """What a stream's chunks have told so far."""

    def __init__(self) -> None:
        self._usage: UsageMetadata | None = None

    def as_chat_completions(self, chunk: AIMessageChunk) -> AIMessageChunk:
        """A chunk with its end and its tokens where llm_client.py looks for them."""
        said = chunk.response_metadata
        if finish := next((str(said[name]) for name in FINISHES if said.get(name)), ""):
            said["finish_reason"] = finish.rpartition(".")[2].lower()
        if chunk.usage_metadata:  # some providers tell the tokens in parts
            self._usage = add_usage(self._usage, chunk.usage_metadata)
            chunk.usage_metadata = self._usage
        return chunk


class ProviderErrorMessages(ChatErrorMessages):
    """Puts the failures of a provider and of its package into words."""

    def __init__(self, settings: ModelSettings, key: str, *, begun: bool) -> None:
        super().__init__(settings, key, begun=begun)
        name, model = split_name(settings.name)
        provider = PROVIDERS[name]
        self.asked: RequestInfo = replace(
            self.asked,
            model=model,
            address=name,
            key_variable=" or ".join(provider.keys) or "its credentials",
            address_variable=provider.address or "its address",
        )

    def of(self, problem: Exception) -> RequestFailure:
        """What a problem means that the provider's package raised."""
        if known := ErrorMessages.of(self, problem):
            return known
        causes = list(chain(problem))
        told = next(filter(_status_of, causes), problem)
        status, complaint = _status_of(told), _complaint_of(told)
        if status >= 300:
            request = httpx.Request("POST", "http://provider.invalid")
            headers = getattr(getattr(told, "response", None), "headers", None) or {}
            response = httpx.Response(status, headers=_heeded(headers), request=request)
            return self.status(openai.APIStatusError(complaint, response=response, body=None))
        if any(is_a(each, "TimeoutException") or isinstance(each, TimeoutError) for each in causes):
            return self.timeout(problem)
        if any(is_a(each, "TransportError") or isinstance(each, OSError) for each in causes):
            return self.connection(problem)
        if status:
            failure = self._reported(complaint, "try again later")
            failure.error.retryable |= "overloaded" in complaint
            return failure
        return self.plain(f"sent what its package cannot read ({type(problem).__name__})")

    def address_hint(self) -> str:
        """What may be wrong with the address."""
        return f"check {self.asked.address_variable}"


def _status_of(problem: BaseException) -> int:
    """The HTTP status that an error holds; 200 or -1 for one inside a reply, 0 for none."""
    holders = (problem, getattr(problem, "response", None))
    values = [getattr(each, name, None) for each in holders for name in ("status_code", "code")]
    return next((value for value in values if isinstance(value, int) and value), 0)


def _complaint_of(problem: BaseException) -> str:
    """What the service said, as far as its package keeps it."""
    held = (getattr(problem, name, None) for name in ("body", "error", "message"))
    said = next(filter(None, held), None) or str(problem)
    return said if isinstance(said, str) else json.dumps(said, default=str)


def _heeded(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in ("retry-after", "location") if name in headers}


def _key_for(provider: str) -> str:
    """The key of the provider's variable, which its package reads for itself. Raises ModelError."""
    variables = PROVIDERS[provider].keys
    key = next(filter(None, (secret(name, "key", ModelError) for name in variables)), "")
    if variables and not key:
        raise ModelError(f"no key for {provider}: set {' or '.join(variables)}")
    return key or NO_KEY
