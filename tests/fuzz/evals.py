"""Mutated gold files, run folders and kept replies: what `make fuzz` reads beside transcripts.

Every gold file must be read or refused with its name and a line; of every run folder `compare`
and `export` must do their work or say what is damaged, with file and line. A kept reply is read
or counts as absent.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Callable
from functools import cache
from math import isfinite
from pathlib import Path

import yaml

from askpod.answering.llm_client import Reply
from askpod.errors import GoldError
from askpod.evals.asking import StoredModel
from askpod.evals.compare import compare, missed, threshold, write_trec
from askpod.evals.gold import GoldSet, read_gold
from askpod.evals.records import (
    QUESTIONS,
    SUMMARY,
    Record,
    Score,
    read_records,
    summarise,
    write_records,
    write_summary,
)
from askpod.settings import ModelSettings
from fuzz.mutations import mutate
from fuzz.reading import Outcome, measured
from fuzz.starts import Start

LONGEST_LINE = 2_000  # characters of a message's line, the file's name included
MOST_LINES = 110

_GOLD = Path(__file__).parents[2] / "evals" / "examples.yaml"
_ROWS = 12  # of the gold set, so that a mutation hits something that counts
_MODEL = ModelSettings("any")
_ASKED = [("user", "What do bees do?")]
_HARMFUL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\ud800-\udfff]")
_EXTREMES: list[tuple[str, Callable[[], str]]] = [
    ("nested.yaml", lambda: "- " * 60_000),
    ("braces.yaml", lambda: "[" * 60_000),
    ("constructors.yaml", lambda: '- !!int ""\n- !!bool foo\n- !!timestamp foo\n- 0x' + "f" * 6000),
    ("many.yaml", lambda: "- {id: a}\n" * 400_000),
    ("long.yaml", lambda: "- id: a\n  question: " + "why " * 2_000_000),
    ("dashes.yaml", lambda: "---\n" * 1_000_000),
    ("deep.jsonl", lambda: '{"a":' * 100_000),
    ("digits.jsonl", lambda: '{"id": ' + "9" * 5_000_000 + "}"),
    ("empty.jsonl", lambda: "\n" * 8_000_000),
    ("lines.jsonl", lambda: "{}\n" * 2_000_000),
]


def starts() -> list[Start]:
    """A gold file, the two files of a run that are read, and a kept reply."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run, reply = _write_run(folder / "run"), _write_reply(folder / "replies")
        rows = _GOLD.read_text(encoding="utf-8").split("\n- id: ")[: _ROWS + 1]
        gold = "\n- id: ".join(rows).encode()
        return [
            Start("gold", "bees.yaml", gold),
            Start("gold", "bees.yaml", json.dumps(yaml.safe_load(gold)).encode()),
            Start("run", QUESTIONS, (run / QUESTIONS).read_bytes()),
            Start("run", SUMMARY, (run / SUMMARY).read_bytes()),
            Start("reply", reply.name, reply.read_bytes()),
        ]


def write_case(folder: Path, seed: int, index: int, sound: list[Start]) -> tuple[str, Path]:
    """Write the file of a seed and an index with what lies beside it; gives its kind and path."""
    if index < len(_EXTREMES):
        name, build = _EXTREMES[index]
        kind = "gold" if name.endswith(".yaml") else "run"
        path = folder / name if kind == "gold" else _write_run(folder / "run") / QUESTIONS
        path.write_text(build(), encoding="utf-8")
        return f"largest {kind}", path
    rng = random.Random(f"{seed}:{index}")
    start = sound[index % len(sound)]
    if start.format == "run":
        path = _write_run(folder / "run") / start.name
    elif start.format == "reply":
        path = _write_reply(folder / "replies")
    else:
        path = folder / start.name
    path.write_bytes(_mutated(rng, start, [other.data for other in sound]))
    return start.format, path


def _mutated(rng: random.Random, start: Start, others: list[bytes]) -> bytes:
    """The file spoiled; of one with a JSON value a line often one line, so that types change."""
    if start.name != QUESTIONS or rng.random() < 0.4:
        return mutate(rng, start.data, others)
    lines = start.data.split(b"\n")
    place = rng.randrange(len(lines))
    return b"\n".join([*lines[:place], mutate(rng, lines[place], others), *lines[place + 1 :]])


def examine(index: int, kind: str, path: Path) -> Outcome:
    """Read a file, and say how it ended and what it took. Nothing it raises gets through."""
    return measured(index, kind, path, _read)


def _read(path: Path) -> tuple[bool, list[str]]:
    try:
        if path.suffix == ".yaml":
            gold, problems = read_gold(path)
            shown = [f"{path}:{problem}" for problem in problems[:MOST_LINES]]
            return not problems, [*_of_gold(gold), *_of_message("\n".join(shown), path)]
        if path.suffix == ".json" and path.name != SUMMARY:
            reply = StoredModel(_MODEL, path.parent).kept(_ASKED)
            return reply is not None, _of_reply(reply)
        return _of_run(path.parent)
    except GoldError as error:
        return False, _of_message(str(error), path)


def _of_gold(gold: GoldSet) -> list[str]:
    stretches = [each for question in gold.questions for each in question.stretches]
    return [
        f"evidence from {each.start} to {each.end}"
        for each in stretches
        if not (isfinite(each.end) and 0 <= each.start < each.end)
    ]


def _of_reply(reply: Reply | None) -> list[str]:
    if reply is None or (isinstance(reply.text, str) and isfinite(reply.seconds)):
        return []
    return [f"a reply {reply!a:.200}"]


def _of_run(folder: Path) -> tuple[bool, list[str]]:
    """Whether a run can be used: exported, and compared with a sound one, from either side."""
    write_trec(folder / "trec", read_records(folder), "t")
    sound = _sound_run()
    compare(folder, sound)
    comparison = compare(sound, folder)
    figures = comparison.figures_b.values()
    found = [f"a figure {each}" for each in figures if not isfinite(each.low + each.high)]
    if found and not missed(comparison, [threshold("fact_f1=0.1")]):
        found.append("and the gate is open")
    return True, found


@cache
def _sound_run() -> Path:
    return _write_run(Path(tempfile.mkdtemp(prefix="askpod-fuzz-")))


def _of_message(message: str, path: Path) -> list[str]:
    """What is wrong with a refusal: it names file and line, fits a screen, and is harmless."""
    if not message:
        return []
    lines = message.split("\n")
    found = []
    named = f"{path}:" in message and re.search(re.escape(str(path)) + r":[1-9]\d*: ", message)
    whole = str(path.parent) in message and "damaged" not in message and path.suffix != ".yaml"
    if not (named or whole):
        found.append(f"names no line: {message[:300]!a}")
    if len(lines) > MOST_LINES or max(map(len, lines)) > LONGEST_LINE:
        found.append(f"{len(lines)} lines, the longest of {max(map(len, lines))} characters")
    if _HARMFUL.search(message):
        found.append(f"message not clean: {message[:300]!a}")
    return found


def _write_run(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    records = [_record(number) for number in range(8)]
    write_records(folder, records)
    write_summary(folder, summarise(records, "bees", {"mode": "llm", "episodes": 3}))
    return folder


def _record(number: int) -> Record:
    place = {"episode": f"ep{number % 3}", "start": 10.0 * number, "end": 10.0 * number + 9}
    passage = {
        **place,
        "title": "Bees",
        "words": 3,
        "score": 0.5,
        "url": "",
        "text": "They starved.",
    }
    return Record(
        id=f"q{number}",
        question="What starved?",
        cluster=f"ep{number % 3}",
        slices={"type": "single", "episode": f"ep{number % 3}"},
        scores={"fact_f1": Score(number / 8), "recall@1000": Score(0.5), "mrr": Score(1.0)},
        gold={"answer": "The bees.", "facts": ["The bees starved"], "evidence": [passage]},
        retrieved=(passage, {**passage, "start": 0.0}),
        answer={"text": "The bees [1].", "citations": []},
        details={"facts": [{"fact": "The bees starved", "statement": None, "score": 0.1}]},
    )


def _write_reply(folder: Path) -> Path:
    StoredModel(_MODEL, folder).keep(_ASKED, Reply("They dance.", "stop", 12, 3, 1.5, 0.25))
    (path,) = folder.iterdir()
    return path
