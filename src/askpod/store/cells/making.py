"""Makes a cell index from a catalog's vectors, block by block: any number fits in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from askpod.store.catalog import Catalog
from askpod.store.cells.centres import find_centres, nearest_centre
from askpod.store.cells.codes import encode
from askpod.store.cells.folder import FILES, File, Stamp, path_of
from askpod.store.cells.words import write_words

CELL = 1_000  # vectors in a cell, on average
MOST_CELLS = 4_096
_SAMPLED = 48  # vectors of a cell that its centre is found from
_BLOCK = 65_536  # vectors in memory at once: 100 MB of 384 dimensions


def make(folder: Path, catalog: Catalog) -> None:
    """Writes the index of the catalog's present state, which has chunks, into a new folder.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True)
    with catalog.reading() as connection:
        meta = catalog.meta()
        ids = _all_ids(catalog)
        cells = min(MOST_CELLS, max(1, len(ids) // CELL))
        centres = find_centres(_sample(catalog, ids, cells * _SAMPLED), cells)
        _save(folder, "ids", ids)
        _save(folder, "centres", centres)
        held = _encode_all(folder, catalog, ids, centres)
        write_words(folder, connection, ids)
    _save(folder, "bounds", np.concatenate([[0], np.cumsum(np.bincount(held, minlength=cells))]))
    _sort_into_cells(folder, np.argsort(held, kind="stable").astype(np.int32))
    for name in FILES:
        _settle(folder / name)
    files = {name: File.of(folder / name) for name in FILES}
    Stamp(meta["store"], int(meta["revision"]), int(ids[-1]), len(ids), files).write(folder)


def _all_ids(catalog: Catalog) -> NDArray[np.int64]:
    ranges = catalog.chunk_ranges()
    return np.concatenate([np.arange(first, last + 1) for first, last, _ in ranges])


def _sample(catalog: Catalog, ids: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    random = np.random.default_rng(0)
    chosen = np.sort(random.choice(ids, min(count, len(ids)), replace=False))
    return np.concatenate([catalog.vectors_of(block.tolist()) for block in _blocks(chosen)])


def _encode_all(
    folder: Path, catalog: Catalog, ids: NDArray[np.int64], centres: NDArray[np.float32]
) -> NDArray[np.int32]:
    """Writes every vector's code and scale; returns the cell of each."""
    codes = _new(folder, "codes", (len(ids), centres.shape[1]))
    scales = np.empty(len(ids), np.float32)
    cells = np.empty(len(ids), np.int32)
    begin = 0
    for block in _blocks(ids):
        end = begin + len(block)
        vectors = catalog.vectors_between(int(block[0]), int(block[-1]))[1]
        codes[begin:end], scales[begin:end] = encode(vectors)
        cells[begin:end] = nearest_centre(vectors, centres)
        begin = end
    codes.flush()
    _save(folder, "scales", scales)
    return cells


def _sort_into_cells(folder: Path, members: NDArray[np.int32]) -> None:
    """Writes the codes once more, those of a cell together: read at once when it is asked."""
    _save(folder, "members", members)
    codes = np.load(path_of(folder, "codes"), mmap_mode="r")
    cell_codes = _new(folder, "cell_codes", codes.shape)
    for begin in range(0, len(members), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        cell_codes[block] = codes[members[block]]
    cell_codes.flush()


def _blocks(ids: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for begin in range(0, len(ids), _BLOCK):
        yield ids[begin : begin + _BLOCK]


def _new(folder: Path, name: str, shape: tuple[int, ...]) -> np.memmap[Any, np.dtype[np.int8]]:
    return np.lib.format.open_memmap(path_of(folder, name), "w+", np.dtype(np.int8), shape=shape)


def _save(folder: Path, name: str, values: NDArray[np.generic]) -> None:
    np.save(path_of(folder, name), values, allow_pickle=False)


def _settle(path: Path) -> None:
    """Has a file outlive a power cut, after which its size alone would tell nothing."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
