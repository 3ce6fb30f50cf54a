"""What a file is that is no text, by its first bytes, and what to do with it."""

from __future__ import annotations

import re

HEAD = 64  # bytes in which a recording shows itself

_TRANSCRIBE = "`askpod index FILE --model small` transcribes it (docs/audio.md)"
_AUDIO = f"is audio, and no transcript of it: {_TRANSCRIBE}"
_VIDEO = f"is video, and no transcript of it: {_TRANSCRIBE}"
_IMAGE = "is an image: a transcript is text"

_SIGNS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), what)
    for pattern, what in (
        (rb"ID3|fLaC|OggS|\xff[\xfb\xf3\xf2\xf1\xf9]|#!AMR|MThd|wvpk|caff|.{4}ftypM4[AB]", _AUDIO),
        (rb"RIFF.{4}WAVE|FORM.{4}AIF", _AUDIO),
        (rb"RIFF.{4}AVI |.{4}ftyp|\x1a\x45\xdf\xa3|FLV\x01|\x00\x00\x01[\xb3\xba]", _VIDEO),
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _VIDEO),
        (rb"%PDF-", "is a PDF: save its text, with the times, as a .txt file"),
        (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP|BM.{4}\x00{4}|II\*\x00|MM\x00\*", _IMAGE),
        (rb"\{\\rtf", "is rich text (RTF): save it as plain text"),
        (rb"\xd0\xcf\x11\xe0", "is an old Office document: save it as .docx or as plain text"),
        (rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis", "is an OpenDocument file: save it as"
         " .docx or as plain text"),
        (rb"PK[\x03\x05]", "is a zip archive: unpack it, and name the folder"),
        (rb"\x1f\x8b|BZh\d|\xfd7zXZ|7z\xbc\xaf|Rar!", "is a packed file: unpack it"),
        (rb"SQLite format 3\x00", "is a database: export the transcripts from it"),
    )
)  # fmt: skip
_MICRODVD = re.compile(r"\s*\{\d+\}\{\d+\}")
_WORD = b"word/document.xml"


def is_word(data: bytes) -> bool:
    """Whether a file is a Word document (.docx)."""
    return data.startswith(b"PK\x03\x04") and _WORD in data


def is_recording(head: bytes) -> bool:
    """Whether a file that begins so is audio or video."""
    return why_not_text(head) in (_AUDIO, _VIDEO)


def why_not_text(data: bytes) -> str | None:
    """What a file of another kind is and what to do; None for what may be text."""
    if is_word(data):
        return None
    return next((what for sign, what in _SIGNS if sign.match(data)), None)


def why_not_transcript(text: str) -> str | None:
    """What a text is that is certainly no transcript; None where that cannot be said."""
    head = text[:2_000].lower()
    if head.startswith("version https://git-lfs"):
        return "is the pointer to a file that Git LFS keeps: run `git lfs pull` there"
    if head.startswith("speaker ") and head.count("<na>") > 1:
        return "is a diariser's RTTM, which says who speaks when, but no word: name the transcript"
    if "<rss" in head or "<feed" in head:
        return "is a podcast's feed: name it in `askpod index` as a file that ends in .xml"
    if "<sami" in head or "scenarist_scc" in head or _MICRODVD.match(head):
        return "is captions of a kind that is not read (SAMI, SCC, MicroDVD): convert them to SRT"
    if "<html" in head or "<!doctype html" in head:
        return "is a web page without names or clocks beside paragraphs of speech"
    return None
