"""The options that commands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from askpod.model import Filters


def folder(text: str) -> Path:
    """A folder that an option names; a name of nothing is refused."""
    if not text.strip():  # as a path, that would be the working folder
        raise typer.BadParameter("names no folder; leave it out, or say . for the working folder")
    return Path(text)


def out(about: str) -> Any:  # noqa: ANN401 (what typer makes of it)
    """The option that names the folder to write to."""
    return typer.Option("--out", metavar="DIR", parser=folder, help=about)


Store = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="DIR",
        parser=folder,
        help="Folder of the archive.  [ASKPOD_STORE, else vectorstore]",
    ),
]
Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH|URL",
        help="Files, folders, podcasts' feeds (https://…/feed.xml, or a file), git "
        "repositories (git+https://…#folder).",
    ),
]
AllowPrivate = Annotated[
    bool,
    typer.Option(
        "--allow-private",
        help="Fetch also from this machine and its network, and repositories over http.",
    ),
]
Untimed = Annotated[
    bool,
    typer.Option("--untimed", help="Take transcripts without any time, too; quotes: no second."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="Let this model write.  [ASKPOD_MODEL]"),
]
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="Where the model is served.  [OPENAI_BASE_URL]"),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say what the answer took: tokens, cost, seconds.")
]


_FILTERS: dict[str, tuple[type, str, str]] = {
    "episode": (str, "ID", "Only this episode, by its id."),
    "guest": (str, "NAME", "Only episodes with this guest."),
    "speaker": (str, "NAME", "Only where this person speaks."),
    "season": (int, "N", "Only this season."),
    "since": (str, "DATE", "Only episodes of this date or later."),
    "until": (str, "DATE", "Only episodes up to this date."),
}


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command that takes `filters` the six options that make them, in its place."""

    @wraps(command)
    def run(**values: Any) -> None:  # noqa: ANN401 (the command's own, of any type)
        filters = Filters(**{name: values.pop(name) for name in _FILTERS})
        command(filters=filters, **values)

    def option(name: str, kind: Any, metavar: str, about: str) -> inspect.Parameter:  # noqa: ANN401
        known = Annotated[kind | None, typer.Option(f"--{name}", metavar=metavar, help=about)]
        return inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=known
        )

    options = [option(name, *told) for name, told in _FILTERS.items()]
    signature = inspect.signature(command, eval_str=True)
    parameters = [
        each
        for parameter in signature.parameters.values()
        for each in (options if parameter.name == "filters" else [parameter])
    ]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run
