"""What an answer states, sentence by sentence, whoever wrote it: a model or the quoted guests.

Questions, lead-ins ("Here is what they said:"), headings and refusals state nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from askpod.answering.citations import UNCITED_MARK, UNSUPPORTED_MARK
from askpod.answering.claims import FEWEST_WORDS, UNENDED_WORDS
from askpod.answering.markers import MarkerReader
from askpod.answering.refusal import REFUSAL, is_refusal
from askpod.text import split_sentences

# A paragraph of the extractive answer: who and when, or when alone, and what was said.
_QUOTATION = re.compile(
    r"(?:[^\n“]{1,200} \()?\d+(?::\d\d){1,2}\)?: “(?P<said>.*)”(?: \[\d+\])?", re.DOTALL
)
_PARAGRAPH = re.compile(r"\n\s*\n")
_LINE = re.compile(r"\n(?!\s*[a-z])")  # in lower case it goes on with the line before
_LIST_MARK = re.compile(r"[\s>]*(?:[-*•–+]|\d{1,3}[.)])(?=\s)")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|(\*\*|__)[^*_]*\1[:.]?\s*$)")
_EMPHASIS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=[\w.,!?])[*_](?!\w)")
_NO_STATEMENT = (":", "?", "：", "？")
_ENDED = (".", "!", "…", "。", "！")
_AROUND = ' \t\n"“”'


def statements(text: str) -> tuple[str, ...]:
    """The sentences of an answer that state something, as it was shown or as a model wrote it.

    They come without evidence numbers, marks, bullets, quotation marks around them and the
    speaker's name before a quotation. A fragment ("Yes.", "Velmic.") belongs to the sentence
    after it, or to the one before it where none follows.
    """
    if text.strip() == REFUSAL or is_refusal(text):
        return ()
    found: list[str] = []
    for paragraph in _PARAGRAPH.split(text):
        quotation = _QUOTATION.fullmatch(paragraph.strip())
        read = _read(quotation["said"]) if quotation else _written(paragraph)
        found += _without_fragments(read)
    return tuple(found)


def _written(paragraph: str) -> Iterator[tuple[str, bool]]:
    """A model's sentences, each with whether it is a fragment. An item of a list is none."""
    for line in _LINE.split(_unmarked(paragraph)):
        if _HEADING.match(line):
            continue
        listed = _LIST_MARK.match(line)
        plain = _EMPHASIS.sub("", line[listed.end() :] if listed else line)
        for sentence, is_fragment in _read(plain):
            yield sentence, is_fragment and not listed


def _read(text: str) -> Iterator[tuple[str, bool]]:
    """The sentences that are neither question nor lead-in; a fragment has too few words."""
    for begin, end in split_sentences(text):
        sentence = " ".join(text[begin:end].split()).strip(_AROUND)
        if sentence and not sentence.endswith(_NO_STATEMENT):
            fewest = FEWEST_WORDS if sentence.endswith(_ENDED) else UNENDED_WORDS
            yield sentence, len(sentence.split()) < fewest


def _without_fragments(read: Iterable[tuple[str, bool]]) -> list[str]:
    """The sentences, with every fragment joined to a neighbour."""
    joined: list[str] = []
    held = ""
    for sentence, is_fragment in read:
        held = f"{held} {sentence}".lstrip()
        if not is_fragment:
            joined.append(held)
            held = ""
    if held:
        joined.append(f"{joined.pop()} {held}" if joined else held)
    return joined


def _unmarked(text: str) -> str:
    """The text without evidence numbers and the checks' marks."""
    reader = MarkerReader()
    plain = "".join(part for part in reader.feed(text) if isinstance(part, str)) + reader.finish()
    for mark in (UNSUPPORTED_MARK, UNCITED_MARK):
        plain = plain.replace(mark, "")
    return re.sub(r"[ \t]+(?=[.,;:!?])", "", plain)
