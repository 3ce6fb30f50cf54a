"""Files that are none: pipes, devices, links to nothing, names of nothing. No command waits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from askpod import Settings
from askpod.answering.prompts import Prompts
from askpod.errors import AskpodError
from askpod.model import Episode
from askpod.people import load_people
from askpod.readers import read_episode
from askpod.readers.discover import what_is_not_read
from askpod.serve.recordings import recording


@pytest.fixture(params=["pipe", "device"])
def endless(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file that never ends, or never begins."""
    path = tmp_path / "endless"
    if request.param == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    return path


@pytest.mark.parametrize(
    "command",
    [
        ("index", "{}", "--store", "{store}"),
        ("check", "{}"),
        ("rebuild", "{}", "--store", "{store}"),
        ("eval", "check", "{}", "--store", "{store}"),
        ("eval", "run", "{}", "--store", "{store}"),
        ("eval", "compare", "{}", "{}"),
        ("eval", "export", "{}"),
    ],
)
def test_what_never_ends_is_refused_by_every_command(
    askpod, store, endless, tmp_path, monkeypatch, command
):
    monkeypatch.chdir(tmp_path)
    run = askpod(*(each.format(endless, store=store) for each in command))
    assert run.code in (1, 2)
    assert any(name in run.err + run.out for name in ("endless", "/dev/zero"))
    assert "fault of its own" not in run.err
    assert not (tmp_path / "vectorstore").exists()


@pytest.mark.parametrize("name", ["endless.md", "endless.json", "endless.xml", "endless.yaml"])
def test_a_pipe_among_transcripts_is_passed_over(askpod, write_episode, tmp_path, name):
    write_episode("in/talk.md", ["The soup was cold."])
    os.mkfifo(tmp_path / "in" / name)
    os.mkfifo(tmp_path / "in" / "talk.yaml")
    run = askpod("index", tmp_path / "in", "--store", tmp_path / "store", "--json")
    assert (run.code, run.json["added"]) == (0, ["talk"])


def test_settings_prompts_and_people_that_are_pipes(tmp_path):
    for name in ("askpod.toml", "answer.md", "refusal.md", "people.yaml"):
        os.mkfifo(tmp_path / name)
    for read in (lambda: Settings.load(folder=tmp_path), lambda: Prompts(tmp_path)):
        with pytest.raises(AskpodError, match="cannot be read"):
            read()
    with pytest.raises(AskpodError, match="is no regular file"):
        load_people(tmp_path)


@pytest.mark.parametrize(
    "content", ["a = " + "[" * 50_000, "timeout = " + "9" * 9_000, "a = 1\x00"]
)
def test_settings_that_are_no_toml_are_one_error(tmp_path, content):
    (tmp_path / "askpod.toml").write_text(content)
    with pytest.raises(AskpodError, match=r"askpod\.toml: not TOML"):
        Settings.load(folder=tmp_path)


@pytest.mark.parametrize(
    "content",
    ["- name: !!int ''", "[" * 60_000, "a: &x [*x]", "- name: A\n  labels: {a: 1}", "\xff", "- 5"],
)
def test_names_of_people_that_are_no_such_list_are_one_error(tmp_path, content):
    (tmp_path / "people.yaml").write_bytes(content.encode("latin-1"))
    with pytest.raises(AskpodError, match=r"people\.yaml"):
        load_people(tmp_path)


@pytest.mark.parametrize("name", ["", "  "])
@pytest.mark.parametrize(
    "command",
    [
        *(("index", ".", "--store"), ("search", "x", "--store"), ("doctor", "--store")),
        *(("eval", command, "x", "--out") for command in ("run", "models", "export")),
    ],
)
def test_a_folder_without_a_name_is_refused(askpod, tmp_path, monkeypatch, name, command):
    monkeypatch.chdir(tmp_path)
    run = askpod(*command, name)
    assert run.code == 2
    assert "names no folder" in run.err
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_a_link_to_nothing_is_named(askpod, write_episode, tmp_path):
    link = tmp_path / "store"
    link.symlink_to(tmp_path / "unmounted")
    for command in (("index", write_episode("talk.md", ["Soup."])), ("search", "soup")):
        run = askpod(*command, "--store", link)
        assert run.code == 2
        assert f"{link}: is a link to {tmp_path / 'unmounted'}, which is not there" in run.err


@pytest.fixture(params=["loop", "long", "below a file"])
def unreachable(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A path that the system refuses to look at."""
    if request.param == "loop":
        path = tmp_path / "unreachable"
        path.symlink_to("unreachable")
        return path
    if request.param == "long":
        return tmp_path / f"unreachable{'x' * 250}"
    (tmp_path / "file").touch()
    return tmp_path / "file" / "unreachable"


@pytest.mark.parametrize(
    "command",
    [
        ("index", "{}"),
        ("index", "{}", "--transcribe"),
        ("index", "{episodes}", "--store", "{}"),
        ("index", "{}/feed.xml"),
        ("check", "{}"),
        ("check", "{}.vtt"),
        ("rebuild", "{}", "--store", "{store}"),
        ("rebuild", "--store", "{}"),
        ("search", "soup", "--store", "{}"),
        ("ask", "soup", "--store", "{}"),
        ("chat", "--store", "{}"),
        ("episodes", "--store", "{}"),
        ("remove", "talk", "--store", "{}"),
        ("people", "--store", "{}"),
        ("doctor", "--store", "{}"),
        ("eval", "check", "{}", "--store", "{store}"),
        ("eval", "run", "{}", "--store", "{store}"),
        ("eval", "compare", "{}", "{}"),
        ("eval", "export", "{}"),
    ],
)
def test_a_path_that_cannot_be_looked_at_is_refused_by_every_command(
    askpod, examples, indexed, unreachable, command
):
    places = {"store": indexed, "episodes": examples}
    run = askpod(*(each.format(unreachable, **places) for each in command))
    assert "fault of its own" not in run.err
    assert run.code in (1, 2) or command[0] == "doctor"
    assert "unreachable" in run.err + run.out


@pytest.mark.parametrize("variable", ["ASKPOD_PROMPTS", "ASKPOD_CHROMA_CA"])
def test_a_path_that_cannot_be_looked_at_is_no_setting(unreachable, monkeypatch, variable):
    monkeypatch.setenv(variable, str(unreachable))
    with pytest.raises(AskpodError, match="unreachable"):
        Settings.load()


def test_an_address_longer_than_a_file_name_is_fetched(askpod, monkeypatch, tmp_path):
    monkeypatch.setattr("askpod.sources.fetch.FIRST_WAIT", 0.01)
    address = f"http://127.0.0.1:9/feed.xml?token={'x' * 300}"
    run = askpod("index", address, "--allow-private", "--store", tmp_path / "store")
    assert "fault of its own" not in run.err
    assert what_is_not_read([Path(address)]) == ""


@pytest.mark.parametrize("ending", [".vtt", ".mp3"])
def test_a_name_that_leaves_no_room_for_metadata_has_none(tmp_path, ending):
    path = tmp_path / f"{'n' * (255 - len(ending))}{ending}"
    path.write_text("WEBVTT\n\n00:00.000 --> 00:05.000\n<v Ann>Bees dance.\n")
    assert read_episode(path).episode.turns[0].speaker == "Ann"


def test_metadata_and_names_that_are_links_to_nothing_are_named(askpod, tmp_path):
    """What a disk that is not mounted held is not taken to be nothing."""
    (tmp_path / "talk.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:05.000\n<v Ann>Bees dance.\n")
    (tmp_path / "talk.yaml").symlink_to(tmp_path / "unmounted" / "talk.yaml")
    run = askpod("index", tmp_path, "--store", tmp_path / "store")
    assert run.code == 1
    assert "talk.yaml: cannot be read (No such file" in run.err
    for target in (tmp_path / "unmounted" / "people.yaml", Path("people.yaml")):  # a loop
        link = tmp_path / "store" / "people.yaml"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        for command in (("people",), ("people", "merge", "Ann", "Bo"), ("search", "bees")):
            run = askpod(*command, "--store", tmp_path / "store")
            assert run.code == 2
            assert "people.yaml: cannot be read: " in run.err
        assert link.is_symlink()


@pytest.mark.parametrize("name", ["x" * 300, "loop"])
def test_a_recording_that_cannot_be_looked_at_is_none(tmp_path, name):
    (tmp_path / "loop.mp3").symlink_to("loop.mp3")
    links = {"audio": f"https://pod.example/{name}.mp3"}
    assert recording(tmp_path, Episode("talk", "Talk", (), links=links)) is None


@pytest.mark.parametrize("command", [("ask", "bees"), ("episodes",), ("people",), ("doctor",)])
def test_an_archive_that_may_not_be_entered_is_said_to_be_so(
    askpod, tmp_path, monkeypatch, command
):
    store, stat = tmp_path / "private", os.stat
    store.mkdir()

    def refusing_stat(path, **how):
        if not isinstance(path, int) and store in Path(os.fsdecode(path)).parents:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **how)

    monkeypatch.setattr(os, "stat", refusing_stat)
    run = askpod(*command, "--store", store)
    assert run.code == 1
    assert "the store cannot be used: Permission denied" in run.err + run.out
