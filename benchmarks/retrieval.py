"""Search beside what a user would pick instead, on one gold set and one archive.

    python benchmarks/retrieval.py ../shared/gold/dtc-dev.yaml --store DIR [--markdown]

The gold set is YAML as in evals/examples.yaml; a row with `episode` is asked of that one alone, one
without evidence is left out. The store must hold the episodes, or is brought up to date with
`--episodes PATH…` first; the peers get the very turns that it holds, as text. How passages are
scored stands in peers/scoring.py. Each figure is a mean over the questions, in brackets its 95 %
interval: 10,000 bootstrap draws of episodes (that of a question's first evidence), seeded.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import yaml

from askpod import Archive
from askpod.errors import AskpodError, StoreMismatch
from peers.kept import Findings, kept
from peers.report import Comparison, in_markdown, in_text
from peers.scoring import Found, Stretch, scores
from peers.transcript import Transcript

DEPTH = 60  # passages that a search is asked for: enough for 2,000 words of any
KEPT = Path(__file__).resolve().parent.parent / "build" / "peers"

Row = dict[str, Any]  # one question of a gold set


class Search(Protocol):
    """What is compared."""

    name: str

    def search(self, question: str, episode: str | None, top: int) -> list[Found]:
        """At most `top` passages, best first, of one episode or of all."""


class Askpod:
    """An archive, as it is."""

    name = "askpod"

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def search(self, question: str, episode: str | None, top: int) -> list[Found]:
        return [
            Found(Stretch(each.episode_id, each.start, each.end), len(each.text.split()))
            for each in self._archive.search(question, episode=episode, top=top)
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--episodes", type=Path, nargs="+", default=[], help="index these first")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/")
    options = parser.parse_args()
    needed = [options.gold, *options.episodes]
    if absent := [str(path) for path in needed if not path.exists()]:
        print(f"retrieval: skipped, there is no {', '.join(absent)}")
        return
    table = in_markdown if options.markdown else in_text
    try:
        with opened(options.store, options.episodes) as archive:
            questions, comparison = compare(options.gold, archive)
    except AskpodError as error:
        raise SystemExit(str(error)) from error
    print(f"{options.gold}: {questions} questions\n")
    print(table(comparison.figures()), end="\n\n")
    print(table(comparison.targets()))


def opened(store: Path, episodes: list[Path]) -> Archive:
    """The archive, with `episodes` indexed in it as the present askpod does that."""
    if not episodes:
        return Archive.open(store)
    try:
        archive = Archive.open(store, create=True)
    except StoreMismatch:
        Archive.rebuild(store)
        archive = Archive.open(store)
    archive.index(episodes)
    return archive


def compare(gold: Path, archive: Archive) -> tuple[int, Comparison]:
    """How many questions were asked, and what came of it."""
    rows = yaml.safe_load(gold.read_text(encoding="utf-8"))
    rows = [row for row in rows if row["evidence"]]
    transcripts = {
        episode.id: Transcript(episode, archive.turns(episode.id)) for episode in archive.episodes()
    }
    named = {each.episode for row in rows for each in evidence_of(row)}
    if missing := sorted(named - set(transcripts)):
        raise SystemExit(f"{gold}: the store lacks {', '.join(missing)}: index the episodes first")
    findings = {**find([Askpod(archive)], rows), **peers_find(transcripts, rows)}
    each = {
        name: np.array([scores(f, evidence_of(row)) for f, row in zip(found, rows, strict=True)])
        for name, found in findings.items()
    }
    return len(rows), Comparison(each, [row["evidence"][0]["episode"] for row in rows])


def find(searches: Iterable[Search], rows: list[Row]) -> Findings:
    """What each search finds for each question."""
    return {
        each.name: [each.search(row["question"], row.get("episode"), DEPTH) for row in rows]
        for each in searches
    }


def peers_find(transcripts: Mapping[str, Transcript], rows: list[Row]) -> Findings:
    """What the peers find, made once and kept."""
    texts = [(each.episode, each.title, each.text, each.seconds) for each in transcripts.values()]
    questions = [(row["question"], row.get("episode")) for row in rows]
    try:
        return kept(KEPT, [DEPTH, texts, questions], lambda: find(all_peers(transcripts), rows))
    except ModuleNotFoundError as missing:
        raise SystemExit(f"{missing}: `make peers` installs what this needs") from missing


def all_peers(transcripts: Mapping[str, Transcript]) -> list[Search]:
    """The peers over these episodes."""
    # Imported here: they are many, and not needed where what they found is kept.
    from peers.bm25s_stemmed import Bm25s
    from peers.chunks import Chunks
    from peers.langchain_dense import LangChainDense
    from peers.langchain_ensemble import LangChainEnsemble
    from peers.llamaindex import LlamaIndex
    from peers.vectors import KeptVectors

    vectors = KeptVectors(KEPT)
    chunks = Chunks(transcripts)
    dense = LangChainDense(chunks, vectors)
    ensemble = LangChainEnsemble(chunks, dense)
    return [dense, ensemble, LlamaIndex(transcripts, vectors), Bm25s(chunks)]


def evidence_of(row: Row) -> list[Stretch]:
    return [Stretch(e["episode"], e["start"], e["end"]) for e in row["evidence"]]


if __name__ == "__main__":
    os.environ["ANONYMIZED_TELEMETRY"] = "False"  # Chroma's, which the peers would start
    warnings.simplefilter("ignore", DeprecationWarning)
    main()
