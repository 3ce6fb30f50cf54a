"""Who is who: names laid over the labels that transcripts give their speakers.

An archive stores the labels as they were read. `people.yaml` in its folder says whose they are, in
the order in which names were given, a later entry seeing the names of the earlier ones; what is
taken out of the file is undone:

    - name: Alexey Grigorev
      labels: [Alexey, alexeygrigorev]
    - name: Wren Okafor
      episode: hive-telemetry
      labels: [SPEAKER_00]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from askpod.errors import AskpodError
from askpod.files import read_bounded, write_atomically
from askpod.model import Chunk, Episode, Span, Turn
from askpod.text import nearest, without_hidden

FILE = "people.yaml"
MOST_BYTES = 10_000_000  # of the file

_Said = TypeVar("_Said", Turn, Span)

_HEAD = """\
# Whose the speakers' labels are. Written by `askpod people`; may be edited. An entry without an
# episode holds for the whole archive. See docs/people.md.
"""


class PeopleError(AskpodError):
    """Names cannot be given so, or `people.yaml` cannot be read."""


class PeopleUnwritable(PeopleError):
    """The names cannot be kept: permissions, or no space left."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Naming:
    """One entry of `people.yaml`: these labels are this person's; in every episode also names."""

    name: str
    labels: tuple[str, ...]
    episode: str | None = None  # None: in every episode


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels that are somebody's: in every episode, and (episode, label) in single ones."""

    everywhere: tuple[str, ...] = ()
    single: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[str, str], ...] = ()  # where one of `everywhere` is somebody else's

    def __bool__(self) -> bool:
        return bool(self.everywhere or self.single)


class People:
    """The names of an archive, in the order in which they were given. Never changes."""

    def __init__(self, namings: Sequence[Naming] = ()) -> None:
        self.namings = tuple(namings)
        self._names: dict[str, str] = {}  # of every episode: label -> name
        self._own: dict[str, dict[str, str]] = {}  # of one: episode -> label -> name
        for naming in self.namings:
            self._add(naming)

    def name(self, episode_id: str, label: str) -> str:
        """Who is meant by a label of an episode; the label itself where nobody said."""
        own = self._own.get(episode_id, {}).get(label, label)
        return self._names.get(own, own)

    def over_turns(self, episode_id: str, turns: Iterable[Turn]) -> list[Turn]:
        """The turns of an episode under the names of those who speak."""
        return [self._named(episode_id, turn) for turn in turns]

    def over_chunk(self, episode_id: str, chunk: Chunk) -> Chunk:
        """A chunk under the names of those who speak in it."""
        spans = tuple(self._named(episode_id, span) for span in chunk.spans)
        return replace(chunk, spans=spans) if spans != chunk.spans else chunk

    def over_episodes(self, episodes: Mapping[str, Episode]) -> dict[str, Episode]:
        """Episodes without turns, by their ids, under the names of their guests."""
        return {
            id_: replace(each, guests=tuple(dict.fromkeys(map(self.everywhere, each.guests))))
            for id_, each in episodes.items()
        }

    def everywhere(self, label: str) -> str:
        """Who is meant by a label where its episode has no name of its own for it."""
        return self._names.get(label, label)

    def everybody(self, labels: Iterable[str]) -> tuple[str, ...]:
        """The names of those who speak under these labels, and those of single episodes."""
        own = (self.everywhere(name) for names in self._own.values() for name in names.values())
        return tuple(dict.fromkeys((*map(self.everywhere, labels), *own)))

    def labels_of(self, labels: Iterable[str], fits: Callable[[str], object]) -> Labels:
        """Under which of an archive's labels those speak whose names fit."""
        everywhere = tuple(label for label in labels if fits(self.everywhere(label)))
        single, others = [], []
        for episode, own in self._own.items():
            for label in own:
                if fits(self.name(episode, label)):
                    single += [(episode, label)] if label not in everywhere else []
                elif label in everywhere:
                    others.append((episode, label))
        return Labels(everywhere, tuple(single), tuple(others))

    def _add(self, naming: Naming) -> None:
        """Takes an entry in; of one for all episodes the labels may be former names, too."""
        name = self._names.get(naming.name, naming.name)
        if name in naming.labels:  # a person gets a former name back
            name = naming.name
        if naming.episode is not None:  # its labels are no names: two may have been swapped
            own = self._own.setdefault(naming.episode, {})
            own.update(dict.fromkeys(naming.labels, name))
            return
        for table in (self._names, *self._own.values()):
            table.update((label, name) for label, had in table.items() if had in naming.labels)
        self._names.update(dict.fromkeys(naming.labels, name))

    def _named(self, episode_id: str, said: _Said) -> _Said:
        name = self.name(episode_id, said.speaker)
        return said if name == said.speaker else replace(said, speaker=name)


# --- The file ------------------------------------------------------------------------------------


def load_people(folder: Path) -> People:
    """The names given in an archive's folder; none where there is no file.

    Raises PeopleError: the file cannot be read; the message says where it is wrong.
    """
    from pydantic import TypeAdapter, ValidationError

    from askpod.parsing import ParseError, parse_yaml, plain

    path = folder / FILE
    try:
        told = plain(parse_yaml(read_bounded(path, MOST_BYTES).decode("utf-8-sig"), strict=True))
        namings = TypeAdapter(list[Naming]).validate_python(told or [])
    except FileNotFoundError:
        return People()
    except OSError as error:
        raise PeopleError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise PeopleError(f"{path}: is not UTF-8 text; mend it, or delete the file") from None
    except ParseError as error:
        where = f"{path}:{error.line}" if error.line else str(path)
        raise PeopleError(f"{where}: {error.problem}, or delete the file") from None
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        which = f"entry {int(place[0]) + 1}" if place else "it"
        raise PeopleError(
            f"{path}: {which} is not as it should be; an entry has a `name`, a list of `labels` "
            "and perhaps an `episode`. Mend it, or delete the file"
        ) from None
    return People(namings)


def save_people(folder: Path, people: People) -> None:
    """Writes the names into an archive's folder; without any there is no file."""
    import yaml

    path = folder / FILE
    entries = [
        {"name": each.name, "labels": list(each.labels)}
        | ({"episode": each.episode} if each.episode is not None else {})
        for each in people.namings
    ]
    dumped = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False, width=100)
    try:
        if entries:
            write_atomically(path, f"{_HEAD}{dumped}".encode())
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise PeopleUnwritable(f"{path}: cannot be written: {error.strerror or error}") from None


# --- Changes -------------------------------------------------------------------------------------


def merge(people: People, names: Iterable[str], one: str, into: str) -> People:
    """One person under two names: `one` becomes `into`, which may be new, in every episode.

    `names` are those of everybody who speaks. Raises PeopleError: none is `one`, or both are the
    same.
    """
    one = known_name(one, names)
    into = _tidy(into)
    into = next((name for name in names if name.casefold() == into.casefold()), into)
    if one == into or not into:
        raise PeopleError(f"{one!r} is that name already; give another to merge it into")
    return People([*people.namings, Naming(into, (one,))])


def name_label(people: People, episode_id: str, labels: Sequence[str], name: str) -> People:
    """Labels of one person in one episode get a name. Raises PeopleError: the name is empty."""
    name = _tidy(name)
    if not name:
        raise PeopleError("the name is empty; say who it is")
    return People([*people.namings, Naming(name, tuple(labels), episode_id)])


def undo(people: People, name: str | None = None) -> tuple[People, tuple[Naming, ...]]:
    """Takes back the last entry, or all that gave a name; also what was taken back.

    Raises PeopleError: there is nothing to take back.
    """
    if name is None:
        taken = people.namings[-1:]
    else:
        wanted = name.casefold()
        taken = tuple(each for each in people.namings if each.name.casefold() == wanted)
    if not taken:
        given = ", ".join(dict.fromkeys(each.name for each in people.namings))
        known = f"; names were given to {given}" if given else ""
        raise PeopleError(f"there is nothing to undo{'' if name is None else f' of {name}'}{known}")
    left = people.namings[:-1] if name is None else [n for n in people.namings if n not in taken]
    return People(left), taken


def _tidy(name: str) -> str:
    return " ".join(without_hidden(name).split())


def known_name(wanted: str, names: Iterable[str]) -> str:
    """The name that is meant.

    Raises PeopleError: there is none; the message says which are near.
    """
    everybody = list(names)
    if wanted in everybody:
        return wanted
    same = [name for name in everybody if name.casefold() == wanted.casefold()]
    if len(same) == 1:
        return same[0]
    raise PeopleError(f"nobody speaks under the name {wanted!r}{nearest(wanted, everybody)}")
