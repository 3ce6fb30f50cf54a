"""One archive of transcripts in all formats: a question about each is answered with its second."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from askpod import Archive

HIVE = "hive-telemetry-for-small-apiaries"
FIXTURES = Path(__file__).parent / "readers" / "formats"


class Asked(NamedTuple):
    episode: str  # that must answer
    question: str
    quoted: str  # what must be quoted
    second: float  # of the caption, or the paragraph, in which this begins
    speaker: str


# What each file is: plain text in two styles, Whisper, scrolling captions, Podcasting 2.0 HTML and
# JSON, SubRip, YouTube's json3, WebVTT with voices, WhisperX, YouTube's list, DataTalks.Club.
ASKED = [
    Asked(
        "bell-foundry",
        "What must the bronze reach before they pour?",
        "eleven hundred",
        13.0,
        "Ivo Marchetti",
    ),
    Asked("bog-butter", "Why would anybody bury butter?", "A bog is cold", 31.0, "Sorcha Devane"),
    Asked("cheese-cave", "How are the cheeses rubbed?", "rub each one with brine", 4.6, ""),
    Asked("fog-signal", "What was the fog signal on Skerry Rock?", "a diaphone", 0.16, ""),
    Asked("glass-eels", "Why do they count eels by weight?", "three thousand", 11.0, "Jonas Quill"),
    Asked(
        "globe-maker", "What is plaster on a globe for?", "twelve paper gores", 12.1, "PIET HARMSEN"
    ),
    Asked(
        "harbour-pilot", "What do the church towers tell?", "two church towers", 11.2, "Tobin Hale"
    ),
    Asked("kite-attic", "How many kites are in the attic?", "nine hundred kites", 0.08, ""),
    Asked(
        "reed-organ",
        "What did the mice and moths eat?",
        "leather of the bellows",
        8.5,
        "Tomas Reyl",
    ),
    Asked("seed-library", "How are the jars tested?", "ten seeds on wet paper", 21.3, "Wanda Pell"),
    Asked("tide-mill", "What happens after every high water?", "five hours", 0.0, ""),
    Asked(
        HIVE,
        "How long did the bee trial run?",
        "Fourteen months",
        405,
        "Marisol Vanterpool",
    ),
]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, examples: Path) -> Iterator[Archive]:
    """All fixtures and one example, each with a recording's address where it has none."""
    folder = tmp_path_factory.mktemp("mixed")
    for file in FIXTURES.iterdir():
        shutil.copy(file, folder)
        if file.suffix != ".yaml" and not (beside := folder / f"{file.stem}.yaml").exists():
            beside.write_text(
                f"audio: https://pod.example/audio/{file.stem}.mp3\n"
                "speakers: {SPEAKER_01: Wanda Pell}\n",
                encoding="utf-8",
            )
    with Archive.open(folder / "store", create=True) as archive:
        report = archive.index([folder, next(examples.glob("*hive*"))])
        assert not report.failed
        assert len(report.added) == len(ASKED)
        yield archive


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.episode)
def test_a_question_is_answered_from_its_file(mixed, asked):
    answer = mixed.ask(asked.question)
    assert not answer.refused
    fitting = [c for c in answer.citations if asked.quoted in c.quote]
    assert fitting, [c.quote for c in answer.citations]
    citation = fitting[0]
    assert (citation.episode_id, citation.speaker) == (asked.episode, asked.speaker)
    assert citation.start - 0.1 <= asked.second < citation.end <= citation.start + 35
    assert citation.url.endswith((f"#t={int(citation.start)}", f"&t={int(citation.start)}s"))
    assert asked.episode in citation.url or "youtube.com" in citation.url


def test_every_fixture_is_asked_about():
    files = {file.stem for file in FIXTURES.iterdir()}
    assert files == {asked.episode for asked in ASKED} - {HIVE}
