"""Makes a page: one HTML file with its style, without anything from elsewhere.

Every value is escaped by the environment, and stripped of characters that reorder, hide or break
text, so that no template can forget it. A policy in the page's head lets no script run but ours.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from askpod.evals.intervals import Interval
from askpod.evals.measures import Measure
from askpod.links import safe_link
from askpod.text import visible as text_with_codes
from askpod.times import clock

_NUMBER = re.compile(r"\[(\d{1,4})\]")

TEMPLATES = Path(__file__).parent / "templates"


def visible(text: str) -> str:
    """Text with every character that could act on the page shown as a code, such as `202e`."""
    return text_with_codes(text, kept="\t\n")


@dataclass(frozen=True, slots=True)
class Panel:
    """A plot under its name, with the measures that it shows and explains."""

    name: str
    plot: Markup
    measures: Sequence[Measure] = ()


def figure_text(value: float) -> str:
    """A figure as people read it: 0.52, 3.1, 42, 1,250."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def interval_text(interval: Interval) -> str:
    """Both bounds of an interval, such as `0.61–0.74`; "" of one question, which has none."""
    if interval.questions < 2:
        return ""
    return f"{figure_text(interval.low)}–{figure_text(interval.high)}"


def short(value: float) -> str:
    """A number of a plot: at most two digits after the point, and no -0."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def plain(text: str) -> Markup:
    """Text, escaped."""
    return Markup("{}").format(visible(text))


def link(url: str, words: str) -> Markup:
    """Words that open `url`, and plain words where it is no http(s) address."""
    safe = safe_link(url)
    if not safe:
        return Markup("<span class=at>{}</span>").format(visible(words))
    return Markup('<a class=at href="{}">{}</a>').format(safe, visible(words))


def stretch(url: str, start: float | None, end: float | None = None) -> Markup:
    """A time such as 12:34, or a stretch such as 12:34–13:05, which opens the recording there."""
    return link(url, clock(start) if end is None else f"{clock(start)}–{clock(end)}")


def with_links(text: str, urls: dict[int, str]) -> Markup:
    """An answer's text, every [n] of which opens the recording at the second that it names."""
    parts: list[Markup] = []
    done = 0
    for found in _NUMBER.finditer(text):
        url = urls.get(int(found[1]), "")
        parts.append(plain(text[done : found.start()]))
        parts.append(link(url, found[0]) if url else plain(found[0]))
        done = found.end()
    return Markup("").join([*parts, plain(text[done:])])


def cut(text: str, most: int) -> str:
    """The beginning of a text, at most that many characters, ending at a word with an ellipsis."""
    if len(text) <= most:
        return text
    return f"{text[: most - 1].rsplit(None, 1)[0]} …"


def page(title: str, template: str, *, script: str | None = None, **values: object) -> str:
    """A self-contained HTML page, the same for the same values.

    `template` is the name of a file in templates/ without its ending, `script` that of a script
    beside it. Values that are HTML already, such as plots, are given as `Markup`.
    Raises jinja2.UndefinedError: the template uses a value that is not given.
    """
    code = (TEMPLATES / f"{script}.js").read_text(encoding="utf-8") if script else ""
    return (
        environment()
        .get_template(f"{template}.html")
        .render(
            title=title,
            style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704 (ours)
            script=Markup(code),  # noqa: S704 (ours)
            script_hash=base64.b64encode(hashlib.sha256(code.encode()).digest()).decode(),
            **values,
        )
    )


@cache
def environment() -> Environment:
    """What all templates are filled with: values are escaped, and a missing one is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
        keep_trailing_newline=True,
    )
    made.globals.update(link=link, stretch=stretch)
    made.filters.update(cut=cut, figure=figure_text, interval=interval_text, short=short)
    return made


def _finalize(value: Any) -> Any:  # noqa: ANN401 (whatever a template shows)
    """What a template shows, without characters that act."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value
