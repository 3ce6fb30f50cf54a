"""What transcribes: a command of the user's own, an endpoint, Whisper; and what none of them is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import ears
from askpod.errors import ModelError, RecordingError, TranscriberError
from askpod.transcription import engine, engine_named
from askpod.transcription.engine import heard_in
from fake_web import FakeWeb, page

SOUND = ears.speak("the ferry crosses on a chain")
SCRIPT = f"{sys.executable} {Path(ears.__file__)}"
NOTES: list[str] = []


@pytest.fixture
def named(monkeypatch):
    """The engine that ASKPOD_TRANSCRIBER names."""

    def make(value):
        monkeypatch.setenv("ASKPOD_TRANSCRIBER", value)
        return engine_named(None, NOTES.append)

    return make


# A command


@pytest.mark.parametrize("line", [SCRIPT, f"{SCRIPT} --beside", f"{SCRIPT} --threads 2 {{}}"])
def test_a_command_prints_json_or_writes_it_beside_the_sound(named, line):
    [segment] = named(line).transcribe(SOUND).segments
    assert segment.text == "the ferry crosses on a chain."
    assert [round(word.start) for word in segment.words] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            "sh -c 'echo no such model >&2; exit 3' {}",
            r"command sh \w+ failed \(3\): no such model",
        ),
        ("sh -c 'echo hello'", "gave what is no JSON"),
        ('echo \'{"text": "hello"}\' #', "gave what is no JSON"),
        ("sh -c 'echo [1]'", "no segments with their seconds"),
        ("true", "gave what is no JSON"),
    ],
)
def test_a_command_that_fails(named, line, why):
    with pytest.raises(RecordingError, match=why):
        named(line).transcribe(SOUND)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("no-such-program --fast", "names no-such-program, which is neither a command"),
        ("whisper 'unclosed", "is no command"),
        ("smal", "names smal, which is neither a command here, nor a size"),
    ],
)
def test_a_command_that_is_not_there(named, line, why):
    with pytest.raises(TranscriberError, match=why):
        named(line)


def test_other_arguments_are_another_engine(named):
    names = {named(line).name for line in (SCRIPT, SCRIPT, f"{SCRIPT} --beside")}
    assert len(names) == 2
    assert not any("--beside" in name for name in names), "arguments may hold a key"


# An endpoint


@pytest.fixture
def web(monkeypatch):
    with FakeWeb() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.at("/v1"))
        yield server


SPOKEN = {
    "task": "transcribe",
    "language": "english",
    "text": "The ferry crosses. On a chain.",
    "segments": [
        {"id": 0, "start": 0.0, "end": 2.6, "text": " The ferry crosses."},
        {"id": 1, "start": 3.0, "end": 9.9, "text": " On a chain."},
    ],
    "words": [
        {"word": word, "start": float(second), "end": second + 0.6}
        for second, word in enumerate(["The", "ferry", "crosses", "On", "a", "chain"])
    ],
}


def test_an_endpoint_tells_words_apart_from_segments(named, web):
    NOTES.clear()
    web.put("/v1/audio/transcriptions", json.dumps(SPOKEN), Content_Type="application/json")
    heard = named("openai:whisper-1").transcribe(SOUND)
    assert [f"the sound of recordings goes to {web.at('/v1')}"] == NOTES
    assert [each.text for each in heard.segments] == ["The ferry crosses.", "On a chain."]
    assert [word.start for word in heard.segments[1].words] == [3.0, 4.0, 5.0]
    assert heard.segments[1].end == 6.0, "nothing is said behind the window's end"
    assert heard.language == "english"


def test_an_endpoint_is_asked_again_where_that_may_help(named, web, monkeypatch):
    monkeypatch.setattr("askpod.services.retry.time.sleep", lambda _: None)
    good = page(json.dumps(SPOKEN), Content_Type="application/json")
    web.script("/v1/audio/transcriptions", page("{}", status=503), good)
    assert len(named("openai:whisper-1").transcribe(SOUND).segments) == 2


@pytest.mark.parametrize(
    ("answer", "error", "why"),
    [
        (page('{"text": "no seconds"}'), RecordingError, "no segments with their seconds"),
        (page("{}", status=401), ModelError, "OPENAI_API_KEY|key"),
        (page("<html>", Content_Type="text/html"), ModelError, "no transcript"),
    ],
)
def test_an_endpoint_that_fails(named, web, answer, error, why):
    web.script("/v1/audio/transcriptions", answer)
    with pytest.raises(error, match=why):
        named("openai:whisper-1").transcribe(SOUND)


# Whisper


@pytest.fixture
def model(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/model.bin").write_bytes(b"weights")
    (tmp_path / "model/tokenizer.json").write_text("{}")
    return str(tmp_path / "model")


@pytest.mark.parametrize("size", [True, False])
def test_without_the_extra_it_is_said_what_to_install(model, monkeypatch, size):
    monkeypatch.setattr(engine, "find_spec", lambda _: None)
    with pytest.raises(TranscriberError, match=r'pip install "askpod\[audio\]"'):
        engine_named("small" if size else model, NOTES.append)


def test_a_model_that_is_none(tmp_path):
    with pytest.raises(TranscriberError, match="is neither a size of Whisper"):
        engine_named(str(tmp_path), NOTES.append)


def test_a_size_that_the_environment_names_is_not_downloaded(named, monkeypatch):
    utils = pytest.importorskip("faster_whisper.utils")
    asked = []

    def download(_, *, local_files_only=False):
        asked.append(local_files_only)
        raise OSError("not here")

    monkeypatch.setattr(utils, "download_model", download)
    with pytest.raises(TranscriberError, match=r"`--model small` fetches it, about 484 MB from"):
        named("small").transcribe(SOUND)
    assert asked == [True]


def test_a_damaged_model_is_told(model):
    pytest.importorskip("faster_whisper")
    with pytest.raises(TranscriberError, match="cannot be loaded as a model"):
        engine_named(model, NOTES.append).transcribe(SOUND)


def test_a_model_without_its_tokenizer_is_not_completed_from_elsewhere(model):
    pytest.importorskip("faster_whisper")
    Path(model, "tokenizer.json").unlink()
    with pytest.raises(TranscriberError, match=r"holds no tokenizer\.json"):
        engine_named(model, NOTES.append).transcribe(SOUND)


# What engines write


@pytest.mark.parametrize(
    "told",
    [
        {"segments": [{"start": 1, "end": 2.5, "text": " Hello there."}]},
        [{"start": 1, "end": 2.5, "text": "Hello there."}],
        {"transcription": [{"text": " Hello there.", "offsets": {"from": 1000, "to": 2500}}]},
        {"text": "Hello there.", "chunks": [{"timestamp": [1.0, 2.5], "text": " Hello there."}]},
    ],
)
def test_json_of_whispers_kin_is_understood(told):
    [segment] = heard_in(json.dumps(told), "it", 10.0).segments
    assert (segment.text, segment.start, segment.end) == ("Hello there.", 1.0, 2.5)


def test_speakers_are_kept():
    told = {"segments": [{"start": 1, "end": 2, "text": "Hello.", "speaker": "SPEAKER_01"}]}
    assert heard_in(json.dumps(told), "it", 10.0).segments[0].speaker == "SPEAKER_01"


@pytest.mark.parametrize("told", [{"segments": []}, {"text": "", "transcription": []}])
def test_nothing_heard_is_no_error(told):
    assert heard_in(json.dumps(told), "it", 10.0).segments == ()
