"""A provider's model through its own LangChain package, in the same terms as llm_endpoint.py.

Chunks are given the way Chat Completions does it: why the reply ended as `finish_reason`, and the
tokens of all that has come so far. What may go wrong is in provider_errors.py.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from importlib import import_module
from math import ceil
from typing import TYPE_CHECKING, Any, cast

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata, add_usage
from pydantic import SecretStr

from askpod.answering.llm_endpoint import SEALED, STRUCTURED, auntraced, untraced
from askpod.answering.provider_errors import ProviderErrorMessages
from askpod.errors import ModelError
from askpod.services.errors import quoted
from askpod.services.http import NO_KEY, is_this_machine, secret
from askpod.services.providers import PROVIDERS, missing_packages, split_name
from askpod.settings import ModelSettings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

# Under which names providers say why a reply ended, and their words for it.
FINISHES = ("finish_reason", "stop_reason", "stopReason", "done_reason")
MEANINGS = {
    "end_turn": "stop",
    "complete": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "safety": "content_filter",
    "recitation": "content_filter",
    "prohibited_content": "content_filter",
}
OLLAMA_ROOM = 1.25  # a model's own tokens for each that is counted here
# Where LangSmith's gateway would be asked in the provider's place, if no address were given.
ADDRESSES = {
    "anthropic": "https://api.anthropic.com",
    "google_genai": "https://generativelanguage.googleapis.com",
}
OLLAMA_HOST = "127.0.0.1:11434"


@dataclass(frozen=True, slots=True)
class ProviderDialect:
    """What may be sent along; what a model refuses is left out from then on."""

    temperature: bool = True
    structured: bool = True

    def after(self, complaint: str) -> ProviderDialect | None:
        """The way to put it once the service complained; None if that would change nothing."""
        if self.temperature and "temperature" in complaint:
            return replace(self, temperature=False)
        if self.structured and any(word in complaint for word in (*STRUCTURED, "format")):
            return replace(self, structured=False)
        return None


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
        self.dialect = ProviderDialect()
        self._chats: dict[ProviderDialect, BaseChatModel] = {}

    def stream(
        self,
        dialect: ProviderDialect,
        messages: Sequence[tuple[str, str]],
        schema: Mapping[str, Any] | None = None,
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
        self,
        dialect: ProviderDialect,
        messages: Sequence[tuple[str, str]],
        schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[AIMessageChunk, None]:
        """The same for asynchronous code."""
        chat, told = self._chat(dialect, **self._unkept()), _Told()
        chunks = chat.astream(list(messages), SEALED, **self._form(dialect, schema))
        async with aclosing(auntraced(chunks)) as opened:
            async for chunk in opened:
                yield told.as_chat_completions(chunk)

    def error_messages(self, *, begun: bool) -> ProviderErrorMessages:
        """Words for a failure; `begun` says whether some text had come before."""
        return ProviderErrorMessages(self._settings, self._key, begun=begun)

    def close(self) -> None:
        """Let go of what is kept for the next request."""
        self._chats.clear()

    def _form(self, dialect: ProviderDialect, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        """The wish for a structured reply, to those whose word for it is plain."""
        if schema is None or not dialect.structured:
            return {}
        if self._provider == "ollama":
            return {"format": schema["json_schema"]["schema"]}
        return {"response_format": dict(schema)} if self._provider == "mistralai" else {}

    def _chat(self, dialect: ProviderDialect, **more: Any) -> BaseChatModel:  # noqa: ANN401
        make = import_module("langchain.chat_models").init_chat_model
        chosen: dict[str, Any] = {"temperature": 0} if dialect.temperature else {}
        try:
            return cast(
                "BaseChatModel",
                make(
                    self._model,
                    model_provider=self._provider,
                    cache=False,
                    **chosen,
                    **self._address(),
                    **self._limits(),
                    **more,
                ),
            )
        except Exception as problem:
            what = quoted(str(problem))
        # Outside of `except`: what led to it may hold the key.
        raise ModelError(f"{self._settings.name} cannot be set up{what}: check its variables")

    def _address(self) -> dict[str, Any]:
        """The provider's own, or that of its variable, and never a gateway's."""
        if self._provider not in ADDRESSES:
            return {}
        variable = PROVIDERS[self._provider].address
        own = os.environ.get(variable) if variable else None
        address = own or ADDRESSES[self._provider]
        return {"base_url": address, "api_key": SecretStr(self._key)}

    def _unkept(self) -> dict[str, Any]:
        """Keeps a connection from outliving its event loop, where the package would share it."""
        if self._provider != "anthropic":
            return {}
        return {"default_headers": {"Connection": "close"}}

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
        client = {
            "timeout": settings.timeout,
            "follow_redirects": False,
            "trust_env": not is_this_machine(address),
        }
        return {
            "num_predict": settings.answer_tokens,
            # Ollama would cut a longer prompt without a word.
            "num_ctx": int(OLLAMA_ROOM * (settings.context_tokens + settings.answer_tokens)),
            "client_kwargs": client,
        }


class _Told:
    """What a stream's chunks have told so far."""

    def __init__(self) -> None:
        self._usage: UsageMetadata | None = None

    def as_chat_completions(self, chunk: AIMessageChunk) -> AIMessageChunk:
        """A chunk with its end and its tokens where llm_client.py looks for them."""
        said = chunk.response_metadata
        finish = next((str(said[name]) for name in FINISHES if said.get(name)), "")
        if finish:
            plain = finish.rpartition(".")[2].lower()
            said["finish_reason"] = MEANINGS.get(plain, plain)
        if chunk.usage_metadata:  # some providers tell the tokens in parts
            self._usage = add_usage(self._usage, chunk.usage_metadata)
            chunk.usage_metadata = self._usage
        return chunk


def _key_for(provider: str) -> str:
    """The key of the provider's variable, which its package reads for itself.

    Raises:
        ModelError: it is not set, or holds what no key holds.
    """
    variables = PROVIDERS[provider].keys
    key = next(filter(None, (secret(name, "key", ModelError) for name in variables)), "")
    if variables and not key:
        raise ModelError(f"no key for {provider}: set {' or '.join(variables)}")
    return key or NO_KEY
