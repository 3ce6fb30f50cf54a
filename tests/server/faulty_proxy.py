"""A proxy before a Chroma server that spoils what a test wants spoiled.

proxy.spoil = lambda request: Fault.LOST if request.number == 7 else None
"""

from __future__ import annotations

import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Fault(Enum):
    """What happens to a request in place of an answer."""

    CUT = auto()  # the connection ends; the server has not seen the request
    LOST = auto()  # the server has done it, and its answer is lost
    STALL = auto()  # nothing comes


@dataclass(frozen=True)
class Request:
    """What a test may decide by."""

    number: int  # from 1, since the last `spoil`
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer that is not the server's."""

    status: int
    body: bytes = b""
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Spoil = Callable[[Request], "Fault | Reply | None"]


class FaultyProxy:
    """Listens on this machine; `url` is its address."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._spoil: Spoil = lambda _: None
        self.seen: list[Request] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # manifest and body in one piece: two would wait for each other
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                proxy._handle(self)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def speak_tls(self, certificate: Path, key: Path) -> str:
        """From now on; returns its address."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        return self.url.replace("http:", "https:")

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def spoil(self) -> Spoil:
        return self._spoil

    @spoil.setter
    def spoil(self, spoil: Spoil) -> None:
        with self._lock:
            self._spoil, self.seen = spoil, []

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self._lock:
            request = Request(
                len(self.seen) + 1, handler.command, handler.path, dict(handler.headers), body
            )
            self.seen.append(request)
            outcome = self._spoil(request)
        if outcome is Fault.STALL:
            self._over.wait(30)
        elif outcome is not Fault.CUT:
            reply = outcome if isinstance(outcome, Reply) else self._forwarded(request)
            if outcome is not Fault.LOST:
                _send(handler, reply)
                return
        handler.close_connection = True

    def _forwarded(self, request: Request) -> Reply:
        sent = urllib.request.Request(
            self._target + request.path,
            data=request.body or None,
            method=request.method,
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(sent, timeout=30) as response:
                return Reply(response.status, response.read())
        except urllib.error.HTTPError as error:
            return Reply(error.code, error.read())
        except OSError:
            time.sleep(0.01)
            return Reply(502, b"{}")


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    handler.send_response(reply.status)
    handler.send_header("Content-Type", reply.kind)
    handler.send_header("Content-Length", str(len(reply.body)))
    for name, value in reply.headers:
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(reply.body)
    handler.wfile.flush()
