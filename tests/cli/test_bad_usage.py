"""Bad usage and settings: one clear message on stderr, exit code 2, nothing changed."""

from __future__ import annotations

import pytest

ASK = ("ask", "search")


def refused(run, *parts):
    """Checks that a run was refused in one plain message that holds all parts."""
    assert run.code == 2
    assert run.out == ""
    assert run.err.startswith("askpod: ")
    assert "Traceback" not in run.err
    for part in parts:
        assert str(part) in run.err


def test_a_path_that_does_not_exist(askpod, tmp_path):
    store = tmp_path / "store"
    refused(askpod("index", tmp_path / "no", "--store", store), "/no: does not exist; check")
    assert not store.exists(), "a wrong path leaves no empty archive"
    refused(askpod("check", tmp_path / "no"), "/no: does not exist; check the path")


def test_folders_without_transcripts(askpod, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "README.md").write_text("# Nothing said")
    (tmp_path / "other" / "notes.odt").write_text("Nothing said")
    for folder in ("empty", "other"):
        run = askpod("index", tmp_path / folder, "--store", tmp_path / "store")
        refused(run, f"/{folder}: holds no .md, .json, .json3")


@pytest.mark.parametrize("command", ASK)
@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "the question is empty; write what you want to know"),
        (" \n\t ", "the question is empty"),
        ("why " * 2500, "the question has 9,999 characters, 2,000 at most; ask for the heart"),
        ("why " * 400, "the question has 402 tokens, and the embedder reads 256"),
    ],
)
def test_questions_that_cannot_be_asked(askpod, indexed, command, question, message):
    refused(askpod(command, question, "--store", indexed), message)


@pytest.mark.parametrize("command", ASK)
@pytest.mark.parametrize(
    "question",
    [
        "?!… --",
        "🐝🐝🐝",
        "\x1b[31m\x07",
        "\u202e\u200b",
        '"AND OR NEAR( * ^',
        "{x} %s",
        "b\udcffes",
    ],
)
def test_odd_questions_are_questions(askpod, indexed, command, question):
    run = askpod(command, "--store", indexed, "--", question)
    assert run.code == 0
    assert "Traceback" not in run.err
    assert "\x1b" not in run.out + run.err


def test_an_odd_question_is_in_the_json_as_it_was_asked(askpod, indexed):
    run = askpod("ask", "\x1b]8;;http://evil\x07🐝?", "--store", indexed, "--json")
    assert run.json["question"] == "\x1b]8;;http://evil\x07🐝?"
    assert "\x1b" not in run.out


@pytest.mark.parametrize(
    "command", [("ask", "Why?"), ("search", "Why?"), ("episodes",), ("rebuild",)]
)
def test_a_store_that_does_not_exist(askpod, tmp_path, command):
    store = tmp_path / "none"
    run = askpod(*command, "--store", store)
    refused(run, f"{store}: no archive here", f"`askpod index PATH… --store {store}`")
    assert not store.exists()


@pytest.mark.parametrize("command", ["index", "check"])
def test_an_address_of_another_kind_is_refused_without_its_password(askpod, command):
    run = askpod(command, "ftp://ann:s3cret@pod.example/feed.xml?token=s3cret")
    refused(run, "ftp:…: is no kind of address that is read")
    assert "s3cret" not in run.err


def test_a_store_that_is_a_file(askpod, examples, tmp_path):
    store = tmp_path / "file"
    store.write_text("mine")
    for command in (("ask", "Why?"), ("index", examples), ("episodes",), ("rebuild",)):
        refused(askpod(*command, "--store", store), f"{store}: is a file, and an archive is a fold")
    doctor = askpod("doctor", "--store", store)
    assert doctor.code == 1
    assert "is a file" in doctor.out
    assert store.read_text() == "mine"


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--since", "yesterday", "since: 'yesterday' is not a date; write YYYY, YYYY-MM or"),
        ("--until", "2024-13", "until: '2024-13' is not a date"),
        ("--until", "2024-12-32", "until: '2024-12-32' is not a date"),
        ("--season", "9" * 30, "season: 9999"),
        ("--episode", "b\udcff", r"episode: 'b\udcff' is not text"),
    ],
)
@pytest.mark.parametrize("command", [("ask", "Why?"), ("search", "Why?"), ("episodes",)])
def test_filters_that_cannot_be_understood(askpod, indexed, command, option, value, message):
    refused(askpod(*command, "--store", indexed, option, value), message)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("search", "x", "--season", "x"), "--season"),
        (("search", "x", "--top", "0"), "--top"),
        (("search", "x", "--top", "many"), "--top"),
        (("ask",), "QUESTION"),
        (("ask", "two", "questions"), "questions"),
        (("index",), "PATH"),
        (("listen",), "listen"),
        (("ask", "x", "--colour"), "--colour"),
    ],
)
def test_usage(askpod, arguments, named):
    run = askpod(*arguments)
    assert run.code == 2
    assert run.out == ""
    assert named in run.err
    assert "--help' for help" in run.err


def test_a_setting_that_does_not_exist(askpod, indexed, examples, monkeypatch, tmp_path):
    monkeypatch.setenv("ASKPOD_PRECISION", "nonsense")
    message = "ASKPOD_PRECISION: 'nonsense' is none of int8, fp32"
    refused(askpod("ask", "Why?", "--store", indexed), message)
    refused(askpod("index", examples, "--store", tmp_path / "new"), message)
    assert not (tmp_path / "new").exists()


def test_a_store_made_by_another_embedder(askpod, write_episode, monkeypatch, tmp_path):
    store = tmp_path / "store"
    soup = write_episode("soup.md", ["The soup was cold."])
    monkeypatch.setenv("ASKPOD_PRECISION", "fp32")
    assert askpod("index", soup, "--store", store).code == 0
    monkeypatch.delenv("ASKPOD_PRECISION")
    for command in (("ask", "Why?"), ("search", "Why?"), ("episodes",), ("index", soup)):
        refused(askpod(*command, "--store", store), store, "MiniLM-L6-v2/fp32", "`askpod rebuild`")
    doctor = askpod("doctor", "--store", store)
    assert doctor.code == 1
    assert "!!  store" in doctor.out
    assert askpod("rebuild", "--store", store).code == 0
    assert askpod("search", "Was the soup cold?", "--store", store, "--json").json
