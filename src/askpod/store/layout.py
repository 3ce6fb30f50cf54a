"""Which chunks belong to which episode, and who speaks: looked up once for each store state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from askpod.store.catalog import Catalog

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """An archive's episodes, as aligned arrays in the order of their chunks, and its speakers."""

    store: str  # which store, and at which of its revisions
    revision: int
    firsts: Ids  # the first chunk of each episode, ascending
    lasts: Ids
    places: dict[str, int]  # where in the arrays an episode stands, by its id
    speakers: tuple[str, ...]

    @classmethod
    def of(cls, catalog: Catalog) -> Layout:
        with catalog.reading():
            ranges = catalog.chunk_ranges()
            meta = catalog.meta()
            return cls(
                meta["store"],
                int(meta["revision"]),
                np.array([first for first, _, _ in ranges], dtype=np.int64),
                np.array([last for _, last, _ in ranges], dtype=np.int64),
                {name: place for place, (_, _, name) in enumerate(ranges)},
                catalog.speakers(),
            )

    def is_of(self, catalog: Catalog) -> bool:
        """Whether it is of the state that is being read."""
        meta = catalog.meta()
        return (self.store, str(self.revision)) == (meta["store"], meta["revision"])

    @property
    def chunk_count(self) -> int:
        return int((self.lasts - self.firsts + 1).sum())

    def count(self, last: int) -> int:
        """How many chunks there are up to the id `last`."""
        return int((self.lasts - self.firsts + 1)[self.firsts <= last].sum())

    def among(self, ids: Ids, episodes: Collection[str] | None) -> tuple[Ids, NDArray[np.intp]]:
        """Those of `ids` that are chunks of these episodes (None: of any), in their order, and
        the place of each one's episode in the arrays."""
        there, places = self._found(ids, episodes)
        return ids[there], places[there]

    def holds(self, ids: Ids, episodes: Collection[str] | None) -> NDArray[np.bool_]:
        """Whether each of `ids` is a chunk of these episodes (None: of any)."""
        return self._found(ids, episodes)[0]

    def ids(self, episodes: Collection[str] | None) -> Ids:
        """All chunks of these episodes (None: of any), ascending."""
        chosen = self._chosen(episodes)
        return spread(self.firsts[chosen], self.lasts[chosen])

    def _found(
        self, ids: Ids, episodes: Collection[str] | None
    ) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        if not len(self.firsts):
            return np.zeros(len(ids), np.bool_), np.zeros(len(ids), np.intp)
        places = np.searchsorted(self.firsts, ids, side="right") - 1
        there = (places >= 0) & (ids <= self.lasts[places])
        if episodes is not None:
            there &= self._chosen(episodes)[places]
        return there, places

    def _chosen(self, episodes: Collection[str] | None) -> NDArray[np.bool_]:
        """For each episode whether it is one of these."""
        if episodes is None:
            return np.ones(len(self.firsts), np.bool_)
        chosen = np.zeros(len(self.firsts), np.bool_)
        chosen[[self.places[name] for name in episodes if name in self.places]] = True
        return chosen


def spread(begins: Ids, ends: Ids) -> Ids:
    """All numbers from each begin to its end, inclusive: ranges in order, none overlapping."""
    sizes = ends - begins + 1
    steps = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    numbers: Ids = np.repeat(begins, sizes) + steps
    return numbers
