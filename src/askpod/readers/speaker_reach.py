"""How far a speaker's label reaches, over the captions behind it that have none.

A label holds until the next one where the file is labelled as a whole. Where few captions have
one, each names its own caption only: a sponsor's name in four captions of a thousand says nothing
about the half hour behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from askpod.readers.cues import Cue
from askpod.readers.fault_log import FaultLog
from askpod.readers.speaker_labels import known
from askpod.readers.text import excerpt

_HOLDS = 1 / 10  # of the captions with a label, from which on a label holds until the next one
_HOLDS_ALONE = 1 / 3  # likewise where there is one label only
_ALTERNATING = 6  # labels at least that change so often that they mark where speakers change
_ALTERNATING_SHARE = 0.015  # of the captions, likewise
_CHANGES = 0.7  # of the labels that name another speaker than the one before
_SMALL = 50  # captions: below, nothing is long enough to be credited wrongly
_GAP = 100  # captions without a label, at least, after which nobody is credited
_FAR = 10  # times the usual distance between two labels, likewise


def hold(cues: Sequence[Cue], log: FaultLog) -> list[Cue]:
    """The cues, those without a speaker by the one named last; not where few name any."""
    unknown = {label for label in {cue.speaker for cue in cues} if known(label) == "?"}
    marked = [cue._replace(speaker="?") if cue.speaker in unknown else cue for cue in cues]
    return hold_named(marked, log)


def hold_named(cues: Sequence[Cue], log: FaultLog, *, always: bool = False) -> list[Cue]:
    """Cues without a speaker go to the last one that is named, where labels hold so long.

    Args:
        cues: in the file's order; the speaker is "" where none is named, "?" for one not known.
        log: takes the fault where labels do not hold.
        always: the labels mark each change of the speaker, however far apart they are.
    """
    places = [place for place, cue in enumerate(cues) if cue.speaker]
    if not places or (len(places) == len(cues) and not any(cue.opens for cue in cues)):
        return [cue._replace(speaker="") if cue.speaker == "?" else cue for cue in cues]
    reach = len(cues) if always else _reach(cues, places)
    held = list(cues)
    without = 0
    for place, following in pairwise([*places, len(cues)]):
        gap = following - place - 1
        speaker = cues[place].speaker if gap <= reach else ""
        without += gap if gap > reach else 0
        if speaker:
            for later in range(place + 1, following):
                held[later] = _with(held[later], speaker, opens=held[later].opens)
    if without:
        names = list(dict.fromkeys(cues[place].speaker for place in places))
        log.add(
            cues[places[0]].line,
            "few-labels",
            f"{len(places):,} of {len(cues):,} captions say who speaks"
            f" ({', '.join(excerpt(name, 30) for name in names[:3])}): {without:,} captions far"
            " behind a label are credited to nobody",
        )
    return list(_with_openings(held))


def _with_openings(cues: Sequence[Cue]) -> Iterator[Cue]:
    """The cues; a label that is written again begins no other speaker."""
    before = ""
    for cue in cues:
        opens = cue.opens and (cue.speaker != before or cue.speaker == "?")
        before = cue.speaker
        if opens != cue.opens or before == "?":
            cue = _with(cue, "" if before == "?" else before, opens=opens)
        yield cue


def _with(cue: Cue, speaker: str, *, opens: bool) -> Cue:
    return Cue(cue.line, cue.start, cue.end, cue.text, speaker, opens)


def _reach(cues: Sequence[Cue], places: Sequence[int]) -> int:
    """How many cues without a label a label holds for."""
    if len(cues) <= _SMALL:
        return len(cues)
    share = len(places) / len(cues)
    several = len({cues[place].speaker for place in places}) > 1
    changing = sum(cues[a].speaker != cues[b].speaker for a, b in pairwise(places))
    early = places[0] <= max(5, _HOLDS * len(cues))
    enough = len(places) >= _ALTERNATING and share >= _ALTERNATING_SHARE
    alternate = enough and early and changing >= _CHANGES * (len(places) - 1)
    if share >= _HOLDS_ALONE or (several and (share >= _HOLDS or alternate)):
        distances = [after - before for before, after in pairwise(places)] or [1]
        return max(_GAP, round(_FAR * median(distances)))
    return 0
