"""Joins neighbouring hits into passages: what a person would hear as one stretch of talk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from askpod.links import second_link
from askpod.model import Episode, Passage, Span, join_spans
from askpod.retrieval.hit import Hit

LONGEST_RUN = 3  # chunks in one passage: a longer stretch is no longer one answer


def passages(hits: Sequence[Hit], episodes: Mapping[str, Episode]) -> list[Passage]:
    """Passages in the order of their best hit; a hit is in exactly one of them."""
    runs: list[list[Hit]] = []
    for hit in hits:
        touching = [run for run in runs if _touches(run, hit)]
        if not touching or sum(len(run) for run in touching) >= LONGEST_RUN:
            runs.append([hit])
            continue
        first, *others = touching
        first.append(hit)
        for other in others:  # the hit closes the gap between two runs
            first.extend(other)
            runs.remove(other)
    return [_passage(run, episodes) for run in runs]


def _touches(run: list[Hit], hit: Hit) -> bool:
    stored = hit.stored
    return any(
        other.stored.episode_id == stored.episode_id
        and abs(other.stored.position - stored.position) == 1
        for other in run
    )


def _passage(run: list[Hit], episodes: Mapping[str, Episode]) -> Passage:
    ordered = sorted(run, key=lambda hit: hit.stored.position)
    spans = join_spans([span for hit in ordered for span in hit.stored.chunk.spans])
    episode = episodes[run[0].stored.episode_id]
    return Passage(
        episode_id=episode.id,
        title=episode.title,
        start=spans[0].start,
        end=spans[-1].end,
        speakers=_speakers(spans),
        section=run[0].stored.chunk.section,  # of the best hit
        text="\n".join(span.text for span in spans),
        score=max(hit.score for hit in run),
        url=second_link(episode.youtube, episode.links, spans[0].start),
        spans=spans,
    )


def _speakers(spans: Sequence[Span]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(span.speaker for span in spans if span.speaker))
