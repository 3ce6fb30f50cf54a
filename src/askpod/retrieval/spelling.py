"""The names in a question, as the archive spells them: "Sukhodolskaja" is said nowhere.

Names are what is misspelt most, by listeners as by recognisers. A word is replaced only where the
archive lacks it, where the embedder does not know it whole either (so that it is no common word),
and where a speaker's name, or for a word with a capital anything said, is spelt almost alike.
A name that nothing is like is one that the archive never mentions.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from difflib import SequenceMatcher, get_close_matches

from askpod.chunking import SPECIAL_TOKENS
from askpod.retrieval.word_index import quoted
from askpod.text import query_words

SHORTEST = 5  # letters: shorter words are alike by chance

ALIKE = 0.85  # difflib's ratio, from which on two spellings are taken for one name

# A word behind a word, not behind the end of a sentence or an opening quotation mark.
_WITHIN = re.compile(r"(?<=[\w,;] )[^\W\d_]+(?:['’][^\W\d_]+)*")
_WORD = re.compile(r"[^\W\d_]+")


def respelled(
    connection: sqlite3.Connection,
    question: str,
    speakers: Sequence[str],
    is_said: Callable[[str], bool],
    count_tokens: Callable[[Sequence[str]], list[int]],
) -> dict[str, str]:
    """What to read for words of the question that the archive lacks: asked -> spelt as it has it.

    Args:
        connection: The catalog, being read.
        question: As it was asked.
        speakers: Everybody who speaks.
        is_said: Whether a word is said anywhere.
        count_tokens: The embedder's count, special tokens included.
    """
    worth = set(query_words(question))
    lacking = [
        word
        for word in dict.fromkeys(_WORD.findall(question))
        if len(word) >= SHORTEST
        and word.casefold() in worth
        and not (is_said(word) or _is_in_heading(connection, word))
    ]
    names = [word for speaker in speakers for word in _WORD.findall(speaker)] if lacking else []
    known = {name.casefold() for name in names}
    spellings: dict[str, str] = {}
    for word in lacking:
        if word.casefold() in known or count_tokens([word])[0] <= SPECIAL_TOKENS + 1:
            continue
        # Of what is said, names alone: "roaster" is no misspelt "roster".
        said = (
            other
            for stem in (_alike_stems(connection, word.casefold()) if word[0].isupper() else ())
            for text in _texts_with(connection, stem)
            for other in _WORD.findall(text)
        )
        if best := _most_alike(word, [*names, *said]):
            spellings[word] = best
    return spellings


def replaced(question: str, spellings: dict[str, str]) -> str:
    """The question with those words as the archive spells them."""
    return _WORD.sub(lambda match: spellings.get(match[0], match[0]), question)


def _most_alike(word: str, others: Sequence[str]) -> str | None:
    folded = word.casefold()
    ratios = {
        other: SequenceMatcher(None, other.casefold(), folded).ratio()
        for other in dict.fromkeys(others)
        if other[0].casefold() == folded[0] and abs(len(other) - len(word)) <= len(word) // 3
    }
    best = max(ratios, key=lambda other: ratios[other], default=None)
    return best if best is not None and ratios[best] >= ALIKE else None


def unmentioned_names(
    connection: sqlite3.Connection,
    text: str,
    speakers: Collection[str],
    is_said: Callable[[str], bool],
) -> list[str]:
    """Names in a question that the archive never mentions; arguments as of `respelled`.

    None of the speakers bears or says them, and no title, guest or section has them.

    A name is a word with a capital that begins no sentence and is no acronym. One that sounds
    like a word of the archive counts as mentioned: transcripts misspell names.
    """
    within = (word.replace("’", "'").removesuffix("'s") for word in _WITHIN.findall(text))
    names = dict.fromkeys(word for word in within if word[0].isupper() and word[1:2].islower())
    return [
        name
        for name in names
        if not (is_said(name) or _is_named_or_alike(connection, name, speakers))
    ]


def _is_named_or_alike(
    connection: sqlite3.Connection, name: str, speakers: Collection[str]
) -> bool:
    if _is_in_heading(connection, name):
        return True
    folded = name.casefold()
    if any(folded in speaker.casefold() for speaker in speakers):
        return True
    return bool(_alike_stems(connection, folded))


def _alike_stems(connection: sqlite3.Connection, word: str) -> list[str]:
    """Up to three of the archive's stems that are spelt almost like a word, the nearest first."""
    like = _perhaps_alike(word, _stems_from(connection, word[0]))
    return get_close_matches(word, list(like), 3, ALIKE)


def _perhaps_alike(name: str, words: Iterable[str]) -> Iterator[str]:
    """Those that have enough letters in common with the name; all that are alike are among them.

    A hundred times quicker than to compare them, and of many thousands few are left.
    """
    letters, size = set(name), len(name)
    longest = size * (2 - ALIKE) / ALIKE
    shortest = size * ALIKE / (2 - ALIKE)
    for word in [word for word in words if shortest <= len(word) <= longest]:
        own = set(word)
        most = min(size - len(letters - own), len(word) - len(own - letters))
        if 2 * most >= ALIKE * (size + len(word)):
            yield word


def _is_in_heading(connection: sqlite3.Connection, word: str) -> bool:
    """Whether a word stands in any heading, in any of its endings."""
    held = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1"
    return connection.execute(held, [f"heading : {quoted(word)}"]).fetchone() is not None


def _texts_with(connection: sqlite3.Connection, stem: str) -> list[str]:
    """The speech and headings of a chunk in which a stem stands."""
    _name_vocabulary(connection)
    row = connection.execute(
        "SELECT speech, heading FROM words WHERE rowid = "
        "(SELECT doc FROM temp.occurrences WHERE term = ? LIMIT 1)",
        [stem],
    ).fetchone()
    return [text for text in row or () if text]


def _stems_from(connection: sqlite3.Connection, letter: str) -> list[str]:
    """The words of the archive that begin with a letter, as FTS5 keeps them."""
    _name_vocabulary(connection)
    like = connection.execute(
        "SELECT term FROM temp.vocabulary WHERE term >= ? AND term < ?",
        [letter, chr(ord(letter) + 1)],
    )
    return [term for (term,) in like]


def _name_vocabulary(connection: sqlite3.Connection) -> None:
    for name, kind in (("vocabulary", "row"), ("occurrences", "instance")):
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{name} USING fts5vocab (main, words, {kind})"
        )
