"""Feeds without transcripts: recordings are fetched one at a time, within limits, and heard."""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path

import pytest

import ears
from askpod.errors import FetchError
from askpod.sources import fetch, gather
from askpod.transcription import Heard, Transcription, engine_named, sound
from askpod.transcription.engine import heard_in
from fake_web import page
from feeds import about, item, names, rss, vtt

SAID = {
    "chains": "the ferry crosses on a chain so it needs no rudder . . welcome back today we talk",
    "oak": "lock gates of oak last forty years . the mill grinds at night when the moon is down",
    "eels": "glass eels climb the weir at night when the moon is down . welcome back today",
}


@pytest.fixture(autouse=True)
def _short_windows(monkeypatch):
    monkeypatch.setattr(sound, "WINDOW", 6.0)
    monkeypatch.setattr(sound, "REACH", 3.0)


class Ears:
    """Hears what `ears.speak` says; `stop_at` windows from now it is stopped, as by Ctrl-C."""

    name = "ears"
    stop_at = None
    windows = 0

    def transcribe(self, samples) -> Heard:
        if self.stop_at is not None:
            self.stop_at -= 1
            if self.stop_at < 0:
                raise KeyboardInterrupt
        self.windows += 1
        told = json.dumps({"language": "en", "segments": ears.hear(samples)})
        return heard_in(told, self.name, len(samples) / ears.RATE)


@pytest.fixture
def engine():
    return Ears()


@pytest.fixture
def take(store, engine, told):
    def run(*sources, everything=True, by=engine):
        transcription = Transcription(everything=everything, notify=told.append, made=by)
        return gather(
            store, sources, allow_private=True, transcription=transcription, notify=told.append
        )

    return run


def enclosure(url, kind="audio/wav"):
    return f'<enclosure url="{url}" type="{kind}" length="1"/>'


def recorded(web, **more):
    """A feed of three episodes with their recordings, and no transcripts."""
    items = []
    for title, text in SAID.items():
        url = web.put(f"/{title}.wav", ears.wav(ears.speak(text)), ETag=f'"{title}"')
        items.append(item(f"On {title}", more=enclosure(url)))
    return web.put("/feed.xml", rss(*items), ETag='"1"', **more)


def said_in(path):
    return "".join(each["text"] for each in json.loads(path.read_text())["segments"])


def test_recordings_are_heard_where_that_is_asked_for(web, take, store, told):
    feed = recorded(web)
    with pytest.raises(FetchError, match="--transcribe makes them of its 3 recordings"):
        take(feed, everything=False)
    taken = take(feed)
    assert names(taken) == [f"2024-05-04-on-{title}.json" for title in ("chains", "eels", "oak")]
    assert told[0] == (
        "River Talk: 3 episodes, 0 of them with a transcript, 3 with a recording alone"
    )
    heard = {path.stem.rpartition("-")[2]: said_in(path) for path in taken.files}
    assert {title: re.sub(r"[. ]+", " ", text).split() for title, text in heard.items()} == {
        title: text.replace(".", " ").split() for title, text in SAID.items()
    }
    sidecar = taken.files[0].with_suffix(".yaml").read_text()
    assert "title: On chains" in sidecar
    assert f"audio: {web.at('/chains.wav')}" in sidecar
    kept = {path.suffix for path in store.rglob("*") if path.is_file()}
    assert ".recording" not in kept, "recordings are not kept"


def test_a_command_of_the_user_hears_them(web, take, monkeypatch):
    monkeypatch.setenv("ASKPOD_TRANSCRIBER", f"{sys.executable} {Path(ears.__file__)}")
    recording = enclosure(web.put("/a.wav", ears.wav(ears.speak("the ferry crosses"))))
    feed = web.put("/feed.xml", rss(item("One", more=recording)))
    [heard] = take(feed, by=engine_named(None, lambda _: None)).files
    assert said_in(heard).strip() == "the ferry crosses."


def test_the_next_run_fetches_and_hears_nothing(web, take, engine):
    feed = recorded(web)
    first = take(feed)
    web.forget()
    engine.windows = 0
    again = take(feed)
    assert (again.files, again.fetched) == (first.files, 0)
    assert web.asked == ["/feed.xml"]
    assert engine.windows == 0
    assert names(take(feed, everything=False)) == names(first), "they stay without the option"


def test_what_has_a_transcript_is_not_heard(web, take, engine):
    sound_of_it = enclosure(web.put("/a.wav", ears.wav(ears.speak(SAID["oak"]))))
    offered = item("One", web.put("/1.vtt", vtt(about("weirs"))), more=sound_of_it)
    taken = take(web.put("/feed.xml", rss(offered)))
    assert names(taken) == ["2024-05-04-one.vtt"]
    assert engine.windows == 0


def test_a_transcript_that_is_offered_later_takes_its_place(web, take):
    feed = recorded(web)
    take(feed)
    url = web.put("/1.vtt", vtt(about("chains")))
    web.put("/feed.xml", rss(item("On chains", url, more=enclosure(web.at("/chains.wav")))))
    assert "2024-05-04-on-chains.vtt" in names(take(feed))
    assert "2024-05-04-on-chains.json" not in names(take(feed))


def test_stopped_ten_times_it_ends_the_same(web, take, engine, store):
    feed = recorded(web)
    expected = {path.name: said_in(path) for path in take(feed).files}
    windows = engine.windows
    for path in sorted(store.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    engine.windows = 0
    chance = random.Random(5)
    web.forget()
    stops = 0
    for _ in range(10):
        engine.stop_at = chance.randint(0, 1)
        try:
            take(feed)
        except KeyboardInterrupt:
            stops += 1
    engine.stop_at = None
    assert {path.name: said_in(path) for path in take(feed).files} == expected
    assert stops > 5
    assert engine.windows == windows, "a window was heard twice"
    assert sorted(path for path in web.asked if path != "/feed.xml") == [
        "/chains.wav",
        "/eels.wav",
        "/oak.wav",
    ], "a recording was fetched twice"


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("/a.mp3", b"", "is empty"),
        ("/a.mp3", b"%PDF-1.4 no sound", "does not begin like a recording"),
        ("/gone.mp3", None, "the server answers 404"),
    ],
)
def test_one_that_fails_takes_no_other_with_it(web, take, name, body, why):
    bad = web.at(name) if body is None else web.put(name, body)
    good = web.put("/good.wav", ears.wav(ears.speak("the ferry")))
    items = [item("Bad", more=enclosure(bad)), item("Good", more=enclosure(good))]
    taken = take(web.put("/feed.xml", rss(*items)))
    assert names(taken) == ["2024-05-04-good.json"]
    [failure] = taken.failed
    assert failure.path == "Bad"
    assert f"{bad}: {why}" in failure.message


def test_a_local_feed_names_recordings_beside_it(take, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "one.wav").write_bytes(ears.wav(ears.speak("the ferry crosses")))
    (folder / "feed.xml").write_text(rss(item("One", more=enclosure("one.wav"))))
    assert names(take(folder / "feed.xml")) == ["2024-05-04-one.json"]
    assert (folder / "one.wav").is_file(), "what is the user's stays"
    (folder / "feed.xml").write_text(rss(item("Two", more=enclosure("../secret.wav"))))
    with pytest.raises(FetchError, match="files in its own folder"):
        gather(
            tmp_path / "other",
            [folder / "feed.xml"],
            transcription=Transcription(everything=True, made=object()),
        )


# Fetching in parts

BODY = bytes(range(256)) * 40
LIMIT = 100_000


def in_parts(body, *cuts, etag='"1"'):
    """Answers to one request after another: each breaks off after so many bytes, the last does not.

    Ranges are heeded, on the condition that the mark is the file's.
    """
    left = list(cuts)

    def answer(handler):
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "")
        begin = int(asked[1]) if asked and handler.headers.get("If-Range") == etag else 0
        send = body[begin:]
        status = f"206 Partial Content\r\nContent-Range: bytes {begin}-{len(body) - 1}/{len(body)}"
        handler.wfile.write(
            f"HTTP/1.1 {status if begin else '200 OK'}\r\nETag: {etag}\r\n"
            f"Content-Length: {len(send)}\r\nConnection: close\r\n\r\n".encode()
        )
        handler.wfile.write(send[: left.pop(0)] if left else send)

    return answer


def ranges(web):
    return [request.headers.get("range") for request in web.requests]


def test_a_connection_that_breaks_is_gone_on_with(web, fetcher, tmp_path):
    url = web.script("/a", in_parts(BODY, 4_000, 3_000))
    fetcher.download(url, tmp_path / "a", LIMIT)
    assert (tmp_path / "a").read_bytes() == BODY
    assert ranges(web) == [None, "bytes=4000-", "bytes=7000-"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").stat().st_mode & 0o77 == 0
    fetcher.download(url, tmp_path / "a", LIMIT)
    assert len(web.requests) == 3, "what is there is not asked for"


def test_the_next_run_goes_on(web, fetcher, tmp_path):
    url = web.script("/a", in_parts(BODY, 1_000, 1_000, 1_000))
    with pytest.raises(FetchError, match="tried 3 times"):
        fetcher.download(url, tmp_path / "a", LIMIT)
    fetcher.download(url, tmp_path / "a", LIMIT)
    assert (tmp_path / "a").read_bytes() == BODY
    assert ranges(web)[-1] == "bytes=3000-"


def test_one_that_has_changed_meanwhile_comes_anew(web, fetcher, tmp_path):
    url = web.script("/a", in_parts(BODY, 1_000, 0, 0))
    with pytest.raises(FetchError):
        fetcher.download(url, tmp_path / "a", LIMIT)
    web.script("/a", in_parts(BODY[::-1], etag='"2"'))
    fetcher.download(url, tmp_path / "a", LIMIT)
    assert (tmp_path / "a").read_bytes() == BODY[::-1]


def test_without_a_mark_nothing_is_joined(web, fetcher, tmp_path):
    url = web.script("/a", in_parts(BODY, 1_000, etag='W/"1"'))
    fetcher.download(url, tmp_path / "a", LIMIT)
    assert (tmp_path / "a").read_bytes() == BODY
    assert ranges(web) == [None, None]


@pytest.mark.parametrize("status", [404, 416, 500])
def test_an_answer_that_is_no_recording_leaves_nothing(web, fetcher, tmp_path, status):
    with pytest.raises(FetchError, match=f"answers {status}"):
        fetcher.download(web.put("/a", b"oops", status=status), tmp_path / "a", LIMIT)
    assert list(tmp_path.iterdir()) == []


def test_another_part_than_was_asked_for_is_refused(web, fetcher, tmp_path):
    url = web.script("/a", in_parts(BODY, 1_000, 0, 0))
    with pytest.raises(FetchError):
        fetcher.download(url, tmp_path / "a", LIMIT)
    web.script("/a", page(BODY, status=206, Content_Range="bytes 5-9/10"))
    with pytest.raises(FetchError, match="another part"):
        fetcher.download(url, tmp_path / "a", LIMIT)
    web.script("/a", in_parts(BODY))
    fetcher.download(url, tmp_path / "a", LIMIT)
    assert (tmp_path / "a").read_bytes() == BODY


@pytest.mark.parametrize("cuts", [(), (9_000, 0, 0)])
def test_one_that_is_too_large_is_not_taken(web, fetcher, tmp_path, cuts):
    url = web.script("/a", in_parts(BODY, *cuts))
    for limit in [LIMIT, 10_000] if cuts else [10_000]:
        with pytest.raises(FetchError, match=r"is larger than|tried 3 times"):
            fetcher.download(url, tmp_path / "a", limit)
    assert list(tmp_path.iterdir()) == []


def test_redirects_and_private_addresses_are_those_of_transcripts(web, tmp_path):
    url = web.put("/a", status=302, Location=web.at("/b"))
    web.put("/b", BODY)
    with fetch.Fetcher(allow_private=True) as fetcher:
        fetcher.download(url, tmp_path / "a", LIMIT)
    assert (tmp_path / "a").read_bytes() == BODY
    with fetch.Fetcher() as careful, pytest.raises(FetchError, match="--allow-private"):
        careful.download(url, tmp_path / "b", LIMIT)


def test_the_limit_of_a_recording_is_kept(web, take, monkeypatch):
    monkeypatch.setattr(fetch, "MAX_RECORDING", 2**20)
    url = web.put("/a.wav", ears.wav(ears.speak(" ".join(["the"] * 40))))
    with pytest.raises(FetchError, match="is larger than 1 MB"):
        take(web.put("/feed.xml", rss(item("One", more=enclosure(url)))))
