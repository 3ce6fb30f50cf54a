"""A run and its judgements in the formats of trec_eval, so that others can check our ranking.

A document is a stretch of an episode: `episode@start-end`. measures/retrieval.py decides what is
ranked and what is relevant, for these files as for our own figures: trec_eval on an exported run
gives the figures of our reports (with `-c`, which counts questions without any result as 0).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from askpod.errors import PathError
from askpod.evals.gold import Stretch
from askpod.evals.measures.retrieval import LEGIBLE, judgements, ranks
from askpod.evals.records import Record

RUN = "run.trec"
QRELS = "qrels.txt"


def run_lines(records: Iterable[Record], tag: str) -> Iterator[str]:
    """A run in trec_eval's format, without line ends: question Q0 document rank score tag."""
    for record in records:
        scores = ranks(_retrieved(record))
        for rank, (document, score) in enumerate(scores.items(), start=1):
            yield f"{_field(record.id)} Q0 {document} {rank} {score:.0f} {_field(tag)}"


def qrels_lines(records: Iterable[Record]) -> Iterator[str]:
    """What is relevant, in trec_eval's format: question 0 document relevance.

    Questions without evidence are not judged: nothing that is retrieved for them is right.
    """
    for record in records:
        if not (evidence := _evidence(record)):
            continue
        for document, relevance in judgements(_retrieved(record), evidence).items():
            yield f"{_field(record.id)} 0 {document} {relevance}"


def write_trec(folder: Path, records: Iterable[Record], tag: str) -> dict[Path, int]:
    """Writes a run and its judgements into a folder: the two files with their numbers of lines.

    Raises:
        PathError: they cannot be written there; the message says why.
    """
    kept = tuple(records)
    files = {RUN: run_lines(kept, tag), QRELS: qrels_lines(kept)}
    written = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, lines in files.items():
            ended = [f"{line}\n" for line in lines]
            (folder / name).write_text("".join(ended), encoding="utf-8")
            written[folder / name] = len(ended)
    except OSError as error:
        reason = error.strerror or error
        raise PathError(f"{folder}: cannot be written: {reason}; name another folder") from error
    return written


def _field(text: str) -> str:
    """A name without white space."""
    return quote(text, safe=LEGIBLE)


def _retrieved(record: Record) -> list[Stretch]:
    return [
        Stretch.stated(each["episode"], each["start"], each["end"]) for each in record.retrieved
    ]


def _evidence(record: Record) -> list[Stretch]:
    given = record.gold["evidence"]
    return [Stretch(each["episode"], each["start"], each["end"]) for each in given]
