"""What askpod is about: episodes, turns, chunks, passages, citations, answers.

Plain values without any I/O. All times are float seconds from the start of the
recording; an `end` is exclusive. Everything a user receives has `to_dict()`, which
holds only what JSON can carry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from askpod.errors import FilterError

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
FINITE: Final = {"allow_inf_nan": False}  # pydantic's, for what is read back from files
_LARGEST = 2**63 - 1  # the largest number that SQLite takes
MOST_PASSAGES = 200  # of a search at the command line, over HTTP or as a tool

Marks = tuple[tuple[int, float], ...]
"""Seconds known inside a text: (character, the second at which it is said), both ascending."""


class _Shown:
    """What a user receives."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON can carry it."""
        return cast("dict[str, Any]", as_json(self))


@dataclass(frozen=True, slots=True)
class Turn:
    """One paragraph of speech by one speaker."""

    speaker: str  # the transcript's own label; "" where it names nobody
    text: str
    start: float
    end: float
    estimated: bool = False  # True: `start` was not stated but worked out (see times.py)
    section: str = ""  # the header the turn stands under; "" before the first one
    marks: Marks = ()  # seconds that are known inside the text, such as those of its captions
    label: str = ""  # the transcript's own label, where `speaker` is a name laid over it

    def by(self, name: str) -> Turn:
        """The turn with a name for its speaker; the label that the transcript has is kept."""
        if name == self.speaker:
            return self
        return replace(self, speaker=name, label=self.label or self.speaker)


@dataclass(frozen=True, slots=True)
class Episode:
    """One recording: its transcript and what is known about it."""

    id: str
    title: str
    turns: tuple[Turn, ...]
    short: str = ""
    guests: tuple[str, ...] = ()  # full names where they can be known, else the file's labels
    season: int | None = None
    number: int | None = None
    date: str | None = None  # ISO 8601, YYYY-MM-DD
    duration: float | None = None  # seconds, as the file states it
    description: str = ""
    topics: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)  # name -> URL, in the file's order
    youtube: str | None = None  # the video's id
    untimed: bool = False  # its transcript states no second: those of its turns are estimated

    @property
    def end(self) -> float:
        """Seconds at which the last turn ends; 0.0 without turns."""
        return self.turns[-1].end if self.turns else 0.0

    def to_dict(self) -> dict[str, Any]:
        """What is known about it as JSON can carry it, without its speech."""
        known: dict[str, Any] = as_json(replace(self, turns=()))
        del known["turns"]
        return known


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a source file, and what was done about it."""

    path: str
    line: int  # 1-based line of the file
    kind: str  # a short stable name, such as "sec-backwards"
    repair: str  # what was done, in words a person can check


@dataclass(frozen=True, slots=True)
class Span:
    """A part of one turn, as a chunk or a passage holds it.

    `text` is verbatim from the turn, starting at character `offset` of its text. In an untimed
    episode `start`, `end` and `marks` are estimates that only keep the order; none is ever shown.
    """

    turn: int  # position of the turn in its episode, from 0
    offset: int
    speaker: str
    text: str
    start: float
    end: float
    marks: Marks = ()  # as a turn's, counted in this text


def join_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in their order, those of one turn joined where they overlap or touch.

    Between two parts of a turn that touch lies one white space, which the joined text has too.
    """
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last is None or last.turn != span.turn:
            joined.append(span)
            continue
        end = last.offset + len(last.text)
        if span.offset + len(span.text) <= end:
            continue
        gap = " " * max(0, span.offset - end)
        text = last.text + gap + span.text[max(0, end - span.offset) :]
        shift = span.offset - last.offset
        further = (*(((0, span.start),) if span.offset >= end else ()), *span.marks)
        marks = last.marks + tuple(
            (at + shift, second) for at, second in further if at + shift >= len(last.text)
        )
        joined[-1] = replace(last, text=text, end=span.end, marks=marks)
    return tuple(joined)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is embedded and indexed: consecutive spans of one episode."""

    heading: str  # what it is a part of; embedded by itself, never shown as speech
    section: str
    spans: tuple[Span, ...]
    lead: str = ""  # the last words before it, embedded for their context, never shown

    @property
    def start(self) -> float:
        """The second at which its speech begins."""
        return self.spans[0].start

    @property
    def end(self) -> float:
        """The second at which its speech ends."""
        return self.spans[-1].end

    @property
    def text(self) -> str:
        """The speech alone, one line for each span."""
        return "\n".join(span.text for span in self.spans)

    @property
    def embedded_text(self) -> str:
        """What the embedder reads besides the heading."""
        return "\n".join(part for part in (self.lead, self.text) if part)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Who speaks, in order of first word."""
        return tuple(dict.fromkeys(span.speaker for span in self.spans if span.speaker))

    def speaker_shares(self) -> dict[str, float]:
        """How much of the speech, by characters, each speaker has."""
        all_characters = max(1, sum(len(span.text) for span in self.spans))
        shares = dict.fromkeys(self.speakers, 0.0)
        for span in self.spans:
            if span.speaker:
                shares[span.speaker] += len(span.text) / all_characters
        return shares


@dataclass(frozen=True, slots=True)
class Passage(_Shown):
    """What a search returns: a stretch of one episode."""

    episode_id: str
    title: str
    start: float | None  # None, as `end`: the episode is untimed
    end: float | None
    speakers: tuple[str, ...]
    section: str
    text: str  # the speech, one line for each span
    score: float  # comparable within one search only; higher is better
    url: str  # opens the recording at `start`
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceTurn:
    """A turn, or the part of a long one that fits, as a model is shown it under a number."""

    number: int  # from 1, as the prompt has it
    episode_id: str
    title: str
    span: Span  # complete sentences of one turn, verbatim
    url: str  # opens the recording at its start
    untimed: bool = False  # the episode is, and the span's seconds are estimates


CitedBy = Literal["model", "askpod"]
"""Who chose the turn for a claim: the model that wrote it, or the program, which quoted the turn or
found it among the evidence."""


@dataclass(frozen=True, slots=True)
class Citation(_Shown):
    """A number in an answer, tied to the turn that supports the claim."""

    __pydantic_config__ = FINITE
    number: int
    episode_id: str
    title: str
    speaker: str
    start: float | None  # at which the quoted words begin (estimated inside a turn); None: untimed
    end: float | None
    quote: str  # verbatim from the turn
    url: str  # opens the recording at `start`
    supported: bool
    cited_by: CitedBy = "askpod"  # who tied the claim to this turn


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost. Tokens and cost are 0 and None without a model."""

    __pydantic_config__ = FINITE
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None  # US dollars, where the price is known
    retrieval_seconds: float = 0.0
    model_seconds: float = 0.0
    first_text_seconds: float | None = None  # from the request to the model's first text

    def then(self, later: Usage) -> Usage:
        """Both together; the time to the first text is that of the later request."""
        costs = [usage.cost for usage in (self, later) if usage.cost is not None]
        return replace(
            later,
            prompt_tokens=self.prompt_tokens + later.prompt_tokens,
            completion_tokens=self.completion_tokens + later.completion_tokens,
            cost=sum(costs) if costs else None,
            retrieval_seconds=self.retrieval_seconds + later.retrieval_seconds,
            model_seconds=self.model_seconds + later.model_seconds,
        )


Basis = Literal["answered", "nearest", "none"]
"""What an answer rests on: what was said answers the question; it does not, and what is quoted
only comes nearest to it; nothing comes near (a refusal)."""


@dataclass(frozen=True, slots=True)
class Answer(_Shown):
    """A reply whose every statement carries a citation, or a refusal.

    Raises ValueError: it is no refusal and has the basis "none".
    """

    question: str
    text: str  # with [1], [2] … in order of first use
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]  # the evidence; for a refusal the nearest leads
    refused: bool
    mode: Literal["llm", "extractive"]
    model: str | None = None
    usage: Usage = field(default_factory=Usage)
    warnings: tuple[str, ...] = ()
    reply: str | None = None  # what the model wrote, before its citations were checked
    evidence: tuple[EvidenceTurn, ...] = ()  # the turns the model was shown, with their numbers
    basis: Basis = "answered"  # of a refusal always "none"

    def __post_init__(self) -> None:
        if self.refused:
            object.__setattr__(self, "basis", "none")
        elif self.basis == "none":
            raise ValueError('an answer on the basis "none" must be a refusal')

    def to_langchain(self) -> AIMessage:
        """A message for LangChain, whose marks carry `Citation` blocks."""
        from askpod.langchain import message

        return message(self)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question that was asked in a conversation, and its answer."""

    question: str
    answer: Answer


def newest(
    history: Sequence[Exchange], room: int, size: Callable[[str], int] = len
) -> list[Exchange]:
    """The newest exchanges whose questions and answers have `room` together, oldest first."""
    kept: list[Exchange] = []
    for exchange in reversed(history):
        room -= size(exchange.question) + size(exchange.answer.text)
        if room < 0:
            break
        kept.insert(0, exchange)
    return kept


@dataclass(frozen=True, slots=True)
class Filters:
    """Restrictions on a search; all that are set must hold.

    episode: an episode's id. guest, speaker: a name or some words of it, without regard to case or
    accents ("gupta" finds "Lavanya Gupta"). season: its number. since, until: dates as YYYY,
    YYYY-MM or YYYY-MM-DD, both inclusive; an episode without a date matches neither. Raises
    FilterError: a date is not of that form, the season is no number, a name no text.
    """

    episode: str | None = None
    guest: str | None = None
    speaker: str | None = None
    season: int | None = None
    since: str | None = None
    until: str | None = None

    def __post_init__(self) -> None:
        for name in ("episode", "guest", "speaker"):
            value = getattr(self, name)
            if value is not None and not _is_text(value):
                raise FilterError(f"{name}: {value!r} is not text")
        for name in ("since", "until"):
            value = getattr(self, name)
            if value is not None and not _DATE.fullmatch(str(value)):
                how = "write YYYY, YYYY-MM or YYYY-MM-DD"
                raise FilterError(f"{name}: {value!r} is not a date; {how}")
        season = 0 if self.season is None else self.season
        if not (isinstance(season, int) and abs(season) <= _LARGEST):
            raise FilterError(f"season: {season!r} is no season's number")

    @classmethod
    def of(cls, given: Filters | Mapping[str, Any] | None) -> Filters:
        """Accepts what a caller may pass: a Filters, a mapping of its fields, or nothing."""
        if given is None:
            return cls()
        if isinstance(given, Filters):
            return given
        known = [field.name for field in fields(cls)]
        if unknown := ", ".join(sorted(set(given) - set(known))):
            raise FilterError(f"unknown filter {unknown}; there are {', '.join(known)}")
        return cls(**given)

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) is not None for field in fields(self))

    def describe(self) -> str:
        """The filters as a person would write them, such as "guest=gupta season=20"."""
        set_ones = ((field.name, getattr(self, field.name)) for field in fields(self))
        return " ".join(f"{name}={value}" for name, value in set_ones if value is not None)


def as_json(value: Any) -> Any:  # noqa: ANN401 (a field may be anything)
    """What JSON can carry of an object of this module: its fields by their names.

    Without marks: each start that follows from them is given. What is said in an untimed
    episode has no seconds.
    """
    if isinstance(value, tuple | list):
        return [as_json(each) for each in value]
    if isinstance(value, dict):
        return dict(value)  # the archive's own stays as it is
    if not is_dataclass(value):
        return value
    held = {name: as_json(getattr(value, name)) for name in _field_names(value.__class__)}
    untimed = held.get("untimed") or ("spans" in held and held["start"] is None)
    spans = [*held.get("spans", ()), *([held["span"]] if "span" in held else [])]
    for span in spans if untimed else []:
        span.update(start=None, end=None)
    return held


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name != "marks")


def _is_text(value: object) -> bool:
    """Whether it is text that UTF-8 can carry; bytes of a terminal that are not stay halves."""
    return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)
