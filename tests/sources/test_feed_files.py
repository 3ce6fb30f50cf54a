"""What a feed's episodes become: names of files, and metadata beside them."""

from __future__ import annotations

import json

import pytest
import yaml

from feeds import item, offer, rss, vtt


def beside(gathered, number: int = 0) -> dict:
    return yaml.safe_load(gathered.files[number].with_suffix(".yaml").read_text())


def test_what_the_feed_tells_stands_beside_the_transcript(web, bring):
    chapters = {
        "chapters": [{"startTime": 0, "title": "Chain"}, {"startTime": 7.5, "title": "Ice"}]
    }
    more = (
        "<link>https://river.example/1</link><description>&lt;p&gt;On ice: thin.</description>"
        "<itunes:season>2</itunes:season><itunes:episode>5</itunes:episode>"
        "<podcast:person role='guest'>Bram Teague</podcast:person>"
        "<enclosure url='https://cdn.example/1.mp3' type='audio/mpeg'/>"
        f"<podcast:chapters url='{web.put('/c.json', json.dumps(chapters))}'/>"
    )
    url = web.put("/feed.xml", rss(item("The chain: ice", web.put("/1.vtt", vtt()), more=more)))
    assert beside(bring(url)) == {
        "title": "The chain: ice",
        "date": "2024-05-04",
        "season": 2,
        "number": 5,
        "guests": ["Bram Teague"],
        "description": "On ice: thin.",
        "audio": "https://cdn.example/1.mp3",
        "links": {"page": "https://river.example/1"},
        "chapters": [{"start": 0, "title": "Chain"}, {"start": 7.5, "title": "Ice"}],
    }
    web.forget()
    bring(url)
    assert web.asked == ["/feed.xml"], "nor are the chapters fetched twice"


def test_a_changed_title_changes_the_metadata_and_no_name(web, bring):
    url = web.put("/feed.xml", rss(item("Old", web.put("/1.vtt", vtt()), guid="1")))
    [before] = bring(url).files
    web.put("/feed.xml", rss(item("New", web.at("/1.vtt"), guid="1")))
    web.forget()
    found = bring(url)
    assert found.files == (before,)
    assert beside(found)["title"] == "New"
    assert web.asked == ["/feed.xml"]


def test_metadata_that_a_person_has_changed_stay(web, bring):
    url = web.put("/feed.xml", rss(item("Old", web.put("/1.vtt", vtt()), guid="1")))
    path = bring(url).files[0].with_suffix(".yaml")
    path.write_text("title: Mine\nspeakers: {SPEAKER_00: Bram Teague}\n")
    web.put("/feed.xml", rss(item("New", web.at("/1.vtt"), guid="1")))
    for _ in range(2):
        assert beside(bring(url))["title"] == "Mine"


def test_chapters_that_cannot_be_had_do_no_harm(web, bring, told):
    def feed(title: str) -> str:
        more = f"<podcast:chapters url='{web.at('/c.json')}'/>"
        return web.put("/feed.xml", rss(item(title, web.at("/1.vtt"), guid="1", more=more)))

    web.put("/1.vtt", vtt())
    web.put("/c.json", status=500)
    found = bring(feed("One"))
    assert found.failed == ()
    assert "chapters of 1 could not be had" in told[-1]
    web.put("/c.json", '{"chapters": [{"startTime": 3, "title": "Ice"}]}')
    assert beside(bring(feed("One")))["chapters"] == [{"start": 3, "title": "Ice"}]
    web.put("/c.json", status=404)
    assert beside(bring(feed("Two")))["chapters"] == [{"start": 3, "title": "Ice"}], "as before"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://x/\u202egnp.mp3", "file:///etc/passwd", "x" * 9000]
)
def test_links_that_could_do_harm_are_left_out(web, bring, address):
    more = f"<link>{address}</link><enclosure url='{address}'/>"
    url = web.put("/feed.xml", rss(item("One", web.put("/1.vtt", vtt()), more=more)))
    assert set(beside(bring(url))) == {"title", "date"}


def test_hostile_titles_stay_text(web, bring, told):
    title = "\u202eevil \u200b& <b>bold</b> {x: !!python/object}"
    url = web.put("/feed.xml", rss(item(title, web.put("/1.vtt", vtt())), title="A\u202eB\x9b31m"))
    found = bring(url)
    assert beside(found)["title"] == "evil & <b>bold</b> {x: !!python/object}"
    assert told[0].startswith("AB31m: 1 episodes")


# Names


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc/passwd", "2024-05-04-etc-passwd"),
        ("CON", "2024-05-04-con"),
        ("/absolute\\path: a*b?", "2024-05-04-absolute-path-a-b"),
        ("\u202eevil\u200b\x85title", "2024-05-04-evil-title"),
        ("Naïve Überfahrt, Teil 2", "2024-05-04-naïve-überfahrt-teil-2"),
        ("川の話", "2024-05-04-川の話"),
        ("It's “here”", "2024-05-04-its-here"),
    ],
)
def test_names_are_harmless(web, bring, title, name):
    url = web.put("/feed.xml", rss(item(title, web.put("/1.vtt", vtt()))))
    [file] = bring(url).files
    assert file.stem == name


@pytest.mark.parametrize("title", ["x" * 3000, "word " * 600, "川" * 300])
def test_long_titles_make_names_that_fit(web, bring, title):
    url = web.put("/feed.xml", rss(item(title, web.put("/1.vtt", vtt()))))
    [file] = bring(url).files
    assert 20 < len(file.name.encode()) < 150


def test_episodes_of_one_title_and_day_are_told_apart_also_in_another_feed(web, bring):
    web.put("/1.vtt", vtt())
    items = [item("Same", web.at("/1.vtt"), guid=guid) for guid in "ab"]
    first = bring(web.put("/feed.xml", rss(*items)))
    second = bring(web.put("/other.xml", rss(item("Same", web.at("/1.vtt"), guid="c"))))
    stems = {path.stem for path in (*first.files, *second.files)}
    assert len(stems) == 3
    assert all(stem.startswith("2024-05-04-same") for stem in stems)


def test_an_episode_without_title_or_date_has_a_name(web, bring):
    bare = f"<item><guid>1</guid>{offer(web.put('/1.vtt', vtt()))}</item>"
    [file] = bring(web.put("/feed.xml", rss(bare))).files
    assert len(file.stem) == 6


def test_the_feeds_folder_shows_no_key(web, bring, store):
    web.put("/feed.xml?auth=s3cret", rss(item("One", web.put("/1.vtt?auth=s3cret", vtt()))))
    bring(web.at("/feed.xml?auth=s3cret").replace("//", "//ann:s3cret@"))
    [state] = (store / "sources").glob("*/state.jsonl")
    assert "s3cret" not in str(state)
    assert "s3cret" not in state.read_text()
    assert [request.headers.get("authorization") for request in web.requests] == [
        "Basic YW5uOnMzY3JldA=="
    ] * 2
