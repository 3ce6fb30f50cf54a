"""What is asked: a sample of the questions, each once in every cell, and once as usual.

Gold sets hold more questions than a long-context eval can pay for, so it takes a seeded sample.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import NamedTuple

from askpod.errors import GoldError
from askpod.evals.gold import GoldQuestion, GoldSet
from askpod.evals.longcontext.cells import CONDITIONS, Cell, Condition, grid, in_k
from askpod.evals.longcontext.chance import drawn
from askpod.evals.longcontext.prompt import PromptMaker
from askpod.services.http import is_vendors
from askpod.settings import ModelSettings
from askpod.tokens import cost

QUESTIONS = 24
MOST_EVIDENCE = 2_000  # tokens of the turns from the first to the last with evidence


class Request(NamedTuple):
    """One question in one cell; without a cell it is asked with retrieved evidence."""

    question: GoldQuestion
    cell: Cell | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run of the eval asks."""

    questions: tuple[GoldQuestion, ...]
    lengths: tuple[int, ...]  # tokens, shortest first
    conditions: tuple[Condition, ...]
    cells: tuple[Cell, ...]  # those that are asked
    left_out: tuple[Cell, ...]  # those for which the archive has too little text

    @property
    def requests(self) -> tuple[Request, ...]:
        """Question by question, so that a run that is stopped has whole questions."""
        return tuple(
            Request(question, cell) for question in self.questions for cell in (None, *self.cells)
        )

    def announced(self, model: ModelSettings) -> str:
        """How much it takes, in a line for people, before it starts."""
        lengths = [model.context_tokens, *(cell.length for cell in self.cells)]
        number = len(self.questions)
        tokens = number * sum(lengths)
        sold_as = model.name if is_vendors(model.base_url) else None
        prices = [cost(sold_as, length, model.answer_tokens) for length in lengths]
        known = [price for price in prices if price is not None]
        price = f", at most ${number * sum(known):,.2f}" if len(known) == len(lengths) else ""
        return (
            f"{number} questions, {number * len(lengths):,} requests with at most "
            f"{tokens / 1_000_000:,.1f} million prompt tokens{price}; replies that are kept "
            "from before are not asked for again"
        )


def make_plan(
    gold: GoldSet,
    maker: PromptMaker,
    lengths: Sequence[int],
    questions: int = QUESTIONS,
    conditions: Sequence[Condition] = CONDITIONS,
) -> Plan:
    """Chooses the questions, and leaves out the cells for which the archive has too little text.

    A question can be used if it has its evidence in one episode, in turns that take
    MOST_EVIDENCE tokens at most and half of the shortest haystack.

    Raises:
        GoldError: no question can be used.
    """
    most = min(MOST_EVIDENCE, lengths[0] // 2)
    usable = [each for each in gold.questions if 0 < maker.evidence_tokens(each) <= most]
    taken = sample(gold, usable, questions)
    cells = tuple(grid(lengths, conditions))
    asked = tuple(cell for cell in cells if all(maker.has_text(each, cell) for each in taken))
    left_out = tuple(cell for cell in cells if cell not in asked)
    return Plan(taken, tuple(lengths), tuple(conditions), asked, left_out)


def why_left_out(cells: Sequence[Cell]) -> tuple[str, ...]:
    """A line for each length with cells that are left out."""
    by_length: dict[int, int] = defaultdict(int)
    for cell in cells:
        by_length[cell.length] += 1
    return tuple(
        f"{in_k(length)}: {number} cells left out, the archive has too little text for them"
        for length, number in sorted(by_length.items())
    )


def sample(
    gold: GoldSet, eligible: Iterable[GoldQuestion], questions: int
) -> tuple[GoldQuestion, ...]:
    """A seeded sample, spread over the difficulties, in the gold set's order.

    Which questions come first hangs on their ids alone, so that a larger sample holds a smaller
    one and a new question displaces at most one other.

    Raises:
        GoldError: no question can be used.
    """
    usable = list(eligible)
    if any(question.facts for question in usable):
        usable = [question for question in usable if question.facts]
    if not usable:
        raise GoldError(
            f"{gold.path}: no question can be asked over a haystack: one is needed that has its "
            f"evidence in one episode of the archive, in turns of {MOST_EVIDENCE:,} tokens at most"
        )
    by_difficulty: dict[str, list[GoldQuestion]] = defaultdict(list)
    for question in sorted(usable, key=lambda each: drawn(each.id)):
        by_difficulty[question.difficulty or ""].append(question)
    ranks = zip_longest(*(by_difficulty[name] for name in sorted(by_difficulty)))
    taken = [question for question in chain(*ranks) if question is not None][:questions]
    places = {question.id: place for place, question in enumerate(gold.questions)}
    return tuple(sorted(taken, key=lambda question: places[question.id]))
