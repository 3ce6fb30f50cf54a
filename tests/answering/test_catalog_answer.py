"""Questions about the archive and its episodes are answered by what is known of them."""

from __future__ import annotations

import re
import time

import pytest

from askpod import Archive
from askpod.answering.catalog_answer import asks_catalog
from askpod.model import Exchange
from askpod.settings import ModelSettings, Settings

BEES = "Hive Telemetry for Small Apiaries"
LABORATORY = "measuring-the-tests-in-a-hospital-laboratory"


def test_how_many_episodes_of_when(archive):
    answer = archive.ask("How many episodes are there?")
    assert answer.text == "6 episodes, from 2024-10-08 to 2026-03-24, 1.3 hours of talk."
    assert (answer.basis, answer.citations) == ("answered", ())
    of_guest = archive.ask("How many episodes are there?", filters={"guest": "Vanterpool"})
    assert of_guest.text == "1 episode, 2024-10-08, 13 minutes of talk."


def test_a_short_archive_has_a_minute_of_talk(tmp_path):
    head = "---\ntitle: The Ferry\nduration: PT1M2S\ntranscript:\n- header: Start\n"
    rows = "- line: It left.\n  sec: 0\n  who: Ada\n- line: Goodbye.\n  sec: 58\n  who: Ben\n"
    (tmp_path / "ferry.md").write_text(f"{head}{rows}---\n", encoding="utf-8")
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([tmp_path / "ferry.md"])
        assert archive.ask("How many episodes are there?").text == "1 episode, 1 minute of talk."


@pytest.mark.parametrize(
    "question",
    ["Which episodes are from 2024?", "list all episodes before 2025", "episodes until March 2025"],
)
def test_the_episodes_of_a_time_the_latest_first(archive, question):
    lines = archive.ask(question).text.splitlines()[1:]
    assert lines[-1].endswith("with Marisol Vanterpool, 2024-10-08")
    assert len(lines) == (2 if "March" in question else 1)
    days = [line[-10:] for line in archive.ask("Show me all episodes").text.splitlines()[1:]]
    assert days == sorted(days, reverse=True)
    assert len(days) == 6


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Who are the guests?", r"7 guests: .*Wenna Threlkeld, Pavo Istrenj.*"),
        ("How many guests have you had?", r"7 guests in 6 episodes.*"),
        ("Which guests were interviewed in 2026?", r"3 guests: .*"),
        ("Who is the host?", r"Odalys, who leads .*"),
        ("Who has been on the show?", r"7 guests: .*"),
        ("When did the show start?", r"6 episodes, from 2024-10-08.*"),
        ("When was the episode with Marisol Vanterpool published?", r"(?s).*, 12:54 long\n.*"),
        ("How long is the episode on night trains?", r"(?s)Night-Train .*, 13:19 long\n.*"),
        ("Who was the guest in the episode about church organs?", r"(?s).*Henrike Dallaway.*"),
        ("How long is the longest episode?", r"(?s)Speech Recognition .*, 13:\d\d long\n.*"),
        ("Which episode is the longest?", r"(?s)Speech Recognition .*"),
        ("What is the second episode about?", r"(?s)Bread .*"),
        ("Which episode was published in March?", r"(?s)1 episode, 2026-03-24, .*"),
        ("Who were the guests in July?", r"No episode is known to be of July\."),
        ("How many seasons are there?", r"2 seasons: 6 episodes, .*"),
        ("Who was the first guest?", r"(?s)Hive Telemetry .*with Marisol Vanterpool.*"),
        ("Where can I listen to the bread episode?", r"(?s)Bread .*\nhttps://www.youtube.com/.*"),
        ("List the topics", r"(?s)6 episodes.*\nTopics: calibration, .*"),
        ("What is this podcast about?", r"(?s)6 episodes.*\nTopics: calibration, .*The newest:.*"),
        ("Hello!", r"(?s)6 episodes.*\nTopics: .*"),
    ],
)
def test_what_is_known_of_the_archive(archive, question, told):
    answer = archive.ask(question)
    assert re.fullmatch(told, answer.text)
    assert not answer.refused


def test_the_latest_episode_is_told_by_its_sections_and_quotations(archive):
    answer = archive.ask("What is the latest episode about?")
    assert "\n3:20 Analysers that drift" in answer.text
    assert {citation.episode_id for citation in answer.citations} == {LABORATORY}
    assert archive.ask("What was the first episode?").text.startswith(BEES)
    assert archive.ask("Give me the highlights of the first episode").text.startswith(BEES)
    assert archive.ask("What happened in episode 3?").text.startswith(BEES)
    assert archive.ask("Which is the longest episode?").text.startswith("Speech Recognition")


def test_what_the_latest_episode_says_is_looked_for_there(archive):
    asked = "What does the latest episode say about drift?"
    assert {each.episode_id for each in archive.ask(asked).citations} == {LABORATORY}
    asked = "In the first episode, what is said about scales?"
    assert {each.speaker for each in archive.ask(asked).citations} <= {
        "Marisol Vanterpool",
        "Odalys",
    }


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("What is season 7 episode 2 about?", "no episode here is known as “season 7 episode 2”"),
        ("What is the tenth episode about?", "no episode here is known as “tenth episode”"),
        (
            "How many episodes are there in season 9?",
            "no episode fits season=9; they are of 1 to 2",
        ),
    ],
)
def test_of_an_episode_that_is_not_there_that_is_said(archive, asked, told):
    answer = archive.ask(asked)
    assert (answer.refused, answer.warnings) == (True, (told,))


def test_a_time_restricts_which_episodes_talk_about_something(archive):
    found = archive.ask("Which episodes from 2025 talk about calibration?")
    assert {citation.episode_id for citation in found.citations} == {
        "restoring-church-organs-by-measurement"
    }
    of_what = archive.ask("Which episodes talk about the bee kit of 2031?")
    assert not of_what.warnings, "2031 is no time of an episode here"
    none = archive.ask("Which episodes since 2031 talk about calibration?")
    assert none.refused
    assert none.warnings == ("no episode fits since=2031; they are of 2024-10-08 to 2026-03-24",)


def test_a_time_at_the_end_restricts_where_there_are_episodes_of_it(archive):
    told = archive.ask("Who talked about temperature in 2024?")
    assert {each.speaker for each in told.citations} == {"Marisol Vanterpool"}
    told = archive.ask("Who talked about temperature in 1931?")
    assert not told.warnings, "1931 is no time of an episode here"


def test_days_are_written_as_the_answers_write_them(archive):
    for asked in (
        "Which episode was published on 2025-04-29?",
        "episodes after 2025-04-28",
    ):
        assert "2025-04-29" in archive.ask(asked).text
    assert "2025-04-29" not in archive.ask("Which episodes came out before 2025-04-29?").text
    since = archive.ask("Which episodes since 2025-05-01 talk about models?")
    assert "restoring" not in {each.episode_id.partition("-")[0] for each in since.citations}
    no_day = archive.ask("Which episode came out before 2025-02-31?")
    assert no_day.text


def test_a_season_of_the_archive_restricts_any_question(archive):
    season = {each.id for each in archive.episodes() if each.season == 2}
    for asked in (
        "What was said in season 2 about models?",
        "What did they measure in season 2?",
    ):
        assert {each.episode_id for each in archive.ask(asked).citations} <= season
    none = archive.ask("What was said about the drift of scales in season 9?")
    assert none.warnings == ("no episode fits season=9; they are of 1 to 2",)
    of_a_series = archive.ask("What happens to the hives in season 2 of Harrowgate Vats?")
    assert not {each.episode_id for each in of_a_series.citations} <= season


@pytest.mark.parametrize(
    "question",
    [
        "How many speakers did they record?",
        "Which talks did she give in 2019?",
        "What is the latest episode about bees?",
        "Who is the host of the parasite?",
        "What did the guests say about the trial?",
        "What topics does the episode with Marisol Vanterpool cover?",
        "What happened in the first meeting?",
        "How many hours are there?",
        "List the mistakes of the guests",
        "Give me tips from the guests",
        "List the episodes with two guests",
        "Name three tools from the episodes",
        "How many shows did you do?",
        "What was your first show?",
        "What was the first podcast you were on?",
        "How many podcasts did you do?",
        "Which interviews did you do?",
        "Who is the host, and why did the batteries die?",
        "What is new in Postgres?",
    ],
)
def test_what_is_said_in_the_episodes_is_no_matter_of_the_catalog(question):
    assert asks_catalog(question) is None


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("List the titles of all episodes", "list"),
        ("Show me a list of the latest episodes", "list"),
        ("List every episode", "list"),
        ("Give me the names of all the guests", "guests"),
        ("List every guest", "guests"),
    ],
)
def test_lists_of_the_catalog_are_asked_for_in_many_words(question, asks):
    assert asks_catalog(question) == asks


def test_what_points_back_means_what_was_said_before(archive):
    asked = "What do the scales under the beehives measure?"
    history = [Exchange(asked, archive.ask(asked))]
    told = archive.ask("Which episodes discussed that?", history=history)
    assert "talks about this" in told.text or "talk about this" in told.text
    assert {each.episode_id for each in told.citations} < {e.id for e in archive.episodes()}


@pytest.mark.parametrize("question", ["Where should I start?", "What's new?"])
def test_where_something_was_talked_of_a_beginners_question_is_about_that(archive, question):
    asked = "What do the scales under the beehives measure?"
    told = archive.ask(question, history=[Exchange(asked, archive.ask(asked))])
    assert {each.speaker for each in told.citations} == {"Marisol Vanterpool"}
    hello = [Exchange("Hello", archive.ask("Hello"))]
    assert "6 episodes" in archive.ask(question, history=hello).text


def test_the_latest_of_something_else_restricts_nothing(archive):
    told = archive.ask("What did Marisol say about the latest show of the circus?")
    assert told.warnings == ()
    assert {each.speaker for each in told.citations} == {"Marisol Vanterpool"}


@pytest.mark.parametrize(
    "question",
    [
        "When did the podcast start?",
        "How many hours of talk are there?",
        "How many guests are there?",
    ],
)
def test_what_the_catalog_does_not_know_it_does_not_tell(tmp_path, question):
    (tmp_path / "talk.md").write_text("[00:01] The pond froze.\n[00:05] We skated on it.\n")
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([tmp_path / "talk.md"])
        assert "1 episode" not in archive.ask(question).text


def test_a_flood_of_words_takes_no_time():
    began = time.process_time()
    assert asks_catalog("list show " * 8000) is None
    assert time.process_time() - began < 1


def test_no_model_is_asked_for_what_the_catalog_knows(indexed, model_server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    settings = Settings(model=ModelSettings("any", base_url=model_server.base_url))
    with Archive.open(indexed, settings=settings) as archive:
        before = Exchange("What is a load cell?", "A scale.")
        answer = archive.ask("How many episodes are there?", history=[before])
    assert answer.text.startswith("6 episodes, ")
    assert answer.mode == "extractive"
    assert model_server.requests == []


def test_an_archive_that_tells_no_host_gets_quotations_or_a_refusal(tmp_path):
    (tmp_path / "talk.md").write_text("[00:01] The pond froze.\n[00:05] We skated on it.\n")
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([tmp_path / "talk.md"])
        answer = archive.ask("Who is the host?")
    assert "leads through" not in answer.text


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Who is the host, and how many episodes are there?", ["Odalys", "6 episodes"]),
        ("How many episodes are there in 2024? Who are the guests?", ["1 episode", "1 guest"]),
        ("Which episode should I start with?", ["6 episodes", "Topics: "]),
        ("What's new?", ["6 episodes", "The newest:"]),
    ],
)
def test_of_several_questions_each_is_answered_and_newcomers_are_told_what_there_is(
    archive, question, told
):
    answer = archive.ask(question)
    assert answer.basis == "answered"
    assert all(each in answer.text for each in told)


def test_the_longest_episode_is_told_by_what_is_said_where_no_length_is_known(
    tmp_path, write_episode
):
    short = write_episode("short.md", ["Ponds freeze.", "We skate."])
    long = write_episode("long.md", ["Ponds freeze.", "We skate.", "We swim in summer."])
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([short, long])
        assert archive.ask("What is the longest episode?").text.startswith("About long")
        assert archive.ask("What is the shortest episode?").text.startswith("About short")


def test_episodes_without_dates_are_in_the_order_of_their_numbers(tmp_path, write_episode):
    first = write_episode("ponds.md", ["Ponds freeze."], season=1, episode=2)
    latest = write_episode("lakes.md", ["Lakes never freeze."], season=2, episode=1)
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([first, latest])
        for asked in ("What is the latest episode about?", "How long is the latest episode?"):
            assert archive.ask(asked).text.startswith("About lakes")
        assert archive.ask("How long is the first episode?").text.startswith("About ponds")


def test_what_is_not_known_of_some_episodes_is_said(tmp_path, write_episode):
    known = write_episode("known.md", ["Ponds freeze."], guests=["adalovelace"], date="2024-05-01")
    (tmp_path / "Running Slowly.txt").write_text(
        "Tomasz Wilde  0:01\nI am last.\n\nIda Oak  0:05\nWhy?\n"
    )
    with Archive.open(tmp_path / "store", create=True) as archive:
        archive.index([known, tmp_path / "Running Slowly.txt"])
        assert "1 episode without a named guest." in archive.ask("Who are the guests?").text
        assert "(1 without a date)" in archive.ask("How many episodes are there?").text
        when = archive.ask("When was the episode on running slowly published?").text
        assert "does not know its date" in when
        where = archive.ask("Where can I listen to the episode on running slowly?").text
        assert "does not know its link" in where
