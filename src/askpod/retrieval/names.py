"""The names in a question: which speakers it means, and how the archive spells them.

Names are what is misspelt most, by listeners as by recognisers. A word is replaced only where the
archive lacks it, where the embedder does not know it whole either (so that it is no common word),
and where a speaker's name, or for a word with a capital anything said, is spelt almost alike.
A name that nothing is like is one that the archive never mentions.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache

from askpod.chunking import SPECIAL_TOKENS
from askpod.retrieval.word_index import quoted
from askpod.text import STOPWORDS, capitals_within, query_words

SHORTEST_PART = 3  # letters of a part of a name that may stand for the whole

_WORD = re.compile(r"[^\W_]+")


def named_speakers(question: str, speakers: Iterable[str]) -> tuple[str, ...]:
    """Those of `speakers` whom the question names.

    Either the whole name stands in it, or the first or the last word of it, with a capital unless
    the question has none at all; in "PhD C" the letter counts by itself. A word of a whole name
    names nobody else: "Ben Taylor" is not Ben Wilson. But "Ben" alone may be either.
    """
    asked = _WORD.findall(re.sub(r"['’]s\b", "", question))
    folded = f" {' '.join(asked).casefold()} "
    alone = set(asked[1:]) | {word for word in asked[:1] if word.casefold() not in STOPWORDS}
    if not any(word[0].isupper() for word in asked[1:]):
        alone |= {word.title() for word in asked} | {word.upper() for word in asked}
    everyone = tuple(speakers)
    by_part = _by_part(everyone)
    may_be = sorted({place for word in folded.split() for place in by_part.get(word, ())})
    names = {place: _WORD.findall(everyone[place]) for place in may_be}
    in_full = {place for place, name in names.items() if _in_full(name, folded, asked)}
    whole = [names[place] for place in in_full if len(names[place]) > 1]
    taken = {part.casefold() for name in whole for part in name}
    alone = {word for word in alone if word.casefold() not in taken}
    return tuple(
        everyone[place]
        for place, name in names.items()
        if place in in_full or _in_part(name, folded, alone, taken)
    )


@lru_cache(maxsize=4)
def _by_part(speakers: tuple[str, ...]) -> dict[str, list[int]]:
    """Where those stand whose name begins or ends with a word; nobody else can be named by it."""
    by_part: dict[str, list[int]] = {}
    for place, speaker in enumerate(speakers):
        if name := _WORD.findall(speaker.casefold()):
            for part in {name[0], name[-1]}:
                by_part.setdefault(part, []).append(place)
    return by_part


def _in_full(name: list[str], folded: str, asked: list[str]) -> bool:
    if len(name) == 1 and name[0].casefold() in STOPWORDS:
        return name[0] in asked[1:]  # "A", as a diariser calls somebody, is no article
    return f" {' '.join(name).casefold()} " in folded


def _in_part(name: list[str], folded: str, alone: set[str], taken: set[str]) -> bool:
    if len(name) < 2:
        return False
    kind, letter = name[0].casefold(), name[-1]
    if len(letter) == 1:
        return letter in alone - {"A", "I"} or (kind not in taken and f" {kind} " in folded)
    return any(
        len(part) >= SHORTEST_PART and part.casefold() not in STOPWORDS and part in alone
        for part in (name[0], name[-1])
    )


SHORTEST_WORD = 5  # letters: shorter words are alike by chance

ALIKE = 0.85  # difflib's ratio, from which on two spellings are taken for one name
ALIKE_BESIDE = 0.8  # the same where the other part of the name stands beside it, spelt right

_SPELT = re.compile(r"[^\W\d_]+")


def respelled(
    connection: sqlite3.Connection,
    question: str,
    speakers: Sequence[str],
    is_said: Callable[[str], bool],
    count_tokens: Callable[[Sequence[str]], list[int]],
) -> dict[str, str]:
    """What to read for words of the question that the archive lacks: asked -> spelt as it has it.

    `is_said` tells whether a word is said anywhere; `count_tokens` is the embedder's count.
    """
    worth = set(query_words(question))
    lacking = [
        word
        for word in dict.fromkeys(_SPELT.findall(question))
        if len(word) >= SHORTEST_WORD
        and word.casefold() in worth
        and not (is_said(word) or _is_in_heading(connection, word))
    ]
    names = [word for speaker in speakers for word in _SPELT.findall(speaker)] if lacking else []
    known = {name.casefold() for name in names}
    spellings = _misspelt_in_part(question, tuple(speakers))
    for word in lacking:
        is_known = word in spellings or word.casefold() in known
        if is_known or count_tokens([word])[0] <= SPECIAL_TOKENS + 1:
            continue
        # Of what is said, names alone: "roaster" is no misspelt "roster".
        said = (
            other
            for stem in (_alike_stems(connection, word.casefold()) if word[0].isupper() else ())
            for text in _texts_with(connection, stem)
            for other in _SPELT.findall(text)
        )
        if best := _most_alike(word, [*names, *said]):
            spellings[word] = best
    return spellings


def _misspelt_in_part(question: str, speakers: tuple[str, ...]) -> dict[str, str]:
    """First names beside a speaker's last name, and last beside first, that are almost theirs."""
    asked, by_part = _SPELT.findall(question), _by_part(speakers)
    places = sorted({place for word in asked for place in by_part.get(word.casefold(), ())})
    names = [_SPELT.findall(speakers[place]) for place in places]
    # With and without what stands between first and last: "Achebe-Firth", "Jose M. Arrieta".
    forms = [form for name in names for form in (name, [name[0], name[-1]]) if len(name) > 1]
    known = {" ".join(form).casefold() for form in forms}
    spellings = dict[str, str]()
    for form in forms:
        for begin in range(len(asked) - len(form) + 1):
            meant = asked[begin : begin + len(form)]
            pairs = zip(meant, form, strict=True)
            wrong = [(word, own) for word, own in pairs if word.casefold() != own.casefold()]
            if len(wrong) != 1 or " ".join(meant).casefold() in known:
                continue
            capitals = meant[0][0].isupper() and meant[-1][0].isupper()
            if capitals and _ratio(*wrong[0]) >= ALIKE_BESIDE:
                spellings.setdefault(*wrong[0])
    return spellings


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def replaced(question: str, spellings: Mapping[str, str]) -> str:
    """The question with those words as the archive spells them."""
    return _SPELT.sub(lambda match: spellings.get(match[0], match[0]), question)


def _most_alike(word: str, others: Sequence[str]) -> str | None:
    folded = word.casefold()
    ratios = {
        other: _ratio(other, word)
        for other in dict.fromkeys(others)
        if other[0].casefold() == folded[0] and abs(len(other) - len(word)) <= len(word) // 3
    }
    best = max(ratios, key=lambda other: ratios[other], default="")
    return best if ratios.get(best, 0.0) >= ALIKE else None


def unmentioned_names(
    connection: sqlite3.Connection,
    text: str,
    speakers: Collection[str],
    is_said: Callable[[str], bool],
) -> list[str]:
    """Names in a question that the archive never mentions; arguments as of `respelled`.

    A name is a word with a capital that begins no sentence and is no acronym. One that sounds like
    a word of the archive counts as mentioned: transcripts misspell names.
    """

    def is_mentioned(name: str) -> bool:
        if is_said(name) or _is_in_heading(connection, name):
            return True
        folded = name.casefold()
        borne = any(folded in speaker.casefold() for speaker in speakers)
        return borne or bool(_alike_stems(connection, folded))

    names = dict.fromkeys(word for word in capitals_within(text) if word[1:2].islower())
    return [name for name in names if not is_mentioned(name)]


def _alike_stems(connection: sqlite3.Connection, word: str) -> list[str]:
    """Up to three of the archive's stems that are spelt almost like a word, the nearest first."""
    like = _perhaps_alike(word, _stems_from(connection, word[0]))
    return get_close_matches(word, list(like), 3, ALIKE)


def _perhaps_alike(name: str, words: Iterable[str]) -> Iterator[str]:
    """Those with enough letters in common to be alike: quicker to tell than the likeness."""
    letters, size = set(name), len(name)
    longest = size * (2 - ALIKE) / ALIKE
    shortest = size * ALIKE / (2 - ALIKE)
    for word in [word for word in words if shortest <= len(word) <= longest]:
        own = set(word)
        most = min(size - len(letters - own), len(word) - len(own - letters))
        if 2 * most >= ALIKE * (size + len(word)):
            yield word


def _is_in_heading(connection: sqlite3.Connection, word: str) -> bool:
    held = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1"
    return connection.execute(held, [f"heading : {quoted(word)}"]).fetchone() is not None


def _texts_with(connection: sqlite3.Connection, stem: str) -> list[str]:
    """The speech and headings of a chunk in which a stem stands."""
    _make_vocabulary(connection)
    row = connection.execute(
        "SELECT speech, heading FROM words WHERE rowid = "
        "(SELECT doc FROM temp.occurrences WHERE term = ? LIMIT 1)",
        [stem],
    ).fetchone()
    return [text for text in row or () if text]


def _stems_from(connection: sqlite3.Connection, letter: str) -> list[str]:
    """The words of the archive that begin with a letter, as FTS5 keeps them."""
    _make_vocabulary(connection)
    like = connection.execute(
        "SELECT term FROM temp.vocabulary WHERE term >= ? AND term < ?",
        [letter, chr(ord(letter) + 1)],
    )
    return [term for (term,) in like]


def _make_vocabulary(connection: sqlite3.Connection) -> None:
    for name, kind in (("vocabulary", "row"), ("occurrences", "instance")):
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{name} USING fts5vocab (main, words, {kind})"
        )
