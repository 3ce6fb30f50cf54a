"""Parses YAML and JSON that comes from outside: bounded, with line numbers, and nothing acts.

YAML becomes a tree, built from the C parser's events one by one: no tag acts, no value is guessed
("No" stays the word it is, 1:49 stays a clock), and nesting cannot overflow the stack.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from askpod.text import visible

MAX_DEPTH = 32  # levels of nesting in YAML; a transcript has four
MAX_VALUES = 150_000  # in one YAML document
MAX_ALIASED = 1_000_000  # characters that aliases may repeat
MAX_JSON_DEPTH = 100  # levels of nesting in JSON
MAX_DIGITS = 300  # of a whole number in JSON; one of so many is still finite as a float

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_EXCERPT = 60  # characters of a name in a message

Notice = Callable[[int, str, str], None]  # line, kind, what was done about it


class ParseError(ValueError):
    """A text is no YAML or JSON that is taken.

    `problem` is a sentence without its subject; line and column count from 1.
    """

    def __init__(self, problem: str, line: int | None = None, column: int | None = None) -> None:
        self.problem = problem
        self.line = line
        self.column = column
        super().__init__(f"line {line}: {problem}" if line else problem)


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


def parse_yaml(
    text: str, *, offset: int = 0, strict: bool = False, notice: Notice | None = None
) -> Node | None:
    """The first document of a YAML text as a tree; None where it says nothing.

    Args:
        text: YAML; what it may not hold, such as control characters, is an error.
        offset: lines of the file that come before the text.
        strict: refuses aliases (`*name`) and a second document.
        notice: told of what is left out: a value without a name, a name that comes twice.

    Raises ParseError: it is no YAML, or nests deeper, holds more or repeats more than is taken.
    """
    return _Builder(offset, notice or (lambda *_: None), strict=strict).build(text)


def plain(node: Node | None) -> Any:  # noqa: ANN401 - whatever was written
    """The tree as dicts, lists and texts; None is YAML's null. Numbers stay texts, too."""
    if isinstance(node, Mapping):
        return {name: plain(value) for name, value in node.items.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.text if node else None


def parse_json(
    text: str | bytes, *, max_depth: int | None = MAX_JSON_DEPTH, finite: bool = True
) -> Any:  # noqa: ANN401 - whatever was written
    """The value that a JSON text stands for, every number in it finite; bytes are UTF-8.

    Args:
        text: JSON.
        max_depth: levels of lists and objects; None: the parser's own bound, of about a thousand.
        finite: refuse the text for a number that is none, which else becomes None.

    Raises ParseError: it is no JSON, nests deeper, or holds NaN, an infinity, or a number of more
    digits than any quantity has.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        value = json.loads(text, **(_FINITE if finite else _LENIENT))
    except json.JSONDecodeError as error:
        raise ParseError(f"is not valid JSON ({error.msg})", error.lineno, error.colno) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ParseError("is not UTF-8 text", line) from None
    except RecursionError:
        raise ParseError("nests values too deep to be read") from None
    if max_depth is not None and _deeper(value, max_depth):
        raise ParseError(f"nests values more than {max_depth} deep")
    return value


def json_lines(data: str | bytes) -> Iterator[tuple[int, Any]]:
    """The values of a file with one JSON value a line, each with its line's number.

    Only a line feed ends a line: texts may hold other characters that `str.splitlines` splits at.
    Raises ParseError: a line is no JSON that is taken.
    """
    written = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    lines = written.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield number, parse_json(line)
        except ParseError as error:
            raise ParseError(error.problem, number, error.column) from None


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

    def __init__(self, offset: int, notice: Notice, *, strict: bool) -> None:
        self._offset = offset
        self._strict = strict
        self._notice = notice
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._aliased = 0
        self._root: Node | None = None

    def build(self, block: str) -> Node | None:
        events = self._events(block)
        for count, event in enumerate(events):
            if isinstance(event, yaml.DocumentEndEvent):
                if self._strict and isinstance(other := next(events), yaml.DocumentStartEvent):
                    raise ParseError("begins another YAML document; keep one", self._line(other))
                break
            if count > MAX_VALUES:
                raise self._refusal(self._line(event), f"holds more than {MAX_VALUES:,} values")
            self._take(event)
        return self._root

    def _events(self, block: str) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(block, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise ParseError(
                f"is not valid YAML ({error.problem or error.context}); mend this line",
                self._offset + mark.line + 1 if mark else None,
                mark.column + 1 if mark else None,
            ) from None
        except (yaml.YAMLError, UnicodeError) as error:
            problem = str(error).splitlines()[0]
            raise ParseError(f"is not valid YAML: {problem}; mend the file") from None

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
        if self._strict:
            raise ParseError("uses a YAML alias (*name); write the text out", line)
        if event.anchor not in self._anchors:
            unknown = f"uses the YAML alias *{event.anchor}, which stands for nothing"
            raise self._refusal(line, unknown)
        node, weight = self._anchors[event.anchor]
        self._aliased += weight
        if self._aliased > MAX_ALIASED:
            raise self._refusal(line, "grows without bounds through YAML aliases (*name)")
        self._done(node, None, weight)

    def _done(self, node: Node, anchor: str | None, weight: int) -> None:
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
        what = "has a list or a mapping where a name must stand, as in an unfilled template"
        raise self._refusal(node.line, what)

    def _assign(self, mapping: Mapping, key: str | None, node: Node) -> None:
        if key is None:
            self._notice(node.line, "bad-key", "a value without a name: ignored")
            return
        if key in mapping.items:
            self._notice(node.line, "duplicate-key", f"{_excerpt(key)} again: the last one counts")
        mapping.items[key] = node

    def _line(self, event: yaml.Event) -> int:
        mark = event.start_mark
        return self._offset + (mark.line if mark else 0) + 1

    def _refusal(self, line: int, problem: str) -> ParseError:
        return ParseError(f"{problem}; write the values out plainly or leave the file out", line)


def _excerpt(text: str) -> str:
    """A name in quotation marks, fit for a message."""
    short = " ".join(visible(text[:1000]).split())
    return f"“{short}”" if len(short) <= _EXCERPT else f"“{short[: _EXCERPT - 1].rstrip()}…”"


def _refusing(read: Callable[[str], float | None]) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = read(text)
        if value is None:
            raise ParseError(f"holds {text[:20]}, which is no number of anything")
        return value

    return number


_LENIENT: dict[str, Any] = {
    "parse_int": lambda digits: int(digits) if len(digits) <= MAX_DIGITS else None,
    "parse_float": lambda text: value if math.isfinite(value := float(text)) else None,
    "parse_constant": lambda _: None,
}
_FINITE: dict[str, Any] = {name: _refusing(read) for name, read in _LENIENT.items()}


def _deeper(value: object, most: int) -> bool:
    """Whether lists and objects are nested more than `most` deep. Without recursion."""
    level = [value]
    for _ in range(most):
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        level = [each for each in inner if isinstance(each, dict | list)]
        if not level:
            return False
    return True
