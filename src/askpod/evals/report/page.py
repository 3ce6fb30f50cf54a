"""Makes a page: one HTML file with its style, without anything from elsewhere.

Every value in a template is escaped, and stripped of characters that act, by the environment,
so that no template can forget it. A policy in the page's head lets no script run but our own.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from askpod.evals.report.plots.svg import figure_text, interval_text
from askpod.evals.report.text import cut, link, second, stretch, visible

TEMPLATES = Path(__file__).parent / "templates"


def page(title: str, template: str, *, script: str | None = None, **values: object) -> str:
    """A self-contained HTML page, the same for the same values.

    `template` is the name of a file in templates/ without its ending, which extends base.html;
    `script` that of a script beside it. Values that are HTML already, such as plots, are given
    as `Markup`; all others are text.

    Raises:
        jinja2.UndefinedError: the template uses a value that is not given.
    """
    code = (TEMPLATES / f"{script}.js").read_text(encoding="utf-8") if script else ""
    text = _environment().get_template(f"{template}.html")
    return text.render(
        title=title,
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704 (ours)
        script=Markup(code),  # noqa: S704 (ours)
        script_hash=base64.b64encode(hashlib.sha256(code.encode()).digest()).decode(),
        **values,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
        keep_trailing_newline=True,
    )
    environment.globals.update(link=link, second=second, stretch=stretch)
    environment.filters.update(cut=cut, figure=figure_text, interval=interval_text)
    return environment


def _finalize(value: Any) -> Any:  # noqa: ANN401 (whatever a template shows)
    """What a template shows, without characters that act."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value
