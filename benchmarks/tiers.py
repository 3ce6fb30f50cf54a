"""The tiers of answers: how many questions each bar would show as answered, right and wrong ones.

    python benchmarks/tiers.py GOLD --store DIR --masked DIR [--markdown]

The answerable questions of a gold set are asked of the archive that holds their answers and of
those made by masked.py, which do not. Printed are for bars on the best sentence's relevance the
shares that are not shown as answered, the shipped bar marked, and the area under the ROC curve.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from askpod import Archive
from askpod.answering import refusal
from askpod.answering.question import understand
from askpod.model import Filters
from masked import LIST
from peers.report import in_markdown, in_text
from quality import answerable, rows_of

BARS = (0.30, 0.42, 0.50, 0.55, 0.60, 0.65, 0.70)


@dataclass(frozen=True)
class Asked:
    """One question of one archive."""

    relevance: float  # of the best sentence of the first quotation
    held_back: bool  # refused, or without the figure that is asked for

    def answered(self, bar: float) -> bool:
        return self.relevance >= bar and not self.held_back


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--masked", type=Path, required=True, help="what masked.py made")
    parser.add_argument("--markdown", action="store_true", help="a table for docs/")
    options = parser.parse_args()
    rows = {row["id"]: row for row in answerable(rows_of(options.gold))}
    masked = json.loads((options.masked / LIST).read_text(encoding="utf-8"))
    given = [(rows[id_]["question"], rows[id_].get("episode")) for _, id_, _ in masked]
    own = list(asked(options.store, given))
    others = [
        each
        for store, group in groupby(masked, key=lambda entry: entry[0])
        for each in asked(Path(store), [(rows[id_]["question"], ep) for _, id_, ep in group])
    ]
    table = in_markdown if options.markdown else in_text
    print(f"{len(own)} questions that can be answered, {len(others)} that cannot\n")
    print(table(list(curve(own, others))))
    print(f"\narea under the ROC curve: {area(own, others):.2f}")


def asked(store: Path, questions: Iterable[tuple[str, str | None]]) -> Iterator[Asked]:
    # What an answer is decided by shows in no public name.
    with closing(Archive.open(store)) as archive:
        for text, episode in questions:
            retrieved = archive._asker._find(text, (), Filters(episode=episode))
            found = retrieved.found
            question = understand(found.question, found.named)
            runs = archive._asker._answerer.quotations(question, found, retrieved).runs
            weak = refusal.is_weak(found, retrieved.filters) or refusal.lacks_figure(question, runs)
            yield Asked(runs[0].best if runs else -1.0, weak)


def curve(own: Sequence[Asked], others: Sequence[Asked]) -> Iterator[list[str]]:
    yield ["bar", "answerable", "masked"]
    for bar in sorted({*BARS, refusal.ANSWERS}):
        mark = " (shipped)" if bar == refusal.ANSWERS else ""
        shares = (np.mean([not each.answered(bar) for each in kind]) for kind in (own, others))
        yield [f"{bar:.2f}{mark}", *(f"{share:.2f}" for share in shares)]


def area(own: Sequence[Asked], others: Sequence[Asked]) -> float:
    """How often an answerable question has more relevance than a masked one."""
    wins = [
        (one.relevance > other.relevance) + 0.5 * (one.relevance == other.relevance)
        for one in own
        for other in others
    ]
    return float(np.mean(wins))


if __name__ == "__main__":
    main()
