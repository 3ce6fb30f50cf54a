"""Finds the YAML front matter of a Markdown file and reads it as a tree with line numbers.

The tree is built from the C parser's events, one by one: nothing is constructed, no tag
acts, and no value is guessed ("No" stays the word it is, 1:49 stays a clock). Deep
nesting and aliases that would grow the text are refused before they can do harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from askpod.errors import ReadError
from askpod.readers.limits import MAX_VALUES
from askpod.readers.log import FaultLog
from askpod.readers.text import clean, excerpt, mend_mojibake

MAX_DEPTH = 32  # levels of nesting; a transcript has four
MAX_ALIASED = 1_000_000  # characters that aliases may repeat
_MAX_STRAY = 16  # characters that may stand before the front matter

# What YAML forbids, and what it would take for a line break and so miscount lines.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(slots=True)
class Scalar:
    """A single value, as it is written; `text` is None for YAML's null."""

    line: int
    text: str | None
    plain: bool  # written without quotation marks


@dataclass(slots=True)
class Sequence:
    """A list of values."""

    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Named values."""

    line: int
    items: dict[str, Node] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


def read_front_matter(path: Path, text: str, log: FaultLog) -> Mapping:
    """Read the front matter of a file's text. Raises ReadError where there is none to read."""
    lines = _mended_lines(text, log)
    first, last = _bounds(path, lines, log)
    block = "\n".join(lines[first:last]) + "\n"
    root = _Builder(path, first, log).build(block)
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
    root = _Builder(path, 0, log).build("\n".join(_mended_lines(text, log)))
    if root is None or (isinstance(root, Scalar) and root.text is None):
        return Mapping(1)
    if isinstance(root, Mapping):
        return root
    raise ReadError(path, "does not name its values; write it as `title: …`", line=root.line)


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


@dataclass(slots=True)
class _Open:
    """A list or mapping that is still being read."""

    node: Sequence | Mapping
    anchor: str | None
    weight: int = 0  # characters in it, aliases written out
    key: str | None = None  # of a mapping: waits for its value
    keyed: bool = False


class _Builder:
    """Builds the tree of one document, without recursion."""

    def __init__(self, path: Path, offset: int, log: FaultLog) -> None:
        self._path = path
        self._offset = offset
        self._log = log
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._aliased = 0
        self._root: Node | None = None

    def build(self, block: str) -> Node | None:
        for count, event in enumerate(self._events(block)):
            if isinstance(event, yaml.DocumentEndEvent):
                break
            if count > MAX_VALUES:
                line = self._line(event)
                raise self._refusal(line, f"holds more than {MAX_VALUES:,} values")
            self._take(event)
        return self._root

    def _events(self, block: str) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(block, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise ReadError(
                self._path,
                f"is not valid YAML ({error.problem or error.context}); mend this line",
                line=self._offset + mark.line + 1 if mark else None,
                column=mark.column + 1 if mark else None,
            ) from None
        except yaml.YAMLError as error:
            raise ReadError(self._path, f"is not valid YAML: {error}; mend the file") from None

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style is None or event.style == ""
            null = plain and event.value in _NULLS
            node = Scalar(self._line(event), None if null else event.value, plain)
            self._done(node, event.anchor, len(event.value))
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._start(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self._stack.pop()
            self._done(done.node, done.anchor, done.weight)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        line = self._line(event)
        if len(self._stack) >= MAX_DEPTH:
            raise self._refusal(line, f"nests values more than {MAX_DEPTH} deep")
        node = Mapping(line) if isinstance(event, yaml.MappingStartEvent) else Sequence(line)
        self._stack.append(_Open(node, event.anchor))

    def _alias(self, event: yaml.AliasEvent) -> None:
        line = self._line(event)
        if event.anchor not in self._anchors:
            raise self._refusal(
                line, f"uses the YAML alias *{event.anchor}, which stands for nothing"
            )
        node, weight = self._anchors[event.anchor]
        self._aliased += weight
        if self._aliased > MAX_ALIASED:
            raise self._refusal(line, "grows without bounds through YAML aliases (*name)")
        self._done(node, None, weight)

    def _done(self, node: Node, anchor: str | None, weight: int) -> None:
        """Put a finished value where it belongs."""
        weight += 1
        if anchor is not None:
            self._anchors[anchor] = (node, weight)
        if not self._stack:
            self._root = node
            return
        holder = self._stack[-1]
        holder.weight += weight
        if isinstance(holder.node, Sequence):
            holder.node.items.append(node)
        elif not holder.keyed:
            holder.key = self._key(node)
            holder.keyed = True
        else:
            self._assign(holder.node, holder.key, node)
            holder.keyed = False

    def _key(self, node: Node) -> str | None:
        if isinstance(node, Scalar):
            return node.text
        raise self._refusal(
            node.line, "has a list or a mapping where a name must stand, as in an unfilled template"
        )

    def _assign(self, mapping: Mapping, key: str | None, node: Node) -> None:
        if key is None:
            self._log.add(node.line, "bad-key", "a value without a name: ignored")
            return
        if key in mapping.items:
            self._log.add(node.line, "duplicate-key", f"{excerpt(key)} again: the last one counts")
        mapping.items[key] = node

    def _line(self, event: yaml.Event) -> int:
        mark = event.start_mark
        return self._offset + (mark.line if mark else 0) + 1

    def _refusal(self, line: int, problem: str) -> ReadError:
        return ReadError(
            self._path, f"{problem}; write the values out plainly or leave the file out", line=line
        )


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
