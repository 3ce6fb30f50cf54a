"""`report.html` of a run: headlines in words, plots, slices, and every question.

What a page shows is worked out here, and laid out in templates/run.html. Retrieved passages are
shown with the seconds and the words that they share with gold evidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from askpod.evals.gold import Stretch, shared, union
from askpod.evals.intervals import Interval
from askpod.evals.measures import BUDGETS, BY_BUDGET, BY_NAME, MEASURES
from askpod.evals.records import Record, Summary, as_stretch
from askpod.evals.report.page import Panel, cut, figure_text, page, plain, visible, with_links
from askpod.evals.report.plots import interval_bars, lines, strip, ticks
from askpod.text import split_sentences

Figures = Mapping[str, Interval]
Item = Mapping[str, Any]  # a passage, a stretch of evidence or a fact, as the record has it

GROUPS = ("ranking", "answers", "citations", "refusals")
SLICED = ("recall@1000", "hit@5", "fact_f1", "cited_hit")
SLICES = {name: f"by {name}" for name in ("type", "turn", "difficulty", "position")}

MODES = {
    "retrieval": "retrieval only, no answers",
    "extractive": "answered in quotations, without a model",
}

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


def run_report(summary: Summary, records: Sequence[Record]) -> str:
    """The report as HTML, byte for byte the same for the same run."""
    figures = summary.figures["all"]["all"]
    questions = [_question(number, each) for number, each in enumerate(records, start=1)]
    by_episode = summary.figures.get("episode", {})
    titles = {
        str(each["episode"]): str(each["title"] or each["episode"])
        for record in records
        for each in (*record.retrieved, *record.gold["evidence"])
    }
    shown = [name for name in SLICED if any(name in each for each in by_episode.values())]
    return page(
        f"{summary.gold}: {_answered_by(summary.setup)}",
        "run",
        script="run",
        gold=summary.gold,
        answered=_answered_by(summary.setup),
        total=summary.questions,
        setup=list(_flat(summary.setup)),
        figures=figures,
        strip=strip,
        measures=[each for each in MEASURES if each.group != "retrieval"],
        quote=QUOTE,
        quotes=QUOTES,
        budgets=_budgets(figures),
        groups=_groups(figures),
        slices=[sliced for name in SLICED if (sliced := _sliced(summary, name))],
        episode_columns=[BY_NAME[name].label for name in shown],
        episode_rows=sorted(
            (
                (titles.get(value, value), [each.get(name) for name in shown])
                for value, each in by_episode.items()
            ),
            key=lambda row: row[0].lower(),
        ),
        worth=[name for name in WORTH if name in figures],
        questions=questions,
        types=sorted({record.slices.get("type", "") for record in records} - {""}),
        failed=sum(bool(record.problems) for record in records),
    )


def _budgets(figures: Figures) -> Panel | None:
    if f"recall@{BUDGETS[0]}" not in figures:
        return None
    series = {
        label: [(float(words), figures[f"{kind}@{words}"]) for words in BUDGETS]
        for kind, label in BY_BUDGET.items()
    }
    title = "Recall, precision and F1 of the seconds of evidence, by words of passages"
    plot = lines(series, "words of passages", "seconds of evidence", title=title)
    shown = [
        replace(BY_NAME[f"{kind}@{BUDGETS[-1]}"], label=label) for kind, label in BY_BUDGET.items()
    ]
    return Panel("By the words that somebody reads", plot, shown)


def _groups(figures: Figures) -> list[Panel]:
    panels = []
    for group in GROUPS:
        there = [each for each in MEASURES if each.group == group and each.name in figures]
        shares = [(each.label, figures[each.name]) for each in there if not each.unit]
        name = group.capitalize()
        plots = [interval_bars(shares, title=f"{name}, with 95 % intervals")] if shares else []
        for each in there:
            if each.unit:
                label, figure = f"{each.label} ({each.unit})", figures[each.name]
                low, top = -float(each.unit == "points"), ticks(max(figure.high, 1.0))[-1]
                title = f"{label}, with 95 % interval"
                plots.append(interval_bars([(label, figure)], title=title, low=low, top=top))
        if plots:
            panels.append(Panel(name, Markup("").join(plots), there))
    return panels


def _sliced(summary: Summary, name: str) -> dict[str, Any] | None:
    """A measure by type, difficulty and position, beside the figure of all questions."""
    everything = summary.figures["all"]["all"].get(name)
    panels = []
    for key, words in SLICES.items():
        rows = [
            (f"{value} · {figures[name].questions}", figures[name])
            for value, figures in summary.figures.get(key, {}).items()
            if name in figures
        ]
        if everything and len(rows) > 1:
            title = f"{BY_NAME[name].label} {words}"
            plot = interval_bars(rows, title=title, reference=everything.value)
            panels.append(Panel(words, plot))
    return {"measure": BY_NAME[name], "panels": panels} if panels else None


def _answered_by(setup: Mapping[str, Any]) -> str:
    """What was run, in words: a model's name, or what stood in for one."""
    model = setup.get("model")
    if model:
        return str(model)
    mode = str(setup.get("mode", ""))
    return MODES.get(mode, mode or "a run")


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Settings as names and values; those inside others have both names."""
    for name, value in values.items():
        path = f"{above} {name}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, path)
        elif isinstance(value, (list, tuple)):
            yield path, ", ".join(map(str, value))
        elif value is not None:
            counted = isinstance(value, int) and not isinstance(value, bool)
            yield path, f"{value:,}" if counted else str(value)


def _shares(item: Item, evidence: Sequence[Item]) -> list[tuple[float, float]]:
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


def _marked(text: str, evidence: str) -> Markup:
    """A passage's text, its sentences that are in the evidence as well between <mark> tags."""
    parts: list[Markup] = []
    done = 0
    for begin, end in split_sentences(text):
        if text[begin:end] in evidence:
            sentence = Markup("<mark>{}</mark>").format(visible(text[begin:end]))
            parts += [plain(text[done:begin]), sentence]
            done = end
    return Markup("").join([*parts, plain(text[done:])])


def _question(number: int, record: Record) -> dict[str, Any]:
    """All of a question; `number` is its place in the gold set, from 1."""
    answer = record.answer
    evidence = record.gold["evidence"]
    urls = {int(each["number"]): str(each["url"]) for each in (answer or {}).get("citations", ())}
    worth = [value for name in WORTH if (value := record.figure(name)) is not None]
    facts = (*record.gold["facts"], *record.gold.get("okay", ()))
    return {
        "number": number,
        "record": record,
        "worth": sum(worth) / len(worth) if worth else None,
        "glance": _glance(record),
        "answer": None if answer is None else with_links(cut(answer["text"], ANSWER), urls),
        "quotes": () if answer is None else [*_quotes(answer, evidence)],
        "passages": [*_passages(record.retrieved[:SHOWN], evidence)],
        "evidence": [*_evidence(evidence, record.retrieved)],
        "facts": record.details.get("facts", [{"fact": each, "statement": None} for each in facts]),
    }


def _glance(record: Record) -> list[tuple[str, str]]:
    shown = [(words, record.figure(name)) for name, words in GLANCE.items()]
    told = [(words, figure_text(value)) for words, value in shown if value is not None]
    refused = record.figure("refusal_recall")
    if refused is not None:
        told.append(("refused", "yes" if refused else "no"))
    if record.figure("refusal_precision") == 0:
        told.append(("refused", "wrongly"))
    return told


def _quotes(answer: Item, evidence: Sequence[Item]) -> Iterator[Item]:
    """The citations with where they stand, without the words that are in the answer already."""
    gold = [*map(as_stretch, evidence)]
    for each in answer["citations"][:QUOTES]:
        quote = "" if each["quote"] in answer["text"] else cut(each["quote"], QUOTE)
        cited = Stretch.stated(each["episode_id"], each["start"], each["end"])
        yield {**each, "quote": quote, "hit": cited.touches(gold), "off": _off(cited, gold)}


def _off(cited: Stretch, gold: Sequence[Stretch]) -> str:
    if not gold:
        return ""
    gap = min(cited.gap(each) for each in gold)
    if not math.isfinite(gap):
        return "another episode"
    return f"{gap:.0f} s off the evidence" if gap > 0 else ""


def _passages(retrieved: Sequence[Item], evidence: Sequence[Item]) -> Iterator[Item]:
    """The passages with the seconds that are evidence, and where in them these are."""
    room = HITS
    for rank, item in enumerate(retrieved, start=1):
        parts = _shares(item, evidence)
        text = cut(item["text"], min(HIT, max(MISS, room)) if parts else MISS)
        room -= len(text) if parts else 0
        said = [each["text"] for each in evidence if parts and each["episode"] == item["episode"]]
        seconds = shared([as_stretch(item)], map(as_stretch, evidence))
        marked = _marked(text, "\n".join(said))
        yield {"rank": rank, "item": item, "seconds": seconds, "shares": parts, "text": marked}


def _evidence(evidence: Sequence[Item], retrieved: Sequence[Item]) -> Iterator[Item]:
    """Each stretch with the rank of the first passage in it; later texts are cut or left out."""
    room = EVIDENCE
    found = [*map(as_stretch, retrieved)]
    for item in evidence:
        here = as_stretch(item)
        ranks = (rank for rank, each in enumerate(found, start=1) if each.overlap(here) > 0)
        text = cut(item["text"], room) if room > QUOTE else ""
        room -= len(text)
        yield {"item": item, "text": text, "rank": next(ranks, None)}
