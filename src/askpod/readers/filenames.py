"""What the name of a transcript file tells of its recording: a guess, where nothing else does.

    2024-05-01-the-title            date and title
    20240501 The Title              likewise
    S02E05 The Title                season, number and title
    The Title [dQw4w9WgXcQ].en      title and YouTube id, as yt-dlp names its files

Nothing is taken that could as well be a word: `[Interviewed]` is no video's id.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from askpod.readers.text import clean

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


def read_name(name: str) -> FromName:
    """Reads a file's name, given without the format's ending."""
    whole = shown_name(name)
    bare = name_of_recording(whole)
    rest, youtube = _video(bare)
    rest, day = _day(rest)
    rest, season, number = _numbers(rest)
    if day is None:
        rest, day = _day(rest)
    title = _title(rest, spaced=" " in whole) or bare or "Untitled"
    return FromName(title, day, season, number, youtube)


def name_of_recording(name: str) -> str:
    """The name without what tells of the transcript alone.

    `talk.en`, `talk.pt-BR`, `talk.transcript` -> `talk`
    """
    return _OF_TRANSCRIPT.sub("", _OF_TRANSCRIPT.sub("", name))


def _video(name: str) -> tuple[str, str | None]:
    match = _VIDEO.search(name)
    if match is None or _is_word(match[1]):
        return name, None
    return name[: match.start()], match[1]


def _is_word(text: str) -> bool:
    return text.isalpha() and (text[1:].islower() or text.isupper())


def _day(name: str) -> tuple[str, str | None]:
    """The name without a date at its beginning, and that date."""
    match = _DATE.match(name)
    if match is not None:
        with suppress(ValueError):  # such as the 31st of February
            day = date(int(match[1]), int(match[3]), int(match[4])).isoformat()
            return name[match.end() :].strip(_EDGES), day
    return name, None


def _numbers(name: str) -> tuple[str, int | None, int | None]:
    """The name without a season and number at its beginning, and these."""
    match = _NUMBER.match(name)
    if match is None:
        return name, None, None
    return name[match.end() :].strip(_EDGES), int(match[1]), int(match[2])


def _title(rest: str, *, spaced: bool) -> str:
    """What is left as people write it: in a name without spaces, dashes stand for them."""
    text = rest if spaced else rest.replace("-", " ").replace("_", " ")
    return " ".join(text.split()).strip(_EDGES)
