"""Names laid over an archive's labels: in filters, passages, answers; the index is untouched."""

from __future__ import annotations

from contextlib import closing

import pytest

from askpod import Archive
from askpod.errors import EpisodeNotFound
from askpod.people import FILE, PeopleError
from askpod.store.catalog import Catalog

BEES = [
    ("SPEAKER_00", "Today we talk about the winter of the bees."),
    ("SPEAKER_01", "The queens slept until March, and the honey froze in its frames."),
    ("SPEAKER_00", "And who looked after the hives?"),
    ("SPEAKER_01", "My brother brushed the snow from the hives every morning."),
]
TRAINS = [
    ("Wren", "Today we talk about trains that run at night."),
    ("SPEAKER_01", "The dining car of the night train was locked at nine."),
    ("Wren", "Who locked the dining car?"),
    ("SPEAKER_01", "The steward locked the dining car when the soup was gone."),
]
LAMPS = [("Wren Okafor", "Lamps in the old harbour burn whale oil no longer.")]


@pytest.fixture
def archive(write_episode, tmp_path):
    paths = [
        write_episode("bees.md", BEES, guests=["idasand"]),
        write_episode("trains.md", TRAINS),
        write_episode("lamps.md", LAMPS, guests=["Wren"]),
    ]
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index(paths)
        yield archive


def speakers(archive, question, **filters):
    found = archive.search(question, **filters)
    return {(p.episode_id, name) for p in found for name in p.speakers}


def test_a_named_label_is_in_passages_answers_citations_and_turns(archive):
    archive.people.give("bees", "SPEAKER_01", "Ida Sand")
    assert ("bees", "Ida Sand") in speakers(archive, "Who brushed the snow from the hives?")
    assert ("trains", "SPEAKER_01") in speakers(archive, "Who locked the dining car?")
    answer = archive.ask("Who brushed the snow from the hives?")
    credited = {(citation.episode_id, citation.speaker) for citation in answer.citations}
    assert ("bees", "Ida Sand") in credited
    assert ("bees", "SPEAKER_01") not in credited
    assert "Ida Sand (" in answer.text
    assert [turn.speaker for turn in archive.turns("bees")][:2] == ["SPEAKER_00", "Ida Sand"]
    assert [turn.text for turn in archive.turns("bees")] == [text for _, text in BEES]


def test_a_name_stands_whether_or_not_a_guest_is_known_for_the_label(
    archive, write_episode, tmp_path
):
    [voice] = [each for each in archive.people.voices("lamps") if each.label == "Wren Okafor"]
    assert voice.written == ()
    said = [("Al", "Who trims the lamps?"), ("Ida", "Nobody trims the lamps in the snow.")]
    archive.index([write_episode("snow.md", said, guests=["Ida Sand"])])
    assert archive.turns("snow")[1].label == "Ida"
    assert archive.people.give("snow", "Ida", "Ida Sandberg").label == "Ida Sand"
    archive.index([write_episode("snow.md", said, guests=[])])
    assert [turn.speaker for turn in archive.turns("snow")] == ["Al", "Ida Sandberg"]
    with Archive.open(tmp_path / "store") as again:
        assert [turn.speaker for turn in again.turns("snow")] == ["Al", "Ida Sandberg"]


def test_a_filter_knows_the_name_and_only_where_it_holds(archive):
    archive.people.give("bees", "SPEAKER_01", "Ida Sand")
    question = "What was locked, and who looked after the hives?"
    assert {e for e, _ in speakers(archive, question, speaker="ida")} == {"bees"}
    assert {e for e, _ in speakers(archive, question, speaker="speaker_01")} == {"trains"}
    assert archive.ask("Who locked the dining car?", filters={"speaker": "speaker_01"}).citations


def test_a_question_that_names_somebody_finds_what_they_say_under_their_label(archive):
    archive.people.give("trains", "SPEAKER_01", "Bo Lind")
    unknown = archive.ask("What did Ida Sand say about the honey?")
    assert unknown.refused
    archive.people.give("bees", "SPEAKER_01", "Ida Sand")
    answer = archive.ask("What did Ida Sand say about the honey?")
    assert not answer.refused
    assert "Ida Sand" in {citation.speaker for citation in answer.citations}


def test_one_host_under_two_names_becomes_one_person(archive):
    before = {person.name: person for person in archive.people.everyone()}
    assert before["Wren"].alike == ("Wren Okafor",)
    after = archive.people.merge("wren", "Wren Okafor")
    assert (after.episodes, after.turns) == (2, 3)
    assert after.labels == ("Wren", "Wren Okafor")
    assert {person.name for person in archive.people.everyone()} == set(before) - {"Wren"}
    found = speakers(archive, "Today we talk about trains and lamps", speaker="okafor")
    assert {episode for episode, _ in found} == {"trains", "lamps"}
    [lamps] = archive.episodes({"guest": "okafor"})
    assert lamps.guests == ("Wren Okafor",)


def test_undone_is_as_it_was(archive):
    question, before = "Who looked after the hives?", archive.turns("bees")
    passages = archive.search(question)
    archive.people.give("bees", "speaker_01", "Ida Sand")
    archive.people.merge("Ida Sand", "Ida Sandberg")
    assert archive.turns("bees")[1].speaker == "Ida Sandberg"
    archive.people.undo()
    assert archive.turns("bees")[1].speaker == "Ida Sand"
    archive.people.undo("ida sand")
    assert archive.turns("bees") == before
    assert archive.search(question) == passages
    with pytest.raises(PeopleError, match="nothing to undo"):
        archive.people.undo()


def test_nothing_is_indexed_again_and_the_labels_stay(archive, tmp_path):
    with closing(Catalog(tmp_path / "store")) as catalog:
        before = catalog.revision(), catalog.turns("bees")
        archive.people.give("bees", "SPEAKER_01", "Ida Sand")
        assert (catalog.revision(), catalog.turns("bees")) == before
    assert archive.index([tmp_path / "bees.md"]).unchanged == ["bees"]


def test_a_file_that_is_edited_counts_at_once(archive, tmp_path):
    path = tmp_path / "store" / FILE
    path.write_text("- {name: Mika, labels: [SPEAKER_00]}\n")
    assert archive.turns("bees")[0].speaker == "Mika"
    path.write_text("- {name: Mika\n")
    with pytest.raises(PeopleError, match=r"people.yaml:2: is not valid YAML"):
        archive.search("snow")
    path.unlink()
    assert archive.turns("bees")[0].speaker == "SPEAKER_00"


def test_quotes_show_who_a_label_is(archive):
    first, second = archive.people.voices("bees")
    assert {first.label, second.label} == {"SPEAKER_00", "SPEAKER_01"}
    texts = {text for _, text in BEES}
    assert {quote.text for voice in (first, second) for quote in voice.quotes} == texts
    with pytest.raises(EpisodeNotFound, match="no episode 'bee'; the nearest: bees"):
        archive.people.voices("bee")
    with pytest.raises(PeopleError, match="'SPEAKER_1'; the nearest: SPEAKER_01"):
        archive.people.give("bees", "SPEAKER_1", "Ida")


# Filters that leave nothing


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"episode": "beess"}, "no episode has the id 'beess'; the nearest: bees"),
        ({"speaker": "Wrenn"}, "nobody speaks under the name 'Wrenn'; the nearest: Wren, Wren O"),
        ({"guest": "Idda"}, "no episode has the guest 'Idda'"),
        ({"season": 9}, "no episode fits season=9; none has a season"),
        ({"episode": "bees", "speaker": "Wren"}, "nothing in the archive fits all of episode=bees"),
        ({"speaker": "zzz", "episode": "zzz"}, "no episode has the id 'zzz'"),
    ],
)
def test_an_answer_says_which_filter_leaves_nothing(archive, filters, said):
    answer = archive.ask("Who brushed the snow?", filters=filters)
    assert answer.refused
    assert answer.warnings[0].startswith(said)
    assert archive.search("snow", **filters) == []


def test_a_filter_that_leaves_something_is_not_spoken_of(archive):
    answer = archive.ask("Who brushed the snow from the hives?", filters={"speaker": "SPEAKER_01"})
    assert answer.warnings == ()


# Taking episodes out


def test_an_episode_that_is_taken_out_is_gone_until_it_is_indexed_again(archive, tmp_path):
    assert archive.remove(["trains", "trains", "lamps"]) == ["trains", "lamps"]
    assert [episode.id for episode in archive.episodes()] == ["bees"]
    assert {e for e, _ in speakers(archive, "Who locked the dining car?")} <= {"bees"}
    assert archive.index([tmp_path / "trains.md"]).added == ["trains"]
    assert ("trains", "SPEAKER_01") in speakers(archive, "Who locked the dining car?")


def test_where_one_is_not_there_nothing_is_taken_out(archive):
    with pytest.raises(EpisodeNotFound, match="no episode 'trane'; the nearest: trains"):
        archive.remove(["bees", "trane"])
    assert archive.counts()["episodes"] == 3
