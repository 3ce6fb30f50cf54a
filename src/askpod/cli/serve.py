"""`askpod serve` and `askpod mcp`: the archive in a browser, for clients, for agents."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

import askpod
from askpod.cli import options
from askpod.cli.output import note
from askpod.errors import AskpodError
from askpod.services.endpoints import is_this_machine


class AddressError(AskpodError):
    """Where to serve is not as it should be."""


def serve(
    *,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port.")] = 8080,
    store: options.Store = None,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    audio: Annotated[
        Path | None,
        typer.Option(
            "--audio",
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Folder with the recordings, named as the episodes' audio links or ids.",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="HOST", help="Answer also under this host name; repeat it."),
    ] = None,
    open_to_all: Annotated[
        bool, typer.Option("--open", help="Beyond this machine, ask for no token.")
    ] = False,
) -> None:
    """Serve the archive as a page, an API and tools for agents.

    The API has an endpoint like OpenAI's, and the tools speak MCP. On this machine only, unless
    --host says otherwise; then ASKPOD_TOKEN must be set.
    """
    token = os.environ.get("ASKPOD_TOKEN", "").strip() or None
    shown = f"[{host}]" if ":" in host else host
    local = is_this_machine(f"http://{shown}")
    if not local and token is None and not open_to_all:
        raise AddressError(
            f"--host {host} can be reached from other machines: set ASKPOD_TOKEN to a secret that "
            "clients must send, or say --open to let everybody in"
        )
    from askpod.serve.app import Access, Server, create_app
    from askpod.serve.live import LiveArchive
    from askpod.settings import default_store

    _require_free(host, port)
    settings = askpod.Settings.load({"model": model, "base_url": base_url})
    live = LiveArchive(store or default_store(), settings)
    names = frozenset(each.lower() for each in [*(name or ()), *([] if local else [host])])
    app = create_app(live, Access(token, names, numeric=not local), recordings=audio)
    live.warm()
    note(f"askpod is at http://{shown}:{port}  (Ctrl-C stops it)")
    Server(app, live, host, port).run()


def mcp(
    *, store: options.Store = None, model: options.Model = None, base_url: options.BaseUrl = None
) -> None:
    """Serve the archive to an agent over stdin and stdout.

    The agent speaks the Model Context Protocol (MCP).
    """
    import asyncio

    from askpod.serve.live import LiveArchive
    from askpod.serve.tools import mcp_server
    from askpod.settings import default_store

    settings = askpod.Settings.load({"model": model, "base_url": base_url})
    live = LiveArchive(store or default_store(), settings)
    try:
        asyncio.run(mcp_server(live).run_stdio_async())
    except* (BrokenPipeError, ConnectionResetError):  # the agent has gone, and nobody reads on
        live.close()
        os._exit(0)  # or Python would try to write what is left in the mcp library's streams
    finally:
        live.close()


def _require_free(host: str, port: int) -> None:
    import socket

    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(found[0][0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[0][4])
    except OSError as error:
        raise AddressError(
            f"cannot listen on {host}, port {port} ({error.strerror}); choose another with --host "
            "or --port"
        ) from None
