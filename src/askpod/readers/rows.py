"""Reads the rows of a transcript from the YAML tree, whatever types they turn out to have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from askpod.errors import ReadError
from askpod.readers.cleaning import clean
from askpod.readers.frontmatter import Mapping, Node, Scalar, Sequence
from askpod.readers.log import FaultLog, excerpt
from askpod.times import parse_clock

MAX_TEXT = 1_000_000  # characters in one paragraph; more is a damaged file, not speech
MAX_SECOND = 1_000_000.0  # over eleven days; more is not a place in a recording


@dataclass(slots=True)
class Row:
    """A header, or one paragraph of speech, while it is being mended."""

    line: int  # of the file
    header: str = ""  # set on headers only
    text: str = ""
    who: str = ""
    second: float | None = None  # as stated
    lost: int | None = None  # rows that lost their speaker together share a number
    moved: bool = False  # credited to another speaker than the file says


def read_rows(path: Path, transcript: Sequence, log: FaultLog) -> list[Row]:
    """All rows with their text cleaned. Rows that hold nothing are dropped.

    Raises ReadError where a paragraph is too long to be speech.
    """
    rows: list[Row] = []
    for node in transcript.items:
        rows.extend(_read_row(path, node, log))
    return rows


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


def _read_row(path: Path, node: Node, log: FaultLog) -> list[Row]:
    fields: dict[str, Node] = node.items if isinstance(node, Mapping) else {"line": node}
    if not isinstance(node, Mapping):
        log.add(node.line, "wrong-type", "a row without names: taken as speech")
    for name in ("header", "line", "who"):
        _check_type(fields.get(name), name, log)
    rows: list[Row] = []
    header = clean_text(fields.get("header"), log)
    if header:
        rows.append(Row(node.line, header=header))
    text, who = (_short_enough(path, fields.get(name), log) for name in ("line", "who"))
    if text or (who and not header):
        rows.append(Row(node.line, text=text, who=who, second=_second(fields, node.line, log)))
    elif not header:
        log.add(node.line, "empty-line", "a row without text: dropped")
    return rows


def _short_enough(path: Path, node: Node | None, log: FaultLog) -> str:
    text = clean_text(node, log)
    if node is None or len(text) <= MAX_TEXT:
        return text
    raise ReadError(
        path,
        f"holds a paragraph of {len(text):,} characters (at most {MAX_TEXT:,}):"
        " the file looks damaged; split the paragraph or leave the file out",
        line=node.line,
    )


def _check_type(node: Node | None, name: str, log: FaultLog) -> None:
    if node is None or isinstance(node, Scalar):
        return
    text = as_text(node)
    repair = "dropped" if text is None else f"taken as the text {excerpt(text)}"
    log.add(node.line, "wrong-type", f"`{name}` is not a text: {repair}")


def _second(fields: dict[str, Node], line: int, log: FaultLog) -> float | None:
    """The second a row states, from `sec` or else from `time`."""
    stated = fields.get("sec")
    if stated is not None and not (isinstance(stated, Scalar) and stated.text is None):
        second = _number(stated)
        if second is not None:
            if isinstance(stated, Scalar) and not stated.plain:
                log.add(stated.line, "wrong-type", f"`sec` is a text: taken as {second:g} s")
            return second
        log.add(stated.line, "sec-unreadable", f"`sec` {_shown(stated)} is no second: not used")
    time = fields.get("time")
    second = parse_clock(time.text or "") if isinstance(time, Scalar) else None
    if second is not None:
        log.add(line, "sec-missing", f"no second: taken from `time`, {second:g} s")
    return second


def _number(node: Node) -> float | None:
    if not isinstance(node, Scalar) or node.text is None:
        return None
    text = node.text.strip()
    try:
        second = float(text) if "_" not in text else math.nan
    except ValueError:
        return parse_clock(text)
    return second if 0 <= second <= MAX_SECOND else None


def _shown(node: Node) -> str:
    return excerpt(as_text(node) or "with values inside", 30)
