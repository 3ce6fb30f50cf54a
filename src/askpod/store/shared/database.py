"""Collections of one database on a Chroma server, and the records in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from askpod.errors import ServerError
from askpod.store.shared.client import Address, Client, NotThere
from askpod.store.vectors import EF_SEARCH, Where

PAGE = 500  # records of one listing: one request
WRITTEN_AT_ONCE = 64  # records: about 600 kB, which the proxies before servers let through

Metadata = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One record. What was not asked for is empty."""

    id: str
    vector: Sequence[float] = ()
    text: str = ""
    metadata: Metadata | None = None


class Database:
    """One database of a server."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.client = Client(address)
        self.close = self.client.close
        self._path = f"/tenants/{address.tenant}/databases/{address.database}"
        self.collections = f"{self._path}/collections"

    def collection(self, name: str) -> Collection:
        """The collection of this name. Raises NotThere."""
        return self._collection(self.client.ask("GET", f"{self.collections}/{name}"))

    def make(
        self, name: str, metadata: Metadata, space: str, *, or_get: bool = False
    ) -> Collection:
        """Makes a collection; of several who try at once, one succeeds.

        Raises:
            Exists: there is one of this name, and it was not to be had instead.
        """
        body = {
            "name": name,
            "metadata": metadata,
            "configuration": {"hnsw": {"space": space, "ef_search": EF_SEARCH}},
            "get_or_create": or_get,
        }
        return self._collection(self.client.ask("POST", self.collections, body))

    def check(self) -> None:
        """Tells a database or a tenant that is not there from one that is empty.

        Raises:
            ServerError: saying which is missing, or that this is no Chroma server.
        """
        tenant, database = self.address.tenant, self.address.database
        for path, missing in (
            (
                f"/tenants/{tenant}",
                f"tenant {tenant!r}; set ASKPOD_CHROMA_TENANT to one that it has",
            ),
            (
                self._path,
                f"database {database!r} in tenant {tenant!r}; set ASKPOD_CHROMA_DATABASE to one "
                "that it has, or make it, as docs/server.md shows",
            ),
        ):
            try:
                self.client.ask("GET", path)
            except NotThere:
                raise ServerError(
                    f"{self.client.where}: the Chroma server has no {missing}"
                ) from None

    def garbled(self, what: str) -> ServerError:
        """The error for an answer that is not what was asked for."""
        return ServerError(
            f"{self.client.where}: the Chroma server gave {what} that is none; look whether "
            "ASKPOD_CHROMA_URL names a Chroma server, of version 1.0 or newer"
        )

    def _collection(self, said: Any) -> Collection:  # noqa: ANN401 (what the server says)
        try:
            return Collection(self, str(said["id"]), dict(said["metadata"] or {}))
        except (KeyError, TypeError, ValueError):
            raise self.garbled("a collection") from None


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection, whatever its name is now: requests go by its id."""

    database: Database
    id: str
    metadata: Metadata

    def with_metadata(self, **changes: str | int) -> Collection:
        """With these changes in its metadata, which the server takes all at once."""
        changed = replace(self, metadata=self.metadata | changes)
        self._change({"new_metadata": changed.metadata})
        return changed

    def put_away(self, name: str) -> None:
        """Removes it under another name, which frees its own for others at once.

        Raises:
            NotThere: somebody else has done so.
        """
        self._change({"new_name": name})
        self.database.client.ask("DELETE", f"{self.database.collections}/{name}", writes=True)

    def get(self, ids: Sequence[str], *include: str) -> dict[str, Record]:
        """Those of the records that are there, with what is named: "documents", "metadatas" …"""
        found: dict[str, Record] = {}
        for begin in range(0, len(ids), PAGE):
            wanted = {"ids": list(ids[begin : begin + PAGE]), "include": include}
            found |= {record.id: record for record in self._records(wanted)}
        return found

    def select(self, where: Where) -> list[Record]:
        """The records that match, with their metadata; at most PAGE of them."""
        return self._records({"where": where, "include": ["metadatas"], "limit": PAGE})

    def nearest(
        self,
        vector: Sequence[float],
        count: int,
        *,
        where: Where | None = None,
        ids: Sequence[str] | None = None,
    ) -> dict[str, float]:
        """The records with the greatest inner product with a vector, by id, greatest first."""
        body = {"query_embeddings": [list(vector)], "n_results": count, "include": ["distances"]}
        body |= {"where": where} if where else {}
        body |= {"ids": list(ids)} if ids is not None else {}
        said = self._ask("query", body)
        try:
            [found], [distances] = said["ids"], said["distances"]
            pairs = zip(found, distances, strict=True)
            return {str(id_): 1 - float(distance) for id_, distance in pairs}
        except (KeyError, TypeError, ValueError):
            raise self.database.garbled("neighbours") from None

    def write(self, records: Sequence[Record]) -> None:
        """Adds records, or replaces those that have their ids."""
        for begin in range(0, len(records), WRITTEN_AT_ONCE):
            batch = records[begin : begin + WRITTEN_AT_ONCE]
            body = {
                "ids": [record.id for record in batch],
                "embeddings": [list(record.vector) for record in batch],
                "documents": [record.text for record in batch],
                "metadatas": [record.metadata for record in batch],
            }
            self._ask("upsert", body, writes=True)

    def delete(self, where: Where) -> None:
        """Removes the records that match."""
        self._ask("delete", {"where": where}, writes=True)

    def _ask(self, what: str, body: Metadata, *, writes: bool = False) -> Any:  # noqa: ANN401
        path = f"{self.database.collections}/{self.id}/{what}"
        return self.database.client.ask("POST", path, body, writes=writes)

    def _change(self, body: Metadata) -> None:
        path = f"{self.database.collections}/{self.id}"
        self.database.client.ask("PUT", path, body, writes=True)

    def _records(self, wanted: Metadata) -> list[Record]:
        said = self._ask("get", wanted)
        try:
            ids, nothing = said["ids"], [None] * len(said["ids"])
            columns = (said.get(it) or nothing for it in ("embeddings", "documents", "metadatas"))
            return [
                Record(str(id_), vector or (), text or "", metadata)
                for id_, vector, text, metadata in zip(ids, *columns, strict=True)
            ]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self.database.garbled("a list of records") from None
