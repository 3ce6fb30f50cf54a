"""Names over labels: given, merged, undone, and no word changed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askpod.model import Chunk, Episode, Span, Turn
from askpod.people import (
    FILE,
    Labels,
    Naming,
    People,
    PeopleError,
    load_people,
    merge,
    name_label,
    save_people,
    undo,
)
from askpod.text import matches_name
from askpod.voices import ArchivePeople

HOST = Naming("Wren Okafor", ("Wren", "wrenokafor"))
GUEST = Naming("Ida Sand", ("SPEAKER_00",), "bees")
PEOPLE = People([HOST, GUEST])


def turn(speaker: str, text: str = "Words.", start: float = 0.0) -> Turn:
    return Turn(speaker, text, start, start + 10.0)


# Names over labels


@pytest.mark.parametrize(
    ("episode", "label", "name"),
    [
        ("bees", "Wren", "Wren Okafor"),
        ("trains", "wrenokafor", "Wren Okafor"),
        ("bees", "SPEAKER_00", "Ida Sand"),
        ("trains", "SPEAKER_00", "SPEAKER_00"),  # another person there
        ("bees", "Ida", "Ida"),
        ("bees", "", ""),
    ],
)
def test_a_label_has_the_name_that_was_given(episode, label, name):
    assert PEOPLE.name(episode, label) == name


def test_an_episodes_own_name_is_merged_like_any_other():
    people = merge(People([GUEST]), ["Ida Sand", "Wren"], "Ida Sand", "Ida Sandberg")
    assert people.name("bees", "SPEAKER_00") == "Ida Sandberg"
    later = name_label(people, "trains", ["S1"], "Ida Sand")
    assert later.name("trains", "S1") == "Ida Sandberg"


def test_two_labels_that_were_swapped_are_put_right():
    once = name_label(People(), "bees", ["Wren"], "Ida")
    twice = name_label(once, "bees", ["Ida"], "Wren")
    assert [twice.name("bees", label) for label in ("Wren", "Ida")] == ["Ida", "Wren"]


def test_a_merge_of_a_merge_and_back():
    once = merge(People(), ["A", "B", "C"], "A", "B")
    twice = merge(once, ["B", "C"], "B", "C")
    assert [twice.name("x", label) for label in "ABC"] == ["C", "C", "C"]
    back = merge(twice, ["C"], "C", "A")
    assert [back.name("x", label) for label in "ABC"] == ["A", "A", "A"]


def test_results_are_under_the_names_and_no_word_changes():
    said = [turn("Wren", "Hello, Wren here."), turn("SPEAKER_00", "Bees."), turn("", "Hm.")]
    named = PEOPLE.over_turns("bees", said)
    assert [each.speaker for each in named] == ["Wren Okafor", "Ida Sand", ""]
    assert [each.text for each in named] == [each.text for each in said]
    chunk = Chunk("Bees", "", (Span(0, 0, "Wren", "Hello", 0.0, 1.0), Span(1, 0, "X", "y", 1, 2)))
    assert PEOPLE.over_chunk("bees", chunk).speakers == ("Wren Okafor", "X")
    episode = Episode("bees", "Bees", (), guests=("wrenokafor", "Wren Okafor", "Bo"))
    assert PEOPLE.over_episodes({"bees": episode})["bees"].guests == ("Wren Okafor", "Bo")


def test_labels_are_found_by_the_names_that_they_have():
    labels = ["Bo", "SPEAKER_00", "Wren", "wrenokafor"]

    def labels_of(wanted: str) -> Labels:
        return PEOPLE.labels_of(labels, partial(matches_name, wanted))

    assert labels_of("okafor") == Labels(("Wren", "wrenokafor"))
    assert labels_of("ida") == Labels((), (("bees", "SPEAKER_00"),))
    assert labels_of("speaker_00") == Labels(("SPEAKER_00",), (), (("bees", "SPEAKER_00"),))
    assert not labels_of("nobody")
    assert PEOPLE.everybody(labels) == ("Bo", "SPEAKER_00", "Wren Okafor", "Ida Sand")


# Changes


LABELS = st.sampled_from(["A", "B", "C", "D"])


@given(st.lists(st.tuples(LABELS, LABELS, st.sampled_from([None, "x"])), max_size=8), LABELS)
def test_what_is_undone_is_as_it_was(steps, label):
    people, before = People(), []
    for one, into, episode in steps:
        before.append(people)
        people = People([*people.namings, Naming(into, (one,), episode)])
    for former in reversed(before):
        people, taken = undo(people)
        assert len(taken) == 1
        assert [people.name(e, label) for e in "xy"] == [former.name(e, label) for e in "xy"]
    assert people.namings == ()


def test_all_entries_of_a_name_are_undone_together():
    people, taken = undo(name_label(PEOPLE, "trains", ["S1"], "Ida Sand"), "ida sand")
    assert [each.episode for each in taken] == ["bees", "trains"]
    assert people.namings == (HOST,)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: merge(People(), ["Wren"], "Wrenn", "X"), "under the name 'Wrenn'; the nearest: W"),
        (lambda: merge(People(), ["Wren"], "Wren", " "), "give another"),
        (lambda: merge(People(), ["Wren"], "Wren", "wren"), "is that name already"),
        (lambda: name_label(People(), "bees", ["X"], " "), "the name is empty"),
        (lambda: undo(People()), "there is nothing to undo$"),
        (lambda: undo(PEOPLE, "Bo"), "nothing to undo of Bo; names were given to Wren Okafor, Ida"),
    ],
)
def test_what_cannot_be_done_says_why(change, said):
    with pytest.raises(PeopleError, match=said):
        change()


# The file


# As readers leave labels: without line breaks of any kind.
WRITTEN = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1)


@given(
    st.lists(
        st.builds(Naming, WRITTEN, st.lists(WRITTEN, min_size=1).map(tuple), st.none() | WRITTEN)
    )
)
def test_names_are_read_as_they_were_written(tmp_path_factory, namings):
    folder = tmp_path_factory.mktemp("store")
    save_people(folder, People(namings))
    assert load_people(folder).namings == tuple(namings)


def test_without_names_there_is_no_file(tmp_path):
    save_people(tmp_path, PEOPLE)
    assert (tmp_path / FILE).read_text().startswith("# Whose the speakers' labels are.")
    save_people(tmp_path, People())
    assert list(tmp_path.iterdir()) == []
    assert load_people(tmp_path).namings == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- name: [", r"people.yaml:2: is not valid YAML .*, or delete the file"),
        ("- labels: [A]", "entry 1 is not as it should be; an entry has a `name`"),
        ("- {name: A, labels: [B]}\n- {name: A, labels: 3}", "entry 2 is not"),
        ("name: A", "it is not as it should be"),
        ("!!python/object/apply:os.system [true]", "entry 1 is not as it should be"),
        ("\x00", "is not valid YAML"),
    ],
)
def test_a_wrong_file_says_where(tmp_path, text, said):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(PeopleError, match=said):
        load_people(tmp_path)


def test_names_that_are_given_at_once_are_all_kept(tmp_path):
    labels = [f"SPEAKER_{number}" for number in range(6)]

    class Slow:
        def speaking_times(self) -> list[tuple[str, str, int, float]]:
            time.sleep(0.02)
            return [("talk", label, 1, 9.0) for label in labels]

    def merge_one(number: int) -> None:
        ArchivePeople(tmp_path, Slow()).merge(labels[number], f"Ann the {number}.")

    with ThreadPoolExecutor(len(labels)) as threads:
        list(threads.map(merge_one, range(len(labels))))
    assert len(load_people(tmp_path).namings) == len(labels)
