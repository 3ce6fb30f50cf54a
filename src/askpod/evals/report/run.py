"""`report.html` of a run: headlines in words, plots, slices, and every question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from askpod.evals.intervals import Interval
from askpod.evals.measures import BUDGETS, BY_BUDGET, BY_NAME, MEASURES, Measure
from askpod.evals.records import Record, Summary
from askpod.evals.report.page import Panel, page, svg
from askpod.evals.report.plots import interval_bars, lines, strip, ticks
from askpod.evals.report.questions import SHOWN, WORTH, question_of

Figures = Mapping[str, Interval]

# What the first figures mean, said so that each reads on from its share: "52 % …".
HEADLINES = {
    "recall@250": "of the seconds that carry the answer stand in the first 250 words retrieved",
    "recall@1000": "of the seconds that carry the answer stand in the first 1,000 words retrieved",
    "hit@1": "of the questions find evidence in their first passage",
    "hit@5": "of the questions find evidence in their first five passages",
    "fact_recall": "of the gold facts are stated in the answers",
    "fact_precision": "of what the answers state is a gold fact",
    "citation_precision": "of the citations support their sentence and are needed for it",
    "cited_hit": "of the citations share a second with the gold evidence",
    "refusal_precision": "of the refusals are right: the archive does not hold the answer",
    "refusal_recall": "of the questions without an answer are refused",
}
GROUPS = {
    "ranking": "Ranking",
    "answers": "Answers",
    "citations": "Citations",
    "refusals": "Refusals",
}
SLICED = ("recall@1000", "hit@5", "fact_f1", "cited_hit")
SLICES = {name: f"by {name}" for name in ("type", "turn", "difficulty", "position")}

MODES = {
    "retrieval": "retrieval only, no answers",
    "extractive": "answered in quotations, without a model",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure in words."""

    measure: str
    interval: Interval
    meaning: str
    strip: Markup


@dataclass(frozen=True, slots=True)
class Sliced:
    """One measure by all slices."""

    measure: Measure
    panels: Sequence[Panel]


def run_report(summary: Summary, records: Sequence[Record]) -> str:
    """The report as HTML, byte for byte the same for the same run."""
    figures = summary.figures["all"]["all"]
    questions = [question_of(number, each) for number, each in enumerate(records, start=1)]
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
        headlines=[
            Headline(name, figures[name], words, svg(strip(figures[name])))
            for name, words in HEADLINES.items()
            if name in figures
        ],
        budgets=_budgets(figures),
        groups=_groups(figures),
        slices=[sliced for name in SLICED if (sliced := _sliced(summary, name))],
        episode_columns=[BY_NAME[name].label for name in shown],
        episode_rows=_episodes(by_episode, shown, titles),
        worth=[name for name in WORTH if name in figures],
        questions=questions,
        types=sorted({record.slices.get("type", "") for record in records} - {""}),
        failed=sum(bool(record.problems) for record in records),
        shown=SHOWN,
    )


def _budgets(figures: Figures) -> Panel | None:
    """Recall, precision and F1 over the budgets of words."""
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
    return Panel("By the words that somebody reads", svg(plot), shown)


def _groups(figures: Figures) -> list[Panel]:
    """A panel of bars for each group of measures but that of the budgets."""
    panels = []
    for group, name in GROUPS.items():
        there = [each for each in MEASURES if each.group == group and each.name in figures]
        shares = [(each.label, figures[each.name]) for each in there if not each.unit]
        plots = [interval_bars(shares, title=f"{name}, with 95 % intervals")] if shares else []
        plots += [_with_unit(each, figures[each.name]) for each in there if each.unit]
        if plots:
            panels.append(Panel(name, svg("".join(plots)), there))
    return panels


def _with_unit(measure: Measure, interval: Interval) -> str:
    top = ticks(max(interval.high, 1.0))[-1]
    low = -1.0 if measure.unit == "points" else 0.0
    label = f"{measure.label} ({measure.unit})"
    title = f"{label}, with 95 % interval"
    return interval_bars([(label, interval)], title=title, low=low, top=top)


def _sliced(summary: Summary, name: str) -> Sliced | None:
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
            panels.append(Panel(words, svg(plot)))
    return Sliced(BY_NAME[name], panels) if panels else None


def _episodes(
    by_episode: Mapping[str, Figures], shown: Sequence[str], titles: Mapping[str, str]
) -> list[tuple[str, list[Interval | None]]]:
    """The rows of the table of all episodes, by their titles."""
    rows = [
        (titles.get(value, value), [figures.get(name) for name in shown])
        for value, figures in by_episode.items()
    ]
    return sorted(rows, key=lambda row: row[0].lower())


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
