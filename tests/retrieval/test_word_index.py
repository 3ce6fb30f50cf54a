"""What the word index keeps of the words that were asked last."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from askpod.retrieval import word_index
from askpod.retrieval.word_index import WordIndex
from askpod.store.schema import TOKENIZER


@pytest.fixture
def talk() -> Iterator[sqlite3.Connection]:
    """Chunks 0 to 9 say "data", those of even numbers "bees"."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute(
            f"CREATE VIRTUAL TABLE words USING fts5 (heading, speech, tokenize = '{TOKENIZER}')"
        )
        for number in range(10):
            said = "data" if number % 2 else "data of bees"
            connection.execute(
                "INSERT INTO words (rowid, heading, speech) VALUES (?, '', ?)", (number, said)
            )
        yield connection
    connection.close()


def asked(connection: sqlite3.Connection) -> list[str]:
    """The statements that are run from here on."""
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    return statements


def test_a_word_is_looked_up_once_for_one_state_of_an_archive(talk):
    index = WordIndex()
    assert index.chunks_that_say(talk, "bees", 10, 1).tolist() == [0, 2, 4, 6, 8]
    statements = asked(talk)
    assert index.chunks_that_say(talk, "bees", 10, 1).tolist() == [0, 2, 4, 6, 8]
    assert not statements
    talk.execute("DELETE FROM words WHERE rowid = 4")
    assert index.chunks_that_say(talk, "bees", 10, 2).tolist() == [0, 2, 6, 8]


def test_what_was_not_asked_for_longest_makes_room(talk, monkeypatch):
    monkeypatch.setattr(word_index, "KEPT", 18)
    index = WordIndex()
    for word in ("bees", "data", "bees", "wax"):  # 6, 11, and 1 in all
        index.chunks_that_say(talk, word, 10, 1)
    index.chunks_that_say(talk, "honey", 10, 1)
    statements = asked(talk)
    index.chunks_that_say(talk, "bees", 10, 1)
    assert not statements
    assert len(index.chunks_that_say(talk, "data", 10, 1)) == 10
    assert statements


def test_a_word_that_nearly_all_say_is_kept_as_one(talk, monkeypatch):
    monkeypatch.setattr(word_index, "FEW", 9)
    index = WordIndex()
    assert index.chunks_that_say(talk, "data", 10, 1) is None
    statements = asked(talk)
    assert index.chunks_that_say(talk, "data", 10, 1) is None
    assert not statements
