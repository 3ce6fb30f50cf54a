"""An episode file as text, and what was read of one."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from askpod.readers import Reading


def as_file(fields: object) -> str:
    """A DataTalks.Club file with `fields` as its front matter."""
    dumped = yaml.dump(fields, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return f"---\n{dumped}---\nShow notes.\n"


def said(reading: Reading) -> list[tuple[str, float, str]]:
    """Speaker, second and text of each turn."""
    return [(turn.speaker, turn.start, turn.text) for turn in reading.episode.turns]


def kinds(reading: Reading) -> list[str]:
    """The kinds of the faults that were found, in order."""
    return [fault.kind for fault in reading.faults]


def written(form: str, heard: Sequence[tuple[str, int, str]]) -> str:
    """The turns of `heard`, each in the notation `form`: `m`, `c` and `s` are its start."""
    return "".join(
        form.format(
            n=number,
            who=who,
            said=text,
            m=f"{at // 60}:{at % 60:02}",
            c=f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}",
            e=f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60 + 3:02}",
            aloud=f"{at // 60} minutes {at % 60} seconds",
            day=f"{11 + (at > 9)}:{at // 60 + 5:02}:{at % 60:02} {'PM' if at > 9 else 'AM'}",
            initials="".join(word[0] for word in who.split()).upper(),
            min=at // 60,
            s=at,
            t=at + 3,
            ss=at % 60,
            short=f"{at // 3600}h{at // 60 % 60}m{at % 60}s",
        )
        for number, (who, at, text) in enumerate(heard, 1)
    )
