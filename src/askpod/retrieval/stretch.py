"""Chooses where a passage begins and ends, and makes it.

A passage is one chunk, with the next one where that fits the question nearly as well, and then one
more on either side that fits hardly worse: half a minute to a minute and a half of talk. What
was said goes on rather than back, and longer passages bury the answer in what stands around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from askpod.links import second_link
from askpod.model import Episode, Passage, join_spans
from askpod.retrieval.relevance import Pool, Scores, best_first
from askpod.store.catalog import StoredChunk

NEARLY = 0.8  # of a chunk's score, from which on the next one is joined,
HARDLY_LESS = 0.9  # and one beside those two


def stretches(pool: Pool, scores: Scores) -> Iterator[tuple[list[int], float]]:
    """(ids of one to three neighbouring chunks in order, score), best first, none twice."""
    steps = {step: pool.at(step) for step in (-1, 1, 2)}
    free = pool.selected.copy()

    def joinable(i: int, step: int, share: float) -> bool:
        index, there = steps[step]
        j = index[i]
        return bool(there[i] and free[j] and scores[j] >= share * scores[i])

    for i in best_first(pool.ids.tolist(), scores):
        if not free[i]:
            continue
        free[i] = False
        members = [i]
        if joinable(i, 1, NEARLY):
            members.append(int(steps[1][0][i]))
            beside = [int(steps[step][0][i]) for step in (-1, 2) if joinable(i, step, HARDLY_LESS)]
            members += sorted(beside, key=lambda j: -scores[j])[:1]
        members.sort()
        free[members] = False
        yield [int(pool.ids[j]) for j in members], float(scores[i])


def passage(
    chunks: Sequence[StoredChunk], score: float, episodes: Mapping[str, Episode]
) -> Passage:
    """The passage that consecutive chunks of one episode make."""
    spans = join_spans(span for stored in chunks for span in stored.chunk.spans)
    episode = episodes[chunks[0].episode_id]
    return Passage(
        episode_id=episode.id,
        title=episode.title,
        start=spans[0].start,
        end=spans[-1].end,
        speakers=tuple(dict.fromkeys(span.speaker for span in spans if span.speaker)),
        section=chunks[0].chunk.section,
        text="\n".join(span.text for span in spans),
        score=score,
        url=second_link(episode.youtube, episode.links, spans[0].start),
        spans=spans,
    )
