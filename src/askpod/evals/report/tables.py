"""Tables for a terminal: a run's figures with 95 % intervals in 80 columns; runs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from askpod.evals.intervals import Interval
from askpod.evals.measures import BASES, BUDGETS, BY_BUDGET, BY_NAME, MEASURES, Measure
from askpod.evals.records import Summary
from askpod.text import visible

HEADLINES = ("recall@1000", "hit@5", "fact_f1", "cited_hit", "refusal_recall")
SLICED = ("type", "turn", "difficulty", "position")  # of episodes the report tells
NONE = "–"

Figures = Mapping[str, Interval]

SIDE_BY_SIDE = (
    "recall@500",
    "fact_f1",
    "citation_recall",
    "citation_precision",
    "cited_hit",
    "refusal_recall",
    "malformed",
)


def table(summary: Summary) -> RenderableType:
    """The figures of all questions, those of a group of measures together."""
    figures = summary.figures["all"]["all"]
    tables = [each for each in (_budgets(figures), _others(figures)) if each.row_count]
    return Group(_title(summary), *(part for table in tables for part in (Text(), table)))


def slices_table(summary: Summary) -> RenderableType:
    """The first measures by type, difficulty and position, below those of all questions."""
    everything = summary.figures["all"]["all"]
    names = [name for name in HEADLINES if name in everything]
    rows = figures_table("slice", "questions", *(name.replace("_", "\n") for name in names))
    rows.add_row(*_slice("all", everything, names, summary.questions))
    for name in SLICED:
        values = summary.figures.get(name, {})
        if len(values) > 1:
            rows.add_row()
            rows.add_row(Text(visible(name, kept="\t\n"), "bold"))
            for value, figures in values.items():
                rows.add_row(*_slice(value, figures, names))
    return rows


def basis_table(summary: Summary) -> RenderableType | None:
    """What the questions of each type were shown as, in shares; None without answers."""
    shown = {f"basis_{name}": words for name, words in BASES.items()}
    if not shown.keys() & summary.figures["all"]["all"].keys():
        return None
    heads = [words.replace(" that", "\nthat") for words in shown.values()]
    rows = figures_table("type", "questions", *heads)
    for value, figures in summary.figures.get("type", {}).items():
        rows.add_row(*_slice(value, figures, list(shown)))
    return rows


def figure(interval: Interval, measure: Measure) -> str:
    """A figure in digits: 0.602, or 41.3 s."""
    seconds = " s" if measure.unit == "s" else ""
    return f"{interval.value:.{measure.digits}f}{seconds}"


def bounds(interval: Interval, measure: Measure) -> str:
    """Its 95 % interval: 0.55–0.65; nothing where a single question can have none."""
    if interval.questions < 2:
        return ""
    digits = min(measure.digits, 2)
    return f"{interval.low:.{digits}f}–{interval.high:.{digits}f}"


def _title(summary: Summary) -> Text:
    answered = summary.setup.get("model") or summary.setup.get("mode")
    number = f"{summary.questions:,} question{'s' if summary.questions != 1 else ''}"
    parts = [*([str(answered)] if answered else []), number, "95 % intervals"]
    shown = (f" · {_plain(part)}" for part in parts)
    return Text.assemble((_plain(summary.gold), "bold"), *shown, overflow="fold")


def _budgets(figures: Figures) -> Table:
    there = [words for words in BUDGETS if f"recall@{words}" in figures]
    rows = figures_table("words read", *(f"{words:,}" for words in there))
    for kind, label in BY_BUDGET.items() if there else ():
        names = [f"{kind}@{words}" for words in there]
        rows.add_row(label, *(_cell(figures.get(name), BY_NAME[name]) for name in names))
    return rows


def _others(figures: Figures) -> Table:
    rows = figures_table("", "", "95 % interval", "questions")
    group = ""
    for each in MEASURES:
        if each.group == "retrieval" or each.name not in figures:
            continue
        if each.group != group:
            if group:
                rows.add_row()
            group = each.group
            rows.add_row(Text(group, "bold"))
        found = figures[each.name]
        between = Text(bounds(found, each), "dim")
        rows.add_row(f" {each.label}", figure(found, each), between, f"{found.questions:,}")
    return rows


def _slice(
    label: str, figures: Figures, names: list[str], questions: int = 0
) -> Iterator[RenderableType]:
    """A row. Without `questions`, as many as the measure has that applies to the most."""
    yield Text(visible(label, kept="\t\n"), overflow="fold")
    yield f"{questions or max((each.questions for each in figures.values()), default=0):,}"
    for name in names:
        yield _cell(figures.get(name), BY_NAME[name])


def _cell(interval: Interval | None, measure: Measure) -> Text:
    if interval is None:
        return Text(f"{NONE}\n")
    return Text.assemble(figure(interval, measure), "\n", (bounds(interval, measure), "dim"))


def figures_table(first: str, *others: str) -> Table:
    """Columns of figures behind a first one of words."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    made.add_column(first, overflow="fold")
    for name in others:
        made.add_column(name, justify="right", no_wrap=True)
    return made


def _plain(text: str) -> str:
    return visible(" ".join(text.split()))


def side_by_side(summaries: Mapping[str, Summary]) -> Table:
    """A table of the SIDE_BY_SIDE that any of the runs has."""
    runs = {name: summary.figures["all"]["all"] for name, summary in summaries.items()}
    shown = [each for each in SIDE_BY_SIDE if any(each in run for run in runs.values())]
    table = figures_table("run", *(BY_NAME[each].label.replace(" ", "\n") for each in shown))
    for name, run in runs.items():
        cells = [f"{run[each].value:.3f}" if each in run else NONE for each in shown]
        table.add_row(visible(name), *cells)
    return table
