"""The one place that builds a link to a second of a recording.

Links come from transcript files, so they are not trusted: only plain http(s) addresses
and sane YouTube ids are ever used; a `javascript:` link or one with spaces or control
characters counts as no link.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{6,20}")
_UNSAFE = re.compile(
    r"[\s\x00-\x20\x7f-\x9f\"'<>\\^`{|}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
_MAX_LENGTH = 2000  # characters; longer ones are broken in browsers and terminals alike


def second_link(episode_youtube: str | None, links: Mapping[str, str], seconds: float) -> str:
    """The address that opens the recording at `seconds`, or "" where there is none.

    A YouTube video is opened at that second (rounded down). Without one it is the first
    usable link of the episode, in the file's order, which opens at the beginning.
    """
    video = youtube_id(episode_youtube)
    if video:
        second = int(seconds) if math.isfinite(seconds) and seconds > 0 else 0
        return f"https://www.youtube.com/watch?v={video}&t={second}s"
    return next((link for link in map(safe_link, links.values()) if link), "")


def youtube_id(text: str | None) -> str | None:
    """The text itself where it is a YouTube id, else None."""
    return text if text is not None and _YOUTUBE_ID.fullmatch(text) else None


def safe_link(link: str) -> str:
    """The link itself where it is a plain http(s) address, else ""."""
    if len(link) > _MAX_LENGTH or _UNSAFE.search(link):
        return ""
    try:
        parts = urlsplit(link)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:  # such as a broken IPv6 address
        return ""
    return link if usable else ""


@lru_cache(maxsize=1024)  # asked for every turn of an episode, when evidence is packed
def youtube_id_of(link: str) -> str | None:
    """The video's id where the link is one to a YouTube video, else None."""
    if not safe_link(link):
        return None
    parts = urlsplit(link)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    if host == "youtu.be":
        return youtube_id(parts.path.strip("/"))
    if host == "youtube.com" and parts.path == "/watch":
        return youtube_id(parse_qs(parts.query).get("v", [""])[0])
    return None
