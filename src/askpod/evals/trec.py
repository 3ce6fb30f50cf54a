"""Runs and judgements in the formats of trec_eval, so that others can check our ranking measures.

A document is a stretch of an episode: `episode@start-end`. One place decides what is ranked and
what is relevant, for the files as for measures/ranking.py: trec_eval on an exported run gives
the figures of our own reports (with `-c`, which counts questions without any result as 0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np

from askpod.errors import GoldError, PathError
from askpod.evals.records import Record
from askpod.evals.stretches import Stretch, union

RUN = "run.trec"
QRELS = "qrels.txt"

RUN_FIELDS = ("question", "Q0", "document", "rank", "score", "tag")
QRELS_FIELDS = ("question", "0", "document", "relevance")

_LEGIBLE = "/:+,="  # stay as they are in names, beside letters, digits and -._~
_DOCNO = re.compile(r"(?P<episode>\S+)@(?P<start>\d{1,9}(?:\.\d+)?)-(?P<end>\d{1,9}(?:\.\d+)?)")


def docno(stretch: Stretch) -> str:
    """A stretch as the name of a document: `episode@12.000-34.500`, times in seconds.

    What is neither an ASCII letter nor a digit in the episode's id is percent-encoded but for a
    few signs: fields of these files are told apart by white space.
    """
    return f"{quote(stretch.episode, safe=_LEGIBLE)}@{stretch.start:.3f}-{stretch.end:.3f}"


def parse_docno(text: str) -> Stretch:
    """The stretch that a document's name stands for.

    Raises:
        GoldError: it is no such name.
    """
    found = _DOCNO.fullmatch(text)
    if found is None:
        raise GoldError(f"{text[:100]!r} is not of the form episode@start-end, in seconds")
    stretch = Stretch(unquote(found["episode"]), float(found["start"]), float(found["end"]))
    if stretch.end < stretch.start:
        raise GoldError(f"{text[:100]!r} ends before it starts")
    return stretch


def ranks(passages: Sequence[Stretch]) -> dict[str, float]:
    """Passages, best first, as documents with scores that fall strictly.

    trec_eval sorts by score, keeps it in 32 bits, and puts equal ones in the order of their
    names: a search's own scores would not keep its order. A document can be ranked once only.
    """
    names = list(dict.fromkeys(map(docno, passages)))
    return {name: float(len(names) - place) for place, name in enumerate(names)}


def judgements(passages: Sequence[Stretch], evidence: Sequence[Stretch]) -> dict[str, int]:
    """Documents with 1 if they are relevant, else 0.

    Relevant are passages that touch evidence, and the evidence that no passage touches: it is
    what a better search would have brought up.
    """
    evidence = union(evidence)
    judged: dict[str, int] = {}
    for passage in passages:
        judged.setdefault(docno(passage), int(passage.touches(evidence)))
    missed = (each for each in evidence if not each.touches(passages))
    return {**judged, **{docno(each): 1 for each in missed}}


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


def read_run(path: Path) -> dict[str, list[Stretch]]:
    """The stretches of each question of a run, in the order that trec_eval gives them.

    That is by falling score, whatever the rank column says; equal scores (in 32 bits) by
    falling name.

    Raises:
        GoldError: the file cannot be read, or a line of it is no line of a run.
    """
    scored: dict[str, dict[str, tuple[float, Stretch]]] = {}
    for where, (question, _, document, _, score, _) in _lines(path, RUN_FIELDS):
        ranked = scored.setdefault(unquote(question), {})
        if document in ranked:
            raise GoldError(f"{where}: {document} was ranked for {question} already; keep one line")
        ranked[document] = (_in_32_bits(_number(score, where)), _stretch(document, where))
    return {
        question: [
            ranked[document][1]
            for document in sorted(ranked, key=lambda name: (ranked[name][0], name), reverse=True)
        ]
        for question, ranked in scored.items()
    }


def read_qrels(path: Path) -> dict[str, list[Stretch]]:
    """The relevant stretches of each question; none for one of which all lines say 0.

    Raises:
        GoldError: the file cannot be read, or a line of it is no judgement.
    """
    relevant: dict[str, list[Stretch]] = {}
    for where, (question, _, document, relevance) in _lines(path, QRELS_FIELDS):
        stretches = relevant.setdefault(unquote(question), [])
        stretch = _stretch(document, where)
        if _number(relevance, where) > 0:
            stretches.append(stretch)
    return relevant


def _lines(path: Path, fields: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The fields of each line that is not blank, with where it stands."""
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if not (found := line.split()):
                    continue
                if len(found) != len(fields):
                    raise GoldError(
                        f"{path}:{number}: {len(found)} fields in place of {len(fields)}: "
                        f"{' '.join(fields)}"
                    )
                yield f"{path}:{number}", found
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path}: cannot be read ({error}); name a file of trec_eval") from error
    if number == 0:
        raise GoldError(f"{path}: is empty; every line should hold {' '.join(fields)}")


def _stretch(document: str, where: str) -> Stretch:
    try:
        return parse_docno(document)
    except GoldError as error:
        raise GoldError(f"{where}: {error}") from None


def _number(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise GoldError(f"{where}: {text[:40]!r} is no number")
    return number


def _in_32_bits(number: float) -> float:
    with np.errstate(over="ignore"):  # what is too large is infinity, as it is for trec_eval
        return float(np.float32(number))


def _field(text: str) -> str:
    """A name without white space."""
    return quote(text, safe=_LEGIBLE)


def _retrieved(record: Record) -> list[Stretch]:
    return [Stretch(each["episode"], each["start"], each["end"]) for each in record.retrieved]


def _evidence(record: Record) -> list[Stretch]:
    given = record.gold["evidence"]
    return [Stretch(each["episode"], each["start"], each["end"]) for each in given]
