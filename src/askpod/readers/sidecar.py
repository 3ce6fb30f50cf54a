"""Reads the metadata file beside a transcript: YAML with names that are known.

    title: Eels in glass
    date: 2024-05-01
    audio: https://pod.example/eels.mp3
    speakers: {SPEAKER_00: Wren Okafor}
    chapters:
      - {start: "12:34", title: Counting eels}

What cannot be used is reported and left out. Raises ReadError where the file is no YAML, or
too large to be metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from askpod.errors import ReadError
from askpod.links import safe_link, youtube_id, youtube_id_of
from askpod.readers.chapters import Chapter
from askpod.readers.cleaning import clean
from askpod.readers.decoding import decode, read_bytes
from askpod.readers.fields import Fields
from askpod.readers.frontmatter import Mapping, Node, Scalar, Sequence, read_yaml
from askpod.readers.json_values import seconds
from askpod.readers.log import FaultLog, excerpt
from askpod.readers.rows import clean_text

KEYS = ("title", "guests", "date", "season", "number", "description", "topics", "audio", "video",
        "youtube", "links", "speakers", "chapters")  # fmt: skip
MAX_BYTES = 512 * 1024
_MAX_UNKNOWN = 20  # names reported one by one; more come from a file of another kind
_MAX_KEY = 40  # characters of a name that are compared with the known ones


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What the file says; None and empty where it is silent."""

    title: str = ""
    guests: tuple[str, ...] = ()
    date: str | None = None  # ISO 8601, YYYY-MM-DD
    season: int | None = None
    number: int | None = None
    description: str = ""
    topics: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)  # name -> URL; audio and video first
    youtube: str | None = None  # the video's id
    speakers: dict[str, str] = field(default_factory=dict)  # label -> name
    chapters: tuple[Chapter, ...] = ()  # in order of start


def read_sidecar(path: Path, log: FaultLog) -> Sidecar:
    """Raises ReadError where the file cannot be read, or is no YAML with named values."""
    data = read_bytes(path)
    if len(data) > MAX_BYTES:
        raise ReadError(path, f"is larger than {MAX_BYTES // 1024} KB, too large for metadata")
    root = read_yaml(path, decode(path, data, log), log)
    _report_unknown(root, log)
    fields = Fields(Mapping(root.line, {k: v for k, v in root.items.items() if k in KEYS}), log)
    return Sidecar(
        title=fields.text("title"),
        guests=fields.texts("guests"),
        date=fields.date(),
        season=fields.number("season"),
        number=fields.number("number"),
        description=fields.description(),
        topics=fields.texts("topics"),
        links={**_media(root, fields, log), **fields.links()},
        youtube=_youtube(root, fields, log),
        speakers=_speakers(root.items.get("speakers"), log),
        chapters=tuple(sorted(_chapters(root.items.get("chapters"), log), key=_start)),
    )


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


def _youtube(root: Mapping, fields: Fields, log: FaultLog) -> str | None:
    """The video's id, from an id or a link."""
    written = fields.text("youtube")
    video = youtube_id(written) or youtube_id_of(written)
    if written and not video:
        log.add(root.items["youtube"].line, "bad-link", f"{excerpt(written)} is no YouTube video")
    return video


def _speakers(node: Node | None, log: FaultLog) -> dict[str, str]:
    if not isinstance(node, Mapping):
        _report_type(node, "speakers", "labels with names", log)
        return {}
    named = ((clean(label)[0], clean_text(name, log)) for label, name in node.items.items())
    return {label: name for label, name in named if name}


def _chapters(node: Node | None, log: FaultLog) -> Iterator[Chapter]:
    if not isinstance(node, Sequence):
        _report_type(node, "chapters", "a list of `start` and `title`", log)
        return
    for item in node.items:
        fields = item.items if isinstance(item, Mapping) else {}
        start, title = _second(fields.get("start")), clean_text(fields.get("title"), log)
        if start is None or not title:
            wanted = "a `start` in seconds or as 12:34, and a `title`"
            log.add(item.line, "bad-chapter", f"a chapter needs {wanted}: left out")
        else:
            yield Chapter(start, title)


def _start(chapter: Chapter) -> float:
    return chapter.start


def _second(node: Node | None) -> float | None:
    return seconds(node.text) if isinstance(node, Scalar) else None


def _report_type(node: Node | None, name: str, wanted: str, log: FaultLog) -> None:
    if node is not None and not (isinstance(node, Scalar) and node.text is None):
        log.add(node.line, "wrong-type", f"`{name}` should be {wanted}: not used")
