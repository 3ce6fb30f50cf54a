"""`askpod chat` without a terminal: whole transcripts, commands, errors, sessions."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from askpod.cli.ask import show_stream
from askpod.cli.conversation import COMMANDS
from askpod.model import Answer
from chatting import COLONIES, ENDLESS, FOLLOW_UP, LINK, PILOT, TITLE, replies

TRANSCRIPT = f"""\
They had starved in February, not frozen in January as I'd assumed. [1]

[1] 1:35  Marisol Vanterpool  {TITLE}
    {LINK}&t=95s

---

Fourteen months, with twenty-two hives at six sites. [1]

[1] 6:45  Marisol Vanterpool  {TITLE}
    {LINK}&t=405s

---

Because the batteries died in January. [1] On paper they lasted two years. [2]

[1] 7:09  Marisol Vanterpool  {TITLE}
    {LINK}&t=429s
[2] 7:11  Marisol Vanterpool  {TITLE}
    {LINK}&t=431s

---

[1] 7:09  Marisol Vanterpool  {TITLE}
    {LINK}&t=429s
[2] 7:11  Marisol Vanterpool  {TITLE}
    {LINK}&t=431s

---

On paper they lasted two years.
(stopped)

---

"""


def links(reply):
    """The addresses of a reply's sources, in order."""
    return re.findall(r"^    (https?://\S+)$", reply, re.MULTILINE)


def test_a_whole_transcript(chat, expert):
    """Two questions, a follow-up, its sources, and an answer that is stopped with Ctrl-C."""
    run = chat(COLONIES, PILOT, FOLLOW_UP, "/sources", ENDLESS, "/sources")
    assert run.out == TRANSCRIPT
    assert run.err == "askpod: the last answer has no sources\n"
    assert run.code == 0
    assert expert.requests[-1].hung_up.wait(30), "stopping the answer closes the request"


def test_after_a_stopped_answer_the_chat_goes_on_from_it(chat, expert):
    run = chat(ENDLESS, PILOT)
    assert replies(run)[1].startswith("Fourteen months")
    assert "Answer: On paper they lasted two years." in expert.requests[-2].prompt


def test_without_a_model_the_answers_are_quotations(chat):
    run = chat(COLONIES, "And what did she put on the hives?")
    first, second = replies(run)
    assert "they had starved in February" in first + second
    assert first.startswith("Marisol Vanterpool (")
    assert second.startswith("Marisol Vanterpool (")
    assert re.search(rf"\[1\] \d+:\d\d  Marisol Vanterpool  {re.escape(TITLE)}\n    http", first)
    assert all(link.startswith(f"{LINK}&t=") for link in links(first))
    assert (run.code, run.err) == (0, "")


def test_why_tells_what_a_follow_up_was_understood_as(chat):
    run = chat("Why did Marisol's batteries fail?", "What percentage of them read books?", "/why")
    assert replies(run)[2].splitlines() == [
        "understood as: What percentage of them read books? (Marisol's, batteries, fail)",
        f"looked for in: {TITLE}",
        "found: only what comes near to it",
    ]


def test_what_is_piped_is_plain_and_blank_lines_are_nothing(indexed):
    run = subprocess.run(
        [sys.executable, "-m", "askpod", "chat", "--store", indexed],
        input=b"\xef\xbb\xbf/help\r\n\n  \n/filter season=1\n\xff\xfe\x00?\n",
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0
    assert b"\x1b" not in run.stdout + run.stderr
    assert run.stdout.count(b"\n---\n") == 2
    assert b"only season=1 (3 episodes)" in run.stdout
    assert b"Traceback" not in run.stderr


def test_help_names_every_command(chat):
    shown = chat("/help").out.splitlines()
    assert [line.split()[0] for line in shown] == list(COMMANDS)
    assert max(map(len, shown)) < 80


def test_quitting_ends_it(chat):
    for word in ("/quit", "quit", "EXIT"):
        run = chat(word, COLONIES)
        assert (run.code, run.out, run.err) == (0, "", "")


def test_an_unknown_command_is_explained(chat):
    assert chat("/srces").err == "askpod: there is no command /srces; did you mean /sources?\n"
    assert chat("/xyzzy").err == "askpod: there is no command /xyzzy; /help lists the commands\n"
    assert chat("/").err == "askpod: there is no command /; /help lists the commands\n"


def test_show_gives_the_passage_with_a_minute_around_it(chat, archive):
    run = chat("/filter guest=marisol", "What did the members vote on?", "/show 1", "/show [1]")
    source = replies(run)[1].split("\n\n[1] ")[1]
    minutes, seconds = source.split()[0].split(":")
    cited = int(minutes) * 60 + int(seconds)
    title, *turns, link = replies(run)[2].split("\n")
    assert title == TITLE
    assert link == source.split("\n")[1].strip()
    times = [line.split()[0] for line in turns]
    starts = [int(time.split(":")[0]) * 60 + int(time.split(":")[1]) for time in times]
    assert starts == sorted(starts)
    assert cited - 75 < starts[0] <= cited - 45
    assert cited < starts[-1] < cited + 90
    said = " ".join(turn.text for turn in archive.turns("hive-telemetry-for-small-apiaries"))
    for line in turns:
        assert line.split(": ", 1)[1] in said
    assert replies(run)[3] == replies(run)[2]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["/show 1"], "there is no answer yet"),
        (["/sources"], "there is no answer yet"),
        (["/why"], "there is no answer yet"),
        (["/show"], "name a source by its number: /show 1"),
        (["/open x"], "name a source by its number: /open 1"),
        (["/save"], "name a file: /save notes.md"),
        (["/save x.md"], "there is nothing to save yet"),
        (["/filter gest=x"], "unknown filter gest; there are episode, guest, "),
        (["/filter tobias"], "'tobias' is no filter; write name=value, such as guest=gupta"),
        (["/filter season=two"], "season: 'two' is no season's number"),
        (["/filter since=May"], "since: 'May' is not a date; write YYYY, YYYY-MM or YYYY-MM-DD"),
        (["why " * 600], "the question has 2,399 characters, 2,000 at most"),
        (["/model " + "\x1b[31m"], "must be the name of a model"),
    ],
)
def test_an_error_is_one_line_and_the_chat_goes_on(chat, lines, message):
    run = chat(*lines, "/new")
    assert run.err.startswith("askpod: ")
    assert message in run.err
    assert run.err.count("\n") == 1
    assert run.code == 0
    assert replies(run)[-1] == "a new conversation"


def test_a_source_that_is_not_there(chat):
    run = chat(COLONIES, "/show 9", "/open 0")
    has = ", ".join(str(number) for number, _ in enumerate(links(replies(run)[0]), start=1))
    assert run.err.splitlines() == [
        f"askpod: the last answer has no source 9; it has {has}",
        f"askpod: the last answer has no source 0; it has {has}",
    ]


def test_filters_add_up_and_can_be_taken_off(chat):
    run = chat(
        "/filter guest=Tobias Okonjo",
        "/filter season=1",
        "/filter",
        "/filter guest=",
        '/filter guest="Marisol" since=2024-10',
        "/filter off",
        "/filter guest=Nobody",
    )
    assert run.err == "note: no episode has the guest 'Nobody'\n"
    shown = [reply.split("; /filter off")[0] for reply in replies(run)]
    assert shown == [
        "only guest=Tobias Okonjo (1 episode)",
        "only guest=Tobias Okonjo season=1 (1 episode)",
        "only guest=Tobias Okonjo season=1 (1 episode)",
        "only season=1 (3 episodes)",
        "only guest=Marisol season=1 since=2024-10 (1 episode)",
        "no filters: all episodes are asked. There are episode, guest, speaker, season, since, "
        "until",
        "only guest=Nobody (0 episodes)",
    ]


def test_filters_hold_for_the_questions_after_them(chat):
    run = chat(
        "How is it measured?",
        "/filter season=2",
        "/new",
        "How is it measured?",
        options=["--guest", "okonjo"],
    )
    assert "Bread Forecasting" in replies(run)[0]
    assert replies(run)[1].startswith("only guest=okonjo season=2 (0 episodes)")
    assert replies(run)[2] == "a new conversation; still only guest=okonjo season=2"
    assert replies(run)[3] == "I found nothing in these episodes that answers this."


@pytest.fixture
def opened(monkeypatch):
    """The addresses that were opened in the browser; there is one."""
    addresses: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: addresses.append(url) or True)
    return addresses


def test_open_opens_the_link(chat, opened):
    run = chat(COLONIES, "/open 2")
    second = links(replies(run)[0])[1]
    assert opened == [second]
    assert replies(run)[1] == f"opened {second}"


def test_without_a_browser_the_link_is_shown(chat, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    first, second = replies(chat(COLONIES, "/open 2"))
    assert second == f"no browser here; open {links(first)[1]}"


def test_a_link_that_is_no_web_page_is_never_opened(chat, opened):
    chat(COLONIES)
    (kept,) = Path(os.environ["ASKPOD_DATA"]).rglob("*.jsonl")
    kept.write_text(kept.read_text().replace("https://www", "file:///www"))
    run = chat("/open 1", options=["--continue"])
    assert run.err == "askpod: source 1 has no link; /show 1 shows it\n"
    assert opened == []


def test_the_model_can_be_changed(chat, expert):
    run = chat("/model", "/model off", COLONIES, "/model other", PILOT)
    address = expert.base_url
    assert replies(run)[0] == f"expert at {address} writes the answers"
    assert replies(run)[1] == "no model: answers are quotations. /model NAME lets one write them"
    assert replies(run)[2].startswith("Marisol Vanterpool (")
    assert replies(run)[3] == f"other at {address} writes the answers"
    assert replies(run)[4].startswith("Fourteen months")
    assert {request.body["model"] for request in expert.requests} == {"other"}


def test_saving_never_overwrites(chat, tmp_path):
    file = tmp_path / "my notes.md"
    run = chat(COLONIES, f"/save {file}", f"/save {tmp_path / 'my notes'}", f"/save {tmp_path}")
    assert replies(run)[1] == f"saved as {file}"
    assert replies(run)[2] == f"saved as {tmp_path / 'my notes-2.md'} (my notes was there already)"
    assert run.err == f"askpod: {tmp_path}: is a folder; name a file in it\n"
    saved = file.read_text()
    link = links(replies(run)[0])[0]
    assert saved.startswith(f"## {COLONIES}\n\nMarisol Vanterpool (")
    assert rf".” [\[1\]]({link})" in saved
    assert re.search(rf"- \\\[1\\\] \[\d+:\d\d\]\({re.escape(link)}\) Marisol Vanterpool, ", saved)
    missing = chat(COLONIES, f"/save {tmp_path / 'none' / 'x.md'}").err
    assert missing.endswith(f"there is no folder {tmp_path / 'none'}; make it first\n")


def test_as_json_the_answers_are_one_document(chat):
    run = chat("/filter season=1", COLONIES, "What was wrong?", "/x", options=["--json"])
    answers = json.loads(run.out)
    assert [answer["mode"] for answer in answers] == ["extractive"] * 2
    assert answers[0]["question"] == COLONIES
    assert "only season=1 (3 episodes)" in run.err


def test_as_json_what_was_asked_before_a_new_conversation_is_there_too(chat):
    run = chat(COLONIES, "/new", "What was wrong?", options=["--json"])
    assert [answer["question"] for answer in json.loads(run.out)] == [COLONIES, "What was wrong?"]


def test_a_question_of_its_own_is_answered_as_if_it_were_the_first(chat):
    first = replies(chat(COLONIES))[0]
    assert replies(chat(COLONIES, PILOT, COLONIES))[2] == first


@pytest.mark.usefixtures("expert")
def test_figures_are_shown_when_asked_for(chat):
    assert " tokens in, " in chat(PILOT, options=["--verbose"]).err


def test_hostile_text_stays_text(askpod, chat, write_episode, tmp_path):
    bad = "\x1b[31m\u202e<script>alert(1)</script>[x](javascript:alert(1))"
    path = write_episode(
        "soup.md",
        [
            (f"Ann {bad}", f"The soup {bad} was cold in the kitchen of the old station."),
            (f"Bea {bad}", "Nobody wanted the soup, since the soup was cold."),
            ("Ann", "word " * 2_000),
        ],
        title=f"Soup {bad}",
    )
    assert askpod("index", path, "--store", tmp_path / "soup").code == 0
    file = tmp_path / "soup.md.txt"
    run = chat(
        f"Was the soup {bad} cold?",
        "Was the soup cold?",
        "/sources",
        "/show 1",
        f"/save {file}",
        f"/{bad}",
        store=tmp_path / "soup",
    )
    assert "was cold in the kitchen" in replies(run)[3]
    saved = file.read_text()
    for text in (run.out, run.err, saved):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<script>" not in saved
    assert "](javascript:" not in saved.replace(r"\](", ""), "no link but an escaped one"


def test_a_missing_archive_ends_it_at_once(chat, tmp_path):
    run = chat(COLONIES, store=tmp_path / "none")
    assert run.code == 2
    assert run.err.startswith(f"askpod: {tmp_path / 'none'}: no archive here yet")


def test_text_is_on_stdout_the_moment_it_comes(monkeypatch):
    """Each piece is written and flushed before the next one is asked for."""
    events: list[str] = []

    class Out(io.StringIO):
        def flush(self) -> None:
            events.append(f"shown {len(self.getvalue())}")

    def pieces():
        for piece in ("One ", "two ", "three."):
            events.append(piece)
            yield piece
        yield Answer("q", "One two three.", (), (), False, "llm")

    monkeypatch.setattr(sys, "stdout", Out())
    show_stream(pieces())
    assert events == ["One ", "shown 4", "two ", "shown 8", "three.", "shown 14", "shown 15"]
