"""One notation for what many tools write: the lines of a text with their clocks as `[0:12:36]`.

Markdown's marks go: of bold type, of headings, of quotations, of links to a second. Clocks in
words ("1 minutes 5 seconds"), in seconds (`[12.3s -> 15.0s]`), in columns of a table, glued to
the words, or bare between a name and the words, are written as all others. What holds for one
line only where most of the lines are so is told by all of them.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise

from askpod.readers.json_document import seconds
from askpod.readers.speaker_labels import SYMBOLS, is_name
from askpod.readers.text import MAX_CAPTIONS, ends_sentence
from askpod.times import anchors

MAX_HEAD = 160  # characters in which a line's clock stands
MAX_NAME = 60  # characters
MOST = 2 / 3  # of the lines are in a notation that is believed by all of the file
_HOUR = 3600
_STEPS_BACK = 0.1  # of the clocks, in a notation that could also stand for what is said

# At the end stand thousandths, or frames: 00:00:04:12.
_DIGITS = r"(?:\d{1,3}:)?\d{1,3}:[0-5]\d(?:[.,]\d{1,3}|(?<=:\d\d:\d\d)[:;]\d\d)?"
CLOCK = rf"{_DIGITS}(?![\d:])"
_TOLD = rf"{_DIGITS}(?!:?\d)"  # also with a colon behind it, where all of a file is so
# Avid puts nothing between its two clocks with frames.
_FRAMED = r"(?<=:\d\d[:;]\d\d)\s{1,4}(?=\d\d:\d\d:\d\d[:;]\d\d)"
TIME = (
    rf"(?P<open>[\[(] ?)?(?P<start>{CLOCK})"
    rf"(?:(?:[\])]? ?(?:-{{0,2}}>|-|–|—|to|,) ?[\[(]?|{_FRAMED})(?P<end>{CLOCK}))?"
    r"(?P<close> ?[\])])?"
)
LEADING = re.compile(rf"{TIME}(?P<rest>.*)", re.DOTALL | re.ASCII)
# As faster-whisper prints them: [12.34s -> 15.00s]
_IN_SECONDS = re.compile(
    r"[\[(] ?(?P<start>\d{1,6}\.\d{1,3}|\d{1,6}(?=s)) ?s? ?(?:-{0,2}>|-|–|—|to) ?"
    r"(?P<end>\d{1,6}\.\d{1,3}|\d{1,6}(?=s)) ?s? ?[\])]"
)
DESTINATION = (  # of a link, with the words that show where the mouse is on it
    r"\(\s?(?:<[^<>\n]{1,500}>|(?:[^()\s]|\([^()\s]{0,300}\)){1,500})(?:\s[^()\n]{0,300})?\)"
)
_ESCAPED = re.compile(r"\\([\[\]()*_#@.-])")
_LINKED = re.compile(
    r"(?P<open>\((?=\[))?(?<!\[)\[{1,2}(?P<text>[^\[\]\n]{0,40}\d:\d\d[^\[\]\n]{0,20})\]"
    rf"(?:{DESTINATION}|\[[^\[\]\n]{{1,40}}\])\]?(?(open)\))"
)
_DEFINITION = re.compile(r"^\[[^\[\]\n]{1,40}\]: <?(?:https?:|[/#.])\S*$")  # of a link, in Markdown
_BULLET = re.compile(r"^(?:(?:[@>*•-]\s?|#{1,6}\s|T\+)+(?=[\[(]?\d{1,3}:\d)|at (?=[\d:.]+$))")
_QUOTED = re.compile(r"^(?:>(?: |$))?(?:[-*•] (?=[*_]))?")  # a quotation, or a list of bold names
_EMPHASIS = re.compile(
    r"^(?:\*{1,3}|_{1,3})(?=[^\s*_])([^*_\n]{1,60}?)(?<=\S)[*_]{1,3}(?=[\s:：(\[]|$)"
)
# A name in bold type behind a clock, without a colon: [0:03] **Ann** text
_BOLD_NAME = re.compile(
    rf"^([\W_]{{0,6}}{_DIGITS}[\W_]{{0,6}}?)(?<=\s)\*\*(?=[^\W_])([^*:\n]{{1,60}})\*\* (?=[^\W_])"
)
_BOLD = re.compile(r"(?<![\w*])\*\*(?=[^\s*])((?:[^*\n]|\*(?!\*))+)\*\*(?!\*)")  # not f**k
# In brackets of other kinds, or in italics, or as code: {0:03}, <0:03>, 【0：03】, =0:03=.
_OTHER = re.compile(
    rf"(?:[【（［〔{{<]|(?<![^\s*_])([`*_=])[\[(]?)\s?((?:\d{{1,3}}：)?\d{{1,3}}：\d\d|{CLOCK})"
    rf"(?:\s?(?:-{{0,2}}>|[-–—])\s?({CLOCK}))?\s?"
    r"(?(1)[\])]?\1|[】）］〕}>])",
    re.ASCII,
)
_CARETS = re.compile(rf"^>{{2,3}} ?(?=[^\s:>][^:>\n]{{0,59}}[\[(\s]{CLOCK})", re.ASCII)
_NAME = rf"{SYMBOLS}[^\W\d_][^:\[\]{{}}<>\n]{{0,59}}?"
_NAME_FIRST = re.compile(
    rf"\[ ?(?P<name>{_NAME}) ?(?P<mark>[,|@·–—-]?) ?(?P<clock>{CLOCK}) ?\](?:\s?[:：])?"
)
_CLOCK_FIRST = re.compile(
    rf"\[ ?(?P<clock>{CLOCK}) ?(?P<mark>[,|·–—-]?) ?(?P<name>{_NAME}) ?\](?:\s?[:：])?"
)
_SOUND = re.compile(
    "(?:inaudible|unintelligible|indistinct|crosstalk|overlapping|music|laugh|applau|silence|pause"
    "|noise|foreign|phonetic).*",
    re.IGNORECASE,
)
_OF_DAY = re.compile(r"(?<![\d:])(\d{1,2})(:[0-5]\d:[0-5]\d) ?([ap])\.?m\b\.?", re.ASCII | re.I)
_F4 = re.compile(r"#(\d{1,2}:\d\d:\d\d)-(\d)#", re.ASCII)
_NUMBER = re.compile(r" ?(\d{1,5})(?:[.)]\s+| ?[|\t] ?)(?=\S)", re.ASCII)
_HEADED = re.compile(rf"(?:[^.?!\[(|\t]{{0,60}}[\[(|\t] ?)?{CLOCK}", re.ASCII)
_ANY = re.compile(_TOLD, re.ASCII)
_BARE = re.compile(
    rf"(?P<name>{SYMBOLS}[^\W_][^:：\[\]{{}}<>|\n]{{0,59}}?(?<! )) ?(?P<mark>[:：,@–—-]?) +"
    rf"(?P<clock>{_TOLD}(?: ?(?:-{{0,2}}>|[-–—]) ?{_TOLD})?)(?: +[-–—|:]|:)? +(?=[^\s>–—-])"
    rf"(?!{_TOLD})"
)
_AMID = re.compile(
    rf"(?:^|(?<=\s))[\[({{<] ?(?P<clock>{CLOCK})(?: ?(?:-{{0,2}}>|[-–—]) ?{CLOCK})? ?[\])}}>]"
    r"(?=\s+\S)",
    re.ASCII,
)
_AMID_BARE = re.compile(rf"(?:^|(?<=\s))(?P<clock>{CLOCK})(?= [^\W\d_\s]| ?$)", re.ASCII)
_GLUED = re.compile(r"^(\d{1,2}:[0-5]\d(?::[0-5]\d)?)(?=[^\W\d]|: )")
# As in a panel of YouTube that was copied: "1:021 minute, 2 secondsAnd so".
ALOUD_BEHIND = re.compile(
    r"(?P<clock>(?:\d{1,2}:)?\d{1,2}:[0-5]\d) ?(?P<aloud>(?:\d{1,2} [^\W\d]+,? (?:[^\W\d]+ )?){0,2}"
    r"(?:(?P<one>1)|\d{1,2}) (?(one)(?i:second|sekunde|segundo|minut[eo]|hour|stunde|heure|hora)"
    r"|(?i:second(?:en|es|i|s)|sekunden|segundos|minut(?:en|es|os|i|s)|hours|stunden|heures|horas))"
    r"(?:[eo](?=[A-ZÀ-Ý]))?)"
)
_FIELD = re.compile(r"^(?:time(?:stamp|code)?|start|speaker|name|text|transcript): (?=\S)", re.I)
_RULES = frozenset("-*_=~")
_RULE = re.compile(r"([-*_=~])(?: ?\1){2,}")
_BREAK = re.compile(r"<br\s?/?>", re.IGNORECASE)
_HEADING = re.compile(r"^#{1,6}\s+(?=\S)")
_UNIT = r"(?:h|hrs?|hours?|std\.?|stunden?|heures?|horas?|or[ae]|uur|час\w*)"
_MINUTE = r"(?:m|'|′|mins?\.?|minutes?|minuten?|minutos?|minut[oi]|минут\w*)"
_SECOND = (
    r"(?:s|''|\"|″|secs?\.?|seconds?|sekunden?|secondes?|segundos?|second[oi]|seconden?|секунд\w*)"
)
_AND = r"(?:,? (?:and|und|et|y|e|en|и) |[, ]{0,2})"
_SPELLED = re.compile(
    rf"(?:(?P<h>\d{{1,2}}) ?{_UNIT}\b)?{_AND}(?:(?P<m>\d{{1,3}}) ?{_MINUTE}\b)?{_AND}"
    rf"(?:(?P<s>\d{{1,2}}) ?{_SECOND}\b)?",
    re.IGNORECASE,
)
# As [1h2m3s], (1 min 3 s), 2'05", [65.250] or, where a line begins, 3s.
_SHORTHAND = re.compile(
    rf"(?:(?P<open>[\[({{]) ?|^)(?:(?P<h>\d{{1,2}}) ?{_UNIT}{_AND})?"
    rf"(?:(?P<m>\d{{1,3}}) ?{_MINUTE}{_AND})?(?P<s>\d{{1,5}}(?:\.\d{{1,3}})?) ?"
    rf"(?(open)(?:{_SECOND}|(?<=\.\d\d)|(?<=\.\d\d\d)) ?[\])}}]|{_SECOND}(?=[\s:])):?",
    re.ASCII | re.IGNORECASE,
)
# As 00.01.05 or 00-01-05, in a recording that begins before the first hour is over: no date.
_DOTTED = re.compile(r"^[\[(]?(?P<h>\d\d)([.-])(?P<m>[0-5]\d)\2(?P<s>[0-5]\d)(?:[\])]|(?=\s|$))")
# As 1.05 or 12.45, in front of all that is said.
_MINUTES = re.compile(
    r"^[\[(]?(?P<h>(?!))?(?P<m>\d{1,3})\.(?P<s>[0-5]\d)(?:[\])]|(?=\s|$))", re.ASCII
)
_FASTEST = 50.0  # characters a second; numbered headings have far more
_LEAST_SHORT = 1 / 3  # of the lines have a clock so written; else it may be a pause
_ENDS = ".?!…\"'”’»)]"  # of a sentence: a timetable has none
_MAY_BEGIN = re.compile(r"^|\s{2,}|\t|\s?[|,(–—-]\s?| ")  # a clock in words
_IN_WORDS = re.compile(r"\d ?[^\W\d]")
_READ_ALOUD = re.compile(
    rf"^(\d{{1,3}} ?[^\W\d]+(?:,? \d{{1,2}} ?[^\W\d]+){{0,2}}){CLOCK}$", re.ASCII
)


def in_lines(written: Sequence[str]) -> list[tuple[int, str]]:
    """The lines with their numbers; where clocks stand amid them, another one at each clock.

    Most of the clocks must stand so, behind words that are no name beside them, and run on.
    """
    for pattern in (_AMID, _AMID_BARE):
        found = [
            (at, match)
            for at, line in enumerate(written)
            for match in (pattern.finditer(line) if ":" in line else ())
        ]
        clocks = [seconds(match["clock"]) or 0.0 for _, match in found]
        if not (2 < len(found) <= MAX_CAPTIONS and run_on(clocks)):
            continue
        if pattern is _AMID_BARE and found[0][1].start():
            continue
        heads = Counter(_head(match) for _, match in found)
        cuts: list[list[int]] = [[0] for _ in written]
        for at, match in (found[place] for place in anchors(clocks)):  # the others are said
            if _is_amid(match, heads):
                cuts[at].append(match.start())
        if 2 * (sum(map(len, cuts)) - len(cuts)) > len(found):
            return [
                (number, line[begin:end])
                for number, (line, places) in enumerate(zip(written, cuts, strict=True), 1)
                for begin, end in pairwise([*places, len(line)])
            ]
    return list(enumerate(written, 1))


def _head(clock: re.Match[str]) -> str:
    """What stands before a clock in its line, as far as it may be a name."""
    return clock.string[max(0, clock.start() - MAX_HEAD) : clock.start()].strip(" *_>-:")


def _is_amid(clock: re.Match[str], heads: Counter[str]) -> bool:
    """Whether a clock stands behind words that are no name."""
    head = _head(clock)
    is_said = ends_sentence(head) or heads[head] == 1
    return is_said and not is_name(head) and any(map(str.isalpha, head))


def in_one_notation(written: Iterable[str]) -> list[str]:
    """The lines without marks, with all clocks in one notation."""
    lines = [_normal(line) for line in _labelled(list(written))]
    for step in (_rewritten, _unnumbered, _named, _digital):
        lines = step(lines)
    return lines


def _labelled(lines: list[str]) -> list[str]:
    """The lines; where most clocks have words in bold type behind them, with those as labels."""
    labelled = [_BOLD_NAME.sub(r"\1\2: ", line) for line in lines]
    often = sum(map(operator.ne, labelled, lines))
    return labelled if often >= max(2, MOST * sum(map(has_clock, lines))) else lines


def has_clock(line: str) -> bool:
    """Whether a clock stands near the beginning of a line."""
    return ":" in line and bool(_ANY.search(line, 0, MAX_HEAD))


def _of_24_hours(match: re.Match[str]) -> str:
    return f"{int(match[1]) % 12 + 12 * (match[3] in 'pP')}{match[2]}"


def _rewritten(lines: list[str]) -> list[str]:
    """The lines; where most clocks have AM or PM, with 24 hours; where most are glued, apart."""
    clocks, written = sum(map(has_clock, lines)), sum(map(bool, lines))
    for pattern, instead, of in (
        (_OF_DAY, _of_24_hours, clocks),
        (_GLUED, r"\1 ", written),
        (_FIELD, "", written),
    ):
        changed = [pattern.sub(instead, line, count=1) if ":" in line else line for line in lines]
        if sum(map(operator.ne, changed, lines)) >= max(2, MOST * of):
            lines = changed
    return lines


def _unnumbered(lines: list[str]) -> list[str]:
    """The lines; where those with a clock are numbered one by one, without the numbers."""
    found: dict[int, tuple[int, str]] = {}
    for at, (line, below) in enumerate(pairwise([*lines, ""])):
        match = _NUMBER.match(line) if ":" in line else None
        if match and _HEADED.match(line, match.end()):
            found[at] = int(match[1]), line[match.end() :]
        elif line.isdecimal() and len(line) < 6 and _HEADED.match(below):
            found[at] = int(line), ""
    steps = sum(b == a + 1 for (a, _), (b, _) in pairwise(found.values()))
    if steps < max(2, MOST * (sum(map(has_clock, lines)) - 1)):
        return lines
    return [found[at][1] if at in found else line for at, line in enumerate(lines)]


def _named(lines: list[str]) -> list[str]:
    """The lines; where most clocks stand beside a name, with the clock in brackets and a label.

    They stand bare between the name and words, or with it in one pair of brackets.
    """
    clocks, written = sum(map(has_clock, lines)), sum(map(bool, lines))
    for pattern in (_BARE, _NAME_FIRST, _CLOCK_FIRST):
        found = [pattern.match(line[:MAX_HEAD]) if ":" in line else None for line in lines]
        counts = Counter(match["name"] for match in found if match)
        for name in [name for name in counts if _SOUND.fullmatch(name)]:
            del counts[name]
        often = sum(count for count in counts.values() if count > 1)
        ended = sum(bool(m) and line[-1] in _ENDS for line, m in zip(lines, found, strict=True))
        is_said = pattern is not _BARE or (2 * ended >= often >= _LEAST_SHORT * written)
        is_usual = often >= max(3, MOST * clocks) and is_said
        if is_usual and _are_of_speakers([match for match in found if match]):
            return [
                f"[{match['clock']}] {match['name']}: {line[match.end() :].strip()}"
                if match and (counts[match["name"]] > 1 or is_name(match["name"]))
                else line
                for line, match in zip(lines, found, strict=True)
            ]
    return lines


def _are_of_speakers(found: Sequence[re.Match[str]]) -> bool:
    """Whether clocks behind names are a recording's, and no verses as in "John 3:16 says"."""
    starts = (_ANY.match(match["clock"]) for match in found)
    clocks = [seconds(start[0]) or 0.0 for start in starts if start]
    several = len({match["name"] for match in found}) > 1
    return run_on(clocks) and (several or any(match["mark"] for match in found))


def run_on(clocks: Sequence[float]) -> bool:
    """Whether clocks go on as those of a recording do, which pauses and verses do not."""
    back = sum(after < before for before, after in pairwise(clocks))
    return back <= _STEPS_BACK * len(clocks) and 2 * len(set(clocks)) > len(clocks)


def _normal(written: str) -> str:
    """The line without Markdown's marks."""
    text = written.strip()
    if text[:1] in _RULES and _RULE.fullmatch(text):
        return ""
    for sign, pattern, instead in _MARKUP:
        if sign in text:
            text = pattern.sub(instead, text, count=20)
    return text.strip()


def _in_clocks(match: re.Match[str]) -> str:
    start, end = (digits(float(second)) for second in match.group("start", "end"))
    return f"[{start} --> {end}] "


def digits(second: float) -> str:
    """A second as a clock with its parts: 0:01:05.250."""
    return f"{int(second) // 3600}:{int(second) // 60 % 60:02}:{second % 60:06.3f}"


def _in_brackets(match: re.Match[str]) -> str:
    return f"[{' --> '.join(filter(None, match.group(2, 3)))}]".replace("：", ":")


def _unlinked(match: re.Match[str]) -> str:
    """The text of a link; a clock alone stays in its brackets."""
    inner = match["text"].strip(" ()")
    return f"[{inner}]" if re.fullmatch(CLOCK, inner) else match["text"]


_MARKUP: tuple[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (" ", _READ_ALOUD, r"\1"),
    ("#", _F4, r"[\1.\2]"),
    ("<", _BREAK, " "),
    (">", _CARETS, ""),
    ("", _QUOTED, ""),
    ("", _EMPHASIS, r"\1"),
    ("**", _BOLD, r"\1"),
    ("", _OTHER, _in_brackets),
    ("\\", _ESCAPED, r"\1"),
    ("](", _LINKED, _unlinked),
    ("][", _LINKED, _unlinked),
    ("]: ", _DEFINITION, ""),
    (" ", _IN_SECONDS, _in_clocks),
    (":", _BULLET, ""),
    ("#", _HEADING, ""),
)
"""What is looked for where a sign stands in a line, and what stands there then, in this order."""


def _digital(lines: list[str]) -> list[str]:
    """The lines, with "1 minutes 5 seconds" or [1m5s] as a clock where no other clocks stand."""
    if any(":" in line and (LEADING.match(line) or ALOUD_BEHIND.match(line)) for line in lines):
        return lines
    clocks: list[float] = []

    def unshortened(match: re.Match[str]) -> str:
        hours, minutes, rest = (float(match[unit] or 0) for unit in "hms")
        clocks.append(hours * 3600 + minutes * 60 + rest)
        return f"[{digits(clocks[-1])}] "

    for pattern in (_MINUTES, _SHORTHAND, _DOTTED):
        clocks.clear()
        short = [pattern.sub(unshortened, line) for line in lines]
        changed = sum(map(operator.ne, short, lines))
        begins = pattern is _SHORTHAND or (bool(clocks) and clocks[0] < _HOUR)
        if pattern is _MINUTES and not _are_minutes(lines, clocks):
            continue
        if begins and changed >= max(2, _LEAST_SHORT * sum(map(bool, lines))) and run_on(clocks):
            return short
    heads = frozenset(lines)
    spelled = [_spelled(line, heads) for line in lines]
    if sum(each is not None for each in spelled) < 2:
        return lines
    return [line if each is None else each for line, each in zip(lines, spelled, strict=True)]


def _are_minutes(lines: Sequence[str], clocks: Sequence[float]) -> bool:
    """Whether numbers such as 1.05 are clocks: they rise, no line begins with another number."""
    said = sum(map(len, lines))
    rise = len(clocks) > 2 and all(map(operator.lt, clocks, clocks[1:]))
    others = sum(line.lstrip("[(")[:1].isdecimal() for line in lines) - len(clocks)
    if not rise or others or said > _FASTEST * (clocks[-1] - clocks[0]):
        return False
    # In brackets they may also be seconds, if nobody had to speak too fast.
    in_brackets = any(line[0] in "[(" for line in lines if line)
    return not in_brackets or said > _FASTEST * (clocks[-1] - clocks[0]) / 60


def _spelled(line: str, names: Collection[str]) -> str | None:
    """The line with its clock in digits; None where it has none in words.

    It opens the line, or stands behind a sign, or behind what is a line of its own elsewhere.
    """
    if not _IN_WORDS.search(line, 0, MAX_HEAD):
        return None
    for begin in _MAY_BEGIN.finditer(line[:MAX_NAME]):
        head = line[: begin.start()]
        match = _SPELLED.match(line, begin.end())
        if match is None or not any(match.groups()) or line[match.end() :].strip(" )-–—:|"):
            continue
        if begin[0] != " " or head in names:
            hours, minutes, secs = (int(match[unit] or 0) for unit in "hms")
            return f"{head}  {hours}:{minutes:02}:{secs:02}".strip(" \t|,(–—-")
    return None
