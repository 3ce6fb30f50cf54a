"""Chooses where a passage begins and ends, and makes it.

A passage is a chunk with up to four of those that follow, as long as they fit the question nearly
as well: half a minute to two minutes of talk. It goes on rather than back, as answers do; longer
passages bury the answer in what stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from askpod.links import second_link
from askpod.model import Chunk, Episode, Passage, join_spans
from askpod.retrieval.rerank import Ids, Pool, Scores, best_first, score_at_most, score_chunks

NEARLY = 0.82  # of the first chunk's score, from which on the next ones are joined
MOST = 5  # chunks of a passage


def stretches(pool: Pool, scores: Scores) -> Iterator[tuple[list[int], float]]:
    """(ids of one to MOST consecutive chunks, score of the first), best first, none twice."""
    following = [pool.at(step) for step in range(1, MOST)]
    free = pool.selected & np.isfinite(scores)
    for i in best_first(pool.ids, scores).tolist():
        if not free[i]:
            continue
        members = [i]
        for index, there in following:
            j = int(index[i])
            if not (there[i] and free[j] and scores[j] >= NEARLY * scores[i]):
                break
            members.append(j)
        free[members] = False
        yield [int(pool.ids[j]) for j in members], float(scores[i])


def may_follow(pool: Pool, count: int) -> Ids:
    """The chunks whose scores decide where the passages of the best `count` chunks end."""
    scores, at_most = score_chunks(pool), score_at_most(pool)
    first = best_first(pool.ids, scores)[:count]
    first = first[np.isfinite(scores[first])]
    found = []
    for step in range(1, MOST):
        index, there = pool.at(step)
        follower = index[first]
        fits = pool.selected[follower] & (at_most[follower] >= NEARLY * scores[first])
        first = first[there[first] & fits]
        found.append(pool.ids[index[first]])
    return np.unique(np.concatenate(found))


def passage(chunks: Sequence[Chunk], score: float, episode: Episode) -> Passage:
    """The passage that consecutive chunks of one episode make."""
    spans = join_spans(span for chunk in chunks for span in chunk.spans)
    start = None if episode.untimed else spans[0].start
    return Passage(
        episode_id=episode.id,
        title=episode.title,
        start=start,
        end=None if episode.untimed else spans[-1].end,
        speakers=tuple(dict.fromkeys(span.speaker for span in spans if span.speaker)),
        section=chunks[0].section,
        text="\n".join(span.text for span in spans),
        score=score,
        url=second_link(episode.youtube, episode.links, start),
        spans=spans,
    )


_WORD = re.compile(r"\w+")
SAME = 0.8  # share of the shorter passage's words that the other one must hold too
FEWEST = 12  # distinct words; shorter texts are alike by chance


def without_duplicates(passages: Iterable[Passage]) -> Iterator[Passage]:
    """The passages in order, less those whose words stand almost all in an earlier one.

    Only passages of different episodes are compared: those of one never overlap.
    """
    kept: list[tuple[str, frozenset[str]]] = []
    for passage in passages:
        words = frozenset(_WORD.findall(passage.text.casefold()))
        if any(other != passage.episode_id and _alike(words, seen) for other, seen in kept):
            continue
        kept.append((passage.episode_id, words))
        yield passage


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    shorter = min(len(one), len(other))
    return shorter >= FEWEST and len(one & other) >= SAME * shorter
