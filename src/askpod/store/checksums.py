"""Checksums of the catalog's rows: a byte that changes on the disk is noticed when it is read.

A row's checksum covers all its other values. Those of an episode, its turns and its chunks
cover the revision that wrote them too, so that rows of two versions of an episode, which a
copy made in the middle of a write may hold side by side, are never taken for one whole.
It does not protect against anyone who means to deceive: they can write checksums as well.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

VECTOR = np.dtype("<f4")
_WORD = np.dtype("<u4")

Value = str | int | float | None


class DamagedRow(sqlite3.DatabaseError):
    """A row is not as it was written. `connection.plain_errors` says what to do about it."""


def checksum(values: Sequence[Value]) -> int:
    """CRC-32 of values as SQLite gives them back; the same under any Python and system."""
    return zlib.crc32(json.dumps(values).encode())


def signed(values: Sequence[Value], revision: int | None = None) -> tuple[Value, ...]:
    """The values of a row with their checksum behind them; it covers `revision` too if given."""
    return (*values, checksum(values if revision is None else (revision, *values)))


def checked(what: str, row: Sequence[Any], revision: int | None = None) -> tuple[Any, ...]:
    """The values of `row` but the last, which is their checksum (with `revision` where given).

    Raises:
        DamagedRow: it is not. `what` names the row in the message.
    """
    values = tuple(row[:-1])
    try:
        if tuple(row) == signed(values, revision):
            return values
    except TypeError:  # bytes where there never are any
        pass
    raise DamagedRow(f"{what} is not as it was written")


def vector_checksums(ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """One for each row of `vectors`: the sum of its 32-bit words and of its chunk's id.

    Unlike a CRC it is made for thousands of rows at once, in some milliseconds. It sees any
    change of one number, and of many unless they happen to cancel out.
    """
    words = np.ascontiguousarray(vectors, dtype=VECTOR).view(_WORD)
    sums: NDArray[np.int64] = words.sum(axis=1, dtype=np.int64)
    return sums + ids


def checked_vectors(
    rows: Sequence[tuple[int, bytes, int]], dimension: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Ids and vectors, one row each, from rows of id, vector and checksum.

    Raises:
        DamagedRow: some are not as they were written.
    """
    count = len(rows)
    try:
        ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=count)
        checksums = np.fromiter((row[2] for row in rows), dtype=np.int64, count=count)
        joined = b"".join(row[1] for row in rows)
        vectors = np.frombuffer(joined, dtype=VECTOR).reshape(count, dimension)
    except (TypeError, ValueError, OverflowError) as error:  # other sizes, or no such values
        raise DamagedRow("a vector is not as it was written") from error
    differing = np.flatnonzero(vector_checksums(ids, vectors) != checksums)
    if len(differing):
        raise DamagedRow(f"the vector of chunk {ids[differing[0]]} is not as it was written")
    return ids, vectors
