"""The layouts in which tools write who says what when: each makes a file of some spoken lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from fuzz.starts import word_body, word_document


class Said(NamedTuple):
    """One line: who says it, the second, the words, and the second at which they end."""

    who: str
    at: int
    text: str

    @property
    def end(self) -> int:
        return self.at + 3


Spoken = Sequence[Said]
Layout = tuple[str, Callable[[Spoken], str | bytes]]  # the file's ending, and what makes it


def clock(second: int) -> str:
    """With hours: 00:01:05."""
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def short(second: int) -> str:
    """As pages show it: 1:05."""
    return f"{second // 60}:{second % 60:02}" if second < 3600 else clock(second)


def _lines(form: str, between: str = "\n\n") -> Callable[[Spoken], str]:
    def make(spoken: Spoken) -> str:
        lines = (
            form.format(
                who=each.who,
                said=each.text,
                c=clock(each.at),
                e=clock(each.end),
                m=short(each.at),
                s=each.at,
                n=number,
                min=each.at // 60,
                sec=each.at % 60,
            )
            for number, each in enumerate(spoken, 1)
        )
        return between.join(lines) + "\n"

    return make


def _srt(form: str) -> Layout:
    return ".srt", _lines(f"{{n}}\n{{c}},000 --> {{e}},000\n{form}")


def _vtt(form: str) -> Layout:
    cues = _lines(f"{{c}}.000 --> {{e}}.000\n{form}")
    return ".vtt", lambda spoken: f"WEBVTT\n\n{cues(spoken)}"


def _html(form: str) -> Layout:
    def make(spoken: Spoken) -> str:
        quoted = [Said(escape(each.who), each.at, escape(each.text)) for each in spoken]
        return f"<html><body>{_lines(form, '')(quoted)}</body></html>"

    return ".html", make


def _word(*paragraphs: str) -> Layout:
    def make(spoken: Spoken) -> bytes:
        body = "".join(
            f"<w:p><w:r><w:t>{escape(_lines(form)([each]).strip())}</w:t></w:r></w:p>"
            for each in spoken
            for form in paragraphs
        )
        return word_document(word_body(body.replace("\n", "</w:t><w:br/><w:t>")).encode())

    return ".docx", make


def _json(row: Callable[[Said], dict], wrap: Callable[[list], object]) -> Layout:
    return ".json", lambda spoken: json.dumps(wrap([row(each) for each in spoken]))


def _csv(header: str, row: Callable[[Said], list]) -> Layout:
    def make(spoken: Spoken) -> str:
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(header.split())
        writer.writerows(row(each) for each in spoken)
        return file.getvalue()

    return ".csv", make


def _ass(name: str, text: str) -> Layout:
    events = _lines(f"Dialogue: 0,{{c}}.00,{{e}}.00,Default,{name},0,0,0,,{text}", "\n")
    head = (
        "[Script Info]\nTitle: T\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    )
    return ".ass", lambda spoken: head + events(spoken)


def _ttml(form: str) -> Layout:
    def make(spoken: Spoken) -> str:
        quoted = [Said(escape(each.who), each.at, escape(each.text)) for each in spoken]
        lines = _lines(f'<p begin="{{c}}.000" end="{{e}}.000">{form}</p>', "")(quoted)
        return f'<tt xmlns="http://www.w3.org/ns/ttml"><body><div>{lines}</div></body></tt>'

    return ".ttml", make


def _lrc(form: str) -> Layout:
    lines = _lines(f"[{{min:02}}:{{sec:02}}.00]{form}", "\n")
    return ".lrc", lambda spoken: f"[ti:T]\n{lines(spoken)}"


PREFIXED: dict[str, Layout] = {
    "srt": _srt("{who}: {said}"),
    "srt, label above": _srt("{who}:\n{said}"),
    "srt, dash": _srt("- {who}: {said}"),
    "vtt": _vtt("{who}: {said}"),
    "vtt, >>": _vtt(">> {who}: {said}"),
    "sbv": (".sbv", _lines("{c}.000,{e}.000\n{who}: {said}")),
    "lrc": _lrc("{who}: {said}"),
    "ttml": _ttml("{who}: {said}"),
    "ass": _ass("", "{who}: {said}"),
    "csv": _csv("start end text", lambda s: [s.at, s.end, f"{s.who}: {s.text}"]),
    "segments": _json(
        lambda s: {"start": s.at, "end": s.end, "text": f" {s.who}: {s.text}"},
        lambda rows: {"segments": rows},
    ),
    "whisper.cpp": _json(
        lambda s: {
            "offsets": {"from": s.at * 1000, "to": s.end * 1000},
            "text": f" {s.who}: {s.text}",
        },
        lambda rows: {"transcription": rows},
    ),
    "txt [clock]": (".txt", _lines("[{c}] {who}: {said}", "\n")),
    "txt clock": (".txt", _lines("{c} {who}: {said}")),
    "txt (clock)": (".txt", _lines("({m}) {who}: {said}")),
    "txt range": (".txt", _lines("{c} - {e}\n{who}: {said}")),
    "txt seconds": (".txt", _lines("[{s}.00s -> {s}.90s] {who}: {said}", "\n")),
    "txt in words": (".txt", _lines("{min} minutes {sec} seconds\n{who}: {said}")),
    "md bold": (".md", _lines("**{who}:** [{m}] {said}")),
    "txt columns": (".txt", _lines("{c}\t{who}\t{said}", "\n")),
    "md list": (".md", _lines("- **{who}** ({m}): {said}", "\n")),
    "md quotation": (".md", _lines("> **{who}** ({m}): {said}")),
    "md link": (".md", _lines("[{m}](https://y.example/w?t={s}) **{who}**: {said}")),
    "html": _html("<p><b>{who}:</b> [{c}] {said}</p>"),
    "html, clock first": _html("<p>[{c}] <b>{who}</b>: {said}</p>"),
    "docx": _word("[{c}] {who}: {said}"),
}
"""The label stands in front of the words."""

HEADED: dict[str, Layout] = {
    "srt above": _srt("{who}\n{said}"),
    "txt name clock": (".txt", _lines("{who}  {m}\n{said}")),
    "txt name (clock)": (".txt", _lines("{who} ({c}):\n{said}")),
    "txt name | clock": (".txt", _lines("{who} | {c}\n{said}")),
    "txt name - clock": (".txt", _lines("{who} - {c}\n{said}")),
    "txt name, clock": (".txt", _lines("{who}, {m}\n{said}")),
    "txt name @ clock": (".txt", _lines("{who} @ {m}\n{said}")),
    "txt name at clock": (".txt", _lines("{who} at {m}\n{said}")),
    "txt frames": (".txt", _lines("{c}:12 - {e}:03\n{who}\n{said}")),
    "md (link)": (".md", _lines("**{who}** ([{m}](https://y.example/w?t={s})):\n{said}")),
    "md break": (".md", _lines("**{who}** _{m}_<br>\n{said}")),
    "txt above": (".txt", _lines("{who}\n{c}\n{said}")),
    "txt below": (".txt", _lines("{m}\n{who}\n{said}")),
    "txt @clock": (".txt", _lines("@{m} - {who}\n{said}")),
    "txt [name] clock": (".txt", _lines("[{who}] ({c})\n{said}")),
    "md": (".md", _lines("**{who}** [{m}](https://y.example/w?t={s})\n{said}")),
    "md heading": (".md", _lines("### {who} {c}\n\n{said}")),
    "html": _html("<p><strong>{who}</strong> {m}</p><p>{said}</p>"),
    "html, div": _html("<div><span>{c}</span> <span>{who}</span><p>{said}</p></div>"),
    "cite": _html("<cite>{who}:</cite><time>{m}</time><p>{said}</p>"),
    "docx, Teams": _word("{who}   {m}\n{said}"),
    "docx, paragraphs": _word("{c} --> {e}", "{who}", "{said}"),
}
"""The name stands on a line of its own, or beside its clock."""

FIELDS: dict[str, Layout] = {
    "vtt": _vtt("<v {who}>{said}</v>"),
    "ass": _ass("{who}", "{said}"),
    "csv": _csv("start end speaker text", lambda s: [s.at, s.end, s.who, s.text]),
    "segments": _json(
        lambda s: {"start": s.at, "end": s.end, "text": s.text, "speaker": s.who},
        lambda rows: {"segments": rows},
    ),
    "csv, frames": _csv(
        "speaker start end text",
        lambda s: [s.who, f"{clock(s.at)};04", f"{clock(s.end)};9", s.text],
    ),
    "chunks": _json(
        lambda s: {"timestamp": [s.at, s.end], "text": f" {s.text}", "speaker": s.who},
        lambda rows: {"chunks": rows},
    ),
    "list": _json(
        lambda s: {"startTime": s.at, "endTime": s.end, "body": s.text, "speakerName": s.who},
        lambda rows: rows,
    ),
    "AssemblyAI": _json(
        lambda s: {"start": s.at * 1000, "end": s.end * 1000, "text": s.text, "speaker": s.who},
        lambda rows: {"utterances": rows},
    ),
}
"""The name is a field of the format."""

_NO_LINE_WITHOUT_A_LABEL = {"srt, label above", "txt columns", "md list", "md quotation"}
BARE: dict[str, Layout] = {
    name: (ending, lambda spoken, make=make: _unlabelled(make(spoken)))
    for name, (ending, make) in PREFIXED.items()
    if ending != ".docx" and name not in _NO_LINE_WITHOUT_A_LABEL
}
"""Likewise as PREFIXED, but that a line by NOBODY has no label."""

NOBODY = "Zzz"


_MARKS = (("- ", ":"), (">> ", ":"), ("**", ":**"), ("**", "**:"), ("<b>", ":</b>"), ("", ":"))


def _unlabelled(made: str | bytes) -> str:
    assert isinstance(made, str)
    made = made.replace(f"<b>{NOBODY}</b>:", f"{NOBODY}:")
    for before, after in _MARKS:
        made = made.replace(f"{before}{NOBODY}{after} ", "")
    return made
