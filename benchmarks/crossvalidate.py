"""Whether the settings of search fit only the kinds of talk that they were chosen on.

    python benchmarks/crossvalidate.py GOLD:STORE GOLD:STORE GOLD:STORE [--markdown]

Each gold set is a kind of talk. Each setting of the search is tried with a few values around the
shipped one, the others as shipped. For each kind, the setting that is best on the other kinds
answers its questions: that is what choosing settings on some kinds of talk brings for another one.
Best is the highest mean, over those sets, of MEASURED, each as a share of its shipped value, so
that no set counts for more because its questions are easier. Figures are means over the questions.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ablation import Variant, opened
from peers.report import in_markdown, in_text
from peers.scoring import FIGURES, Figures, means
from quality import answerable, rows_of, search_scores

MEASURED = ("mean recall", "best F1", "MRR")
RECALLS = [at for at, figure in enumerate(FIGURES) if figure.startswith("recall")]
SHIPPED = "as shipped"
SCORING = {
    "retrieval.rerank.WORDS": (0.27, 0.32, 0.44, 0.49),
    "retrieval.rerank.WORDS_IN_ONE": (0.14, 0.17, 0.23, 0.26),
    "retrieval.rerank.SPEAKER": (0.1, 0.15, 0.4, 0.5),
    "retrieval.passages.NEARLY": (0.72, 0.77, 0.87, 0.92),
    "retrieval.passages.MOST": (3, 4, 6, 7),
}
TOO = {"retrieval.passages.MOST": "retrieval.retriever.MOST"}  # where else a setting is read
SHARES = ((0.2, 0.1), (0.4, 0.2))
WINDOWS = ((6, 24), (12, 48))


@dataclass(frozen=True)
class Tried:
    """One gold set with all settings."""

    name: str
    measured: Mapping[str, np.ndarray]  # setting -> MEASURED

    def gain(self, setting: str) -> float:
        """The mean of MEASURED, each as a share of what the shipped settings reach."""
        return float((self.measured[setting] / self.measured[SHIPPED]).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", metavar="GOLD:STORE", nargs="+")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/")
    options = parser.parse_args()
    if len(options.sets) < 2:
        parser.error("at least two sets: what is chosen on one is asked of another")
    sets = [tried(*map(Path, pair.rsplit(":", 1))) for pair in options.sets]
    table = in_markdown if options.markdown else in_text
    rows = [row for each in sets for row in report(each, best([s for s in sets if s is not each]))]
    print(table([["", *MEASURED], *rows]))


def settings() -> dict[str, Variant]:
    """What each setting changes, by its name."""
    found = {SHIPPED: Variant()}
    for place, values in SCORING.items():
        for value in values:
            places = [place, *([TOO[place]] if place in TOO else [])]
            found[f"{place.rpartition('.')[2]} {value}"] = Variant(dict.fromkeys(places, value))
    for shares in SHARES:
        found[f"NEIGHBOUR_SHARES {shares}"] = Variant(
            {"retrieval.rerank.NEIGHBOUR_SHARES": shares},
            {"embedding.contextual.NEIGHBOUR_SHARES": shares},
        )
    for windows in WINDOWS:
        found[f"CONTEXT_WINDOWS {windows}"] = Variant(
            {"retrieval.rerank.CONTEXT_WINDOWS": windows},
            {"embedding.contextual.CONTEXT_WINDOWS": windows},
        )
    return found


def tried(gold: Path, store: Path) -> Tried:
    """A gold set asked with every setting, as many at a time as there are cores."""
    with ProcessPoolExecutor() as processes:
        found = list(processes.map(partial(asked, gold, store), settings().values()))
    name = gold.stem if gold.stem != "gold" else gold.parent.name
    return Tried(name, dict(zip(settings(), found, strict=True)))


def asked(gold: Path, store: Path, variant: Variant) -> np.ndarray:
    """What a setting reaches."""
    with opened(store, variant) as archive:
        return measured(search_scores(archive, answerable(rows_of(gold))))


def measured(scores: Figures) -> np.ndarray:
    figures = means(scores)
    return np.array([figures[RECALLS].mean(), *(figures[FIGURES.index(f)] for f in MEASURED[1:])])


def best(sets: Sequence[Tried]) -> str:
    """The setting that is best on these sets together."""
    return max(settings(), key=lambda name: float(np.mean([each.gain(name) for each in sets])))


def report(each: Tried, chosen: str) -> list[list[str]]:
    """The rows of a set: shipped, chosen on the others, and the spread over all settings."""
    every = np.array(list(each.measured.values()))
    return [
        [f"{each.name}: {SHIPPED}", *figures(each.measured[SHIPPED])],
        [f"{each.name}: chosen on the others ({chosen})", *figures(each.measured[chosen])],
        [f"{each.name}: worst of {len(every)} settings", *figures(every.min(axis=0))],
        [f"{each.name}: best of them", *figures(every.max(axis=0))],
    ]


def figures(values: np.ndarray) -> list[str]:
    return [f"{value:.3f}" for value in values]


if __name__ == "__main__":
    main()
