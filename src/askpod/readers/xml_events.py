"""Reads XML as a stream, by the standard library's expat: nothing nests, each tag knows its line.

Refused: entities of a file's own, which can grow without bounds.
"""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

from askpod.errors import ReadError


class XmlEvents:
    """Takes the parts of an XML file as they come; names are without their prefix."""

    def start(self, line: int, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Text between two tags, or a part of it."""


def parse_xml(path: Path, text: str, events: XmlEvents) -> None:
    """Gives the parts of a file to `events`. Raises ReadError where it is no sound XML."""
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        bare = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        events.start(parser.CurrentLineNumber, name.rpartition(":")[2].lower(), bare)

    def refuse(*_: object) -> None:
        raise ReadError(path, "declares entities of its own, which no transcript needs", line=1)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: events.end(name.rpartition(":")[2].lower())
    parser.CharacterDataHandler = events.text
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text.lstrip("\ufeff \t\r\n").encode("utf-8", "replace"), True)  # noqa: FBT003
    except expat.ExpatError as error:
        problem = f"is not valid XML ({expat.ErrorString(error.code)}); mend it or fetch it again"
        raise ReadError(path, problem, line=error.lineno) from None
