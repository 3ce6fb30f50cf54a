"""The one place that builds a link to a second of a recording.

Links come from transcript files, so they are not trusted: only plain http(s) addresses
and sane YouTube ids are ever used; a `javascript:` link or one with spaces or control
characters counts as no link. Pages of players other than YouTube's are opened at the beginning:
each has its own way to name a second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from askpod.text import HIDDEN

_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{6,20}")
_YOUTUBE_PATH = re.compile(r"/(?:embed|live|shorts|v)/([^/]+)/?")
_UNSAFE = re.compile(rf"[\s{HIDDEN}\u200c\u200d\"'<>\\^`{{|}}]")
_MAX_LENGTH = 2000  # characters; longer ones are broken in browsers and terminals alike

_MEDIA_NAMES = frozenset({"audio", "video", "enclosure"})
_MEDIA_ENDINGS = (".mp3", ".m4a", ".m4b", ".aac", ".ogg", ".oga", ".opus", ".wav", ".flac",
                  ".aif", ".aiff", ".weba", ".mp4", ".m4v", ".mov", ".webm", ".mkv",
                  ".ogv")  # fmt: skip


def second_link(
    episode_youtube: str | None, links: Mapping[str, str], seconds: float | None
) -> str:
    """The address that opens the recording at `seconds`, or "" where there is none.

    A YouTube video is opened at that second (rounded down); else the first audio or video file,
    by a media fragment (`#t=754`), which browsers follow. Without either it is the first usable
    link of the episode, in the file's order, which opens at the beginning. Without `seconds` the
    recording is opened without one.
    """
    second = None
    if seconds is not None:
        second = int(seconds) if math.isfinite(seconds) and seconds > 0 else 0
    video = youtube_id(episode_youtube)
    if video:
        at = "" if second is None else f"&t={second}s"
        return f"https://www.youtube.com/watch?v={video}{at}"
    usable = [(name, link) for name, link in links.items() if safe_link(link)]
    for name, link in usable:
        if _is_media(name, link):
            return safe_link(_at(link, second)) or link
    return usable[0][1] if usable else ""


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
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("music.")
    if host == "youtu.be":
        return youtube_id(parts.path.strip("/"))
    if host not in ("youtube.com", "youtube-nocookie.com"):
        return None
    if parts.path == "/watch":
        return youtube_id(parse_qs(parts.query).get("v", [""])[0])
    match = _YOUTUBE_PATH.fullmatch(parts.path)
    return youtube_id(match[1]) if match else None


def _is_media(name: str, link: str) -> bool:
    """Whether the link is to an audio or video file: by its path, its name, or a second in it."""
    parts = urlsplit(link)
    return (
        parts.path.lower().endswith(_MEDIA_ENDINGS)
        or name.casefold() in _MEDIA_NAMES
        or any(part.startswith("t=") for part in parts.fragment.split("&"))
    )


def _at(link: str, second: int | None) -> str:
    """The link with `t=` in its fragment, in place of a former one; None: without any."""
    address, _, fragment = link.partition("#")
    others = [part for part in fragment.split("&") if part and not part.startswith("t=")]
    parts = [*others, *([] if second is None else [f"t={second}"])]
    return f"{address}#{'&'.join(parts)}" if parts else address
