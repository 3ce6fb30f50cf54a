"""Many clients at once: each asks through a slow model and searches, for a minute.

    .venv/bin/python benchmarks/serving.py [--clients 50] [--seconds 60]

Starts `askpod serve` over the example episodes with a scripted model that takes seconds for an
answer, and prints errors, the search's latency and the server's memory. Leaves with 1 where one
request failed or the search's 95th percentile is over 200 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from askpod import Archive  # noqa: E402
from fake_openai import FakeOpenAI, said  # noqa: E402

LIMIT = 0.2  # seconds, the search's 95th percentile
QUESTIONS = (
    "Why did the batteries give out in three weeks?",
    "How do they find out what bread sells?",
    "How is a church organ restored?",
    "Why are night trains late?",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    wanted = parser.parse_args()
    # In a process of its own: its threads would hold up the clients, and so what is measured.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    model = context.Process(target=answering, args=(theirs,), daemon=True)
    model.start()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        with Archive.open(store, create=True) as archive:
            archive.index([ROOT / "examples" / "episodes"])
        code = run(store, ours.recv(), wanted.clients, wanted.seconds)
    model.terminate()
    return code


def answering(pipe: Connection) -> None:
    """The model, which takes seconds for an answer."""
    reply = said("They did not say so in as many words, but they came near to it [1].", pause=0.25)
    with FakeOpenAI(reply) as model:
        pipe.send(model.base_url)
        time.sleep(3600)


def run(store: Path, model: str, clients: int, seconds: float) -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--store", str(store), "--port", str(port), "--model", "gpt-4o"]
    server = subprocess.Popen(
        [sys.executable, "-m", "askpod", "serve", *options, "--base-url", model],
        env={**os.environ, "OPENAI_API_KEY": "none"},
    )
    try:
        figures = asyncio.run(load(f"http://127.0.0.1:{port}", server.pid, clients, seconds))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    return told(*figures)


async def load(address: str, pid: int, clients: int, seconds: float) -> tuple:
    answers: list[float] = []
    searches: list[float] = []
    errors: list[str] = []
    memory: list[float] = []
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=httpx.Limits()) as http:
        await ready(http)
        end = time.monotonic() + seconds

        async def client(number: int) -> None:
            chance = random.Random(number)
            await asyncio.sleep(chance.random() * 4)
            while time.monotonic() < end:
                question = chance.choice(QUESTIONS)
                began = time.perf_counter()
                reply = await http.post("/api/ask", json={"question": question})
                answers.append(time.perf_counter() - began)
                if "event: answer" not in reply.text:
                    errors.append(reply.text[-200:])
                await asyncio.sleep(chance.random() * 2)
                began = time.perf_counter()
                found = await http.get("/api/search", params={"q": question})
                searches.append(time.perf_counter() - began)
                if found.status_code != 200:
                    errors.append(found.text[:200])
                await asyncio.sleep(chance.random() * 2)

        async def watch() -> None:
            while time.monotonic() < end:
                memory.append(resident(pid))
                await asyncio.sleep(2)

        await asyncio.gather(watch(), *(client(number) for number in range(clients)))
    return answers, searches, errors, memory


async def ready(http: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            await http.get("/api/search", params={"q": QUESTIONS[0]})
            return
        except httpx.TransportError:
            await asyncio.sleep(0.2)
    raise SystemExit("the server does not answer")


def resident(pid: int) -> float:
    """Megabytes of memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def told(answers: list, searches: list, errors: list, memory: list) -> int:
    p50, p95, worst = np.percentile(searches, [50, 95, 100])
    print(f"answers   {len(answers)}, median {np.median(answers):.1f} s")
    print(f"searches  {len(searches)}, p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, ", end="")
    print(f"worst {worst * 1000:.0f} ms")
    third = len(memory) // 3
    print(f"memory    {memory[third]:.0f} MB after a third, {memory[-1]:.0f} MB at the end")
    print(f"errors    {len(errors)} {errors[:3] or ''}")
    return int(bool(errors) or p95 > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
