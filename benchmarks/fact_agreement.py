"""How often the fact matcher agrees with a reader, on hand-labelled facts and statements.

    python benchmarks/fact_agreement.py [--wrong]

The pairs are evals/fact-pairs.yaml. Those of the split "dev" set the matcher's figures; "test" is
of other episodes, and set nothing. Intervals of 95 % are bootstrapped, the pairs of one fact drawn
together, with a fixed seed. --wrong lists the pairs that they disagree on.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from askpod.embedding.minilm import MiniLM
from askpod.evals.measures.facts import FactMatcher, statements

PAIRS = Path(__file__).resolve().parent.parent / "evals" / "fact-pairs.yaml"
RESAMPLES = 2000
SEED = 0


@dataclass(frozen=True)
class Judged:
    """A labelled pair and what the matcher says of it."""

    fact: str
    statement: str
    split: str
    states: bool
    found: bool
    score: float


def judged() -> list[Judged]:
    """Every pair, judged as an answer is: read by sentences, two neighbours where needed."""
    matcher = FactMatcher(MiniLM())
    rows = yaml.safe_load(PAIRS.read_text(encoding="utf-8"))
    matches = [matcher.match([row["fact"]], statements(row["statement"]))[0] for row in rows]
    return [
        Judged(
            row["fact"],
            row["statement"],
            row["split"],
            row["states"],
            match.statement is not None,
            match.score,
        )
        for row, match in zip(rows, matches, strict=True)
    ]


def both_ways(pairs: list[Judged]) -> tuple[np.ndarray, np.ndarray]:
    """What the reader says of each pair, and what the matcher says."""
    return np.array([p.states for p in pairs]), np.array([p.found for p in pairs])


def rates(states: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Accuracy, precision and recall of "states the fact", and Cohen's kappa (Cohen, 1960)."""
    both = np.sum(states & found)
    accuracy = float(np.mean(states == found))
    chance = states.mean() * found.mean() + (1 - states.mean()) * (1 - found.mean())
    return {
        "accuracy": accuracy,
        "precision": float(both / max(1, found.sum())),
        "recall": float(both / max(1, states.sum())),
        "kappa": float((accuracy - chance) / (1 - chance)) if chance < 1 else 0.0,
    }


def intervals(pairs: list[Judged]) -> dict[str, tuple[float, float]]:
    """95 % of the resamples of the facts, each with all of its pairs, lie between these."""
    random = np.random.default_rng(SEED)
    facts = sorted({pair.fact for pair in pairs})
    own = [[number for number, p in enumerate(pairs) if p.fact == fact] for fact in facts]
    states, found = both_ways(pairs)
    drawn = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([own[i] for i in random.integers(len(facts), size=len(facts))])
        drawn.append(list(rates(states[chosen], found[chosen]).values()))
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return dict(zip(rates(states, found), zip(low, high, strict=True), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--wrong", action="store_true", help="list where they disagree")
    wrong = parser.parse_args().wrong
    every = judged()
    print(f"split  pairs  stated{''.join(f'{name:>20}' for name in rates(*both_ways(every)))}")
    for split in ("dev", "test"):
        pairs = [pair for pair in every if pair.split == split]
        states, found = both_ways(pairs)
        within = intervals(pairs)
        cells = "".join(
            f"{f'{value:.3f} [{within[name][0]:.2f}, {within[name][1]:.2f}]':>20}"
            for name, value in rates(states, found).items()
        )
        print(f"{split:<5}{len(pairs):7}{states.sum():8}{cells}")
    for pair in every if wrong else []:
        if pair.states != pair.found:
            missed = "missed  " if pair.states else "passed  "
            print(f"\n{pair.split} {missed}{pair.score:.2f}  {pair.fact}\n    {pair.statement}")


if __name__ == "__main__":
    main()
