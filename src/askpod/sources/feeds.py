"""Brings a podcast's feed into the store: asks whether it has changed, and for what is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from askpod.errors import FetchError
from askpod.files import write_atomically
from askpod.indexing.report import Failure
from askpod.sources.bringing import Bringing
from askpod.sources.feed import Feed, read_feed
from askpod.sources.fetching import Fetcher
from askpod.sources.gathered import Gathered
from askpod.sources.ledger import Ledger, Validators
from askpod.sources.naming import source_folder
from askpod.sources.places import Beside, Place, Web, read_file
from askpod.sources.urls import host_and_path, parse, shown

MAX_FEED = 32 * 2**20  # bytes
KEPT = "feed.xml"  # the feed as it last came, in its folder
_HEAD = 4096  # bytes in which a feed shows itself

Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Source:
    """A feed that has been read, and where its files go."""

    name: str  # for messages
    feed: Feed
    place: Place
    ledger: Ledger


def bring_feed(source: str, sources: Path, fetcher: Fetcher, notify: Notify) -> Gathered:
    """The transcripts of the feed at an address, or in a file, brought into a folder in `sources`.

    Raises:
        FetchError: there is nothing, neither now nor from former runs.
    """
    local = not source.lower().startswith(("http://", "https://"))
    exact = str(Path(source).resolve()) if local else str(parse(source).url)
    readable = Path(source).stem if local else host_and_path(source)
    ledger = Ledger.load(sources / source_folder(readable, exact))
    try:
        read = _local if local else _remote
        found = read(source, ledger, fetcher)
        _check(found)
    except FetchError as error:
        files = ledger.files()
        if not files:
            raise
        failure = Failure(shown(source), str(error))
        return Gathered(tuple(files), frozenset(files), (failure,))
    return _bring(found, sources, notify)


def _remote(source: str, ledger: Ledger, fetcher: Fetcher) -> _Source:
    address = parse(source)
    fetcher.trust(address)
    kept, validators = _kept(ledger)
    came = fetcher.get(
        str(address.url), MAX_FEED, etag=validators.etag, modified=validators.modified
    )
    data = kept if came.unchanged else came.body
    feed = _read(str(address), data)
    if not came.unchanged:
        write_atomically(ledger.folder / KEPT, data)
        ledger.seen(Validators(came.etag, came.modified, _digest(data)))
    return _Source(str(address), feed, Web(fetcher, httpx.URL(came.url)), ledger)


def _local(source: str, ledger: Ledger, fetcher: Fetcher) -> _Source:
    path = Path(source)
    feed = _read(source, read_file(path, MAX_FEED))
    return _Source(source, feed, Beside(fetcher, path.parent), ledger)


def _kept(ledger: Ledger) -> tuple[bytes, Validators]:
    """The feed as it last came, and what to ask the server about it; nothing if it is damaged."""
    try:
        data = (ledger.folder / KEPT).read_bytes()
    except OSError:
        data = b""
    fits = data and _digest(data) == ledger.validators.digest
    return (data, ledger.validators) if fits else (b"", Validators())


def _read(name: str, data: bytes) -> Feed:
    feed = read_feed(data)
    if feed is None:
        page = b"<html" in data[:_HEAD].lower()
        seen = "a web page" if page else "no RSS that can be read"
        raise FetchError(
            f"{name}: holds {seen}, and no podcast's feed; name the feed's own address, which the "
            "podcast's page links to as RSS, or give a transcript's file as a path"
        )
    return feed


def _check(found: _Source) -> None:
    """Raises FetchError where a feed offers no transcript at all."""
    items = found.feed.items
    if not any(item.offers for item in items):
        cut = f" (it could be read up to {found.feed.problem})" if found.feed.problem else ""
        raise FetchError(
            f"{found.name}: none of its {len(items):,} episodes offers a transcript "
            f"(<podcast:transcript>){cut}; askpod does not transcribe recordings. Index files of "
            "transcripts instead, if you have them"
        )


def _bring(found: _Source, sources: Path, notify: Notify) -> Gathered:
    feed = found.feed
    offering = sum(bool(item.offers) for item in feed.items)
    notify(
        f"{feed.title or found.name}: {len(feed.items):,} episodes, {offering:,} of them with a "
        "transcript"
    )
    bringing = Bringing(feed, found.place, found.ledger, _taken(sources), notify)
    bringing.run()
    if feed.problem:
        message = f"{found.name}: {feed.problem}; the {len(feed.items):,} episodes before are read"
        bringing.failed.append(Failure(found.name, message))
    files = found.ledger.files()
    if not files:
        first, more = bringing.failed[0].message, len(bringing.failed) - 1
        raise FetchError(
            f"{found.name}: none of its {offering:,} transcripts could be had. {first}"
            + (f" (and {more:,} more)" if more else "")
        )
    return Gathered(tuple(files), frozenset(files), tuple(bringing.failed), bringing.fetched)


def _taken(sources: Path) -> set[str]:
    """The names that the files of all feeds have: an archive tells episodes by them."""
    folders = [folder for folder in sources.iterdir() if folder.is_dir()]
    return {entry.name for folder in folders for entry in Ledger.load(folder).entries.values()}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
