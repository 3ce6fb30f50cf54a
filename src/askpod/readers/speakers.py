"""Finds who speaks where a transcript only writes it in front of the words.

    Mara: text      >> MARA LIND: text      [Mara]: text      Mara's iPhone (she/her): text
    (speaker 0) text      [Speaker 1] text      <Speaker 1> text      SPEAKER_00:      Speaker №1:

What a label is, is decided by structure over all of the file and not by the look of a name: the
same prefix opens many captions in one layout. A diariser's own notation, and a name behind `>>`
or in brackets with a colon, is a label wherever it opens a line. A prefix that is rare counts
only if it looks like a name and the file has others; what never names a person ("Note") is
speech then.

`>>` without a name, dashes before what people say, and a diariser's `?` mean another speaker who
is not known: nobody is credited with those words. How far a label reaches: `speaker_labels`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from askpod.readers.cues import Cue
from askpod.readers.speaker_labels import (
    SYMBOLS,
    hold_named,
    is_diariser,
    is_name,
    is_phrase,
    known,
    may_be_phrase,
    without_unknown,
)
from askpod.readers.text import MAX_CAPTIONS, MAX_CUES, FaultLog, ends_sentence, is_of_tool
from askpod.readers.turn_signs import DASHED, with_signs
from askpod.text import HIDDEN, without_hidden

_NUMBER = re.compile(r"\d+$")
_MOST_LETTERS = 60  # characters of a label
_REST = rf"[^\n:：]{{0,{_MOST_LETTERS}}}?[^\s:：]"
_NAME = rf"{SYMBOLS}[^\W_](?:{_REST})?|[+№#@]{_REST}"
# Behind a colon comes a space, or a letter that cannot go on a word: `12:30` and `a::b` are none,
# `SPEAKER_01:so` is one.
_LEAD = rf"[\s{HIDDEN}]*+"  # marks of direction stand before names in Arabic and Hebrew
_COLON = re.compile(
    rf"{_LEAD}(?:[-–—]\s*+)?(?P<name>{_NAME})\s?(?:：|:(?=\s|$|[^\x00-\x7f]|[\"'A-Z])"
    r"|(?<=\d):(?=[a-z]))\s*+"
)
_BRACKETED = re.compile(
    rf"{_LEAD}(?:[-–—]\s*+)?(?:\[(?P<square>(?:[^\[\]\n]|\[[^\[\]\n]{{1,30}}\]){{1,{_MOST_LETTERS}}})\]"
    rf"|\((?P<round>(?:[^()\n]|\([^()\n]{{1,30}}\)){{1,{_MOST_LETTERS}}})\)"
    rf"|<(?P<angle>[^<>\n]{{1,{_MOST_LETTERS}}})>|\{{(?P<curly>[^{{}}\n]{{1,{_MOST_LETTERS}}})\}})"
    r"(?P<colon>\s?[:：])?\s*+"
)
_CHANGE = re.compile(rf"(?<!\S)(?:(?P<sure>>{{2,3}})|{DASHED})(?:\s++|(?=\w)|$)")
_BOLD = re.compile(rf"^\s*+\*\*([^*\n]{{1,{_MOST_LETTERS}}})\*\*(?=[\s:：]|$)")
_APART = re.compile(rf"\s*+\|?(?P<name>{_NAME})\s?(?:\||\s[-–—])\s++(?P<said>.*)", re.DOTALL)

_LABELLED = 1 / 2  # of the captions of a file in which each says who speaks
_MOST = 2 / 3  # of the captions, from which on a label may stand only once
_NEARLY_ALL = 0.9  # of the captions, from which on one that stands once may look like anything
_CHANGES_SHARE = 0.02  # of the captions have `>>` in a file in which it marks each change
_OFTEN = 3  # times that a prefix stands that does not look like a name, where few captions have any
_OFTEN_SHARE = 0.02  # of the captions, likewise
_BEGINS = 1 / 3  # of what follows such a prefix begins a sentence: "budget: is …" does not
_CAPITALS = 0.05  # of the captions begin with a capital; in a file with fewer nothing can be told
_SPOKEN = 0.8  # of a bracket's uses that are followed by words: `[Music]` mostly stands alone
_MOST_ODD_WORDS = 7  # of a label that does not look like a name


@dataclass(slots=True)
class _Line:
    """One line of a cue, or what follows a `>>` in it."""

    text: str
    label: str = ""  # what may name its speaker
    rest: str = ""  # the text without the label
    sure: bool = False  # the label cannot be speech
    bracket: bool = False  # it stands in brackets without a colon
    changes: bool = False  # another speaker begins


def name_speakers(cues: Sequence[Cue], log: FaultLog, *, recognised: bool = False) -> Sequence[Cue]:
    """The cues with the speakers that their texts name, which are taken out of the texts.

    A cue in which several people speak is cut. Where any cue has a speaker of its own, no text is
    looked at; nor where there are more lines than anybody speaks.

    Args:
        cues: in the file's order.
        log: takes the fault where few labels stand.
        recognised: the cues are a recogniser's: one without a speaker is by nobody that it knows,
            and not by the one that was named last.
    """
    cues = [cue._replace(speaker=known(cue.speaker)) if cue.speaker else cue for cue in cues]
    if any(cue.speaker.strip("?") for cue in cues):
        return without_unknown(cues) if recognised else hold_named(cues, log)
    cues = without_unknown(cues)
    lines_or_changes = sum(cue.text.count("\n") + cue.text.count(">>") for cue in cues)
    if len(cues) > MAX_CUES or lines_or_changes > 2 * MAX_CAPTIONS:
        return cues
    cues = with_signs(cues)
    split = [_lines(cue.text) for cue in cues]
    _keep_brackets([line for lines in split for line in lines if line.label])
    believed = _Labels(split).believed() or _labels_apart(split)
    split = _cut_inside(cues, split, believed)
    changes = any(cue.opens for cue in cues) or any(
        line.changes for lines in split for line in lines
    )
    if not believed and not changes:
        return list(cues)
    named = [
        part for cue, lines in zip(cues, split, strict=True) for part in _cut(cue, lines, believed)
    ]
    # A diariser marks each change of the speaker, and so does `>>` where it is often used.
    marks_changes = any(map(is_diariser, believed)) or (
        sum(">>" in cue.text for cue in cues) >= _CHANGES_SHARE * len(cues)
    )
    return hold_named(named, log, always=marks_changes)


def _keep_brackets(lines: Sequence[_Line]) -> None:
    """Of `[Mara] Machine Learning: it is` takes the bracket, where others have that alone."""
    alone = Counter(line.label for line in lines if line.bracket)
    counts = Counter(line.label for line in lines)
    for line in lines:
        if line.bracket or line.sure or line.label[0] not in "[({" or counts[line.label] > 1:
            continue
        match = _BRACKETED.match(line.text)
        label = " ".join(match[0].split())[1:-1] if match else ""
        if match and alone[label] > 1:
            line.label, line.rest, line.bracket = label, line.text[match.end() :], True


def _lines(text: str) -> list[_Line]:
    if _PLAIN.fullmatch(text):
        return [_Line(text)]  # nearly every caption
    lines: list[_Line] = []
    for written in text.split("\n"):
        begin, changes, sure = 0, False, False
        for match in _CHANGE.finditer(written):
            if changes or written[begin : match.start()].strip():
                lines.append(_line(written[begin : match.start()], changes=changes, marked=sure))
            begin, changes, sure = match.end(), True, bool(match["sure"])
        lines.append(_line(written[begin:], changes=changes, marked=sure))
    return lines


def _cut_inside(
    cues: Sequence[Cue], split: list[list[_Line]], believed: set[str]
) -> list[list[_Line]]:
    """The lines; one is cut where a believed label stands behind a sentence or a sound in it."""
    names = "|".join(re.escape(label) for label in believed if is_name(label) or is_diariser(label))
    if not names:
        return split
    label = rf"(?:{names})\s?[:：](?:\s|$)"
    sound = re.compile(rf"^(\s*[\[(♪][^\])\n]*+[\])♪] )({label})", re.MULTILINE)
    inside = re.compile(rf"(?<=[.?!…。？！\"”’)\]♪])[ ]+(?:(?={label})|[-–—] ?(?={label}[^a-z]))")
    for place, cue in enumerate(cues):
        if ":" in cue.text and inside.search(cue.text):
            split[place] = _lines(inside.sub("\n", sound.sub(r"\2\1", cue.text)))
    return split


_PLAIN = re.compile(rf"[^\n:：*>\[({{<–—{DASHED}-]*+")


def _line(text: str, *, changes: bool, marked: bool) -> _Line:
    bold = _BOLD.match(text) if "**" in text else None
    if bold and is_diariser(bold[1]):
        return _Line(text, bold[1], text[bold.end() :].lstrip(" :："), sure=True, changes=changes)
    text = _BOLD.sub(r"\1", text) if bold else text
    if match := _BRACKETED.match(text):
        label = " ".join(
            (match["square"] or match["round"] or match["angle"] or match["curly"]).split()
        )
        colon = bool(match["colon"])
        sure = is_diariser(label) or (colon and is_name(label))
        # [External] Mara: or [laughs] Mara:
        inner = None if colon or sure else _COLON.match(text, match.end())
        if inner and is_name(inner["name"]):
            label = " ".join(text[: inner.end("name")].lstrip(" -–—").split())
            return _Line(text, label, text[inner.end() :], changes=changes)
        return _Line(text, label, text[match.end() :], sure, not colon and not sure, changes)
    match = _COLON.match(text)
    label = " ".join(without_hidden(match["name"]).split()) if match else ""
    if match is None or not _may_be_label(label) or is_of_tool(text):
        return _Line(text, changes=changes)
    sure = is_diariser(label) or (marked and is_name(label))
    return _Line(text, label, text[match.end() :], sure, bracket=False, changes=changes)


@lru_cache(maxsize=4096)
def _may_be_label(label: str) -> bool:
    """Whether a text before a colon can be more than the beginning of a sentence."""
    return is_diariser(label) or (
        len(label.split()) <= _MOST_ODD_WORDS and not set(label) & set('?!…"“”;')
    )


_BARE = re.compile(r"\s*[(\[|/,–—-].*", re.DOTALL)


class _Labels:
    """What may be labels in a file, counted."""

    def __init__(self, split: Sequence[Sequence[_Line]]) -> None:
        self._split = split
        every = [line for lines in split for line in lines if line.label]
        self._sure = {line.label for line in every if line.sure}
        self._counts = Counter(line.label for line in every if not line.bracket)
        for label in [label for label in self._counts if label[0] in "[({"]:
            if re.sub(r"^.*?[\])}] ", "", label) in self._counts:
                del self._counts[label]  # a sound before a label
        few = (label for label, count in self._counts.items() if count < 2 * _OFTEN)
        spoken = {"", *filter(is_phrase, few)}
        self._counts = Counter({k: n for k, n in self._counts.items() if k not in spoken})
        self._often = {label for label, count in self._counts.items() if count > 1}
        heads = [one.label for one, *_ in split if not one.bracket and one.label not in spoken]
        self._phrases = set(filter(may_be_phrase, self._counts.keys() - self._answered(heads)))
        self._headed = sum(label not in self._phrases for label in heads) / max(1, len(split))
        self._opened = sum(label in self._often for label in heads) / max(1, len(split))
        self._names = {label for label in self._counts if is_name(label)}
        # "Lind, Mara", "Mara (she/her)" and "Mara | Tidal Works" once are enough like speech.
        like = {label for label in self._often if is_name(_BARE.sub("", label) or label)}
        self._like_names = self._names | like

    def believed(self) -> set[str]:
        """The labels that name speakers."""
        often = self._often & self._like_names
        mostly = self._headed >= _MOST and len(self._split) > 1
        all_over = self._opened >= _LABELLED
        odd = self._odd(all_over=all_over)
        several = bool(often) and len(often | self._sure) > 1
        named = mostly or several or any(self._counts[label] > 2 for label in often)
        if not (all_over or named or len(odd) > 1):
            return self._sure | self._brackets()
        # What stands once must stand where labels do: a line that goes on is speech.
        rare = (self._counts.keys() - self._often) & self._placed()
        # Nor is it a chapter and verse ("Luke 3") or an abbreviation ("U.S."); "Caller 3" is a
        # label where "Caller 1" is one.
        kinds = {_NUMBER.sub("", label) for label in often if label[-1].isdecimal()}
        numbered = {each for each in rare if each[-1].isdecimal()}
        numbered = {label for label in numbered if _NUMBER.sub("", label) not in kinds}
        rare -= numbered
        titled = {label for label in rare if is_name(bare := _BARE.sub("", label)) and " " in bare}
        rare = {label for label in rare if label.count(".") < 2}
        first = {lines[0].label for lines in self._split}
        opening = first & ((rare - self._phrases) | titled)  # "Dr. B. Lind"
        once = {label for label in self._names & rare if mostly or " " in label}
        if len(often) > 1 or odd:
            once |= self._names & rare & self._between_sentences()
        if self._headed >= _NEARLY_ALL and all_over:
            once |= self._beginning(opening, 1.0)
        return self._sure | self._brackets() | often | odd | once

    def _odd(self, *, all_over: bool) -> set[str]:
        """Labels that do not look like names, but stand as often as labels do."""
        odd = self._often - self._like_names
        share = _OFTEN_SHARE / 2 if all_over else _OFTEN_SHARE
        least = max(2 if all_over else _OFTEN, share * len(self._split))
        many = {label for label in odd if self._counts[label] >= least}
        if self._headed >= _NEARLY_ALL:  # where all captions have one, it goes on
            return many | self._beginning(odd, _BEGINS)
        twice = {label for label in self._phrases if self._counts[label] < _OFTEN}
        return self._beginning(many - twice, _BEGINS)  # "Smoked eel: …" may be said twice

    def _beginning(self, labels: set[str], share: float) -> set[str]:
        """The labels behind which sentences begin; all where the file has no capitals."""
        if not labels or self._is_small():
            return labels
        begins = Counter(
            line.label
            for lines in self._split
            for line in lines
            if line.label in labels and not line.rest[:1].islower()
        )
        return {label for label in labels if begins[label] >= share * self._counts[label]}

    def _answered(self, heads: Sequence[str]) -> set[str]:
        """Labels between two of one other speaker; all where each caption has one."""
        if any(one == other for one, other in pairwise(heads)):
            return set(heads) if len(heads) >= _NEARLY_ALL * len(self._split) else set()
        around = zip(heads, heads[1:], heads[2:], strict=False)
        return {label for before, label, behind in around if before == behind}

    def _placed(self) -> set[str]:
        """What may be a label, and opens a caption, or a line in one behind a sentence."""
        inside = {
            line.label
            for lines in self._split
            for above, line in pairwise(lines)
            if line.changes or ends_sentence(above.text)
        }
        return inside | {lines[0].label for lines in self._split}

    def _between_sentences(self) -> set[str]:
        """The labels that open a caption and a sentence, behind a caption that ends one."""
        return {
            lines[0].label
            for above, lines in pairwise(self._split)
            if lines[0].label and lines[0].rest[:1].isupper() and ends_sentence(above[-1].text)
        }

    def _is_small(self) -> bool:
        """Whether sentences begin in small letters, as recognisers without punctuation write."""
        said = [line.rest if line.label else line.text for lines in self._split for line in lines]
        capitals = sum(text.lstrip()[:1].isupper() for text in said)
        return capitals <= _CAPITALS * len(said)

    def _brackets(self) -> set[str]:
        """What stands in brackets in front of most captions; `[Music]` stands alone."""
        heads = [lines for lines in self._split if lines[0].bracket]
        uses = Counter(lines[0].label for lines in heads)
        followed = Counter(
            lines[0].label for lines in heads if lines[0].rest.strip() or len(lines) > 1
        )
        labels = {
            name for name in uses if uses[name] > 1 and followed[name] >= _SPOKEN * uses[name]
        }
        covered = sum(uses[label] for label in labels)
        return labels if len(labels) > 1 and covered >= _LABELLED * len(self._split) else set()


def _labels_apart(split: Sequence[Sequence[_Line]]) -> set[str]:
    """Labels without a colon in most captions: alone in the first line, or before a dash or bar."""
    above = [(lines[0], lines[0].text.strip(), "") for lines in split if len(lines) > 1]
    dashes = ((lines[0], _APART.match(lines[0].text)) for lines in split)
    dashed = [(line, match["name"], match["said"]) for line, match in dashes if match]
    return _most_of(above, len(split)) or _most_of(dashed, len(split))


def _most_of(heads: Sequence[tuple[_Line, str, str]], captions: int) -> set[str]:
    """The labels among (line, head, what is said behind it), where most captions have one."""
    counts = Counter(head for _, head, _ in heads if 0 < len(head) <= _MOST_LETTERS)
    often = {head for head in counts if counts[head] > 1 and head[-1] not in "?!…,。？！"}
    mostly = 2 * sum(counts[head] for head in often) > captions
    all_over = mostly and len(heads) >= _NEARLY_ALL * captions
    labels = {h for h in counts if h in often or is_diariser(h) or (all_over and is_name(h))}
    if sum(counts[label] for label in labels) < _MOST * captions:
        return set()
    for line, head, said in heads:
        if head in labels:
            line.label, line.rest = head, said
    return labels


def _cut(cue: Cue, lines: Sequence[_Line], believed: set[str]) -> Iterator[Cue]:
    """A cue for each speaker; `?` is another one, who is not known.

    Times where they can be known: the first starts, and the last ends, as the whole does.
    """
    parts = [("?" if cue.opens else "", cue.opens, list[str]())]
    for line in lines:
        named = line.label in believed
        if named or line.changes:
            parts.append((known(line.label) if named else "?", True, []))
        parts[-1][2].append(line.rest if named else line.text)
    said = [(speaker, opens, "\n".join(texts)) for speaker, opens, texts in parts]
    filled = [part for part in said if part[2].strip()] or said[-1:]
    last = len(filled) - 1
    for place, (speaker, opens, text) in enumerate(filled):
        start, end = cue.start if place == 0 else None, cue.end if place == last else None
        yield Cue(cue.line, start, end, text, speaker, opens)
