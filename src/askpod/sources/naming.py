"""Names for what is fetched: told by date and title, no longer than file systems take, harmless.

A name holds letters, digits and dashes alone, so it cannot leave its folder, and is never one
that Windows keeps to itself: it has a date or a digest in it.
"""

from __future__ import annotations

import hashlib
import unicodedata

from askpod.sources.feed import Item

MOST_BYTES = 120  # of a title in a name; file systems take 255 in all


def slug(text: str, most: int = MOST_BYTES) -> str:
    """Letters and digits in lower case, joined by dashes, in at most `most` bytes of UTF-8."""
    folded = unicodedata.normalize("NFKC", text[:1000]).casefold().replace("'", "").replace("’", "")
    # Marks are part of a letter: of an accent, of a vowel in Hindi.
    plain = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    words = unicodedata.normalize("NFC", "-".join(plain.split()))
    if len(words.encode()) <= most:
        return words
    cut = words.encode()[:most].decode(errors="ignore")
    return cut.rpartition("-")[0] if "-" in cut[most // 3 :] else cut


def source_folder(readable: str, exact: str) -> str:
    """The name of a source's folder: to be read by people, and no other source's."""
    digest = hashlib.sha256(exact.encode("utf-8", "replace")).hexdigest()[:8]
    return "-".join(part for part in (slug(readable, 60), digest) if part)


def episode_name(item: Item, taken: set[str]) -> str:
    """A name for the item's files that is not in `taken`."""
    title = slug(item.title)
    name = "-".join(part for part in (item.date or "", title) if part)
    if item.date and title and name not in taken:
        return name
    # Neither a date nor a title alone tells an episode from others.
    return next(
        longer
        for digits in range(6, len(item.key) + 1)
        if (longer := f"{name}-{item.key[:digits]}".lstrip("-")) not in taken
    )
