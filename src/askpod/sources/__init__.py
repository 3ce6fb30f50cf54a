"""Sources: podcast feeds, git repositories and paths, turned into the list of files to index.

What comes from elsewhere is downloaded into the store's folder first, and indexed from there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from askpod.errors import Failure, FetchError
from askpod.files import INCOMING, readable, usable
from askpod.readers.discover import (
    ENDINGS,
    NoTranscripts,
    SourceFiles,
    find_files,
    find_recordings,
    named,
    place_of,
)
from askpod.readers.ttml_docx import is_xml_captions
from askpod.store_lock import write_lock

if TYPE_CHECKING:
    from askpod.transcription import Transcription

__all__ = ["SourceFiles", "gather", "is_remote"]

FOLDER = "sources"  # in the store: what was fetched
_FEEDS = (".xml", ".rss", ".atom")
_HEAD = 4096  # bytes in which a feed shows itself

Notify = Callable[[str], None]


def is_remote(source: str | Path) -> bool:
    """Whether it names a feed or a repository elsewhere: `http(s)://…` or `git+http(s)://…`."""
    return str(source).lower().startswith(("http://", "https://", "git+"))


def is_feed_file(path: Path) -> bool:
    """Whether it is a file that claims to be a feed, or seems to be one."""
    ending = path.suffix.lower()
    if ending in ENDINGS and ending not in _FEEDS:
        return False
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD)
            captions = is_xml_captions(head.decode("utf-8", "replace"))
            return not captions and (ending in _FEEDS or b"<rss" in head)
    except OSError:
        return False


def gather(
    store: Path,
    sources: Sequence[str | Path],
    *,
    allow_private: bool = False,
    untimed: bool = False,
    transcription: Transcription | None = None,
    notify: Notify | None = None,
) -> SourceFiles:
    """The files that `sources` stand for. What comes from elsewhere is kept in `store`/sources.

    With `untimed` a feed's transcript without any time is kept where no other is offered. With
    `transcription` recordings are transcribed, one at a time, and the transcripts kept there, too.

    Paths are looked for before anything is fetched; where nothing can be had, nothing is left.

    Raises:
        PathError: a path does not exist, or nothing named holds a transcript.
        FetchError: nothing could be had. Where something could, the rest is in `failed`.
        TranscriberError, ModelError: there is something to transcribe, and no engine that can.
        StoreBusy, StoreUnwritable: `store`/sources cannot be written.
    """
    elsewhere = [s for s in sources if is_remote(s) or is_feed_file(Path(s))]
    paths = [Path(source) for source in sources if source not in elsewhere]
    recordings: list[Path] = []
    if transcription:
        recordings = find_recordings(paths, in_folders=transcription.everything)
    local = SourceFiles(())
    if paths or not elsewhere:
        local = _local(paths, recordings)
    if not elsewhere and not recordings:
        return local
    notify = notify or (lambda _: None)
    with _folder(store / FOLDER, notify) as folder:
        parts = [local]
        if transcription and recordings:
            files, failed = transcription.transcripts(recordings, folder)
            roots = tuple(file.parent.resolve() for file in files)
            parts.append(SourceFiles(tuple(files), frozenset(files), tuple(failed), roots=roots))
        if elsewhere:
            parts += _fetch(
                folder,
                elsewhere,
                notify,
                allow_private=allow_private,
                untimed=untimed,
                transcription=transcription,
            )
    gathered = _joined(parts)
    if not gathered.files:
        raise FetchError("\n".join(failure.message for failure in gathered.failed))
    return gathered


def _local(paths: Sequence[Path], recordings: Sequence[Path]) -> SourceFiles:
    """The files that paths stand for. What cannot be read, or named in UTF-8, fails alone."""
    unreadable: dict[str, str] = {}
    others = [path for path in paths if path not in recordings]
    files: list[Path] = []
    try:
        if others or not recordings:
            files = find_files(others, unreadable)
    except NoTranscripts:
        if not recordings:
            raise
    for path in files:
        name = str(place_of(path))
        if (shown := readable(name)) != name:
            what = "its path is not valid UTF-8; rename the file or its folder"
            unreadable[str(path)] = f"{shown}: {what}"
    files = [path for path in files if str(path) not in unreadable]
    failed = tuple(Failure(*each) for each in unreadable.items())
    roots = tuple(path.resolve() for path in paths)
    return SourceFiles(tuple(files), frozenset(named(others)), failed, roots=roots)


def _fetch(
    folder: Path,
    sources: Sequence[str | Path],
    notify: Notify,
    *,
    allow_private: bool,
    untimed: bool,
    transcription: Transcription | None,
) -> Iterator[SourceFiles]:
    """What each feed and repository gave; a failed one gives no files."""
    # Imported when something is fetched: a search needs none of it.
    from askpod.sources.addresses import shown
    from askpod.sources.download import download_feed
    from askpod.sources.fetch import Fetcher
    from askpod.sources.git import update_repository

    with Fetcher(allow_private) as fetcher:
        for source in map(str, dict.fromkeys(sources)):
            name = shown(source)
            try:
                if source.lower().startswith("git+"):
                    found = update_repository(source, folder, notify, allow_private=allow_private)
                else:
                    found = download_feed(
                        source,
                        folder,
                        fetcher,
                        notify,
                        untimed=untimed,
                        transcription=transcription,
                    )
            except FetchError as error:
                found = SourceFiles((), failed=(Failure(name, str(error)),))
            except OSError as error:  # of its own folder: the other sources are not to suffer
                what = f"{error.filename or folder}: cannot be used: {error.strerror or error}"
                note = f"{name}: {what}; mend or remove it, and run it again"
                found = SourceFiles((), failed=(Failure(name, note),))
            yield found


@contextmanager
def _folder(folder: Path, notify: Notify) -> Iterator[Path]:
    """The folder of what is fetched, locked. It is removed again where nothing came of it."""
    was_there = folder.exists()
    with usable(folder):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            with write_lock(folder, notify):
                yield folder
        finally:
            if not was_there and not _holds_something(folder):
                shutil.rmtree(folder, ignore_errors=True)
                with suppress(OSError):
                    folder.parent.rmdir()


def _holds_something(folder: Path) -> bool:
    """Whether there is a transcript, or the beginning of one that the next run goes on with."""
    return any(
        path.suffix in ENDINGS or (path.parent.name == INCOMING and path.is_file())
        for path in folder.glob("*/**/*")
    )


def _joined(parts: Sequence[SourceFiles]) -> SourceFiles:
    files = {file.resolve(): file for part in reversed(parts) for file in reversed(part.files)}
    return SourceFiles(
        tuple(reversed(files.values())),
        frozenset(file for part in parts for file in part.named),
        tuple(failure for part in parts for failure in part.failed),
        sum(part.fetched for part in parts),
        tuple(root for part in parts for root in part.roots),
    )
