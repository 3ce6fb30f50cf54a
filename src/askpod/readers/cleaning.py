"""Makes text safe to show and to compare, without changing a word of it.

Folds runs of white space, removes characters that nobody can see and that can trick a
terminal or a reader, and undoes double encoding where there can be no doubt about it.
"""

from __future__ import annotations

import html
import re

from askpod.text import without_hidden


def clean(text: str) -> tuple[str, bool, bool]:
    """The text tidied, whether mojibake was mended, and whether invisibles were removed."""
    mended = mend_mojibake(text)
    visible = without_hidden(mended)
    return " ".join(visible.split()), mended != text, visible != mended


# Bounded: html.unescape by itself fails on a reference of some thousand digits.
_REFERENCE = re.compile("&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")


def unescape(text: str) -> str:
    """The text with character references such as `&amp;` and `&#8217;` read."""
    return _REFERENCE.sub(lambda match: html.unescape(match.group()), text)


def mend_mojibake(text: str) -> str:
    """Undo UTF-8 that was read as Windows-1252, only where the result is certain.

    A single sequence counts as certain where its first characters never meet in real
    text (`â€™`, `Ã©`, `ðŸ˜€`); any other one only beside a second one of its kind, since
    `é’”` or `ß“` may well end a quotation.
    """
    if text.isascii():
        return text
    return _MOJIBAKE.sub(lambda match: _decoded(match.group()), text)


def _windows_character(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)  # five bytes have no character; browsers keep them as they are


_TO_BYTE = {_windows_character(byte): byte for byte in range(0x80, 0x100)}


def _class(first: int, last: int) -> str:
    return "[" + re.escape("".join(_windows_character(b) for b in range(first, last + 1))) + "]"


_NEXT = _class(0x80, 0xBF)
_ANY = (
    f"(?:{_class(0xC2, 0xDF)}{_NEXT}|{_class(0xE0, 0xEF)}{_NEXT}{{2}}"
    f"|{_class(0xF0, 0xF4)}{_NEXT}{{3}})"
)
_CERTAIN = f"(?:[ÂÃ]{_NEXT}|â[€‚„†ˆ‰]{_NEXT}|ðŸ{_NEXT}{{2}}|ï»¿)"
_MOJIBAKE = re.compile(f"{_ANY}{{2,}}|{_CERTAIN}")


def _decoded(run: str) -> str:
    try:
        return bytes(_TO_BYTE[character] for character in run).decode("utf-8")
    except UnicodeDecodeError:
        return run
