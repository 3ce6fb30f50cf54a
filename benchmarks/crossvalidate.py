"""Whether the settings of search fit only the questions that they were chosen on.

    python benchmarks/crossvalidate.py GOLD:STORE [GOLD:STORE …] [--markdown]

Each setting of askpod.retrieval is tried with a few values around the shipped one, the others as
shipped. The episodes of all sets are dealt out into five folds; for each fold the setting that is
best on the questions of the other four answers its own: that is what choosing settings on such
questions brings for new ones. All figures are means over the questions of a set; best is the
highest mean, over the sets, of MEASURED. A question belongs to the episode of its first evidence.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from ablation import changed
from askpod import Archive
from peers.report import in_markdown, in_text
from peers.scoring import FIGURES, Figures, means
from quality import answerable, rows_of, search_scores
from retrieval import Row

FOLDS = 5
MEASURED = ("mean recall", "best F1", "MRR")
RECALLS = [at for at, figure in enumerate(FIGURES) if figure.startswith("recall")]
SHIPPED = "as shipped"
TRIED = {
    "relevance.WORDS": (0.05, 0.1, 0.2, 0.3),
    "relevance.SPEAKER": (0.1, 0.15, 0.4, 0.5),
    "relevance.NEIGHBOURS": ((0.15, 0.08), (0.2, 0.1), (0.4, 0.2), (0.5, 0.25)),
    "relevance.REACHES": ((0, 4, 16), (0, 6, 24), (0, 12, 48), (0, 16, 64)),
    "stretch.NEARLY": (0.7, 0.75, 0.85, 0.9),
}
TOO = {  # where else a setting is read
    "relevance.NEIGHBOURS": ["search.NEIGHBOURS"],
    "relevance.REACHES": ["search.REACHES"],
}


@dataclass(frozen=True)
class Tried:
    """One gold set with all settings."""

    name: str
    folds: np.ndarray  # of each question
    scores: Mapping[str, Figures]  # setting -> one row for each question

    def measured(self, setting: str, chosen: np.ndarray) -> np.ndarray:
        """MEASURED, over the chosen questions."""
        return measured(self.scores[setting][chosen])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", metavar="GOLD:STORE", nargs="+")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/")
    options = parser.parse_args()
    sets = [tried(*map(Path, pair.rsplit(":", 1))) for pair in options.sets]
    chosen = [best(sets, fold) for fold in range(FOLDS)]
    table = in_markdown if options.markdown else in_text
    print(table([["", *MEASURED], *(row for each in sets for row in report(each, chosen))]))
    print("\nbest of four folds, asked of the fifth: " + "; ".join(chosen))


def settings() -> dict[str, dict[str, object]]:
    """What each setting changes, by its name."""
    varied = {
        f"{place.split('.')[1]} {value}": dict.fromkeys([place, *TOO.get(place, [])], value)
        for place, values in TRIED.items()
        for value in values
    }
    return {SHIPPED: {}, **varied}


def tried(gold: Path, store: Path) -> Tried:
    """A gold set asked with every setting."""
    rows = answerable(rows_of(gold))
    scores = {}
    with Archive.open(store) as archive:
        for name, changes in settings().items():
            with changed(changes):
                scores[name] = search_scores(archive, rows)
    return Tried(gold.stem if gold.stem != "gold" else gold.parent.name, folds_of(rows), scores)


def folds_of(rows: Sequence[Row]) -> np.ndarray:
    """The fold of each question: whole episodes, dealt out in a seeded order."""
    episodes = sorted({row["evidence"][0]["episode"] for row in rows})
    Random(0).shuffle(episodes)
    fold = {episode: at % FOLDS for at, episode in enumerate(episodes)}
    return np.array([fold[row["evidence"][0]["episode"]] for row in rows])


def measured(scores: Figures) -> np.ndarray:
    figures = means(scores)
    return np.array([figures[RECALLS].mean(), *(figures[FIGURES.index(f)] for f in MEASURED[1:])])


def best(sets: Sequence[Tried], fold: int) -> str:
    """The setting that is best on all questions outside of a fold."""
    return max(
        settings(),
        key=lambda setting: float(
            np.mean([each.measured(setting, each.folds != fold).mean() for each in sets])
        ),
    )


def report(each: Tried, chosen: Sequence[str]) -> list[list[str]]:
    """The rows of a set: shipped, chosen for each fold, and the spread over all settings."""
    everywhere = np.ones(len(each.folds), bool)
    held_out = np.empty_like(each.scores[SHIPPED])
    for fold, setting in enumerate(chosen):
        held_out[each.folds == fold] = each.scores[setting][each.folds == fold]
    spread = np.array([each.measured(setting, everywhere) for setting in each.scores])
    return [
        [f"{each.name}: {SHIPPED}", *figures(each.measured(SHIPPED, everywhere))],
        [f"{each.name}: chosen on other folds", *figures(measured(held_out))],
        [f"{each.name}: worst of {len(spread)} settings", *figures(spread.min(axis=0))],
        [f"{each.name}: best of them", *figures(spread.max(axis=0))],
    ]


def figures(values: np.ndarray) -> list[str]:
    return [f"{value:.3f}" for value in values]


if __name__ == "__main__":
    main()
