"""Metadata beside a transcript: what it says wins, what it gets wrong is reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.errors import ReadError
from askpod.links import second_link
from askpod.readers import file_digest, read_episode
from askpod.readers.metadata import KEYS as KNOWN
from askpod.readers.metadata import beside

FORMATS = Path(__file__).parent / "formats"
TALK = "[0:05] Speaker 1: Tea?\n[12:36] Speaker 2: Please. With milk.\n[13:00] Speaker 1: Oh.\n"


@pytest.fixture
def talk(tmp_path):
    """Writes a talk and the metadata beside it; gives what reading it yields."""

    def write(metadata: str, name: str = "talk.txt", text: str = TALK):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / "talk.yaml").write_text(metadata, encoding="utf-8")
        return read_episode(tmp_path / name)

    return write


def test_everything_that_can_be_said():
    reading = read_episode(FORMATS / "bog-butter.txt")
    episode = reading.episode
    assert not reading.faults
    assert episode.title == "Butter from the bog"
    assert (episode.date, episode.season, episode.number) == ("2023-11-05", 2, 7)
    assert episode.guests == ("Sorcha Devane",)
    assert episode.topics == ("archaeology", "food")
    assert list(episode.links) == ["audio", "page"]
    tubs = next(turn for turn in episode.turns if "four tubs" in turn.text)
    assert tubs.speaker == "Sorcha Devane"
    assert tubs.section == "Why butter was buried"
    assert episode.turns[0].speaker == "Lorcan Hale"
    link = second_link(episode.youtube, episode.links, tubs.start)
    assert link == "https://pod.example/audio/bog-butter.mp3#t=31"


def test_names_for_labels(talk):
    episode = talk("speakers:\n  Speaker 1: Ann Lee\n  Speaker 9: Nobody\n").episode
    assert [turn.speaker for turn in episode.turns] == ["Ann Lee", "Speaker 2", "Ann Lee"]


def test_a_name_for_speech_without_a_label(talk):
    episode = talk("speakers: {'': Ann Lee}\n", text="[0:05] Hm. Tea.\n[0:09] Milk.\n").episode
    assert {turn.speaker for turn in episode.turns} == {"Ann Lee"}


@pytest.mark.parametrize("start", ["756", '"12:36"', "756.0", "00:12:36"])
def test_a_turn_stands_under_the_chapter_it_starts_in(talk, start):
    episode = talk(f"chapters:\n- {{start: {start}, title: Milk}}\n").episode
    assert [turn.section for turn in episode.turns] == ["", "Milk", "Milk"]


def test_a_turn_is_cut_where_a_sentence_begins_in_another_chapter(talk):
    text = "[0:05] Tea is hot.\n[0:15] And milk\n[0:18] is cold. Really.\n[0:21] Salt is dry.\n"
    reading = talk("chapters: [{start: 17, title: Salt}, {start: 1, title: Drinks}]\n", text=text)
    assert [(t.section, t.start, t.end, t.text, t.marks) for t in reading.episode.turns] == [
        ("Drinks", 5, 21, "Tea is hot. And milk is cold. Really.", ((12, 15), (21, 18))),
        ("Salt", 21, reading.episode.end, "Salt is dry.", ()),
    ]


def test_unknown_names_are_reported_with_the_nearest_known_one(talk):
    reading = talk("titel: Tea\nfrobnicate: 1\n")
    assert [(Path(f.path).name, f.line, f.kind) for f in reading.faults] == [
        ("talk.yaml", 1, "unknown-key"),
        ("talk.yaml", 2, "unknown-key"),
    ]
    assert "did you mean `title`?" in reading.faults[0].repair
    assert "known are title, guests" in reading.faults[1].repair


@pytest.mark.parametrize(
    ("metadata", "kind"),
    [
        ("season: two\n", "bad-value"),
        ("date: 2024-02-31\n", "bad-value"),
        ("audio: javascript:alert(1)\n", "bad-link"),
        ("audio: ../../etc/passwd\n", "bad-link"),
        ("youtube: no such video\n", "bad-link"),
        ("links: {page: 'file:///etc/passwd'}\n", "bad-link"),
        ("links: [https://a.example/]\n", "wrong-type"),
        ("speakers: Ann\n", "wrong-type"),
        ("chapters: {a: b}\n", "wrong-type"),
        ("chapters: [{start: soon, title: Tea}]\n", "bad-chapter"),
        ("chapters: [{start: -5, title: Tea}]\n", "bad-chapter"),
        ("chapters: [{start: 1e999, title: Tea}]\n", "bad-chapter"),
        ("chapters: [{start: 5}]\n", "bad-chapter"),
        ("chapters: [5]\n", "bad-chapter"),
        ("title: !!python/object/apply:os.abort [x]\n", "wrong-type"),
        ("title: Tea\ntitle: Milk\n", "duplicate-key"),
    ],
)
def test_a_value_that_cannot_be_used_is_a_fault_and_no_failure(talk, metadata, kind):
    reading = talk(metadata)
    assert [fault.kind for fault in reading.faults] == [kind]
    assert reading.episode.links == {}
    assert [turn.section for turn in reading.episode.turns] == ["", "", ""]


@pytest.mark.parametrize("metadata", ["", "# nothing yet\n", "---\n", "title:\nchapters: null\n"])
def test_metadata_that_says_nothing(talk, metadata):
    reading = talk(metadata)
    assert (reading.episode.title, reading.faults) == ("talk", ())


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"b{i}: &b{i} [{','.join(['*b' + str(i - 1) if i else '*a'] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ("title: [Tea\n", r"talk\.yaml:\d+:\d+: is not valid YAML"),
        ("just words\n", r"talk\.yaml:1: does not name its values"),
        ("- title: Tea\n", r"talk\.yaml:1: does not name its values"),
        (BOMB, r"talk\.yaml:\d: grows without bounds through YAML aliases"),
        ("[" * 5_000, r"talk\.yaml:1: nests values more than 32 deep"),
        ("x: " + "y" * 600_000, r"talk\.yaml: is larger than 512 KB"),
    ],
)
def test_what_is_no_metadata_is_refused_by_name(talk, metadata, problem):
    with pytest.raises(ReadError, match=problem):
        talk(metadata)


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "talk.txt").write_text(TALK)
    (tmp_path / "talk.yaml").write_bytes(b"title: T\xe9a\n")
    with pytest.raises(ReadError, match=r"talk\.yaml:1: is not UTF-8"):
        read_episode(tmp_path / "talk.txt")


def test_hidden_characters_and_escapes_do_not_reach_the_title(talk):
    title = talk('title: "Tea\\u202e \\u200band\\e[31m milk"\n').episode.title
    assert title == "Tea and[31m milk"


def test_the_video_is_known_from_any_link(talk):
    for metadata in (
        "youtube: dQw4w9WgXcQ\n",
        "youtube: https://youtu.be/dQw4w9WgXcQ\n",
        "video: https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=9\n",
        "links: {watch: 'https://www.youtube.com/live/dQw4w9WgXcQ'}\n",
    ):
        assert talk(metadata).episode.youtube == "dQw4w9WgXcQ"


def test_the_file_that_belongs_to_a_transcript(tmp_path):
    for name in ("a.yaml", "b.en.yml", "b.yaml", "c.yml"):
        (tmp_path / name).write_text("")
    found = {
        name: file.name if (file := beside(tmp_path / name)) else None
        for name in ("a.vtt", "a.pt-BR.vtt", "b.en.vtt", "c.transcript.json", "d.vtt", "a.b.srt")
    }
    assert found == {
        "a.vtt": "a.yaml",
        "a.pt-BR.vtt": "a.yaml",
        "b.en.vtt": "b.en.yml",
        "c.transcript.json": "c.yml",
        "d.vtt": None,
        "a.b.srt": None,
    }


def test_changed_metadata_is_a_changed_episode(talk, tmp_path):
    talk("title: Tea\n")
    before = file_digest(tmp_path / "talk.txt")
    (tmp_path / "talk.yaml").write_text("title: Milk\n")
    changed = file_digest(tmp_path / "talk.txt")
    (tmp_path / "talk.yaml").unlink()
    assert len({before, changed, file_digest(tmp_path / "talk.txt")}) == 3


def test_it_wins_over_what_a_file_says_of_itself(write_episode, tmp_path):
    path = write_episode("bees.md", ["Bees dance."], title="Old", season=1, topics=["bees"])
    (tmp_path / "bees.yaml").write_text("title: New\nspeakers: {Ann: Ann Lee}\n")
    episode = read_episode(path).episode
    assert (episode.title, episode.season, episode.topics) == ("New", 1, ("bees",))
    assert episode.turns[0].speaker == "Ann Lee"


def test_without_it_the_name_tells(tmp_path):
    path = tmp_path / "2024-05-01 Tea [dQw4w9WgXcQ].en.txt"
    path.write_text(TALK)
    episode = read_episode(path).episode
    assert (episode.title, episode.date, episode.youtube) == ("Tea", "2024-05-01", "dQw4w9WgXcQ")


KEYS = st.sampled_from([*KNOWN, "start", "?", "&a", "*a", "<<"])
VALUES = st.sampled_from(
    ["x", "5", "-1", "1e999", ".nan", "[a,b]", "{a: b}", "[{start: 1, title: x}]", "*a", "&a",
     "[[]]", "~", "2024-05-01", "https://a.example/x", "|", ">", "-", "!!binary", "'", '"', "%",
     "@", "`", "\u202e", "\x00", "\ufeff"]
)  # fmt: skip


@settings(max_examples=80)
@given(st.lists(st.tuples(st.sampled_from(["", "  ", "- "]), KEYS, VALUES), max_size=8))
def test_whatever_stands_there_is_read_or_refused(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("talk")
    (folder / "talk.txt").write_text(TALK)
    text = "".join(f"{indent}{key}: {value}\n" for indent, key, value in rows)
    (folder / "talk.yaml").write_text(text, encoding="utf-8")
    try:
        episode = read_episode(folder / "talk.txt").episode
    except ReadError as error:
        assert "talk.yaml" in str(error)  # noqa: PT017 - either outcome is right
        return
    assert " ".join(turn.text for turn in episode.turns) == "Tea? Please. With milk. Oh."
    assert episode.title.isprintable()


def test_a_key_of_speakers_fits_a_label_loosely_or_is_a_fault(talk):
    reading = talk("speakers: {speaker_01: Ann Lee, Speaker 7: Nobody}")
    assert [(turn.speaker, turn.label) for turn in reading.episode.turns] == [
        ("Ann Lee", "Speaker 1"),
        ("Speaker 2", ""),
        ("Ann Lee", "Speaker 1"),
    ]
    ((kind, repair),) = [(fault.kind, fault.repair) for fault in reading.faults]
    assert kind == "unknown-speaker"
    assert repair == "“Speaker 7” fits no label; there are “Speaker 1”, “Speaker 2”"
