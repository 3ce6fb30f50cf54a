"""The errors a user can meet. Each message says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any


class AskpodError(Exception):
    """Base of all errors that askpod raises on purpose.

    `exit_code` is what the command line leaves with: 1 where some of the work failed,
    2 for bad usage or settings.
    """

    exit_code = 2
    report: Any = None  # an IndexReport where a run of indexing ended by it: what was done before


class WorkFailed(AskpodError):
    """Some of the work failed, and nothing is wrong with how it was asked for."""

    exit_code = 1


class ReadError(WorkFailed):
    """A transcript file cannot be read. The message begins with `path:line:column`."""

    def __init__(
        self, path: Path | str, problem: str, *, line: int | None = None, column: int | None = None
    ) -> None:
        self.path = str(path)
        self.line = line
        self.column = column
        self.problem = problem
        where = ":".join(str(part) for part in (path, line, column) if part is not None)
        super().__init__(f"{where}: {problem}")

    def __reduce__(self) -> tuple[Callable[..., ReadError], tuple[str, str]]:
        """Its parts, not its message alone: a worker's error is raised again in another process."""
        return partial(type(self), line=self.line, column=self.column), (self.path, self.problem)


class Unrecognised(ReadError):
    """A file holds no transcript of any known format.

    Found in a folder among others, it is passed over; named by the user, it is an error.
    """


class Untimed(ReadError):
    """A transcript says who speaks, but nowhere when; `--untimed` takes it."""


class RecordingError(WorkFailed):
    """A recording cannot be transcribed: it is damaged, or its engine failed at it."""


class TranscriberError(AskpodError):
    """There is no engine that transcribes: none was named, or it is not installed."""


class PathError(AskpodError):
    """A path given by the user does not exist or holds no transcript."""


class FetchError(WorkFailed):
    """A feed, a repository or a file of theirs cannot be had. The message shows no credentials."""


class ArchiveNotFound(AskpodError):
    """There is no archive in the folder that was named."""


class EpisodeNotFound(AskpodError):
    """The archive holds no episode of that id. The message says which are near."""


class StoreMismatch(AskpodError):
    """The store was made by another embedder, chunking or format version."""


class StoreDamaged(AskpodError):
    """The catalog cannot be trusted. The message names the command that restores it."""


class StoreBusy(WorkFailed):
    """Another process is writing to the store."""


class StoreUnwritable(WorkFailed):
    """The store's folder cannot be written: permissions, or no space left."""


class ServerError(WorkFailed):
    """The Chroma server failed, or cannot be used. The message shows no token."""


class ArchiveClosed(AskpodError):
    """An archive is used after `close`."""

    def __init__(self, where: object) -> None:
        super().__init__(f"{where}: this archive has been closed; open it again")


class EmbedderError(AskpodError):
    """The embedder cannot be loaded, or cannot read a text without cutting it."""


class WorkerError(WorkFailed):
    """A process that was to help with the work cannot be started."""


class QuestionError(AskpodError):
    """A question is empty or too long."""


class FilterError(AskpodError):
    """A filter cannot be understood or names something the archive does not hold."""


class ModelError(WorkFailed):
    """A model's service failed, or gave what cannot be used. The message names no key.

    `retryable` says whether the same request may go through later.
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        self.retryable = retryable
        super().__init__(message)


class ContextTooLong(ModelError):
    """The service refused the prompt as longer than the model reads."""


class GoldError(AskpodError):
    """A gold set, or the folder of an eval's run, is not as it should be."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be indexed, and why."""

    path: str
    message: str


def no_archive(where: str) -> ArchiveNotFound:
    """The error for a folder without an archive."""
    return ArchiveNotFound(
        f"{where}: no archive here yet. Make one with `askpod index PATH… --store {where}`, or "
        "name the folder of an existing one (--store, ASKPOD_STORE)."
    )


def damaged(path: Path, what: str) -> StoreDamaged:
    """The error for a catalog that cannot be trusted."""
    return StoreDamaged(
        f"{path}: the catalog is damaged: {what}. Run `askpod rebuild PATH… --store {path.parent}` "
        "with the folders of the episodes to rebuild it; the damaged file is kept beside it."
    )


def other_archive(address: object, store: object) -> StoreMismatch:
    """The error for a replica of an archive that is not the one on the server."""
    return StoreMismatch(
        f"{store}: this folder holds a replica of another archive than {address}. Name another "
        "folder (--store, ASKPOD_STORE) for this one, or correct ASKPOD_CHROMA_URL and "
        "ASKPOD_CHROMA_DATABASE; a replica that is no longer wanted can be deleted"
    )


def other_format(where: str, known: str, reads: int) -> StoreMismatch:
    """The error for a store that another version of askpod has made."""
    by, todo = "an earlier", "Run `askpod rebuild`."
    if known.isdecimal() and int(known) > reads:
        by, todo = "a newer", "Upgrade askpod, or index into another folder (--store)."
    return StoreMismatch(
        f"{where}: this store has format {known}, made by {by} askpod; this one reads format "
        f"{reads}. {todo}"
    )
