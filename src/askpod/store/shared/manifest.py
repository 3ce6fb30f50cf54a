"""The manifest of an archive on the server: what made it, and how far it has come.

It is kept in the metadata of the collection of episodes, which the server changes as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from askpod.embedding.contextual import recipe
from askpod.errors import ArchiveNotFound, ServerError, StoreMismatch
from askpod.store.schema import Stamp
from askpod.store.shared.client import Address, Collection, Database, Exists, NotThere
from askpod.store.shared.records import CHUNKS, EPISODES
from askpod.store.vectors import about

LAYOUT = 3  # of the records on the server; the replica's format is its own


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was read of it, at one instant."""

    collection: Collection  # of the episodes
    archive: str  # its id, of this one archive for ever
    revision: int  # a number that every commit raises
    pending: str  # the episode whose records a writer is changing; "" where none is
    stamp: Stamp

    @classmethod
    def read(cls, database: Database) -> Manifest:
        """The manifest of the archive in a database.

        Raises:
            ArchiveNotFound: the database holds none.
            ServerError: there is no such database, or the collection is not askpod's.
        """
        try:
            return cls.of(database.collection(EPISODES))
        except NotThere:
            database.check()
        raise ArchiveNotFound(
            f"{database.address}: no archive there yet. Make one with `askpod index PATH…`, or "
            "name the database of an existing one (ASKPOD_CHROMA_DATABASE)."
        )

    @classmethod
    def of(cls, collection: Collection) -> Manifest:
        """What the metadata of a collection says. Raises as `read`."""
        known, address = collection.metadata, collection.database.address
        try:
            layout = int(known["askpod"])
            if layout != LAYOUT:
                raise StoreMismatch(
                    f"{address}: the archive there has layout {layout}, made by another version of "
                    f"askpod; this one reads layout {LAYOUT}. Use the same version on all machines"
                )
            stamp = Stamp(str(known["embedder"]), int(known["dimension"]), str(known["chunking"]))
            archive, pending = str(known["archive"]), str(known["pending"])
            return cls(collection, archive, int(known["revision"]), pending, stamp)
        except (KeyError, TypeError, ValueError):
            raise ServerError(
                f"{address}: its collection {EPISODES!r} is not one that askpod made; name another "
                "database (ASKPOD_CHROMA_DATABASE)"
            ) from None

    def check(self, stamp: Stamp) -> None:
        """Raises StoreMismatch where this machine's settings would make another archive."""
        made = self.collection.metadata
        differing = stamp.differing(made)
        if not differing and made.get("vectors") != recipe():
            differing = f"vectors {made.get('vectors')!r}, now {recipe()!r}"
        if differing:
            raise StoreMismatch(
                f"{self.collection.database.address}: the archive there was made with {differing}. "
                "Go back to the settings that it was made with, or index into another database "
                "(ASKPOD_CHROMA_DATABASE, and another --store)."
            )


def found(database: Database, stamp: Stamp) -> Manifest:
    """The manifest of a new archive in a database; of the one there, if somebody was quicker."""
    begun = {"askpod": LAYOUT, "archive": uuid4().hex, "revision": 0, "pending": ""}
    try:
        chunks_of(database, stamp.embedder)
        metadata = begun | stamp.values() | {"vectors": recipe()}
        return Manifest.of(database.make(EPISODES, metadata, "l2"))
    except Exists:
        return Manifest.of(database.collection(EPISODES))
    except NotThere:
        database.check()
        raise


def chunks_of(database: Database, embedder: str) -> Collection:
    """The collection of chunks, made where it is not there."""
    return database.make(CHUNKS, about(embedder), "ip", or_get=True)


def other_archive(address: Address, store: str) -> StoreMismatch:
    """The error for a replica of an archive that is not the one on the server."""
    return StoreMismatch(
        f"{store}: this folder holds a replica of another archive than {address}. Name another "
        "folder (--store, ASKPOD_STORE) for this one, or correct ASKPOD_CHROMA_URL and "
        "ASKPOD_CHROMA_DATABASE; a replica that is no longer wanted can be deleted"
    )
