"""Brings the transcripts that a feed offers into a folder, each with its metadata beside it.

What is there is not fetched again unless the feed offers something else. Each file is written
whole and then noted, so a stop at any instant loses at most the one under way. A transcript that
cannot be had, or read, in any of the offered formats is reported and the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from askpod.errors import FetchError, ReadError
from askpod.files import write_atomically
from askpod.indexing.report import Failure
from askpod.readers import read_episode
from askpod.sources.chapters import read_chapters
from askpod.sources.choosing import ending_of, in_order
from askpod.sources.feed import Feed, Item, Offer
from askpod.sources.fetching import Gone
from askpod.sources.ledger import Entry, Ledger, digest
from askpod.sources.manners import HostLeft
from askpod.sources.naming import episode_name
from askpod.sources.places import Found, Place
from askpod.sources.sidecar import sidecar
from askpod.sources.urls import shown

MAX_TRANSCRIPT = 16 * 2**20  # bytes
MAX_CHAPTERS = 2 * 2**20  # bytes
INCOMING = ".incoming"  # the folder of a transcript that is not checked yet
_EVERY = 10.0  # seconds between two notes of how far it is

Notify = Callable[[str], None]


class _Unfit(Exception):
    """None of an item's transcripts could be had; the message says why, for each."""


@dataclass(slots=True)
class Bringing:
    """One run over a feed's items. The caller holds the lock of the folder."""

    feed: Feed
    place: Place
    ledger: Ledger
    taken: set[str]  # names that are given already, in this folder or another
    notify: Notify
    failed: list[Failure] = field(default_factory=list)
    fetched: int = 0  # transcripts
    _left: dict[str, int] = field(default_factory=dict)  # transcripts by why their host was left
    _without_chapters: list[str] = field(default_factory=list)  # why not, for each

    def run(self) -> None:
        """Brings what is missing or offered anew; see `failed` and `fetched`."""
        offering = [item for item in self.feed.items if item.offers]
        told = time.monotonic()
        for number, item in enumerate(offering, start=1):
            self._bring(item)
            if time.monotonic() - told > _EVERY:
                told = time.monotonic()
                self.notify(f"{number:,} of {len(offering):,} transcripts …")
        for reason, count in self._left.items():
            self.failed.append(Failure(reason, f"{count:,} not fetched: {reason}"))
        if self._without_chapters:
            count, first = len(self._without_chapters), self._without_chapters[0]
            self.notify(f"the chapters of {count:,} could not be had; the first: {first}")
        with suppress(OSError):
            (self.ledger.folder / INCOMING).rmdir()
        self.ledger.tidy()

    def _bring(self, item: Item) -> None:
        """Brings an item's transcript up to date, and then its metadata."""
        known = self.ledger.entries.get(item.key)
        entry = known
        try:
            entry = self._transcript(item, known)
        except HostLeft as error:
            self._left[str(error)] = self._left.get(str(error), 0) + 1
        except _Unfit as error:
            self.failed.append(Failure(item.title, f"{item.title or item.date}: {error}"))
        if entry and (self.ledger.folder / entry.file).is_file():
            entry = self._metadata(item, self._chapters(item, entry))
            if entry != known:
                self.ledger.record(item.key, entry)

    def _transcript(self, item: Item, known: Entry | None) -> Entry:
        """The item's entry, once its transcript is there.

        Raises HostLeft or _Unfit where it cannot be had; what was there before still stands.
        """
        offers = in_order(item.offers, self.feed.language)
        offered = digest(*(f"{self._found(o.href)} {o.media_type}" for o in offers))
        folder = self.ledger.folder
        if known and known.offers == offered and (folder / known.file).is_file():
            return known
        name = known.name if known else episode_name(item, self.taken)
        file = self._first_readable(name, offers)
        if known and known.file != file:
            (folder / known.file).unlink(missing_ok=True)
        self.taken.add(name)
        self.fetched += 1
        return replace(known or Entry(name, file, offered), file=file, offers=offered)

    def _first_readable(self, name: str, offers: list[Offer]) -> str:
        """Puts the first offer that can be had and read into the folder; its file's name."""
        troubles, left = [], None
        for offer in offers:
            file = f"{name}{ending_of(offer)}"
            incoming = self.ledger.folder / INCOMING / file
            try:
                write_atomically(
                    incoming, self.place.read(self.place.find(offer.href), MAX_TRANSCRIPT)
                )
                read_episode(incoming)
                incoming.replace(self.ledger.folder / file)
            except HostLeft as error:
                left = error
            except FetchError as error:
                troubles.append(str(error))
            except ReadError as error:
                troubles.append(f"{shown(offer.href)}: {error.problem}")
            else:
                return file
            finally:
                incoming.unlink(missing_ok=True)
        if left:
            raise left
        raise _Unfit("; ".join(troubles))

    def _found(self, href: str) -> Found | None:
        try:
            return self.place.find(href)
        except FetchError:
            return None

    def _chapters(self, item: Item, entry: Entry) -> Entry:
        """The entry with the item's chapters; those of before where they cannot be had now."""
        if not item.chapters_href:
            return replace(entry, chapters_from="", chapters=item.chapters)
        try:
            found = self.place.find(item.chapters_href)
            source = digest(str(found))
            if entry.chapters_from == source:
                return entry
            chapters = read_chapters(self.place.read(found, MAX_CHAPTERS))
        except Gone:
            chapters = None
        except FetchError as error:
            if not isinstance(error, HostLeft):
                self._without_chapters.append(str(error))
            return entry
        return replace(entry, chapters_from=source, chapters=chapters or item.chapters)

    def _metadata(self, item: Item, entry: Entry) -> Entry:
        """Writes the metadata beside the transcript, unless a person has changed them there."""
        path = self.ledger.folder / f"{entry.name}.yaml"
        content = sidecar(item, entry.chapters)
        mark = digest(content.decode())
        try:
            there = digest(path.read_bytes().decode(errors="replace"))
        except OSError:
            there = ""
        theirs = bool(there and entry.sidecar and there != entry.sidecar)
        if theirs or there == mark:
            return entry if theirs else replace(entry, sidecar=mark)
        write_atomically(path, content)
        return replace(entry, sidecar=mark)
