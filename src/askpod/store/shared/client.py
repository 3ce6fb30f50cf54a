"""Collections of one database on a Chroma server, by its documented HTTP interface (version 2).

Chroma's own client waits for ever (its timeout cannot be set), takes half a second to import and
turns a refused token into a bare Exception. Here each request is bounded in time and size, tried
again where that may help, and fails with what to do. No message, and no chain of exceptions,
holds the token. No redirect is followed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import httpx

from askpod.errors import ArchiveClosed, ServerError
from askpod.parsing import ParseError, parse_json
from askpod.services.endpoints import excerpt, secret, where
from askpod.services.limits import PASSING, BoundedClient, Response
from askpod.services.retry import Retries
from askpod.store.vectors import EF_SEARCH, Record, Vectors, Where, columns

PAGE = 500  # records of one listing: one request
WRITTEN_AT_ONCE = 64  # records: about 600 kB, which the proxies before servers let through

TOKEN = "ASKPOD_CHROMA_TOKEN"  # noqa: S105 (the variable's name)

TRIES = 3
FIRST_WAIT = 0.5  # seconds before the first retry, doubled for the next
PATIENCE = 20.0  # seconds after which no further try begins
READ_SECONDS = 10.0  # without a byte
WRITE_SECONDS = 30.0  # the server may put its graph on the disk meanwhile
CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 90.0  # that one response may take in all
MOST_BYTES = 64_000_000  # of one response, unpacked; a page of the longest vectors takes half

_LOOK = "look whether ASKPOD_CHROMA_URL names a Chroma server, of version 1.0 or newer"
_LATER = "What was finished is kept: run the same command again later"
_TODO = {
    "certificate": "; name the file of its root in ASKPOD_CHROMA_CA",
    "tls": "; http or https?",
    "connection": "; start it, or correct ASKPOD_CHROMA_URL",
}
_REFUSALS = {
    413: "refuses a request as too large (413); raise the limit of the server, or of the proxy "
    "before it, to 4 MB",
    **dict.fromkeys(
        (*range(200, 300), 404, 405, 410),
        f"does not answer as Chroma's interface version 2 does; {_LOOK}",
    ),
    **dict.fromkeys(
        range(300, 400), "redirects to another address; name that one in ASKPOD_CHROMA_URL"
    ),
}


Metadata = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and where on it the archive is. Without the token."""

    url: str
    tenant: str
    database: str
    ca: Path | None = None  # root certificates; None: the system's

    def __str__(self) -> str:
        return f"{where(self.url)} (database {self.database!r} of tenant {self.tenant!r})"


class NotThere(ServerError):
    """What a request was about does not exist."""


class Exists(ServerError):
    """What was to be made exists already."""


class Database:
    """One database of a server. Safe for several threads."""

    def __init__(self, address: Address) -> None:
        """Connects at the first request.

        Raises:
            ServerError: the token or the file of root certificates cannot be used.
        """
        self.address = address
        self.where = where(address.url)
        self._path = f"/tenants/{address.tenant}/databases/{address.database}"
        self.collections = f"{self._path}/collections"
        self._token = secret(TOKEN, "token", ServerError)
        headers = {"Accept": "application/json"}
        if self._token:  # as a proxy in front of a server of one's own, and as Chroma's cloud asks
            headers |= {"Authorization": f"Bearer {self._token}", "X-Chroma-Token": self._token}
        try:
            self._client = BoundedClient(f"{self.where}/api/v2", headers, MOST_BYTES, address.ca)
        except OSError as error:  # those of TLS, too
            raise ServerError(
                f"ASKPOD_CHROMA_CA: {address.ca} holds no certificates that can be read ({error})"
            ) from None
        self.close = self._client.close

    def collection(self, name: str) -> Collection:
        """The collection of this name. Raises NotThere."""
        return self._collection(self.ask("GET", f"{self.collections}/{name}"))

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
        return self._collection(self.ask("POST", self.collections, body))

    def check(self) -> None:
        """Tells a database or a tenant that is not there from one that is empty.

        Raises:
            ServerError: saying which is missing, or that this is no Chroma server.
        """
        tenant, database = self.address.tenant, self.address.database
        no_tenant = f"tenant {tenant!r}; set ASKPOD_CHROMA_TENANT to one that it has"
        no_database = (
            f"database {database!r} in tenant {tenant!r}; set ASKPOD_CHROMA_DATABASE to one that "
            "it has, or make it, as docs/server.md shows"
        )
        for path, missing in ((f"/tenants/{tenant}", no_tenant), (self._path, no_database)):
            try:
                self.ask("GET", path)
            except NotThere:
                raise self._error(f"has no {missing}") from None

    def garbled(self, what: str) -> ServerError:
        """The error for an answer that is not what was asked for."""
        return self._error(f"gave {what} that is none; {_LOOK}")

    def _collection(self, said: Any) -> Collection:  # noqa: ANN401 (what the server says)
        try:
            return Collection(self, str(said["id"]), dict(said["metadata"] or {}))
        except (KeyError, TypeError, ValueError):
            raise self.garbled("a collection") from None

    def ask(
        self,
        method: Literal["GET", "POST", "PUT", "DELETE"],
        path: str,
        body: object = None,
        *,
        writes: bool = False,
    ) -> Any:  # noqa: ANN401 (what the server says)
        """What the server answers, as JSON. Every request may be sent twice without harm.

        Raises:
            NotThere, Exists: it says so.
            ArchiveClosed: `close` has been called.
            ServerError: it is down, slow, refuses the token, is none of Chroma's, or fails.
        """
        retries = Retries(PATIENCE, TRIES, FIRST_WAIT)
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        timeout = httpx.Timeout(WRITE_SECONDS if writes else READ_SECONDS, connect=CONNECT_SECONDS)
        path = quote(path, safe="/?=&")
        answer = self._client.send(method, path, content, timeout, WHOLE_SECONDS, retries)
        if isinstance(answer, Response):
            value = _value(answer.body)
            if 200 <= answer.status < 300 and not isinstance(value, bytes):
                return value
            what = self._refusal(answer.status, value)
        elif answer.about == "closed":
            raise ArchiveClosed(self.address)
        else:
            what = f"{answer.what}{_TODO.get(answer.about, '')}"
        if answer.passing:
            what += f". {_LATER} ({retries.tried})"
        raise self._error(what)

    def _refusal(self, status: int, value: object) -> str:
        """What an answer means that is no success. Raises NotThere or Exists."""
        words = _words(value)
        removed = status == 412 and "Missing" in words  # this instant, by another request
        if (removed or status in (404, 409)) and isinstance(value, dict) and "error" in value:
            raise (Exists if status == 409 else NotThere)(f"{self.where}: {words}")
        if status in (401, 403):
            done = f"refuses the token in {TOKEN}" if self._token else "asks for a token"
            return f"{done} ({status}); set {TOKEN} to one that it takes"
        what = "failed" if status in PASSING else "refused a request"
        return _REFUSALS.get(status, f"{what} ({status}{words and f': {words}'})")

    def _error(self, what: str) -> ServerError:
        return ServerError(f"{self.where}: the Chroma server {what}")


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
        self.database.ask("DELETE", f"{self.database.collections}/{name}", writes=True)

    def get(self, ids: Sequence[str], *include: str) -> dict[str, Record]:
        """Those of the records that are there, with what is named ("documents", "metadatas")."""
        found: dict[str, Record] = {}
        for begin in range(0, len(ids), PAGE):
            wanted = {"ids": list(ids[begin : begin + PAGE]), "include": include}
            found |= {record.id: record for record in self._records(wanted)}
        return found

    def select(self, where: Where) -> list[Record]:
        """The records that match, with their metadata; at most PAGE of them."""
        return self._records({"where": where, "include": ["metadatas"], "limit": PAGE})

    def nearest(self, vector: Vectors, count: int, where: Where | None) -> dict[str, float]:
        """The records with the greatest inner product with a vector, by id, greatest first."""
        body = {"query_embeddings": [vector.tolist()], "n_results": count, "include": ["distances"]}
        body |= {"where": where} if where else {}
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
            batch = columns(records[begin : begin + WRITTEN_AT_ONCE])
            self._ask("upsert", batch, writes=True)

    def delete(self, where: Where) -> None:
        """Removes the records that match."""
        self._ask("delete", {"where": where}, writes=True)

    def _ask(self, what: str, body: Metadata, *, writes: bool = False) -> Any:  # noqa: ANN401
        path = f"{self.database.collections}/{self.id}/{what}"
        return self.database.ask("POST", path, body, writes=writes)

    def _change(self, body: Metadata) -> None:
        path = f"{self.database.collections}/{self.id}"
        self.database.ask("PUT", path, body, writes=True)

    def _records(self, wanted: Metadata) -> list[Record]:
        said = self._ask("get", wanted)
        try:
            ids, nothing = said["ids"], [None] * len(said["ids"])
            columns = (said.get(it) or nothing for it in ("documents", "metadatas"))
            return [
                Record(str(id_), text=text or "", metadata=metadata)
                for id_, text, metadata in zip(ids, *columns, strict=True)
            ]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self.database.garbled("a list of records") from None


def _value(body: bytes) -> object:
    """The JSON of a body; the body itself where it is none."""
    try:
        return parse_json(body, max_depth=None) if body else None
    except ParseError:
        return body


def _words(value: object) -> str:
    """What the server said of it, in a few harmless words."""
    said = value.get("message") if isinstance(value, dict) else value
    if isinstance(said, bytes):
        said = said.decode(errors="replace")
    return excerpt(said) if isinstance(said, str) else ""
