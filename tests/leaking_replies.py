"""How a service can fail: every reply repeats the secrets that it was sent, wherever there is room.

For the clients of models, embeddings, Chroma and transcription; what only one of them can meet
stands by itself.
"""

from __future__ import annotations

import base64
import gzip
import json

from fake_web import Page, Raw

KEY = "sk-MARKERkey0123456789abcdef"
TOKEN = "MARKERtoken.0123456789.abcdef"
HEADER = "MARKERheader0123456789"
PASSWORD = "MARKERpassword"
ALL = f"{KEY} {TOKEN} {HEADER}"  # what is sent, and so can be repeated
MARKS = [mark.encode() for mark in ("MARKER",)] + [
    base64.b64encode(f"{user}:{PASSWORD}".encode()) for user in ("ann", PASSWORD)
]


def raw(answer: str) -> Raw:
    """The connection ends after this."""
    return lambda handler: handler.wfile.write(answer.encode("latin-1")) and None


SSE = "text/event-stream"


def _stream(*chunks: object) -> Page:
    lines = (c if isinstance(c, str) else json.dumps(c) for c in chunks)
    body = "".join(f"data: {line}\n\n" for line in lines).encode()
    return Page(body, headers={"Content-Type": SSE})


def _named(kind: str, **data: object) -> str:
    """One of the events that Anthropic's interface streams."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | data)}\n\n"


def _lines(*parts: object) -> Page:
    """What Ollama's interface streams."""
    body = "".join(f"{part if isinstance(part, str) else json.dumps(part)}\n" for part in parts)
    return Page(body.encode(), headers={"Content-Type": "application/x-ndjson"})


def _chunk(**parts: object) -> dict[str, object]:
    delta = {"index": 0, "delta": {"content": "They "}, "finish_reason": None}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "choices": [delta]} | parts


def answered(status: int, said: object, kind: str = "application/json", **headers: str) -> Page:
    body = said if isinstance(said, str) else json.dumps(said)
    return Page(body.encode(), status, {"Content-Type": kind, **headers})


ERROR = {"error": {"message": f"no {ALL}", "type": ALL, "code": ALL, "param": {ALL: [ALL]}}}
REASONS = {"detail": [{"msg": ALL, "loc": [ALL], "input": {"key": ALL}}], ALL: ALL}
CHUNKS = {
    "choices": {"choices": ALL},
    "choice": {"choices": [ALL]},
    "delta": {"choices": [{"index": 0, "delta": ALL}]},
    "index": {"choices": [{"index": ALL, "delta": {"content": {ALL: ALL}}}]},
    "finish": {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": ALL}]},
    "usage": {"usage": {"prompt_tokens": ALL, "completion_tokens": [ALL]}},
    "model": {"model": {ALL: ALL}, "system_fingerprint": [ALL], "id": [ALL]},
    "tools": {"choices": [{"index": 0, "delta": {"tool_calls": ALL, "function_call": ALL}}]},
    "role": {"choices": [{"index": 0, "delta": {"role": ALL, "content": "x", "refusal": [ALL]}}]},
}
FAILURES: dict[str, Page | Raw] = {
    **{f"{code}": answered(code, ERROR) for code in (400, 401, 403, 404, 409, 413, 429, 500, 503)},
    "422": answered(422, REASONS),
    "429 wait": answered(429, ALL, Retry_After=ALL, **{"Retry-After": ALL, "X-Request-Id": ALL}),
    "500 text": answered(500, f"Internal {ALL}", "text/plain"),
    "500 html": answered(500, f"<html>{ALL}</html>", "text/html"),
    "500 deep": answered(500, '{"error":' * 50_000 + json.dumps(ALL) + "}" * 50_000),
    "redirect": answered(307, ERROR, Location=f"http://ann:{PASSWORD}@{TOKEN}.example/{KEY}"),
    "page": answered(200, f"<html>{ALL}</html>", "text/html"),
    "error in 200": answered(200, ERROR),
    "other json": answered(200, {"data": [{"embedding": ALL, "index": ALL}], "usage": ALL}),
    "no json": answered(200, f"[{ALL}"),
    "not gzip": answered(200, ALL, **{"Content-Encoding": "gzip"}),
    "odd packing": answered(200, ALL, **{"Content-Encoding": ALL}),
    "more than gzip": Page(gzip.compress(b"{}") + ALL.encode(), 200, {"Content-Encoding": "gzip"}),
    "status line": raw(f"HTTP/1.1 {ALL}\r\n\r\n"),
    "header": raw(f"HTTP/1.1 200 OK\r\n{ALL}\r\n\r\n"),
    "chunk size": raw(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{ALL}\r\n"),
    "no http": raw(ALL),
    "nothing": raw(""),
    "sse no json": _stream(_chunk(), ALL),
    "sse error": _stream(_chunk(), ERROR),
    "sse deep": _stream(_chunk(), "[" * 50_000),
    **{f"sse {name}": _stream(_chunk(), _chunk(**part)) for name, part in CHUNKS.items()},
}
BEGUN = _named(
    "message_start",
    message={
        **{"id": "1", "type": "message", "role": "assistant", "model": "m", "content": []},
        **{"stop_reason": None, "stop_sequence": None},
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
)
OLLAMAS = {"model": "m", "created_at": "2025-01-01T00:00:00Z", "done": False}
OTHER_WIRES: dict[str, Page | Raw] = {
    f"anthropic {name}": Page((BEGUN + event).encode(), headers={"Content-Type": SSE})
    for name, event in {
        "error": _named("error", error={"type": ALL, "message": ALL}),
        "error text": _named("error", error=ALL),
        "no json": f"event: content_block_delta\ndata: {ALL}\n\n",
        "delta": _named("content_block_delta", index=0, delta={"type": ALL, "text": [ALL]}),
        "block": _named("content_block_start", index=ALL, content_block={"type": ALL, ALL: ALL}),
        "stop": _named("message_delta", delta={"stop_reason": ALL}, usage={"output_tokens": ALL}),
        "start": _named("message_start", message=ALL),
    }.items()
} | {
    f"ollama {name}": _lines(OLLAMAS | {"message": {"role": "assistant", "content": "A"}}, part)
    for name, part in {
        "error": {"error": ALL},
        "no json": ALL,
        "message": OLLAMAS | {"message": ALL},
        "text": OLLAMAS | {"message": {"role": ALL, "content": [ALL]}},
        "end": OLLAMAS | {"done": ALL, "done_reason": [ALL], "eval_count": ALL, "model": [ALL]},
    }.items()
}
HEARD = {
    f"heard {name}": answered(
        200, {"text": "x", "language": "en", "segments": segments, "words": []}
    )
    for name, segments in {
        "text": ALL,
        "times": [{"id": 0, "start": ALL, "end": ALL, "text": ALL}],
        "words": [{"id": 0, "start": 0.0, "end": 1.0, "text": "x", "words": [ALL, {ALL: ALL}]}],
    }.items()
}
