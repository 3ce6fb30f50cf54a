"""How often the check of citations is wrong: right ones that it marks, wrong ones that it passes.

    python benchmarks/support.py ../shared/gold/dtc-dev.yaml --store build/bench/store

The gold facts stand for the sentences of a model. Each is held against a turn that supports it (as
found by reading: support_dtc_dev.yaml, or --right FILE; without one, the evidence turn that scores
best, which flatters) and against turns that do not:

    evidence   others that the model is shown for the question, outside of the gold evidence
    episode    others of the same episodes
    near       those that a search for the fact itself finds, outside of the gold evidence; the
               hardest, and some of them do say the same
    random     gold evidence of other questions
    two        two of "evidence" at once, which the check may pass together
    number     a right turn, but another number in the claim
    name       a right turn, but another name in the claim

Then the bar is set again without the episodes that it is tried on; facts are denied ("is not"); two
facts in one sentence cite a turn each and a wrong one; and a scripted model answers every question
through `CitationWriter`, citing right turns half of the time. Last, facts that cite nothing are
attributed by the program among the gold evidence and all else that the model is shown.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import yaml

from askpod import Archive
from askpod.answering import support
from askpod.answering.citations import CitationWriter
from askpod.answering.claims import names
from askpod.answering.support import BAR, SupportChecker
from askpod.chunking import cut_span
from askpod.embedding.minilm import MiniLM
from askpod.model import EvidenceTurn, Turn
from askpod.retrieval.evidence import pack

WRONG = ("evidence", "episode", "near", "random", "two", "number", "name")
EACH = 4  # wrong turns of each kind for each fact
SHORTEST = 60  # characters of a turn that is cited wrongly: nobody cites "Yeah."
SHOWN = 30  # passages packed for the model
BUDGET = 6500  # tokens of them, counted as four characters each
FOLDS = 5
DENIABLE = re.compile(
    r"\b(is|are|was|were|can|will|should|would|could|has|had|must|do|does|did)\b(?! not)"
)
ROUNDS = 6  # of the scripted model; every other one turns right and wrong round


@dataclass(frozen=True)
class Pair:
    """A claim and the turns that it is held against."""

    episode: str  # the first of the question's evidence: what the folds are made by
    claim: str
    turns: tuple[EvidenceTurn, ...]
    kind: str  # "right", or one of WRONG


class Case:
    """One gold question with what is needed to cite for it, rightly and wrongly."""

    def __init__(self, archive: Archive, row: dict[str, Any]) -> None:
        self._archive = archive
        self.row = row
        self.facts: list[str] = row["facts"]
        self.right = [
            self.turn(stretch["episode"], number)
            for stretch in row["evidence"]
            for number, turn in enumerate(archive.turns(stretch["episode"]))
            if turn.start < stretch["end"] and turn.end > stretch["start"]
        ]

    @cached_property
    def shown(self) -> list[EvidenceTurn]:
        """What is packed for the question, outside of the gold evidence."""
        passages = self._archive.search(self.row["question"], top=SHOWN)
        packed = pack(passages, self._turns, lambda text: len(text) // 4, BUDGET)
        return self.wrong((turn.episode_id, turn.span.turn) for turn in packed)

    @cached_property
    def episodes(self) -> list[EvidenceTurn]:
        named = dict.fromkeys(stretch["episode"] for stretch in self.row["evidence"])
        return self.wrong(
            (name, number) for name in named for number in range(len(self._archive.turns(name)))
        )

    def near(self, fact: str) -> list[EvidenceTurn]:
        passages = self._archive.search(fact, top=EACH * 2)
        return self.wrong((p.episode_id, span.turn) for p in passages for span in p.spans)[:EACH]

    def wrong(self, places: Iterable[tuple[str, int]]) -> list[EvidenceTurn]:
        gold = {(turn.episode_id, turn.span.turn) for turn in self.right}
        turns = (self.turn(*place) for place in dict.fromkeys(places) if place not in gold)
        return [turn for turn in turns if len(turn.span.text) >= SHORTEST]

    def turn(self, episode: str, number: int) -> EvidenceTurn:
        turn = self._archive.turns(episode)[number]
        span = cut_span(turn, number, 0, len(turn.text))
        return EvidenceTurn(0, episode, titles(self._archive)[episode], span, "")

    def _turns(self, episode: str, first: int, last: int) -> list[Turn]:
        return self._archive.turns(episode)[first : last + 1]


@cache
def titles(archive: Archive) -> dict[str, str]:
    """The title of each episode."""
    return {episode.id: episode.title for episode in archive.episodes()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    default = Path(__file__).with_name("support_dtc_dev.yaml")
    parser.add_argument("--right", type=Path, default=default)
    options = parser.parse_args()
    rows = yaml.safe_load(options.gold.read_text(encoding="utf-8"))
    known = yaml.safe_load(options.right.read_text(encoding="utf-8"))
    embedder = MiniLM()
    checker = SupportChecker(embedder)
    with Archive.open(options.store) as archive:
        cases = [Case(archive, row) for row in rows if row["evidence"] and row.get("facts")]
        right = [supporting(case, known.get(case.row["id"]), checker) for case in cases]
        pairs = list(all_pairs(cases, right))
        scores = np.array([checker.score(pair.claim, pair.turns) for pair in pairs])
        print_rates(pairs, scores)
        print_held_out(pairs, scores)
        print_denied(cases, right, checker)
        print_joined(cases, right, checker)
        print_attribution(cases, right, checker)
        print_scripted(cases, right, embedder)


def supporting(
    case: Case, known: list[list[int]] | None, checker: SupportChecker
) -> list[list[EvidenceTurn]]:
    """For each fact the turns that support it."""
    if known is not None:
        return [[case.right[number - 1] for number in numbers] for numbers in known]
    return [
        [max(case.right, key=lambda turn, fact=fact: checker.score(fact, [turn]))]
        for fact in case.facts
    ]


def all_pairs(cases: list[Case], right: list[list[list[EvidenceTurn]]]) -> Iterator[Pair]:
    random = Random(0)
    every_name = sorted({" ".join(n).title() for c in cases for f in c.facts for n in names(f)})
    for case, turns in zip(cases, right, strict=True):
        episode = case.row["evidence"][0]["episode"]
        elsewhere = [turn for other in cases if other is not case for turn in other.right]
        for fact, supports in zip(case.facts, turns, strict=True):
            yield Pair(episode, fact, tuple(supports), "right")
            found = {
                "evidence": some(case.shown, random),
                "episode": some(case.episodes, random),
                "near": case.near(fact),
                "random": some(elsewhere, random),
            }
            for kind, wrong in found.items():
                for turn in wrong:
                    yield Pair(episode, fact, (turn,), kind)
            yield Pair(episode, fact, tuple(some(case.shown, random, 2)), "two")
            for kind, altered in (
                ("number", other_number(fact)),
                ("name", other_name(fact, every_name, random)),
            ):
                if altered:
                    yield Pair(episode, altered, tuple(supports), kind)


def some(turns: list[EvidenceTurn], random: Random, count: int = EACH) -> list[EvidenceTurn]:
    return random.sample(turns, min(count, len(turns)))


def other_number(fact: str) -> str | None:
    """The claim with its first number in digits, or in a word from three on, made another."""
    words = {"three": "four", "four": "six", "five": "seven", "six": "nine", "ten": "twelve"}
    found = re.search(rf"\d+|\b(?:{'|'.join(words)})\b", fact)
    if not found:
        return None
    other = words.get(found[0]) or str(int(found[0]) * 3 + 1)
    return fact[: found.start()] + other + fact[found.end() :]


def other_name(fact: str, every: list[str], random: Random) -> str | None:
    """The claim with its first name made that of another claim."""
    for name in names(fact):
        found = re.search(re.escape(" ".join(name)), fact, re.IGNORECASE)
        if found and found.start() > 0:
            other = random.choice([each for each in every if each.lower() != " ".join(name)])
            return fact[: found.start()] + other + fact[found.end() :]
    return None


def print_rates(pairs: list[Pair], scores: np.ndarray) -> None:
    kinds = np.array([pair.kind for pair in pairs])
    print("marked, of all    right" + "".join(f"{kind:>10}" for kind in WRONG))
    print("pairs         " + "".join(f"{(kinds == k).sum():>10}" for k in ("right", *WRONG)))
    for bar in (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8):
        shares = [float((scores[kinds == kind] < bar).mean()) for kind in ("right", *WRONG)]
        chosen = "  <- the bar" if bar == BAR else ""
        print(f"{bar:<14.2f}" + "".join(f"{share:10.3f}" for share in shares) + chosen)


def print_held_out(pairs: list[Pair], scores: np.ndarray) -> None:
    """The bar that is best on four fifths of the episodes, tried on the others."""
    kinds = np.array([pair.kind for pair in pairs])
    order = {name: place for place, name in enumerate(sorted({p.episode for p in pairs}))}
    folds = np.array([order[pair.episode] for pair in pairs]) % FOLDS
    right_marked, wrong_passed = [], []
    for fold in range(FOLDS):
        ours, theirs = folds != fold, folds == fold
        bars = np.arange(0.3, 1.0, 0.01)
        errors = [
            (scores[ours & (kinds == "right")] < bar).mean()
            + (scores[ours & (kinds == "evidence")] >= bar).mean()
            for bar in bars
        ]
        bar = bars[int(np.argmin(errors))]
        right_marked.extend(scores[theirs & (kinds == "right")] < bar)
        wrong_passed.extend(scores[theirs & (kinds == "evidence")] >= bar)
        print(f"bar without fold {fold}: {bar:.2f}")
    print(f"held out: right marked {np.mean(right_marked):.3f}, ", end="")
    print(f"wrong (evidence) passed {np.mean(wrong_passed):.3f}")


def print_denied(
    cases: list[Case], right: list[list[list[EvidenceTurn]]], checker: SupportChecker
) -> None:
    """Facts made into their opposite, each against the turn that supports it."""
    denied = [
        checker.check(claim, supports[0]).ok
        for case, turns in zip(cases, right, strict=True)
        for fact, supports in zip(case.facts, turns, strict=True)
        if (claim := DENIABLE.sub(r"\1 not", fact, count=1)) != fact
    ]
    print(f"facts denied ({len(denied)}): marked {1 - np.mean(denied):.3f}")


def print_joined(
    cases: list[Case], right: list[list[list[EvidenceTurn]]], checker: SupportChecker
) -> None:
    """Two facts of one answer as one sentence, with a turn for each and a wrong one."""
    random = Random(2)
    passed = []
    for case, turns in zip(cases, right, strict=True):
        for (one, (first, *_)), (two, (second, *_)) in pairwise(
            zip(case.facts, turns, strict=True)
        ):
            if first != second:
                claim = f"{one}, and {two[0].lower()}{two[1:]}"
                cited = [first, second, random.choice(case.shown)]
                passed.append([support.ok for support in checker.check_each(claim, cited)])
    shares = 1 - np.array(passed).mean(axis=0)
    print(
        f"two facts in one sentence ({len(passed)}): right turns marked {shares[:2].mean():.3f}, "
        f"the wrong third one marked {shares[2]:.3f}"
    )


def print_attribution(
    cases: list[Case], right: list[list[list[EvidenceTurn]]], checker: SupportChecker
) -> None:
    """How often the turn that the program finds for a fact is one that supports it."""
    print("\nfacts without a number, attributed by the program (bar: cited, of these right)")
    for bar in (0.6, 0.65, 0.7, 0.75, 0.8):
        support.BAR_UNCITED = bar
        cited = hits = touched = facts = 0
        for case, turns in zip(cases, right, strict=True):
            evidence = [*case.shown, *case.right]
            for fact, supports in zip(case.facts, turns, strict=True):
                facts += 1
                if found := checker.attribute(fact, evidence):
                    cited += 1
                    hits += found[0] in supports
                    touched += found[0] in case.right
        print(
            f"  {bar:.2f}  {cited / facts:.3f} of {facts}   the right turn {hits / cited:.3f}   "
            f"a turn of the evidence {touched / cited:.3f}"
        )


def print_scripted(
    cases: list[Case], right: list[list[list[EvidenceTurn]]], embedder: MiniLM
) -> None:
    """The gold facts as answers: right turns cited for half of them, wrong ones else."""
    random = Random(1)
    passed: dict[bool, list[bool]] = {True: [], False: []}
    spent = []
    for turned in range(ROUNDS):
        for case, turns in zip(cases, right, strict=True):
            text, evidence, truth = scripted(case, turns, turned, random)
            # A checker that remembers nothing yet, for a fair time.
            writer = CitationWriter(evidence, SupportChecker(embedder), lambda *_: "")
            began = time.perf_counter()
            shown = writer.feed(text) + writer.finish()
            spent.append((time.perf_counter() - began) * 1000)
            marks = re.findall(r"(?:\[\d+\])+( \(unsupported\))?", shown)
            for honest, mark in zip(truth, marks, strict=True):
                passed[honest].append(not mark)
    print(
        f"scripted model: right marked {1 - np.mean(passed[True]):.3f} of {len(passed[True])}, "
        f"wrong marked {1 - np.mean(passed[False]):.3f} of {len(passed[False])}; "
        f"{np.median(spent):.0f} ms an answer (p50), {np.quantile(spent, 0.95):.0f} ms (p95)"
    )


def scripted(
    case: Case, right: list[list[EvidenceTurn]], turned: int, random: Random
) -> tuple[str, list[EvidenceTurn], list[bool]]:
    """An answer, its evidence, and for each of its sentences whether it is cited rightly."""
    sentences: list[str] = []
    evidence: list[EvidenceTurn] = []
    truth: list[bool] = []
    for number, (fact, supports) in enumerate(zip(case.facts, right, strict=True)):
        honest = bool((number + turned) % 2)
        cited = supports if honest else [random.choice(case.shown)]
        first = len(evidence) + 1
        evidence += [replace(turn, number=first + place) for place, turn in enumerate(cited)]
        markers = "".join(f"[{first + place}]" for place in range(len(cited)))
        sentences.append(f"{fact.rstrip('.')} {markers}.")
        truth.append(honest)
    return " ".join(sentences), evidence, truth


if __name__ == "__main__":
    main()
