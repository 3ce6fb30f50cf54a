"""The OpenAPI document of the HTTP API."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from askpod import __version__
from askpod.model import Answer, Passage

_FILTERS = [
    {"name": name, "in": "query", "schema": {"type": kind}}
    for name, kind in (
        ("episode", "string"),
        ("guest", "string"),
        ("speaker", "string"),
        ("season", "integer"),
        ("since", "string"),
        ("until", "string"),
    )
]


def _parameter(name: str, kind: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": {"type": kind}}


def _get(summary: str, schema: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    answered = {"description": "OK", "content": {"application/json": {"schema": schema}}}
    return {
        "get": {"summary": summary, "parameters": [*parameters], "responses": {"200": answered}}
    }


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in (Answer, Passage):
        schema = TypeAdapter(kind).json_schema(
            ref_template="#/components/schemas/{model}", mode="serialization"
        )
        found |= schema.pop("$defs", {})
        found[kind.__name__] = schema
    return found


_OBJECT: dict[str, Any] = {"type": "object"}
_ANSWER = {"$ref": "#/components/schemas/Answer"}
_EXCHANGE = {
    "type": "object",
    "required": ["question", "answer"],
    "properties": {"question": {"type": "string"}, "answer": _ANSWER},
}
_ASKING = {
    "type": "object",
    "required": ["question"],
    "properties": {
        "question": {"type": "string"},
        "history": {"type": "array", "items": _EXCHANGE},
        "filters": _OBJECT,
    },
}
_ASKED = {
    "description": "Server-sent events; the last one's data is an Answer",
    "content": {"text/event-stream": {"schema": _ANSWER}},
}
_ASK = {
    "post": {
        "summary": "An answer as it is written: events `text` ({text}), then `answer` or `error`",
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ASKING}}},
        "responses": {"200": _ASKED},
    }
}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "askpod", "version": __version__},
    "paths": {
        "/api/archive": _get("What the archive holds, or why it cannot be opened", _OBJECT),
        "/api/ask": _ASK,
        "/api/search": _get(
            "Passages, best first",
            {"type": "array", "items": {"$ref": "#/components/schemas/Passage"}},
            _parameter("q", "string", required=True),
            _parameter("top", "integer"),
            *_FILTERS,
        ),
        "/api/episodes": _get("The episodes", {"type": "array", "items": _OBJECT}, *_FILTERS),
        "/api/episode": _get(
            "One episode with its transcript", _OBJECT, _parameter("id", "string", required=True)
        ),
        "/api/passage": _get(
            "The turns around a stretch of an episode",
            _OBJECT,
            _parameter("episode", "string", required=True),
            _parameter("start", "number"),
            _parameter("end", "number"),
            _parameter("words", "string"),
            _parameter("around", "number"),
        ),
    },
    "components": {"schemas": _schemas()},
}
