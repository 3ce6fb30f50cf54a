"""Which label of a transcript is which guest: names laid over labels, the labels themselves stay.

A label is a guest's where its words begin the name ("Mara" of Mara Lind), where the two are
written or sound alike ("Misra" of Mısra Turp, "Chris" of Krzysztof), or where the guest is known
only by an id. The last two are believed only where there is one guest and one other label: the
host's. A label that sounds like no guest is somebody else's, whatever the metadata says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from askpod.model import Episode
from askpod.readers.fields import fold

_LEAST_ALIKE = 3  # letters, or sounds, in which a label and a name begin alike
_SOUNDS = (("sch", "s"), ("sh", "s"), ("sz", "s"), ("rz", "rs"), ("cz", "s"), ("ch", "k"),
           ("ck", "k"),
           ("ph", "f"), ("th", "t"), ("c", "k"), ("q", "k"), ("z", "s"), ("v", "f"), ("w", "f"),
           ("j", "i"), ("x", "ks"), ("g", "k"), ("d", "t"), ("b", "p"))  # fmt: skip
_SOFT = re.compile(r"(?<=.)[aeiouyh]|(?P<twice>.)(?=(?P=twice))")


def linked(episode: Episode) -> Episode:
    """The episode, with its guests' labels written as their full names where that is certain."""
    labels = list(dict.fromkeys(turn.speaker for turn in episode.turns if turn.speaker))
    names = {label: _by_words(label, episode.guests) for label in labels}
    guests = episode.guests
    if len(guests) == 1 and len(labels) == 2 and guests[0] not in names.values():
        label = labels[1]  # the host opens the episode
        if _is_guest(label, guests[0]):
            name = _full_name(guests[0], label, episode)
            guests, names = (name,), {**names, label: name}
    turns = tuple(turn.by(names.get(turn.speaker, turn.speaker)) for turn in episode.turns)
    return replace(episode, turns=turns, guests=guests)


def _by_words(label: str, guests: Sequence[str]) -> str:
    """The one guest whose name begins with a label's words, accents aside; else the label."""
    words = [fold(word) for word in label.split()]
    fitting = [
        guest for guest in guests if [fold(word) for word in guest.split()][: len(words)] == words
    ]
    return fitting[0] if len(fitting) == 1 and any(words) else label


def _is_guest(label: str, guest: str) -> bool:
    """Whether the label of an episode that does not open it can be that of its only guest."""
    return _is_id(guest) or _are_alike(label, guest)


def _is_id(guest: str) -> bool:
    return guest.islower() and " " not in guest


def _are_alike(label: str, guest: str) -> bool:
    """Whether a label's first word and the name begin with the same letters or sounds."""
    ours, theirs = fold(label.split()[0]), fold(guest.split()[0])
    same = next(
        (at for at, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]),
        min(len(ours), len(theirs)),
    )
    if same >= _LEAST_ALIKE and same >= min(len(ours), len(theirs)) - 2:
        return True
    heard, name = _sounds(ours), _sounds(theirs)
    return len(heard) >= _LEAST_ALIKE and name.startswith(heard)


def _sounds(letters: str) -> str:
    """The consonants of a name as they sound, roughly, and its first letter."""
    for written, sound in _SOUNDS:
        letters = letters.replace(written, sound)
    return _SOFT.sub("", letters)


def _full_name(guest: str, label: str, episode: Episode) -> str:
    """The guest's name, made of the label and the surname where the guest is known by an id."""
    if not _is_id(guest):
        return guest
    first = fold(label)
    surname = guest[len(first) :].strip("0123456789")
    others = sum(a != b for a, b in zip(first, guest, strict=False))
    if others <= 1 and len(surname) >= _LEAST_ALIKE:
        return f"{label} {surname.title()}"
    links = (re.sub(r"[-_/]+", " ", link) for link in episode.links.values())
    prose = " ".join((episode.title, episode.short, episode.description, *links))
    spelled = re.search(rf"\b{re.escape(label)} [A-Z][\w'’-]+", prose)
    return spelled.group() if spelled else label
