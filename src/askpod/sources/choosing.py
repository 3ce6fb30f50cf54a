"""Which of the transcripts that an item offers is taken first: the feed's language, then the
format that keeps most of who spoke when."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from askpod.sources.feed import Offer

_ENDING_OF_TYPE = {
    "application/json": ".json",
    "application/x-json": ".json",
    "text/json": ".json",
    "text/vtt": ".vtt",
    "text/webvtt": ".vtt",
    "application/vtt": ".vtt",
    "application/srt": ".srt",
    "application/x-subrip": ".srt",
    "application/x-srt": ".srt",
    "text/srt": ".srt",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
}
_BY_MERIT = (".json", ".vtt", ".srt", ".html", ".htm", ".md", ".txt")


def in_order(offers: Sequence[Offer], language: str) -> list[Offer]:
    """The offers, best first; of equally good ones the feed's order stands."""

    def merit(offer: Offer) -> tuple[bool, int]:
        foreign = bool(offer.language and language) and _tongue(offer.language) != _tongue(language)
        return foreign, _BY_MERIT.index(ending_of(offer))

    return sorted(dict.fromkeys(offers), key=merit)


def ending_of(offer: Offer) -> str:
    """The ending of a file of the offer's format: by the address where the type tells little."""
    path = urlsplit(offer.href.replace("[", "").replace("]", "")).path.lower()
    named = next((ending for ending in _BY_MERIT if path.endswith(ending)), "")
    stated = _ENDING_OF_TYPE.get(offer.media_type, "")
    if stated in ("", ".txt"):  # captions are often served as text/plain
        return named or ".txt"
    return stated


def _tongue(language: str) -> str:
    """A language without its country: `en-US` -> `en`."""
    return language.replace("_", "-").partition("-")[0].casefold()
