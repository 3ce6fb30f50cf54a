"""A conversation as Markdown, with a link for every citation, and saved to a new file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from askpod.errors import PathError
from askpod.links import safe_link
from askpod.model import Answer, Citation, Exchange
from askpod.text import without_hidden
from askpod.times import clock

_MARKDOWN = re.compile(r"([\\`*_\[\]{}<>|~#])")
_BRACKETS = re.compile(r"\[(\d{1,4})\]|[\[\]]")


def as_markdown(history: Sequence[Exchange]) -> str:
    """The whole conversation: each question a heading, its answer, and the answer's sources."""
    return "\n".join(line for exchange in history for line in _exchange(exchange))


def save_new(path: Path, text: str) -> Path:
    """Writes a file that was not there before, and says which. Raises PathError.

    Where `path` is taken the name gets a number: `talk.md`, `talk-2.md` …; nothing is ever
    overwritten. A name without an ending gets `.md`.
    """
    path = Path(os.path.expanduser(path))  # noqa: PTH111 (Path's own fails at an unknown ~user)
    if os.path.isdir(path):  # noqa: PTH112 (Path's own fails at a name that is too long)
        raise PathError(f"{path}: is a folder; name a file in it")
    path = path if path.suffix else path.with_name(path.name + ".md")
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, 1000))
    for candidate in (path, *numbered):
        try:
            with candidate.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        except FileNotFoundError:
            raise PathError(f"{path}: there is no folder {path.parent}; make it first") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise PathError(f"{path}: cannot be written: {reason}") from error
        return candidate
    raise PathError(f"{path}: that name and all its numbers are taken; choose another")


def _exchange(exchange: Exchange) -> Iterator[str]:
    answer = exchange.answer
    yield from (f"## {_plain(exchange.question)}", "", _answer(answer), "")
    below = [*map(_source, answer.citations)]
    below += [f"- *{_plain(warning)}*" for warning in answer.warnings]
    yield from (*below, "") if below else ()


def _answer(answer: Answer) -> str:
    """The text with its paragraphs and lists, but no HTML and no links other than its numbers'."""
    text = escape(without_hidden(answer.text), quote=False)
    links = {citation.number: safe_link(citation.url) for citation in answer.citations}

    def linked(found: re.Match[str]) -> str:
        url = links.get(int(found[1]), "") if found[1] else ""
        return rf"[\[{found[1]}\]]({_address(url)})" if url else _MARKDOWN.sub(r"\\\1", found[0])

    return _BRACKETS.sub(linked, text)


def _source(citation: Citation) -> str:
    when = clock(citation.start)
    url = safe_link(citation.url)
    where = f"[{when}]({_address(url)})" if url else when
    who = f"{_plain(citation.speaker)}, " if citation.speaker else ""
    doubt = "" if citation.supported else " (does not support the claim)"
    return rf"- \[{citation.number}\] {where} {who}{_plain(citation.title)}{doubt}"


def _plain(text: str) -> str:
    """One line of text in which nothing is Markdown or HTML."""
    return _MARKDOWN.sub(r"\\\1", " ".join(without_hidden(text).split())).replace("&", "&amp;")


def _address(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29")
