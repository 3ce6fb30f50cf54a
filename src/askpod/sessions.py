"""Conversations kept on disk, so that `askpod chat --continue` goes on with the last one.

They lie in the user's data folder and not in the archive's: an archive may be shared or
read-only, and what somebody asked is their own. A session is a file of JSON lines, one for each
exchange, written and flushed to the disk before the next question is taken; an unfinished last
line, which a power cut can leave, is dropped. A file that is damaged in any other
way is set aside under another name and never deleted.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

from askpod.errors import AskpodError
from askpod.files import append_line, read_bounded
from askpod.model import Exchange, Filters
from askpod.parsing import parse_json

VARIABLE = "ASKPOD_DATA"
FORMAT = 1
MOST_BYTES = 100_000_000  # of one conversation
ENDING = ".jsonl"
SET_ASIDE = ".damaged"

Notify = Callable[[str], None]


class SessionUnwritable(AskpodError):
    """A conversation cannot be kept: permissions, or no space left."""

    exit_code = 1


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

        Raises:
            SessionUnwritable: it is not kept; what was kept before is.
        """
        line = json.dumps(_as_json(exchange, filters))
        try:
            private_folder(self.path.parent)
            append_line(self.path, line.encode("ascii"))
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
        return Session(self.folder / f"{began}-{os.getpid()}{ENDING}")

    def resume(self, notify: Notify) -> Resumed | None:
        """The conversation in which something was last asked; None where there is none.

        One that cannot be read is set aside, `notify` is told so, and the one before it is taken.
        """
        for path in self._newest_first():
            try:
                history, filters = _read(path)
            except (OSError, ValueError) as error:
                notify(_set_aside(path, error))
                continue
            if history:
                return Resumed(Session(path), history, filters)
        return None

    def _newest_first(self) -> Iterator[Path]:
        dated: list[tuple[int, str, Path]] = []
        with suppress(OSError):
            for path in self.folder.glob(f"*{ENDING}"):
                with suppress(OSError):
                    dated.append((path.stat().st_mtime_ns, path.name, path))
        yield from (path for *_, path in sorted(dated, reverse=True))


def data_folder() -> Path:
    """The folder named by ASKPOD_DATA, else the user's data folder for askpod."""
    return Path(os.environ.get(VARIABLE) or platformdirs.user_data_dir("askpod", appauthor=False))


def private_folder(folder: Path) -> None:
    """Makes a folder in the user's data folder that only its owner may look into.

    Raises:
        OSError: it cannot be made.
    """
    # A relative path means that the user has no home: nothing is left in their working folder.
    if not folder.is_absolute() and VARIABLE not in os.environ:
        raise OSError(errno.ENOENT, "there is no home folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _read(path: Path) -> tuple[tuple[Exchange, ...], Filters]:
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
    aside = path.with_name(path.name + SET_ASIDE)
    try:
        path.rename(aside)
    except OSError:
        return f"{path}: an earlier conversation cannot be read ({reason}) and is left out"
    return f"{path}: an earlier conversation cannot be read ({reason}); it was set aside as {aside}"


def _as_json(exchange: Exchange, filters: Filters) -> dict[str, Any]:
    """Passages and evidence are left out: they are the archive's, and most of an answer's size."""
    answer = replace(exchange.answer, passages=(), evidence=()).to_dict()
    return {
        "format": FORMAT,
        "question": exchange.question,
        "answer": answer,
        "filters": {name: value for name, value in asdict(filters).items() if value is not None},
    }


def _from_json(value: Any) -> tuple[Exchange, Filters]:  # noqa: ANN401 (what JSON can hold)
    from pydantic import TypeAdapter

    if value["format"] != FORMAT:
        raise ValueError(f"format {value['format']!r}")
    told = {"question": value["question"], "answer": value["answer"]}
    return TypeAdapter(Exchange).validate_python(told), Filters.of(value["filters"])
