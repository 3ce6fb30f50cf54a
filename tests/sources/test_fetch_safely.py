"""Fetching: which machines are asked, where redirects may lead, what is sent along."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess

import httpcore
import pytest

from askpod.errors import FetchError
from askpod.sources import fetch
from askpod.sources.fetch import Fetcher
from fake_web import FakeWeb

LIMIT = 1000


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",  # 127.0.0.1 in one number
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "10.1.2.3",
        "169.254.169.254",
        "192.168.0.1",
        "100.64.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "[fe80::1]",
        "[fd00::1]",
        "[fec0::1]",
        "[64:ff9b::10.0.0.1]",
        "[2002:7f00:1::]",
        "[ff02::1]",
    ],
)
def test_what_is_not_public_is_not_asked(web, host):
    url = web.put("/a.txt", "secret").replace("127.0.0.1", host)
    with Fetcher() as fetcher, pytest.raises(FetchError, match="--allow-private"):
        fetcher.get(url, LIMIT)
    assert web.asked == []


@pytest.mark.parametrize("number", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::8.8.8.8"])
def test_what_is_public_is_connected_to_by_the_number_that_was_checked(monkeypatch, number):
    """A name server that answers otherwise the second time changes nothing: it is asked once."""
    answers = [number, "127.0.0.1", "127.0.0.1"]
    tried = []

    def lookup(_, port, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (answers.pop(0), port))]

    def connect(_, host, *__, **___):
        tried.append(host)
        raise httpcore.ConnectError("unplugged")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    monkeypatch.setattr(fetch, "TRIES", 1)
    with Fetcher() as fetcher, pytest.raises(FetchError, match="cannot be reached: unplugged"):
        fetcher.get("http://river.example/feed.xml", LIMIT)
    assert tried == [number]


def test_a_name_with_one_public_and_one_private_address_is_refused(monkeypatch):
    found = [(2, 1, 0, "", (number, 80)) for number in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with Fetcher() as fetcher, pytest.raises(FetchError, match=r"river\.example \(10\.0\.0\.1\)"):
        fetcher.get("http://river.example/feed.xml", LIMIT)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://river.example/a",
        "file:///etc/passwd",
        "http://",
        "http:///a",
        "http://[::1",
        "http://river.example:99999/",
        "http://river.example/\x00",
        "javascript:alert(1)",
        "//river.example/a",
        "http://" + "a" * 5000,
        "http://\u2024.example\udcff/",
    ],
)
def test_what_is_no_address(url):
    with Fetcher(allow_private=True) as fetcher, pytest.raises(FetchError):
        fetcher.get(url, LIMIT)


def test_a_name_that_nobody_knows(monkeypatch, fetcher):
    def lookup(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(FetchError, match=r"no address is known for river\.invalid"):
        fetcher.get("https://river.invalid/feed.xml", LIMIT)


def test_proxies_of_the_environment_are_not_used(web, fetcher, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetcher.get(web.put("/a.txt", "hello"), LIMIT).body == b"hello"


# Redirects


def test_redirects_are_followed_to_the_end(web, fetcher):
    web.put("/new/a.txt", "hello")
    web.put("/old", status=301, Location="/older")
    web.put("/older", status=307, Location="new/a.txt")
    got = fetcher.get(web.at("/old"), LIMIT)
    assert (got.body, got.url) == (b"hello", web.at("/new/a.txt"))


def test_redirects_in_a_circle_end(web, fetcher):
    with pytest.raises(FetchError, match="over 5 redirects"):
        fetcher.get(web.put("/a", status=302, Location="/a"), LIMIT)
    assert len(web.asked) == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://x/", "http://[", "\x01"])
def test_a_redirect_to_what_is_no_address(web, fetcher, location):
    with pytest.raises(FetchError):
        fetcher.get(web.put("/a", status=302, Location=location), LIMIT)
    assert len(web.asked) <= 2


def test_each_redirect_is_checked(web, monkeypatch):
    """A public server that leads to this machine: the first hop is let through by hand."""
    web.put("/secret", "secret")
    url = web.put("/a", status=302, Location=web.at("/secret", "127.0.0.2"))
    real = fetch.CheckedBackend.connect_tcp

    def connect(self, host, port, *rest, **named):
        self._allow_private = host == "127.0.0.1"
        return real(self, host, port, *rest, **named)

    monkeypatch.setattr(fetch.CheckedBackend, "connect_tcp", connect)
    with Fetcher() as fetcher, pytest.raises(FetchError, match=r"127\.0\.0\.2 is no public addr"):
        fetcher.get(url, LIMIT)
    assert web.asked == ["/a"]


# Credentials


def credentials(web: FakeWeb) -> list[str | None]:
    return [request.headers.get("authorization") for request in web.requests]


def test_credentials_go_to_the_host_they_were_given_for_alone(web, fetcher):
    web.put("/b", status=302, Location=web.at("/c", "localhost"))
    web.put("/c", "hello")
    url = web.put("/a", status=302, Location="/b").replace("//", "//ann:s%40lt@")
    assert fetcher.get(url, LIMIT).body == b"hello"
    assert credentials(web) == ["Basic YW5uOnNAbHQ=", "Basic YW5uOnNAbHQ=", None]


def test_credentials_in_a_redirect_are_not_used(web, fetcher):
    web.put("/b", "hello")
    url = web.put("/a", status=302, Location=web.at("/b").replace("//", "//x:y@"))
    assert "x:y" not in fetcher.get(url, LIMIT).url
    assert credentials(web) == [None, None]


def test_credentials_and_keys_are_in_no_message(web, fetcher):
    url = web.put("/a?key=s3cret", status=403).replace("//", "//ann:s3cret@")
    with pytest.raises(FetchError) as failure:
        fetcher.get(url, LIMIT)
    assert str(failure.value).startswith(web.at("/a?…: the server answers 403"))


# TLS


@pytest.fixture
def secure(tmp_path, monkeypatch):
    """A server with a certificate for the name localhost, which is trusted."""
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made.split(), *named, *files], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with FakeWeb(tls=context) as server:
        yield server


def test_a_certificate_is_checked_against_the_name_though_a_number_is_connected_to(secure, fetcher):
    secure.put("/a", "hello")
    assert fetcher.get(secure.at("/a", "localhost"), LIMIT).body == b"hello"
    with pytest.raises(FetchError, match="no trustworthy connection"):
        fetcher.get(secure.at("/a", "127.0.0.1"), LIMIT)


def test_no_redirect_leads_out_of_encryption(secure, web, fetcher):
    secure.put("/a", status=301, Location=web.put("/a", "hello"))
    with pytest.raises(FetchError, match=r"leads from https to http://.* not encrypted"):
        fetcher.get(secure.at("/a", "localhost"), LIMIT)
    assert web.asked == []
