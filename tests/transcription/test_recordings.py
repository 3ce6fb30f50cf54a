"""Recordings on this machine: transcribed once, to the second, and gone on with after a stop."""

from __future__ import annotations

import json
import random

import pytest

import ears
from askpod import Archive
from askpod.errors import FetchError, PathError, TranscriberError
from askpod.readers import read_episode
from askpod.sources import gather
from askpod.transcription import Transcription

FERRY = "the ferry crosses on a chain so it needs no rudder"
LONG = f"welcome back today we talk about oak . . {FERRY} . lock gates of oak last forty years . glass eels climb the weir at night when the moon is down"  # noqa: E501


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def told():
    return []


@pytest.fixture
def take(store, engine, told):
    """Gathers sources into `store`, recordings heard by `engine`."""

    def run(*sources, everything=False, made=engine):
        transcription = Transcription(everything=everything, notify=told.append, made=made)
        return gather(store, sources, transcription=transcription, notify=told.append)

    return run


def words_of(path):
    segments = json.loads(path.read_text())["segments"]
    return [(word["word"].strip(), word["start"]) for each in segments for word in each["words"]]


def test_every_word_is_heard_at_its_second(take, record):
    [transcript] = take(record("talk.wav", LONG)).files
    said = [(word, second) for second, word in enumerate(LONG.split()) if word != "."]
    heard = words_of(transcript)
    assert [word for word, _ in heard] == [word for word, _ in said]
    assert max(abs(a - b) for (_, a), (_, b) in zip(heard, said, strict=True)) < 0.1


def test_the_transcript_is_read_like_any_other(take, record):
    [transcript] = take(record("talk.wav", LONG)).files
    episode = read_episode(transcript).episode
    assert (episode.id, episode.duration) == ("talk", len(LONG.split()))
    assert {turn.speaker for turn in episode.turns} == {""}
    assert transcript.stat().st_mode & 0o77 == 0, "a recording may be private"


def test_a_recording_is_transcribed_once(take, record, engine):
    path = record("talk.wav", LONG)
    first = take(path).files[0].read_bytes()
    windows = engine.windows
    path.touch()
    assert take(path).files[0].read_bytes() == first
    assert engine.windows == windows
    record("talk.wav", FERRY)
    assert words_of(take(path).files[0])[1][0] == "ferry"


def test_no_engine_is_needed_for_what_is_transcribed(take, record):
    path = record("talk.wav", FERRY)
    take(path)
    assert len(take(path, made=None).files) == 1


def test_stopped_ten_times_it_ends_the_same(take, record, engine, tmp_path):
    path = record("talk.wav", " . ".join([LONG] * 4))
    whole = take(path).files[0]
    expected = json.loads(whole.read_bytes())
    windows = engine.windows
    whole.unlink()
    engine.windows = 0
    chance = random.Random(3)
    for _ in range(10):
        engine.stop_at = chance.randint(0, 2)
        try:
            take(path)
        except KeyboardInterrupt:
            continue
        break
    engine.stop_at = None
    assert json.loads(take(path).files[0].read_bytes()) == expected
    assert engine.windows == windows, "a window was heard twice"
    assert not list((tmp_path / "store").rglob(".incoming"))


def test_a_journal_that_was_damaged_is_used_up_to_there(take, record, engine, store):
    path = record("talk.wav", " . ".join([LONG] * 2))
    engine.stop_at = 4
    with pytest.raises(KeyboardInterrupt):
        take(path)
    [journal] = store.rglob("*.jsonl")
    lines = journal.read_bytes().split(b"\n")
    journal.write_bytes(b"\n".join([*lines[:3], b'{"begin": 7}', *lines[3:]]))
    heard = [word for word, _ in words_of(take(path).files[0])]
    assert heard == [word for word in " . ".join([LONG] * 2).split() if word != "."]


def test_another_engine_begins_anew(take, record, engine):
    path = record("talk.wav", " . ".join([LONG] * 2))
    engine.stop_at = 3
    with pytest.raises(KeyboardInterrupt):
        take(path)
    other = type(engine)()
    other.name = "other ears"
    take(path, made=other)
    assert other.windows > 5


def test_of_a_folder_recordings_are_taken_when_that_is_asked_for(take, record, tmp_path):
    record("mine/one.wav", FERRY)
    record("mine/deep/two.wav", LONG)
    with pytest.raises(PathError, match=r"--transcribe takes the recordings in it \(2\)"):
        take(tmp_path / "mine")
    taken = take(tmp_path / "mine", everything=True)
    assert sorted(path.name for path in taken.files) == ["one.json", "two.json"]


def test_what_has_a_transcript_is_not_transcribed(take, record, engine, tmp_path):
    path = record("mine/talk.wav", FERRY)
    take(path)
    engine.windows = 0
    (tmp_path / "mine/talk.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:03.000\nOnly this.\n")
    for sources in ([path], [tmp_path / "mine"], [path, tmp_path / "mine"]):
        assert [file.name for file in take(*sources, everything=True).files] == ["talk.vtt"]
    assert engine.windows == 0


@pytest.mark.parametrize("name", ["talk.en.vtt", "talk.mp3.vtt"])
def test_a_transcript_beside_it_may_have_a_longer_name(take, tmp_path, name):
    (tmp_path / "talk.mp3").write_bytes(b"ID3 of a kind that is never looked at")
    (tmp_path / name).write_text("WEBVTT\n\n00:00.000 --> 00:03.000\nOnly this.\n")
    assert [file.name for file in take(tmp_path / "talk.mp3").files] == [name]


def test_of_one_recording_in_two_formats_one_is_taken(take, record, tmp_path):
    record("mine/talk.wav", FERRY)
    record("mine/talk.mkv", FERRY)
    assert len(take(tmp_path / "mine", everything=True).files) == 1


def test_an_engine_that_fails_at_once_ends_the_run(store, record, monkeypatch):
    monkeypatch.setenv("ASKPOD_TRANSCRIBER", "sh -c 'exit 1'")
    paths = [record("one.wav", FERRY), record("two.wav", FERRY)]
    with pytest.raises(TranscriberError, match=r"failed \(1\)"):
        gather(store, paths, transcription=Transcription())


def test_notes_of_its_name_are_no_transcript(take, record, tmp_path):
    path = record("talk.wav", FERRY)
    (tmp_path / "talk.txt").write_text("Bring the microphone.\n")
    assert [file.name for file in take(path).files] == ["talk.json"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("talk.mp3", b"", "is empty"),
        ("talk.mp3", b"hello there, this is text", "does not begin like a recording"),
        ("talk.wav", ears.wav(ears.speak("ferry"))[:20], "cannot be decoded"),
        ("talk.wav", ears.wav(ears.speak("ferry"))[:44], "holds no sound"),
    ],
)
def test_what_cannot_be_decoded_is_told_and_the_rest_goes_on(
    take, record, tmp_path, name, content, why
):
    bad = tmp_path / "bad" / name
    bad.parent.mkdir()
    bad.write_bytes(content)
    taken = take(bad, record("good.wav", FERRY))
    assert [path.name for path in taken.files] == ["good.json"]
    [failure] = taken.failed
    assert failure.path == str(bad)
    assert why in failure.message
    with pytest.raises(FetchError, match=why):
        take(bad)


def test_the_file_beside_a_recording_names_who_speaks(take, record, tmp_path):
    path = record("talk.wav", FERRY)
    (tmp_path / "talk.yaml").write_text('title: On chains\nspeakers: {"": Bram Teague}\n')
    [transcript] = take(path).files
    episode = read_episode(transcript).episode
    assert episode.title == "On chains"
    assert {turn.speaker for turn in episode.turns} == {"Bram Teague"}


def test_people_names_who_has_no_label(take, record, store):
    taken = take(record("talk.wav", FERRY))
    with Archive.open(store, create=True) as archive:
        archive.index(taken)
        assert archive.people.give("talk", "", "Bram Teague").name == "Bram Teague"
        [passage] = archive.search("rudder", top=1, speaker="teague")
        assert passage.speakers == ("Bram Teague",)


def test_silence_music_and_loops_are_faults_of_the_transcript(take, record):
    quiet, music = " ".join("." * 20), " ".join("~" * 20)
    loop = "moon " * 24
    [transcript] = take(record("talk.wav", f"{FERRY} {quiet} oak {music} oak {loop}")).files
    reading = read_episode(transcript)
    assert sorted({fault.kind for fault in reading.faults}) == ["loop", "music", "silence"]
    silence = next(fault for fault in reading.faults if fault.kind == "silence")
    assert silence.repair.startswith("0:10 to 0:31: silence")


def test_where_nobody_speaks_that_is_said(take, record, told, store):
    taken = take(record("talk.wav", " ".join("." * 20)))
    assert "no speech was heard in it (0:20)" in told[-1]
    with Archive.open(store, create=True) as archive:
        assert "nothing is said in it" in archive.index(taken).failed[0].message


def test_without_an_engine_it_is_said_how_to_name_one(take, record, store):
    with pytest.raises(TranscriberError, match="--model small"):
        take(record("talk.wav", FERRY), made=None)
    assert not store.exists()
