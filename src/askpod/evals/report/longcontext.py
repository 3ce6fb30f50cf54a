"""`long-context.html`: how a model fares as its prompts grow, and up to where it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from askpod.evals.intervals import Interval
from askpod.evals.longcontext.cells import BASE, DEPTHS, Condition, in_k
from askpod.evals.longcontext.figures import ALL, Figures, Result
from askpod.evals.longcontext.scoring import CITATIONS, FACTS, FAULTS, LABELS
from askpod.evals.longcontext.window import KEPT, Window, in_words
from askpod.evals.report.figures import Panel, svg
from askpod.evals.report.page import page
from askpod.evals.report.plots import heat_map, lines
from askpod.evals.report.plots.bars import strip

FILE = "long-context.html"
TOKENS = "tokens of the prompt"

Points = list[tuple[float, Interval]]


@dataclass(frozen=True, slots=True)
class Told:
    """A figure in words, at the top."""

    big: str
    words: str
    between: str
    strip: Markup | None = None  # of a share, which is then in percent


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table of all cells."""

    name: str
    length: str
    position: str
    figures: Sequence[Interval | None]


def long_context_report(result: Result, gold: str, setup: Mapping[str, Any]) -> str:
    """The report as HTML, byte for byte the same for the same result."""
    plan = result.plan
    columns = [name for name in (*FACTS, *CITATIONS, *FAULTS) if _has(result, name)]
    return page(
        f"{setup.get('model', 'a model')}: long context",
        "long-context",
        model=str(setup.get("model", "a model")),
        gold=gold,
        questions=len(plan.questions),
        episodes=len({question.stretches[0].episode for question in plan.questions}),
        shortest=in_k(plan.lengths[0]),
        longest=in_k(plan.lengths[-1]),
        kept=f"{KEPT * 100:.0f}",
        told=list(_told(result)),
        windows=list(_windows(result)),
        heats=[_heat(result, name) for name in (FACTS[0], CITATIONS[0]) if _has(result, name)],
        kinds=[_kinds(result, names) for names in (FACTS, CITATIONS) if _has(result, names[0])],
        factors=list(_factors(result)),
        faults=[_faults(result, name) for name in FAULTS],
        columns=[LABELS[name] for name in columns],
        rows=list(_rows(result, columns)),
        notes=result.notes,
        failed=result.failed,
        setup=[(name.replace("_", " "), str(value)) for name, value in setup.items()],
    )


def _has(result: Result, name: str) -> bool:
    return name in (result.figures() or {})


def _told(result: Result) -> Iterator[Told]:
    for name in (FACTS[0], CITATIONS[0]):
        window = result.windows.get((BASE, name))
        if window is not None:
            yield Told(_length(window), f"effective window by {LABELS[name]}", _sure(window))
    name = result.headline
    shortest, longest = result.plan.lengths[0], result.plan.lengths[-1]
    places: list[tuple[str, Figures | None]] = [("with retrieved evidence", result.figures())]
    places.append((f"in haystacks of {in_k(shortest)}", result.figures(BASE, shortest)))
    if longest != shortest:
        places.append((f"in haystacks of {in_k(longest)}", result.figures(BASE, longest)))
    for words, figures in places:
        if figures is not None:
            at = figures[name]
            between = f"{100 * at.low:.0f} to {100 * at.high:.0f} %"
            said = f"{LABELS[name]} {words}"
            yield Told(f"{100 * at.value:.0f}", said, between, svg(strip(at)))


def _length(window: Window) -> str:
    if not window.length:
        return "none"
    return f"{in_k(window.length)}{'+' if window.is_longest else ''}"


def _sure(window: Window) -> str:
    low, high = (in_k(each) if each else "none" for each in (window.low, window.high))
    return f"{low} to {high}" if low != high else f"{low} in nearly all resamples"


def _windows(result: Result) -> Iterator[tuple[str, str, str]]:
    """Condition, measure and the window in words."""
    for (condition, name), window in result.windows.items():
        yield condition.label, LABELS[name], in_words(window)


def _heat(result: Result, name: str) -> Panel:
    lengths = result.plan.lengths
    cells: dict[tuple[str, str], Interval | None] = {}
    for position in DEPTHS:
        for length in lengths:
            figures = result.figures(BASE, length, position)
            cells[position, in_k(length)] = figures[name] if figures else None
    label = LABELS[name]
    title = f"{label} by length of the prompt and place of the evidence"
    columns = [in_k(length) for length in lengths]
    return Panel(label, svg(heat_map(list(DEPTHS), columns, cells, title=title)))


def _points(result: Result, condition: Condition, name: str, difficulty: str = ALL) -> Points:
    found = (
        (length, result.figures(condition, length, difficulty=difficulty))
        for length in result.plan.lengths
    )
    return [(float(length), figures[name]) for length, figures in found if figures]


def _kinds(result: Result, names: Sequence[str]) -> Panel:
    """F1, precision and recall beside each other, in the base condition."""
    series = {LABELS[name].split()[-1]: _points(result, BASE, name) for name in names}
    label = LABELS[names[0]].removesuffix(" F1")
    return Panel(label.capitalize(), svg(lines(series, TOKENS, label, log_x=True)))


def _factors(result: Result) -> Iterator[Panel]:
    """The headline over length, each factor with its values as lines."""
    name = result.headline
    asked = set(result.plan.conditions)
    factors: dict[str, dict[str, Condition]] = {
        "Other episodes around": {
            "same guest or topic": BASE,
            "random": Condition(negatives="random"),
        },
        "Place of the instruction": {
            "before and after": BASE,
            "before": Condition(instruction="before"),
            "after": Condition(instruction="after"),
        },
        "Formatting": {"plain": BASE, "Markdown": Condition(formatting="markdown")},
    }
    for title, values in factors.items():
        series = {
            label: _points(result, each, name) for label, each in values.items() if each in asked
        }
        if len(series) > 1:
            yield _factor(title, series, name)
    kinds = [kind for kind in dict.fromkeys(row.difficulty for row in result.rows) if kind != ALL]
    if len(kinds) > 1:
        by_kind = {kind: _points(result, BASE, name, kind) for kind in kinds}
        yield _factor("Difficulty of the question", by_kind, name)


def _factor(title: str, series: Mapping[str, Points], name: str) -> Panel:
    label = LABELS[name]
    drawn = lines(series, TOKENS, label, log_x=True, title=f"{label} by {title.lower()}")
    return Panel(title, svg(drawn))


def _faults(result: Result, name: str) -> Panel:
    """Malformed or refused replies by condition and length."""
    columns = [in_k(length) for length in result.plan.lengths]
    cells = {
        (condition.label, in_k(int(length))): interval
        for condition in result.plan.conditions
        for length, interval in _points(result, condition, name)
    }
    rows = [condition.label for condition in result.plan.conditions]
    label = LABELS[name].capitalize()
    drawn = heat_map(rows, columns, cells, title=f"{label} replies by condition and length")
    return Panel(label, svg(drawn))


def _rows(result: Result, columns: Sequence[str]) -> Iterator[Line]:
    for row in result.rows:
        yield Line(
            name=row.condition.label if row.condition else "retrieved",
            length=in_k(row.length) if row.length else "–",
            position=row.position if row.difficulty == ALL else f"all, {row.difficulty}",
            figures=[row.figures.get(name) for name in columns],
        )
