"""What is refused, and that the server goes on."""

from __future__ import annotations

import socket
import time

import httpx
import pytest

from askpod.serve.app import Access, Connection, Limits

TOKEN = "a token of the tests"
ASK = {"question": "What is in the bread?"}


def raw(address: str, sent: bytes, wait: float = 10) -> bytes:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as connection:
        connection.sendall(sent)
        return connection.recv(65536)


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil", "10.0.0.1", "[::1", ""]
)
def test_a_foreign_host_is_refused(client, host):
    for path in ("/", "/api/archive", "/mcp", "/v1/models", "/static/app.js"):
        assert client.get(path, headers={"Host": host}).status_code in (400, 421), path


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "x"])
def test_a_foreign_origin_is_refused(client, origin):
    for path in ("/api/ask", "/mcp", "/v1/chat/completions"):
        assert client.post(path, json=ASK, headers={"Origin": origin}).status_code == 403


def test_the_own_origin_is_served(client, address):
    assert client.post("/api/ask", json=ASK, headers={"Origin": address}).status_code == 200


def test_without_the_token_nothing_is_told(serve, indexed):
    address = serve(indexed, access=Access(TOKEN))
    for path in ("/api/archive", "/v1/models", "/audio?episode=x", "/mcp", "/api/openapi.json"):
        assert httpx.get(f"{address}{path}").status_code == 401
        wrong = {"Authorization": "Bearer wrong"}
        assert httpx.get(f"{address}{path}", headers=wrong).status_code == 401
    right = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.get(f"{address}/v1/models", headers=right).status_code == 200


def test_a_browser_gives_the_token_once(serve, indexed):
    with httpx.Client(base_url=serve(indexed, access=Access(TOKEN))) as browser:
        first = browser.get("/")
        assert (first.status_code, "Token" in first.text) == (401, True)
        assert browser.post("/login", data={"token": "wrong"}).status_code == 401
        entered = browser.post("/login", data={"token": TOKEN})
        assert entered.status_code == 303
        assert "HttpOnly" in entered.headers["set-cookie"]
        assert "samesite=strict" in entered.headers["set-cookie"].lower()
        assert browser.get("/api/archive").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2f..%2fsettings.py",
        "/static//etc/passwd",
        "/audio?episode=../../etc/passwd",
        "/..%5c..%5cetc",
        "/static/%00",
    ],
)
def test_path_tricks_lead_nowhere(address, path):
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    status = raw(address, request.encode()).split(b" ")[1]
    assert status in (b"404", b"400", b"405")
    assert httpx.get(f"{address}/api/archive").status_code == 200


def test_a_huge_body_is_refused_before_it_is_read(address):
    head = "POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 104857600\r\n\r\n"
    began = time.monotonic()
    assert b" 413 " in raw(address, head.encode())
    assert time.monotonic() - began < 9  # ten seconds are waited for a body


def test_a_huge_body_of_unstated_length_is_refused(client):
    def endless():
        for _ in range(1600):
            yield b"x" * 65536

    try:
        status = client.post("/api/ask", content=endless()).status_code
    except httpx.WriteError:  # closed while the rest was being sent
        status = 413
    assert status == 413
    assert client.get("/api/archive").status_code == 200


def test_slow_bytes_are_cut_off_and_others_are_served(serve, indexed):
    address = serve(indexed, limits=Limits(body_seconds=0.5))
    host, port = address.removeprefix("http://").split(":")
    head = b"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{"
    with socket.create_connection((host, int(port)), timeout=10) as slow:
        slow.sendall(head)
        assert httpx.get(f"{address}/api/archive").status_code == 200
        assert b" 408 " in slow.recv(65536)


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: 1"])
@pytest.mark.parametrize(
    "before", [b"", b"GET /static/icon.svg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"]
)
def test_headers_that_come_slowly_are_cut_off(serve, indexed, monkeypatch, begun, before):
    monkeypatch.setattr(Connection, "head_seconds", 0.5)
    host, port = serve(indexed).removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as slow:
        if before:
            slow.sendall(before)
            answer = b""
            while not answer.endswith(b"</svg>\n"):
                answer += slow.recv(65536)
            begun = begun or b"G"
        began = time.monotonic()
        for byte in begun:
            slow.sendall(bytes([byte]))
        while slow.recv(65536):
            pass
        assert time.monotonic() - began < 9  # ten are what is waited outside of tests


def test_endless_headers_are_refused(address):
    head = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 50_000
    assert raw(address, head).split(b" ")[1] == b"400"


@pytest.mark.parametrize("path", ["/api/search?q=bread", "/api/episodes?about=bread"])
def test_too_many_requests_from_one_address_wait(serve, indexed, path):
    address = serve(indexed, limits=Limits(rate=0.01, burst=3))
    asked = [httpx.get(f"{address}{path}") for _ in range(4)]
    assert [each.status_code for each in asked] == [200, 200, 200, 429]
    assert asked[-1].headers["retry-after"]
    assert httpx.get(f"{address}/").status_code == 200


def test_every_response_has_the_policy(client):
    for path in ("/", "/static/app.js", "/api/archive", "/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
    assert client.get("/", headers={"Host": "evil.example"}).headers["content-security-policy"]


def test_the_page_names_no_other_address(client):
    for name in ("", "static/app.js", "static/dom.js", "static/transcript.js", "static/style.css"):
        assert "://" not in client.get(f"/{name}").text.replace("http://www.w3.org", "")
