"""What has been fetched of a feed: a line for each step, so that a stop loses at most the last.

No address is written, as it may hold a key: only its digest.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from askpod.files import write_atomically
from askpod.sources.chapters import Chapter

FILE = "state.jsonl"
_FILE_NAME = re.compile(r"[^./\\\x00][^/\\\x00]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is there of an item."""

    name: str  # of its files, without ending
    file: str  # of its transcript
    offers: str  # digest of what the feed offered when it was fetched
    sidecar: str = ""  # digest of the metadata that were written beside it
    chapters_from: str = ""  # digest of the address they were fetched from
    chapters: tuple[Chapter, ...] = ()


@dataclass(frozen=True, slots=True)
class Validators:
    """What the server said of the feed, to ask whether it has changed."""

    etag: str = ""
    modified: str = ""
    digest: str = ""  # of the feed's bytes, as kept


@dataclass(slots=True)
class Ledger:
    """The entries of one feed's folder, by the items' keys."""

    folder: Path
    validators: Validators = field(default_factory=Validators)
    entries: dict[str, Entry] = field(default_factory=dict)
    _lines: int = 0

    @classmethod
    def load(cls, folder: Path) -> Ledger:
        """The ledger in `folder`, as far as it can be read; empty where there is none."""
        ledger = cls(folder)
        try:
            lines = (folder / FILE).read_bytes().split(b"\n")
        except OSError:
            return ledger
        for line in lines:
            ledger._take(line)
        ledger._lines = len(lines)
        return ledger

    def record(self, key: str, entry: Entry) -> None:
        """Writes down what is there of an item from now on."""
        self.entries[key] = entry
        self._append({"item": key, "entry": asdict(entry)})

    def seen(self, validators: Validators) -> None:
        """Writes down what the server said of the feed that is kept."""
        if validators != self.validators:
            self.validators = validators
            self._append({"feed": asdict(validators)})

    def files(self) -> list[Path]:
        """The transcripts that are there, in the order of their names."""
        found = (self.folder / entry.file for entry in self.entries.values())
        return sorted(path for path in set(found) if path.is_file())

    def tidy(self) -> None:
        """Writes the ledger anew where most of its lines are outdated."""
        if self._lines > 2 * len(self.entries) + 20:
            write_atomically(self.folder / FILE, _lines_of(self.entries, self.validators))
            self._lines = len(self.entries) + 1

    def _append(self, line: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / FILE).open("ab") as file:
            # A line break first: the last line may have been cut by a stop.
            file.write(b"\n" + json.dumps(line, ensure_ascii=False).encode())
        self._lines += 1

    def _take(self, line: bytes) -> None:
        """Reads a line; one that a stop or a hand has spoilt says nothing."""
        try:
            told = json.loads(line)
            if "feed" in told:
                self.validators = Validators(**told["feed"])
            else:
                self.entries[told["item"]] = _entry(told["entry"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return


def digest(*parts: str) -> str:
    """A digest of texts, in their order."""
    joined = "\n".join(parts)
    return hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:20]


def _entry(told: dict[str, Any]) -> Entry:
    chapters = tuple(Chapter(float(each["start"]), each["title"]) for each in told.pop("chapters"))
    entry = Entry(**told, chapters=chapters)
    if not all(_FILE_NAME.fullmatch(name) for name in (entry.name, entry.file)):
        raise ValueError("leads out of its folder")
    return entry


def _lines_of(entries: dict[str, Entry], validators: Validators) -> bytes:
    told: list[dict[str, Any]] = [{"feed": asdict(validators)}]
    told += [{"item": key, "entry": asdict(entry)} for key, entry in entries.items()]
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in told)
