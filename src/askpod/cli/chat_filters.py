"""Filters as they are typed in a chat: `guest=Marisol Vanterpool season=1`."""

from __future__ import annotations

from dataclasses import asdict, fields
from difflib import get_close_matches

from askpod.errors import FilterError
from askpod.model import Filters

NAMES = tuple(field.name for field in fields(Filters))


def changed(filters: Filters, text: str) -> Filters:
    """The filters with those of `text` in place: `name=value …`, a value may have several words.

    A name without a value takes that filter off.

    Raises:
        FilterError: no such filter, or a value that it cannot have.
    """
    values = asdict(filters)
    for name, value in _pairs(text):
        values[name] = _number(value) if name == "season" and value else value or None
    return Filters.of(values)


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for word in text.split():
        name, equals, value = word.partition("=")
        if equals:
            pairs.append((_known(name.casefold()), value))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {word}".strip())
        else:
            raise FilterError(
                f"{word!r} is no filter; write name=value, such as guest=gupta season=2. "
                f"The names are {', '.join(NAMES)}"
            )
    return [(name, value.strip("\"'“”")) for name, value in pairs]


def _known(name: str) -> str:
    if name in NAMES:
        return name
    near = get_close_matches(name, NAMES, 1)
    hint = f"did you mean {near[0]}=? " if near else ""
    raise FilterError(f"there is no filter {name!r}; {hint}The names are {', '.join(NAMES)}")


def _number(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise FilterError(f"season: {value!r} is no season's number") from None
