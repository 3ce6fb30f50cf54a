"""Finds the transcript files that a user's paths stand for, and reads what their names tell.

In a folder a file counts by its ending alone; whether it holds a transcript is seen when it is
read. A file that the user names counts whatever it is called. A file's name is a guess at its
recording, where nothing else tells:

    2024-05-01-the-title            date and title
    20240501 The Title              likewise
    S02E05 The Title                season, number and title
    The Title [dQw4w9WgXcQ].en      title and YouTube id, as yt-dlp names its files

Nothing is taken that could as well be a word: `[Interviewed]` is no video's id.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

from askpod.errors import Failure, PathError
from askpod.readers.text import RECORDING_HEAD, clean, is_recording

ENDINGS = (".md", ".json", ".json3", ".srv3", ".ttml", ".dfxp", ".vtt", ".srt", ".ass", ".ssa",
           ".sbv", ".lrc", ".tsv", ".csv", ".html", ".htm", ".docx", ".txt", ".xml")  # fmt: skip
"""What the names of transcript files end in; those that tell most of a recording come first."""

RECORDINGS = (".mp3", ".m4a", ".m4b", ".aac", ".ogg", ".oga", ".opus", ".flac", ".wav", ".aiff",
              ".wma", ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".mpg", ".avi")  # fmt: skip
"""What the names of recordings end in."""

_MOST_ENDINGS = 12  # that are listed
_METADATA = (".yaml", ".yml")  # read beside a transcript
_NOT_TRANSCRIPTS = frozenset(
    {"readme", "changelog", "contributing", "license", "licence", "code_of_conduct", "security"}
)


Unreadable = MutableMapping[str, str]  # folders that cannot be read, each with what to say of it


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """The files to be indexed, and what could not be fetched."""

    files: tuple[Path, ...]
    named: frozenset[Path] = frozenset()  # of the files: not merely found in a folder
    failed: tuple[Failure, ...] = ()
    fetched: int = 0  # files that are new or have changed since the last run
    roots: tuple[Path, ...] = ()  # absolute: what was named, and the folders of feeds


class NoTranscripts(PathError):
    """There is no file that may be a transcript."""


def find_files(paths: Sequence[Path], unreadable: Unreadable | None = None) -> list[Path]:
    """The transcript files among the paths: files as given, folders searched in sorted order.

    Within a folder, files of one name stand together, the format that tells most first. Hidden
    files and folders are passed over there, and so are README.md and its kind. The same file
    counts once, however it is reached. A folder inside that cannot be read is put
    into `unreadable` and passed over. Raises PathError for a path that does not exist or cannot be
    read, and where there is no transcript file at all.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _files(path, {} if unreadable is None else unreadable):
            if file is path or (not file.is_symlink() and found.get(file.resolve()) not in paths):
                found[file.resolve()] = file  # as the user writes it: `named` looks for that
            else:
                found.setdefault(file.resolve(), file)
    if not found:
        raise _nothing(paths)
    return list(found.values())


def place_of(path: Path) -> Path:
    """The absolute path of a file, by which an archive knows it.

    A link stays one: its name is the episode's, its target may be a store's `SHA256-…`, and
    another one tomorrow.
    """
    return Path(os.path.realpath(path.parent), path.name)


def find_recordings(paths: Sequence[Path], *, in_folders: bool) -> list[Path]:
    """The recordings among the paths: files by ending or content, in folders by ending.

    Raises PathError for a path that cannot be read.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        with _plain_errors(path):
            files = [path] if path.is_file() and _seems_recording(path) else []
            if path.is_dir() and in_folders:
                below = chain.from_iterable(_walk(path, {}))
                files = _one_of_each(each for each in below if _is_file(each))
            for file in files:
                found.setdefault(file.resolve(), file)
    return list(found.values())


def _one_of_each(files: Iterable[Path]) -> list[Path]:
    """The recordings, sorted; of one in several formats side by side the first."""
    named_so = (each for each in files if each.suffix.lower() in RECORDINGS)
    ordered = sorted(named_so, key=lambda each: RECORDINGS.index(each.suffix.lower()))
    first = {file.with_suffix(""): file for file in reversed(ordered)}
    return sorted(first.values())


def _seems_recording(path: Path) -> bool:
    if path.suffix.lower() in RECORDINGS:
        return True
    try:
        with path.open("rb") as file:
            return is_recording(file.read(RECORDING_HEAD))
    except OSError:  # reading it as a transcript says so
        return False


def _nothing(paths: Sequence[Path]) -> NoTranscripts:
    given = ", ".join(str(path) for path in paths) or "the empty list of paths"
    endings = f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
    recordings = sum(count for end, count in endings_not_read(paths).items() if end in RECORDINGS)
    return NoTranscripts(
        f"{given}: holds no {endings} file;"
        " name the folder that holds the transcripts, or the files themselves"
        + (f"; --transcribe takes the recordings in it ({recordings:,})" if recordings else "")
    )


def endings_not_read(paths: Sequence[Path]) -> Counter[str]:
    """The endings of the files in folders that are not looked at, and how many files have them.

    Files without an ending stand under ""; hidden ones, and README.md and its kind, do not count.
    """
    counts: Counter[str] = Counter()
    for path in paths:
        # An address may be too long for a name of a file; a folder may be gone by now.
        with suppress(OSError):
            if path.is_dir():
                files = chain.from_iterable(_walk(path, {}))
                endings = (file.suffix.lower() for file in files)
                counts.update(each for each in endings if each not in (*ENDINGS, *_METADATA))
    return counts


def what_is_not_read(paths: Sequence[Path], *, transcribed: bool = False) -> str:
    """The endings in folders that are not looked at, in words: "12 .mp3, 1 .pdf"; "" for none.

    With `transcribed`, recordings are looked at.
    """
    counts = endings_not_read(paths)
    for ending in RECORDINGS if transcribed else ():
        del counts[ending]
    listed = [f"{counts[ending]:,} {ending or 'without an ending'}" for ending in sorted(counts)]
    more = f" and {len(listed) - _MOST_ENDINGS} more endings" if len(listed) > _MOST_ENDINGS else ""
    return ", ".join(listed[:_MOST_ENDINGS]) + more


def named(paths: Sequence[Path]) -> set[Path]:
    """The files that the user named one by one, as `find_files` gives them.

    All others were found in folders, where a file may well hold no transcript.
    """
    return {path for path in paths if not path.is_dir()}


def _files(path: Path, unreadable: Unreadable) -> Iterator[Path]:
    with _plain_errors(path):
        if path.is_dir():
            for files in _walk(path, unreadable):
                yield from sorted(filter(_may_be_one, files), key=_place)
        elif path.exists():
            yield path
        else:
            scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):/", str(path))
            if scheme:  # without the rest, which may hold a password
                kind = f"{scheme[1]}:…: is no kind of address that is read"
                raise PathError(f"{kind}; name an http(s) or git+https one, or a path")
            raise PathError(f"{path}: does not exist; check the path")


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """Turns the system's errors about a path into one that says what to do."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise PathError(f"{where}: cannot be read ({error.strerror}); check it") from None


def _walk(root: Path, unreadable: Unreadable) -> Iterator[list[Path]]:
    """The files that are not hidden, folder by folder; one reached a second time is passed over."""

    def refuse(error: OSError) -> None:
        if error.filename == str(root):
            raise error
        folder = str(error.filename)
        unreadable[folder] = f"{folder}: cannot be read ({error.strerror}); check it"

    seen: set[str] = set()
    for folder, folders, files in os.walk(root, onerror=refuse, followlinks=True):
        real = os.path.realpath(folder)
        folders[:] = [] if real in seen else sorted(f for f in folders if not f.startswith("."))
        if real not in seen:
            seen.add(real)
            yield [Path(folder, name) for name in files if not name.startswith(".")]


def _may_be_one(path: Path) -> bool:
    return (
        path.suffix.lower() in ENDINGS
        and path.stem.lower() not in _NOT_TRANSCRIPTS
        and _is_file(path)
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # it may be one, in a folder that may not be entered: reading it says so
        return True


def _place(path: Path) -> tuple[str, int, str]:
    return path.stem, ENDINGS.index(path.suffix.lower()), path.name


_LANGUAGES = (
    "af am ar as az be bg bn bs ca cs cy da de el en eo es et eu fa fi fil fr ga gl gu he hi hr hu"
    " hy id is it iw ja jv ka kk km kn ko ku ky lb lo lt lv mg mk ml mn mr ms mt my nb ne nl nn no"
    " or pa pl ps pt ro ru rw sd si sk sl sn so sq sr st su sv sw ta te tg th tk tl tr tt ug uk ur"
    " uz vi xh yi yo zh zu"
).replace(" ", "|")
_OF_TRANSCRIPT = re.compile(
    rf"(?<=.)\.(?:(?:{_LANGUAGES})(?:-[A-Za-z0-9]{{2,8}}){{0,3}}|transcript|captions|subtitles)\Z"
)
_VIDEO = re.compile(r"[\s_.-]*\[([A-Za-z0-9_-]{11})\]\Z")
_DATE = re.compile(r"((?:19|20)\d\d)([-_. ]?)(\d\d)\2(\d\d)(?=[-_. ]|\Z)", re.ASCII)
_NUMBER = re.compile(r"s(\d{1,3})[-_. ]?e(\d{1,4})(?=[-_. :]|\Z)", re.ASCII | re.IGNORECASE)
_EDGES = " \t-_.,:–—"


@dataclass(frozen=True, slots=True)
class FromName:
    """What a file's name tells."""

    title: str  # the name itself where there is nothing else in it; never empty
    date: str | None = None  # ISO 8601, YYYY-MM-DD
    season: int | None = None
    number: int | None = None
    youtube: str | None = None  # the video's id


def shown_name(name: str) -> str:
    """A file's name fit to be shown: what is no UTF-8 in it is a question mark."""
    return clean(name.encode("utf-8", "replace").decode())[0]


def episode_id(path: Path) -> str:
    """The file's name without the format's ending: `crisp-dm.md` -> `crisp-dm`."""
    ending = next((end for end in ENDINGS if path.name.lower().endswith(end)), "")
    return path.name[: len(path.name) - len(ending)] or path.name


def read_name(name: str) -> FromName:
    """Reads a file's name, given without the format's ending."""
    whole = shown_name(name)
    bare = rest = name_of_recording(whole)
    video = _VIDEO.search(rest)
    if video and not (video[1].isalpha() and (video[1][1:].islower() or video[1].isupper())):
        rest = rest[: video.start()]
    else:
        video = None  # or a word in brackets
    rest, day = _day(rest)
    if number := _NUMBER.match(rest):
        rest = rest[number.end() :].strip(_EDGES)
    if day is None:
        rest, day = _day(rest)
    if " " not in whole:  # dashes stand for spaces
        rest = rest.replace("-", " ").replace("_", " ")
    return FromName(
        " ".join(rest.split()).strip(_EDGES) or bare or "Untitled",
        day,
        season=int(number[1]) if number else None,
        number=int(number[2]) if number else None,
        youtube=video[1] if video else None,
    )


def name_of_recording(name: str) -> str:
    """The name without what tells of the transcript alone.

    `talk.en`, `talk.pt-BR`, `talk.transcript` -> `talk`
    """
    return _OF_TRANSCRIPT.sub("", _OF_TRANSCRIPT.sub("", name))


def _day(name: str) -> tuple[str, str | None]:
    """The name without a date at its beginning, and that date."""
    match = _DATE.match(name)
    if match is not None:
        with suppress(ValueError):  # such as the 31st of February
            day = date(int(match[1]), int(match[3]), int(match[4])).isoformat()
            return name[match.end() :].strip(_EDGES), day
    return name, None
