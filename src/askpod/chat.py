"""A conversation over an archive: what was asked, what it draws on, and how it is kept on disk.

A `Chat` keeps its exchanges and filters, hands the newest exchanges on so that follow-ups are
understood, and looks up what the last answer's citations point to.

A `Session` is a conversation kept on disk, in the user's data folder: the archive's may be shared
or read-only. Each is a file of JSON lines, flushed before the next question is taken; an unfinished
last line is dropped, and a file that is damaged in any other way is set aside.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import platformdirs

from askpod.chunking import cut_span, second_at
from askpod.errors import AskpodError, WorkFailed
from askpod.files import append_line, read_bounded
from askpod.model import Answer, Citation, Exchange, Filters, Span, Turn, newest
from askpod.parsing import parse_json
from askpod.text import split_sentences

# Of earlier exchanges that go along with a question; a model's own limit is kept by its own count.
HISTORY = 16_000  # characters
AROUND = 60.0  # seconds before and after a cited passage that are shown with it

STOPPED = "stopped before its end"  # the warning of an answer that the listener broke off


class SourceError(AskpodError):
    """There is no such source in the last answer, or it cannot be shown."""


class Asks(Protocol):
    """What a conversation needs of an `Archive`."""

    def ask_stream(
        self, question: str, *, history: Sequence[Exchange] = ..., filters: Filters | None = ...
    ) -> Iterator[str | Answer]:
        """As `Archive.ask_stream`."""

    def turns(self, episode_id: str) -> list[Turn]:
        """As `Archive.turns`."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What was said around a citation."""

    citation: Citation
    spans: tuple[Span, ...]  # complete sentences, one span for each turn


class Chat:
    """One conversation. Not for several threads at once."""

    def __init__(
        self, archive: Asks, *, filters: Filters | None = None, history: Sequence[Exchange] = ()
    ) -> None:
        self.archive = archive  # may be replaced by the same archive with another model
        self.filters = filters or Filters()  # of the questions to come
        self.history = list(history)  # the exchanges so far, oldest first

    def ask(self, question: str) -> Generator[str | Answer, None, None]:
        """Pieces of text as they come, and last the Answer; it is then in the history.

        Thanks are answered without a look into the archive, and leave the history as it is. Closing
        the generator, or an interrupt, stops the request; what had come is kept as an answer
        without sources. An error of `Archive.ask_stream` leaves the history as it was.
        """
        # Imported at a question: a prompt stands before what answers is loaded.
        from askpod.answering.asker import thanked

        if (welcome := thanked(question)) is not None:
            yield welcome.text
            yield welcome
            return
        pieces: list[str] = []
        answer: Answer | None = None
        try:
            with closing(self._stream(question)) as items:
                for item in items:
                    if isinstance(item, Answer):
                        answer = item
                    else:
                        pieces.append(item)
                    yield item
        except (GeneratorExit, KeyboardInterrupt):
            if answer is None:  # of a model: no other takes long enough to be stopped
                text = "".join(pieces).rstrip()
                answer = Answer(question, text, (), (), refused=False, mode="llm")
                answer = replace(answer, warnings=(STOPPED,))
            raise
        finally:
            if answer is not None and (answer.text or answer.passages):
                self.history.append(Exchange(question, answer))

    def restart(self) -> None:
        """Forgets what was asked. The filters stay."""
        self.history.clear()

    @property
    def last(self) -> Answer:
        """The newest answer. Raises SourceError before the first."""
        if not self.history:
            raise SourceError("there is no answer yet")
        return self.history[-1].answer

    def recent(self) -> list[Exchange]:
        """The newest exchanges that the history's budget holds, oldest first."""
        return newest(self.history, HISTORY)

    def source(self, number: int) -> Citation:
        """A source of the last answer. Raises SourceError: it has no source of that number."""
        citations = {citation.number: citation for citation in self.last.citations}
        if number in citations:
            return citations[number]
        if not citations:
            raise SourceError("the last answer has no sources")
        shown = ", ".join(map(str, sorted(citations)))
        raise SourceError(f"the last answer has no source {number}; it has {shown}")

    def excerpt(self, number: int) -> Excerpt:
        """What was said from a minute before a source to a minute after it.

        Raises SourceError: there is no such source, or its episode has left the archive.
        """
        citation = self.source(number)
        spans = _near(self.archive.turns(citation.episode_id), citation)
        if not spans:
            raise SourceError(f"the archive no longer holds what source {number} cites")
        return Excerpt(citation, tuple(spans))

    def _stream(self, question: str) -> Generator[Any, None, None]:
        # `closing` wants a close(), which an iterator need not have.
        filters = self.filters or None
        yield from self.archive.ask_stream(question, history=self.recent(), filters=filters)


def _near(turns: Sequence[Turn], citation: Citation) -> list[Span]:
    """What is said up to AROUND seconds from a citation, by estimate where it has no second."""
    begin, end = citation.start, citation.end
    if begin is None or end is None:
        cited = next((turn for turn in turns if citation.quote in turn.text), None)
        if cited is None:
            return []
        begin, end = cited.start, cited.end
    begin, end = begin - AROUND, end + AROUND
    return [
        span
        for place, turn in enumerate(turns)
        if turn.end > begin and turn.start < end and (span := _within(turn, place, begin, end))
    ]


def _within(turn: Turn, place: int, begin: float, end: float) -> Span | None:
    """The sentences of a turn that are said between two seconds, as one span."""
    heard = [
        (first, last)
        for first, last in split_sentences(turn.text)
        if second_at(turn, last) > begin and second_at(turn, first) < end
    ]
    return cut_span(turn, place, heard[0][0], heard[-1][1]) if heard else None


VARIABLE = "ASKPOD_DATA"
SESSION_FORMAT = 1
MOST_BYTES = 100_000_000  # of one conversation
SESSION_ENDING = ".jsonl"
DAMAGED_ENDING = ".damaged"

Notify = Callable[[str], None]


class SessionUnwritable(WorkFailed):
    """A conversation cannot be kept: permissions, or no space left."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A conversation as it was left."""

    session: Session
    history: tuple[Exchange, ...]
    filters: Filters


class Session:
    """One conversation's file. It is made when the first exchange is kept."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, exchange: Exchange, filters: Filters) -> None:
        """Adds an exchange, and the filters it was asked under.

        Raises SessionUnwritable: it is not kept; what was kept before is.
        """
        # Passages and evidence are the archive's, and most of an answer's size.
        answer = replace(exchange.answer, passages=(), evidence=())
        kept = {name: value for name, value in asdict(filters).items() if value is not None}
        told = {"format": SESSION_FORMAT, "question": exchange.question, "filters": kept}
        line = json.dumps({**told, "answer": answer.to_dict()}).encode("ascii")
        try:
            private_folder(self.path.parent)
            append_line(self.path, line)
        except OSError as error:
            raise SessionUnwritable(
                f"{self.path}: this conversation cannot be kept: {error.strerror or error}; "
                f"{VARIABLE} names another folder"
            ) from error


class Sessions:
    """The kept conversations with one archive."""

    def __init__(self, store: Path, folder: Path | None = None) -> None:
        """`store` is the archive's folder, `folder` the user's data folder where not the usual."""
        real = os.path.realpath(store)
        key = hashlib.sha256(os.fsencode(real)).hexdigest()[:12]
        self.folder = (folder or data_folder()) / "sessions" / f"{Path(real).name}-{key}"

    def new(self) -> Session:
        """A session that is later than all others."""
        began = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        return Session(self.folder / f"{began}-{os.getpid()}{SESSION_ENDING}")

    def resume(self, notify: Notify) -> Resumed | None:
        """The conversation in which something was last asked; None where there is none.

        One that cannot be read is set aside, `notify` is told so, and the one before it is taken.
        """
        for path in self._newest_first():
            try:
                history, filters = _read_session(path)
            except (OSError, ValueError) as error:
                notify(_set_aside(path, error))
                continue
            if history:
                return Resumed(Session(path), history, filters)
        return None

    def _newest_first(self) -> Iterator[Path]:
        dated: list[tuple[int, Path]] = []
        with suppress(OSError):
            for path in self.folder.glob(f"*{SESSION_ENDING}"):
                with suppress(OSError):
                    dated.append((path.stat().st_mtime_ns, path))
        yield from (path for _, path in sorted(dated, reverse=True))


def data_folder() -> Path:
    """The folder named by ASKPOD_DATA, else the user's data folder for askpod."""
    return Path(os.environ.get(VARIABLE) or platformdirs.user_data_dir("askpod", appauthor=False))


def private_folder(folder: Path) -> None:
    """Makes a folder in the user's data folder that only its owner may look into.

    Raises OSError: it cannot be made.
    """
    # A relative path means that the user has no home: nothing is left in their working folder.
    if not folder.is_absolute() and VARIABLE not in os.environ:
        raise OSError(errno.ENOENT, "there is no home folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _read_session(path: Path) -> tuple[tuple[Exchange, ...], Filters]:
    """What a file holds. Raises ValueError that says which line is wrong."""
    exchanges: list[Exchange] = []
    filters = Filters()
    for number, line in enumerate(read_bounded(path, MOST_BYTES).split(b"\n")[:-1], start=1):
        try:
            exchange, filters = _from_json(parse_json(line))
        except (ValueError, KeyError, TypeError, AskpodError, RecursionError) as e:
            raise ValueError(f"line {number} is damaged") from e
        exchanges.append(exchange)
    return tuple(exchanges), filters


def _set_aside(path: Path, error: Exception) -> str:
    """Renames a file that cannot be read; says so."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    aside = path.with_name(path.name + DAMAGED_ENDING)
    try:
        path.rename(aside)
    except OSError:
        return f"{path}: an earlier conversation cannot be read ({reason}) and is left out"
    return f"{path}: an earlier conversation cannot be read ({reason}); it was set aside as {aside}"


def _from_json(value: Any) -> tuple[Exchange, Filters]:  # noqa: ANN401 (what JSON can hold)
    from pydantic import TypeAdapter

    if value["format"] != SESSION_FORMAT:
        raise ValueError(f"format {value['format']!r}")
    told = {"question": value["question"], "answer": value["answer"]}
    return TypeAdapter(Exchange).validate_python(told), Filters.of(value["filters"])
