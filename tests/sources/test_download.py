"""Feeds brought into a store: what is fetched, once, and what stops and hands leave."""

from __future__ import annotations

import html
import threading
from pathlib import Path

import pytest

from askpod.errors import StoreUnwritable
from askpod.files import write_atomically
from askpod.sources import download, gather, state
from fake_web import page
from feeds import ALL_FOUR, about, four, item, names, podcast_json, rss, srt, vtt


def test_a_feed_becomes_files(web, bring, store, told):
    found = bring(four(web))
    assert names(found) == ALL_FOUR
    assert (found.fetched, found.failed) == (4, ())
    assert set(found.files) == found.named
    [folder] = {path.parent for path in found.files}
    assert folder.parent == store / "sources"
    assert folder.name.startswith("127-0-0-1-feed-xml-")
    assert told == ["River Talk: 4 episodes, 4 of them with a transcript"]


def test_nothing_is_fetched_twice(web, bring):
    url = four(web)
    first = bring(url)
    web.forget()
    second = bring(url)
    assert second.files == first.files
    assert second.fetched == 0
    assert web.asked == ["/feed.xml"]
    assert web.requests[0].headers["if-none-match"] == '"1"'


def test_a_feed_that_cannot_tell_whether_it_changed_is_fetched_again_alone(web, bring):
    url = web.put("/feed.xml", rss(item("One", web.put("/1.vtt", vtt()))))
    bring(url)
    web.forget()
    assert bring(url).fetched == 0
    assert web.asked == ["/feed.xml"]


def test_only_what_is_new_is_fetched(web, bring):
    url = four(web)
    bring(url)
    web.forget()
    web.put("/5.vtt", vtt(about("weirs")))
    web.put("/1-mended.json", podcast_json(about("ferries, in other words")))
    web.put(
        "/feed.xml",
        rss(
            item("On weirs", web.at("/5.vtt"), day=11),
            item("On ferries", web.at("/1-mended.json")),
            item("On locks", web.at("/2.vtt")),
        ),
        ETag='"2"',
    )
    found = bring(url)
    assert sorted(web.asked) == ["/1-mended.json", "/5.vtt", "/feed.xml"]
    assert found.fetched == 2
    assert names(found) == [*ALL_FOUR, "2024-05-11-on-weirs.vtt"], "items that left the feed stay"


def test_another_format_takes_the_place_of_the_former(web, bring):
    url = web.put("/feed.xml", rss(item("One", web.put("/1.srt", srt()))))
    [old] = bring(url).files
    web.put("/feed.xml", rss(item("One", web.at("/1.srt"), web.put("/1.json", podcast_json()))))
    [new] = bring(url).files
    assert (old.suffix, new.suffix) == (".srt", ".json")
    assert old.stem == new.stem
    assert not old.exists()


def test_slow_servers_are_asked_one_thing_at_a_time(web, bring):
    url = four(web)
    web.script("/2.vtt", page(status=503), page(vtt(about("locks"))))
    assert bring(url).fetched == 4
    assert web.asked.count("/2.vtt") == 2


# Stops


def test_a_stop_at_any_write_loses_at_most_what_was_under_way(web, bring, store, monkeypatch):
    """Ends the run at each write in turn, then lets it through: the result is always the same."""
    url = four(web)
    clean = {path.name: path.read_bytes() for path in bring(url).files}
    for stop in range(1, 30):
        for path in sorted((store / "sources").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        left = [stop]

        def write(path: Path, data: bytes, left=left, **how: int) -> None:
            left[0] -= 1
            if not left[0]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.with_name(f".{path.name}.tmp").write_bytes(data[: len(data) // 2])
                raise KeyboardInterrupt
            write_atomically(path, data, **how)

        with monkeypatch.context() as patch:
            for module in (download, state):
                patch.setattr(module, "write_atomically", write)
            try:
                bring(url)
            except KeyboardInterrupt:
                pass
            else:
                assert stop > 8, "each of four transcripts and their metadata"
                return
        web.forget()
        found = bring(url)
        assert {path.name: path.read_bytes() for path in found.files} == clean
        done = (stop - 1) // 2  # a transcript and its metadata each
        assert len(web.asked) <= 1 + 4 - max(done, 0)
    raise AssertionError("the run never came to its end")


def test_a_note_that_was_cut_is_passed_over(web, bring, store):
    url = four(web)
    first = bring(url)
    [state] = (store / "sources").glob("*/state.jsonl")
    notes = state.read_bytes().splitlines()
    state.write_bytes(b"\n".join(notes[:-1])[:-30])  # the last one is of the feed
    web.forget()
    assert bring(url).files == first.files
    assert len(web.asked) == 2, "the feed, and the one whose note was lost"
    state.write_bytes(
        b'\xff\n[]\n{"item": "x", "entry": {"file": "../../x"}}\nnull\n5\n{"feed": 1}'
    )
    assert bring(url).files == first.files


def test_a_transcript_that_was_removed_by_hand_comes_back(web, bring):
    url = four(web)
    gone = bring(url).files[0]
    gone.unlink()
    web.forget()
    assert bring(url).fetched == 1
    assert gone.exists()
    assert len(web.asked) == 2


def test_a_store_that_cannot_be_written(web, store):
    store.parent.mkdir(exist_ok=True)
    store.write_text("in the way")
    with pytest.raises(StoreUnwritable):
        gather(store, [four(web)], allow_private=True)


def test_two_at_once_fetch_everything_once(web, store):
    url = four(web)
    found = []
    runs = [
        threading.Thread(target=lambda: found.append(gather(store, [url], allow_private=True)))
        for _ in range(2)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert found[0].files == found[1].files
    assert sorted(web.asked) == ["/1.json", "/2.vtt", "/3.srt", "/4.html", "/feed.xml", "/feed.xml"]


# Secrets


def test_what_only_the_subscriber_may_know_is_not_kept(web, bring, store, told):
    """A private feed has keys in all its addresses."""
    key = "s3cretK3y"
    links = [
        f"https://ann:{key}@media.example/1.mp3",
        f"https://media.example/1.mp3?token={key}&size=2",
        f"https://media.example/1.mp3?X-Amz-Signature={key}&X-Amz-Date=1",
        "https://media.example/1.mp3?x=0a1b2c3d4e5f60718293a4b5c6d7e8f9" + key,
    ]
    items = [
        item(
            f"Talk {number} at {html.escape(link)}",
            web.put(f"/{number}.vtt?auth={key}", vtt(about("locks"))),
            more=f"<link>{html.escape(link)}#access_token={key}</link>"
            f"<description>Hear {html.escape(html.escape(link))}</description>"
            f'<enclosure url="{html.escape(link)}" type="audio/mpeg"/>',
            guid=f"{key}-{number}",
        )
        for number, link in enumerate(links)
    ]
    web.put(f"/feed.xml?key={key}", rss(*items), ETag='"1"')
    url = web.at(f"/feed.xml?key={key}").replace("//", f"//ann:{key}@")
    first = bring(url)
    assert first.fetched == 4
    assert bring(url).files == first.files
    assert "media.example/1.mp3" in first.files[0].with_suffix(".yaml").read_text()
    assert "size=2" in first.files[1].with_suffix(".yaml").read_text()
    for path in (store / "sources").rglob("*"):
        assert key not in path.name
        if path.is_file():
            assert key.encode() not in path.read_bytes(), path
            assert path.name == "write.lock" or path.stat().st_mode & 0o077 == 0, path
    assert key not in "".join(told)


# Another guid


def _sounding(web, guid: str, *titles: str) -> str:
    enclosure = '<enclosure url="https://{}.example/a/{}.mp3?v=1" type="audio/mpeg"/>'
    items = [
        item(
            title,
            web.at(f"/{title}.vtt"),
            guid=f"{guid}{title}",
            more=enclosure.format(guid, title),
        )
        for title in titles
    ]
    return web.put("/feed.xml", rss(*items))


def test_an_episode_stays_the_same_when_its_guid_changes(web, bring):
    """As when a podcast moves to another host: title, date and sound are what they were."""
    for title in ("One", "Two"):
        web.put(f"/{title}.vtt", vtt(about(title)))
    first = bring(_sounding(web, "old", "One", "Two"))
    second = bring(_sounding(web, "new", "One", "Two"))
    assert second.files == first.files
    assert second.fetched == 0
    third = bring(_sounding(web, "third", "Two"))
    assert third.files == first.files


def test_two_episodes_of_one_feed_stay_two_however_alike(web, bring):
    web.put("/One.vtt", vtt(about("ice")))
    both = [item("One", web.at("/One.vtt"), guid=guid) for guid in ("a", "b")]
    url = web.put("/feed.xml", rss(*both))
    assert len(bring(url).files) == 2
    assert len(bring(url).files) == 2
