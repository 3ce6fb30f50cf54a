"""One question of a run, as the report shows it: worked out here, laid out in run.html.

Retrieved passages are shown with the seconds and the words that they share with gold evidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from askpod.evals.gold import Stretch, shared, union
from askpod.evals.measures import MEASURES
from askpod.evals.records import Record, as_stretch
from askpod.evals.report.page import cut, plain, visible, with_links
from askpod.evals.report.plots import figure_text
from askpod.text import split_sentences

# A report of some hundred questions must open at once on a phone: these bound its size.
SHOWN = 8  # passages of a question
HIT, MISS = 1_200, 200  # characters of a passage with evidence in it, and of one without
HITS = 3_600  # characters of all passages with evidence in them; later ones are cut to MISS
EVIDENCE = 2_400  # characters of all gold evidence of a question
ANSWER = 6_000  # characters; far more than answers have that are read
QUOTE = 400
QUOTES = 20  # citations, facts and sentences of each kind
WORTH = ("recall@1000", "fact_f1", "cited_inside", "refusal_precision", "refusal_recall")
GLANCE = {"recall@1000": "found", "fact_recall": "facts", "cited_hit": "cited"}


def seconds_shared(item: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]) -> float:
    """Seconds of a passage that are evidence."""
    return shared([as_stretch(item)], map(as_stretch, evidence))


def shares(
    item: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]
) -> list[tuple[float, float]]:
    """Which parts of a passage are evidence: (begin, length) in percent of it."""
    whole = as_stretch(item)
    return [
        (
            round(100 * (max(each.start, whole.start) - whole.start) / whole.seconds, 1),
            round(100 * whole.overlap(each) / whole.seconds, 1),
        )
        for each in union(map(as_stretch, evidence))
        if whole.overlap(each) > 0
    ]


def marked(text: str, evidence: Sequence[str]) -> Markup:
    """A passage's text, its sentences that are in the evidence as well between <mark> tags."""
    spoken = "\n".join(evidence)
    parts: list[Markup] = []
    done = 0
    for begin, end in split_sentences(text):
        if text[begin:end] in spoken:
            sentence = Markup("<mark>{}</mark>").format(visible(text[begin:end]))
            parts += [plain(text[done:begin]), sentence]
            done = end
    return Markup("").join([*parts, plain(text[done:])])


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved passage."""

    rank: int
    item: Mapping[str, Any]
    seconds: float  # that are evidence
    shares: Sequence[tuple[float, float]]  # where in it they are, in percent
    text: Markup


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of gold evidence, and the rank of the first passage that touches it."""

    item: Mapping[str, Any]
    text: str
    rank: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """All of a question. `worth` says how well it went, from 0 to 1; None: nothing to judge."""

    number: int
    record: Record
    worth: float | None
    glance: Sequence[tuple[str, str]]
    answer: Markup | None
    quotes: Sequence[Mapping[str, Any]]
    passages: Sequence[Passage]
    evidence: Sequence[Evidence]
    facts: Sequence[Mapping[str, Any]]
    unsupported: Sequence[str]
    scores: Sequence[tuple[str, str]]


def question_of(number: int, record: Record) -> Question:
    """The question of a record; `number` is its place in the gold set, from 1."""
    answer = record.answer
    evidence = record.gold["evidence"]
    urls = {int(each["number"]): str(each["url"]) for each in (answer or {}).get("citations", ())}
    return Question(
        number=number,
        record=record,
        worth=worth(record),
        glance=_glance(record),
        answer=None if answer is None else with_links(cut(answer["text"], ANSWER), urls),
        quotes=() if answer is None else [*_quotes(answer, evidence)],
        passages=[*_passages(record.retrieved[:SHOWN], evidence)],
        evidence=[*_evidence(evidence, record.retrieved)],
        facts=_facts(record),
        unsupported=[
            cut(each["text"], QUOTE)
            for each in record.details.get("sentences", ())
            if not each["supported"]
        ][:QUOTES],
        scores=_scores(record),
    )


def worth(record: Record) -> float | None:
    """How well a question went: the mean of those of WORTH that apply to it."""
    values = [value for name in WORTH if (value := record.figure(name)) is not None]
    return sum(values) / len(values) if values else None


def _glance(record: Record) -> list[tuple[str, str]]:
    shown = [(words, record.figure(name)) for name, words in GLANCE.items()]
    told = [(words, figure_text(value)) for words, value in shown if value is not None]
    refused = record.figure("refusal_recall")
    if refused is not None:
        told.append(("refused", "yes" if refused else "no"))
    if record.figure("refusal_precision") == 0:
        told.append(("refused", "wrongly"))
    return told


def _quotes(
    answer: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The citations with where they stand, without the words that are in the answer already."""
    gold = [as_stretch(each) for each in evidence]
    for each in answer["citations"][:QUOTES]:
        quote = "" if each["quote"] in answer["text"] else cut(each["quote"], QUOTE)
        cited = Stretch.stated(each["episode_id"], each["start"], each["end"])
        yield {**each, "quote": quote, "hit": cited.touches(gold), "off": _off(cited, gold)}


def _off(cited: Stretch, gold: Sequence[Stretch]) -> str:
    """How far from the evidence a citation stands, in words."""
    if not gold:
        return ""
    gap = min(cited.gap(each) for each in gold)
    if not math.isfinite(gap):
        return "another episode"
    return f"{gap:.0f} s off the evidence" if gap > 0 else ""


def _passages(
    retrieved: Sequence[Mapping[str, Any]], evidence: Sequence[Mapping[str, Any]]
) -> Iterator[Passage]:
    """The passages with what each shares with the evidence."""
    room = HITS
    for rank, item in enumerate(retrieved, start=1):
        parts = shares(item, evidence)
        text = cut(item["text"], min(HIT, max(MISS, room)) if parts else MISS)
        room -= len(text) if parts else 0
        said = [each["text"] for each in evidence if parts and each["episode"] == item["episode"]]
        yield Passage(rank, item, seconds_shared(item, evidence), parts, marked(text, said))


def _evidence(
    evidence: Sequence[Mapping[str, Any]], retrieved: Sequence[Mapping[str, Any]]
) -> Iterator[Evidence]:
    """Each stretch of evidence; the text of the later ones is left out where it gets too long."""
    room = EVIDENCE
    for item in evidence:
        ranks = (
            rank for rank, each in enumerate(retrieved, start=1) if seconds_shared(each, [item]) > 0
        )
        text = cut(item["text"], room) if room > QUOTE else ""
        room -= len(text)
        yield Evidence(item, text, next(ranks, None))


def _facts(record: Record) -> Sequence[Mapping[str, Any]]:
    """The gold facts with the statement of the answer that states them; None: not stated."""
    judged = record.details.get("facts")
    if judged is None:
        facts = (*record.gold["facts"], *record.gold.get("okay", ()))
        judged = [{"fact": fact, "statement": None} for fact in facts]
    return [
        {"fact": cut(each["fact"], QUOTE), "statement": cut(each["statement"] or "", QUOTE)}
        for each in judged[:QUOTES]
    ]


def _scores(record: Record) -> list[tuple[str, str]]:
    """Its scores but those at each budget of words, in the order of MEASURES."""
    found = ((each, record.figure(each.name)) for each in MEASURES)
    return [
        (each.label, f"{figure_text(value)} {each.unit}".rstrip())
        for each, value in found
        if each.group != "retrieval" and value is not None
    ]
