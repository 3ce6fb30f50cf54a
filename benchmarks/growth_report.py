"""The tables and the plot of growth.py, for docs/."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

Size = dict[str, Any]
Line = tuple[str, Callable[[Size], float]]

WIDTH, HEIGHT, GAP = 300, 190, 40  # pixels of a plot and between two
COLOURS = ("#1f6feb", "#bf3989", "#1a7f37")

PLOTS: tuple[tuple[str, tuple[Line, ...]], ...] = (
    (
        "search, ms",
        (
            ("p50", lambda size: 1000 * size["probe"]["p50"]),
            ("p95", lambda size: 1000 * size["probe"]["p95"]),
        ),
    ),
    (
        "new process, s",
        (
            ("opening", lambda size: size["probe"]["open"]),
            ("opening and first search", lambda size: _until_found(size)),
            ("askpod ask", lambda size: size["cold_ask_seconds"]),
        ),
    ),
    ("writing, ms per chunk", (("catalog", lambda size: size["write_ms_per_chunk"]),)),
    (
        "disk, GB",
        (
            ("catalog", lambda size: size["disk"]["catalog"] / 1e9),
            ("chroma", lambda size: size["disk"]["chroma"] / 1e9),
        ),
    ),
)


def tables(sizes: Sequence[Size], embedding: dict[str, float]) -> str:
    """What was measured, in Markdown."""
    per_chunk = 1000 * embedding["seconds"] / embedding["chunks"]
    rows: list[tuple[str, Callable[[Size], str]]] = [
        ("chunks", lambda size: f"{size['chunks']:,}"),
        ("hours of talk", lambda size: f"{size['hours']:,.0f}"),
        ("writing, ms per chunk", lambda size: f"{size['write_ms_per_chunk']:.2f}"),
        ("waiting for Chroma at the end", lambda size: f"{size['publish_seconds']:.0f} s"),
        ("catalog", lambda size: _bytes(size["disk"]["catalog"])),
        ("Chroma", lambda size: _bytes(size["disk"]["chroma"])),
        ("opening", lambda size: f"{size['probe']['open']:.2f} s"),
        ("opening and first search", lambda size: f"{_until_found(size):.2f} s"),
        ("search p50", lambda size: f"{1000 * size['probe']['p50']:.0f} ms"),
        ("search p95", lambda size: f"{1000 * size['probe']['p95']:.0f} ms"),
        ("`askpod ask`, new process", lambda size: f"{size['cold_ask_seconds']:.2f} s"),
        ("memory of its own", lambda size: _bytes(size["probe"]["own_memory"])),
        ("pages of files mapped", lambda size: _bytes(size["probe"]["mapped_memory"])),
        ("of the 50 best, found", lambda size: f"{size['probe']['recall']:.1%}"),
    ]
    head = "| episodes | " + " | ".join(f"{size['episodes']:,}" for size in sizes) + " |"
    rule = "| --- |" + " ---: |" * len(sizes)
    body = [f"| {name} | {' | '.join(map(write, sizes))} |" for name, write in rows]
    apart = (
        f"Reading, chunking and embedding the {embedding['episodes']:.0f} real episodes took "
        f"{per_chunk:.1f} ms per chunk of {embedding['tokens_per_chunk']:.0f} tokens, all of it."
    )
    return "\n".join([head, rule, *body, "", apart, ""])


def plot(sizes: Sequence[Size]) -> str:
    """What was measured, as one SVG that stands by itself."""
    drawn = []
    for at, (title, lines) in enumerate(PLOTS):
        x, y = at % 2 * (WIDTH + GAP) + GAP, at // 2 * (HEIGHT + 2 * GAP) + GAP
        drawn.append(f'<g transform="translate({x} {y})">{_panel(sizes, title, lines)}</g>')
    width, height = 2 * (WIDTH + GAP) + GAP, 2 * (HEIGHT + 2 * GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11" fill="#57606a" role="img">'
        "<title>An archive as it grows</title>"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>{"".join(drawn)}</svg>\n'
    )


def _panel(sizes: Sequence[Size], title: str, lines: Sequence[Line]) -> str:
    most = max(value(size) for size in sizes for _, value in lines)
    top = _round_up(most)
    least, largest = sizes[0]["episodes"], sizes[-1]["episodes"]

    def across(episodes: float) -> float:
        return WIDTH * math.log(episodes / least) / (math.log(largest / least) or 1.0)

    def down(value: float) -> float:
        return HEIGHT * (1 - value / top)

    parts = [f'<text y="-14" font-size="13" fill="#1f2328">{title}</text>']
    for share in (0, 0.5, 1):
        y = down(share * top)
        parts.append(f'<path d="M0 {y:.1f}H{WIDTH}" stroke="#d0d7de"/>')
        parts.append(f'<text x="-4" y="{y + 4:.1f}" text-anchor="end">{share * top:g}</text>')
    for size in sizes:
        x = across(size["episodes"])
        label = f"{size['episodes']:,}"
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT + 16}" text-anchor="middle">{label}</text>')
    for at, (name, value) in enumerate(lines):
        colour = COLOURS[at]
        points = [(across(size["episodes"]), down(value(size))) for size in sizes]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(f'<text x="8" y="{14 + 14 * at}" fill="{colour}">{name}</text>')
    return "".join(parts)


def _until_found(size: Size) -> float:
    return float(size["probe"]["open"] + size["probe"]["first_search"])


def _round_up(value: float) -> float:
    size = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return next(size * step for step in (1, 2, 4, 5, 8, 10) if size * step >= value)


def _bytes(count: float) -> str:
    if not count:
        return "none"
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
