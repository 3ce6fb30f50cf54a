"""Completes an episode by the metadata beside its transcript: `talk.yaml` for `talk.vtt`.

    title: Eels in glass
    date: 2024-05-01
    audio: https://pod.example/eels.mp3
    speakers: {SPEAKER_00: Wren Okafor}
    chapters:
      - {start: "12:34", title: Counting eels}

What stands there wins over what the transcript says of itself, and that over what the file's
name tells. Values that cannot be used and names that nobody knows are reported, and never fail
the episode; a file that is no YAML does, since a person wrote it to be heeded. Refused: to let
anything in it act, or to change a word of the speech.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any

from askpod.errors import ReadError
from askpod.files import links_to_nothing
from askpod.links import safe_link
from askpod.model import Episode, Turn
from askpod.parsing import Mapping, Node, Scalar, Sequence
from askpod.readers.discover import ENDINGS, episode_id, name_of_recording, read_name
from askpod.readers.frontmatter import Fields, clean_text, read_yaml, video_in
from askpod.readers.json_document import seconds
from askpod.readers.speaker_labels import is_diariser
from askpod.readers.text import FaultLog, clean, decode, ends_sentence, excerpt, read_bytes

_PARTS = re.compile(r"[\s_-]|(?<=[^\W\d_])(?=\d)")
_EDGES_OF_NUMBERS = re.compile(r"[\W_]+|(?<!\d)0+(?=\d)")


@dataclass(frozen=True, slots=True)
class Chapter:
    """Where a chapter starts, in seconds, and what it is called."""

    start: float
    title: str


def sectioned(turns: Iterable[Turn], chapters: tuple[Chapter, ...]) -> tuple[Turn, ...]:
    """The turns, each under the chapter that it starts in; `chapters` are in order of start.

    A turn that goes on into another chapter is cut where the first sentence begins there, if
    the second of one is known. What is said before the first chapter stands under none.
    """
    starts = [chapter.start for chapter in chapters]
    titles = ["", *(chapter.title for chapter in chapters)]
    return tuple(
        replace(piece, section=titles[bisect_right(starts, piece.start)])
        for turn in turns
        for piece in _pieces(turn, starts)
    )


def _pieces(turn: Turn, starts: list[float]) -> Iterator[Turn]:
    """The turn, cut where a sentence begins in another chapter than the one before."""
    cuts = [(0, turn.start)]
    for offset, second in turn.marks:
        other = bisect_right(starts, second) > bisect_right(starts, cuts[-1][1])
        before = turn.text[max(0, offset - 8) : offset]
        begins_sentence = before[-1:].isspace() and ends_sentence(before)
        if other and second < turn.end and begins_sentence:
            cuts.append((offset, second))
    for (begin, start), (stop, end) in pairwise([*cuts, (len(turn.text), turn.end)]):
        text = turn.text[begin:stop].rstrip()
        marks = tuple((at - begin, s) for at, s in turn.marks if begin < at <= begin + len(text))
        yield replace(turn, text=text, start=start, end=end, marks=marks)


KEYS = ("title", "guests", "date", "season", "number", "description", "topics", "audio", "video",
        "youtube", "links", "speakers", "chapters")  # fmt: skip
MAX_BYTES = 512 * 1024
_MAX_UNKNOWN = 20  # names reported one by one; more come from a file of another kind
_MAX_KEY = 40  # characters of a name that are compared with the known ones


def _told_by(path: Path, log: FaultLog) -> tuple[Mapping, dict[str, Any]]:
    """What a file of metadata says: as a tree, and as fields of an episode.

    Raises ReadError where the file cannot be read, or is no YAML with named values.
    """
    data = read_bytes(path)
    if len(data) > MAX_BYTES:
        raise ReadError(path, f"is larger than {MAX_BYTES // 1024} KB, too large for metadata")
    root = read_yaml(path, decode(path, data, log), log)
    _report_unknown(root, log)
    fields = Fields(Mapping(root.line, {k: v for k, v in root.items.items() if k in KEYS}), log)
    links = {**_media(root, fields, log), **fields.links()}
    known = {
        "title": fields.text("title"),
        "guests": fields.texts("guests"),
        "date": fields.date(),
        "season": fields.number("season"),
        "number": fields.number("number"),
        "description": fields.description(),
        "topics": fields.texts("topics"),
        "links": links,
        "youtube": fields.youtube(links),
    }
    return root, {name: value for name, value in known.items() if value or value == 0}


def _report_unknown(root: Mapping, log: FaultLog) -> None:
    unknown = [(key, node) for key, node in root.items.items() if key not in KEYS]
    for key, node in unknown[:_MAX_UNKNOWN]:
        near = get_close_matches(key[:_MAX_KEY].casefold(), KEYS, 1)
        hint = f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(KEYS)}"
        log.add(node.line, "unknown-key", f"{excerpt(key, _MAX_KEY)} is not used{hint}")
    if len(unknown) > _MAX_UNKNOWN:
        line = unknown[_MAX_UNKNOWN][1].line
        log.add(line, "unknown-key", f"{len(unknown) - _MAX_UNKNOWN} more names are not used")


def _media(root: Mapping, fields: Fields, log: FaultLog) -> dict[str, str]:
    links = {}
    for name in ("audio", "video"):
        written = fields.text(name)
        if safe_link(written):
            links[name] = written
        elif written:
            log.add(root.items[name].line, "bad-link", f"{excerpt(written)} is no web address")
    return links


def _speakers(node: Node | None, log: FaultLog) -> dict[str, tuple[int, str]]:
    if isinstance(node, Sequence):  # of labels with names, or of one label and one name each
        node = Mapping(node.line, dict(_labelled(node)))
    if not isinstance(node, Mapping):
        _report_type(node, "speakers", "labels with names", log)
        return {}
    named = (
        (clean(label)[0], (name.line, clean_text(name, log))) for label, name in node.items.items()
    )
    return {label: (line, name) for label, (line, name) in named if name}


def _labelled(node: Sequence) -> Iterator[tuple[str, Node]]:
    for item in node.items:
        fields = item.items if isinstance(item, Mapping) else {}
        label = fields.get("label") or fields.get("id")
        if "name" in fields and isinstance(label, Scalar):
            yield str(label.text), fields["name"]
        else:
            yield from fields.items()


def _chapters(node: Node | None, log: FaultLog) -> Iterator[Chapter]:
    if not isinstance(node, Sequence):
        _report_type(node, "chapters", "a list of `start` and `title`", log)
        return
    for item in node.items:
        fields = item.items if isinstance(item, Mapping) else {}
        stated, title = fields.get("start"), clean_text(fields.get("title"), log)
        start = seconds(stated.text) if isinstance(stated, Scalar) else None
        if start is None or not title:
            wanted = "a `start` in seconds or as 12:34, and a `title`"
            log.add(item.line, "bad-chapter", f"a chapter needs {wanted}: left out")
        else:
            yield Chapter(start, title)


def _report_type(node: Node | None, name: str, wanted: str, log: FaultLog) -> None:
    if node is not None and not (isinstance(node, Scalar) and node.text is None):
        log.add(node.line, "wrong-type", f"`{name}` should be {wanted}: not used")


_YAML = (".yaml", ".yml")


def beside(path: Path) -> Path | None:
    """The metadata file of a transcript, None where there is none.

    `talk.en.vtt` has `talk.en.yaml`, or else `talk.yaml`; `.yml` counts as well.
    """
    known = path.suffix.lower() in ENDINGS
    name = path.stem if known else path.name
    for stem in dict.fromkeys((name, name_of_recording(name))):
        for ending in _YAML:
            file = path.with_name(stem + ending)
            with suppress(OSError):  # its name may be longer than the transcript's, and too long
                # A link to nothing is found: reading it says so, and no metadata are lost.
                if file.is_file() or links_to_nothing(file):
                    return file
    return None


def complete(told: Episode, path: Path, log: FaultLog) -> Episode:
    """The episode of a transcript: by what stands beside it, in it, and in its name, in this order.

    Raises ReadError where the metadata beside it cannot be read.
    """
    known = _amended(replace(told, id=episode_id(path)), path, log)
    name = read_name(known.id)
    return replace(
        known,
        title=known.title or name.title,
        season=name.season if known.season is None else known.season,
        number=name.number if known.number is None else known.number,
        date=known.date or name.date,
        youtube=known.youtube or video_in(known.links) or name.youtube,
    )


def _amended(episode: Episode, path: Path, log: FaultLog) -> Episode:
    """An episode, changed where the metadata beside its transcript says something."""
    file = beside(path)
    if file is None:
        return episode
    log = log.of(file)
    root, told = _told_by(file, log)
    links = told.pop("links", {})
    links |= {name: link for name, link in episode.links.items() if name not in links}
    speakers, turns = _speakers(root.items.get("speakers"), log), episode.turns
    if speakers:
        names = _names_of({turn.speaker for turn in turns}, speakers, log)
        turns = tuple(turn.by(names.get(turn.speaker, turn.speaker)) for turn in turns)
    chapters = tuple(sorted(_chapters(root.items.get("chapters"), log), key=attrgetter("start")))
    turns = sectioned(turns, chapters) if chapters else turns
    return replace(episode, turns=turns, links=links, **told)


def _names_of(
    labels: set[str], speakers: dict[str, tuple[int, str]], log: FaultLog
) -> dict[str, str]:
    """Label -> name. A key fits a label in whatever case, with or without space and zeros."""
    loose: dict[str, list[str]] = {}
    for label in labels - {""}:
        loose.setdefault(_loose(label), []).append(label)
    names: dict[str, str] = {}
    for key, (line, name) in speakers.items():
        fitting = [key] if key in labels else loose.get(_loose(key), [])
        fitting = fitting or [each for each in labels if _number(each) == _number(key) != ""]
        if len(fitting) == 1:
            names[fitting[0]] = name
        else:
            here = ", ".join(sorted(excerpt(label, 30) for label in labels if label)[:5])
            fits = f"fits {len(fitting)} labels" if fitting else "fits no label"
            log.add(
                line, "unknown-speaker", f"{excerpt(key, 40)} {fits}; there are {here or 'none'}"
            )
    return names


def _number(label: str) -> str:
    """What tells a diariser's label from its others: of "Speaker 1" it is `1`."""
    is_own = len(label) < 3 or is_diariser(label)
    return _loose(_PARTS.split(label)[-1]) if is_own else ""


def _loose(label: str) -> str:
    return _EDGES_OF_NUMBERS.sub("", label.casefold())
