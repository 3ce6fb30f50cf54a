"""A service that speaks Chat Completions: how it takes requests, and a stream of messages from it.

Importing this loads LangChain and the openai client.
"""

from __future__ import annotations

import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import openai
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables import RunnableConfig
from langchain_openai import ChatOpenAI
from langsmith.run_helpers import tracing_context
from pydantic import SecretStr

from askpod.errors import ContextTooLong, ModelError
from askpod.services.endpoints import is_vendors, key_for, split_name, where
from askpod.services.errors import ErrorMessages, RequestInfo, complaint_of, is_too_long, may_pass
from askpod.services.openai_http import (
    PAGES,
    Guard,
    GuardedAsyncClient,
    GuardedClient,
    NotAReply,
    http_options,
)
from askpod.services.retry import RequestFailure
from askpod.settings import ModelSettings
from askpod.tokens import Message, Schema

# LangChain dumps each chunk, and pydantic then warns of a wrong type with the value: perhaps a key.
warnings.filterwarnings("ignore", category=UserWarning, module=r"pydantic\.")

BYTES_AT_LEAST = 1_000_000  # of a response, before it counts as endless
BYTES_PER_TOKEN = 4_000  # a streamed token takes about 300; hidden reasoning counts too
# Of a complaint about the schema; the last two are Groq's and Ollama's.
STRUCTURED = (
    *("response_format", "json_schema", "schema", "grammar", "structured"),
    *("json_validate_failed", "for format"),
)
SEALED = RunnableConfig(callbacks=[])  # a chain around us does not listen in


@dataclass(frozen=True, slots=True)
class Dialect:
    """What may be sent along with the messages: "OpenAI-compatible" services differ in this.

    Ollama ignores `max_completion_tokens`, OpenAI's newer models refuse `max_tokens`, and some
    servers refuse a temperature or a wish for token counts. A request that is refused for one of
    these is put again without it, and the endpoint's way is kept for the next one.
    """

    limits: tuple[str, ...]  # names of the setting for the longest answer, best first
    usage: bool = True  # ask for token counts
    temperature: bool = True  # ask for 0
    structured: bool = True  # ask for JSON of a given form, where that is wanted
    complained: tuple[str, ...] = STRUCTURED  # words of a complaint about that form

    @classmethod
    def of(cls, base_url: str | None) -> Dialect:
        """What is tried first at an endpoint."""
        names = ("max_tokens", "max_completion_tokens")
        return cls(limits=names[::-1] if is_vendors(base_url) else names)

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of LangChain's chats."""
        return {"temperature": 0} if self.temperature else {}

    def body(self, answer_tokens: int, schema: Schema | None) -> dict[str, Any]:
        """What goes into the request as it is.

        ChatOpenAI itself renames max_tokens, and reads a structured reply in a way of its own.
        """
        chosen: dict[str, Any] = dict.fromkeys(self.limits[:1], answer_tokens)
        if schema is not None and self.structured:
            chosen["response_format"] = dict(schema)
        return chosen

    def after(self, complaint: str) -> Dialect | None:
        """The way to put it once the endpoint complained; None if that would change nothing."""
        if self.usage and ("stream_options" in complaint or "include_usage" in complaint):
            return replace(self, usage=False)
        if self.limits and self.limits[0] in complaint:
            return replace(self, limits=self.limits[1:])
        if self.temperature and "temperature" in complaint:
            return replace(self, temperature=False)
        if self.structured and any(word in complaint for word in self.complained):
            return replace(self, structured=False)
        return None


class _Chat(ChatOpenAI):
    """LangChain's chat, which by itself drops a streamed refusal (`delta.refusal`)."""

    def _convert_chunk_to_generation_chunk(
        self,
        chunk: dict[str, Any],
        *rest: Any,  # noqa: ANN401 (what goes with it is LangChain's)
    ) -> ChatGenerationChunk | None:
        for choice in chunk.get("choices") or ():
            if (choice.get("delta") or {}).get("refusal"):
                choice["finish_reason"] = "refusal"
        return super()._convert_chunk_to_generation_chunk(chunk, *rest)


class ChatEndpoint:
    """Connections to one service. Safe for several threads.

    Raises:
        ModelError: there is no key, or none that can be sent.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._key = key_for(settings.base_url)
        self.dialect = Dialect.of(settings.base_url)  # as the service is known to take requests
        self._chats: dict[Dialect, ChatOpenAI] = {}

    def stream(
        self, dialect: Dialect, messages: Sequence[Message], schema: Schema | None = None
    ) -> Generator[AIMessageChunk, None, None]:
        """What the service sends. Closing the iterator closes the response."""
        if dialect not in self._chats:
            self._chats[dialect] = self._chat(dialect, http_client=self._http)
        body = dialect.body(self._settings.answer_tokens, schema)
        yield from untraced(self._chats[dialect].stream(list(messages), SEALED, extra_body=body))

    async def astream(
        self, dialect: Dialect, messages: Sequence[Message], schema: Schema | None = None
    ) -> AsyncGenerator[AIMessageChunk, None]:
        """The same for asynchronous code, over a connection of its own.

        A kept connection would be bound to the event loop that made it.
        """
        async with GuardedAsyncClient(self._guard, **self._http_options) as http:
            chat = self._chat(dialect, http_client=self._http, http_async_client=http)
            body = dialect.body(self._settings.answer_tokens, schema)
            chunks = chat.astream(list(messages), SEALED, extra_body=body)
            async with aclosing(auntraced(chunks)) as opened:
                async for chunk in opened:
                    yield chunk

    def error_messages(self, *, begun: bool) -> ChatErrorMessages:
        """Words for a failure; `begun` says whether some text had come before."""
        return ChatErrorMessages(self._settings, self._key, begun=begun)

    def close(self) -> None:
        """End the connections that are kept for the next request."""
        self._http.close()

    def _chat(self, dialect: Dialect, **clients: Any) -> ChatOpenAI:  # noqa: ANN401 - httpx's own
        clients.setdefault("http_async_client", self._unused_async_http)
        return _Chat(
            model=split_name(self._settings.name)[1],
            api_key=SecretStr(self._key),
            base_url=where(self._settings.base_url),  # said, so that no variable redirects it
            openai_proxy=None,
            timeout=self._http_options["timeout"],
            max_retries=0,  # llm_client.py's own are bounded in time
            use_responses_api=False,
            stream_chunk_timeout=None,  # the HTTP client's timeout holds for every byte
            cache=False,
            stream_usage=dialect.usage,
            **clients,
            **dialect.options,
        )

    @cached_property
    def _http(self) -> GuardedClient:
        return GuardedClient(self._guard, **self._http_options)

    @cached_property
    def _unused_async_http(self) -> GuardedAsyncClient:
        """ChatOpenAI makes both kinds of client; this one spares it the making."""
        return GuardedAsyncClient(self._guard, **self._http_options)

    @cached_property
    def _guard(self) -> Guard:
        most_bytes = BYTES_AT_LEAST + BYTES_PER_TOKEN * self._settings.answer_tokens
        return Guard(most_bytes, refused=(*PAGES, "application/json"))

    @cached_property
    def _http_options(self) -> dict[str, Any]:
        return http_options(self._settings.base_url, self._settings.timeout)


def untraced(chunks: Iterator[AIMessageChunk]) -> Generator[AIMessageChunk, None, None]:
    """What a chat of LangChain streams, not told to LangSmith. Closing it closes the response."""
    with closing(cast("Generator[AIMessageChunk, None, None]", chunks)) as opened:
        with tracing_context(enabled=False):  # read when the stream begins, so not held on
            first = next(opened, None)
        if first is not None:
            yield first
        yield from opened


async def auntraced(chunks: AsyncIterator[AIMessageChunk]) -> AsyncGenerator[AIMessageChunk, None]:
    """`untraced` for asynchronous code."""
    async with aclosing(cast("AsyncGenerator[AIMessageChunk, None]", chunks)) as opened:
        with tracing_context(enabled=False):
            first = await anext(opened, None)
        if first is not None:
            yield first
        async for chunk in opened:
            yield chunk


class ChatErrorMessages(ErrorMessages):
    """Puts the failures of one model's service into words."""

    def __init__(self, settings: ModelSettings, key: str, *, begun: bool) -> None:
        self._settings = settings
        asked = RequestInfo(
            model=split_name(settings.name)[1],
            address=where(settings.base_url),
            key=key,
            interface="Chat Completions",
            setting="ASKPOD_MODEL",
            timeout=settings.timeout,
            slow="try again, or raise the timeout (ASKPOD_TIMEOUT)",
        )
        super().__init__(asked, begun=begun)

    def of(self, problem: Exception) -> RequestFailure:
        """What a problem means that the openai client, its HTTP library or LangChain raised."""
        if known := super().of(problem):
            return known
        if isinstance(problem, openai.APIError):
            return self._reported(complaint_of(problem), "try again later")
        what, todo = "sent no answer at all", self.address_hint()
        if isinstance(problem, NotAReply):
            if "json" in problem.kind and '"error"' in problem.text:
                return self._reported(problem.text)
            what = f"answered with {problem.kind} in place of a stream of Chat Completions"
        elif "No generation chunks" not in str(problem):  # LangChain's words
            what = f"sent what is not a stream of Chat Completions ({type(problem).__name__})"
            todo = "try again" if self.begun else todo
        return self.plain(what, todo)

    def nothing_said(self, finish: str) -> ModelError:
        """A reply without any text."""
        if finish == "content_filter":
            what, todo = "withheld the answer (its content filter)", "ask in other words"
        elif finish == "length":
            tokens = self._settings.answer_tokens
            what = f"used up {tokens} tokens before any text, as a reasoning model may"
            todo = "raise answer_tokens (ASKPOD_ANSWER_TOKENS)"
        else:
            what, todo = "gave an empty reply", "ask again, or choose another model"
        return self.plain(what, todo).error

    def too_long(self, complaint: str) -> RequestFailure:
        """A prompt that is longer than the model reads."""
        problem = (
            f"the prompt is longer than {self.asked.model} at {self.asked.address} reads"
            f"{self.quoted(complaint)}: lower context_tokens (ASKPOD_CONTEXT_TOKENS), or give "
            "the server a larger context"
        )
        return RequestFailure(ContextTooLong(problem))

    def _reported(self, complaint: str, todo: str = "") -> RequestFailure:
        """An error that came with a status of success."""
        if is_too_long(complaint):
            return self.too_long(complaint)
        what = f"reported a failure{self.quoted(complaint)}"
        found = self.plain(what, todo, retryable=may_pass(complaint))
        return replace(found, complaint=complaint)
