"""LangChain's way of citing: numbered sources, and a structured reply that names them.

Four chunks by meaning, which is its retriever's default, and its `with_structured_output`.
"""

from __future__ import annotations

from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from openai import LengthFinishReasonError
from pydantic import BaseModel, Field

from peers.citing import Endpoint, Written
from peers.langchain_dense import LangChainDense

SOURCES = 4
INSTRUCTION = (
    "You answer questions from the sources below, and from nothing else. Keep the answer to two "
    "or three sentences, and name the sources that it rests on. If the sources do not hold the "
    "answer, say that you don't know, and name no source."
)
DOES_NOT_KNOW = ("don't know", "do not know", "cannot answer", "no information")


class CitedAnswer(BaseModel):
    """An answer from the sources, and those that it rests on."""

    answer: str = Field(description="the answer, from the sources alone")
    citations: list[int] = Field(description="numbers of the sources that justify the answer")


class CitingLangChain:
    """The recipe over a collection of chunks."""

    name = "LangChain, structured"

    def __init__(self, search: LangChainDense, endpoint: Endpoint) -> None:
        self._search = search
        model = ChatOpenAI(
            model=endpoint.model,
            base_url=endpoint.base_url,
            api_key=endpoint.key,
            temperature=0,
            max_tokens=endpoint.answer_tokens,
            timeout=600,
            max_retries=0,
        )
        self._model = model.with_structured_output(
            CitedAnswer, method="json_schema", include_raw=True
        )

    def ask(self, question: str, episode: str | None) -> Written:
        """As Answers."""
        documents = self._search.retriever(episode, SOURCES).invoke(question)
        sources = "\n\n".join(
            f"Source {number}:\n{each.page_content}" for number, each in enumerate(documents, 1)
        )
        prompt = [("system", f"{INSTRUCTION}\n\n{sources}"), ("human", question)]
        try:
            reply = self._model.invoke(prompt)
        except LengthFinishReasonError as cut:  # no closing brace within the answer's tokens
            usage = cut.completion.usage
            spent = usage.prompt_tokens if usage else 0
            return Written("", (), refused=False, malformed=True, prompt_tokens=spent)
        raw, parsed = reply["raw"], reply["parsed"]
        used = raw.usage_metadata if isinstance(raw, AIMessage) else None
        tokens = (used["input_tokens"], used["output_tokens"]) if used else (0, 0)
        if not isinstance(parsed, CitedAnswer):
            return Written("", (), refused=False, malformed=True, prompt_tokens=tokens[0])
        known = [number for number in dict.fromkeys(parsed.citations) if 0 < number <= SOURCES]
        found = self._search.found([documents[number - 1] for number in known])
        unknown = any(phrase in parsed.answer.lower() for phrase in DOES_NOT_KNOW)
        return Written(
            parsed.answer,
            tuple(each.stretch for each in found),
            refused=unknown and not known,
            malformed=not unknown and not known,
            prompt_tokens=tokens[0],
            answer_tokens=tokens[1],
        )
