"""What is read from a feed, however it is written, and what is refused."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askpod.sources import feed_xml
from askpod.sources.feed import Chapter, Offer, ending_of, in_order, read_chapters, read_feed
from feeds import item, offer, rss

FULL = rss(
    """<item>
    <title>  The chain &amp; the\nice </title>
    <itunes:title>Another</itunes:title>
    <guid isPermaLink="false">ferry-1</guid>
    <link>https://river.example/1</link>
    <pubDate>Sat, 04 May 2024 23:30:00 -0800</pubDate>
    <itunes:season>2</itunes:season><itunes:episode>05</itunes:episode>
    <description><![CDATA[<p>On <b>chains</b>.</p><script>alert(1)</script>
    Caf&eacute;]]></description>
    <enclosure url="https://cdn.example/1.mp4" type="video/mp4" length="1"/>
    <enclosure url="https://cdn.example/1.mp3" type="audio/mpeg" length="1"/>
    <podcast:person role="host">Ottoline Farr</podcast:person>
    <podcast:person>Someone Else</podcast:person>
    <podcast:person role="Guest" href="https://x.example"> Bram  Teague </podcast:person>
    <podcast:person role="guest">Bram Teague</podcast:person>
    <podcast:transcript url="1.vtt" type="text/vtt"/>
    <podcast:transcript url=" https://cdn.example/1.json " type="Application/JSON; charset=utf-8"
      language="de"/>
    <podcast:transcript type="text/vtt"/>
    <podcast:chapters url="https://cdn.example/1c.json" type="application/json+chapters"/>
    <psc:chapters version="1.2">
      <psc:chapter start="00:01:30.5" title="Ice"/><psc:chapter start="0" title="Chain"/>
      <psc:chapter start="later" title="Never"/>
    </psc:chapters>
    </item>"""
)


def only(text: str | bytes):
    feed = read_feed(text.encode() if isinstance(text, str) else text)
    assert feed is not None
    [found] = feed.items
    return found


def test_all_that_a_feed_tells():
    feed = read_feed(FULL.encode())
    assert (feed.title, feed.language, feed.problem) == ("River Talk", "en-us", "")
    found = only(FULL)
    assert found.title == "The chain & the ice"
    assert found.date == "2024-05-04", "the day where it was published"
    assert (found.season, found.number) == (2, 5)
    assert found.guests == ("Bram Teague",)
    assert found.description == "On chains. Café"
    assert found.page == "https://river.example/1"
    assert found.audio == "https://cdn.example/1.mp3"
    assert found.video == "https://cdn.example/1.mp4"
    assert found.offers == (
        Offer("1.vtt", "text/vtt"),
        Offer("https://cdn.example/1.json", "application/json", "de"),
    )
    assert found.chapters_href == "https://cdn.example/1c.json"
    assert found.chapters == (Chapter(0.0, "Chain"), Chapter(90.5, "Ice"))


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("Sat, 04 May 2024 06:00:00 +0000", "2024-05-04"),
        ("4 May 2024 06:00 GMT", "2024-05-04"),
        ("2024-05-04T06:00:00Z", "2024-05-04"),
        ("2024-05-04", "2024-05-04"),
        ("Sat, 04 May 2024", "2024-05-04"),
        ("4 May 2024", "2024-05-04"),
        ("Sat, 04 May 2024 24:00:00 +0000", "2024-05-04"),
        ("Sat, 04 Mai 2024", None),
        ("Sat, 31 Feb 2024 06:00:00 +0000", None),
        ("1 Jan 99999999999999999999 00:00:00 +0000", None),
        ("", None),
    ],
)
def test_dates(said, date):
    assert only(rss(f"<item><pubDate>{said}</pubDate></item>")).date == date


@pytest.mark.parametrize("number", ["", "x", "3.5", "-1", "9" * 5000, "٣"])
def test_numbers_that_are_none(number):
    assert only(rss(f"<item><itunes:episode>{number}</itunes:episode></item>")).number is None


def test_namespaces_are_told_by_their_addresses():
    feed = FULL.replace("xmlns:podcast=", "xmlns:p20=").replace("podcast:", "p20:")
    assert only(feed) == only(FULL)
    old = "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
    assert only(FULL.replace("https://podcastindex.org/namespace/1.0", old)) == only(FULL)


def test_a_namespace_that_was_not_declared_goes_by_its_customary_name():
    feed = FULL.replace(' xmlns:podcast="https://podcastindex.org/namespace/1.0"', "")
    assert only(feed) == only(FULL)


def test_elements_of_other_namespaces_are_not_taken_for_those_of_rss():
    more = (
        '<m:title xmlns:m="http://search.yahoo.com/mrss/">Wrong</m:title>'
        '<podcast:transcript xmlns:podcast="urn:other" url="x.vtt"/>'
    )
    found = only(rss(f"<item>{more}<title>Right</title></item>"))
    assert found.title == "Right"
    assert found.offers == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings(encoding):
    text = rss(item("Café")).replace("UTF-8", encoding.removesuffix("-sig"))
    assert only(text.encode(encoding)).title == "Café"


def test_faults_that_are_mended():
    feed = rss(item("A\x0bB\x00C", more="<description>one&nbsp;two &mdash; three</description>"))
    found = only("\n \t" + feed)
    assert found.title == "ABC"
    assert found.description == "one two — three"


def test_a_heading_in_a_description_is_words_like_any_other():
    shown = "<description><![CDATA[<h2>On ice</h2><p>Why it sings.</p>]]></description>"
    assert only(rss(item("A", more=shown))).description == "On ice Why it sings."


def test_a_feed_that_breaks_off_gives_what_came_before():
    whole = rss(item("One"), item("Two"), item("Three"))
    feed = read_feed(whole[: whole.index("Three")].encode())
    assert [found.title for found in feed.items] == ["One", "Two"]
    assert feed.problem.startswith("line 6: ")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"WEBVTT\n\n",
        b"<!doctype html><html><body>Hello</body></html>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry/></feed>",
        b"\xff\xfe\x00",
        b"<?xml version='1.0' encoding='klingon'?><rss><channel/></rss>",
        b"\x1f\x8b\x08\x00",
        b'{"rss": {}}',
    ],
)
def test_what_is_no_feed(data):
    assert read_feed(data) is None


ENTITIES = "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 30))
BOMB = f'<!DOCTYPE rss [<!ENTITY a0 "lol">{ENTITIES}]><rss><channel><item><title>&a29;</title>'


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        '<!DOCTYPE rss SYSTEM "file:///etc/passwd"><rss><channel/></rss>',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel>&x;</channel></rss>',
        '<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://127.0.0.1/"> %x;]><rss><channel/></rss>',
    ],
)
def test_a_document_type_is_refused(data):
    assert read_feed(data.encode()) is None


@pytest.mark.parametrize(
    "data",
    [
        rss("<a>" * 200_000),
        rss(f"<item><title>{'x ' * 8_000_000}</title></item>"),
        rss(f"<item>{offer('x.vtt') * 200_000}</item>"),
        pytest.param(rss("<item/>" * 110_000), marks=pytest.mark.thorough),
        rss(f"<item><description>{'&lt;script' * 500_000}</description></item>"),
        rss(f"<item {' '.join(f'a{n}=' + chr(34) * 2 for n in range(200_000))}/>"),
        "<rss><channel>" + "<!--" + "x" * 10_000_000,
    ],
    ids=["deep", "long", "offers", "items", "tags", "attributes", "comment"],
)
def test_absurd_feeds_take_little_time(data):
    encoded = data.encode()
    began = time.process_time()
    feed = read_feed(encoded)
    assert time.process_time() - began < 10  # about one second; what goes wrong takes minutes
    assert len(feed.items) <= 100_000
    for found in feed.items[:3]:
        assert len(found.title) <= 500
        assert len(found.offers) <= 20


def test_items_beyond_the_limit_are_left_out(monkeypatch):
    monkeypatch.setattr(feed_xml, "MAX_ITEMS", 1_000)
    feed = read_feed(rss(*(item(f"Talk {number}") for number in range(1_100))).encode())
    assert len(feed.items) == 1_000


def test_items_that_share_a_guid_are_told_apart_and_one_twice_is_one():
    one = "<enclosure url='https://x.example/1.mp3'/>"
    two = "<enclosure url='https://x.example/2.mp3'/>"
    feed = read_feed(
        rss(
            item("One", guid="same", more=one),
            item("Two", guid="same", more=two),
            item("Two", guid="same", more=two),
            item("Three"),
        ).encode()
    )
    assert [found.title for found in feed.items] == ["One", "Two", "Three"]
    assert len({found.key for found in feed.items}) == 3


def test_the_key_stays_when_the_title_changes():
    assert only(rss(item("Old", guid="1"))).key == only(rss(item("New", guid="1"))).key


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            ["<", ">", "item", "/", "&", ";", "<![CDATA[", "]]>", "rss", "'", '"', "\x00", "é"]
            + [FULL[n : n + 40] for n in range(0, len(FULL), 40)]
        ),
        max_size=30,
    )
)
def test_whatever_stands_in_a_feed_it_is_read_or_refused(pieces):
    text = FULL[:300] + "".join(pieces)
    feed = read_feed(text.encode())
    assert feed is None or all(found.key.isalnum() for found in feed.items)


# Which transcript


@pytest.mark.parametrize(
    ("href", "media_type", "ending"),
    [
        ("https://x.example/1", "application/json", ".json"),
        ("https://x.example/1.txt", "text/vtt", ".vtt"),
        ("https://x.example/1.VTT?sig=a.srt", "text/plain", ".vtt"),
        ("https://x.example/1.srt", "", ".srt"),
        ("https://x.example/1.srt", "application/octet-stream", ".srt"),
        ("https://x.example/1", "text/plain", ".txt"),
        ("https://x.example/1", "", ".txt"),
        ("https://[x/1.htm", "", ".htm"),
    ],
)
def test_the_ending_follows_from_type_and_address(href, media_type, ending):
    assert ending_of(Offer(href, media_type)) == ending


def test_the_feeds_language_comes_first_and_then_the_format_that_tells_most():
    offers = [
        Offer("text", "text/plain"),
        Offer("german", "application/json", "de"),
        Offer("page", "text/html"),
        Offer("srt", "application/x-subrip"),
        Offer("british", "text/vtt", "en-GB"),
        Offer("json", "application/json"),
        Offer("json", "application/json"),
    ]
    ordered = [found.href for found in in_order(offers, "en-us")]
    assert ordered == ["json", "british", "srt", "page", "text", "german"]


# Chapters


def test_chapters():
    data = """{"version": "1.2.0", "chapters": [
        {"startTime": 90.5, "title": "Ice\\u202e"}, {"startTime": 0, "title": " Chain "},
        {"startTime": 5, "title": "Advertisement", "toc": false},
        {"startTime": "12:36", "title": "Thaw"},
        {"startTime": -1, "title": "x"}, {"startTime": 1e999, "title": "x"},
        {"startTime": NaN, "title": "x"}, {"startTime": null, "title": "x"}, {"startTime": 7},
        {"startTime": 8, "title": ["x"]}, "x", null]}"""
    assert read_chapters(data.encode()) == (
        Chapter(0.0, "Chain"),
        Chapter(90.5, "Ice"),
        Chapter(756.0, "Thaw"),
    )


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b'{"chapters": 5}', b"[" * 100_000, b"\xff\xfe", b"9" * 5000, b"null"],
)
def test_what_holds_no_chapters(data):
    assert read_chapters(data) is None


def test_lone_surrogates_in_chapters_do_no_harm():
    [chapter] = read_chapters(b'{"chapters": [{"startTime": 1, "title": "a\\ud800b"}]}')
    assert chapter.title.encode()
