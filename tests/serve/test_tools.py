"""MCP, by the package's own client over both transports, and by an older protocol version."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import httpx
import pytest
from mcp import Client, StdioServerParameters

from askpod.tokens import TokenCounter

BREAD = "bread-forecasting-for-eleven-bakeries"
CALLS = {
    "ask": {"question": "Why did the batteries of the hives give out in three weeks?"},
    "search": {"question": "flour bags", "top": 50},
    "passage": {"episode": BREAD, "start": 100.0},
    "episodes": {},
    "episode": {"episode": BREAD},
}


async def call_all(server) -> tuple[list, dict]:
    async with Client(server) as client:
        tools = (await client.list_tools()).tools
        results = {name: await client.call_tool(name, given) for name, given in CALLS.items()}
        wrong = await client.call_tool("episode", {"episode": "../etc"})
        assert wrong.is_error
        assert "no episode" in wrong.content[0].text
    return tools, results


def check(tools: list, results: dict) -> None:
    assert {tool.name for tool in tools} == set(CALLS)
    for tool in tools:
        assert tool.annotations.read_only_hint is True
        assert tool.description
    for name, result in results.items():
        assert not result.is_error, name
        assert json.loads(result.content[0].text) == result.structured_content
        assert TokenCounter("gpt-4o").count(result.content[0].text) <= 1500, name
    found = {name: result.structured_content for name, result in results.items()}
    assert found["ask"]["citations"][0]["url"].startswith("https://")
    assert found["search"]["left_out"] > 0
    assert any("times" in turn["text"] or turn["url"] for turn in found["passage"]["turns"])
    assert found["episodes"]["total"] == 6
    assert found["episode"]["sections"][0]["at"] == "0:00"


def test_all_tools_over_streamable_http(address):
    check(*asyncio.run(call_all(f"{address}/mcp")))


def test_all_tools_over_stdio(indexed):
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "askpod", "mcp", "--store", str(indexed)],
        env={**os.environ},
    )
    check(*asyncio.run(call_all(server)))


@pytest.mark.parametrize("version", ["2025-03-26", "2024-11-05"])
def test_an_older_protocol_version_is_served(address, version):
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}

    def send(method: str, params: dict, **more) -> httpx.Response:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(f"{address}/mcp", json=body, headers=headers | more, timeout=30)

    client = {"name": "old", "version": "1"}
    hello = {"protocolVersion": version, "capabilities": {}, "clientInfo": client}
    assert send("initialize", hello).json()["result"]["protocolVersion"] == version
    called = send("tools/call", {"name": "search", "arguments": {"question": "flour"}})
    assert called.json()["result"]["content"][0]["type"] == "text"


def test_more_is_given_when_asked_for(address):
    async def search(**more):
        async with Client(f"{address}/mcp") as client:
            given = {"question": "flour bags", "top": 20, **more}
            return (await client.call_tool("search", given)).structured_content

    short, long = asyncio.run(search()), asyncio.run(search(max_tokens=20000))
    assert len(long["passages"]) == 20 > len(short["passages"])
    least = asyncio.run(search(max_tokens=200))
    assert len(least["passages"]) == 1
    assert least["passages"][0]["text"].endswith("…")
