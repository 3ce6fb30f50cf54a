"""Signs that another speaker begins, who is not named: each as one of two.

A tool's own sign, and a dash alone, become `>>`. Dashes before what is said are signs where two
lines of a caption have one, or where in several captions one begins a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from askpod.readers.cues import Cue
from askpod.readers.text import ends_sentence

TURN = "[SPEAKER_TURN]"  # another speaker begins behind it, as whisper.cpp writes it
DASHED = "\x1e"  # stands for a dash with which another speaker begins
_TURN = re.compile(r"\[SPEAKER[_ ]TURN\]|^[ \t]*[-–—]{1,2}[ \t]*(?:\n|\Z)", re.IGNORECASE | re.M)
_DASH = re.compile(r"^[ \t]*+[-–—]++[ \t]*+(?=(?P<said>\S))", re.MULTILINE)
_DASH_AGAIN = re.compile(r"(?<=[.?!…]) [-–—] ?(?=[^\W\d_])")  # in a line that a dash opens


def with_signs(cues: Sequence[Cue]) -> Sequence[Cue]:
    """The cues with `>>`, or `DASHED`, in front of what another speaker says."""
    return _with_dashes(_with_turns(cues))


def _with_turns(cues: Sequence[Cue]) -> Sequence[Cue]:
    """The cues with `>>` for `[SPEAKER_TURN]`, or a dash alone, before what another one says."""
    if not any(_TURN.search(cue.text) for cue in cues):
        return cues
    signed: list[Cue] = []
    opens = ""
    for cue in cues:
        text, signs = _TURN.subn("\n>> ", opens + cue.text)
        opens = ">> " if signs and text.endswith(">> ") else ""
        if text := text.removesuffix("\n>> ").strip("\n"):
            signed.append(cue._replace(text=text))
    return signed


def _with_dashes(cues: Sequence[Cue]) -> Sequence[Cue]:
    """The cues with a sign for the dashes with which another speaker begins."""
    texts = [
        _DASH_AGAIN.sub("\n- ", cue.text, count=20) if _DASH.match(cue.text) else cue.text
        for cue in cues
    ]
    found = [list(_DASH.finditer(text)) for text in texts]
    opening = [
        any(_opens(dash, before) for dash in dashes)
        for before, dashes in zip(["", *texts], found, strict=False)
    ]
    often = sum(opening) > 1
    return [
        cue._replace(text=_DASH.sub(f"{DASHED} ", text))
        if len(dashes) > 1 or (often and opens)
        else cue
        for cue, text, dashes, opens in zip(cues, texts, found, opening, strict=True)
    ]


def _opens(dash: re.Match[str], before: str) -> bool:
    """Whether a sentence begins behind a dash, and none goes on there."""
    above = dash.string[: dash.start()].rstrip() or before
    sign = dash["said"]
    return not (sign.islower() or sign.isdigit()) and (not above or ends_sentence(above))
