"""A large file that comes in parts: what has come stays after a stop, and is not asked for again.

The rest is asked for by a range, on the condition that the file is still the one that was begun
(`If-Range`); where the server gives no mark to tell that by, it comes anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from askpod.files import PRIVATE, write_atomically
from askpod.services.limits import NotUnpacked, Unpacker

MOST_MARK = 500  # characters of an ETag or a date
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(?:\d{1,18}|\*)")


class PartialFile:
    """The file at `path`, as far as it has come; it has its name when it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(f"{path.name}.part")
        self._mark = path.with_name(f"{path.name}.mark")

    def headers(self) -> dict[str, str]:
        """What asks for the part that is missing; nothing where all of it is."""
        try:
            size, mark = self._part.stat().st_size, self._mark.read_text("ascii")
        except (OSError, UnicodeDecodeError):
            return {}
        return {"Range": f"bytes={size}-", "If-Range": mark} if size and mark else {}

    def write(
        self, status: int, headers: Mapping[str, str], pieces: Iterable[bytes], limit: int
    ) -> None:
        """Writes a response, whole (200) or the rest (206), and names the file when it has ended.

        Raises:
            TooLarge: it has more than `limit` bytes in all.
            NotUnpacked: it cannot be unpacked, or is not the part that was asked for.
            OSError: it cannot be written.
        """
        begin = self._goes_on_at(headers) if status == 206 else self._starts(headers)
        unpacker = Unpacker.of(headers, limit - begin)
        handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
        with os.fdopen(handle, "ab") as file:
            for piece in unpacker.all_of(pieces):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        self._part.replace(self.path)
        self._mark.unlink(missing_ok=True)

    def forget(self) -> None:
        """Removes what has come."""
        for path in (self.path, self._part, self._mark):
            path.unlink(missing_ok=True)

    def _goes_on_at(self, headers: Mapping[str, str]) -> int:
        size = self._part.stat().st_size
        found = _RANGE.match(headers.get("content-range", ""))
        if not found or int(found[1]) != size:
            self.forget()
            raise NotUnpacked("comes as another part than was asked for")
        return size

    def _starts(self, headers: Mapping[str, str]) -> int:
        self._part.unlink(missing_ok=True)
        mark = headers.get("etag", "")
        if mark.startswith("W/") or not mark:
            mark = headers.get("last-modified", "")
        usable = mark.isascii() and mark.isprintable() and len(mark) <= MOST_MARK
        packed = headers.get("content-encoding", "").strip().lower() not in ("", "identity")
        write_atomically(self._mark, (mark if usable and not packed else "").encode(), mode=PRIVATE)
        return 0
