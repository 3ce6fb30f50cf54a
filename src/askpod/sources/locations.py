"""Where a feed's links lead: to the web, or to files in the folder of a local feed.

A local feed may name files beside it or below, by relative path alone; addresses are fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import httpx

from askpod.errors import FetchError
from askpod.files import read_bounded
from askpod.sources.addresses import join, shown
from askpod.sources.fetch import Fetcher

MAX_RECORDING = 2**31  # bytes: ten hours at 450 kbit/s


@dataclass(frozen=True, slots=True)
class Link:
    """Something that a feed names: its address or path, and what tells it from a newer one."""

    where: str
    version: str = ""  # of a file on this machine; on the web the address alone counts

    @property
    def identity(self) -> str:
        """The same as long as the same content is meant, as far as can be told unread."""
        return f"{self.where} {self.version}"


@dataclass(frozen=True, slots=True)
class Location:
    """What a feed's references are taken from: the web address or the folder it is in."""

    fetcher: Fetcher
    base: httpx.URL | Path

    def find(self, href: str) -> Link:
        """What a reference stands for. Raises FetchError where it may not be followed."""
        if isinstance(self.base, httpx.URL):
            return Link(join(self.base, href))
        if href.lower().startswith(("http://", "https://")):
            return Link(href)
        path = _inside(self.base, href)
        try:
            status = path.stat()
        except OSError:
            raise FetchError(f"{path}: the feed names it, and it is not there") from None
        return Link(str(path), f"{status.st_size} {status.st_mtime_ns}")

    def read(self, found: Link, limit: int) -> bytes:
        """Its content. Raises FetchError where it cannot be had within `limit` bytes."""
        if found.version:
            return read_file(Path(found.where), limit)
        return self.fetcher.get(found.where, limit).body

    def recording(self, found: Link, into: Path) -> Path:
        """Where a recording is, after it has been fetched to `into` where need be.

        Raises FetchError where it cannot be had; what has come of it stays for the next run.
        """
        if found.version:
            return Path(found.where)
        self.fetcher.download(found.where, into, MAX_RECORDING)
        return into


def _inside(folder: Path, href: str) -> Path:
    """The file in a folder that a relative reference names."""
    relative = unquote(href.partition("#")[0].partition("?")[0])
    unfit = FetchError(
        f"{shown(href)}: a local feed may only name http(s) addresses, and files in its own "
        "folder by relative path"
    )
    if ":" in relative.partition("/")[0] or "\\" in relative or not relative.isprintable():
        raise unfit
    root = folder.resolve()
    try:
        path = (root / relative).resolve()
    except (OSError, RuntimeError):  # links that lead in circles
        raise unfit from None
    if relative.startswith("/") or not path.is_relative_to(root):
        raise unfit
    return path


def read_file(path: Path, limit: int) -> bytes:
    """A local file's content. Raises FetchError."""
    try:
        return read_bounded(path, limit)
    except OSError as error:
        raise FetchError(f"{path}: cannot be read: {error.strerror}") from None
