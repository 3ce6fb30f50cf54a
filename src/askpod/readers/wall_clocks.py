"""Dates with times of day, as logs of meetings and chats have them, as clocks of a recording.

    [2024-03-12T09:15:02Z] Ann: text      12/03/24, 9:15 PM - Ann: text

The first one is second 0. A time without seconds has hours and minutes here, while elsewhere
09:15 is minutes and seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from askpod.readers.clock_notations import MOST, digits, has_clock

_DATED = re.compile(
    r"^(?P<open>\[)?(?P<date>\d{4}-\d\d-\d\d|\d{1,2}[./-]\d{1,2}[./-](?:\d\d){1,2})(?:T|,? )"
    r"(?P<h>\d{1,2}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d)(?:\.\d{1,6})?)?"
    r"(?:[ \u202f]?(?P<half>[ap])\.?m\.?)?(?:Z|[+-]\d\d:?\d\d)?(?(open)\])(?: ?[-–—|:])?(?=\s|$)",
    re.ASCII | re.IGNORECASE,
)
_DAY = 86_400.0


def since_first(lines: Sequence[str]) -> Sequence[str]:
    """The lines; where most clocks have a date, each as the time since the first."""
    found = [_DATED.match(line.lstrip("\u200e")) for line in lines]  # WhatsApp's mark of direction
    dated = [match for match in found if match]
    if len(dated) < max(2, MOST * sum(map(has_clock, lines))):
        return lines
    # Which day a date is depends on the country; that they go on does not.
    days = {date: day for day, date in enumerate(dict.fromkeys(each["date"] for each in dated))}
    first = _moment(dated[0], days)
    return [
        f"[{digits(max(0.0, _moment(match, days) - first))}]{match.string[match.end() :]}"
        if match
        else line
        for line, match in zip(lines, found, strict=True)
    ]


def _moment(dated: re.Match[str], days: Mapping[str, int]) -> float:
    """Seconds since midnight of the first date."""
    hour = int(dated["h"])
    if dated["half"]:
        hour = hour % 12 + 12 * (dated["half"] in "pP")
    return _DAY * days[dated["date"]] + 3600 * hour + 60 * int(dated["m"]) + int(dated["s"] or 0)
