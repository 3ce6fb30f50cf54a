"""Downloads the transcripts of a podcast's feed into a folder, each with its metadata beside it.

Each file is written in one step and then recorded: a stop loses at most the one under way. A
transcript that cannot be had in any of the offered formats is reported, and the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from askpod.errors import Failure, FetchError, ReadError, RecordingError, Untimed
from askpod.files import INCOMING, PRIVATE, folder_name, read_bounded, write_atomically
from askpod.readers import read_episode
from askpod.readers.discover import SourceFiles
from askpod.sources.addresses import host_and_path, parse, shown
from askpod.sources.feed import (
    Feed,
    Item,
    Offer,
    ending_of,
    in_order,
    read_chapters,
    read_feed,
    sidecar,
)
from askpod.sources.fetch import Fetched, Fetcher, Gone, HostSkipped, Location, read_file
from askpod.sources.state import (
    NEVER_SEEN,
    Downloaded,
    FeedState,
    Validators,
    digest,
    episode_name,
    recording,
)

if TYPE_CHECKING:
    from askpod.transcription import Transcription

MAX_FEED = 32 * 2**20  # bytes
MAX_TRANSCRIPT = 16 * 2**20  # bytes
MAX_CHAPTERS_FILE = 2 * 2**20  # bytes
_HEAD = 4096  # bytes in which a feed shows itself
_EVERY = 10.0  # seconds between two notes of how far it is

Notify = Callable[[str], None]


def download_feed(
    source: str,
    sources: Path,
    fetcher: Fetcher,
    notify: Notify,
    *,
    untimed: bool = False,
    transcription: Transcription | None = None,
) -> SourceFiles:
    """Downloads the transcripts of the feed at an address, or in a file, to a folder in `sources`.

    With a `transcription` of everything, episodes that offer none are transcribed. Raises as
    `gather` does; FetchError where there is nothing, neither now nor from former runs.
    """
    if transcription and not transcription.everything:
        transcription = None
    local = not source.lower().startswith(("http://", "https://"))
    exact = str(Path(source).resolve()) if local else str(parse(source).url)
    readable = Path(source).stem if local else host_and_path(source)
    state = FeedState.load(sources / folder_name(readable, exact))
    base: httpx.URL | Path
    try:
        if local:
            name, base = source, Path(source).parent
            came = Fetched("", read_file(Path(source), MAX_FEED))
        else:
            address = parse(source)
            fetcher.trust(address)
            # Of what is transcribed, the feed's last state does not say whether all is done.
            known = state.validators if state.whole() and not transcription else NEVER_SEEN
            came = fetcher.get(str(address.url), MAX_FEED, known)
            name, base = str(address), httpx.URL(came.url)
        if came.unchanged:
            notify(f"{shown(source)}: not modified")
            return _here(state)
        location, feed = Location(fetcher, base), _read(name, came.body)
        download = _Download(name, feed, location, state, notify, untimed, transcription)
        download.check()
    except FetchError as error:
        if not state.files():
            raise
        return _here(state, [Failure(shown(source), str(error))])
    folders = [folder for folder in sources.iterdir() if folder.is_dir()]
    for folder in folders:  # an archive tells episodes by the names of their files
        download.taken |= {each.name for each in FeedState.load(folder).entries.values()}
    return download.files(came.validators)


def _read(name: str, data: bytes) -> Feed:
    feed = read_feed(data)
    if feed is None:
        seen = "a web page" if b"<html" in data[:_HEAD].lower() else "no RSS that can be read"
        raise FetchError(
            f"{name}: holds {seen}, and no podcast's feed; name the feed's own address, which the "
            "podcast's page links to as RSS, or give a transcript's file as a path"
        )
    return feed


def _here(state: FeedState, failed: Iterable[Failure] = (), fetched: int = 0) -> SourceFiles:
    """What is there of a feed, all of it as if it had been named."""
    files = state.files()
    roots = (state.folder.resolve(),)
    return SourceFiles(tuple(files), frozenset(files), tuple(failed), fetched, roots)


class _Unfit(Exception):
    """None of an item's transcripts could be had; the message says why, for each."""


@dataclass(slots=True)
class _Download:
    """One run over a feed's items. The caller holds the lock of the folder."""

    name: str  # of the feed, for messages
    feed: Feed
    location: Location
    state: FeedState
    notify: Notify
    untimed: bool  # whether a text without names and times is a transcript, too
    transcription: Transcription | None  # of what offers no transcript
    taken: set[str] = field(default_factory=set)  # names that are given already, in any folder
    failed: list[Failure] = field(default_factory=list)
    fetched: int = 0  # transcripts
    _offered: frozenset[str] = frozenset()  # the keys of all items
    _left: dict[str, int] = field(default_factory=dict)  # transcripts by why their host was left
    _without_chapters: list[str] = field(default_factory=list)  # why not, for each

    def check(self) -> None:
        """Raises FetchError where a feed offers no transcript at all, and none has been made."""
        if self.wanted() or any(entry.transcribed for entry in self.state.entries.values()):
            return
        items = self.feed.items
        cut = f" (it could be read up to {self.feed.problem})" if self.feed.problem else ""
        recorded = sum(bool(item.sound) for item in items)
        todo = f"--transcribe makes them of its {recorded:,} recordings. Or " if recorded else ""
        raise FetchError(
            f"{self.name}: none of its {len(items):,} episodes offers a transcript "
            f"(<podcast:transcript>){cut}; {todo}index files of transcripts instead, if you have "
            "them"
        )

    def files(self, received: Validators) -> SourceFiles:
        """Fetches what is missing; all that is there then. `received` came with the feed."""
        feed, wanted = self.feed, self.wanted()
        offered = sum(bool(item.offers) for item in feed.items)
        alone = len(wanted) - offered
        self.notify(
            f"{feed.title or self.name}: {len(feed.items):,} episodes, {offered:,} of them with a "
            f"transcript{f', {alone:,} with a recording alone' if alone else ''}"
        )
        troubles = []
        try:
            self._run(wanted)
        except OSError as error:  # what was downloaded before is there, and is indexed
            reason = error.strerror or error
            troubles.append(f"{self.state.folder}: cannot be written: {reason}; run it again later")
        if feed.problem:
            read = f"the {len(feed.items):,} episodes before are read"
            troubles.append(f"{self.name}: {feed.problem}; {read}")
        self.failed += [Failure(self.name, trouble) for trouble in troubles]
        if not self.state.files():
            first, more = self.failed[0].message, len(self.failed) - 1
            raise FetchError(
                f"{self.name}: none of its {len(wanted):,} transcripts could be had. {first}"
                + (f" (and {more:,} more)" if more else "")
            )
        # What is missing is asked for in the next run, and for that the feed must come again.
        incomplete = self.failed or self._without_chapters
        self.state.seen(NEVER_SEEN if incomplete else received)
        return _here(self.state, self.failed, self.fetched)

    def _run(self, wanted: Sequence[Item]) -> None:
        told = time.monotonic()
        self._offered = frozenset(item.key for item in self.feed.items)
        for number, item in enumerate(wanted, start=1):
            self._update(item)
            if time.monotonic() - told > _EVERY:
                told = time.monotonic()
                self.notify(f"{number:,} of {len(wanted):,} transcripts …")
        for reason, count in self._left.items():
            self.failed.append(Failure(reason, f"{count:,} not fetched: {reason}"))
        if self._without_chapters:
            count, first = len(self._without_chapters), self._without_chapters[0]
            self.notify(f"the chapters of {count:,} could not be had; the first: {first}")
        with suppress(OSError):
            (self.state.folder / INCOMING).rmdir()
        self.state.tidy()

    def wanted(self) -> list[Item]:
        """The items of which there is to be a transcript: those that take longest come last."""
        offering = [item for item in self.feed.items if item.offers]
        if self.transcription:
            others = (item for item in self.feed.items if not item.offers)
            offering += [item for item in others if item.sound]
        return offering

    def _update(self, item: Item) -> None:
        known = self.state.known(item, self._offered)
        entry = known
        try:
            if self.transcription and not item.offers:
                entry = self._transcribed(item, known, self.transcription)
            else:
                entry = self._transcript(item, known)
        except HostSkipped as error:
            self._left[str(error)] = self._left.get(str(error), 0) + 1
        except _Unfit as error:
            self.failed.append(Failure(item.title, f"{item.title or item.date}: {error}"))
        if entry and (self.state.folder / entry.file).is_file():
            entry = self._metadata(item, self._chapters(item, entry))
            entry = replace(entry, recording=recording(item))
            if entry != known or item.key not in self.state.entries:
                self.state.record(item.key, entry)

    def _transcript(self, item: Item, known: Downloaded | None) -> Downloaded:
        """The item's entry, once its transcript is there. Raises HostSkipped or _Unfit if not."""
        offers = in_order(item.offers, self.feed.language)
        offered = digest(*(f"{self._version(o.href)} {o.media_type}" for o in offers))
        folder = self.state.folder
        if known and known.offers == offered and (folder / known.file).is_file():
            return known
        name = known.name if known else episode_name(item, self.taken)
        file = self._first_readable(name, offers)
        if known and known.file != file:
            (folder / known.file).unlink(missing_ok=True)
        return self._fetched(known, name, file, offered)

    def _fetched(self, known: Downloaded | None, name: str, file: str, offers: str) -> Downloaded:
        self.taken.add(name)
        self.fetched += 1
        return replace(known or Downloaded(name, file, offers), file=file, offers=offers)

    def _transcribed(
        self, item: Item, known: Downloaded | None, transcription: Transcription
    ) -> Downloaded:
        """The item's entry, once its recording has been transcribed. Raises as `_transcript`."""
        from askpod.transcription.transcribe import transcribe

        folder = self.state.folder
        if known and (folder / known.file).is_file():
            return known
        name = known.name if known else episode_name(item, self.taken)
        incoming = folder / INCOMING / f"{name}.recording"
        engine = transcription.engine
        try:
            found = self.location.find(item.sound)
            recording = self.location.recording(found, incoming)
            transcribe(recording, folder / f"{name}.json", engine, self.notify)
        except (FetchError, RecordingError) as error:
            incoming.unlink(missing_ok=True)
            if isinstance(error, HostSkipped):
                raise
            raise _Unfit(str(error).replace(str(incoming), shown(item.sound))) from None
        incoming.unlink(missing_ok=True)
        return self._fetched(known, name, f"{name}.json", "")

    def _first_readable(self, name: str, offers: list[Offer]) -> str:
        """Puts the first offer that can be had and read into the folder; its file's name."""
        troubles, left, missing = [], None, False
        untimed: tuple[str, bytes] | None = None  # where nothing better is offered
        for offer in offers:
            file = f"{name}{ending_of(offer)}"
            incoming = self.state.folder / INCOMING / file
            try:
                data = self.location.read(self.location.find(offer.href), MAX_TRANSCRIPT)
                write_atomically(incoming, data, mode=PRIVATE)
                read_episode(incoming)
                incoming.replace(self.state.folder / file)
            except HostSkipped as error:
                left = error
            except FetchError as error:
                troubles.append(str(error))
                missing = missing or not isinstance(error, Gone)
            except ReadError as error:
                troubles.append(f"{shown(offer.href)}: {error.problem}")
                if untimed is None and (isinstance(error, Untimed) or self._may_be_taken(incoming)):
                    untimed = file, data
            else:
                return file
            finally:
                incoming.unlink(missing_ok=True)
        if left:
            raise left
        if untimed and not missing:  # the index says what to do with it
            file, data = untimed
            write_atomically(self.state.folder / file, data, mode=PRIVATE)
            return file
        raise _Unfit("; ".join(troubles))

    def _may_be_taken(self, incoming: Path) -> bool:
        """Whether a file that was refused is a transcript without times, as was asked for."""
        with suppress(ReadError):
            return self.untimed and bool(read_episode(incoming, untimed=True))
        return False

    def _version(self, href: str) -> str:
        try:
            return self.location.find(href).identity
        except FetchError:
            return ""

    def _chapters(self, item: Item, entry: Downloaded) -> Downloaded:
        """The entry with the item's chapters; those of before where they cannot be had now."""
        if not item.chapters_href:
            return replace(entry, chapters_from="", chapters=item.chapters)
        try:
            found = self.location.find(item.chapters_href)
            source = digest(found.identity)
            if entry.chapters_from == source:
                return entry
            chapters = read_chapters(self.location.read(found, MAX_CHAPTERS_FILE))
        except Gone:
            chapters = None
        except FetchError as error:
            if not isinstance(error, HostSkipped):
                self._without_chapters.append(str(error))
            return entry
        return replace(entry, chapters_from=source, chapters=chapters or item.chapters)

    def _metadata(self, item: Item, entry: Downloaded) -> Downloaded:
        """Writes the metadata beside the transcript, unless a person has changed them there."""
        path = self.state.folder / f"{entry.name}.yaml"
        content = sidecar(item, entry.chapters)
        mark = digest(content.decode())
        try:
            there = digest(read_bounded(path, MAX_TRANSCRIPT).decode(errors="replace"))
        except OSError:
            there = ""
        theirs = bool(there and entry.sidecar and there != entry.sidecar)
        if theirs or there == mark:
            return entry if theirs else replace(entry, sidecar=mark)
        write_atomically(path, content, mode=PRIVATE)
        return replace(entry, sidecar=mark)
