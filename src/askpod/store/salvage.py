"""What can still be had from a damaged catalog, and where it is kept meanwhile.

Only whole episodes count: one of whose rows a single one is not as it was written is lost
here, and left in the damaged file for a person to look at.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from askpod.errors import StoreDamaged, StoreUnwritable
from askpod.store.catalog import Catalog
from askpod.store.lookups import stored_meta
from askpod.store.schema import FILE, KEPT

_SUFFIXES = ("-wal", "-shm")
# Several ways to the same names: where one is damaged, another may lead around.
_NAMES = (
    "SELECT id FROM episodes ORDER BY id",
    "SELECT id FROM episodes ORDER BY id DESC",
    "SELECT DISTINCT episode_id FROM chunks",
)


@dataclass(frozen=True, slots=True)
class Held:
    """What a catalog, damaged or not, says that it holds."""

    ids: tuple[str, ...]  # of the episodes, sorted
    files: tuple[Path, ...]  # theirs that are still there
    complete: bool  # whether the list of episodes could be read to its end


def held(catalog: Catalog) -> Held:
    """Never raises StoreDamaged: of a catalog beyond reading it is empty, and not complete."""
    ids: set[str] = set()
    read = [_read(catalog, query, ids) for query in _NAMES]
    files = (_file(catalog, id_) for id_ in sorted(ids))
    return Held(tuple(sorted(ids)), tuple(path for path in files if path), complete=read[0])


def _read(catalog: Catalog, query: str, ids: set[str]) -> bool:
    """Adds what the query gives to `ids`, as far as it can be read; whether it was all."""
    try:
        with catalog.reading() as connection:
            if not stored_meta(connection):
                return False
            for (id_,) in connection.execute(query):
                ids.add(str(id_))
    except StoreDamaged:
        return False
    return True


def _file(catalog: Catalog, id_: str) -> Path | None:
    """The episode's file, if it is there; it is read anew, so the row need not be whole."""
    try:
        with catalog.reading() as connection:
            query = "SELECT path FROM episodes WHERE id = ?"
            row = connection.execute(query, (id_,)).fetchone()
        path = Path(str(row[0])) if row else None
        return path if path and path.is_file() else None
    except (StoreDamaged, StoreUnwritable, ValueError):  # or a name that no file can have
        return None


def set_aside(store: Path) -> None:
    """Keeps the damaged catalog beside where the new one will be, in place of an earlier one.

    Stopped at any point, it goes on with what is left; what a stopped rebuild began is removed.
    """
    if stopped(store):
        for suffix in ("", *_SUFFIXES):
            (store / f"{FILE}{suffix}").unlink(missing_ok=True)
        return
    if (store / KEPT).exists():  # else what is there of it was put there by a stopped rebuild
        for suffix in (*_SUFFIXES, ""):
            (store / f"{KEPT}{suffix}").unlink(missing_ok=True)
    for suffix in (*_SUFFIXES, ""):
        damaged = store / f"{FILE}{suffix}"
        if damaged.exists():
            damaged.replace(store / f"{KEPT}{suffix}")


def stopped(store: Path) -> bool:
    """Whether a rebuild has set a catalog aside and not yet put a whole one in its place."""
    if not (store / KEPT).is_file():
        return False
    if not (store / FILE).is_file():
        return True
    try:
        with closing(Catalog(store)) as catalog, catalog.reading() as connection:
            return not stored_meta(connection)
    except StoreDamaged:
        return False
