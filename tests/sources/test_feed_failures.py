"""Feeds and transcripts that cannot be had: what is told, and what is left."""

from __future__ import annotations

import pytest

from askpod.errors import FetchError, PathError
from askpod.sources import addresses, gather
from feeds import ALL_FOUR, about, four, item, names, offer, rss, srt, vtt


def test_the_next_best_transcript_is_taken_where_the_best_fails(web, bring):
    transcripts = [
        web.at("/gone.json"),
        web.put("/page.json", "<html>Please wait</html>"),
        web.put("/empty.vtt", "WEBVTT\n\n"),
        web.put("/1.srt", srt()),
    ]
    url = web.put("/feed.xml", rss(item("One", *transcripts)))
    found = bring(url)
    assert names(found) == ["2024-05-04-one.srt"]
    assert found.failed == ()
    assert web.asked == ["/feed.xml", "/gone.json", "/page.json", "/empty.vtt", "/1.srt"]
    web.forget()
    bring(url)
    assert web.asked == ["/feed.xml"]


def test_a_transcript_that_cannot_be_had_is_reported_and_the_others_go_on(web, bring):
    good, bad = web.put("/1.vtt", vtt()), web.at("/2.vtt?key=s3cret")
    url = web.put("/feed.xml", rss(item("Two", bad), item("One", good)), ETag='"1"')
    found = bring(url)
    assert names(found) == ["2024-05-04-one.vtt"]
    [failure] = found.failed
    assert failure.message.startswith(f"Two: {web.at('/2.vtt?…')}: the server answers 404")
    web.put("/2.vtt?key=s3cret", vtt(about("what was missing")))
    web.forget()
    assert len(bring(url).files) == 2, "asked for again, though the feed has not changed"
    assert web.asked == ["/feed.xml", "/2.vtt?key=s3cret"]


def test_a_host_that_is_left_alone_is_one_failure(web, bring):
    web.put("/ok.vtt", vtt())
    busy = [web.put(f"/{n}.vtt", status=429, Retry_After="900") for n in range(5)]
    items = [item(f"Busy {n}", url.replace("127.0.0.1", "localhost")) for n, url in enumerate(busy)]
    found = bring(web.put("/feed.xml", rss(*items, item("Good", web.at("/ok.vtt")))))
    assert names(found) == ["2024-05-04-good.vtt"]
    [failure] = found.failed
    assert failure.message.startswith("5 not fetched: localhost: asks to be left alone for 900 s")
    assert len(web.asked) == 3


def test_a_feed_that_is_gone_leaves_what_was_brought(web, bring):
    url = four(web)
    before = bring(url)
    web.put("/feed.xml", status=410)
    found = bring(url)
    assert found.files == before.files
    [failure] = found.failed
    assert "the server answers 410" in failure.message
    web.put("/feed.xml", "<html>Parked</html>")
    assert "a web page, and no podcast's feed" in bring(url).failed[0].message


def test_a_feed_that_breaks_off_is_reported_and_what_came_before_is_kept(web, bring):
    whole = rss(item("One", web.put("/1.vtt", vtt())), item("Two", web.at("/2.vtt")))
    found = bring(web.put("/feed.xml", whole[: whole.index("<item><title>Two")]))
    assert names(found) == ["2024-05-04-one.vtt"]
    assert "line 5: no element found; the 1 episodes before are read" in found.failed[0].message


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        (rss(item("One"), item("Two")), "none of its 2 episodes offers a transcript"),
        (rss(), "none of its 0 episodes offers a transcript"),
        (
            rss(item("One", "http://127.0.0.1:9/1.vtt")),
            "none of its 1 transcripts could be had. On",
        ),
        ("WEBVTT\n\n", "holds no RSS that can be read"),
        ("<html></html>", "holds a web page"),
    ],
)
def test_a_feed_that_gives_nothing_leaves_nothing(web, bring, store, feed, message):
    with pytest.raises(FetchError, match=message):
        bring(web.put("/feed.xml", feed))
    assert not store.exists()


def test_a_feed_that_is_not_there_leaves_nothing(web, bring, store):
    with pytest.raises(FetchError, match="the server answers 404"):
        bring(web.at("/feed.xml"))
    with pytest.raises(FetchError, match="--allow-private"):
        gather(store, [four(web)])
    assert not store.exists()


def test_a_public_feed_cannot_lead_to_this_machine(web, store, monkeypatch):
    """The server stands in for a public one; what it names is another address of this machine."""
    private = web.put("/1.vtt", vtt()).replace("127.0.0.1", "127.0.0.2")
    real = addresses.resolve
    monkeypatch.setattr(
        addresses,
        "resolve",
        lambda host, port, **_: real(host, port, allow_private=host == "127.0.0.1"),
    )
    with pytest.raises(FetchError, match=r"127\.0\.0\.2 is no public address"):
        gather(store, [web.put("/feed.xml", rss(item("One", private)))])
    assert web.asked == ["/feed.xml"]


def test_several_sources_one_of_which_fails(web, bring, write_episode):
    path = write_episode("bees.md", ["Bees dance."])
    found = bring(web.at("/none.xml"), path, four(web))
    assert names(found) == sorted([*ALL_FOUR, "bees.md"])
    assert [failure.path for failure in found.failed] == [web.at("/none.xml")]


def test_a_wrong_path_is_told_before_anything_is_fetched(web, bring, tmp_path, store):
    with pytest.raises(PathError, match="does not exist"):
        bring(four(web), tmp_path / "none")
    assert web.asked == []
    assert not store.exists()


def test_a_text_without_times_does_not_stand_in_for_what_fails_once(web, bring):
    text = offer(web.put("/1.txt", "Bram: We walked.\n\nWren: How far?\n\n" * 10), "text/plain")
    url = web.put("/feed.xml", rss(item("Ice", web.put("/1.vtt", status=500), text, guid="1")))
    with pytest.raises(FetchError, match="the server answers 500"):
        bring(url)
    web.put("/1.vtt", vtt())
    [file] = bring(url).files
    assert file.suffix == ".vtt"
    web.put("/feed.xml", rss(item("Ice", web.put("/2.vtt", status=500), text, guid="1")))
    assert bring(url).files == (file,)
    assert file.exists()
