"""Reads a model's reply: structured or prose, an answer or a copy of what the model was sent.

`ReplyReader` makes prose with markers of either form; `MarkerReader` finds evidence numbers in text
while it is still being written. Models are asked for `[3]` and write `[1, 3]`, `[1-3]`, `[^3]`,
`【3†source】` and full-width forms too. Anything else in brackets is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from askpod.answering.refusal import SENTINEL, is_refusal
from askpod.model import EvidenceTurn
from askpod.retrieval.evidence import plain, render
from askpod.text import asks, words

SMALL_WINDOW = 4_000  # tokens of context, below which a model is taken for a small one
SMALL_MODEL = 4.0  # billions of parameters, likewise, where its name tells them
MOST_SENTENCES = 8
MOST_CITED = 4  # turns of one sentence

RUN = 6  # words in a row that, found in both, are copied and not said alike by chance
FEWEST_COPIED = 10  # words; shorter replies are not judged
COPIED_PROMPT = 0.6  # share of a reply's runs, from which on it repeats its instructions
COPIED_EVIDENCE = 0.9  # likewise the evidence, and
LONGEST_QUOTATION = 150  # words that may well be quoted

_BILLIONS = re.compile(r"(?<![^\W_])(?<!\.)(\d{1,4}(?:\.\d+)?)b(?![a-z\d])", re.IGNORECASE)
_MILLIONS = re.compile(r"(?<![^\W_])(?<!\.)(\d{2,4})m(?![a-z\d])", re.IGNORECASE)
_FENCE = re.compile(r"\s*(?:```(?:json)?\s*)?")
# What a model that thinks writes first, where its service does not take it out; the last: gpt-oss.
THOUGHTS = {f"<{tag}>": f"</{tag}>" for tag in ("think", "thinking", "thought", "reasoning")}
THOUGHTS |= {"[think]": "[/think]", "<|channel|>analysis<|message|>": "<|channel|>final<|message|>"}
_OPENINGS, _ENDINGS = ("|".join(map(re.escape, each)) for each in (THOUGHTS, THOUGHTS.values()))
_THINKS = re.compile(rf"\s*({_OPENINGS})", re.IGNORECASE)
# The opening tag may stand in the prompt: DeepSeek's and Qwen's templates end with it.
_THOUGHT = re.compile(rf"\A.*(?:{_ENDINGS})|\A\s*(?:{_OPENINGS}).*", re.IGNORECASE | re.DOTALL)
# "Sure! Here is the answer:", before the JSON that was asked for.
_PREFACE = re.compile(
    r"\s*(?:here|sure|certainly|of course|okay|ok|answer|the answer|json)\b[^{}\[\]?`]{0,80}?"
    r"(?=\Z|[{`]|\[\s*(?:\{|\Z))",
    re.IGNORECASE,
)
# What a model writes where it must say what is missing, and nothing is.
_NOTHING = re.compile(
    r"(?:none|no|nil|null|n/?a|nothing(?: else)?(?: is missing)?|not applicable|[-–—]*)\.?",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.!?:;…。！？：][\"'”’»)\]*_`]*$")
_SENTENCES = re.compile(r'"sentences"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def writes_prose(model: str, context_tokens: int) -> bool:
    """Whether a model is so small that it answers better in prose than in JSON of a schema.

    Such a one copies its evidence into the schema, and cites all of it (docs/answers.md). Small are
    the models whose names say so ("qwen2.5:1.5b"), and those that are given a small window.
    """
    sizes = [float(size) for size in _BILLIONS.findall(model)]
    sizes = sizes or [float(size) / 1000 for size in _MILLIONS.findall(model)]
    return context_tokens < SMALL_WINDOW or (bool(sizes) and max(sizes) < SMALL_MODEL)


def answer_schema(turns: int) -> dict[str, Any]:
    """The `response_format` for an answer from evidence with the turns 1 to `turns`.

    The sentences come before what is missing, and there is at least one: a model that may first say
    that there is no answer often does so before it has looked for one.
    """
    numbers = {"type": "array", "items": {"type": "integer", "enum": [*range(1, turns + 1)]}}
    sentence = _object({"text": {"type": "string"}, "turns": numbers})
    sentences = {"type": "array", "items": sentence, "minItems": 1}
    schema = _object({"sentences": sentences, "missing": {"type": "string"}})
    named = {"name": "answer", "strict": True, "schema": schema}
    return {"type": "json_schema", "json_schema": named}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


class ReplyReader:
    """Turns a reply, as it comes, into prose with markers: `The trial ran a year. [3][5]`.

    A JSON reply gives each sentence as soon as its object is closed; any other text passes through.
    What a model thinks before it answers, in tags of its own, is left out.
    """

    def __init__(self) -> None:
        self._held = ""
        self._structured: bool | None = None  # None: too little has come to tell
        self._at = -1  # where the next sentence's object begins; -1 before the list
        self._closed = False  # the list of sentences
        self._given = 0
        self._thinks = False  # and has not ended, or may begin to
        self._cut = False  # it ended while it was thinking
        self._unreadable = False  # something in the list is no sentence
        self._dropped = False  # there were more than MOST_SENTENCES

    def feed(self, piece: str) -> str:
        """What can be read now."""
        if self._structured is False:
            return piece
        self._held += piece
        if self._structured is None:
            self._leave_out_thoughts()
            self._structured = None if self._thinks else self._is_structured()
            if self._structured is False:
                held, self._held = self._held, ""
                return held
        return "".join(self._sentences()) if self._structured else ""

    def _leave_out_thoughts(self) -> None:
        """Takes what the model thinks before its answer out of what is held."""
        begun = self._held.lstrip().lower()
        self._thinks = bool(begun) and any(each.startswith(begun) for each in THOUGHTS)
        if opening := _THINKS.match(self._held):
            ending = re.escape(THOUGHTS[opening[1].lower()])
            *thoughts, self._held = re.split(ending, self._held, maxsplit=1, flags=re.IGNORECASE)
            self._thinks = not thoughts

    def _is_structured(self) -> bool | None:
        """Whether what is held begins an answer in JSON; None where that cannot be told yet."""
        preface = _PREFACE.match(self._held)
        begin = preface.end() if preface else 0
        fence = _FENCE.match(self._held, begin)
        at = fence.end() if fence else begin
        rest = self._held[at:]
        if not rest or "```json".startswith(self._held[begin:].strip()):
            return None
        if rest.startswith("["):  # the list alone, or a number in brackets
            following = rest[1:].lstrip()
            self._at = at + 1 if following.startswith("{") else -1
            return following.startswith("{") if following else None
        return rest.startswith("{")

    def finish(self) -> str:
        """The rest: what is missing, or a text too short to be known for one."""
        if not self._structured:
            held, self._held = self._held, ""
            self._cut = bool(_THINKS.match(held))
            return "" if self._cut else held
        missing = _missing(self._held)
        if self._given:
            return f" {missing}" if missing else ""
        return SENTINEL if self._closed and not self._unreadable else ""

    @property
    def broken(self) -> bool:
        """Whether it began as JSON without readable sentences, or ended before any answer."""
        unread = bool(self._structured) and (not self._closed or self._unreadable)
        return self._cut or (unread and not self._given)

    @property
    def partial(self) -> bool:
        """Whether some of the sentences are shown, and others were not read."""
        unread = not self._closed or self._unreadable or self._dropped
        return bool(self._structured and self._given) and unread

    def _sentences(self) -> list[str]:
        """The sentences whose objects have been closed since the last call."""
        if self._at < 0:
            opened = _SENTENCES.search(self._held)
            if opened is None:
                return []
            self._at = opened.end()
        found: list[str] = []
        while not self._closed:
            between = _BETWEEN.match(self._held, self._at)
            self._at = between.end() if between else self._at
            if self._held.startswith("]", self._at):
                self._closed = True
                break
            try:
                item, self._at = json.JSONDecoder().raw_decode(self._held, self._at)
            except (ValueError, RecursionError):
                break
            self._unreadable = self._unreadable or not isinstance(item, dict | str)
            if not (sentence := _with_markers(item)):
                continue
            if self._given == MOST_SENTENCES:
                self._dropped = True
                continue
            found.append(f" {sentence}" if self._given else sentence)
            self._given += 1
        return found


def without_thoughts(reply: str) -> str:
    """A whole reply without what the model thinks before it, in tags of its own."""
    return _THOUGHT.sub("", reply)


def _with_markers(item: object) -> str:
    """A sentence's object as prose; "" where it is none. Some models write a text for it."""
    told: dict[str, Any] = item if isinstance(item, dict) else {"text": item}
    if not isinstance(told.get("text"), str):
        return ""
    text = _statement(told["text"])
    if (bare := _MARKER.sub("", text).rstrip()) and not _ENDED.search(bare):
        text += "."  # which many leave out in a field: else two sentences would be one
    turns = told.get("turns")
    numbers = [n for n in turns if type(n) is int] if isinstance(turns, list) else []
    markers = "".join(f"[{number}]" for number in [*dict.fromkeys(numbers)][:MOST_CITED])
    return f"{text} {markers}".strip() if text else ""


def _missing(reply: str) -> str:
    """What the model says that the evidence lacks; "" where that cannot be read."""
    try:
        read, _ = json.JSONDecoder().raw_decode(reply, max(0, reply.find("{")))
    except (ValueError, RecursionError):
        return ""
    missing = read.get("missing") if isinstance(read, dict) else None
    # Weak models write the sentinel here, beside an answer.
    if not isinstance(missing, str) or is_refusal(missing) or _NOTHING.fullmatch(missing.strip()):
        return ""
    return _statement(missing)


def _statement(text: str) -> str:
    """On one line, without halves of characters; "" for a question, which small models repeat."""
    line = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
    return "" if asks(line) else line


def is_copied(
    reply: str,
    prompt: Sequence[tuple[str, str]],
    evidence: Sequence[EvidenceTurn],
    question: str = "",
) -> bool:
    """Whether a reply repeats its prompt in place of an answer, as weak models do.

    Args:
        reply: the prose of it, with or without markers.
        prompt: role and text of the messages that were sent.
        evidence: the turns in it.
        question: what was asked; an answer may say it again, but not ask it.
    """
    said = words(re.sub(r"\[[\d, ]*\]", " ", reply))
    if len(said) < FEWEST_COPIED:
        return False
    shown = render(evidence)
    told = "\n".join(text.replace(shown, " ") if shown else text for _, text in prompt)
    if question and not asks(reply):
        told = told.replace(plain(question), " ")
    runs = _runs(said)
    if len(runs & _runs(words(told))) >= COPIED_PROMPT * len(runs):
        return True
    copied = len(runs & _runs(words(shown))) >= COPIED_EVIDENCE * len(runs)
    return len(said) > LONGEST_QUOTATION and copied


def _runs(said: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(said[at : at + RUN]) for at in range(len(said) - RUN + 1)}


LONGEST = 200  # characters of one marker; what goes on without closing is text
LONGEST_RANGE = 20  # numbers; more than that is not a citation of anything

_OPEN = r"[\[【［]"
_CLOSE = r"[\]】］]"
_SPACE = r"[ \t\u00a0\u3000]"
_DASH = r"[-‐‑–—~～－]"
_COMMA = r"[,;，；、]"
_WORDS = ("turns", "turn", "sources", "source", "evidence", "#")  # "[turn 3]"
_WORD = rf"(?:(?:{'|'.join(_WORDS)})(?![a-z]))"
_BEGUN = "|".join(word[:end] for word in _WORDS for end in range(len(word), 0, -1))
_TIME = rf"{_COMMA}?{_SPACE}*\d{{1,2}}(?::\d\d){{1,2}}"  # "[3, 6:45]": so it stands in the prompt
_NUMBER = (
    rf"(?:{_WORD}{_SPACE}*)?\^?\d{{1,9}}(?:{_SPACE}*{_DASH}{_SPACE}*\d{{1,9}})?(?:{_TIME}(?!\d))?"
)
_NOTE = rf"(?:{_SPACE}*(?::\d{{1,9}})?†[^\[\]【】［］\n]{{0,24}})?"  # OpenAI's "【4:0†source】"

_FIRST = re.compile(_OPEN)
_MARKER = re.compile(
    rf"{_OPEN}{_SPACE}*(?P<items>{_NUMBER}(?:{_SPACE}*{_COMMA}{_SPACE}*{_NUMBER})*)"
    rf"{_NOTE}{_SPACE}*{_CLOSE}",
    re.IGNORECASE,
)
# Everything that a marker can begin with, and a little more: what is held back is bounded anyway.
_BEGINNING = re.compile(
    rf"{_OPEN}(?:{_SPACE}|{_DASH}|{_COMMA}|[\d^:]|{_WORD})*+(?:{_BEGUN})?"
    rf"(?:†[^\[\]【】［］\n]{{0,24}})?",
    re.IGNORECASE,
)
# A link behind a number would open something else than the number's turn.
_LINK = re.compile(r"(\]?)\(\s*<?(?:[a-z][a-z+.-]*:|//|/|www\.|#)[^()\s<>]*>?\s*\)", re.IGNORECASE)
_MAY_LINK = re.compile(r"\]?(?:\([^()\n]*)?")
LONGEST_LINK = 500  # characters
_CLOCK = re.compile(_TIME)
_ITEM = re.compile(rf"(\d+)(?:{_SPACE}*{_DASH}{_SPACE}*(\d+))?")


@dataclass(frozen=True, slots=True)
class Marker:
    """What stood in one pair of brackets."""

    numbers: tuple[int, ...]  # each once, in their order
    unusable: tuple[str, ...] = ()  # ranges that run backwards or too far


class MarkerReader:
    """Parts a text that comes in pieces into plain text and markers.

    Only what may still become a marker is held back. The parts are the same whatever the
    pieces were, except that plain text may be cut in other places.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> Iterator[str | Marker]:
        """What is certain now."""
        text = self._held + piece
        self._held = ""
        at = 0
        while opening := _FIRST.search(text, at):
            if opening.start() > at:
                yield text[at : opening.start()]
            at = opening.start()
            found = _MARKER.match(text, at, at + LONGEST)
            if found:
                if len(text) - at < LONGEST_LINK and _MAY_LINK.fullmatch(text, found.end()):
                    self._held = text[at:]
                    return
                yield _read(found["items"])
                at = found.end()
                if link := _LINK.match(text, at):
                    yield link[1]
                    at = link.end()
            elif len(text) - at < LONGEST and _BEGINNING.fullmatch(text, at):
                self._held = text[at:]
                return
            else:
                yield text[at]
                at += 1
        if at < len(text):
            yield text[at:]

    def finish(self) -> Iterator[str | Marker]:
        """What was held back: a marker at the end, or none after all."""
        held, self._held = self._held, ""
        if found := _MARKER.match(held, 0, LONGEST):
            yield _read(found["items"])
            held = held[found.end() :]
        yield held


def markers_and_text(reply: str) -> Iterator[str | Marker]:
    """The parts of a text that has come, in order."""
    reader = MarkerReader()
    yield from reader.feed(reply)
    yield from reader.finish()


def _read(items: str) -> Marker:
    numbers: dict[int, None] = {}
    unusable: list[str] = []
    for item in _ITEM.finditer(_CLOCK.sub("", items)):
        first = int(item[1])
        last = int(item[2] or item[1])
        if first <= last < first + LONGEST_RANGE:
            numbers.update(dict.fromkeys(range(first, last + 1)))
        else:
            unusable.append(f"{first}-{last}")
    return Marker(tuple(numbers), tuple(unusable))
