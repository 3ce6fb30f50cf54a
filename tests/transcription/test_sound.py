"""Decoding: formats, windows, and recordings that are damaged."""

from __future__ import annotations

import numpy as np
import pytest

import ears
from askpod.errors import RecordingError, TranscriberError
from askpod.transcription import sound
from askpod.transcription.sound import RATE, Sound, Window, as_wav, loudness

TEXT = "the ferry crosses on a chain so it needs no rudder lock gates of oak last forty years glass"


def heard(path):
    found = Sound(path)
    whole = np.concatenate([window.samples for window in found.windows()])
    return " ".join(each["text"].strip(" .") for each in ears.hear(whole))


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (48_000, 2), (44_100, 1)])
def test_a_wav_file_is_read_with_and_without_the_extra(tmp_path, monkeypatch, rate, channels, bare):
    if bare:
        monkeypatch.setattr(sound, "_pyav", lambda: None)
    samples = ears.speak(TEXT)
    clock = np.arange(int(len(samples) / RATE * rate)) / rate
    there = np.interp(clock, np.arange(len(samples)) / RATE, samples).astype(np.float32)
    path = tmp_path / "a.wav"
    path.write_bytes(ears.wav(there, rate, channels))
    assert heard(path) == TEXT
    assert Sound(path).duration == pytest.approx(19, abs=0.01)


def test_another_format_needs_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(sound, "_pyav", lambda: None)
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3\x04" + bytes(100))
    with pytest.raises(TranscriberError, match=r'PyAV is needed: pip install "askpod\[audio\]"'):
        Sound(path)


def test_windows_are_cut_in_pauses_and_leave_nothing_out(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(ears.wav(ears.speak(" ".join([TEXT] * 3))))
    windows = list(Sound(path).windows())
    assert len(windows) > 5
    assert [each.begin for each in windows[1:]] == [each.end for each in windows[:-1]]
    assert all(np.abs(each.samples[:800]).max() == 0 for each in windows[1:])
    again = list(Sound(path).windows(windows[3].begin))
    assert all(
        np.array_equal(one.samples, other.samples)
        for one, other in zip(windows[3:], again, strict=True)
    )


def test_loudness_goes_by_the_seconds_of_the_recording():
    window = Window(RATE // 2, np.concatenate([np.ones(RATE // 2), np.zeros(RATE)]))
    assert loudness(window) == [1.0, 0.0]


@pytest.mark.parametrize(
    "text",
    ["#EXTM3U\nhttp://127.0.0.1/a.mp3\n", "v=0\no=- 0 0 IN IP4 127.0.0.1\n", "ffconcat version 1"],
)
def test_what_could_name_other_files_is_not_opened(tmp_path, text):
    path = tmp_path / "a.mp3"
    path.write_text(text)
    with pytest.raises(RecordingError, match="does not begin like a recording"):
        Sound(path)


# With the extra


@pytest.fixture
def encoded(tmp_path):
    """A recording of TEXT in a format."""
    av = pytest.importorskip("av")

    def encode(name, codec, rate=48_000):
        path = tmp_path / name
        source = tmp_path / "source.wav"
        source.write_bytes(as_wav(ears.speak(TEXT)))
        with av.open(str(source)) as given, av.open(str(path), "w") as target:
            stream = target.add_stream(codec, rate=rate)
            resampler = av.AudioResampler(stream.format, "mono", rate, stream.frame_size or None)
            stream.layout = "mono"
            for frame in (*given.decode(audio=0), None):
                for part in resampler.resample(frame):
                    target.mux(stream.encode(part))
            target.mux(stream.encode(None))
        return path

    return encode


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp3", "libmp3lame"),
        ("a.m4a", "aac"),
        ("a.mp4", "aac"),
        ("a.ogg", "libopus"),
        ("a.opus", "libopus"),
        ("a.flac", "flac"),
        ("a.webm", "libopus"),
        ("a.wav", "pcm_s24le"),
    ],
)
def test_the_usual_formats_are_decoded(encoded, name, codec):
    path = encoded(name, codec)
    assert heard(path) == TEXT
    assert Sound(path).duration == pytest.approx(19, abs=0.2)


def test_a_recording_that_breaks_off_gives_what_is_there(encoded):
    path = encoded("a.mp3", "libmp3lame")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert TEXT.startswith(heard(path)[:40])


def test_seconds_stay_right_behind_damage(encoded):
    path = encoded("a.ogg", "libopus")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3_000] = bytes(3_000)
    path.write_bytes(data)
    whole = np.concatenate([window.samples for window in Sound(path).windows()])
    words = [word for each in ears.hear(whole) for word in each["words"]]
    assert words[-1]["word"] == " glass"
    assert words[-1]["start"] == pytest.approx(18, abs=0.3)


def test_noise_with_the_name_of_a_recording_is_told(tmp_path):
    pytest.importorskip("av")
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3\x04" + np.random.default_rng(1).bytes(5_000))
    with pytest.raises(RecordingError, match=r"cannot be decoded|holds no sound"):
        list(Sound(path).windows())
