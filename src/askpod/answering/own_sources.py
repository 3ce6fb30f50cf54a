"""Takes the list of sources that a model adds to its answer out of the answer.

Many models end with "Sources:" and a line for each number, or with footnotes (`[^3]: Ann, 0:12`).
The program gives a list of its own; the model's has the prompt's numbers and states nothing that a
turn could support. Where nothing has been cited before, sentences in it are the answer, and stay.
"""

from __future__ import annotations

import re

LONGEST = 120  # characters of a line that may be a heading, or numbers behind one
LABELS = ("sources", "source", "references", "citations", "evidence", "footnotes")

_DECORATED = " \t#>*_-•–"
_NUMBERS = r"[\s,;&.*_]*(?:\[[\d\s,;^–-]*\][\s,;&.*_]*(?:and\b\s*)?)*"
_LABEL = re.compile(rf"(?:{'|'.join(LABELS)})[*_]*\s*:?", re.IGNORECASE)
_LINE = re.compile(rf"{_LABEL.pattern}{_NUMBERS}", re.IGNORECASE)
_FOOTNOTE = re.compile(r"\[\^\d{1,9}\]:")
_ENTRY = re.compile(r"\s*(?:[-*•–+]|\d{1,3}[.)])?\s*\[\^?\d")
_BRACKETS = re.compile(r"\[[^\]]*\]")


class OwnSources:
    """Passes an answer on, piece by piece, but for the list of its sources."""

    def __init__(self) -> None:
        self._line = ""  # as far as it has come
        self._plain = False  # the line is known to be text, and is passed on as it comes
        self._heading = ""  # "Sources:", and the blank lines behind it, until an entry follows
        self._listing = False
        self._cited = False  # a number has been passed on

    def feed(self, piece: str) -> str:
        """What is known to be no list of sources."""
        return "".join(self._character(each) for each in piece)

    def finish(self) -> str:
        """The rest."""
        return self._ended("") + ("" if self._listing else self._heading)

    def _character(self, character: str) -> str:
        if character == "\n":
            return self._ended("\n")
        if self._plain:
            self._cited = self._cited or character == "["
            return character
        self._line += character
        if self._heading or self._listing:
            return ""
        if len(self._line) <= LONGEST and _may_be_one(self._line.lstrip(_DECORATED)):
            return ""
        text, self._line, self._plain = self._line, "", True
        self._cited = self._cited or "[" in text
        return text

    def _ended(self, end: str) -> str:
        """What the line is, now that it is whole."""
        line, self._line = self._line, ""
        plain, self._plain = self._plain, False
        bare = line.strip(_DECORATED)
        if plain or not bare:
            held = f"{line}{end}"
            self._heading += held if self._heading else ""
            return "" if self._heading or self._listing else held
        is_entry = _ENTRY.match(line) and (self._cited or bare[-1] not in ".!?")
        if is_entry and (self._heading or self._listing):
            self._heading, self._listing = "", True
            return ""
        before, self._heading, self._listing = self._heading, "", False
        if _FOOTNOTE.match(bare):
            return before
        if len(line) > LONGEST or not _LINE.fullmatch(bare):
            self._cited = self._cited or "[" in line
            return f"{before}{line}{end}"
        if "[" not in bare:
            self._heading = f"{line}{end}"
            return before
        return before if self._cited else f"{before}{''.join(_BRACKETS.findall(line))}{end}"


def _may_be_one(bare: str) -> bool:
    """Whether a line that begins like this may be a heading, numbers alone or a footnote."""
    if not bare or _FOOTNOTE.match(bare):
        return True
    if bare.startswith("["):
        return bool(re.fullmatch(r"\[(?:\^\d{0,9}\]?)?", bare))
    if any(label.startswith(bare.casefold()) for label in LABELS):
        return True
    label = _LABEL.match(bare)
    return bool(label and re.fullmatch(r"[\s,;&.*_\d\[\]^and–-]*", bare[label.end() :]))
