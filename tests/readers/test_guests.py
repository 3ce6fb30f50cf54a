"""Guests are linked to their labels, and to nobody else's."""

from __future__ import annotations

import pytest

from askpod.model import Episode, Turn
from askpod.readers.speaker_labels import linked


def speakers(
    guests: tuple[str, ...], *labels: str, **fields: str
) -> tuple[list[str], tuple[str, ...]]:
    turns = tuple(Turn(label, "So.", n, n + 1) for n, label in enumerate(labels))
    episode = linked(Episode("x", "A talk", turns, guests=guests, **fields))
    return [turn.speaker for turn in episode.turns], episode.guests


@pytest.mark.parametrize(
    ("guest", "label", "name"),
    [
        ("Mara Lind", "Mara", "Mara Lind"),
        ("D\u00e2nia Meyer", "Dania", "D\u00e2nia Meyer"),
        ("Theofanis Pagalos", "Theo", "Theofanis Pagalos"),
        ("Krzysztof Wilk", "Chris", "Krzysztof Wilk"),
        ("Helena Stam", "Heleni", "Helena Stam"),
        ("sofiaulpat", "Sofia", "Sofia Ulpat"),
        ("valeriybabin", "Valerii", "Valerii Babin"),
        ("svtino", "Samuel", "Samuel Vantino"),
    ],
)
def test_the_guest_is_the_label_that_is_no_hosts(guest, label, name):
    found, guests = speakers(
        (guest,), "Alexander", label, "Alexander", description="Today Samuel Vantino is here."
    )
    assert found == ["Alexander", name, "Alexander"]
    assert guests == (name,)


def test_several_guests_with_ids_are_called_as_the_transcript_has_them_in_full():
    ids = ("danielosei", "gretahollins", "annlee")
    _, guests = speakers(ids, "Nadia Quill", "Daniel Osei", "Greta Hollins", "Ann")
    assert guests == ("Daniel Osei", "Greta Hollins", "annlee")


@pytest.mark.parametrize(
    ("guests", "labels"),
    [
        (("Reem Sahin",), ("Alex", "Daniel")),
        (("Alexandra Wilk",), ("Alexey", "Sasha")),
        (("Mara Lind", "Mara Wick"), ("Alex", "Mara")),
        (("Krzysztof Wilk",), ("Alex", "Chris", "Bo")),
    ],
)
def test_nobody_is_credited_who_may_be_another(guests, labels):
    found, kept = speakers(guests, *labels)
    assert (found, kept) == (list(labels), guests)


def test_the_transcripts_own_label_is_kept():
    turns = (Turn("Al", "So.", 0, 1), Turn("Mara", "Yes.", 1, 2))
    episode = linked(Episode("x", "A talk", turns, guests=("Mara Lind",)))
    assert [(turn.speaker, turn.label) for turn in episode.turns] == [
        ("Al", ""),
        ("Mara Lind", "Mara"),
    ]
