"""Makes as many episodes as are wanted from some real ones, for growth.py.

Each is one of the real ones with some of its words, its guests and all of its times changed, by a
seed. Words give way to words of the same length, so that chunks are cut where they were and
nothing is embedded again: a chunk's vector is that of the real one, moved a little. What such an
archive cannot show is how well a search finds things; that is measured on the real ones.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from askpod.chunking import cut_span
from askpod.model import Chunk, Episode, Turn
from askpod.store.catalog import Catalog
from askpod.store.rows import Source

SWAPPED = 0.4  # of the words of four letters or more: fewer, and they would count as one recording
INVENTED = 0.02  # of those: a word that is in no other episode, as names and slips of the ear are
NOISE = 0.5  # length of what is added to a vector of length 1: cosine to the real one about 0.89
HOST = 10  # episodes in which a speaker is a host, and keeps the name
_AHEAD = 32  # episodes that are made before they are asked for
_WORD = re.compile(r"[a-z]{4,}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Made:
    """An episode, as `Catalog.put` takes it."""

    episode: Episode
    source: Source
    chunks: tuple[Chunk, ...]
    vectors: NDArray[np.float32]


class Corpus:
    """Real episodes, and what is needed to vary them."""

    def __init__(self, real: Sequence[Made]) -> None:
        self._real = real
        self._words = _by_length(each.episode for each in real)
        self._hosts = _hosts(each.episode for each in real)
        names = sorted({name for each in real for name in each.episode.guests if " " in name})
        self._first = [name.split()[0] for name in names]
        self._last = [name.split()[-1] for name in names]

    @classmethod
    def of(cls, catalog: Catalog) -> Corpus:
        """The episodes of an archive that have chunks."""
        stored, sources = catalog.episodes(), catalog.sources()
        real = []
        for first, last, name in catalog.chunk_ranges():
            ids = list(range(first, last + 1))
            chunks = catalog.chunks(ids)
            episode = replace(stored[name], turns=tuple(catalog.turns(name)))
            cut = tuple(chunks[number].chunk for number in ids)
            real.append(Made(episode, sources[name], cut, catalog.vectors(ids)))
        return cls(real)

    def episode(self, number: int) -> Made:
        """The episode of this number; there is one of each, whenever it is made."""
        random = Random(number)
        real = self._real[number % len(self._real)]
        names = {
            name: f"{random.choice(self._first)} {random.choice(self._last)}"
            for name in dict.fromkeys((*real.episode.guests, *_speakers(real.episode)))
            if name and name not in self._hosts
        }
        turns = self._turns(real.episode, names, random)
        episode = replace(
            real.episode,
            id=f"{real.episode.id}-{number}",
            title=f"{real.episode.title} {number}",
            guests=tuple(names.get(name, name) for name in real.episode.guests),
            season=number // 500,
            date=f"{2000 + number // 1000}-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
            turns=turns,
        )
        digest = sha256(episode.id.encode()).hexdigest()
        return Made(
            episode,
            replace(real.source, path=f"/{episode.id}.md", digest=digest, transcript=digest),
            tuple(_cut_again(chunk, turns, episode.title) for chunk in real.chunks),
            _moved(real.vectors, number),
        )

    def _turns(self, episode: Episode, names: dict[str, str], random: Random) -> tuple[Turn, ...]:
        pace, later = random.uniform(0.9, 1.1), random.uniform(0, 60)
        return tuple(
            replace(
                turn,
                speaker=names.get(turn.speaker, turn.speaker),
                text=self._reworded(turn.text, random),
                start=later + pace * turn.start,
                end=later + pace * turn.end,
                marks=tuple((at, later + pace * second) for at, second in turn.marks),
            )
            for turn in episode.turns
        )

    def _reworded(self, text: str, random: Random) -> str:
        """The text with other words of the same lengths in some places."""
        parts, done = [], 0
        for found in _WORD.finditer(text):
            if random.random() >= SWAPPED:
                continue
            length = found.end() - found.start()
            if random.random() < INVENTED:
                word = "".join(random.choices(_LETTERS, k=length))
            else:
                word = random.choice(self._words[length])
            parts += text[done : found.start()], word
            done = found.end()
        return "".join((*parts, text[done:]))


def made_ahead(catalog_folder: Path, numbers: Iterable[int]) -> Iterator[Made]:
    """The episodes of these numbers, made by another process while the former are used."""
    waiting: list[Future[Made]] = []
    with ProcessPoolExecutor(
        1, get_context("spawn"), initializer=_open, initargs=(catalog_folder,)
    ) as maker:
        for number in numbers:
            waiting.append(maker.submit(_make, number))
            if len(waiting) > _AHEAD:
                yield waiting.pop(0).result()
        for each in waiting:
            yield each.result()


_corpus: Corpus  # of the process that makes episodes


def _open(folder: Path) -> None:
    global _corpus
    catalog = Catalog(folder)
    _corpus = Corpus.of(catalog)
    catalog.close()


def _make(number: int) -> Made:
    return _corpus.episode(number)


def _speakers(episode: Episode) -> set[str]:
    return {turn.speaker for turn in episode.turns}


def _hosts(episodes: Iterable[Episode]) -> set[str]:
    heard = Counter(name for episode in episodes for name in _speakers(episode))
    return {name for name, count in heard.items() if count >= HOST}


def _by_length(episodes: Iterable[Episode]) -> dict[int, list[str]]:
    """All words, each as often as it is said, so that common ones stay common."""
    words: defaultdict[int, list[str]] = defaultdict(list)
    for episode in episodes:
        for turn in episode.turns:
            for word in _WORD.findall(turn.text):
                words[len(word)].append(word)
    return words


def _cut_again(chunk: Chunk, turns: Sequence[Turn], title: str) -> Chunk:
    spans = tuple(
        cut_span(turns[span.turn], span.turn, span.offset, span.offset + len(span.text))
        for span in chunk.spans
    )
    return replace(chunk, heading=f"{title} | {chunk.section}".rstrip(" |"), spans=spans)


def _moved(vectors: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    size = np.float32(NOISE / np.sqrt(vectors.shape[1]))
    moved = vectors + size * random.standard_normal(vectors.shape, dtype=np.float32)
    unit: NDArray[np.float32] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return unit
