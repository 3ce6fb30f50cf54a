"""From a file to its text: reads the bytes, and decodes them where there is no doubt how.

UTF-8, and UTF-16 with its byte order mark. Captions and plain text are often older than
UTF-8: there Windows-1252 is taken for the rest, unless NUL bytes show that the file is no text,
and that is reported. Everything else is refused.
"""

from __future__ import annotations

import codecs
import stat
from pathlib import Path

from askpod.errors import ReadError
from askpod.readers.limits import MAX_BYTES, MEGABYTE
from askpod.readers.log import FaultLog

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MAY_BE_WINDOWS = frozenset({".srt", ".vtt", ".txt"})


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises ReadError where it cannot be read, or is no sane text file."""
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            raise ReadError(path, "is not a file; name a transcript file or a folder of them")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error}); check the file and its permissions"
        raise ReadError(path, problem) from None
    if len(data) > MAX_BYTES:
        raise ReadError(
            path, f"is larger than {MAX_BYTES // MEGABYTE} MB; split it or leave it out"
        )
    return data


def decode(path: Path, data: bytes, log: FaultLog) -> str:
    """The text of a file's bytes, without a byte order mark. Raises ReadError where it is none."""
    if data.startswith(_UTF16):
        return _utf16(path, data)
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if path.suffix.lower() not in _MAY_BE_WINDOWS or b"\0" in data:
            raise ReadError(
                path,
                f"is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x};"
                " save the file as UTF-8",
                line=line,
            ) from None
    log.add(line, "encoding", "not UTF-8: read as Windows-1252")
    # Five bytes stand for nothing in Windows-1252: they become U+FFFD, which can be seen.
    return data.removeprefix(codecs.BOM_UTF8).decode("cp1252", errors="replace")


def _utf16(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise ReadError(
            path,
            f"begins as UTF-16 text but is not: byte {error.start} is damaged;"
            " fetch it again, or save the file as UTF-8",
        ) from None
