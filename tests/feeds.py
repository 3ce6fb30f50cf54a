"""Feeds and transcripts that tests make: an invented podcast about rivers and their people."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape, quoteattr

from askpod.sources import SourceFiles
from fake_web import FakeWeb

TYPES = {
    ".json": "application/json",
    ".vtt": "text/vtt",
    ".srt": "application/x-subrip",
    ".html": "text/html",
    ".txt": "text/plain",
}


def rss(*items: str, language: str = "en-us", title: str = "River Talk") -> str:
    """A feed of these items."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"'
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        ' xmlns:psc="http://podlove.org/simple-chapters">\n<channel>'
        f"<title>{escape(title)}</title><language>{language}</language>\n"
        + "\n".join(items)
        + "\n</channel></rss>\n"
    )


def item(title: str, *transcripts: str, guid: str = "", more: str = "", day: int = 4) -> str:
    """An item; `transcripts` are addresses whose ending tells the type, or whole elements."""
    offers = "".join(t if t.startswith("<") else offer(t) for t in transcripts)
    return (
        f"<item><title>{escape(title)}</title><guid>{escape(guid or title)}</guid>"
        f"<pubDate>Sat, {day:02} May 2024 06:00:00 +0000</pubDate>{offers}{more}</item>"
    )


def offer(url: str, media_type: str | None = None, **attributes: str) -> str:
    """A `<podcast:transcript>`."""
    ending = "." + url.partition("?")[0].rpartition(".")[2]
    kind = TYPES.get(ending, "") if media_type is None else media_type
    told = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<podcast:transcript url={quoteattr(url)} type={quoteattr(kind)}{told}/>"


SAID = (
    (0, "Ottoline Farr", "Welcome back to the landing stage."),
    (5, "Bram Teague", "The ferry crosses on a chain, so it needs no rudder at all."),
    (12, "Ottoline Farr", "And what happens when the river freezes?"),
    (17, "Bram Teague", "Then we lift the chain, or the ice would saw through it."),
)


def vtt(said: tuple[tuple[int, str, str], ...] = SAID) -> str:
    cues = (f"{_clock(s)}.000 --> {_clock(s + 5)}.000\n<v {who}>{text}\n" for s, who, text in said)
    return "WEBVTT\n\n" + "\n".join(cues)


def srt(said: tuple[tuple[int, str, str], ...] = SAID) -> str:
    return "\n".join(
        f"{n}\n{_clock(s)},000 --> {_clock(s + 5)},000\n{who}: {text}\n"
        for n, (s, who, text) in enumerate(said, start=1)
    )


def podcast_json(said: tuple[tuple[int, str, str], ...] = SAID) -> str:
    segments = [
        {"speaker": who, "startTime": s, "endTime": s + 5, "body": text} for s, who, text in said
    ]
    return json.dumps({"version": "1.0.0", "segments": segments})


def html(said: tuple[tuple[int, str, str], ...] = SAID) -> str:
    return "\n".join(
        f"<cite>{who}:</cite>\n<time>{_clock(s)}</time>\n<p>{text}</p>" for s, who, text in said
    )


def about(subject: str) -> tuple[tuple[int, str, str], ...]:
    """What is said in an episode that is told from others by its subject."""
    return (
        (0, "Ottoline Farr", f"Today we talk about {subject}."),
        (6, "Bram Teague", f"There is much that people get wrong about {subject}."),
    )


def four(web: FakeWeb) -> str:
    """A feed of four episodes, each with its transcript in another format."""
    web.put("/1.json", podcast_json(about("ferries")))
    web.put("/2.vtt", vtt(about("locks")))
    web.put("/3.srt", srt(about("eels")))
    web.put("/4.html", html(about("mills")))
    items = [
        item(subject, web.at(path))
        for subject, path in [
            ("On ferries", "/1.json"),
            ("On locks", "/2.vtt"),
            ("On eels", "/3.srt"),
            ("On mills", "/4.html"),
        ]
    ]
    return web.put("/feed.xml", rss(*items), ETag='"1"')


ALL_FOUR = [
    "2024-05-04-on-eels.srt",
    "2024-05-04-on-ferries.json",
    "2024-05-04-on-locks.vtt",
    "2024-05-04-on-mills.html",
]


def names(gathered: SourceFiles) -> list[str]:
    """What the files that were gathered are called."""
    return sorted(path.name for path in gathered.files)


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
