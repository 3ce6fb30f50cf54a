"""Evidence and passages at random, for properties that must hold whatever a search brings up.

Times are whole seconds of two short episodes: stretches often touch, overlap and repeat.
"""

from __future__ import annotations

import random

from hypothesis import strategies as st

from askpod.evals.gold import Stretch
from askpod.evals.measures import Heard


def _stretches(shortest: int) -> st.SearchStrategy[Stretch]:
    return st.builds(
        lambda episode, start, length: Stretch(episode, float(start), float(start + length)),
        st.sampled_from(["bees", "trains"]),
        st.integers(0, 150),
        st.integers(shortest, 60),
    )


any_stretch = _stretches(shortest=0)
some_evidence = st.lists(_stretches(shortest=1), min_size=1, max_size=4)
some_heard = st.lists(st.builds(Heard, any_stretch, st.integers(0, 400)), max_size=12)


def random_question(seed: int, passages: int = 25) -> tuple[list[Stretch], list[Stretch]]:
    """Passages and evidence of one question; about one passage in twelve touches evidence."""
    dice = random.Random(seed)

    def drawn(longest: float) -> Stretch:
        start = dice.uniform(0, 600)
        return Stretch(f"episode {dice.randrange(4)}", start, start + dice.uniform(1, longest))

    return [drawn(60) for _ in range(passages)], [drawn(90) for _ in range(dice.randint(1, 3))]
