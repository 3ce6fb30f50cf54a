"""Fetching a file: what comes, within what limits, and how often it is asked for."""

from __future__ import annotations

import gzip
import time
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from askpod import __version__
from askpod.errors import FetchError
from askpod.sources import fetch
from askpod.sources.fetch import Gone, HostSkipped
from askpod.sources.state import Validators
from fake_web import page

LIMIT = 1000


def test_a_file_comes_with_what_its_server_says_of_it(web, fetcher):
    url = web.put("/a.txt", "hello", ETag='"7"', Last_Modified="Sat, 04 May 2024 06:00:00 GMT")
    got = fetcher.get(url, LIMIT)
    assert (got.body, got.validators.etag, got.url) == (b"hello", '"7"', url)
    assert got.validators.modified == "Sat, 04 May 2024 06:00:00 GMT"
    assert web.requests[0].headers["user-agent"] == f"askpod/{__version__}"
    assert web.requests[0].headers["host"] == url.removeprefix("http://").partition("/")[0]


def test_what_has_not_changed_is_not_sent_again(web, fetcher):
    url = web.put("/a.txt", "hello", ETag='"7"')
    assert fetcher.get(url, LIMIT, Validators('"7"')).unchanged
    assert not fetcher.get(url, LIMIT, Validators('"6"')).unchanged


def test_an_etag_that_cannot_be_sent_back_does_no_harm(web, fetcher):
    url = web.put("/a.txt", "hello", ETag='"\xe9\xff"')
    seen = fetcher.get(url, LIMIT).validators
    assert fetcher.get(url, LIMIT, seen).body == b"hello"


@pytest.mark.parametrize("status", [401, 403, 404, 410, 418, 204, 304])
def test_an_answer_that_is_no_file(web, fetcher, status):
    with pytest.raises(FetchError, match=rf"/a\.txt: the server answers {status}: ") as failure:
        fetcher.get(web.put("/a.txt", status=status), LIMIT)
    assert isinstance(failure.value, Gone) == (status in (404, 410))
    assert web.asked == ["/a.txt"], "asking again would not help"


# Limits


def test_a_file_of_the_limit_comes_and_one_of_a_byte_more_does_not(web, fetcher):
    assert len(fetcher.get(web.put("/a", b"x" * LIMIT), LIMIT).body) == LIMIT
    with pytest.raises(FetchError, match="is larger than"):
        fetcher.get(web.put("/a", b"x" * (LIMIT + 1)), LIMIT)


def test_a_file_without_a_stated_size_is_counted(web, fetcher):
    sent = []

    def endless(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(1000):
            handler.wfile.write(b"x" * 10_000)
            sent.append(1)

    with pytest.raises(FetchError, match="is larger than"):
        fetcher.get(web.script("/a", endless), LIMIT)
    time.sleep(0.05)
    assert len(sent) < 1000


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "GZIP"])
def test_what_is_packed_is_unpacked(web, fetcher, name):
    url = web.put("/a", gzip.compress(b"hello " * 100), Content_Encoding=name)
    assert fetcher.get(url, LIMIT).body == b"hello " * 100


def test_what_is_too_large_once_unpacked(web, fetcher):
    bomb = gzip.compress(b"\0" * 50_000_000)
    with pytest.raises(FetchError, match="is larger than"):
        fetcher.get(web.put("/a", bomb, Content_Encoding="gzip"), 1_000_000)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"hello", "gzip"),
        (gzip.compress(b"hello" * 99, mtime=0)[:-9], "gzip"),
        (zlib.compress(b"hello"), "br"),
    ],
)
def test_what_cannot_be_unpacked(web, fetcher, body, encoding):
    with pytest.raises(FetchError, match=r"unpacked|packed in a way"):
        fetcher.get(web.put("/a", body, Content_Encoding=encoding), LIMIT)


def test_a_silent_server_is_not_waited_for(web, fetcher, monkeypatch):
    monkeypatch.setattr(fetch, "SILENCE", 0.1)
    began = time.monotonic()
    with pytest.raises(FetchError, match=r"no answer in time \(tried 3 times\)"):
        fetcher.get(web.script("/a", lambda _: time.sleep(60)), LIMIT)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("part", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_drips_is_not_waited_for(web, fetcher, monkeypatch, part):
    """It is never silent for long; neither in its headers nor in its file."""

    def drip(handler):
        handler.wfile.write(part)
        for _ in range(3_000):
            handler.wfile.write(b"x")
            time.sleep(0.02)

    monkeypatch.setattr(fetch, "WHOLE", 1.5)
    began = time.monotonic()
    with pytest.raises(FetchError, match=r"/a: has not come in 1\.5 s; try again later"):
        fetcher.get(web.script("/a", drip), LIMIT)
    assert web.asked == ["/a"]  # a second try would take as long again
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
    ],
)
def test_a_connection_that_breaks(web, fetcher, raw):
    with pytest.raises(FetchError, match=r"tried 3 times") as failure:
        fetcher.get(web.script("/a", lambda handler: handler.wfile.write(raw)), LIMIT)
    assert len(str(failure.value)) < 500
    assert len(web.asked) == 3


# The pace


def test_a_passing_trouble_passes(web, fetcher, slept):
    url = web.script("/a", page(status=500), page(status=502), page("hello"))
    assert fetcher.get(url, LIMIT).body == b"hello"
    assert slept == [pytest.approx(0.01, rel=0.3), pytest.approx(0.02, rel=0.3)]


def test_a_pause_that_is_asked_for_is_kept(web, fetcher, slept):
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=31), usegmt=True)
    url = web.script(
        "/a",
        page(status=429, Retry_After="7"),
        page(status=503, Retry_After=soon),
        page("hello"),
    )
    assert fetcher.get(url, LIMIT).body == b"hello"
    assert slept[0] == 7
    assert 28 < slept[1] < 32


def test_a_host_that_asks_for_a_long_pause_is_left_alone(web, fetcher, slept):
    url = web.put("/a", status=429, Retry_After="3600")
    for _ in range(2):
        with pytest.raises(HostSkipped, match="asks to be left alone for 3,600 s; run the same"):
            fetcher.get(url, LIMIT)
    assert web.asked == ["/a"]
    assert slept == []


@pytest.mark.parametrize("asked", ["soon", "-5", "", "9" * 400, "Sat, 99 Foo 2024"])
def test_a_senseless_pause(web, fetcher, asked):
    url = web.script("/a", page(status=429, Retry_After=asked), page("hello"))
    if asked.startswith("9"):
        with pytest.raises(HostSkipped):
            fetcher.get(url, LIMIT)
    else:
        assert fetcher.get(url, LIMIT).body == b"hello"


def test_a_host_that_fails_again_and_again_is_left_alone(web, fetcher):
    url = web.put("/a", status=500)
    for _ in range(fetch.MOST_FAILURES):
        with pytest.raises(FetchError, match=r"the server answers 500 \(tried 3 times"):
            fetcher.get(url, LIMIT)
    web.forget()
    with pytest.raises(HostSkipped, match="has failed 3 times in a row"):
        fetcher.get(url, LIMIT)
    assert web.asked == []


def test_a_pause_is_made_between_requests_to_a_host_but_this_machine(
    web, fetcher, slept, monkeypatch
):
    url = web.put("/a", "hello")
    fetcher.get(url, LIMIT)
    fetcher.get(url, LIMIT)
    assert slept == []
    monkeypatch.setattr(fetch, "_THIS_MACHINE", frozenset())
    fetcher.get(url, LIMIT)
    fetcher.get(url, LIMIT)
    assert len(slept) == 1
    assert 0 < slept[0] <= fetch.PAUSE
