"""What a store holds and answers, in a form in which two stores can be compared."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from corpus import QUESTIONS
from numpy.typing import NDArray

from askpod import Archive
from askpod.errors import ArchiveNotFound
from askpod.model import Chunk, Episode, Passage, Turn
from askpod.store import collection
from askpod.store.catalog import Catalog
from askpod.store.rows import Source

DERIVED = ("chroma/", "vectors.")  # their files' names differ from one making to the next


@dataclass(frozen=True, slots=True)
class Contents:
    """A store, without the numbers that its rows happen to have."""

    sources: dict[str, Source]
    episodes: dict[str, Episode]
    turns: dict[str, list[Turn]]
    chunks: dict[str, list[tuple[Chunk, bytes]]]  # with their vectors
    results: list[list[Passage]]  # their scores apart
    scores: NDArray[np.float64]
    index: str  # the state of the vector index
    files: frozenset[str]

    def differences(self, other: Contents) -> list[str]:
        """The names of the parts that differ."""
        exact = [name for name in self.__slots__ if name != "scores"]
        found = [name for name in exact if getattr(self, name) != getattr(other, name)]
        # A vector's place among the others, which depends on the order of writing, can change
        # the last bit of a product.
        if not found and not np.allclose(self.scores, other.scores, rtol=0, atol=1e-6):
            found = ["scores"]
        return found


def contents(store: Path) -> Contents:
    """Everything in a store that is whole."""
    with Archive.open(store) as archive:
        results = [archive.search(question) for question in QUESTIONS]
    with closing(Catalog(store)) as catalog:
        episodes = catalog.episodes()
        return Contents(
            catalog.sources(),
            episodes,
            {id_: catalog.turns(id_) for id_ in episodes},
            _chunks(catalog),
            [[replace(passage, score=0.0) for passage in found] for found in results],
            np.array([passage.score for found in results for passage in found]),
            collection.state(store, catalog),
            frozenset(_files(store)),
        )


def torn(store: Path, versions: list[Contents]) -> str | None:
    """What a search meets that is no whole episode of any version; None where all is well.

    The store may hold anything between two versions, but each episode must be wholly of one.
    """
    try:
        archive = Archive.open(store)
    except ArchiveNotFound:
        return None
    with archive:
        for episode in archive.episodes():
            turns = archive.turns(episode.id)
            if not any(version.turns.get(episode.id) == turns for version in versions):
                return f"episode {episode.id} is of no version"
        there = {episode.id for episode in archive.episodes()}
        for question in QUESTIONS:
            found = archive.search(question)
            if bool(found) != bool(there) or any(p.episode_id not in there for p in found):
                return f"the search for {question!r}"
    return None


def _chunks(catalog: Catalog) -> dict[str, list[tuple[Chunk, bytes]]]:
    by_episode = {}
    for first, last, episode_id in catalog.chunk_ranges():
        stored = catalog.chunks(range(first, last + 1)).values()
        vectors = catalog.vectors(range(first, last + 1))
        by_episode[episode_id] = [
            (each.chunk, vector.tobytes()) for each, vector in zip(stored, vectors, strict=True)
        ]
    return by_episode


def _files(store: Path) -> set[str]:
    names = {str(path.relative_to(store)) for path in store.rglob("*") if path.is_file()}
    return {next((part for part in DERIVED if name.startswith(part)), name) for name in names}
