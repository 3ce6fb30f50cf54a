"""The folder that is indexed, in two states: a store of the former is brought to the present."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "episodes"
FORMATS = ROOT / "tests" / "readers" / "formats"

QUESTIONS = (
    "What killed the beekeeper's first colonies?",
    "Why should a night train be slow?",
    "How is an organ pipe measured?",
    "false alarms",
    "Which sensor was the first?",
)


def lay_former(folder: Path) -> None:
    """An episode that will go, two that will change, and some that will stay."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    episodes = sorted(EXAMPLES.glob("*.md"))
    for path in episodes[:4]:
        shutil.copy(path, folder)
    _change(folder / episodes[0].name)
    _change(folder / episodes[1].name)
    shutil.copy(episodes[4], folder / "an-episode-that-goes.md")


def lay_present(folder: Path) -> None:
    """All the example episodes and a file of each format."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(EXAMPLES, folder)
    if FORMATS.is_dir():
        shutil.copytree(FORMATS, folder / "formats")


def _change(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(" the ", " that very "), encoding="utf-8")
