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

    revision: int
    firsts: Ids  # the first chunk of each episode, ascending
    lasts: Ids
    names: NDArray[np.str_]  # the episodes' ids
    speakers: tuple[str, ...]

    @classmethod
    def of(cls, catalog: Catalog) -> Layout:
        with catalog.reading():
            ranges = catalog.chunk_ranges()
            firsts, lasts, names = zip(*ranges, strict=True) if ranges else ((), (), ())
            return cls(
                catalog.revision(),
                np.array(firsts, dtype=np.int64),
                np.array(lasts, dtype=np.int64),
                np.array(names, dtype=np.str_),
                catalog.speakers(),
            )

    @property
    def chunk_count(self) -> int:
        return int((self.lasts - self.firsts + 1).sum())

    def among(self, ids: Ids, episodes: Collection[str] | None) -> tuple[Ids, NDArray[np.intp]]:
        """Those of ascending `ids` that are chunks of these episodes (None: of any), and the
        place of each one's episode in the arrays."""
        if not len(self.firsts):
            return ids[:0], np.empty(0, np.intp)
        places = np.searchsorted(self.firsts, ids, side="right") - 1
        there = (places >= 0) & (ids <= self.lasts[places])
        if episodes is not None:
            there &= np.isin(self.names, list(episodes))[places]
        return ids[there], places[there]
