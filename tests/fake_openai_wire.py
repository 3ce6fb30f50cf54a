"""The HTTP of tests/fake_openai.py: JSON, server-sent events, and the ways in which they break."""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_openai import FakeOpenAI, Request, Scripted


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    fake: FakeOpenAI

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the tests: nothing is printed, all else raised."""
        problem = sys.exception()
        if problem is not None and not isinstance(problem, ConnectionError):
            self.fake.note(problem)


class HungUp(Exception):
    """The client closed the connection."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each body waits 40 ms for its headers to be confirmed
    server: Server
    request_seen: Request

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.request_seen = self.server.fake.seen(self.path, headers, raw)
        try:
            self._send(self.server.fake.due(self.request_seen))
        except (HungUp, ConnectionError):
            self.request_seen.hung_up.set()
            self.close_connection = True

    def do_GET(self) -> None:
        self._whole(self.server.fake.stray("GET", self.path))

    def _send(self, reply: Scripted) -> None:
        self._rest(reply.wait)
        if reply.body is not None:
            self._whole(reply)
        elif self.request_seen.body.get("stream"):
            self._stream(reply)
        else:
            self._whole(replace(reply, body=json.dumps(self._completion(reply))))

    def _whole(self, reply: Scripted) -> None:
        content = reply.body or b""
        data = content.encode() if isinstance(content, str) else content
        self.send_response(reply.status)
        self._headers({"Content-Type": reply.content_type, **reply.headers})
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _completion(self, reply: Scripted) -> dict[str, Any]:
        pieces = list(reply.pieces)
        message = {"role": "assistant", "content": "".join(pieces)}
        choice = {"index": 0, "message": message, "finish_reason": reply.finish}
        whole = self._frame("chat.completion", [choice])
        if reply.usage:
            whole["usage"] = self._usage(len(pieces))
        return whole

    def _stream(self, reply: Scripted) -> None:
        self.send_response(200)
        self._headers({"Content-Type": "text/event-stream", **reply.headers})
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._event({"role": "assistant", "content": ""})
        count = 0
        for piece in reply.pieces:
            self._rest(reply.pause if count else 0.0)
            self._event({"content": piece})
            count += 1
        self._rest(reply.pause)
        self._end(reply, count)

    def _end(self, reply: Scripted, count: int) -> None:
        if reply.then is not None:
            self._chunk(reply.then)
        if reply.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if reply.then is None:
            self._proper_end(reply, count)
        self.wfile.write(b"0\r\n\r\n")

    def _proper_end(self, reply: Scripted, count: int) -> None:
        if reply.finish is not None:
            self._event({}, finish=reply.finish)
        options = self.request_seen.body.get("stream_options") or {}
        if reply.usage and options.get("include_usage"):
            last = self._frame("chat.completion.chunk", []) | {"usage": self._usage(count)}
            self._chunk(f"data: {json.dumps(last)}\n\n")
        if reply.done:
            self._chunk("data: [DONE]\n\n")

    def _event(self, delta: dict[str, str], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self._chunk(f"data: {json.dumps(self._frame('chat.completion.chunk', [choice]))}\n\n")

    def _chunk(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _frame(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        model = self.request_seen.body["model"]
        return {"id": "fake", "object": kind, "created": 0, "model": model, "choices": choices}

    def _usage(self, pieces: int) -> dict[str, int]:
        prompt = len(self.request_seen.prompt.split())
        total = prompt + pieces
        return {"prompt_tokens": prompt, "completion_tokens": pieces, "total_tokens": total}

    def _headers(self, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            self.send_header(name, value)

    def _rest(self, seconds: float) -> None:
        """Wait that long, unless the client hangs up or the server closes before."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.server.fake.closing:
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.02))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise HungUp
