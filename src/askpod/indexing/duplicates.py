"""What is not indexed and is no failure either: no transcript at all, or a known one again.

A folder of transcripts holds other files too (`package.json`, `notes.txt`); they are passed over,
unless the user has named them. Tools that transcribe write one recording in several formats side
by side (`talk.json`, `talk.srt`, `talk.vtt`): the one that tells most is indexed. Any other two
files of one name are an error, as one would silently take the place of the other.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from askpod.errors import ReadError, Unrecognised
from askpod.model import Episode
from askpod.readers import ENDINGS, read_episode
from askpod.readers.same_words import same_words

_OF_ANY_KIND = frozenset({".json", ".html", ".htm", ".txt", ".xml", ".csv", ".tsv", ".docx"})


def no_transcript(path: Path, error: ReadError, named: Collection[Path] | None) -> bool:
    """Whether a file that cannot be read is simply none of ours.

    `named` are the files that the user named one by one (None: all); the others were found in
    folders. Captions that hold nothing are a fault wherever they are found.
    """
    found = named is not None and path not in named
    return found and isinstance(error, Unrecognised) and path.suffix.lower() in _OF_ANY_KIND


def may_be_twins(path: Path, other: Path) -> bool:
    """Whether two files stand side by side and differ in their endings only."""
    path, other = path.resolve(), other.resolve()
    return path.parent == other.parent and path.suffix.lower() != other.suffix.lower()


def same_recording(episode: Episode, other: Path) -> bool:
    """Whether the other file says what this episode says, but for a few words."""
    try:
        return same_words(episode, read_episode(other, untimed=True).episode)
    except ReadError:
        return False


def richer(path: Path, other: Path) -> bool:
    """Whether its format tells more than the other's."""
    return _place(path) < _place(other)


def _place(path: Path) -> int:
    ending = path.suffix.lower()
    return ENDINGS.index(ending) if ending in ENDINGS else len(ENDINGS)


def twin_note(path: Path, other: Path) -> str:
    """Why a file is passed over that another one stands for."""
    return f"{path}: the same recording as {other.name}, which is indexed"


def waiting_note(path: Path, other: Path) -> str:
    """Why a file is passed over although the one that stands for it cannot be read now."""
    return (
        f"{path}: {other.name} has the same id and cannot be read now; what was indexed of it "
        "stays. Mend it or remove it"
    )


def shared_id(path: Path, id_: str, other: Path) -> ReadError:
    """The error on a file that has the name of one of another recording."""
    return ReadError(
        path,
        f"would have the id {id_!r}, which {other} has already; give one of the two files another "
        "name, or index them into different archives",
    )
