"""What askpod adds to a model's own time, for each answered question.

    python benchmarks/model_overhead.py ../shared/gold/dtc-dev.yaml --store build/bench/store

A model service on this machine answers at once with five sentences, each citing a turn of its
evidence. Printed are, over the gold set's questions: the seconds of `archive.ask` less those of
the same request by the bare client (retrieval, packing, prompt and checks remain), and how long
the first text takes from its arrival to the person.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
from pathlib import Path

from askpod import Archive
from askpod.answering.llm_client import LanguageModel
from askpod.settings import ModelSettings, Settings
from quality import gold_and_store

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from fake_openai import FakeOpenAI, Request, Scripted, said

SENTENCES = 5
FIRST_TEXT_AFTER = 0.05  # seconds that the service lets a person wait for the first text


def main() -> None:
    rows, store = gold_and_store(__doc__)
    os.environ["OPENAI_API_KEY"] = "none"
    with FakeOpenAI() as server:
        server.answer_with(quoting)
        model = ModelSettings("any", base_url=server.base_url)
        with Archive.open(store, settings=Settings(model=model, rewrite="off")) as archive:
            ours, shown = measured(archive, server, [row["question"] for row in rows], model)
    print(f"{len(ours)} questions that a model answered, milliseconds")
    print(f"  added to the model's time   {spread(ours)}")
    print(f"  first text after its coming {spread(shown)}")


def measured(
    archive: Archive, server: FakeOpenAI, questions: list[str], model: ModelSettings
) -> tuple[list[float], list[float]]:
    """Seconds added, and seconds until the first text is seen, for each answered question."""
    bare = LanguageModel(model)
    ours, shown = [], []
    archive.ask(questions[0])  # loads what is loaded once
    for question in questions:
        server.requests.clear()
        began = time.perf_counter()
        archive.ask(question)
        whole = time.perf_counter() - began
        if not server.requests:  # refused without a model
            continue
        messages = [(m["role"], m["content"]) for m in server.requests[0].messages]
        began = time.perf_counter()
        bare.reply(messages)
        ours.append(whole - (time.perf_counter() - began))
        server.requests.clear()
        server.queue(Scripted(pieces=("So ", "they ", "say."), wait=FIRST_TEXT_AFTER))
        next(archive.ask_stream(question))
        shown.append(time.perf_counter() - server.requests[0].arrived - FIRST_TEXT_AFTER)
    return ours, shown


def quoting(request: Request) -> Scripted:
    """The first words of five turns of the evidence, each as a sentence with its number."""
    turns = re.findall(r"^\[(\d+)\].*\n> (.+)$", request.prompt, re.MULTILINE)
    sentences = [
        f"{' '.join(re.sub(r'[.!?]', '', text).split()[:14]).rstrip(',')} [{number}]."
        for number, text in turns[:SENTENCES]
    ]
    return said(" ".join(sentences))


def spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return f"p50 {statistics.median(ordered) * 1000:6.1f}   p95 {p95 * 1000:6.1f}"


if __name__ == "__main__":
    main()
