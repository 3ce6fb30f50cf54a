"""Kept conversations: whole or not there, found again, never lost."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace

import pytest

from askpod.chat import Sessions, SessionUnwritable, data_folder
from askpod.model import Answer, Citation, Exchange, Filters, Passage, Usage

ANSWER = Answer(
    question="Do bees dance?",
    text="“Ja”, they do. [1]",
    citations=(Citation(1, "bees", "Bees", "Änn", 1.5, 2.0, "Ja", "https://e.org/x", False),),
    passages=(),
    refused=False,
    mode="llm",
    model="tiny",
    usage=Usage(3, 4, 0.001, 0.1, 0.2, 0.05),
    warnings=("so so",),
)
FILTERS = Filters(guest="Änn", season=2)


@pytest.fixture
def sessions(tmp_path):
    return Sessions(tmp_path / "store", tmp_path / "data")


@pytest.fixture
def said():
    """What a listener was told when resuming."""
    return []


def asked(question: str) -> Exchange:
    return Exchange(question, ANSWER)


def kept(sessions, *questions):
    session = sessions.new()
    for question in questions:
        session.keep(asked(question), FILTERS)
    return session


def test_what_was_kept_is_resumed_as_it_was(sessions, said):
    kept(sessions, "Older?")
    kept(sessions, "One?", "Two\nlines?\u2028")
    resumed = sessions.resume(said.append)
    assert resumed.history == (asked("One?"), asked("Two\nlines?\u2028"))
    assert resumed.filters == FILTERS
    resumed.session.keep(asked("Three?"), Filters())
    again = sessions.resume(said.append)
    assert [exchange.question for exchange in again.history][2:] == ["Three?"]
    assert again.filters == Filters()
    assert said == []


def test_passages_are_the_archives_and_are_left_out(sessions, said):
    passage = Passage("bees", "Bees", 0.0, 9.0, ("Ann",), "", "word " * 999, 1.0, "")
    session = sessions.new()
    session.keep(Exchange("q", replace(ANSWER, passages=(passage,) * 9)), FILTERS)
    assert session.path.stat().st_size < 2_000
    assert sessions.resume(said.append).history == (asked("q"),)


def test_the_one_last_asked_in_is_resumed(sessions, said):
    first = kept(sessions, "First?")
    second = kept(sessions, "Second?")
    os.utime(first.path, ns=(2_000_000_000, 2_000_000_000))
    os.utime(second.path, ns=(1_000_000_000, 1_000_000_000))
    assert sessions.resume(said.append).session.path == first.path


def test_each_archive_has_its_own(tmp_path, said):
    kept(Sessions(tmp_path / "a" / "store", tmp_path), "A?")
    assert Sessions(tmp_path / "b" / "store", tmp_path).resume(said.append) is None
    same = Sessions(tmp_path / "b" / ".." / "a" / "store", tmp_path)
    assert same.resume(said.append) is not None


def test_nothing_is_made_before_something_is_asked(sessions, said, tmp_path):
    sessions.new()
    assert sessions.resume(said.append) is None
    assert list(tmp_path.iterdir()) == []


def test_only_the_user_may_read_it(sessions):
    session = kept(sessions, "Secret?")
    assert stat.S_IMODE(session.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(session.path.parent.stat().st_mode) == 0o700


def test_cut_off_at_any_byte_all_whole_lines_are_there(sessions, said):
    session = kept(sessions, "One?", "Two?")
    whole = session.path.read_bytes()
    first = whole.index(b"\n") + 1
    for end in (first, first + 1, len(whole) - 2, len(whole) - 1):
        session.path.write_bytes(whole[:end])
        assert sessions.resume(said.append).history == (asked("One?"),)
        session.keep(asked("Three?"), FILTERS)
        assert sessions.resume(said.append).history == (asked("One?"), asked("Three?"))
    assert said == []


@pytest.mark.parametrize(
    "damage",
    [
        b"\x00\xff\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b'{"format": 2, "question": "q", "answer": {}, "filters": {}}\n',
        b'{"format": 1, "question": "q", "answer": {"text": 1}, "filters": {}}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_damaged_file_is_set_aside_and_the_one_before_it_taken(sessions, said, damage):
    former = kept(sessions, "Former?")
    os.utime(former.path, ns=(1, 1))
    session = kept(sessions, "One?")
    with session.path.open("ab") as file:
        file.write(damage)
    resumed = sessions.resume(said.append)
    assert resumed.history == (asked("Former?"),)
    aside = session.path.with_name(session.path.name + ".damaged")
    assert aside.read_bytes().endswith(damage)
    assert said == [
        f"{session.path}: an earlier conversation cannot be read (line 2 is damaged); "
        f"it was set aside as {aside}"
    ]


@pytest.mark.parametrize("second", ["1e999", "nan", "-inf"])
def test_a_second_that_is_no_number_is_damage(sessions, said, second):
    session = kept(sessions, "One?")
    line = json.loads(session.path.read_text())
    line["answer"]["citations"][0]["start"] = second
    session.path.write_text(json.dumps(line) + "\n")
    assert sessions.resume(said.append) is None
    assert len(said) == 1


def test_filters_that_are_none_are_damage(sessions, said):
    session = kept(sessions, "One?")
    line = json.loads(session.path.read_text())
    session.path.write_text(json.dumps(line | {"filters": {"colour": "red"}}) + "\n")
    assert sessions.resume(said.append) is None
    assert len(said) == 1


def test_where_it_cannot_be_kept_the_message_says_where_and_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    session = Sessions(tmp_path / "store", tmp_path / "file").new()
    with pytest.raises(SessionUnwritable, match="cannot be kept: Not a directory; ASKPOD_DATA"):
        session.keep(asked("One?"), FILTERS)


def test_a_full_disk_leaves_what_was_there(sessions, said, monkeypatch):
    session = kept(sessions, "One?")
    write = os.write

    def full(handle, data):
        write(handle, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    with pytest.raises(SessionUnwritable, match="No space left"):
        session.keep(asked("Two?"), FILTERS)
    monkeypatch.undo()
    assert sessions.resume(said.append).history == (asked("One?"),)
    assert said == []


def test_without_a_home_nothing_is_left_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("ASKPOD_DATA")
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: "~/.local/share/askpod")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SessionUnwritable, match="there is no home folder"):
        Sessions(tmp_path / "store").new().keep(asked("One?"), FILTERS)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_named_by_the_environment_or_is_the_users(tmp_path, monkeypatch):
    monkeypatch.setenv("ASKPOD_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("ASKPOD_DATA")
    assert data_folder().name == "askpod"
