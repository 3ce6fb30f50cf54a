"""MCP, by the package's own client over both transports, and by an older protocol version."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
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
        about = await client.call_tool("episodes", {"about": "flour and bread"})
        assert about.structured_content["episodes"][0]["id"] == BREAD
        wrong = await client.call_tool("episode", {"episode": "../etc"})
        assert wrong.is_error
        assert "no episode" in wrong.content[0].text
        wrong = await client.call_tool("passage", {"episode": BREAD, "start": "1:40", "at": 3})
        assert wrong.is_error
        assert re.fullmatch(
            "start: .* valid number.*; at: is not known; passage takes episode, start, .*",
            wrong.content[0].text,
        )
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


@pytest.mark.parametrize("more", [{"around": 600}, {"around": 120, "max_tokens": 400}])
def test_a_passage_that_is_cut_keeps_the_second_that_was_asked_for(address, more):
    async def passage(**given) -> dict:
        async with Client(f"{address}/mcp") as client:
            asked = {"episode": BREAD, "start": 400.0, **given}
            return (await client.call_tool("passage", asked)).structured_content

    said = asyncio.run(passage(around=0))["turns"]
    cut = asyncio.run(passage(**more))
    assert cut["left_out"] > 0
    assert said[0] in cut["turns"]
    whole = asyncio.run(passage(**more | {"max_tokens": 20000}))["turns"]
    first = whole.index(cut["turns"][0])
    assert cut["turns"] == whole[first : first + len(cut["turns"])]


def test_an_agent_that_goes_in_the_middle_of_a_call_is_no_fault(indexed):
    command = [sys.executable, "-m", "askpod", "mcp", "--store", str(indexed)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}}
    hello["clientInfo"] = {"name": "leaver", "version": "1"}
    with subprocess.Popen(command, text=True, **pipes) as server:

        def send(**message) -> None:
            server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            server.stdin.flush()

        send(id=1, method="initialize", params=hello)
        server.stdout.readline()
        send(method="notifications/initialized")
        send(id=2, method="tools/call", params={"name": "ask", "arguments": CALLS["ask"]})
        server.stdout.close()
        server.stdin.close()
        assert server.wait(60) == 0
        assert server.stderr.read() == ""


def test_an_empty_filter_is_none_and_one_that_leaves_nothing_is_told(address):
    async def call(tool: str, **given) -> dict:
        async with Client(f"{address}/mcp") as client:
            return (await client.call_tool(tool, given)).structured_content

    for tool, field in (("search", "passages"), ("episodes", "episodes")):
        asked = {"question": "flour bags"} if tool == "search" else {}
        empty = asyncio.run(call(tool, **asked, guest="", speaker="", since="", until=""))
        assert empty == asyncio.run(call(tool, **asked))
        assert "notes" not in empty
        nobody = asyncio.run(call(tool, **asked, guest="Zebedee"))
        assert not nobody[field]
        assert nobody["notes"] == ["no episode has the guest 'Zebedee'"]
    answer = asyncio.run(call("ask", **CALLS["ask"], guest="Zebedee"))
    assert answer["notes"] == ["no episode has the guest 'Zebedee'"]
