"""Files as large as the readers take them, of the kinds that cost the most time or memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from fuzz.starts import word_body

_WORDS = "the tide gate shuts by itself when the sea turns and nobody touches it".split()  # noqa: SIM905
_SAID = " ".join(_WORDS)
_ODD = "é😀 \u200bitâ€™s \u202eodd "


def _clock(second: float, mark: str = ".") -> str:
    minutes, rest = divmod(second, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02}:{minutes:02}:{int(rest):02}{mark}{int(rest * 1000) % 1000:03}"


def _markdown(rows: str, fields: str = "") -> str:
    return f"---\ntitle: A talk\n{fields}transcript:\n{rows}---\n"


def _podcast(body: str) -> str:
    rows = [
        {"speaker": f"S{n // 40 % 3}", "startTime": n * 0.4, "endTime": n * 0.4 + 0.3, "body": body}
        for n in range(149_000)
    ]
    return json.dumps({"version": "1.0.0", "segments": rows}, ensure_ascii=False, indent=1)


def _words(count: int) -> list[dict[str, object]]:
    return [
        {
            "word": _WORDS[n % 14],
            "start": n * 0.4,
            "end": n * 0.4 + 0.3,
            "speaker": f"S{n // 90 % 3}",
        }
        for n in range(count)
    ]


def _whisperx() -> str:
    words = _words(140_000)
    segments = [
        {"start": n * 0.4, "end": n * 0.4 + 5, "text": f" {_SAID}", "words": words[n : n + 14]}
        for n in range(0, 140_000, 14)
    ]
    return json.dumps({"segments": segments, "word_segments": words, "language": "en"})


def _one_segment() -> str:
    words = _words(290_000)
    text = " ".join(str(word["word"]) for word in words[:200_000])
    return json.dumps({"segments": [{"start": 0, "end": 9, "text": text, "words": words}]})


def _snippets(count: int) -> str:
    text = f">> ANN: {_SAID[:30]}\n>> BEN: it&#39;s {_SAID[:20]}"
    return json.dumps([{"text": text, "start": n * 2.5, "duration": 5.0} for n in range(count)])


def _json3() -> str:
    segs = [{"utf8": f" {word}", "tOffsetMs": 300 * n} for n, word in enumerate(_WORDS)]
    return json.dumps({"events": [{"tStartMs": 5000 * n, "segs": segs} for n in range(27_000)]})


def _subrip(lines: str, count: int = 49_000) -> str:
    return "".join(
        f"{n}\n{_clock(2 * n, ',')} --> {_clock(2 * n + 3, ',')}\n{lines}\n\n" for n in range(count)
    )


def _rolling() -> str:
    spoken = [f"{n} {_SAID}" for n in range(49_001)]
    cues = (
        f"{_clock(2 * n)} --> {_clock(2 * n + 4)} align:start\n{spoken[n]}\n{spoken[n + 1]}\n\n"
        for n in range(49_000)
    )
    return "WEBVTT\n\n" + "".join(cues)


def _timed_words() -> str:
    cues = (
        f"{_clock(5 * n)} --> {_clock(5 * n + 5)}\n"
        + "".join(f"<{_clock(5 * n + 0.3 * m)}><c> {word}</c>" for m, word in enumerate(_WORDS))
        + "\n\n"
        for n in range(7_000)
    )
    return "WEBVTT\n\n" + "".join(cues)


def _ttml(body: str, head: str = "") -> str:
    return (
        f'<tt xmlns="http://www.w3.org/ns/ttml"><head><metadata>{head}</metadata></head>'
        f"<body><div>{body}</div></body></tt>"
    )


def _spans(count: int) -> str:
    spans = "".join(f'<span begin="{n}s">tide</span>' for n in range(14))
    return "".join(f'<p begin="{5 * n}s" end="{5 * n + 5}s">{spans}</p>' for n in range(count))


def _html(count: int) -> str:
    return "".join(
        f"<cite>S{n % 3}:</cite><time>{n // 60}:{n % 60:02}</time><p>{_SAID} &amp; more</p>\n"
        for n in range(count)
    )


def _plain(form: str) -> str:
    count = 49_000 // form.count("\n")
    return "".join(form.format(clock=_clock(3 * n)[:8], n=n % 3, said=_SAID) for n in range(count))


def _word(said: str, count: int) -> str:
    """Paragraphs of a name with a clock, and of speech in a run for each word."""
    runs = "".join(f"<w:r><w:t> {word}</w:t></w:r>" for word in said.split())
    return "".join(
        f"<w:p><w:r><w:t>Name {n % 3}  {_clock(3 * n)[:8]}</w:t></w:r></w:p><w:p>{runs}</w:p>"
        for n in range(count)
    )


EXTREMES: Sequence[tuple[str, Callable[[], str]]] = tuple(
    {
        "rows.md": lambda: _markdown(
            "".join(f"- line: {n} {_SAID}\n  sec: {n}\n  who: Ann\n" for n in range(18_000))
        ),
        "bare-rows.md": lambda: _markdown("- line: a\n" * 36_000),
        "one-second.md": lambda: _markdown("- line: Yes.\n  sec: 5\n" * 24_000),
        "copies.md": lambda: _markdown(f"- line: {_SAID}\n  who: {_SAID}.\n" * 24_000),
        "headers.md": lambda: _markdown("- header: The same\n- line: The same\n" * 18_000),
        "flow.md": lambda: _markdown("  [\n" + "  a,\n" * 60_000 + "  ]\n"),
        "names.md": lambda: _markdown("- line: a\n", "".join(f"k{n}: v\n" for n in range(70_000))),
        "odd.md": lambda: _markdown(f"- line: {_ODD * 20}\n  sec: 1\n" * 12_000),
        "lines.md": lambda: _markdown("- line: a\n", "\n" * 299_000),
        "notes.md": lambda: _markdown("- line: a\n") + f"{_ODD * 8}\n" * 60_000,
        "words.json": lambda: _podcast("tide"),
        "odd.json": lambda: _podcast(_ODD),
        "whisperx.json": _whisperx,
        "one-segment.json": _one_segment,
        "snippets.json": lambda: _snippets(50_000),
        "turns.json": lambda: _snippets(33_000),
        "json3.json": _json3,
        "numbers.json": lambda: (
            f'{{"segments": [{{"text": "a", "start": [{"1.5," * 1_499_000}1]}}]}}'
        ),
        "names.json": lambda: "{" + ",".join(f'"{n}":{n}' for n in range(1_490_000)) + "}",
        "wide.json": lambda: json.dumps([{"text": "😀" * 9_000_000, "start": 1, "duration": 1}]),
        "captions.srt": lambda: _subrip(f"ANN: shut\n<i>{_SAID[:30]}</i> &amp; {{\\an8}}more"),
        "odd.srt": lambda: _subrip(_ODD * 3),
        "clocks.srt": lambda: _subrip("00:00:01,000 -> 5\n" * 3, 14_900),
        "one-caption.srt": lambda: _subrip("a: b\n" * 2_900_000, 1),
        "rolling.vtt": _rolling,
        "timed-words.vtt": _timed_words,
        "voices.vtt": lambda: (
            "WEBVTT\n\n" + _subrip(f"<v.loud Ann B>{_SAID}</v>\n<v Ben>no").replace(",", ".")
        ),
        "same.vtt": lambda: "WEBVTT\n\n" + _subrip("no\nno\nno").replace(",", "."),
        "names.ttml": lambda: _ttml("", '<agent id="a">' + "odd <i/>" * 290_000 + "</agent>"),
        "spans.ttml": lambda: _ttml(_spans(9_900)),
        "breaks.ttml": lambda: _ttml('<p begin="1s">' + "odd <br/>" * 290_000 + "</p>"),
        "page.html": lambda: _html(49_000),
        "spans.html": lambda: "<cite>A:</cite><time>0:01</time><p>" + "<b>a</b> " * 149_000,
        "page-of-text.html": lambda: _html(2) + f"<p>{_SAID} &lt;\n" * 60_000,
        "inline.txt": lambda: _plain("[{clock}] Name {n}: {said}\n"),
        "behind.txt": lambda: _plain("Name {n} ({clock}): {said}\n\n"),
        "above.txt": lambda: _plain("Name {n}  {clock}\n{said}\n\n"),
        "odd.txt": lambda: _plain("[{clock}] Ann: " + _ODD * 3 + "\n"),
        "one-line.txt": lambda: _plain("[{clock}] Ann: {said}\n")[:4_000] + _ODD * 300_000,
        "runs.docx": lambda: word_body(_word(_SAID, 14_000)),
        "paragraphs.docx": lambda: word_body(_word("a", 29_000)),
        "tags.docx": lambda: word_body("<b/>" * 1_790_000 + _word(_SAID, 3)),
        "breaks.txt": lambda: (
            "[00:00:01] Ann: a\n[00:00:02] Ben: b\n[00:00:03] Ann: c\n" + "\n" * 49_000
        ),
    }.items()
)
