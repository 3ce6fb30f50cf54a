"""Finds the YAML front matter of a Markdown file and reads it as a tree with line numbers.

The tree itself, and what is refused, is parsing.py's. Here are the mending of what people and
programs write around and into it, and what a value amounts to as text.
"""

from __future__ import annotations

import re
from pathlib import Path

from askpod.errors import ReadError
from askpod.parsing import Mapping, Node, ParseError, Scalar, Sequence, parse_yaml
from askpod.readers.fault_log import FaultLog
from askpod.readers.text import clean, excerpt, mend_mojibake

_MAX_STRAY = 16  # characters that may stand before the front matter

# What YAML forbids, and what it would take for a line break and so miscount lines.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)


def read_front_matter(path: Path, text: str, log: FaultLog) -> Mapping:
    """Read the front matter of a file's text. Raises ReadError where there is none to read."""
    lines = _mended_lines(text, log)
    first, last = _bounds(path, lines, log)
    block = "\n".join(lines[first:last]) + "\n"
    root = _tree(path, first, block, log)
    if isinstance(root, Mapping):
        return root
    raise ReadError(
        path,
        "the front matter does not name its values; write it as `title: …`, `transcript: …`",
        line=first + 1,
    )


def read_yaml(path: Path, text: str, log: FaultLog) -> Mapping:
    """Read a file that is YAML as a whole; empty where it says nothing.

    Raises ReadError where it is no YAML, or does not name its values.
    """
    root = _tree(path, 0, "\n".join(_mended_lines(text, log)), log)
    if root is None or (isinstance(root, Scalar) and root.text is None):
        return Mapping(1)
    if isinstance(root, Mapping):
        return root
    raise ReadError(path, "does not name its values; write it as `title: …`", line=root.line)


def _tree(path: Path, offset: int, text: str, log: FaultLog) -> Node | None:
    try:
        return parse_yaml(text, offset=offset, notice=log.add)
    except ParseError as error:
        raise ReadError(path, error.problem, line=error.line, column=error.column) from None


def _mended_lines(text: str, log: FaultLog) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if text.isascii() and not _FORBIDDEN.search(text):
        return lines
    for place, line in enumerate(lines):
        mended = mend_mojibake(line)
        if mended != line:
            log.add(place + 1, "mojibake", f"text encoded twice, mended: {excerpt(mended)}")
        bare = mended.removeprefix("\ufeff") if place == 0 else mended
        usable = _FORBIDDEN.sub(" ", bare)
        if usable != bare:
            log.add(place + 1, "control-characters", "control characters replaced by spaces")
        lines[place] = usable
    return lines


def _bounds(path: Path, lines: list[str], log: FaultLog) -> tuple[int, int]:
    """The lines between the two `---`, as a half-open range."""
    opening = _opening(lines)
    if opening is None:
        raise ReadError(
            path,
            "has no front matter: a transcript starts with a line `---`, then YAML with a"
            " `transcript:` list, then `---`; mend the file or leave it out",
            line=1,
        )
    stray = "".join([*lines[:opening], lines[opening].rstrip().removesuffix("---")]).strip()
    if stray:
        log.add(1, "stray-before-front-matter", f"{excerpt(stray)} before the front matter ignored")
    for place in range(opening + 1, len(lines)):
        if lines[place].rstrip() in ("---", "..."):
            return opening + 1, place
    log.add(opening + 1, "front-matter-open", "no closing `---`: all of the file taken as YAML")
    return opening + 1, len(lines)


def _opening(lines: list[str]) -> int | None:
    stray = 0
    for place, line in enumerate(lines):
        bare = line.strip()
        if bare.endswith("---") and stray + len(bare) - 3 <= _MAX_STRAY:
            return place
        stray += len(bare)
        if stray > _MAX_STRAY:
            return None
    return None


def as_text(node: Node | None) -> str | None:
    """A value as text; None where it is null or nested too deeply to be text.

    Unquoted `[laughs]` and `{pause}` are a list and a mapping to YAML: they are given
    back as they stand in the file.
    """
    if node is None:
        return None
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        parts = [item.text or "" for item in node.items if isinstance(item, Scalar)]
        return f"[{', '.join(parts)}]" if parts and len(parts) == len(node.items) else None
    pairs = [(key, value) for key, value in node.items.items() if isinstance(value, Scalar)]
    if not pairs or len(pairs) < len(node.items):
        return None
    return "{" + ", ".join(f"{key}: {item.text}" if item.text else key for key, item in pairs) + "}"


def clean_text(node: Node | None, log: FaultLog) -> str:
    """A value as clean text, "" where it has none; what was mended is reported."""
    written = as_text(node)
    if node is None or written is None:
        return ""
    text, mended, hidden = clean(written)
    if mended:
        log.add(node.line, "mojibake", f"text encoded twice, mended: {excerpt(text)}")
    if hidden:
        log.add(node.line, "control-characters", f"invisible characters removed: {excerpt(text)}")
    return text
