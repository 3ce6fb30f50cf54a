"""On-topic questions without an answer: the questions of a gold set over episodes that lack it.

    python benchmarks/masked.py GOLD --store DIR --out DIR [--archives N] [--most N]

Of every answerable question the turns of its evidence are taken out of the episodes, and what is
left is indexed: the same subject, the same words, and no answer. Questions that are asked of one
episode each get a copy of it, in one archive. Questions that are asked of all episodes share
`--archives` archives, in each of which the evidence of its questions is masked: take more than one
where the evidence is a good part of the episodes. The masked questions are in `OUT/masked.json`,
a list of [archive's folder, question's id, episode it is asked of or null], for refusal.py.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml

from askpod import Archive
from askpod.model import Episode, Turn
from quality import answerable, rows_of
from retrieval import Row, evidence_of

LIST = "masked.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--store", type=Path, required=True, help="the archive with all of it")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--archives", type=int, default=1)
    parser.add_argument("--most", type=int, help="this many questions, drawn at random")
    options = parser.parse_args()
    rows = answerable(rows_of(options.gold))
    if options.most is not None and options.most < len(rows):
        rows = Random(0).sample(rows, options.most)
    with Archive.open(options.store) as archive:
        if all("episode" in row for row in rows):
            masked = list(of_one(archive, rows, options.out))
        else:
            masked = list(of_all(archive, rows, options.out, options.archives))
    (options.out / LIST).write_text(json.dumps(masked, indent=1), encoding="utf-8")


def of_one(archive: Archive, rows: Sequence[Row], out: Path) -> Iterator[list[Any]]:
    """Each question asked of its own copy of its episode."""
    texts = {}
    for number, row in enumerate(rows):
        copy = f"{row['episode']}--{number:03d}"
        [episode] = archive.episodes({"episode": row["episode"]})
        texts[copy] = as_markdown(episode, heard(archive, episode, [row]))
        yield [str(out / "store"), row["id"], copy]
    index(texts, out / "episodes", out / "store")


def of_all(archive: Archive, rows: Sequence[Row], out: Path, archives: int) -> Iterator[list[Any]]:
    """The questions dealt out to several archives, each asked of a whole one."""
    for number in range(archives):
        own = rows[number::archives]
        store = out / f"store-{number:02d}"
        texts = {e.id: as_markdown(e, heard(archive, e, own)) for e in archive.episodes()}
        index(texts, out / f"episodes-{number:02d}", store)
        yield from ([str(store), row["id"], None] for row in own)


def heard(archive: Archive, episode: Episode, rows: Iterable[Row]) -> list[Turn]:
    """The turns of an episode without those that hold evidence of the questions."""
    gone = [e for row in rows for e in evidence_of(row) if e.episode == episode.id]
    return [
        turn
        for turn in archive.turns(episode.id)
        if not any(turn.start < e.end and turn.end > e.start for e in gone)
    ]


def as_markdown(episode: Episode, turns: Iterable[Turn]) -> str:
    """An episode as a file that askpod reads."""
    rows: list[dict[str, object]] = []
    section = ""
    for turn in turns:
        if turn.section != section:
            section = turn.section
            rows.append({"header": section})
        row = {"line": turn.text, "who": turn.speaker}
        rows.append(row if turn.estimated else {**row, "sec": round(turn.start)})
    front = {"title": episode.title, "guests": list(episode.guests), "season": episode.season}
    front |= {"description": episode.description, "transcript": rows}
    return f"---\n{yaml.safe_dump(front, allow_unicode=True)}---\n"


def index(texts: dict[str, str], folder: Path, store: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    with Archive.open(store, create=True) as archive:
        report = archive.index([folder])
    print(f"{store}: {len(texts)} files, {len(report.failed)} failed, {len(report.added)} added")


if __name__ == "__main__":
    main()
