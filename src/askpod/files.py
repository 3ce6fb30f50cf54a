"""Files: written completely or not at all, read only if not too large; and names for them."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from askpod.errors import StoreUnwritable

PRIVATE = 0o600  # mode of what is nobody else's to read
INCOMING = ".incoming"  # in a folder: what is not finished, or not checked yet
_PIECE = 2**24  # bytes that are read at once: between pieces a thread waits for Python's lock
MOST_NAME_BYTES = 120  # of a title in a name; file systems take 255 in all


def write_atomically(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Puts a file in the place of what was there, in one step, making its folder if need be.

    It is written under another name, flushed to the disk and renamed: neither a kill at any
    instant nor another writer of the same file leaves half of it. `mode` is less what the user's
    umask takes away. Raises OSError: it cannot be written; what was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.tmp")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(temporary, flags, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def read_bounded(path: Path, most: int) -> bytes:
    """The bytes of a regular file: a pipe or a device might never end, or hang.

    Raises OSError: it cannot be read, is no regular file, a link to nothing, or has more than
    `most` bytes; its `strerror` says which.
    """
    if links_to_nothing(path):
        raise OSError(errno.ENOLINK, "is a link to a file that is not there", str(path))
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"is larger than {most:,} bytes", str(path))
    return data


def content_checksum(paths: Iterable[Path]) -> int:
    """Of what is in files, one after the other. Raises OSError where one cannot be read."""
    total = 0
    for path in paths:
        with path.open("rb") as file:
            for piece in iter(partial(file.read, _PIECE), b""):
                total = zlib.crc32(piece, total)
    return total


def copy_to_write(folder: Path, copy: Path) -> None:
    """Copies a folder; the copy may be written to, whatever holds for its original.

    Raises OSError: there is no room, or the original was replaced meanwhile.
    """
    for file in folder.rglob("*"):
        if file.is_file():
            target = copy / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def links_to_nothing(path: Path) -> bool:
    """Whether it is a link whose target is not there: its disk is not mounted, nothing is missing.

    Raises OSError where the system will not look: a loop of links, a name that is too long.
    """
    return path.is_symlink() and not path.exists()


def append_line(path: Path, line: bytes) -> None:
    """Adds a line, given without its end, to a journal that only the user may read.

    It is on the disk when this returns. A part of a line at the end, which a power cut can leave,
    is cut off first. Raises OSError: it cannot be written; the lines before it stay.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE)
    try:
        end = _end_of_lines(handle)
        os.ftruncate(handle, end)
        left = line + b"\n"
        try:
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
        except BaseException:
            os.ftruncate(handle, end)
            raise
    finally:
        os.close(handle)


def _end_of_lines(handle: int) -> int:
    """Where the last complete line of an open file ends."""
    size = os.fstat(handle).st_size
    if not size or os.pread(handle, 1, size - 1) == b"\n":
        return size
    return os.pread(handle, size, 0).rfind(b"\n") + 1


@contextmanager
def usable(folder: Path) -> Iterator[None]:
    """Turns the system's errors about a folder's files into one that says what to do."""
    try:
        yield
    except OSError as error:
        raise unusable(folder, error.strerror or str(error)) from error


@contextmanager
def writable(folder: Path, problem: str, todo: str) -> Iterator[None]:
    """Turns the system's errors into one that says what cannot be written, and what to do."""
    try:
        yield
    except OSError as error:
        what = f"{folder}: {problem} ({error.strerror or error}); {todo}"
        raise StoreUnwritable(what) from error


def unusable(path: Path, what: str) -> StoreUnwritable:
    """The error for a store that cannot be read or written."""
    return StoreUnwritable(
        f"{path}: the store cannot be used: {what}. Check the folder's permissions and the space "
        "left, then run the same command again; what was finished is kept."
    )


def slug(text: str, most: int = MOST_NAME_BYTES) -> str:
    """Letters and digits in lower case, joined by dashes, in at most `most` bytes of UTF-8."""
    folded = unicodedata.normalize("NFKC", text[:1000]).casefold().replace("'", "").replace("’", "")
    # Marks are part of a letter: of an accent, of a vowel in Hindi.
    plain = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    words = unicodedata.normalize("NFC", "-".join(plain.split()))
    if len(words.encode()) <= most:
        return words
    cut = words.encode()[:most].decode(errors="ignore")
    return cut.rpartition("-")[0] if "-" in cut[most // 3 :] else cut


def folder_name(readable: str, exact: str) -> str:
    """The name of a folder: to be read by people, and no other's whose `exact` name differs."""
    digest = hashlib.sha256(exact.encode("utf-8", "replace")).hexdigest()[:8]
    return "-".join(part for part in (slug(readable, 60), digest) if part)


def readable(value: object) -> str:
    """As text that can be printed: bytes of a path that are not UTF-8 become escapes."""
    return str(value).encode(errors="backslashreplace").decode()
