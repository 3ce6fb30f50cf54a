"""Collections of one database on a Chroma server, and the records in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from askpod.errors import ServerError
from askpod.store.shared.client import Address, Client, NotThere
from askpod.store.vectors import EF_SEARCH

PAGE = 500  # records of one listing: one request
WRITTEN_AT_ONCE = 64  # records: about 600 kB, which the proxies before servers let through

Metadata = dict[str, Any]
Where = dict[str, Any]


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
        self._path = f"/tenants/{address.tenant}/databases/{address.database}"

    def close(self) -> None:
        self.client.close()

    def collection(self, name: str) -> Collection:
        """The collection of this name. Raises NotThere."""
        return self._collection(self.client.ask("GET", f"{self._path}/collections/{name}"))

    def make(
        self, name: str, metadata: Metadata, space: str, *, or_get: bool = False
    ) -> Collection:
        """Makes a collection; of several who try at once, one succeeds.

        Raises:
            Exists: there is one of this name, and it was not to be had instead.
        """
        configuration = {"hnsw": {"space": space, "ef_search": EF_SEARCH}}
        body = {
            "name": name,
            "metadata": metadata,
            "configuration": configuration,
            "get_or_create": or_get,
        }
        return self._collection(self.client.ask("POST", f"{self._path}/collections", body))

    def drop(self, name: str) -> None:
        """Removes the collection of this name, if there is one."""
        try:
            self.client.ask("DELETE", f"{self._path}/collections/{name}", writes=True)
        except NotThere:
            return

    def check(self) -> None:
        """Tells a database or a tenant that is not there from one that is empty.

        Raises:
            ServerError: saying which is missing, or that this is no Chroma server.
        """
        tenant, database = self.address.tenant, self.address.database
        try:
            self.client.ask("GET", f"/tenants/{tenant}")
        except NotThere:
            raise ServerError(
                f"{self.client.where}: the Chroma server has no tenant {tenant!r}; set "
                "ASKPOD_CHROMA_TENANT to one that it has"
            ) from None
        try:
            self.client.ask("GET", self._path)
        except NotThere:
            raise ServerError(
                f"{self.client.where}: the Chroma server has no database {database!r} in tenant "
                f"{tenant!r}; set ASKPOD_CHROMA_DATABASE to one that it has, or make it, as "
                "docs/server.md shows"
            ) from None

    def _collection(self, said: object) -> Collection:
        if not isinstance(said, dict) or not isinstance(said.get("id"), str):
            raise self._garbled("a collection")
        metadata = said.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise self._garbled("a collection's metadata")
        return Collection(self, said["id"], metadata)

    def _garbled(self, what: str) -> ServerError:
        return ServerError(
            f"{self.client.where}: the Chroma server gave {what} that is none; look whether "
            "ASKPOD_CHROMA_URL names a Chroma server, of version 1.0 or newer"
        )

    def ask_collection(
        self, id_: str, what: str, body: Metadata, *, writes: bool = False
    ) -> dict[str, Any]:
        """Asks something of the collection with this id."""
        said = self.client.ask(
            "POST", f"{self._path}/collections/{id_}/{what}", body, writes=writes
        )
        if not isinstance(said, dict):
            raise self._garbled("an answer")
        return said

    def change_collection(self, id_: str, body: Metadata) -> None:
        """Changes name or metadata of the collection with this id. Raises NotThere."""
        self.client.ask("PUT", f"{self._path}/collections/{id_}", body, writes=True)

    def records(self, said: dict[str, Any]) -> list[Record]:
        """The records of a listing."""
        ids = said.get("ids")
        if not isinstance(ids, list) or not all(isinstance(id_, str) for id_ in ids):
            raise self._garbled("a list of records")
        columns = []
        for name in ("embeddings", "documents", "metadatas"):
            column = said.get(name) or [None] * len(ids)
            if not isinstance(column, list) or len(column) != len(ids):
                raise self._garbled("a list of records")
            columns.append(column)
        return [
            Record(id_, vector or (), text or "", metadata)
            for id_, vector, text, metadata in zip(ids, *columns, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection, whatever its name is now: requests go by its id."""

    database: Database
    id: str
    metadata: Metadata

    def with_metadata(self, **changes: str | int) -> Collection:
        """With these changes in its metadata, which the server takes all at once."""
        changed = replace(self, metadata=self.metadata | changes)
        self.database.change_collection(self.id, {"new_metadata": changed.metadata})
        return changed

    def rename(self, name: str) -> None:
        """Raises NotThere where somebody has removed it."""
        self.database.change_collection(self.id, {"new_name": name})

    def get(self, ids: Sequence[str], *include: str) -> dict[str, Record]:
        """Those of the records that are there, with what is named: "documents", "metadatas" …"""
        found: dict[str, Record] = {}
        for begin in range(0, len(ids), PAGE):
            body = {"ids": list(ids[begin : begin + PAGE]), "include": list(include)}
            said = self.database.ask_collection(self.id, "get", body)
            found.update((record.id, record) for record in self.database.records(said))
        return found

    def select(self, where: Where) -> list[Record]:
        """The records that match, with their metadata; at most PAGE of them."""
        body = {"where": where, "include": ["metadatas"], "limit": PAGE}
        return self.database.records(self.database.ask_collection(self.id, "get", body))

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
        said = self.database.ask_collection(self.id, "query", body)
        try:
            [found], [distances] = said["ids"], said["distances"]
            return {
                str(id_): 1 - float(distance)
                for id_, distance in zip(found, distances, strict=True)
            }
        except (KeyError, TypeError, ValueError):
            raise ServerError(
                f"{self.database.client.where}: the Chroma server gave no neighbours"
            ) from None

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
            self.database.ask_collection(self.id, "upsert", body, writes=True)

    def delete(self, where: Where) -> None:
        """Removes the records that match."""
        self.database.ask_collection(self.id, "delete", {"where": where}, writes=True)
