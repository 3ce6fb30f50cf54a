"""The text of a Word document (.docx), such as Teams and Word write transcripts.

Only paragraphs and line breaks are read, by the standard library: nothing in a document acts.
Refused: what is damaged, and what unpacks to more than a transcript holds.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

from askpod.errors import ReadError
from askpod.readers.text import MAX_TAGS, MAX_TEXT_BYTES, MEGABYTE
from askpod.readers.xml_events import XmlEvents, parse_xml

_BODY = "word/document.xml"
_TAGS = 6  # in a document to each of ours: it marks every run of letters


def text_of_word(path: Path, data: bytes) -> str:
    """The paragraphs of a document, with a blank line between them. Raises ReadError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(_BODY) as file:
            body = file.read(MAX_TEXT_BYTES + 1)
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError, EOFError, zlib.error,
            NotImplementedError, ValueError) as error:  # fmt: skip
        raise ReadError(
            path, f"is a damaged Word document ({error}); save it again, or as plain text"
        ) from None
    if len(body) > MAX_TEXT_BYTES or body.count(b"<") > _TAGS * MAX_TAGS:
        raise ReadError(
            path,
            f"holds more than {MAX_TEXT_BYTES // MEGABYTE} MB of text; split it or leave it out",
        )
    paragraphs = _Paragraphs()
    parse_xml(path, body.decode("utf-8", "replace"), paragraphs)
    return "\n\n".join(paragraphs.found)


class _Paragraphs(XmlEvents):
    """Collects the paragraphs of a document."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._parts: list[str] = []
        self._in_text = False

    def start(self, line: int, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002
        """An element begins."""
        self._in_text = name == "t"
        if name in ("br", "cr"):
            self._parts.append("\n")
        elif name == "tab":
            self._parts.append("\t")

    def end(self, name: str) -> None:
        """An element ends."""
        self._in_text = False
        if name == "p":
            text = "".join(self._parts).strip()
            self._parts.clear()
            if text:
                self.found.append(text)

    def text(self, text: str) -> None:
        """Text between two tags."""
        if self._in_text:
            self._parts.append(text)
