"""One archive of transcripts in all formats: a question about each is answered with its second."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from askpod import Archive
from fuzz.starts import word_body, word_document

HIVE = "hive-telemetry-for-small-apiaries"
READERS = Path(__file__).parent / "readers"
FIXTURES = READERS / "formats"
EXPORTS = READERS / "exports"


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


# AssemblyAI, Markdown with few clocks, SBV, Zoom's panel, rows with a voice, LRC, Whisper's TSV,
# Deepgram, Rev, TTML, ASS, CSV, AWS, ElevenLabs, timedtext, and a Word document of Teams. They are
# too short to be found among longer ones: each is searched by itself.
EXPORTED = [
    Asked("bee-line", "Where do the bees fly to?", "To the lindens", 2.3, "B"),
    Asked("charcoal-clamp", "How long does charcoal take?", "Nine days", 300.0, "Rasmus Turf"),
    Asked("kelp-farm", "How do they cut kelp?", "with sickles", 8.2, "Orla"),
    Asked(
        "lime-kiln", "When is the kiln drawn?", "from below, at night", 4.0, "Marta Flux (she/her)"
    ),
    Asked("loom-shed", "What is loud?", "The shed is loud", 1.0, "Greta Weft"),
    Asked("night-ferry", "What has no bell?", "The ferry has no bell", 1.2, ""),
    Asked("oak-gall", "What is the ink made of?", "made of oak galls", 0.0, ""),
    Asked("owl-pellet", "What is in it?", "is in it", 0.2, "0"),
    Asked("reed-bed", "Who says to cut it?", "Cut it", 0.5, "Hanne Rush"),
    Asked("rope-walk", "How long is the rope walk?", "quarter of a mile", 4.5, "Noor Hemp"),
    Asked("salt-pan", "What does the work at the salt pan?", "The sun does", 1.5, "Elia Brack"),
    Asked("snail-purple", "Where did purple come from?", "from snails", 1.0, "Ida Murex"),
    Asked("stork-nest", "Who mends the nest?", "mends it", 0.4, "spk_0"),
    Asked("tar-kiln", "How is it stirred?", "Stir it", 0.1, "speaker_0"),
    Asked("tin-mine", "What ran all night?", "pumps ran all night", 1.2, ""),
    Asked("ice-house", "Where is the ice cut?", "from the lake", 11.0, "Odd Clinker"),
]


def teams_document() -> bytes:
    """A Word document as Teams writes it."""
    spoken = (
        ("Marta Flux   0:04", "How was ice kept all summer?"),
        ("Odd Clinker   0:11", "It was cut from the lake and packed in sawdust."),
    )
    paragraph = "<w:p><w:r><w:t>{}</w:t></w:r><w:r><w:br/><w:t>{}</w:t></w:r></w:p>"
    body = "".join(paragraph.format(*each) for each in spoken)
    return word_document(word_body(body).encode())


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, examples: Path) -> Iterator[Archive]:
    """All fixtures and one example, each with a recording's address where it has none."""
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "ice-house.docx").write_bytes(teams_document())
    for file in (*FIXTURES.iterdir(), *EXPORTS.iterdir(), folder / "ice-house.docx"):
        if file.parent != folder:
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
        assert len(report.added) == len(ASKED) + len(EXPORTED)
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


@pytest.mark.parametrize("asked", EXPORTED, ids=lambda asked: asked.episode)
def test_an_export_is_found_with_its_speaker_and_second(mixed, asked):
    passages = mixed.search(asked.question, episode=asked.episode)
    spans = [span for each in passages for span in each.spans if asked.quoted in span.text]
    assert spans, [each.text for each in passages]
    assert (spans[0].speaker, spans[0].start) == (
        asked.speaker,
        pytest.approx(asked.second, abs=0.11),
    )
    assert all(f"{asked.episode}.mp3#t=" in each.url for each in passages)


def test_every_fixture_is_asked_about():
    files = {file.stem for folder in (FIXTURES, EXPORTS) for file in folder.iterdir()}
    assert files | {"ice-house"} == {asked.episode for asked in (*ASKED, *EXPORTED)} - {HIVE}
