"""An archive as a model of the OpenAI interface: `/v1/models` and `/v1/chat/completions`.

Citations come in three layers, since clients drop fields that they do not know: links in the
text's list of sources, `annotations` with `url_citation`, and `citations` with everything.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from askpod.answering.refusal import in_its_place
from askpod.errors import QuestionError
from askpod.model import Answer, Citation, Exchange, Filters
from askpod.retrieval.retriever import LONGEST_QUESTION
from askpod.serve.api import MOST_EXCHANGES, explained, failure, status_of
from askpod.serve.live import LiveArchive
from askpod.times import clock

MODEL = "askpod"

_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|!~&])")
_SOURCES = re.compile(r"\n+Sources:\n\n1\. .*\Z", re.DOTALL)


class Part(BaseModel):
    """A part of a message, as clients send it that may add pictures."""

    type: str
    text: str = ""


class Message(BaseModel):
    """One message of a conversation."""

    role: str
    content: str | list[Part] | None = None

    def text(self) -> str:
        """The words of it."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class Completion(BaseModel):
    """What a client asks for. Sampling, tools and the like mean nothing here and are passed over.

    What the client would look for in the reply, and not find there, is refused.
    """

    messages: list[Message] = Field(min_length=1)
    stream: bool | None = False
    stream_options: dict[str, Any] | None = None
    n: Literal[1] | None = None
    response_format: dict[Literal["type"], Literal["text"]] | None = None


def completion_routes(live: LiveArchive) -> list[Route]:
    """The routes of the endpoint."""
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "askpod"}

    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [model]})

    async def one_model(_: Request) -> Response:
        return JSONResponse(model)

    async def completions(request: Request) -> Response:
        wanted = Completion.model_validate_json(await request.body())
        question, history = conversation(wanted.messages)
        if wanted.stream:
            usage = bool((wanted.stream_options or {}).get("include_usage"))
            chunks = streamed(live, question, history, with_usage=usage)
            return StreamingResponse(chunks, media_type="text/event-stream")
        async with aclosing(live.answer(question, history, Filters())) as items:
            async for item in items:
                if await request.is_disconnected():
                    return Response()
                answer = item
        assert isinstance(answer, Answer)
        return JSONResponse(completed(answer))

    return [
        Route("/v1/models", models),
        Route(f"/v1/models/{MODEL}", one_model),
        Route("/v1/chat/completions", completions, methods=["POST"]),
    ]


def conversation(messages: list[Message]) -> tuple[str, list[Exchange]]:
    """The question, which is the last message, and the exchanges before it."""
    said = [message for message in messages if message.role in ("user", "assistant")]
    last = messages[-1].content
    if isinstance(last, list) and any(part.type != "text" for part in last):
        raise QuestionError("the question has parts that are no text, and only text is read")
    if not said or said[-1].role != "user" or not said[-1].text().strip():
        raise QuestionError("the last message must be the user's question")
    if len(said[-1].text()) > LONGEST_QUESTION:
        raise QuestionError(f"a question has at most {LONGEST_QUESTION} characters")
    history = []
    for asked, replied in pairwise(said):
        if asked.role == "user" and replied.role == "assistant":
            text = _SOURCES.sub("", replied.text())
            past = Answer(asked.text(), text, (), (), refused=False, mode="extractive")
            history.append(Exchange(asked.text(), past))
    return said[-1].text(), history[-MOST_EXCHANGES:]


def completed(answer: Answer) -> dict[str, Any]:
    """The whole answer as one completion."""
    message = {
        "role": "assistant",
        "content": answer.text + sources(answer),
        "refusal": None,
        "annotations": url_citations(answer),
    }
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    told = {"choices": [choice], "usage": _usage(answer)}
    return _head("chat.completion") | told | _further(answer)


async def streamed(
    live: LiveArchive, question: str, history: list[Exchange], *, with_usage: bool
) -> AsyncIterator[str]:
    """The answer in chunks; the last with text brings the sources, the annotations and citations.

    An error in the midst is sent as clients of OpenAI expect it: an object `error`.
    """
    head, shown = _head("chat.completion.chunk"), ""

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: object) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return f"data: {json.dumps(head | {'choices': [choice]} | more)}\n\n"

    try:
        yield chunk({"role": "assistant", "content": ""})
        async with aclosing(live.answer(question, history, Filters())) as items:
            async for item in items:
                if isinstance(item, str):
                    shown += item
                    yield chunk({"content": item})
                    continue
                # An answer made without the model follows what broke off.
                whole = item.text.startswith(shown)
                rest = item.text[len(shown) :] if whole else in_its_place(item.text)
                begin = len(shown + rest) - len(item.text)
                ending = {"content": rest + sources(item)}
                yield chunk(ending | {"annotations": url_citations(item, begin)}, **_further(item))
                yield chunk({}, "stop", **_further(item))
                if with_usage:
                    last = head | {"choices": [], "usage": _usage(item)}
                    yield f"data: {json.dumps(last)}\n\n"
        yield "data: [DONE]\n\n"
    except Exception as error:
        told = failure(status_of(error), explained(error))
        yield f"data: {json.dumps(told)}\n\n"


def sources(answer: Answer) -> str:
    """The sources as a Markdown list, whose numbers are the citations'."""
    if not answer.citations:
        return ""
    lines = [f"{citation.number}. {_source(citation)}" for citation in answer.citations]
    return "\n\nSources:\n\n" + "\n".join(lines)


def _source(citation: Citation) -> str:
    who = f"{citation.speaker}, " if citation.speaker else ""
    label = markdown(f"{citation.title} ({who}{clock(citation.start)})")
    doubt = "" if citation.supported else " (not supported by what was said)"
    return (f"[{label}](<{citation.url}>)" if citation.url else label) + doubt


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def url_citations(answer: Answer, begin: int = 0) -> list[dict[str, Any]]:
    """A `url_citation` for each marker of a citation that has a link.

    `begin` counts the characters of the message before the answer's text.
    """
    linked = {citation.number: citation for citation in answer.citations if citation.url}
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": begin + marker.start(),
                "end_index": begin + marker.end(),
                "title": f"{cited.title} ({clock(cited.start)})",
                "url": cited.url,
            },
        }
        for marker in re.finditer(r"\[(\d{1,6})\]", answer.text)
        if (cited := linked.get(int(marker[1]))) is not None
    ]


def _head(kind: str) -> dict[str, Any]:
    name = f"chatcmpl-{uuid4().hex}"
    return {"id": name, "object": kind, "created": int(time.time()), "model": MODEL}


def _further(answer: Answer) -> dict[str, Any]:
    return {
        "citations": [citation.to_dict() for citation in answer.citations],
        "basis": answer.basis,
    }


def _usage(answer: Answer) -> dict[str, int]:
    prompt, written = answer.usage.prompt_tokens, answer.usage.completion_tokens
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}
