"""Links to a second: only plain web addresses, and never a trick."""

import pytest

from askpod.links import second_link, youtube_id_of


def test_a_video_is_opened_at_the_second():
    link = second_link("abc_DEF-123", {"spotify": "https://open.spotify.com/x"}, 754.9)
    assert link == "https://www.youtube.com/watch?v=abc_DEF-123&t=754s"


def test_without_a_video_the_first_usable_link_is_given():
    links = {"anchor": "TODO", "spotify": "https://a.example/x", "apple": "https://b.example/"}
    assert second_link(None, links, 12) == "https://a.example/x"


@pytest.mark.parametrize(
    "link",
    [
        "https://a.example/talk.mp3",
        "https://a.example/talk.MP3?token=x.y&z=1",
        "https://a.example/talk.m4a#t=12",
        "https://a.example/talk.webm#t=12,20",
        "https://a.example/player#t=99.5",
        "https://a.example/a.html#xywh=1,2,3,4&t=9",
    ],
)
def test_audio_and_video_files_are_opened_at_the_second(link):
    opened = second_link(None, {"page": "https://a.example/", "file": link}, 754.9)
    address, _, fragment = opened.partition("#")
    assert address == link.partition("#")[0]
    assert fragment.split("&")[-1] == "t=754"
    assert opened.count("t=754") == 1


@pytest.mark.parametrize("name", ["audio", "Video", "enclosure"])
def test_a_file_may_be_known_by_its_name_alone(name):
    links = {"page": "https://a.example/", name: "https://cdn.example/get?id=7"}
    assert second_link(None, links, 0) == "https://cdn.example/get?id=7#t=0"


@pytest.mark.parametrize(
    "link",
    [
        "https://a.example/talk.mp3.html",
        "https://a.example/listen?file=talk.mp3",
        "https://video.example/12345",
        "https://a.example/#start=4",
    ],
)
def test_a_page_is_opened_at_its_beginning(link):
    assert second_link(None, {"page": link}, 754) == link


def test_a_video_comes_before_a_file_and_a_file_before_a_page():
    links = {"page": "https://a.example/", "audio": "https://a.example/x.mp3"}
    assert "youtube" in second_link("abcdefghijk", links, 1)
    assert second_link(None, links, 1) == "https://a.example/x.mp3#t=1"


@pytest.mark.parametrize(
    "links",
    [
        {"audio": "https://a.example/x.mp3"},
        {"enclosure": "https://a.example/get?id=7"},
        {"watch": "https://a.example/x.mp4?k=v#t=3"},
    ],
)
def test_a_link_to_one_second_leads_to_any_other(links):
    at = second_link(None, links, 100)
    assert second_link(youtube_id_of(at), {"": at}, 754) == second_link(None, links, 754)


def test_a_link_that_is_too_long_for_a_second_opens_the_beginning():
    link = "https://a.example/" + "x" * 1978 + ".mp3"
    assert second_link(None, {"audio": link}, 754) == link


def test_without_any_link_there_is_none():
    assert second_link(None, {}, 12) == ""


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://",
        "https://a.example/a b",
        "https://a.example/\x1b[31m",
        "https://a.example/\n",
        'https://a.example/"onclick=',
        "https://a.example/<script>",
        "https://[::1/",
        "https://a.example/\u202egpj",
        "https://a.example/" + "x" * 3000,
        "https://a.example/x.mp3#t=1\nSet-Cookie: x",
        "javascript:alert(1)//x.mp3",
        "//a.example/",
        "",
    ],
)
def test_a_hostile_link_is_dropped(link):
    assert second_link(None, {"x": link, "audio": link}, 0) == ""


@pytest.mark.parametrize("video", ["", "abc", "a b c d e f", "x" * 21, "abcdef&t=1", "abcdef\n"])
def test_a_video_id_that_is_none_is_not_used(video):
    assert second_link(video, {}, 3) == ""


def test_nonsense_seconds_open_the_beginning():
    assert second_link("abcdefghijk", {}, float("nan")).endswith("t=0s")


def test_the_video_is_known_from_its_link():
    assert youtube_id_of("https://www.youtube.com/watch?v=abcdefghijk&t=3") == "abcdefghijk"
    assert youtube_id_of("https://youtu.be/abcdefghijk") == "abcdefghijk"
    assert youtube_id_of("https://m.youtube.com/shorts/abcdefghijk") == "abcdefghijk"
    assert youtube_id_of("https://www.youtube-nocookie.com/embed/abcdefghijk") == "abcdefghijk"
    assert youtube_id_of("https://www.youtube.com/@abcdefghijk/live") is None
    assert youtube_id_of("https://youtube.com.evil.example/watch?v=abcdefghijk") is None
