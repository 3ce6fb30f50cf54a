"""What a recogniser's mistakes cost: search over the same talk with some words misheard.

    python benchmarks/noise.py ../shared/talks-dev/episodes ../shared/talks-dev/gold.yaml

Of the words with four letters or more, 10 and 25 % are written as a recogniser might: another
vowel, a consonant that sounds alike, a letter dropped or doubled, or the word broken in two.
Times, speakers and headings stay. Seeded: the same words each time. Files are those of the
examples' format; --markdown gives a table for docs/.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import yaml

from askpod import Archive
from peers.report import in_markdown, in_text
from peers.scoring import FIGURES, means
from quality import answerable, rows_of, search_scores

SHARES = (0.0, 0.1, 0.25)
ALIKE = {"c": "k", "k": "c", "s": "z", "z": "s", "f": "ph", "v": "f", "d": "t", "t": "d", "b": "p"}
VOWELS = "aeiou"
SHOWN = [
    at for at, name in enumerate(FIGURES) if name.startswith("recall") or name in ("MRR", "best F1")
]

_WORD = re.compile(r"[A-Za-z]{4,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("episodes", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--markdown", action="store_true", help="a table for docs/")
    options = parser.parse_args()
    rows = answerable(rows_of(options.gold))
    table = [["words misheard", *(FIGURES[at] for at in SHOWN)]]
    for share in SHARES:
        with TemporaryDirectory() as folder:
            heard = Path(folder, "episodes")
            heard.mkdir()
            for path in sorted(options.episodes.glob("*.md")):
                text = misheard_file(path.read_text(encoding="utf-8"), share, Random(path.stem))
                (heard / path.name).write_text(text, encoding="utf-8")
            with Archive.open(Path(folder, "store"), create=True) as archive:
                archive.index([heard])
                figures = means(search_scores(archive, rows))
        table.append([f"{share:.0%}", *(f"{figures[at]:.3f}" for at in SHOWN)])
    print((in_markdown if options.markdown else in_text)(table))


def misheard_file(text: str, share: float, random: Random) -> str:
    """A transcript's file with a share of the words in its lines misheard."""
    _, front, body = text.split("---\n", 2)
    fields = yaml.load(front, yaml.CSafeLoader)
    for row in fields["transcript"]:
        if "line" in row:
            row["line"] = misheard(row["line"], share, random)
    dumped = yaml.dump(fields, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return f"---\n{dumped}---\n{body}"


def misheard(text: str, share: float, random: Random) -> str:
    """Speech with about this share of its longer words misheard."""

    def heard(match: re.Match[str]) -> str:
        return _spelt(match[0], random) if random.random() < share else match[0]

    return _WORD.sub(heard, text)


def _spelt(word: str, random: Random) -> str:
    at = random.randrange(1, len(word))
    ways: tuple[Callable[[], str], ...] = (
        lambda: word[:at] + word[at + 1 :],
        lambda: word[:at] + word[at] + word[at:],
        lambda: f"{word[:at]} {word[at:]}",
        lambda: _replaced(word, random, VOWELS, lambda old: random.choice(VOWELS.replace(old, ""))),
        lambda: _replaced(word, random, "".join(ALIKE), ALIKE.__getitem__),
    )
    return random.choice(ways)()


def _replaced(word: str, random: Random, letters: str, other: Callable[[str], str]) -> str:
    """The word with one of these letters replaced; as it is where it has none."""
    places = [at for at, letter in enumerate(word) if letter in letters]
    if not places:
        return word
    at = random.choice(places)
    return word[:at] + other(word[at]) + word[at + 1 :]


if __name__ == "__main__":
    main()
