"""Who speaks: totals under one name, look-alikes, and quotes that show who a label is."""

from __future__ import annotations

import pytest

from askpod.model import Turn
from askpod.people import Naming, People
from askpod.voices import everyone, look_alikes, voices

PEOPLE = People(
    [Naming("Wren Okafor", ("Wren", "wrenokafor")), Naming("Ida Sand", ("SPEAKER_00",), "bees")]
)


def turn(speaker: str, text: str, start: float = 0.0) -> Turn:
    return Turn(speaker, text, start, start + 10.0)


def test_everybody_who_speaks_is_listed_under_one_name():
    totals = [
        ("bees", "Wren", 10, 100.0),
        ("trains", "wrenokafor", 5, 50.0),
        ("bees", "SPEAKER_00", 20, 200.0),
        ("trains", "SPEAKER_00", 1, 1.0),
        ("trains", "Idda Sand", 1, 2.0),
    ]
    shown = [(p.name, p.labels, p.turns, p.episodes, p.alike) for p in everyone(PEOPLE, totals)]
    assert shown == [
        ("Ida Sand", ("SPEAKER_00",), 20, 1, ("Idda Sand",)),
        ("Wren Okafor", ("Wren", "wrenokafor"), 15, 2, ()),
        ("Idda Sand", ("Idda Sand",), 1, 1, ("Ida Sand",)),
        ("SPEAKER_00", ("SPEAKER_00",), 1, 1, ()),
    ]


@pytest.mark.parametrize(
    ("names", "alike"),
    [
        (["Alexey", "Alexey Grigorev"], True),
        (["sofyayulpatova", "Sofya Yulpatova"], True),
        (["Jose Garcia", "José García"], True),
        (["Krzysztof Nowak", "Krzystof Nowak"], True),
        (["A. Grigorev", "Alexey Grigorev"], True),
        (["SPEAKER_00", "SPEAKER_01"], False),
        (["Speaker A", "Speaker B"], False),
        (["PhD C", "PhD D"], False),
        (["Ann Lee", "Bo Lee"], False),
        (["Mara", "Wren"], False),
    ],
)
def test_look_alikes(names, alike):
    one, other = names
    assert look_alikes([*names, "Zed"]) == ({one: (other,), other: (one,)} if alike else {})


def test_many_names_are_compared_in_little_time():
    names = [f"{first}{n % 97} {last}" for n in range(2000) for first, last in [("Ann", f"L{n}x")]]
    assert look_alikes(names) == {}


def test_three_quotes_show_who_a_label_may_be():
    turns = [turn("S0", f"Turn {n}." + " More." * (n % 7), 10.0 * n) for n in range(30)]
    turns[4] = turn("S1", "long " * 100, 40.0)
    turns.append(turn("", "Nobody."))
    first, second = voices(People([Naming("Ida", ("S1",), "bees")]), "bees", turns)
    assert (first.label, first.name, first.turns, first.seconds) == ("S0", "S0", 29, 290.0)
    assert [span.start // 100 for span in first.quotes] == [0, 1, 2]
    assert (second.label, second.name) == ("S1", "Ida")
    [quote] = second.quotes
    assert len(quote.text) <= 242
    assert quote.text.endswith(" …")
