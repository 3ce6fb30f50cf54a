"""A language model behind an endpoint that speaks Chat Completions, or a provider's, by LangChain.

The prompt goes to the endpoint of the settings and nowhere else: retries are ours, redirects are
not followed, and LangSmith's tracing and gateway are off for these calls whatever their variables
say. Every failure is a ModelError that says what to do and holds no key.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from askpod.model import FINITE
from askpod.services.endpoints import OPENAI, StrikeOut, split_name
from askpod.services.retry import RequestFailure, Retries
from askpod.settings import ModelSettings
from askpod.tokens import Message, Schema, reported

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk

    from askpod.answering.llm_endpoint import ChatEndpoint
    from askpod.answering.provider_endpoint import ProviderEndpoint


CHARACTERS_PER_TOKEN = 16  # far above what any language needs: a longer answer has no end
CHUNKS_PER_TOKEN = 50  # empty ones included, which is how hidden reasoning shows

# Other words of services for why a reply ended; "" where it did not come to its end.
ENDS = {
    **dict.fromkeys(("end_turn", "complete"), "stop"),
    **dict.fromkeys(("max_tokens", "model_length", "model_context_window_exceeded"), "length"),
    **dict.fromkeys(("refusal", "safety", "recitation", "prohibited_content"), "content_filter"),
    **dict.fromkeys(("abort", "error", "insufficient_system_resource"), ""),  # vLLM's, DeepSeek's
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said. Times are seconds from the request, retries included."""

    __pydantic_config__ = FINITE

    text: str
    finish: str  # "stop", or "length" (cut at the longest answer), "content_filter" and others
    prompt_tokens: int | None  # None where the endpoint does not count
    completion_tokens: int | None
    seconds: float
    first_text_seconds: float | None


class LanguageModel:
    """One model at one endpoint. Safe for several threads; `close` ends its connections.

    Nothing heavy is imported, no key read and no connection made before the first request.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self.name = settings.name
        self._settings = settings

    def __repr__(self) -> str:
        return f"LanguageModel({self.name!r})"

    def stream(
        self, messages: Sequence[Message], schema: Schema | None = None
    ) -> Generator[str | Reply, None, None]:
        """Text as it comes, and the Reply as the last item.

        With a `schema` (a `response_format`) the text is JSON of that form where the endpoint can
        do that; where it refuses to, it is asked again without, then and from then on.

        Closing the iterator closes the connection at once. Before the first text, what may pass
        is tried again, for `patience` seconds in all; the last try may take a `timeout` more.

        Raises:
            ContextTooLong: the prompt is longer than the model reads.
            ModelError: any other failure, even after some pieces have come.
        """
        call = _Call(self._settings, self._endpoint)
        while call.reply is None:
            failure: RequestFailure | None = None
            try:
                with closing(call.endpoint.stream(call.dialect, messages, schema)) as chunks:
                    for chunk in chunks:
                        if piece := call.take(chunk):
                            yield piece
                        if call.full:
                            break
                if piece := call.take_rest():
                    yield piece
                call.finish()
            except Exception as problem:
                failure = call.failure(problem)
            if failure is not None:  # outside of `except`: what led to it may hold the key
                time.sleep(call.wait_after(failure))
        yield call.reply

    async def astream(
        self, messages: Sequence[Message], schema: Schema | None = None
    ) -> AsyncGenerator[str | Reply, None]:
        """`stream` for asynchronous code. Cancelling the task closes the connection, too."""
        call = _Call(self._settings, self._endpoint)
        while call.reply is None:
            failure: RequestFailure | None = None
            chunks = call.endpoint.astream(call.dialect, messages, schema)
            try:
                async with aclosing(chunks):
                    async for chunk in chunks:
                        if piece := call.take(chunk):
                            yield piece
                        if call.full:
                            break
                if piece := call.take_rest():
                    yield piece
                call.finish()
            except Exception as problem:
                failure = call.failure(problem)
            if failure is not None:
                await asyncio.sleep(call.wait_after(failure))
        yield call.reply

    def reply(self, messages: Sequence[Message]) -> Reply:
        """The whole reply at once. Raises what `stream` raises."""
        *_, reply = self.stream(messages)
        return cast("Reply", reply)

    def forget(self, messages: Sequence[Message], schema: Schema | None = None) -> None:
        """The reply to these could not be used: one that is kept somewhere must not stay."""

    def close(self) -> None:
        """End the connections kept for the next request; there may be one all the same."""
        if endpoint := self.__dict__.pop("_endpoint", None):
            endpoint.close()

    @cached_property
    def _endpoint(self) -> ChatEndpoint | ProviderEndpoint:
        if split_name(self.name)[0] != OPENAI:
            from askpod.answering.provider_endpoint import ProviderEndpoint

            return ProviderEndpoint(self._settings)
        # LangChain and openai take a second.
        from askpod.answering.llm_endpoint import ChatEndpoint

        return ChatEndpoint(self._settings)


class _Call:
    """One request with its retries: what has come so far, and what to do about a failure."""

    def __init__(self, settings: ModelSettings, endpoint: ChatEndpoint | ProviderEndpoint) -> None:
        self.endpoint = endpoint
        self.reply: Reply | None = None
        self._settings = settings
        self._began = time.perf_counter()
        self._retries = Retries(settings.patience)
        self._first_text: float | None = None
        self._start_try()

    def _start_try(self) -> None:
        self.dialect = self.endpoint.dialect
        self._pieces: list[str] = []
        self._strike_out = StrikeOut()
        self._room = CHARACTERS_PER_TOKEN * self._settings.answer_tokens
        self._chunks_left = CHUNKS_PER_TOKEN * self._settings.answer_tokens
        self._finish = ""
        self._tokens: tuple[int | None, int | None] = (None, None)

    @property
    def full(self) -> bool:
        """The model goes on past any answer of the length that was asked for."""
        return self._room <= 0 or self._chunks_left <= 0

    def take(self, chunk: AIMessageChunk) -> str:
        """The text of a chunk, after noting all that it says."""
        self._chunks_left -= 1
        if usage := chunk.usage_metadata:
            self._tokens = (reported(usage["input_tokens"]), reported(usage["output_tokens"]))
        if finish := chunk.response_metadata.get("finish_reason"):
            known = finish if re.fullmatch(r"[A-Za-z_]{1,30}", str(finish)) else "other"
            if self._finish != "content_filter":  # a refusal's stream ends with "stop"
                self._finish = ENDS.get(known.lower(), known)
        return self._said(self._strike_out.piece(str(chunk.text)[: max(0, self._room)]))

    def take_rest(self) -> str:
        """The text that was held back until it was known to be no secret."""
        return self._said(self._strike_out.rest())

    def _said(self, piece: str) -> str:
        if piece:
            if self._first_text is None:
                self._first_text = time.perf_counter() - self._began
            self._pieces.append(piece)
            self._room -= len(piece)
        return piece

    def finish(self) -> None:
        """Make the reply, now that the stream has ended. Raises ModelError if it is none."""
        if self.full:
            self._finish = "length"
        text = "".join(self._pieces)
        if not self._finish:
            raise self.endpoint.error_messages(begun=bool(self._pieces)).broken_off().error
        if not text.strip():
            raise self.endpoint.error_messages(begun=False).nothing_said(self._finish)
        seconds = time.perf_counter() - self._began
        self.reply = Reply(text, self._finish, *self._tokens, seconds, self._first_text)

    def failure(self, problem: Exception) -> RequestFailure | None:
        """What a problem means; None if the answer was complete before it came."""
        from askpod.services.openai_http import TooMuch

        begun = bool(self._pieces)
        if begun and isinstance(problem, TooMuch):
            self._room = 0
        if (self.full or self._finish) and "".join(self._pieces).strip():
            self.finish()
            return None
        return self.endpoint.error_messages(begun=begun).of(problem)

    def wait_after(self, failure: RequestFailure) -> float:
        """Seconds until the next try. Raises ModelError where another is of no use."""
        if self._pieces:
            raise failure.error
        wait = 0.0
        if failure.complaint and (other := self.dialect.after(failure.complaint)):
            self.endpoint.dialect = other  # the service takes such requests, from now on
        else:
            wait = self._retries.wait_after(failure)
        self._start_try()
        return wait
