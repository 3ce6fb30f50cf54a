"""Ways to spoil a file, each a function of a seeded generator: the same seed spoils alike."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from copy import deepcopy

LARGEST = 8 * 1024 * 1024  # bytes; limits on larger files are met by repeating, not by chance

_NUMBERS = [
    b"-1", b"0", b"00", b"1e999", b"-1e999", b"1e-400", b"NaN", b"Infinity", b"-Infinity", b"1_0",
    b"999999", b"1000001", b"99999999999999999999", b"0x10", b"1.", b".5", b"12:99", b"-00:00:01",
    "١٢".encode(), "½".encode(), b"true", b"null", b"9" * 400, b"9" * 5000, b"0." + b"1" * 5000,
]  # fmt: skip
_UNICODE = [
    b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xed\xb0\x80", b"\xc0\x80",
    b"\xf4\x90\x80\x80", rb"\ud800", rb"\udc00\ud83d", rb"\u0000", b"\x1b[2J\x1b]0;title\x07",
    "\u202e".encode(), "\u2066\u2069".encode(), "\u200b".encode(), "\u2028".encode(),
    "\x85".encode(), "\U000e0041\U000e007f".encode(), "👩\u200d🌾".encode(),
    b"e" + "\u0301".encode() * 1000, "â€™Ã©".encode(), "\ufffe\uffff".encode(), b"\r",
    b"\x0b\x0c", b"&#0;", b"&#xD800;", b"&bogus;",
]  # fmt: skip
_OPENINGS = [
    b"[", b"{", b'{"a":', b'[{"a":[', b"- ", b"? ", b"&a [", b"<p>", b"<cite>", b"<time>", b"<!--",
    b"<![CDATA[", b"<script>", b"<nav>", b"<v ", b"<c.", b"<", b"&", b"&#", b'"', b"'", b"\\",
    b"*a ", b"{\\", b"(", b"[00:", b"00:00:", b">> ", b"- A: ", b"\n\n", b"\r", b" ", b"\t",
    b"--> ", b"a:\n ",
]  # fmt: skip
_TOKENS = [
    b"\n---\n", b"WEBVTT\n\n", b"\n\nNOTE ", b"\n\nSTYLE\n", b" --> ",
    b"00:00:01,000 --> 00:00:02,000\n", b"99:59:59.999 --> 00:00:00.000\n", b"<v Bob>", b"</v>",
    b"<00:00:01.000>", b"[00:12:36] Ann: ", b"Ann (12:36): ", b'"segments": [', b'"text": ',
    b'"speaker": null,', b"<cite>Ann:</cite>", b"<time>0:01</time>", b"transcript:\n", b"- line: ",
    b"  sec: ", b"  who: ", b"&#" + b"9" * 6000 + b";", b"title: ", b"../../etc/passwd",
    b"X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n", b"javascript:alert(1)", b"https://[::1",
    b"!!python/object/apply:os.system [id]", b"%TAG ! tag:x,2000:\n", b"<<: *a\n",
]  # fmt: skip
_BOMB = b"".join(
    b"x%d: &x%d [%s]\n" % (i, i, b",".join([b"*x%d" % (i - 1)] * 9) if i else b"lol, lol, lol")
    for i in range(12)
)
_CLOCK = re.compile(rb"\d{1,3}:\d\d(?::\d\d)?(?:[.,]\d{1,3})?|\d+\.\d+|\d+")
_ODD: list[object] = [
    None, True, [], {}, "", "text", "12:34", [["a"]], {"a": {"b": []}}, -5, 1e308, float("nan"),
    float("inf"), 10**400, "\ud800", "1e999", [1, 2], {"from": -1, "to": None}, [None] * 3,
]  # fmt: skip

Mutation = Callable[[random.Random, bytes, list[bytes]], bytes]


def mutate(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """The file spoiled in one to four ways, at most `LARGEST` bytes of it."""
    sound = data[:1] in (b"{", b"[")  # JSON, which nearly every other mutation ends
    for _ in range(rng.choice((1, 1, 2, 2, 3, 4))):
        again = sound and rng.random() < 0.6
        mutation = retype if again else rng.choices(_MUTATIONS, _WEIGHTS)[0]
        data = mutation(rng, data, others)[:LARGEST]
    return data


def _somewhere(rng: random.Random, data: bytes) -> int:
    """A place in the data; often at the beginning of a line, where structure is."""
    at = rng.randint(0, len(data))
    if rng.random() < 0.5:
        at = data.rfind(b"\n", 0, at) + 1
    return at


def _insert(rng: random.Random, data: bytes, piece: bytes) -> bytes:
    at = _somewhere(rng, data)
    return data[:at] + piece + data[at:]


def _slice(rng: random.Random, data: bytes) -> tuple[int, int]:
    first, last = sorted((_somewhere(rng, data), _somewhere(rng, data)))
    return first, last


def flip(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """Some bytes become others."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 3, 20, 200)) if data else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def cut(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """The file ends early, or a part of it is missing."""
    first, last = _slice(rng, data)
    return data[:first] if rng.random() < 0.5 else data[:first] + data[last:]


def splice(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """A part of another file comes in, or the rest is another's."""
    other = rng.choice(others)
    first, last = _slice(rng, other)
    if rng.random() < 0.5:
        return data[: _somewhere(rng, data)] + other[first:]
    return _insert(rng, data, other[first:last])


def repeat(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """A part of the file stands there many times, now and then some megabytes of it."""
    first, last = _slice(rng, data)
    block = data[first:last] or b"x"
    size = rng.choice((1_000, 10_000, 100_000, 100_000, 1_000_000, LARGEST))
    return data[:last] + block * (1 + size // len(block)) + data[last:]


def shuffle(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """Lines change places."""
    lines = data.splitlines(keepends=True)[:20_000]
    rng.shuffle(lines)
    return b"".join(lines)


def renumber(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """Numbers and times become absurd ones."""
    share = rng.choice((0.01, 0.1, 0.5))

    def other(match: re.Match[bytes]) -> bytes:
        return rng.choice(_NUMBERS) if rng.random() < share else match.group()

    return _CLOCK.sub(other, data[:300_000])


def retime(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """Digits change, so that times are sound but run wild."""
    share = rng.choice((0.02, 0.3))
    return bytes(
        rng.choice(b"0123456789") if 48 <= byte <= 57 and rng.random() < share else byte
        for byte in data[:300_000]
    )


def nest(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """Something opens again and again and never closes."""
    count = rng.choice((10, 100, 5_000, 100_000, 1_000_000))
    return _insert(rng, data, rng.choice(_OPENINGS) * count)


def sprinkle(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """Characters that nobody can see, half characters and bytes that are none."""
    for _ in range(rng.choice((1, 5, 50))):
        data = _insert(rng, data, rng.choice(_UNICODE))
    return data


def words(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """The formats' own words stand where they mean nothing."""
    for _ in range(rng.choice((1, 3, 10))):
        data = _insert(rng, data, rng.choice(_TOKENS))
    return data


def bomb(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """YAML's aliases of aliases."""
    return _insert(rng, data, _BOMB)


def encode(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """Another encoding, or two of them one after the other."""
    text = data[:1_000_000].decode("utf-8", "replace")
    codec = rng.choice(("utf-16", "utf-16-be", "utf-32", "cp1252", "latin-1", "utf-7", "utf-8-sig"))
    if rng.random() < 0.3:
        return text.encode("utf-8").decode("cp1252", "replace").encode("utf-8")
    return text.encode(codec, "replace")


def lines(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:  # noqa: ARG001
    """Other line ends, or none at all."""
    return data.replace(
        b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b"\n\r", b" ", b"\xe2\x80\xa8"))
    )


def retype(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """JSON with values of the wrong type, or with keys that are missing; else as `flip`."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return flip(rng, data, others)
    for _ in range(rng.choice((1, 2, 10, 50))):
        _retype_one(rng, value)
    return json.dumps(value, indent=rng.choice((None, 2))).encode()


def _retype_one(rng: random.Random, value: object) -> None:
    """Change one value somewhere in the tree; nearer to the root as often as far from it."""
    for _ in range(rng.randint(0, 5)):
        inner = list(value.values()) if isinstance(value, dict) else value
        nested = [item for item in inner if isinstance(item, dict | list) and item]
        if not nested:
            break
        value = rng.choice(nested)
    if not value:
        return
    place = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    if rng.random() < 0.2:
        del value[place]
    else:
        value[place] = deepcopy(rng.choice(_ODD))


_MUTATIONS: list[Mutation] = [
    flip, cut, splice, repeat, shuffle, renumber, retime, nest, sprinkle, words, bomb, encode,
    lines, retype,
]  # fmt: skip
_WEIGHTS = [4, 3, 4, 2, 2, 4, 4, 3, 4, 4, 1, 2, 2, 2]
