"""`askpod people` and `askpod remove`: what they show and what they change."""

from __future__ import annotations

import pytest

NIGHT = "night-train-timetables"


def test_people_are_listed_with_turns_hours_and_episodes(askpod, store):
    run = askpod("people", "--store", store)
    assert run.code == 0
    assert run.out.splitlines()[0].split("\t")[2:] == ["6", "Odalys", ""]
    assert run.err == "8 names\n"
    first, *_ = askpod("people", "--store", store, "--json").json
    assert (first["name"], first["labels"], first["episodes"]) == ("Odalys", ["Odalys"], 6)


def test_on_a_terminal_look_alikes_are_pointed_out(askpod, store, terminal):
    askpod("people", "name", NIGHT, "Odalys", "Odalys Brandvold", "--store", store)
    screen = terminal("people", "--store", store)
    assert screen.code == 0
    assert "turns    hours  episodes  name" in screen.text
    assert "Odalys  like Odalys Brandvold" in screen.text


def test_merged_named_and_undone(askpod, store):
    merge = askpod("people", "merge", "odalys", "Odalys Brandvold", "--store", store)
    assert merge.code == 0
    assert "Odalys Brandvold" in merge.out
    passages = askpod(
        "search", "night trains", "--speaker", "brandvold", "--store", store, "--json"
    )
    assert any("Odalys Brandvold" in each["speakers"] for each in passages.json)
    undo = askpod("people", "undo", "--store", store)
    assert undo.err == "taken back: Odalys is Odalys Brandvold\n"
    assert askpod("people", "undo", "--store", store).code == 2


def test_quotes_are_shown_for_the_labels_of_an_episode(askpod, store):
    run = askpod("people", "name", NIGHT, "--store", store)
    assert run.code == 0
    assert "Tobias Feuerhahn  25 turns, 10:29 of talk" in run.out
    [voice] = askpod("people", "name", NIGHT, "Odalys", "--store", store, "--json").json
    assert len(voice["quotes"]) == 3
    named = askpod("people", "name", NIGHT, "odalys", "Odalys B.", "--store", store)
    assert named.err == f"Odalys is Odalys B. in {NIGHT}; `askpod people undo` takes it back\n"
    turns = askpod("search", "night trains", "--speaker", "Odalys B.", "--store", store, "--json")
    assert {each["episode_id"] for each in turns.json} == {NIGHT}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["people", "merge", "Odalis", "X"], "under the name 'Odalis'; the nearest: Odalys"),
        (
            ["people", "name", "night", "X", "Y"],
            "the archive holds no episode 'night'; the nearest",
        ),
        (["people", "undo"], "there is nothing to undo"),
        (["remove", NIGHT, "bees"], "the archive holds no episode 'bees'"),
    ],
)
def test_what_cannot_be_done_leaves_with_2(askpod, store, arguments, said):
    run = askpod(*arguments, "--store", store)
    assert (run.code, run.out) == (2, "")
    assert said in run.err


def test_options_stand_behind_the_subcommand(askpod, store):
    run = askpod("people", "--store", store, "undo")
    assert run.code == 2
    assert "options stand after 'undo'" in run.err


def test_episodes_are_removed(askpod, store):
    run = askpod("remove", NIGHT, "--store", store)
    assert (run.code, run.out) == (0, "")
    assert run.err == "1 episode removed; indexing the files again brings them back\n"
    assert askpod("episodes", "--store", store).err == "5 episodes\n"


def test_search_ask_and_chat_say_when_a_filter_leaves_nothing(askpod, store):
    said = "note: no episode has the id 'night-trains'; the nearest: night-train-timetables"
    for command in ("search", "ask"):
        run = askpod(command, "When do they leave?", "--episode", "night-trains", "--store", store)
        assert run.code == 0
        assert run.err.startswith(said), command


def test_a_name_that_cannot_be_kept_is_no_bad_usage(askpod, store, monkeypatch):
    def full(*_, **__) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    run = askpod("people", "merge", "Odalys", "Oda", "--store", store)
    assert run.code == 1
    assert "cannot be written: No space left on device" in run.err
