"""Who speaks in an archive: how much, under which names, and who an unnamed label may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from askpod.errors import StoreUnwritable
from askpod.model import Turn
from askpod.people import (
    FILE,
    Naming,
    People,
    PeopleUnwritable,
    known_name,
    load_people,
    merge,
    name_label,
    save_people,
    undo,
)
from askpod.store.catalog import Catalog
from askpod.store_lock import write_lock
from askpod.text import matches_name, name_words

_LOCK = "people.lock"  # apart from the store's: a long indexing need not be waited for
ALIKE = 0.85  # difflib's ratio, from which on two spellings may be one name
QUOTES = 3  # that show who a label may be
LONGEST_QUOTE = 240  # characters


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who speaks in the archive."""

    name: str
    labels: tuple[str, ...]  # under which the transcripts have them
    turns: int
    seconds: float
    episodes: int
    alike: tuple[str, ...] = ()  # others whose names may be this person's, too


@dataclass(frozen=True, slots=True)
class VoiceQuote:
    """Some words of a turn."""

    turn: int  # its position in the episode, from 0
    text: str
    start: float | None  # seconds; None where the episode is untimed


@dataclass(frozen=True, slots=True)
class Voice:
    """One label of one episode, with quotes that show who it may be."""

    label: str
    name: str
    turns: int
    seconds: float
    quotes: tuple[VoiceQuote, ...]
    written: tuple[str, ...] = ()  # as in the file, where `label` is the guest's name for it


def everyone(people: People, totals: Iterable[tuple[str, str, int, float]]) -> list[Person]:
    """Everybody who speaks, those who speak longest first; who has no name is left out.

    `totals` are (episode, label, turns, seconds) of all speech.
    """
    said: dict[str, list[tuple[str, str, int, float]]] = {}
    for total in totals:
        said.setdefault(people.name(*total[:2]), []).append(total)
    said.pop("", None)
    alike = look_alikes(said)
    persons = []
    for name, rows in said.items():
        episodes, labels, turns, seconds = zip(*rows, strict=True)
        heard = sum(turns), sum(seconds), len(set(episodes))
        persons.append(Person(name, tuple(sorted(set(labels))), *heard, alike.get(name, ())))
    return sorted(persons, key=lambda person: (-person.seconds, person.name))


def voices(people: People, episode_id: str, turns: Sequence[Turn]) -> list[Voice]:
    """The labels of an episode's stored turns, each with quotes from its beginning to its end.

    An episode in which nobody has a label, as a recogniser gives it, has one voice, "".
    """
    by_label: dict[str, list[tuple[int, Turn]]] = {}
    timed = not all(turn.estimated for turn in turns)
    nameless = not any(turn.speaker for turn in turns)
    for place, turn in enumerate(turns):
        if turn.speaker or nameless:
            by_label.setdefault(turn.speaker, []).append((place, turn))
    found = [
        Voice(
            label,
            people.name(episode_id, label),
            len(own),
            sum(turn.end - turn.start for _, turn in own),
            tuple(_quotes(own, timed=timed)),
            tuple(dict.fromkeys(turn.label for _, turn in own if turn.label)),
        )
        for label, own in by_label.items()
    ]
    return sorted(found, key=lambda voice: -voice.seconds)


def _quotes(turns: Sequence[tuple[int, Turn]], *, timed: bool) -> Iterator[VoiceQuote]:
    """The longest turn of each third; of a long one the beginning."""
    size = -(-len(turns) // QUOTES)
    for begin in range(0, len(turns), size):
        third = turns[begin : begin + size]
        place, turn = max(third, key=lambda each: min(len(each[1].text), LONGEST_QUOTE))
        text = turn.text
        if len(text) > LONGEST_QUOTE:
            text = f"{text[:LONGEST_QUOTE].rsplit(None, 1)[0]} …"
        yield VoiceQuote(place, text, turn.start if timed else None)


def look_alikes(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Names that may be one person's, each with the others.

    Two are alike where they are the same letters run together, where every word of one begins a
    word of the other, or by their spelling; "SPEAKER_01" and "Speaker B" are like nobody.
    """
    words = {name: name_words(name) for name in names}
    blocks: dict[str, list[str]] = {}
    for name, parts in words.items():
        joined = "".join(parts)
        if len(joined) > 2 and len(parts[-1]) > 1 and not any(c.isdigit() for c in joined):
            for part in {part[:3] for part in (*parts, joined)}:
                blocks.setdefault(part, []).append(name)
    found: dict[str, dict[str, None]] = {}
    for block in blocks.values():
        for place, one in enumerate(block):
            for other in block[place + 1 :]:
                if _alike(one, other, words):
                    found.setdefault(one, {})[other] = None
                    found.setdefault(other, {})[one] = None
    return {name: tuple(sorted(others)) for name, others in found.items()}


def _alike(one: str, other: str, words: Mapping[str, Sequence[str]]) -> bool:
    if matches_name(one, other) or matches_name(other, one):
        return True
    spelt = SequenceMatcher(None, "".join(words[one]), "".join(words[other]))
    ratios = (spelt.real_quick_ratio, spelt.quick_ratio, spelt.ratio)  # the cheapest first
    return all(ratio() >= ALIKE for ratio in ratios)


def find_voice(voices: Iterable[Voice], wanted: str) -> Voice:
    """The voice with a label, as the archive has it or as the file writes it.

    Raises PeopleError: there is none; the message says which are near.
    """
    by_label: dict[str, Voice] = {}
    for voice in voices:
        by_label |= dict.fromkeys((voice.label, *voice.written), voice)
    return by_label[known_name(wanted, by_label)]


class ArchivePeople:
    """Who speaks in one archive, and the names in its folder."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        self._folder = folder
        self._catalog = catalog
        self._read: tuple[tuple[int, ...], People] = (), People()

    @property
    def names(self) -> People:
        """The names as they stand now: the file is read again when it has changed.

        Raises PeopleError: the file cannot be read.
        """
        try:
            status = (self._folder / FILE).stat()
        except OSError:
            return load_people(self._folder)
        version = status.st_mtime_ns, status.st_size, status.st_ino
        if version != self._read[0]:
            self._read = version, load_people(self._folder)
        return self._read[1]

    def everyone(self) -> list[Person]:
        """Everybody who speaks, those who speak longest first."""
        return everyone(self.names, self._catalog.speaking_times())

    def voices(self, episode_id: str) -> list[Voice]:
        """The labels of an episode, each with quotes that show who it may be.

        Raises EpisodeNotFound: there is no such episode; the message says which are near.
        """
        self._catalog.require([episode_id])
        return voices(self.names, episode_id, self._catalog.turns(episode_id))

    def merge(self, one: str, into: str) -> Person:
        """One person under two names: `one` becomes `into` everywhere. Raises PeopleError."""
        with self._changing():
            merged = merge(self.names, [person.name for person in self.everyone()], one, into)
            save_people(self._folder, merged)
        everybody = everyone(merged, self._catalog.speaking_times())
        return next(each for each in everybody if each.name == merged.namings[-1].name)

    def give(self, episode_id: str, label: str, name: str) -> Voice:
        """A label of one episode gets a name.

        Raises EpisodeNotFound; PeopleError: nobody has that label in it, or the name is empty.
        """
        found = find_voice(self.voices(episode_id), label)
        # Also as the file writes it: the name then stands, whether a guest is known for it or not.
        labels = (found.label, *found.written)
        with self._changing():
            save_people(self._folder, name_label(self.names, episode_id, labels, name))
        return find_voice(self.voices(episode_id), found.label)

    def undo(self, name: str | None = None) -> tuple[Naming, ...]:
        """Takes back the last name that was given, or all that gave `name`. Raises PeopleError."""
        with self._changing():
            left, taken = undo(self.names, name)
            save_people(self._folder, left)
        return taken

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One change after another: each begins with what the one before has written."""
        try:
            with write_lock(self._folder, name=_LOCK):
                yield
        except StoreUnwritable as error:
            raise PeopleUnwritable(str(error)) from None
