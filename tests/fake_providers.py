"""Ollama's, Anthropic's and Mistral's interfaces on this machine, after tests/fake_openai.py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fake_openai import FakeOpenAI
from fake_openai_wire import Handler

if TYPE_CHECKING:
    from fake_openai import Scripted

ANTHROPICS_WORDS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


class OllamaHandler(Handler):
    """JSON, one object a line."""

    def _event(self, delta: dict[str, str], finish: str | None = None) -> None:  # noqa: ARG002
        self._line({"message": {"role": "assistant", "content": delta.get("content", "")}})

    def _proper_end(self, reply: Scripted, count: int) -> None:
        if reply.finish is None:
            return
        counts = {"prompt_eval_count": len(self.request_seen.prompt.split()), "eval_count": count}
        last = {"message": {"role": "assistant", "content": ""}, "done_reason": reply.finish}
        self._line({**last, "done": True, **(counts if reply.usage else {})})

    def _line(self, part: dict[str, Any]) -> None:
        whole = {"model": "tiny", "created_at": "2025-01-01T00:00:00Z", "done": False, **part}
        self._chunk(json.dumps(whole) + "\n")


class AnthropicHandler(Handler):
    """Server-sent events with names."""

    def _event(self, delta: dict[str, str], finish: str | None = None) -> None:  # noqa: ARG002
        if "role" not in delta:
            piece = {"type": "text_delta", "text": delta["content"]}
            self._named("content_block_delta", index=0, delta=piece)
            return
        begun = {"id": "fake", "type": "message", "role": "assistant", "content": []}
        usage = {"input_tokens": len(self.request_seen.prompt.split()), "output_tokens": 1}
        ending = {"model": "tiny", "stop_reason": None, "stop_sequence": None, "usage": usage}
        self._named("message_start", message={**begun, **ending})
        self._named("content_block_start", index=0, content_block={"type": "text", "text": ""})

    def _proper_end(self, reply: Scripted, count: int) -> None:
        self._named("content_block_stop", index=0)
        if reply.finish is None:
            return
        ending = {"stop_reason": ANTHROPICS_WORDS[reply.finish], "stop_sequence": None}
        sent = len(self.request_seen.prompt.split())
        usage = {"input_tokens": sent, "output_tokens": count}
        self._named("message_delta", delta=ending, usage=usage)
        self._named("message_stop")

    def _named(self, kind: str, **data: Any) -> None:
        self._chunk(f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n")


class MistralHandler(Handler):
    """Nearly OpenAI's own, but tokens are told unasked and with the end."""

    def _proper_end(self, reply: Scripted, count: int) -> None:
        if reply.finish is not None:
            choice = {"index": 0, "delta": {"content": ""}, "finish_reason": reply.finish}
            last = self._frame("chat.completion.chunk", [choice]) | {"usage": self._usage(count)}
            self._chunk(f"data: {json.dumps(last)}\n\n")
        self._chunk("data: [DONE]\n\n")


class FakeOllama(FakeOpenAI):
    """Ollama: no key, an error is a text."""

    handler = OllamaHandler
    chat_paths = ("/api/chat",)


class FakeMistral(FakeOpenAI):
    """Mistral."""

    handler = MistralHandler


class FakeAnthropic(FakeOpenAI):
    """Anthropic: the key in a header of its own, the system's text apart."""

    handler = AnthropicHandler
    chat_paths = ("/v1/messages",)
