"""Links to a second: only plain web addresses, and never a trick."""

import pytest

from askpod.links import second_link, youtube_id_of


def test_a_video_is_opened_at_the_second():
    link = second_link("abc_DEF-123", {"spotify": "https://open.spotify.com/x"}, 754.9)
    assert link == "https://www.youtube.com/watch?v=abc_DEF-123&t=754s"


def test_without_a_video_the_first_usable_link_is_given():
    links = {"anchor": "TODO", "spotify": "https://a.example/x", "apple": "https://b.example/"}
    assert second_link(None, links, 12) == "https://a.example/x"


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
        "//a.example/",
        "",
    ],
)
def test_a_hostile_link_is_dropped(link):
    assert second_link(None, {"x": link}, 0) == ""


@pytest.mark.parametrize("video", ["", "abc", "a b c d e f", "x" * 21, "abcdef&t=1", "abcdef\n"])
def test_a_video_id_that_is_none_is_not_used(video):
    assert second_link(video, {}, 3) == ""


def test_nonsense_seconds_open_the_beginning():
    assert second_link("abcdefghijk", {}, float("nan")).endswith("t=0s")


def test_the_video_is_known_from_its_link():
    assert youtube_id_of("https://www.youtube.com/watch?v=abcdefghijk&t=3") == "abcdefghijk"
    assert youtube_id_of("https://youtu.be/abcdefghijk") == "abcdefghijk"
    assert youtube_id_of("https://youtube.com.evil.example/watch?v=abcdefghijk") is None
