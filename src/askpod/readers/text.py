"""From a file's bytes to text that is safe to show and to compare, without changing a word of it.

Decoded are UTF-8, and UTF-16 with its byte order mark. Captions and plain text are often older than
UTF-8: there Windows-1252 is taken for the rest, unless NUL bytes show that the file is no text, and
that is reported. Cleaning folds runs of white space, removes characters that nobody can see and
that can trick a terminal or a reader, and undoes double encoding where there can be no doubt about
it. What is no text, or certainly no transcript, is told by its beginning, with what to do; how much
a file may hold stands here, too, and the log of the faults that were found in it.
"""

from __future__ import annotations

import codecs
import html
import re
import stat
import string
from collections import Counter
from functools import lru_cache
from pathlib import Path

from askpod.errors import ReadError, Unrecognised
from askpod.model import Fault
from askpod.text import without_hidden

_MOST = 1_000  # faults of one kind that are told one by one: a file may hold a million


class FaultLog:
    """Collects the faults of one file, in the order of its lines, then of those read with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._faults: list[Fault] = []
        self._counts: Counter[str] = Counter()

    def add(self, line: int, kind: str, repair: str) -> None:
        """Note what was wrong in a line of the file and what was done about it."""
        self._counts[kind] += 1
        if self._counts[kind] <= _MOST:
            self._faults.append(Fault(str(self.path), line, kind, repair))

    def of(self, path: Path) -> FaultLog:
        """A log for another file that is read along with this one: its faults are told here."""
        other = FaultLog(path)
        other._faults, other._counts = self._faults, self._counts
        return other

    def faults(self) -> tuple[Fault, ...]:
        """All faults by file and line; of very many of one kind the first ones and their number."""
        last = max((fault.line for fault in self._faults), default=1)
        more = [
            Fault(str(self.path), last, kind, f"and {count - _MOST:,} more of this kind")
            for kind, count in self._counts.items()
            if count > _MOST
        ]
        ours = str(self.path)
        return tuple(
            sorted([*self._faults, *more], key=lambda fault: (fault.path != ours, fault.line))
        )


RECORDING_HEAD = 64  # bytes in which a recording shows itself

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


def is_word_document(data: bytes) -> bool:
    """Whether a file is a Word document (.docx)."""
    return data.startswith(b"PK\x03\x04") and _WORD in data


def is_recording(head: bytes) -> bool:
    """Whether a file that begins so is audio or video."""
    return why_not_text(head) in (_AUDIO, _VIDEO)


def why_not_text(data: bytes) -> str | None:
    """What a file of another kind is and what to do; None for what may be text."""
    if is_word_document(data):
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
    if "<annotation_document" in head or 'class = "textgrid"' in head or "doctype trans" in head:
        return "is an annotation tool's own file: export it from there as SRT or tab-delimited text"
    if "<html" in head or "<!doctype html" in head:
        return "is a web page without names or clocks beside paragraphs of speech"
    return None


# How much a transcript file may hold. More is no transcript, but damage or an attack. The longest
# recordings stay below: a day of speech has about 150,000 words, in 40,000 captions. The numbers
# are such that reading takes at most two seconds and 500 MB, whatever a file holds.
MEGABYTE = 1024 * 1024
MAX_BYTES = 64 * MEGABYTE  # of any file
MAX_TEXT_BYTES = 16 * MEGABYTE  # of captions, plain text, HTML and Markdown
MAX_JSON_BYTES = 48 * MEGABYTE
MAX_OPENED = 600_000  # `{` and `[` in one JSON file
MAX_COMMAS = 1_500_000  # in one JSON file
MAX_NAMES = 10_000  # in one object of a JSON file
MAX_MARKDOWN_LINES = 300_000  # in one Markdown file
MAX_TAGS = 300_000  # `<` in one HTML file, or one of captions
MAX_CUES = 150_000  # where they may be words
MAX_CAPTIONS = 50_000  # also lines, and clocks, of plain text
MAX_LINES = 600_000  # in one file of captions
MAX_SPEECH = 5_000_000  # characters in all cues before they are cleaned: four days of speech
MAX_TURN = 1_000_000  # characters in one paragraph
MAX_SECOND = 1_000_000.0  # over eleven days; more is not a place in a recording


def clean(text: str) -> tuple[str, bool, bool]:
    """The text tidied, whether mojibake was mended, and whether invisibles were removed."""
    mended = mend_mojibake(text)
    visible = without_hidden(mended)
    return " ".join(visible.split()), mended != text, visible != mended


_MAX_TOOL_LINE = 250  # characters

# Scripts that leave no space between words, with their punctuation: Thai, Lao, Burmese, Khmer,
# Japanese, Chinese. Korean is none of them.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
    "\U00020000-\U0003ffff"
)
_UNSPACED = re.compile(f"[{UNSPACED}]")
SENTENCE_ENDS = frozenset(".?!…。？！")
_BREAK = re.compile(rf"(?<=[{UNSPACED}])[^\S\n]*\n\s*(?=[{UNSPACED}])")


def gap_between(left: str, right: str) -> str:
    """What joins two pieces of speech: a space, but none inside a script that writes none."""
    before, after = left[-1:], right[:1]
    if before.isascii() or after.isascii():
        return " "
    return "" if _UNSPACED.match(before) and _UNSPACED.match(after) else " "


def ends_sentence(text: str) -> bool:
    """Whether a text ends as a sentence does, quotation marks and brackets behind it aside."""
    return text.rstrip(" \n\"'”’»)]")[-1:] in SENTENCE_ENDS


def joined_lines(text: str) -> str:
    """The text without the line breaks inside a script that leaves no space between words."""
    return text if text.isascii() or "\n" not in text else _BREAK.sub("", text)


# Bounded: html.unescape by itself fails on a reference of some thousand digits.
_REFERENCE = re.compile("&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")


def unescape(text: str) -> str:
    """The text with character references such as `&amp;` and `&#8217;` read."""
    if "&" not in text:
        return text
    return _REFERENCE.sub(lambda match: html.unescape(match.group()), text)


_TOOLS = (
    "otter|rev|descript|riverside|fireflies|trint|sonix|happy ?scribe|amara|temi|castmagic|whisper"
    "|microsoft|zoom|google meet|turboscribe|notta"
)
_OF_TOOL = re.compile(
    r"\(?transcri(?:bed|ption) (?:by|outsourced to|provided by) .{1,80}"
    r"|.{1,60} (?:started|stopped|ended) (?:the )?(?:transcription|recording)\.?"
    r"|(?:the )?(?:transcription|recording) (?:has )?(?:started|stopped|ended)(?: by .{1,60})?\.?"
    r"|(?:meeting|transcription|recording) (?:started|ended)(?: after | at |: ?).{1,40}"
    r"|\W?(?:end|ende|fin|fine) (?:of|der|des|de|della?) (?:the |la |l')?"
    r"(?:recording|transcript(?:ion)?|meeting|aufzeichnung|aufnahme|transkripts?|transkription|enregistrement|grabaci[oó]n"
    r"|transcripci[oó]n|registrazione|trascrizione)\W?"
    r"|(?:machine|computer|ai)[- ]generated (?:transcript|content)\b.{0,200}"
    r"|transcript\. use arrow keys to .{1,150}"
    rf"|(?:subtitles?|captions?|transcript(?:ion|s)?|powered|downloaded|exported|generated)"
    rf"(?: (?:generated|created|exported|produced))? (?:by|with|from|using) .{{0,30}}\b"
    rf"(?:{_TOOLS})\b.{{0,60}}"
    r"|this editable transcript was computer generated .{1,200}"
    r"|(?:this|the) transcript (?:was|is|has been) (?:automatically |auto-?)?"
    r"(?:generated|created|exported|produced)\b.{0,120}"
    r"|\[this file is longer than .{1,150}\]|page \d{1,4} (?:of|/) \d{1,4}"
    r"|people can also change the text after it was created\."
    r"|x-timestamp-map\s?=.{1,80}"
    r"|tactiq\.io free .{1,40}|@ this file written with .{1,80}|<(?:begin|end) subtitles>"
    r"|\w+ \(auto-generated\)|sonix is the world.s most .{1,200}"
    r"|automatically convert your mp3 files to .{1,200}",
    re.IGNORECASE,
)


def is_of_tool(line: str) -> bool:
    """Whether a line is what an exporting tool puts above or below a transcript."""
    return len(line) <= _MAX_TOOL_LINE and bool(_OF_TOOL.fullmatch(line.strip(" *_")))


def mend_mojibake(text: str) -> str:
    """Undo UTF-8 that was read as Windows-1252, only where the result is certain.

    A single sequence counts as certain where its first characters never meet in real
    text (`â€™`, `Ã©`, `ðŸ˜€`); any other one only beside a second one of its kind, since
    `é’”` or `ß“` may well end a quotation.
    """
    if text.isascii():
        return text
    return _MOJIBAKE.sub(lambda match: _mended(match.group()), text)


def _windows_character(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)  # five bytes have no character; browsers keep them as they are


_TO_BYTE = {ord(_windows_character(byte)): byte for byte in range(0x80, 0x100)}


def _class(first: int, last: int) -> str:
    return "[" + re.escape("".join(_windows_character(b) for b in range(first, last + 1))) + "]"


_NEXT = _class(0x80, 0xBF)
_ANY = (
    f"(?:{_class(0xC2, 0xDF)}{_NEXT}|{_class(0xE0, 0xEF)}{_NEXT}{{2}}"
    f"|{_class(0xF0, 0xF4)}{_NEXT}{{3}})"
)
_CERTAIN = f"(?:[ÂÃ]{_NEXT}|â[€‚„†ˆ‰]{_NEXT}|ðŸ{_NEXT}{{2}}|ï»¿)"
# What it may begin with is looked for first: that is faster by a third.
_MOJIBAKE = re.compile(f"(?=[Â-ô])(?:{_ANY}{{2,}}|{_CERTAIN})")


@lru_cache(maxsize=4096)  # a file has few of them, and each often
def _mended(run: str) -> str:
    try:
        return run.translate(_TO_BYTE).encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return run


_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HIGH, _LOW = bytes(range(0x80, 0x100)), string.ascii_letters.encode()  # of Western text few high
_MAY_BE_WINDOWS = frozenset(
    {".srt", ".vtt", ".txt", ".sbv", ".lrc", ".ass", ".ssa", ".csv", ".tsv"}
)


_OLD = {"cp1252": "Windows-1252", "mac_roman": "Mac Roman"}
# What stands behind a small letter where the encoding is another one: "cafŽ", "caf‡".
_ODD = re.compile(r"(?<=[a-zà-öø-ÿ])[^\x00-\xa0a-zß-öø-ÿœžš’”“»«…–—]|\ufffd")


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises ReadError where it cannot be read, or is no sane text file."""
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):
            raise ReadError(path, "is not a file; name a transcript file or a folder of them")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error}); check the file and its permissions"
        raise ReadError(path, problem) from None
    if what := why_not_text(data):
        raise Unrecognised(path, what)
    if len(data) > MAX_BYTES:
        raise ReadError(
            path, f"is larger than {MAX_BYTES // MEGABYTE} MB; split it or leave it out"
        )
    return data


def decode(path: Path, data: bytes, log: FaultLog) -> str:
    """The text of a file's bytes, without a byte order mark, its lines ended by line feeds alone.

    Raises ReadError where it is none.
    """
    return _decoded(path, data, log).lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _decoded(path: Path, data: bytes, log: FaultLog) -> str:
    utf16 = data.startswith(_UTF16)
    encoding = "utf-16" if utf16 else "utf-8"
    if not utf16 and data[:8].count(0) == 4:  # every second byte, as Western text has it
        encoding = "utf-16-be" if data[0] == 0 else "utf-16-le"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if utf16:
            raise ReadError(
                path,
                f"begins as UTF-16 text but is not: byte {error.start} is damaged;"
                " fetch it again, or save the file as UTF-8",
            ) from None
        line = data.count(b"\n", 0, error.start) + 1
        if path.suffix.lower() not in _MAY_BE_WINDOWS or b"\0" in data:
            raise ReadError(
                path,
                f"is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x};"
                " save the file as UTF-8",
                line=line,
            ) from None
    # Five bytes stand for nothing in Windows-1252: they become U+FFFD, which can be seen.
    old = [data.removeprefix(codecs.BOM_UTF8).decode(each, "replace") for each in _OLD]
    text = min(old, key=lambda each: len(_ODD.findall(each)))
    if len(data) - len(data.translate(None, _HIGH)) > len(data) - len(data.translate(None, _LOW)):
        raise ReadError(
            path,
            "is neither UTF-8 nor Windows-1252, but text of another script in an older encoding;"
            " save the file as UTF-8",
            line=line,
        )
    log.add(line, "encoding", f"not UTF-8: read as {list(_OLD.values())[old.index(text)]}")
    return text


def refuse_more(path: Path, count: int, most: int, of: str) -> None:
    """Raises ReadError where a file holds more of something than a transcript does."""
    if count > most:
        raise ReadError(path, f"holds more than {most:,} {of}; split it or leave it out")


def refuse_long_lines(path: Path, lines: list[str], most: int) -> None:
    """Raises ReadError where there are more lines, or longer ones, than speech has."""
    refuse_more(path, len(lines), most, "lines")
    longest = max(lines, key=len)
    if len(longest) > MAX_TURN:
        raise ReadError(
            path,
            f"has a line of {len(longest):,} characters (at most {MAX_TURN:,}):"
            " the file looks damaged; fetch it again or leave it out",
            line=lines.index(longest) + 1,
        )


def excerpt(text: str, limit: int = 60) -> str:
    """The text in quotation marks, cut to about `limit` characters, for a fault's words."""
    short = clean(text)[0]
    return f"“{short}”" if len(short) <= limit else f"“{short[: limit - 1].rstrip()}…”"
