"""Completes an episode by the metadata beside its transcript: `talk.yaml` for `talk.vtt`.

What stands there wins over what the transcript says of itself, and that over what the file's
name tells. Values that cannot be used and names that nobody knows are reported, and never fail
the episode; a file that is no YAML does, since a person wrote it to be heeded. Refused: to let
anything in it act, or to change a word of the speech.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from askpod.links import youtube_id_of
from askpod.model import Episode, Turn
from askpod.readers.chapters import sectioned
from askpod.readers.discover import ENDINGS
from askpod.readers.draft import Draft
from askpod.readers.filenames import name_of_recording, read_name
from askpod.readers.log import FaultLog
from askpod.readers.sidecar import Sidecar, read_sidecar

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
            if file.is_file():
                return file
    return None


def complete(episode_id: str, path: Path, draft: Draft, log: FaultLog) -> Episode:
    """The episode of a transcript that by itself tells little more than what was said.

    Raises ReadError where the metadata beside it cannot be read.
    """
    drafted = Episode(
        id=episode_id,
        title=draft.title,
        turns=draft.turns,
        guests=draft.guests,
        date=draft.date,
        duration=draft.duration,
        description=draft.description,
        links=draft.links,
        youtube=draft.youtube,
    )
    known = amend(drafted, path, log)
    name = read_name(episode_id)
    return replace(
        known,
        title=known.title or name.title,
        season=name.season if known.season is None else known.season,
        number=name.number if known.number is None else known.number,
        date=known.date or name.date,
        youtube=known.youtube or _video(known.links) or name.youtube,
    )


def amend(episode: Episode, path: Path, log: FaultLog) -> Episode:
    """An episode, changed where the metadata beside its transcript says something.

    Raises ReadError where that metadata cannot be read.
    """
    file = beside(path)
    if file is None:
        return episode
    told = read_sidecar(file, log.of(file))
    return replace(
        episode,
        title=told.title or episode.title,
        turns=_told_turns(episode.turns, told),
        guests=told.guests or episode.guests,
        season=episode.season if told.season is None else told.season,
        number=episode.number if told.number is None else told.number,
        date=told.date or episode.date,
        description=told.description or episode.description,
        topics=told.topics or episode.topics,
        links=told.links | {k: v for k, v in episode.links.items() if k not in told.links},
        youtube=told.youtube or _video(told.links) or episode.youtube,
    )


def _told_turns(turns: tuple[Turn, ...], told: Sidecar) -> tuple[Turn, ...]:
    if told.speakers:
        turns = tuple(
            replace(turn, speaker=told.speakers.get(turn.speaker, turn.speaker)) for turn in turns
        )
    return sectioned(turns, told.chapters) if told.chapters else turns


def _video(links: dict[str, str]) -> str | None:
    return next((video for video in map(youtube_id_of, links.values()) if video), None)
