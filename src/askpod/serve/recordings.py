"""What plays an episode: a file of this machine, or one of its links.

A file is looked up in a folder under the names that the episode itself gives: its id, or the last
part of its audio links. A request names an episode, never a path.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from askpod.links import safe_link, youtube_id
from askpod.model import Episode

ENDINGS = {
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".aac": "audio/aac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}


def recording(folder: Path | None, episode: Episode) -> Path | None:
    """The episode's file in the folder of recordings, or None where there is none."""
    if folder is None:
        return None
    root = folder.resolve()
    linked = [unquote(urlsplit(link).path).rsplit("/", 1)[-1] for link in _audio_links(episode)]
    for name in [*(episode.id + ending for ending in ENDINGS), *linked]:
        if not name or "\0" in name:
            continue
        path = Path(os.path.realpath(root / name))
        with suppress(OSError):  # a link's name may be longer than a file's can be
            if path.is_relative_to(root) and path.suffix.lower() in ENDINGS and path.is_file():
                return path
    return None


def player(folder: Path | None, episode: Episode) -> dict[str, str]:
    """How a page can play the episode: `kind` is audio, youtube, link or none.

    A file of this machine first, then an enclosure, then the video, else any link.
    """
    if recording(folder, episode):
        return {"kind": "audio", "local": "yes", "src": ""}
    if links := _audio_links(episode):
        return {"kind": "audio", "src": links[0].partition("#")[0]}
    if video := youtube_id(episode.youtube):
        return {"kind": "youtube", "src": video}
    usable = [link for link in episode.links.values() if safe_link(link)]
    return {"kind": "link", "src": usable[0]} if usable else {"kind": "none", "src": ""}


def _audio_links(episode: Episode) -> list[str]:
    return [
        link
        for name, link in episode.links.items()
        if safe_link(link)
        and (
            urlsplit(link).path.lower().endswith(tuple(ENDINGS))
            or name.casefold() in ("audio", "enclosure")
        )
    ]
