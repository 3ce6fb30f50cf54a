"""The files that mutations start from: the fixtures of all formats, and the examples."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

_TESTS = Path(__file__).parents[1]
_FORMATS = _TESTS / "readers" / "formats"
_EXPORTS = _TESTS / "readers" / "exports"
_EXAMPLES = _TESTS.parent / "examples" / "episodes"
_METADATA = (".yaml", ".yml")
_FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
     xmlns:podcast="https://podcastindex.org/namespace/1.0">
<channel><title>The Weir Hour</title><language>en</language>
<item><title>Counting glass eels &amp; others</title><guid>weir-1</guid>
<pubDate>Tue, 02 Apr 2024 06:00:00 +0000</pubDate><itunes:season>2</itunes:season>
<itunes:episode>5</itunes:episode><link>https://weir.example/1</link>
<description><![CDATA[<p>By <b>night</b></p>]]></description>
<enclosure url="https://weir.example/1.mp3" type="audio/mpeg" length="1"/>
<podcast:person role="guest">Jonas Quill</podcast:person>
<podcast:transcript url="https://weir.example/1.vtt" type="text/vtt" language="en"/>
<podcast:transcript url="1.json" type="application/json"/>
<podcast:chapters url="https://weir.example/1.chapters.json" type="application/json+chapters"/>
</item></channel></rss>
"""  # nobody in it exists


_PARAGRAPH = "<w:p><w:r><w:t>{}</w:t></w:r><w:r><w:br/><w:t>{}</w:t></w:r></w:p>"
_SPOKEN = (
    ("Marta Flux   0:04", "The kiln is drawn at night."),
    ("Odd&apos;s iPad   0:11", "And fed from above?"),
    ("Marta Flux   0:16", "In layers, caf\xe9 &amp; all."),
)


def word_body(paragraphs: str) -> str:
    """The part of a Word document that is read."""
    return f'<w:document xmlns:w="w"><w:body>{paragraphs}</w:body></w:document>'


def word_document(body: bytes) -> bytes:
    """A Word document with a body, which need not be sound."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", body)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class Start:
    """A sound file. `beside` is what must lie beside it: the transcript that metadata is of."""

    format: str  # as the table names it
    name: str
    data: bytes
    beside: tuple[tuple[str, bytes], ...] = ()


def starts() -> list[Start]:
    """All of them, in the same order each time."""
    found = [*sorted(_FORMATS.iterdir()), *sorted(_EXPORTS.iterdir())]
    files = [path for path in found if path.suffix in _ENDINGS]
    read = [Start(_format(path), path.name, path.read_bytes()) for path in files]
    examples = [
        Start("DataTalks.Club", path.name, path.read_bytes())
        for path in sorted(_EXAMPLES.glob("*.md"))
    ]
    body = word_body("".join(_PARAGRAPH.format(*spoken) for spoken in _SPOKEN)).encode()
    # Once as its text is changed, once as the file is.
    documents = [
        Start("docx body", "kiln.docx", body),
        Start("docx", "kiln.docx", word_document(body)),
    ]
    feed = Start("feed", "feed.xml", _FEED.encode())
    return [*read, *_metadata(files), *examples, *documents, feed]


_ENDINGS = frozenset(
    {".json", ".html", ".srt", ".vtt", ".txt", ".md", ".sbv", ".ttml", ".xml", ".tsv", ".csv",
     ".lrc", ".ass"}
)  # fmt: skip


def _format(path: Path) -> str:
    return f"{path.suffix[1:]} {path.stem}"


def _metadata(files: list[Path]) -> list[Start]:
    """Metadata files, each beside a transcript of its name."""
    found = []
    for path in sorted(_FORMATS.iterdir()):
        if path.suffix in _METADATA:
            beside = [file for file in files if file.stem == path.stem]
            pairs = tuple((file.name, file.read_bytes()) for file in beside)
            found.append(Start("metadata", path.name, path.read_bytes(), pairs))
    return found
