"""Invented episodes that fill a haystack: much speech, none of it about the examples.

write_filler(folder, episodes=9, turns=110) -> its files
"""

from __future__ import annotations

import random
from pathlib import Path

import yaml

WHO = ("Fenwick", "Oriane", "Tjark", "Pilar", "Unnur", "Casimir")
SUBJECTS = (
    "the harbour pilot", "a glazier", "our choir", "the ferry", "that quarry", "the chess club",
    "my cousin's loom", "the tide table", "a lighthouse keeper", "the old cinema",
)  # fmt: skip
DID = ("painted", "measured", "forgot", "carried", "traded", "polished", "described", "hid", "lent")
OBJECTS = (
    "a crate of lamps", "seven pages", "the blue rope", "some chalk", "an unfinished map",
    "the second key", "a jar of buttons", "two umbrellas", "half a sonnet",
)  # fmt: skip
WHERE = ("by the canal", "on the pier", "under the arcade", "near the pass", "in the boathouse")
WHEN = ("before the fair", "on a foggy day", "that autumn", "after the concert", "at low water")


def sentence(chance: random.Random) -> str:
    """One invented statement."""
    said = f"{chance.choice(SUBJECTS)} {chance.choice(DID)} {chance.choice(OBJECTS)}"
    said = f"{said} {chance.choice(WHERE)} {chance.choice(WHEN)}."
    return said[0].upper() + said[1:]


def write_filler(folder: Path, episodes: int, turns: int, seed: int = 5) -> list[Path]:
    """Files of episodes with `turns` turns of about a hundred tokens each."""
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(episodes):
        rows = [
            {
                "line": " ".join(sentence(chance) for _ in range(chance.randint(3, 7))),
                "sec": 30 * place,
                "who": chance.choice(WHO),
            }
            for place in range(turns)
        ]
        front = {"title": f"Tales of the coast, part {number + 1}", "transcript": rows}
        dumped = yaml.dump(front, Dumper=yaml.CSafeDumper, sort_keys=False)
        path = folder / f"coast-{number + 1:02}.md"
        path.write_text(f"---\n{dumped}---\n", encoding="utf-8")
        paths.append(path)
    return paths
