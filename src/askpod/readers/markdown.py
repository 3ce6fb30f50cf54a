"""Takes the markup out of what is said in Markdown: the words stand as they are shown.

Clocks, and names at the beginning of a line, keep their marks: by these they are known
(`clocked_lines`). No line is added or taken away.
"""

from __future__ import annotations

import re

from askpod.readers.text import unescape

_CLOCK = r"(?![\[(]?\d{1,3}:\d\d)"  # none follows
_IMAGE = re.compile(r"!\[[^\[\]\n]{0,300}\]\([^()\n]{0,1000}\)")
_LINK = re.compile(
    rf"(?<!\\)\[{_CLOCK}(?P<text>[^\[\]\n]{{1,300}})\]"
    r"\(\s?(?:https?:|mailto:|[/#.])(?:[^()\s]|\([^()\s]{0,300}\)){0,1000}(?:\s[^()\n]{0,300})?\)"
)
_ADDRESS = re.compile(r"<(https?://[^\s<>]{1,1000})>")
_NOTE = re.compile(r"^\[\^[^\[\]\s]{1,40}\]:.*")  # a footnote, below the speech
_NOTED = re.compile(r"\[\^[^\[\]\s]{1,40}\]")
_COMMENT = re.compile(r"<!--[^<\n]{0,1000}-->")
_EMPHASIS = re.compile(
    rf"(?<![\w\\*_`~])(?P<mark>\*\*\*|\*\*|\*|___|__|_|~~|`){_CLOCK}(?=[^\s*_`~])"
    r"(?P<text>[^*_`~\n]{1,300})(?<=\S)(?P=mark)(?![\w*_`~])"
)
_WORD = re.compile(r"[^\W_]")
_MARKS = re.compile(r"[*_`~&<\\]|\]\(|\[\^")


def shown(text: str) -> str:
    """The text of a Markdown file without links' addresses, images, notes, emphasis, entities."""
    return "\n".join(_shown(line) if _MARKS.search(line) else line for line in text.split("\n"))


def _shown(written: str) -> str:
    line = _COMMENT.sub("", _IMAGE.sub("", _NOTE.sub("", written)))
    line = _ADDRESS.sub(r"\1", _LINK.sub(r"\g<text>", _NOTED.sub("", line)))
    first = _WORD.search(line)
    if first is not None:
        begin = first.end()  # what is emphasised at the beginning may be a name
        line = _EMPHASIS.sub(lambda m: m["text"] if m.start() >= begin else m[0], line)
    return unescape(line.removesuffix("\\"))
