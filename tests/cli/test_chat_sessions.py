"""`askpod chat`: conversations are kept, and gone on with."""

from __future__ import annotations

import os
from pathlib import Path

from chatting import COLONIES, FOLLOW_UP, LINK, PILOT, TITLE, replies


def test_a_conversation_is_gone_on_with(chat, expert):
    chat("/filter season=1", PILOT)
    run = chat("/sources", FOLLOW_UP, "/filter", options=["--continue"])
    assert replies(run)[0] == f"[1] 6:45  Marisol Vanterpool  {TITLE}\n    {LINK}&t=405s"
    assert replies(run)[1].startswith("Because the batteries died in January. [1]")
    assert replies(run)[2].startswith("only season=1")
    assert f"Question: {PILOT}" in expert.requests[-2].prompt
    again = chat("/sources", options=["--continue"])
    assert again.out.startswith("[1] 7:09")


def test_a_new_conversation_knows_nothing_of_the_former(chat):
    run = chat(COLONIES, "/new", "/sources", options=["-c"])
    assert run.err.splitlines() == [
        "there is no earlier conversation with this archive; this is a new one",
        "askpod: there is no answer yet",
    ]


def test_a_damaged_session_is_set_aside(chat):
    chat(COLONIES)
    (kept,) = Path(os.environ["ASKPOD_DATA"]).rglob("*.jsonl")
    kept.write_text("{}\n")
    run = chat("/sources", options=["-c"])
    first = run.err.splitlines()[0]
    assert first.startswith(f"{kept}: an earlier conversation cannot be read (line 1 is damaged)")
    assert Path(f"{kept}.damaged").read_text() == "{}\n"


def test_where_nothing_can_be_kept_it_is_said_once(chat, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ASKPOD_DATA", str(tmp_path / "file"))
    run = chat(COLONIES, COLONIES)
    assert run.err.count("this conversation cannot be kept") == 1
    assert run.err.count("\n") == 1
    assert run.code == 0
    assert len(replies(run)) == 2
