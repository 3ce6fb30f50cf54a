"""Answers beside those of other kits that cite, all written by one model.

    python benchmarks/rag_peers.py ../shared/gold/dtc-dev.yaml --store DIR --served-by PYTHON

The model is the small one of local_model.py, served by the Python of the environment that has
llama.cpp (`make rag-peers`). Asked are 40 questions that the archive answers and 10 that it does
not, drawn by a seed. The peers get the very turns that the store holds, as text, and are left at
their defaults; a sentence that cites a chunk cites all of its seconds. Where a kit refuses, or its
reply is of no use, it has cited nothing and stated nothing. askpod's quotations without a model
stand beside. Measures as in docs/measures.md, 95 % intervals over episodes in brackets.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from askpod import Archive
from askpod.embedding.minilm import MiniLM
from askpod.evals.gold import GoldQuestion, Stretch, load_gold
from askpod.evals.intervals import intervals
from askpod.evals.measures.citations import against_gold, broke_off
from askpod.evals.measures.facts import FactMatcher, fact_scores
from askpod.settings import Settings
from peers.chunks import Chunks
from peers.citing import Answers, Endpoint, Written
from peers.citing_langchain import CitingLangChain
from peers.citing_llamaindex import CitingLlamaIndex
from peers.langchain_dense import LangChainDense
from peers.llamaindex import LlamaIndex
from peers.report import in_markdown
from peers.transcript import Transcript
from peers.vectors import KeptVectors
from retrieval import KEPT, opened

CONTEXT = 2_000  # tokens of askpod's prompts; the peers' have what their defaults come to
SEED = 7
MEASURES = (
    "answered",
    "malformed",
    "evidence cited",
    "citations that touch evidence",
    "cited seconds inside evidence",
    "facts, recall",
    "facts, F1",
    "refused where nothing is said",
)
SPENT = ("seconds", "prompt tokens", "answer tokens")  # of an answer, the median


class Askpod:
    """An archive with a model, or without one."""

    def __init__(self, archive: Archive, name: str) -> None:
        self._archive = archive
        self.name = name

    def ask(self, question: str, episode: str | None) -> Written:
        """As Answers."""
        answer = self._archive.ask(question, filters={"episode": episode} if episode else None)
        return Written(
            answer.text,
            tuple(
                Stretch.stated(each.episode_id, each.start, each.end) for each in answer.citations
            ),
            refused=answer.basis != "answered",
            malformed=broke_off(answer) or not (answer.refused or answer.citations),
            prompt_tokens=answer.usage.prompt_tokens,
            answer_tokens=answer.usage.completion_tokens,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--episodes", type=Path, nargs="+", default=[], help="index these first")
    parser.add_argument("--served-by", required=True, help="the Python that has llama.cpp")
    parser.add_argument("--questions", type=int, default=40, help="that the archive answers")
    parser.add_argument("--unanswerable", type=int, default=10, help="that it does not")
    options = parser.parse_args()
    if absent := [str(path) for path in (options.gold, *options.episodes) if not path.exists()]:
        print(f"rag_peers: skipped, there is no {', '.join(absent)}")
        return
    questions = drawn(options.gold, options.questions, options.unanswerable)
    with opened(options.store, options.episodes) as plain, model(options.served_by):
        settings = Settings.from_environment()
        with Archive.open(options.store, settings=settings) as archive:
            kits = [Askpod(archive, "askpod"), Askpod(plain, "askpod, no model")]
            rows = compared([*kits, *peers(plain, settings)], questions)
    print(in_markdown(rows))


def drawn(gold: Path, answerable: int, unanswerable: int) -> list[GoldQuestion]:
    """Questions of a gold set, the same ones each time."""
    every = list(load_gold(gold).questions)
    random.Random(SEED).shuffle(every)
    kinds = {True: answerable, False: unanswerable}
    return [
        each
        for kind, number in kinds.items()
        for each in [one for one in every if one.answerable is kind and not one.history][:number]
    ]


@contextmanager
def model(python: str) -> Iterator[None]:
    """The local model, served; the environment names it."""
    script = str(Path(__file__).with_name("local_model.py"))
    command = [python, script, "--serve", "--context", str(CONTEXT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stdout or ():
                words = line.split()
                os.environ.update(pair.split("=", 1) for pair in words if "=" in pair)
                if "ASKPOD_ANSWER_TOKENS" in line:
                    break
            else:
                raise SystemExit("rag_peers: the model is not served")
            yield
        finally:
            process.terminate()


def peers(archive: Archive, settings: Settings) -> list[Answers]:
    """The other kits over the archive's turns."""
    if settings.model is None:
        raise SystemExit("rag_peers: no model")
    endpoint = Endpoint(
        settings.model.name,
        str(settings.model.base_url),
        os.environ["OPENAI_API_KEY"],
        settings.model.answer_tokens,
    )
    transcripts = {each.id: Transcript(each, archive.turns(each.id)) for each in archive.episodes()}
    vectors = KeptVectors(KEPT)
    return [
        CitingLangChain(LangChainDense(Chunks(transcripts), vectors), endpoint),
        CitingLlamaIndex(LlamaIndex(transcripts, vectors), endpoint),
    ]


def compared(kits: Sequence[Answers], questions: Sequence[GoldQuestion]) -> list[list[str]]:
    """The table: a row a measure, a column a kit."""
    facts = FactMatcher(MiniLM())
    columns: list[list[str]] = [["", *MEASURES, *SPENT]]
    for kit in kits:
        scored, spent = [], []
        for number, question in enumerate(questions, start=1):
            began = time.monotonic()
            written = kit.ask(question.question, question.episode)
            seconds = time.monotonic() - began
            scored.append(scores(question, written, facts))
            spent.append((seconds, written.prompt_tokens, written.answer_tokens))
            print(
                f"{kit.name} {number}/{len(questions)}, {seconds:.0f} s: {question.question}\n"
                f"    {' '.join(written.text.split())[:300]}",
                file=sys.stderr,
            )
        columns.append([kit.name, *shown(scored, questions), *medians(spent)])
        print(*columns[-1], sep=" | ", file=sys.stderr)  # hours may lie between two kits
    return [list(row) for row in zip(*columns, strict=True)]


def scores(question: GoldQuestion, written: Written, facts: FactMatcher) -> list[float | None]:
    """One answer's MEASURES; None where one does not apply."""
    if not question.answerable:
        return [*[None] * (len(MEASURES) - 1), float(written.refused)]
    useful = not written.refused and not written.malformed
    cited = written.cited if useful else ()
    near = against_gold(cited, question.stretches)
    stated: list[float | None] = [None, None]
    if question.facts:
        found, _ = fact_scores(facts, question.facts, written.text if useful else "")
        stated = [found["fact_recall"].value, found["fact_f1"].value]
    return [
        float(useful),
        float(written.malformed),
        float(any(each.touches(question.stretches) for each in cited)),
        near["cited_hit"].value,
        near["cited_inside"].value,
        *stated,
        None,
    ]


def shown(scored: Sequence[Sequence[float | None]], questions: Sequence[GoldQuestion]) -> list[str]:
    """Each measure's mean and interval."""
    values = np.array([[each or 0.0 for each in row] for row in scored])
    weights = np.array([[float(each is not None) for each in row] for row in scored])
    homes = [each.evidence[0].episode if each.evidence else each.id for each in questions]
    found = intervals(values, weights, homes)
    return [f"{each.value:.2f} [{each.low:.2f}, {each.high:.2f}]" for each in found]


def medians(spent: Sequence[tuple[float, int, int]]) -> list[str]:
    """The SPENT of an answer."""
    seconds, prompt, answer = np.median(np.array(spent), axis=0)
    return [f"{seconds:.1f}", f"{prompt:,.0f}", f"{answer:,.0f}"]


if __name__ == "__main__":
    main()
