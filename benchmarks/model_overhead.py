"""What askpod adds to a model's own time, for each answered question.

    python benchmarks/model_overhead.py ../shared/gold/dtc-dev.yaml --store build/bench/store

A model service on this machine answers with five sentences, each citing a turn of its evidence:
once at the pace of a fast hosted model, and once all at once, where nothing can be done while it
writes. Printed are, over the gold set's questions: the seconds of `archive.ask` less those of the
same request by the bare client (retrieval, packing, prompt and checks remain), and how long the
first text takes from its arrival to the person.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from askpod import Archive
from askpod.answering.llm_client import LanguageModel
from askpod.settings import ModelSettings, Settings
from quality import gold_and_store

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from fake_openai import FakeOpenAI, Request, Scripted, said

SENTENCES = 5
FIRST_TEXT_AFTER = 0.2  # seconds until a fast hosted model begins
EACH_WORD_AFTER = 0.01  # and from one word to the next


def main() -> None:
    rows, store = gold_and_store(__doc__)
    questions = [row["question"] for row in rows]
    os.environ["OPENAI_API_KEY"] = "none"
    with FakeOpenAI() as server:
        model = ModelSettings("any", base_url=server.base_url)
        settings = Settings(model=model, rewrite="off")
        server.answer_with(partial(quoting, wait=FIRST_TEXT_AFTER, pause=EACH_WORD_AFTER))
        with Archive.open(store, settings=settings) as archive:
            paced = added(archive, server, questions)
        server.answer_with(quoting)
        with Archive.open(store, settings=settings) as archive:  # what was checked is forgotten
            at_once = added(archive, server, questions)
            shown = first_texts(archive, server, questions)
    print(f"{len(paced)} questions that a model answered, milliseconds")
    print(
        f"  added to a model that writes {1 / EACH_WORD_AFTER:.0f} words a second  {spread(paced)}"
    )
    print(f"  added to one that answers at once          {spread(at_once)}")
    print(f"  first text after its coming                {spread(shown)}")


def added(archive: Archive, server: FakeOpenAI, questions: list[str]) -> list[float]:
    """Seconds added to the model's own, for each question that it answered."""
    bare = LanguageModel(ModelSettings("any", base_url=server.base_url))
    seconds = []
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
        seconds.append(whole - (time.perf_counter() - began))
    return seconds


def first_texts(archive: Archive, server: FakeOpenAI, questions: list[str]) -> list[float]:
    """Seconds from the first text's arrival until it is seen, for each question answered."""
    seconds = []
    server.answer_with(lambda _: Scripted(pieces=("So ", "they ", "say."), wait=FIRST_TEXT_AFTER))
    for question in questions:
        server.requests.clear()
        next(archive.ask_stream(question))
        if server.requests:
            arrived = server.requests[0].arrived + FIRST_TEXT_AFTER
            seconds.append(time.perf_counter() - arrived)
    return seconds


def quoting(request: Request, *, wait: float = 0.0, pause: float = 0.0) -> Scripted:
    """The first words of five turns of the evidence, each as a sentence with its number."""
    turns = re.findall(r"^\[(\d+)\].*\n> (.+)$", request.prompt, re.MULTILINE)
    sentences = [
        f"{' '.join(re.sub(r'[.!?]', '', text).split()[:14]).rstrip(',')} [{number}]."
        for number, text in turns[:SENTENCES]
    ]
    return replace(said(" ".join(sentences)), wait=wait, pause=pause)


def spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return f"p50 {statistics.median(ordered) * 1000:6.1f}   p95 {p95 * 1000:6.1f}"


if __name__ == "__main__":
    main()
