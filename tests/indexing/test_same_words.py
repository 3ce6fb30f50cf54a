"""Two transcripts of one recording are known by their words."""

from __future__ import annotations

import pytest

from askpod.indexing.file_check import same_words
from askpod.model import Episode, Turn

HIVE = (
    "We count the bees at noon, when most of them are out, and again at dusk. The difference is"
    " what the lake is worth to them. It's about four thousand bees on a good day in June."
)


def episode(*texts: str) -> Episode:
    return Episode("hive", "Hive", tuple(Turn("", text, 0.0, 1.0) for text in texts))


@pytest.mark.parametrize(
    "other",
    [
        episode(HIVE),
        episode(HIVE.lower().replace(",", "").replace(".", "")),
        episode(*HIVE.split(". ")),
        episode("Ann:", HIVE),
        episode(HIVE.replace("four thousand", "4000")),
        episode(HIVE.replace("It's", "It\u2019s")),
    ],
)
def test_the_same_recording_in_another_format(other):
    assert same_words(episode(HIVE), other)
    assert same_words(other, episode(HIVE))


@pytest.mark.parametrize(
    "other",
    [
        episode("We count the boats at noon, when most of the crews are out at sea."),
        episode(HIVE[: len(HIVE) // 2]),
        episode(HIVE, HIVE),
        episode("bees " * 40),
        episode("…"),
    ],
)
def test_another_recording(other):
    assert not same_words(episode(HIVE), other)
    assert not same_words(other, episode(HIVE))


def test_where_captions_break_does_not_matter_without_spaces():
    whole = "蜜蜂在正午飞出去傍晚再回来我们每天数两次"
    assert same_words(episode(whole), episode(whole[:3], whole[3:11], whole[11:]))
    assert not same_words(episode(whole), episode("船在早上出海晚上才回到港口里面来"))


def test_nothing_said_is_like_nothing():
    assert not same_words(episode("…"), episode("…"))
