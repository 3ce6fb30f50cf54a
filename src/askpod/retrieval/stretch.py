"""Chooses where a passage begins and ends, and makes it.

A passage is one chunk, with that neighbour joined which fits the question nearly as well: about
half a minute to a minute of talk. Longer ones bring up the right minute no more often, and
bury the answer in what stands around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from askpod.links import second_link
from askpod.model import Episode, Passage, join_spans
from askpod.retrieval.relevance import Pool, Scores, best_first
from askpod.store.catalog import StoredChunk

NEARLY = 0.8  # of a chunk's score, from which on its neighbour is joined


def stretches(pool: Pool, scores: Scores) -> Iterator[tuple[list[int], float]]:
    """(ids of one or two neighbouring chunks in order, score), best first, none twice."""
    before, has_before = pool.at(-1)
    after, has_after = pool.at(1)
    used: set[int] = set()
    for i in best_first(pool.ids.tolist(), scores):
        if i in used or not pool.selected[i]:
            continue
        used.add(i)
        sides = [(before[i], has_before[i]), (after[i], has_after[i])]
        joinable = [
            int(j)
            for j, there in sides
            if there and j not in used and pool.selected[j] and scores[j] >= NEARLY * scores[i]
        ]
        partner = max(joinable, key=lambda j: scores[j], default=None)
        members = [i] if partner is None else sorted((i, partner))
        used.update(members)
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
