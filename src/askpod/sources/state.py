"""What has been downloaded: of a feed, under which names; and of one large file, how much.

A feed has a journal, a line for each step. No address is written, as it may hold a key: only its
digest. The rest of a large file is asked for by a range, if it is still the one that was begun.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter

from askpod.files import PRIVATE, append_line, read_bounded, slug, write_atomically
from askpod.parsing import parse_json
from askpod.readers.metadata import Chapter
from askpod.services.limits import NotUnpacked, Unpacker
from askpod.sources.addresses import without_secrets
from askpod.sources.feed import Item

FILE = "state.jsonl"
MOST_STATE = 200_000_000  # bytes of the journal

_FileName = Annotated[str, Field(pattern=r"\A[^./\\\x00][^/\\\x00]*\z")]  # leads out of no folder


@dataclass(frozen=True, slots=True)
class Downloaded:
    """The files that are there of an item."""

    name: _FileName  # of its files, without ending
    file: _FileName  # of its transcript
    offers: str  # digest of what the feed offered when it was fetched; "": it was transcribed
    sidecar: str = ""  # digest of the metadata that were written beside it
    chapters_from: str = ""  # digest of the address they were fetched from
    chapters: tuple[Chapter, ...] = ()
    recording: str = ""  # digest of title, date and sound: the same under another guid

    @property
    def transcribed(self) -> bool:
        """Whether the feed offered no transcript, and it was made of the recording."""
        return not self.offers


@dataclass(frozen=True, slots=True)
class Validators:
    """What the server said of the feed, to ask whether it has changed.

    Empty where the last run left something undone.
    """

    etag: str = ""
    modified: str = ""


NEVER_SEEN = Validators()

_DOWNLOADED, _VALIDATORS = TypeAdapter(Downloaded), TypeAdapter(Validators)


@dataclass(slots=True)
class FeedState:
    """What has been downloaded into one feed's folder, by the items' keys."""

    folder: Path
    validators: Validators = NEVER_SEEN
    entries: dict[str, Downloaded] = field(default_factory=dict)
    _lines: int = 0
    _keys: dict[str, str] = field(default_factory=dict)  # of the entries, by their names

    @classmethod
    def load(cls, folder: Path) -> FeedState:
        """The state in `folder`, as far as it can be read; empty where there is none."""
        state = cls(folder)
        try:
            lines = read_bounded(folder / FILE, MOST_STATE).split(b"\n")
        except OSError:
            return state
        for line in lines:
            state._take(line)
        state._lines = len(lines)
        return state

    def record(self, key: str, entry: Downloaded) -> None:
        """Writes down what is there of an item from now on."""
        self._put(key, entry)
        self._append({"item": key, "entry": asdict(entry)})

    def known(self, item: Item, offered: Collection[str]) -> Downloaded | None:
        """What is there of an item, also where the feed has given it another guid.

        `offered` are the keys of all items in the feed: what is one of them is no other's.
        """
        if item.key in self.entries:
            return self.entries[item.key]
        same = recording(item)
        others = (e for key, e in self.entries.items() if key not in offered)
        return next((entry for entry in others if entry.recording == same), None)

    def seen(self, validators: Validators) -> None:
        """Writes down what the server said of the feed, all of which is here.

        Where that cannot be written, the next run asks for the feed again.
        """
        if validators != self.validators:
            self.validators = validators
            with suppress(OSError):
                self._append({"feed": asdict(validators)})

    def files(self) -> list[Path]:
        """The transcripts that are there, in the order of their names."""
        found = (self.folder / entry.file for entry in self.entries.values())
        return sorted(path for path in set(found) if path.is_file())

    def whole(self) -> bool:
        """Whether all files are there that have been recorded."""
        names = ((entry.file, f"{entry.name}.yaml") for entry in self.entries.values())
        return all((self.folder / name).is_file() for pair in names for name in pair)

    def tidy(self) -> None:
        """Rewrites the journal where most of its lines are outdated."""
        if self._lines > 2 * len(self.entries) + 20:
            told: list[dict[str, Any]] = [{"feed": asdict(self.validators)}]
            told += [{"item": key, "entry": asdict(each)} for key, each in self.entries.items()]
            content = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in told)
            write_atomically(self.folder / FILE, content.encode(), mode=PRIVATE)
            self._lines = len(told)

    def _put(self, key: str, entry: Downloaded) -> None:
        former = self._keys.get(entry.name, key)
        if former != key:  # its guid has changed since
            self.entries.pop(former, None)
        self._keys[entry.name] = key
        self.entries[key] = entry

    def _append(self, line: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        append_line(self.folder / FILE, json.dumps(line, ensure_ascii=False).encode())
        self._lines += 1

    def _take(self, line: bytes) -> None:
        """Reads a line; one that a stop or a hand has spoilt says nothing."""
        try:
            told = parse_json(line)
            if "feed" in told:
                self.validators = _VALIDATORS.validate_python(told["feed"])
            else:
                self._put(str(told["item"]), _DOWNLOADED.validate_python(told["entry"]))
        except (ValueError, TypeError, KeyError):
            return


def recording(item: Item) -> str:
    """A digest of an item's title, date and sound, whose address may change but for its end."""
    sound = urlsplit(without_secrets(item.audio or item.video)).path.rpartition("/")[2]
    return digest(item.title, item.date or "", sound)


def digest(*parts: str) -> str:
    """A digest of texts, in their order."""
    joined = "\n".join(parts)
    return hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:20]


def episode_name(item: Item, taken: set[str]) -> str:
    """A name for the item's files that is not in `taken`."""
    title = slug(item.title)
    name = "-".join(part for part in (item.date or "", title) if part)
    if item.date and title and name not in taken:
        return name
    # Neither a date nor a title alone tells an episode from others.
    return next(
        longer
        for digits in range(6, len(item.key) + 1)
        if (longer := f"{name}-{item.key[:digits]}".lstrip("-")) not in taken
    )


MOST_MARK = 500  # characters of an ETag or a date
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(?:\d{1,18}|\*)")


class PartialFile:
    """The file at `path`, as far as it has come; it has its name when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(f"{path.name}.part")
        self._mark = path.with_name(f"{path.name}.mark")

    def headers(self) -> dict[str, str]:
        """What asks for the part that is missing; nothing where all of it is."""
        try:
            size, mark = self._part.stat().st_size, self._mark.read_text("ascii")
        except (OSError, UnicodeDecodeError):
            return {}
        return {"Range": f"bytes={size}-", "If-Range": mark} if size and mark else {}

    def write(
        self, status: int, headers: Mapping[str, str], pieces: Iterable[bytes], limit: int
    ) -> None:
        """Writes a response, whole (200) or the rest (206), and names the file when it has ended.

        Raises TooLarge, OSError, and NotUnpacked where it is not the part that was asked for.
        """
        begin = self._goes_on_at(headers) if status == 206 else self._starts(headers)
        unpacker = Unpacker.of(headers, limit - begin)
        handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
        with os.fdopen(handle, "ab") as file:
            for piece in unpacker.all_of(pieces):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        self._part.replace(self.path)
        self._mark.unlink(missing_ok=True)

    def forget(self) -> None:
        """Removes what has come."""
        for path in (self.path, self._part, self._mark):
            path.unlink(missing_ok=True)

    def _goes_on_at(self, headers: Mapping[str, str]) -> int:
        size = self._part.stat().st_size
        found = _RANGE.match(headers.get("content-range", ""))
        if not found or int(found[1]) != size:
            self.forget()
            raise NotUnpacked("comes as another part than was asked for")
        return size

    def _starts(self, headers: Mapping[str, str]) -> int:
        self._part.unlink(missing_ok=True)
        mark = headers.get("etag", "")
        if mark.startswith("W/") or not mark:
            mark = headers.get("last-modified", "")
        usable = mark.isascii() and mark.isprintable() and len(mark) <= MOST_MARK
        packed = headers.get("content-encoding", "").strip().lower() not in ("", "identity")
        write_atomically(self._mark, (mark if usable and not packed else "").encode(), mode=PRIVATE)
        return 0
