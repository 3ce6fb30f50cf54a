"""The application that `askpod serve` runs, and how it is run and stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from askpod.errors import AskpodError
from askpod.serve.api import api_routes, on_error
from askpod.serve.completions import completion_routes
from askpod.serve.live import LiveArchive
from askpod.serve.safety import Access, Guard, Limits
from askpod.serve.tools import mcp_server

STATIC = Path(__file__).parent / "static"
CONNECTIONS = 512  # at a time; more are answered 503
GRACE = 5  # seconds for open requests when the server is stopped


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
            *over_http.routes,
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        lifespan=lifespan,
        exception_handlers={AskpodError: on_error, ValidationError: on_error, Exception: on_error},
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
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_level="critical",
                access_log=False,  # questions are nobody's business
                server_header=False,
                proxy_headers=False,
                limit_concurrency=CONNECTIONS,
                timeout_keep_alive=20,
                timeout_graceful_shutdown=GRACE,
                ws="none",
                http=Connection,
                log_config=None,
            )
        )
        self._live = live

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """See uvicorn; what is being written ends first."""
        self._live.stopping.set()
        super().handle_exit(sig, frame)


def run(app: ASGIApp, live: LiveArchive, host: str, port: int) -> None:
    """Serves until it is stopped."""
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    Server(app, live, host, port).run()
