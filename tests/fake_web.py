"""A web server on loopback for what is fetched: pages by path, and a list of what was asked.

with FakeWeb() as web:
    web.put("/feed.xml", feed, etag='"1"')
    ...
    assert web.asked == ["/feed.xml"]
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType


@dataclass(frozen=True)
class Page:
    """What the server answers with."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One request: its path with the query, and its headers, names in lower case."""

    path: str
    headers: Mapping[str, str]


Raw = Callable[[BaseHTTPRequestHandler], None]  # writes an answer of its own making


class FakeWeb:
    """Serves what was `put`; everything else is not there."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Asked] = []
        self._pages: dict[str, list[Page | Raw]] = {}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.web = self
        self._scheme = "http"
        if tls:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def put(self, path: str, body: bytes | str = b"", *, status: int = 200, **headers: str) -> str:
        """Serves this at `path` from now on; its address. A header's _ stands for a dash."""
        return self.script(path, page(body, status=status, **headers))

    def script(self, path: str, *answers: Page | Raw) -> str:
        """Serves these one after another; the last one stays. Gives the address."""
        self._pages[path] = list(answers)
        return self.at(path)

    def at(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self._server.server_port}{path}"

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.path for request in self.requests]

    def forget(self) -> None:
        """Empties the list of requests."""
        self.requests.clear()

    def answer(self, asked: Asked) -> Page | Raw:
        self.requests.append(asked)
        answers = self._pages.get(asked.path)
        if not answers:
            return Page(b"not here", 404)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Page) and _unchanged(found, asked):
            return Page(b"", 304)
        return found

    def __enter__(self) -> FakeWeb:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def page(body: bytes | str = b"", *, status: int = 200, **headers: str) -> Page:
    data = body.encode() if isinstance(body, str) else body
    return Page(data, status, {name.replace("_", "-"): value for name, value in headers.items()})


def _unchanged(found: Page, asked: Asked) -> bool:
    headers = {name.lower(): value for name, value in found.headers.items()}
    etag, modified = headers.get("etag"), headers.get("last-modified")
    return found.status == 200 and bool(
        (etag and asked.headers.get("if-none-match") == etag)
        or (modified and asked.headers.get("if-modified-since") == modified)
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    web: FakeWeb

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the tests."""
        problem = sys.exception()
        if problem is not None and not isinstance(problem, OSError):
            raise problem


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        found = self.server.web.answer(Asked(self.path, headers))
        if not isinstance(found, Page):
            self.close_connection = True
            found(self)
            return
        self.send_response(found.status)
        for name, value in found.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        self.wfile.write(found.body)
