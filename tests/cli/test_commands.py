"""Every command at work: what a person reads, what a program reads."""

from __future__ import annotations

import json
import re
import shutil

import pytest

import askpod as package

QUESTION = "What killed the beekeeper's first colonies?"
BEES = "hive-telemetry-for-small-apiaries"


def test_index_says_what_it_did(askpod, examples, tmp_path):
    run = askpod("index", examples, "--store", tmp_path / "store")
    assert run.code == 0
    summary = dict(line.rsplit(maxsplit=1) for line in run.out.splitlines())
    assert summary["episodes added"] == "6"
    assert summary["faults mended"] == "18"
    assert {"turns", "chunks", "hours of audio", "seconds"} <= set(summary)
    assert run.err == "`askpod check PATH…` shows the faults that were mended\n"


def test_indexing_again_reads_nothing(askpod, examples, store):
    run = askpod("index", examples, "--store", store)
    assert re.fullmatch(r"episodes unchanged +6\nseconds +0\.\d\n", run.out)
    assert run.err == ""


def test_index_as_json(askpod, examples, tmp_path):
    run = askpod("index", examples, "--store", tmp_path / "store", "--json")
    assert len(run.json["added"]) == 6
    assert run.json["failed"] == []
    assert run.json["faults"][0]["line"] == 1


def test_episodes_whose_files_are_gone_are_kept_until_pruned(askpod, write_episode, tmp_path):
    store = tmp_path / "store"
    gone = write_episode("in/gone.md", ["The soup was cold."])
    write_episode("in/stays.md", ["The bread was warm."])
    askpod("index", tmp_path / "in", "--store", store)
    gone.unlink()
    kept = askpod("index", tmp_path / "in", "--store", store)
    assert "kept though their files are gone: gone; --prune with their folder removes" in kept.err
    pruned = askpod("index", tmp_path / "in", "--store", store, "--prune")
    assert re.search(r"episodes removed +1\n", pruned.out)
    assert [each["id"] for each in askpod("episodes", "--store", store, "--json").json] == ["stays"]


def test_search(askpod, indexed):
    run = askpod("search", QUESTION, "--store", indexed, "--top", "2")
    assert run.code == 0
    first, *rest = run.out.splitlines()
    assert re.match(r" 1\. \d+:\d\d–\d+:\d\d  Hive Telemetry for Small Apiaries.*  › ", first)
    assert any(line.startswith("    Marisol Vanterpool: ") for line in rest)
    assert any(line.startswith("    https://www.youtube.com/watch?v=") for line in rest)
    assert sum(bool(re.match(r" \d\. ", line)) for line in run.out.splitlines()) == 2
    assert run.err == ""


def test_search_as_json_is_a_list_of_passages(askpod, indexed, archive):
    run = askpod("search", QUESTION, "--store", indexed, "--top", "3", "--json")
    passages = archive.search(QUESTION, top=3)
    assert run.json == json.loads(json.dumps([passage.to_dict() for passage in passages]))
    assert {"episode_id", "title", "start", "end", "speakers", "text", "url"} <= set(run.json[0])


def test_ask_shows_the_answer_and_its_sources(askpod, indexed):
    run = askpod("ask", QUESTION, "--store", indexed)
    assert run.code == 0
    answer, sources = run.out.split("\n\n[1] ")
    assert "[1]" in answer
    assert re.match(r"\d+:\d\d  Marisol Vanterpool  Hive Telemetry", sources)
    assert "\n    https://www.youtube.com/watch?v=xmpl0bees01&t=" in sources
    assert run.err == (
        "note: no model is configured, so these are quotations; ASKPOD_MODEL names one\n"
    )


def test_ask_as_json_is_the_answer(askpod, indexed, archive):
    run = askpod("ask", QUESTION, "--store", indexed, "--json")
    expected = archive.ask(QUESTION).to_dict()
    assert set(run.json) == set(expected)
    assert run.json["text"] == expected["text"]
    assert len(run.json["citations"]) == len(expected["citations"])


def test_a_refusal_says_so_and_offers_leads(askpod, indexed):
    run = askpod("ask", "Who painted the ceiling of the Sistine Chapel?", "--store", indexed)
    assert run.code == 0
    assert run.out.startswith("I found nothing in these episodes that answers this.\n")
    assert "The nearest passages, in case they help:" in run.out
    assert run.out.count("https://") == 3
    assert run.err == "note: these episodes never mention Sistine or Chapel\n"


def test_episodes(askpod, indexed):
    run = askpod("episodes", "--store", indexed)
    rows = [line.split("\t") for line in run.out.splitlines()]
    assert len(rows) == 6
    assert rows[1][:4] == [BEES, "s1e3", "2024-10-08", "Marisol Vanterpool"]
    assert run.err == "6 episodes\n"


def test_episodes_as_json(askpod, indexed):
    run = askpod("episodes", "--store", indexed, "--json", "--season", "2")
    assert [each["season"] for each in run.json] == [2, 2, 2]
    assert "turns" not in run.json[0]
    assert run.err == ""


@pytest.mark.parametrize(
    ("option", "value", "ids"),
    [
        ("--episode", BEES, {BEES}),
        ("--guest", "dallaway", {"restoring-church-organs-by-measurement"}),
        ("--season", "2", None),
        ("--since", "2026-03", {"measuring-the-tests-in-a-hospital-laboratory"}),
        ("--until", "2024", {BEES}),
    ],
)
def test_filters_hold_for_every_command_that_asks(askpod, indexed, option, value, ids):
    listed = askpod("episodes", "--store", indexed, option, value, "--json").json
    found = {each["id"] for each in listed}
    assert found == (ids or found)
    assert 0 < len(found) < 6
    for command in ("search", "ask"):
        run = askpod(command, "How is it measured?", "--store", indexed, option, value, "--json")
        passages = run.json if command == "search" else run.json["passages"]
        assert passages
        assert {each["episode_id"] for each in passages} <= found


def test_the_speaker_filter(askpod, indexed):
    run = askpod("search", QUESTION, "--store", indexed, "--speaker", "marisol", "--json")
    assert run.json
    assert all("Marisol Vanterpool" in passage["speakers"] for passage in run.json)


def test_filters_that_match_nothing(askpod, indexed):
    nobody = ("--store", indexed, "--guest", "Nobody")
    search = askpod("search", QUESTION, *nobody)
    assert (search.code, search.out) == (0, "")
    assert search.err == "note: no episode has the guest 'Nobody'\n"
    assert askpod("search", QUESTION, *nobody, "--json").json == []
    ask = askpod("ask", QUESTION, *nobody)
    assert (ask.code, ask.out) == (0, "I found nothing in these episodes that answers this.\n")
    assert askpod("episodes", *nobody).err == search.err + "0 episodes\n"


def test_check_shows_faults_and_writes_nothing(askpod, examples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = askpod("check", examples)
    assert run.code == 0
    files = re.findall(r"^\S.*\n(?: .*\n)*", run.out, re.MULTILINE)
    assert len(files) == 6
    [(head, who, *faults)] = [each.splitlines() for each in files if "  0 faults" not in each]
    assert head.endswith("night-train-timetables.md  18 faults")
    assert who.split() == ["who", "speaks", "Tobias", "82%,", "Odalys", "18%"]
    assert len(faults) == 18
    assert re.fullmatch(r" +39  label +“Tobiasobias” read as “Tobias” .*", faults[1])
    assert run.err == "6 files, 18 faults mended, 0 files cannot be read\n"
    assert list(tmp_path.iterdir()) == []


def test_check_as_json(askpod, examples):
    checks = askpod("check", examples, "--json").json
    assert len(checks) == 6
    assert sorted(len(each["faults"]) for each in checks) == [0, 0, 0, 0, 0, 18]


@pytest.mark.parametrize("said", ["thanks", "Thank you!"])
def test_thanks_are_no_question(askpod, store, said):
    run = askpod("ask", said, "--store", store)
    assert (run.code, run.out, run.err) == (0, "You are welcome.\n", "")


def test_doctor(askpod, store):
    run = askpod("doctor", "--store", store)
    assert run.code == 0
    assert all(line.startswith("ok  ") for line in run.out.splitlines())
    assert re.search(r"holds +6 episodes, \d+ turns, \d+ chunks", run.out)
    findings = askpod("doctor", "--store", store, "--json").json
    assert {"what": "askpod", "value": package.__version__, "ok": True} in findings


def test_doctor_without_an_archive_says_how_to_make_one(askpod, tmp_path):
    run = askpod("doctor", "--store", tmp_path / "none")
    assert run.code == 0
    assert re.search(r"\n--  store +\S+: no archive here yet. Make one with `askpod index", run.out)


def test_rebuild(askpod, store):
    before = askpod("search", QUESTION, "--store", store, "--json").json
    run = askpod("rebuild", "--store", store, "--json")
    assert run.code == 0
    assert len(run.json["added"]) == 6
    assert askpod("search", QUESTION, "--store", store, "--json").json == before


def test_the_store_is_named_by_option_environment_or_default(askpod, store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert askpod("episodes").code == 2
    shutil.copytree(store, tmp_path / "vectorstore")
    assert askpod("episodes").err == "6 episodes\n"
    monkeypatch.setenv("ASKPOD_STORE", "elsewhere")
    assert askpod("episodes").err.startswith("askpod: elsewhere: no archive here yet")
    assert askpod("episodes", "--store", store).err == "6 episodes\n"


def test_what_is_piped_is_plain(askpod, indexed, examples):
    for command in (
        ("search", QUESTION, "--store", indexed),
        ("ask", QUESTION, "--store", indexed),
        ("episodes", "--store", indexed),
        ("check", examples),
        ("doctor", "--store", indexed),
    ):
        run = askpod(*command)
        assert "\x1b" not in run.out + run.err
        assert not re.search(r"[ \t]\n", run.out.replace(":  \n", "")), "no trailing spaces"
