"""Gold sets: questions whose right answers, and the seconds that hold them, are known.

YAML, one list of rows. How to write a good one: evals/README.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from askpod import parsing
from askpod.archive import Archive
from askpod.chunking import cut_span
from askpod.errors import GoldError
from askpod.files import read_bounded
from askpod.links import second_link
from askpod.model import Turn
from askpod.text import split_sentences, visible

UNANSWERABLE = "unanswerable"
MOST_BYTES = 20_000_000  # of a gold file; far above any that people write
MOST_LISTED = 100  # bad rows that an error names
LONGEST_KEY = 80  # characters of an id or a key in a message

_Text = Annotated[str, Field(min_length=1, max_length=20_000)]
_Name = Annotated[str, Field(min_length=1, max_length=500)]
_Second = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Seconds of one episode, from `start` up to but without `end`."""

    episode: str
    start: float
    end: float

    @classmethod
    def stated(cls, episode: str, start: float | None, end: float | None) -> Stretch:
        """What has no second, as in an untimed episode, is empty: no evidence is in it."""
        return cls(episode, start or 0.0, end or 0.0)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return max(0.0, self.end - self.start)

    def overlap(self, other: Stretch) -> float:
        """Seconds that both hold."""
        if self.episode != other.episode:
            return 0.0
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def touches(self, others: Iterable[Stretch]) -> bool:
        """Whether it shares any time with one of `others`."""
        return any(self.overlap(other) > 0 for other in others)

    def gap(self, other: Stretch) -> float:
        """Seconds between both; 0 where they touch, infinity in another episode."""
        if self.episode != other.episode:
            return float("inf")
        return max(0.0, other.start - self.end, self.start - other.end)


def union(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The same seconds without overlaps, in order; empty stretches are left out."""
    joined: list[Stretch] = []
    for each in sorted(stretches):
        if joined and joined[-1].gap(each) == 0:
            last = joined.pop()
            each = Stretch(last.episode, last.start, max(last.end, each.end))
        if each.seconds > 0:
            joined.append(each)
    return tuple(joined)


def seconds(stretches: Iterable[Stretch]) -> float:
    """How long they are together, every second counted once."""
    return sum(each.seconds for each in union(stretches))


def shared(some: Iterable[Stretch], others: Iterable[Stretch]) -> float:
    """Seconds that are in both, every second counted once."""
    theirs = union(others)
    return sum(one.overlap(other) for one in union(some) for other in theirs)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Evidence(_Strict):
    """A stretch of an episode that carries (a part of) the right answer, in seconds."""

    episode: _Name
    start: _Second
    end: _Second

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"end {self.end:g} must be after start {self.start:g}")
        return self


class GoldQuestion(_Strict):
    """One question with what is known of its answer.

    Without evidence it is unanswerable: the right reply is a refusal. Without facts it measures
    retrieval and citations only. With `episode` it is asked of that episode alone, with `history`
    after the questions that are listed there, oldest first.
    """

    id: _Name
    question: _Text
    type: _Name = "question"
    difficulty: _Name | None = None
    answer: _Text | None = None
    facts: tuple[_Text, ...] | None = None  # vital: an answer without one lacks something
    okay: tuple[_Text, ...] = ()  # worth saying, and not missed where it is left out
    evidence: tuple[Evidence, ...] = ()
    episode: _Name | None = None
    history: Annotated[tuple[_Text, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.type == UNANSWERABLE and (self.evidence or self.facts):
            raise ValueError("an unanswerable question has neither facts nor evidence")
        if self.type != UNANSWERABLE and not self.evidence:
            raise ValueError("no evidence; a question without any has the type unanswerable")
        if self.okay and not self.facts:
            raise ValueError("okay facts without facts; name those that an answer must state")
        if self.type != UNANSWERABLE and self.facts == ():
            raise ValueError("empty facts; name them, or leave the key out")
        return self

    @property
    def answerable(self) -> bool:
        """Whether the archive holds an answer: there is evidence."""
        return bool(self.evidence)

    @property
    def home(self) -> str:
        """The episode of its first evidence, else the one it is asked of; "" where neither is."""
        return self.evidence[0].episode if self.evidence else self.episode or ""

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """The evidence, every second once, in order."""
        return union(Stretch(each.episode, each.start, each.end) for each in self.evidence)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row of a gold file."""

    line: int
    row: str  # its id, or "" where it has none
    problem: str

    def __str__(self) -> str:
        return f"{self.line}: {f'{self.row}: ' if self.row else ''}{self.problem}"


@dataclass(frozen=True, slots=True)
class GoldSet:
    """The questions of one file."""

    path: Path
    questions: tuple[GoldQuestion, ...]
    lines: Mapping[str, int]  # of each row, by its id

    @property
    def name(self) -> str:
        """What reports and folders of runs call it: never "..", whatever the file is called."""
        stem = self.path.stem if self.path.stem != "gold" else self.path.resolve().parent.name
        return stem if stem.strip(".") else "gold"

    def alone(self) -> GoldSet:
        """The questions that are asked without others before them. Raises GoldError for none."""
        alone = tuple(question for question in self.questions if not question.history)
        if not alone:
            raise GoldError(f"{self.path}: every question has a history; add some without")
        return replace(self, questions=alone)


def load_gold(path: Path) -> GoldSet:
    """Reads a gold file. Raises GoldError that names every bad row with its line."""
    gold, problems = read_gold(path)
    if problems:
        raise _bad_gold(path, problems)
    return gold


def read_gold(path: Path) -> tuple[GoldSet, list[Problem]]:
    """The rows of a gold file that can be used, and what is wrong with the others.

    Raises GoldError: the file cannot be read, or holds no list of questions.
    """
    questions: list[GoldQuestion] = []
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    for node in _rows(path):
        row, line = parsing.plain(node), node.line
        name = visible(str(row.get("id") or ""))[:LONGEST_KEY] if isinstance(row, dict) else ""
        try:
            question = GoldQuestion.model_validate(row)
        except ValidationError as error:
            problems += [Problem(line, name, each) for each in worded(error)]
            continue
        if question.id in lines:
            first = lines[question.id]
            problems.append(Problem(line, question.id, f"the id stands at line {first} already"))
            continue
        lines[question.id] = line
        questions.append(question)
    if not questions and not problems:
        raise GoldError(f"{path}:1: no questions; evals/README.md shows what one looks like")
    return GoldSet(path, tuple(questions), lines), problems


def _bad_gold(path: Path, problems: Iterable[Problem]) -> GoldError:
    """The error that lists problems, one line each: `path:line: id: problem`."""
    listed = [f"{path}:{problem}" for problem in problems]
    rows = "one row needs" if len(listed) == 1 else f"{len(listed):,} rows need"
    more = [f"and {len(listed) - MOST_LISTED:,} more"] if len(listed) > MOST_LISTED else []
    return GoldError("\n".join([f"{path}: {rows} mending", *listed[:MOST_LISTED], *more]))


def _rows(path: Path) -> Iterator[parsing.Node]:
    try:
        text = read_bounded(path, MOST_BYTES).decode("utf-8-sig")
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise GoldError(f"{path}: {problem}; name a gold set in YAML") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise GoldError(f"{path}:{line}: is not UTF-8 text; save the file as UTF-8") from error
    try:
        tree = parsing.parse_yaml(text, strict=True, notice=_refuse)
    except parsing.ParseError as error:
        raise GoldError(f"{path}:{error.line or 1}: {error.problem}") from None
    if not isinstance(tree, parsing.Sequence):
        line = tree.line if tree else 1
        raise GoldError(f"{path}:{line}: not a list of questions; evals/README.md shows one")
    yield from tree.items


def _refuse(line: int, _: str, problem: str) -> None:
    """A value that YAML leaves out might be the fact that a typing error hides."""
    said = problem.partition(":")[0]
    raise parsing.ParseError(f"{said}; give every value a name of its own", line)


_PLAINLY = {  # pydantic's words for Python's types, in YAML's
    "tuple_type": "must be a list",
    "model_type": "must be a mapping: `key: value`, a line each",
    "extra_forbidden": "is no key that is known here",
    "missing": "is missing",
}


def worded(error: ValidationError) -> list[str]:
    """Pydantic's complaints in a line each: where in the row, and what is wrong."""
    found = []
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        place = ".".join(visible(str(part))[:LONGEST_KEY] for part in each["loc"])
        said = _PLAINLY.get(each["type"], each["msg"].removeprefix("Value error, "))
        found.append(f"{place}: {said}" if place else said)
    return found


def _misplaced(question: GoldQuestion, sources: Sources) -> Iterator[str]:
    held_in = {each.episode for each in question.evidence}
    if question.episode is not None and question.episode not in sources:
        yield f"unknown episode {question.episode}"
    elif held_in and question.episode not in (None, *held_in):
        yield f"asked of {question.episode}, and has its evidence in {question.evidence[0].episode}"
    for each in question.evidence:
        if each.episode not in sources:
            yield f"unknown episode {each.episode}"
        elif each.end > (length := sources.length(each.episode)) + 1:
            yield f"{each.start:g} to {each.end:g} s: {each.episode} ends at {length:.0f} s"


class Sources:
    """The episodes of an archive. Turns are read once for each episode that is asked for."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._episodes = {episode.id: episode for episode in archive.episodes()}
        self._turns: dict[str, list[Turn]] = {}

    def __contains__(self, id_: str) -> bool:
        return id_ in self._episodes

    def length(self, id_: str) -> float:
        """Seconds of an episode: as its file states, or up to its last turn if that is more."""
        turns = self.turns(id_)
        return max(self._episodes[id_].duration or 0.0, turns[-1].end if turns else 0.0)

    def title(self, id_: str) -> str:
        """The title of an episode."""
        return self._episodes[id_].title

    def url(self, stretch: Stretch) -> str:
        """Opens the recording where the stretch starts; "" without a link."""
        episode = self._episodes[stretch.episode]
        return second_link(episode.youtube, episode.links, stretch.start)

    def speech(self, stretch: Stretch) -> str:
        """What is said in it, a line for each turn, by the sentence."""
        turns = self.turns(stretch.episode)
        near = (turn for turn in turns if turn.start <= stretch.end and turn.end >= stretch.start)
        said = ((turn.speaker, _said_within(turn, stretch)) for turn in near)
        return "\n".join(f"{speaker}: {text}".lstrip(": ") for speaker, text in said if text)

    def turns(self, id_: str) -> list[Turn]:
        """All turns of an episode."""
        if id_ not in self._turns:
            self._turns[id_] = self._archive.turns(id_)
        return self._turns[id_]


def misplaced(gold: GoldSet, archive: Archive) -> list[Problem]:
    """Rows that name episodes which the archive does not hold, or seconds outside of them."""
    sources = Sources(archive)
    return [
        Problem(gold.lines[question.id], question.id, problem)
        for question in gold.questions
        for problem in dict.fromkeys(_misplaced(question, sources))
    ]


def require_all(gold: GoldSet, archive: Archive) -> None:
    """Raises GoldError where the archive does not hold what a gold set names."""
    if problems := misplaced(gold, archive):
        raise _bad_gold(gold.path, problems)


def _said_within(turn: Turn, stretch: Stretch) -> str:
    """The sentences of a turn of which at least half is in the stretch."""
    kept = [
        sentence
        for sentence in split_sentences(turn.text)
        for span in [cut_span(turn, 0, *sentence)]
        if stretch.start <= (span.start + span.end) / 2 < stretch.end
    ]
    return turn.text[kept[0][0] : kept[-1][1]] if kept else ""
