"""When to refuse: how many questions a bar would turn away, right ones and wrong ones.

    python benchmarks/refusal.py GOLD:STORE [GOLD:STORE …] [--markdown]

Each archive is asked its own questions that can be answered, and questions about other things:
those of the other gold sets and the plain ones of elsewhere.txt. A question is refused where the
archive comes less near to it (`nearness` of answering/refusal.py) than the bar. Printed are, for
bars from 0.2 to 0.6, the shares that are refused of each archive's own questions, of those of the
other sets and of the plain ones; precision, recall and F1 of refusing; once over whole archives,
once within one episode (that of the question's first evidence; for other things one drawn at
random). Every archive counts alike, and in each the three kinds of questions: own ones as much as
both others together. The shipped bars are marked; the last row adds askpod's other sign, names
that are never mentioned.

Questions of one set may well be near another archive ("What did they say about the budget?").
An archive whose questions are all asked of one episode each (meetings) tells of named ones only.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from askpod import Archive
from askpod.answering import refusal
from askpod.model import Filters
from askpod.retrieval.retriever import Found
from peers.report import in_markdown, in_text
from quality import answerable, rows_of
from retrieval import Row

BARS = [round(0.2 + 0.05 * step, 2) for step in range(9)]
KINDS = ("own", "other sets", "plain")
ELSEWHERE = Path(__file__).with_name("elsewhere.txt")


@dataclass(frozen=True)
class Asked:
    """One question of one archive."""

    kind: str  # of KINDS
    nearness: float
    refused: bool  # by askpod, whatever the reason


@dataclass(frozen=True)
class GoldSet:
    """An archive with its own questions."""

    store: Path
    rows: Sequence[Row]

    @property
    def whole(self) -> bool:
        """Whether its questions are asked of all episodes."""
        return any("episode" not in row for row in self.rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", metavar="GOLD:STORE", nargs="+")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/")
    options = parser.parse_args()
    table = in_markdown if options.markdown else in_text
    pairs = [map(Path, pair.rsplit(":", 1)) for pair in options.sets]
    sets = [GoldSet(store, answerable(rows_of(gold))) for gold, store in pairs]
    for kind, bar, of_one in (
        ("whole archives", refusal.WEAKEST, False),
        ("a named episode", refusal.WEAKEST_IN_NAMED, True),
    ):
        archives = [
            list(asked(own, elsewhere(own, sets), of_one)) for own in sets if of_one or own.whole
        ]
        print(f"{kind}: {len(archives)} archives, {sum(map(len, archives)):,} questions\n")
        print(table(list(curve(archives, bar))), end="\n\n")


def elsewhere(own: GoldSet, sets: Iterable[GoldSet]) -> Iterator[tuple[str, str]]:
    """Questions about other things than this archive's, and their kind."""
    for each in sets:
        if each is not own:
            yield from ((row["question"], "other sets") for row in each.rows)
    for question in ELSEWHERE.read_text(encoding="utf-8").splitlines():
        yield question, "plain"


def asked(own: GoldSet, others: Iterable[tuple[str, str]], of_one: bool) -> Iterator[Asked]:
    """All questions, asked of an archive or each of one of its episodes."""
    random = Random(0)
    with Archive.open(own.store) as archive:
        episodes = [episode.id for episode in archive.episodes()]
        questions = [(row["question"], "own", row["evidence"][0]["episode"]) for row in own.rows]
        questions += [(question, kind, random.choice(episodes)) for question, kind in others]
        for question, kind, episode in questions:
            filters = Filters(episode=episode if of_one else None)
            found = found_for(archive, question, filters)
            yield Asked(kind, refusal.nearness(found), refusal.is_weak(found, filters))


def found_for(archive: Archive, question: str, filters: Filters) -> Found:
    # What an archive finds by itself shows in no public name: passages tell no similarity.
    return archive._retriever.find(question, 1, filters)


def curve(archives: Sequence[Sequence[Asked]], shipped: float) -> Iterator[list[str]]:
    """One row for each bar, and one for askpod as it is."""
    yield ["bar", *KINDS, "precision", "recall", "F1"]
    for bar in sorted({*BARS, shipped}):
        mark = " (shipped)" if bar == shipped else ""
        below = [[each.nearness < bar for each in archive] for archive in archives]
        yield [f"{bar:.2f}{mark}", *figures(archives, below)]
    yield ["shipped, names", *figures(archives, [[each.refused for each in a] for a in archives])]


def figures(archives: Sequence[Sequence[Asked]], refused: Sequence[Sequence[bool]]) -> list[str]:
    """The share refused of each of KINDS; precision, recall, F1: each archive counts alike."""
    shares = np.array(
        [
            [
                np.mean([r for each, r in zip(archive, said, strict=True) if each.kind == kind])
                for kind in KINDS
            ]
            for archive, said in zip(archives, refused, strict=True)
        ]
    ).mean(axis=0)
    wrong, recall = shares[0], shares[1:].mean()
    precision = recall / (recall + wrong) if recall + wrong else 1.0
    f1 = 2 * precision * recall / (precision + recall) if recall else 0.0
    return [f"{share:.3f}" for share in (*shares, precision, recall, f1)]


if __name__ == "__main__":
    main()
