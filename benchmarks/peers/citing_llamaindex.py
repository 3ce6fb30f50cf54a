"""LlamaIndex's CitationQueryEngine at its defaults: two nodes, cut into sources of 512 tokens."""

from __future__ import annotations

import re
from typing import Any

from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.llms import CustomLLM
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.query_engine import CitationQueryEngine
from openai import OpenAI
from pydantic import PrivateAttr

from askpod.evals.gold import Stretch
from peers.citing import Endpoint, Written
from peers.citing_langchain import DOES_NOT_KNOW
from peers.llamaindex import LlamaIndex

WINDOW = 4000  # tokens that the engine may fill; what has more is asked in several requests
_MARK = re.compile(r"\[(\d+)\]")
_HEAD = re.compile(r"Source \d+:\n")
_NO_ANSWER = (*DOES_NOT_KNOW, "not mention", "not provide", "none of the sources")


class Served(CustomLLM):
    """The endpoint's model in LlamaIndex's terms."""

    _endpoint: Endpoint = PrivateAttr()
    _client: OpenAI = PrivateAttr()
    _tokens: list[int] = PrivateAttr()

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._client = OpenAI(
            base_url=endpoint.base_url, api_key=endpoint.key, timeout=600, max_retries=0
        )
        self._tokens = [0, 0]

    @property
    def metadata(self) -> LLMMetadata:
        """What the engine plans its prompts by."""
        return LLMMetadata(
            context_window=WINDOW,
            num_output=self._endpoint.answer_tokens,
            model_name=self._endpoint.model,
        )

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        """The model's reply to one prompt."""
        del formatted
        reply = self._client.chat.completions.create(
            model=self._endpoint.model,
            messages=[{"role": "user", "content": prompt}],
            temperature=0,
            max_tokens=self._endpoint.answer_tokens,
        )
        if reply.usage:
            self._tokens[0] += reply.usage.prompt_tokens
            self._tokens[1] += reply.usage.completion_tokens
        return CompletionResponse(text=reply.choices[0].message.content or "")

    @llm_completion_callback()
    def stream_complete(
        self, prompt: str, formatted: bool = False, **more: Any
    ) -> CompletionResponseGen:
        """The same, in one piece."""
        yield self.complete(prompt, formatted, **more)

    def spent(self) -> tuple[int, int]:
        """Tokens of prompts and replies since it was last asked."""
        spent, self._tokens = self._tokens, [0, 0]
        return spent[0], spent[1]


class CitingLlamaIndex:
    """The engine over a vector index."""

    name = "LlamaIndex CitationQueryEngine"

    def __init__(self, search: LlamaIndex, endpoint: Endpoint) -> None:
        self._search = search
        self._model = Served(endpoint)

    def ask(self, question: str, episode: str | None) -> Written:
        """As Answers."""
        engine = CitationQueryEngine.from_args(
            self._search.index, llm=self._model, retriever=self._search.retriever(episode)
        )
        response = engine.query(question)
        text, sources = str(response), [each.node for each in response.source_nodes]
        numbers = [int(mark) for mark in dict.fromkeys(_MARK.findall(text))]
        known = [number for number in numbers if 0 < number <= len(sources)]
        unknown = any(phrase in text.lower() for phrase in _NO_ANSWER)
        prompt_tokens, answer_tokens = self._model.spent()
        return Written(
            text,
            tuple(self._stretch(sources[number - 1]) for number in known),
            refused=unknown and not known,
            malformed=not unknown and not known,
            prompt_tokens=prompt_tokens,
            answer_tokens=answer_tokens,
        )

    def _stretch(self, source: Any) -> Stretch:
        """When a source is said. It is a part of the node whose place its metadata tell."""
        return self._search.place(
            source.metadata["episode"],
            source.start_char_idx,
            _HEAD.sub("", source.get_content(), count=1).strip(),
        )
