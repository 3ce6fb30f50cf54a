"""The application that `askpod serve` runs, how it is run and stopped, and what stands before it.

Every request passes Host, Origin, token, rate and body before it is answered.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.parse import parse_qs, urlsplit

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request, cookie_parser
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from askpod.errors import AskpodError
from askpod.serve.api import api_routes, on_error, problem
from askpod.serve.completions import completion_routes
from askpod.serve.live import LiveArchive
from askpod.serve.tools import mcp_server

STATIC = Path(__file__).parent / "static"
CONNECTIONS = 512  # at a time; more are answered 503
GRACE = 5  # seconds for open requests when the server is stopped

FAILURES = (HTTPException, AskpodError, ValidationError, Exception)
COOKIE = "askpod_token"
ADDRESSES = 10_000  # whose rates are remembered
ASKING = ("/api/ask", "/api/search", "/api/episodes", "/v1/chat/completions", "/mcp")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; media-src 'self' https: http:; "
    "frame-src https://www.youtube-nocookie.com; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",  # the video's player asks for an origin
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOGIN = """<!doctype html><html lang="en"><meta charset="utf-8"><title>askpod</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/style.css">
<main class="login"><h1>askpod</h1><form method="post" action="/login"><label for="token">
Token</label><input id="token" name="token" type="password" autocomplete="current-password"
required><button>Open</button></form></main></html>"""


def create_app(
    live: LiveArchive,
    access: Access | None = None,
    limits: Limits | None = None,
    recordings: Path | None = None,
) -> ASGIApp:
    """The ASGI application: page, API, OpenAI-compatible endpoint and MCP; local by default.

    `recordings` is a folder with the episodes' audio files.
    """
    tools = mcp_server(live)
    # Host and Origin are checked by Guard, for all paths alike.
    unguarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    over_http = tools.streamable_http_app(
        stateless_http=True, json_response=True, transport_security=unguarded
    )
    [by_mcp] = over_http.routes
    assert isinstance(by_mcp, Route)
    by_mcp.methods = {"POST"}  # without sessions a GET would wait for events that never come

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with tools.session_manager.run():
            yield
        live.close()

    async def page(_: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    app = Starlette(
        routes=[
            Route("/", page),
            *api_routes(live, recordings),
            *completion_routes(live),
            by_mcp,
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        lifespan=lifespan,
        exception_handlers=dict.fromkeys(FAILURES, on_error),
    )
    return Guard(app, access or Access(), limits or Limits())


class Connection(H11Protocol):
    """A connection that is closed where a request's head takes too long; h11 limits its bytes."""

    head_seconds = 10.0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Bytes have come; they may complete a head."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._expect()
        else:
            self._relax()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        super().connection_lost(exc)
        self._relax()

    def _expect(self) -> None:
        """Starts the time for a head, unless it runs already."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self.transport.close)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Server(uvicorn.Server):
    """uvicorn, which on Ctrl-C or SIGTERM first lets the answers that are being written end."""

    def __init__(self, app: ASGIApp, live: LiveArchive, host: str, port: int) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="critical",
            access_log=False,  # questions are nobody's business
            server_header=False,
            headers=list(HEADERS.items()),
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=20,
            timeout_graceful_shutdown=GRACE,
            ws="none",
            http=Connection,
            log_config=None,
        )
        super().__init__(config)
        self._live = live

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """See uvicorn; what is being written ends first."""
        self._live.stopping.set()
        super().handle_exit(sig, frame)


@dataclass(frozen=True)
class Limits:
    """What one client, and one request, may take."""

    body: int = 256 * 1024  # bytes
    body_seconds: float = 10.0  # until the body has come
    rate: float = 20.0  # questions, searches and tool calls a second from one address
    burst: int = 100  # of them at once


@dataclass(frozen=True)
class Access:
    """Who may ask. With a `token` every request must carry it; without one nobody need.

    `names` are the hosts under which the server may be addressed beside this machine's own;
    `numeric` allows any IP address, which no foreign page can make a browser call by a name.
    """

    token: str | None = field(default=None, repr=False)
    names: frozenset[str] = frozenset()
    numeric: bool = False

    def host(self, header: str) -> bool:
        """Whether the request is addressed to this server: a rebound DNS name is not."""
        try:
            parts = urlsplit(f"//{header}")
            name, _ = (parts.hostname or "").rstrip("."), parts.port
            known = name in ("localhost", "127.0.0.1", "::1", *self.names)
            return known or (bool(ipaddress.ip_address(name)) and self.numeric)
        except ValueError:  # a port that is none, or a name that is neither known nor a number
            return False

    def token_fits(self, headers: Headers) -> bool:
        """Whether the request carries the token, as a bearer's or in the page's cookie."""
        if self.token is None:
            return True
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            given = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        return same(given.strip(), self.token)


def same(given: str, token: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


class Guard:
    """Refuses what may not come in, before any of it is read."""

    def __init__(self, app: ASGIApp, access: Access, limits: Limits) -> None:
        self._app = app
        self._access = access
        self._limits = limits
        self._rates: dict[str, tuple[float, float]] = {}  # address -> (left, when)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI; refuses what must not be answered."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refused(scope, headers)
        if refusal is None and scope["method"] not in ("GET", "HEAD"):
            body = await self._body(headers, receive)
            if isinstance(body, Response):
                refusal = body
            else:
                receive = _replayed(body, receive)
                if scope["path"] == "/login" and scope["method"] == "POST":
                    refusal = self._login(body)
        await (refusal or self._app)(scope, receive, send)

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if len(headers.getlist("host")) != 1 or not self._access.host(host):
            return _refusal(421, "this server does not answer under that name; see --name")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return _refusal(403, "a page of another origin may not ask this server")
        path: str = scope["path"]
        open_to_all = path == "/login" or path.startswith("/static/")
        if not open_to_all and not self._access.token_fits(headers):
            if path == "/" and scope["method"] == "GET":
                return HTMLResponse(LOGIN, 401)
            return _refusal(401, "a token is needed: Authorization: Bearer …")
        limited = path == "/login" or path.startswith(ASKING)
        if limited and not self._within_rate((scope.get("client") or ("",))[0]):
            return _refusal(429, "too many requests from this address; wait a moment")
        return None

    def _within_rate(self, address: str) -> bool:
        """A bucket of `burst` for each address, filled at `rate` a second."""
        now = time.monotonic()
        left, since = self._rates.pop(address, (float(self._limits.burst), now))
        left = min(self._limits.burst, left + (now - since) * self._limits.rate)
        self._rates[address] = (max(0.0, left - 1), now)  # the newest is last
        if len(self._rates) > ADDRESSES:
            del self._rates[next(iter(self._rates))]
        return left >= 1

    async def _body(self, headers: Headers, receive: Receive) -> bytes | Response:
        """The whole body; a refusal where it is too large or comes too slowly."""
        too_large = _refusal(413, f"the body is larger than {self._limits.body} bytes")
        stated = headers.get("content-length", "0")
        if not stated.isdecimal() or int(stated) > self._limits.body:
            return too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while True:
                    message = await receive()
                    body += message.get("body", b"")
                    if len(body) > self._limits.body:
                        return too_large
                    if not message.get("more_body"):
                        return bytes(body)
        except TimeoutError:
            return _refusal(408, f"the body took over {self._limits.body_seconds:.0f} s")

    def _login(self, body: bytes) -> Response:
        given = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0]
        if self._access.token is None or not same(given.strip(), self._access.token):
            return HTMLResponse(LOGIN, 401)
        entered = RedirectResponse("/", 303)
        entered.set_cookie(COOKIE, given.strip(), httponly=True, samesite="strict")
        return entered


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body that was read, then whatever follows."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def again() -> Message:
        return next(messages, None) or await receive()

    return again


def _refusal(status: int, message: str) -> Response:
    asked = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return problem(status, message, {"Connection": "close", **asked})
