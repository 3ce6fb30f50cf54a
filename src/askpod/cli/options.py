"""The options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Store = Annotated[
    Path | None,
    typer.Option(
        "--store", metavar="DIR", help="Folder of the archive.  [ASKPOD_STORE, else vectorstore]"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Episode = Annotated[
    str | None, typer.Option("--episode", metavar="ID", help="Only this episode, by its id.")
]
Guest = Annotated[
    str | None, typer.Option("--guest", metavar="NAME", help="Only episodes with this guest.")
]
Speaker = Annotated[
    str | None, typer.Option("--speaker", metavar="NAME", help="Only where this person speaks.")
]
Season = Annotated[int | None, typer.Option("--season", metavar="N", help="Only this season.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Only episodes of this date or later.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Only episodes up to this date.")
]
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
