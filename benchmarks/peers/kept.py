"""What the peers found, kept on disk: they do not change while askpod does.

Kept under a digest of all that it follows from, so nothing stale is ever shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from peers.scoring import Found, Stretch

Findings = Mapping[str, list[list[Found]]]  # name of a search -> passages of each question

PACKAGES = (
    "bm25s",
    "chromadb",
    "langchain-chroma",
    "langchain-classic",
    "langchain-community",
    "langchain-text-splitters",
    "llama-index-core",
    "onnxruntime",
    "pystemmer",
    "rank-bm25",
)


def kept(folder: Path, asked: Any, search: Callable[[], Findings]) -> Findings:
    """What `search` finds, or found before for the same `asked`, with this code and packages.

    Raises:
        PackageNotFoundError: a package that the peers need is not installed.
    """
    code = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))]
    follows = json.dumps([code, [version(package) for package in PACKAGES], asked])
    path = folder / f"found-{hashlib.sha256(follows.encode()).hexdigest()[:16]}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps({n: list(map(_rows, f)) for n, f in search().items()}))
        part.replace(path)
    return {name: list(map(_found, rows)) for name, rows in json.loads(path.read_text()).items()}


def _rows(found: list[Found]) -> list[list[Any]]:
    return [[p.stretch.episode, p.stretch.start, p.stretch.end, p.words] for p in found]


def _found(rows: list[list[Any]]) -> list[Found]:
    return [Found(Stretch(episode, start, end), words) for episode, start, end, words in rows]
