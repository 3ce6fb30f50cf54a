"""What stands beside the speech in plain text: titles, headings, notes, lines of the tools.

Above it stand the title and the description, in it Markdown's headings, below it links and other
notes, and what the exporting tool has put there. Notes are known by their heading, behind the last
clock and the last paragraph that names its speaker; where many paragraphs of the speech have
neither, by links, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from itertools import accumulate, pairwise

from askpod.parsing import Mapping, ParseError, parse_yaml
from askpod.readers.clock_notations import DESTINATION
from askpod.readers.clocked_lines import Line
from askpod.readers.frontmatter import as_text
from askpod.readers.text import FaultLog, clean, excerpt, is_of_tool, unescape

_MAX_TITLE = 200  # characters
_MAX_LABEL = 60  # characters
_MAX_DESCRIPTION = 5_000  # characters
_OFTEN = 3  # paragraphs that a label opens which names a speaker
_MOST_UNMARKED = 2  # paragraphs to each that has a clock or a name, where others are no speech
_LINKED = 1 / 3  # of the lines of notes have a link, where such paragraphs may be speech
_LINK = re.compile(r"https?:|www\.|\]\(|(?<!\w)@\w", re.IGNORECASE)
_TITLE = re.compile(r"^title(?::| ?=)[ \t]*([^\n]{1,200})$", re.MULTILINE)
_TITLED = re.compile(r"(?:episode )?title: ?(?=\S)", re.IGNORECASE)
_HEADING = re.compile(r"\s*#{1,6}\s")  # and not "#kiln", which is said
_PAGE = re.compile(
    r"(?P<same>.{0,100}?)\b(?:page|seite|página|pagina|strana|sida) (?P<number>\d{1,4})"
    r"(?P<of> ?(?:of|von|de|di|av|/) ?\d{1,4})?",
    re.IGNORECASE,
)
_CHAPTER = re.compile(r"chapter \d{1,3}: .{1,120}", re.IGNORECASE)  # in YouTube's panel
_NO_TITLES = frozenset(
    {"transcript", "full transcript", "transcription", "search transcript", "search in video",
     "show transcript", "search", "sync to video time", "follow along using the transcript.",
     "time", "timestamp", "timecode", "start", "end", "speaker", "name", "text"}
)  # fmt: skip
_OF = "episode|show|useful|further|related|helpful|important|external|additional"
_WHAT = (
    "links?|notes|resources|references|sources|credits|reading|episodes|articles|footnotes"
    "|mentions|comments|sponsors?|social media|contact|chapters|timestamps|outline"
)
_NOTES = re.compile(
    rf"(?:(?:{_OF}) )?(?:{_WHAT})(?: (?:and|&) (?:{_WHAT}))?"
    rf"|show ?notes|(?:(?:{_WHAT}|books|people|things) )?mentioned in (?:this|the) \w{{4,12}}"
    "|(?:weiterführende )?links|quellen|mitwirkende|liens|références|enlaces|recursos",
    re.IGNORECASE,
)
_DATE = r"(?:\w{3,9}, )?\w{3,9}\.? \d{1,2}, \d{4}\b.{0,20}"
_NO_TITLE = re.compile(rf"https?://\S+|(?:{_NOTES.pattern})\s?:?|{_DATE}", re.IGNORECASE)
_EDGES = re.compile(r"^\W+|[:\s]+$")
_HEADED_NOTES = re.compile(
    "(?:about|connect|follow|subscribe|support|share|leave|more|get|join|listen)"
    " (?:a|the|this|our|us|with|to|in|on|from)\\b.{0,60}",
    re.IGNORECASE,
)


_FRONT_MATTER = re.compile(
    r"\s*(?P<mark>---|\+\+\+)[ \t]*\n(?:(?!---|\+\+\+|\.\.\.)[^\n]*\n){1,200}"
    r"(?:(?P=mark)|\.\.\.)[ \t]*(?:\n|$)"
)
_FENCES = ("```", "~~~")


def without_front_matter(text: str) -> tuple[str, str]:
    """The text, in which the lines of YAML or TOML above it are empty, and the title there."""
    front = _FRONT_MATTER.match(text)
    if front is None:
        return text, ""
    return "\n" * front[0].count("\n") + text[front.end() :], title_in(front[0])


def in_fences(text: str) -> tuple[str, str]:
    """The text with no line but those within fences of code, and the title above them.

    It is as it was where less than half of it stands there.
    """
    if not any(fence in text for fence in _FENCES):
        return text, ""
    body, title = without_front_matter(text)
    inside: list[str] = []
    outside: list[str] = []
    fence = ""
    for line in body.split("\n"):
        mark = line.strip()[:3]
        ends = mark == fence if fence else mark in _FENCES
        inside.append(line if fence and not ends else "")
        outside.append("" if fence or ends else line)
        if ends:
            fence = "" if fence else mark
    if sum(map(len, inside)) < sum(map(len, outside)):
        return text, ""
    return "\n".join(inside), title or header(outside)[0]


def title_in(front_matter: str) -> str:
    """The title that YAML above a text gives it; as it is written where the rest is no YAML."""
    with suppress(ParseError):
        root = parse_yaml(front_matter.strip().strip("-."))
        if isinstance(root, Mapping):
            return clean((as_text(root.items.get("title")) or "")[:_MAX_TITLE])[0]
    told = _TITLE.search(front_matter)
    return clean(told[1].strip("\"'"))[0] if told else ""


def drop_footer(lines: list[Line], log: FaultLog) -> None:
    """Takes out what the exporting tool has put below a transcript."""
    written = [at for at, line in enumerate(lines) if line.text]
    for at in reversed(written[-3:]):
        if not is_of_tool(lines[at].text):
            return
        log.add(lines[at].number, "footer", "the exporting tool's own line is left out")
        del lines[at:]


def drop_pages(lines: Sequence[Line], log: FaultLog) -> None:
    """Takes out the heads and feet of pages, numbered one by one: "Reeds, page 2 of 9"."""
    pages: dict[tuple[str, bool], list[tuple[int, Line]]] = {}
    for line in lines:
        match = _PAGE.fullmatch(line.text) if line.start is None else None
        if match:
            key = (match["same"], bool(match["of"]))
            pages.setdefault(key, []).append((int(match["number"]), line))
    for (same, is_counted), found in pages.items():
        least = 2 if same or is_counted else 3
        if len(found) >= least and all(b[0] == a[0] + 1 for a, b in pairwise(found)):
            for place, (_, line) in enumerate(found):
                log.add(line.number, "page", f"{excerpt(line.text)} is of a page, and no speech")
                line.text = "" if place else same.strip(" ,|·•–—-")


def drop_notes(raw: Sequence[str], lines: list[Line], log: FaultLog) -> None:
    """Takes out links and other notes below the speech, from their heading on."""
    labels = [label_in(line.text) for line in lines]
    counts = Counter(filter(None, labels))
    named = {at for at, line in enumerate(lines) if line.name or counts[labels[at]] >= _OFTEN}
    last = max(named, default=-1)
    starts = [line.start for line in lines]
    above = list(accumulate(starts, _latest))
    below = list(accumulate(reversed(starts), _latest))[::-1]
    for at in range(last + 1, len(lines)):
        before, after = above[at], below[at]
        is_below = (last >= 0 or before is not None) and (after is None or after < (before or 0.0))
        if is_below and _opens_notes(raw, lines, at):
            if not (_are_marked(lines[:at], named) or _has_links(raw, lines[at + 1 :])):
                return
            told = excerpt(lines[at].text)
            log.add(lines[at].number, "notes", f"{told} and what stands below it is no speech")
            del lines[at:]
            return


def _latest(known: float | None, start: float | None) -> float | None:
    return known if start is None else start


def _are_marked(lines: Sequence[Line], named: Collection[int]) -> bool:
    """Whether most paragraphs have a clock or a name: one without is then no speech."""
    marked = sum(line.start is not None or at in named for at, line in enumerate(lines))
    unmarked = sum(
        bool(line.text) and line.start is None and at not in named and not lines[at - 1].text
        for at, line in enumerate(lines)
        if at
    )
    return unmarked <= _MOST_UNMARKED * marked


def _has_links(raw: Sequence[str], lines: Sequence[Line]) -> bool:
    written = [raw[line.number - 1] for line in lines if line.text]
    linked = sum(bool(_LINK.search(text)) for text in written)
    return linked > 0 and linked >= _LINKED * len(written)


def _opens_notes(raw: Sequence[str], lines: Sequence[Line], at: int) -> bool:
    """Whether a line is the heading of links or other notes."""
    line = lines[at]
    if line.start is not None or not line.text:
        return False
    headed = bool(_HEADING.match(raw[line.number - 1]))
    apart = headed or (at > 0 and not lines[at - 1].text and lines[at - 1].start is None)
    heading = line.text.strip(" :*_")
    return (apart and bool(_NOTES.fullmatch(heading))) or (
        headed and bool(_HEADED_NOTES.fullmatch(heading))
    )


def drop_headings(raw: Sequence[str], lines: list[Line], begin: int, log: FaultLog) -> None:
    """Takes out Markdown's headings between the paragraphs: nobody says them."""
    counts = Counter(line.text for line in lines[begin:])
    labels = Counter(label_in(line.text) for line in lines)
    for at, line in enumerate(lines[begin:], begin):
        is_marked = _HEADING.match(raw[line.number - 1]) and not line.name
        # A title in YouTube's panel stands above a clock, and is not what is said at one.
        clock_below = _is_bare_clock(lines, at + 1) or any(
            line.read_aloud for line in lines[at + 1 : at + 2]
        )
        is_above = clock_below and not _is_bare_clock(lines, at - 1)
        is_heading = is_marked or (is_above and _CHAPTER.fullmatch(line.text))
        label = label_in(line.text)
        if is_heading and counts[line.text] == 1 and not (label and labels[label] > 1):
            log.add(line.number, "heading", f"{excerpt(line.text)} is a heading, and no speech")
            line.text = ""


def _is_bare_clock(lines: Sequence[Line], at: int) -> bool:
    return 0 <= at < len(lines) and lines[at].start is not None and not lines[at].text


def label_in(text: str) -> str:
    """What may be a speaker's name before a colon; "" where there is none."""
    head, colon, _ = text[:_MAX_LABEL].partition(":")
    return head if colon else ""


def header(texts: Iterable[str]) -> tuple[str, str]:
    """The title and the description that stand above the first clock."""
    cleaned = [clean(unescape(text.lstrip("# ")))[0] for text in texts]
    others: list[str] = []
    if cleaned and _CHAPTER.fullmatch(cleaned[-1]):  # right above the first clock
        others.append(cleaned.pop())
    written = [text for text in cleaned if text and not is_of_tool(text)]
    while written and _EDGES.sub("", written[0]).casefold() in _NO_TITLES:
        del written[0]
    while written and _NO_TITLE.fullmatch(written[0]):
        others.append(written.pop(0))
    title = written.pop(0) if written and len(written[0]) <= _MAX_TITLE else ""
    described = " ".join([*others, *written])
    return _TITLED.sub("", title, count=1), described[:_MAX_DESCRIPTION].rstrip()


# Markdown's markup. Clocks, and names at the beginning of a line, keep their marks: by these
# they are known (clock_notations).
_NO_CLOCK = r"(?![\[(]?\d{1,3}:\d\d)"
_TAG = re.compile(
    r"</?(?:a|b|center|details|div|em|font|i|mark|p|small|span|strong|summary|su[bp]|u)\b[^<>\n]*>",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"!\[[^\[\]\n]{0,300}\]\([^()\n]{0,1000}\)")
_MARKED_LINK = re.compile(
    rf"(?<!\\)\[{_NO_CLOCK}(?P<text>[^\[\]\n]{{1,300}})\]"
    rf"(?=\(\s?<?(?:https?:|mailto:|[/#.])){DESTINATION}"
)
_ADDRESS = re.compile(r"<(https?://[^\s<>]{1,1000})>")
_NOTE = re.compile(r"^\[\^[^\[\]\s]{1,40}\]:.*")  # a footnote, below the speech
_NOTED = re.compile(r"\[\^[^\[\]\s]{1,40}\]")
_COMMENT = re.compile(r"<!--[^<\n]{0,1000}-->")
_EMPHASIS = re.compile(
    rf"(?<![\w\\*_`~])(?P<mark>\*\*\*|\*\*|\*|___|__|_|~~|`){_NO_CLOCK}(?=[^\s*_`~])"
    r"(?P<text>[^*_`~\n]{1,300})(?<=\S)(?P=mark)(?![\w*_`~])"
)
# What is emphasised before it may be a name, behind a clock in bold type.
_FIRST = re.compile(r"(?:[\W_]{0,6}(?:\d{1,3}:){1,2}\d\d\b[\W_]{0,6}?\s\*\*|[\W_]*)[^\W_]")
_MARKS = re.compile(r"[*_`~&<\\]|\]\(|\[\^")


def without_markdown(text: str) -> str:
    """The text of a Markdown file without links' addresses, images, notes, emphasis, entities.

    No line is added or taken away.
    """
    return "\n".join(
        _without_marks(line) if _MARKS.search(line) else line for line in text.split("\n")
    )


def _without_marks(written: str) -> str:
    line = _TAG.sub("", _COMMENT.sub("", _PICTURE.sub("", _NOTE.sub("", written))))
    line = _ADDRESS.sub(r"\1", _MARKED_LINK.sub(r"\g<text>", _NOTED.sub("", line)))
    first = _FIRST.match(line)
    if first is not None:
        begin = first.end()  # what is emphasised at the beginning may be a name
        line = _EMPHASIS.sub(lambda m: m["text"] if m.start() >= begin else m[0], line)
    return unescape(line.removesuffix("\\"))
