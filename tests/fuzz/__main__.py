"""The program: mutated files are read until the time or their number is up; then a table."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from fuzz.children import outcomes
from fuzz.reading import Outcome
from fuzz.suites import SUITES

KEPT = Path("build") / "fuzz"


def main() -> int:
    """Read, keep the files of all findings, and print the table; 1 where there are findings."""
    asked = _arguments()
    if asked.only is None:
        run = outcomes(asked.what, asked.seed, asked.files, asked.seconds, asked.children)
        results = list(_shown(run, asked))
    else:
        results = [_again(asked)]
    findings = sum(bool(result.findings) for result in results)
    print(_table(results))
    print(f"{len(results):,} files read, {findings} findings; seed {asked.seed}")
    return 1 if findings else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description="Reads mutated files.")
    parser.add_argument("what", nargs="?", choices=SUITES, default="transcripts")
    parser.add_argument("--seconds", type=float, default=600.0, help="the longest it may run")
    parser.add_argument("--files", type=int, default=10_000, help="how many files at most")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other files")
    parser.add_argument("--children", type=int, default=2, help="processes that read")
    parser.add_argument("--only", type=int, metavar="INDEX", help="read this one file again")
    return parser.parse_args()


def _shown(run: Iterator[Outcome], asked: argparse.Namespace) -> Iterator[Outcome]:
    """The outcomes; each finding is told and kept as it comes."""
    for count, outcome in enumerate(run, 1):
        if outcome.findings:
            print(f"{outcome.index}: {outcome.name!a}: {outcome.findings[0]!a}")
            _keep(asked, outcome)
        if sys.stderr.isatty() and count % 20 == 0:
            print(f"\r{count:,} of {asked.files:,}", end="\r", file=sys.stderr, flush=True)
        yield outcome


def _again(asked: argparse.Namespace) -> Outcome:
    """Read one file again, in this process, where a debugger sees it."""
    kind, path = _write(asked, asked.only)
    outcome = SUITES[asked.what].examine(asked.only, kind, path)
    print(*map(ascii, outcome.findings), sep="\n")
    return outcome


def _keep(asked: argparse.Namespace, outcome: Outcome) -> None:
    """Write the file of a finding, and what was found, where a person can look at it."""
    _write(asked, outcome.index)
    again = f"again: python -m fuzz {asked.what} --seed {asked.seed} --only {outcome.index}"
    report = "\n".join([*map(ascii, outcome.findings), again, ""])
    (_folder(asked, outcome.index) / "finding.log").write_text(report, encoding="ascii")


def _write(asked: argparse.Namespace, index: int) -> tuple[str, Path]:
    suite, folder = SUITES[asked.what], _folder(asked, index)
    folder.mkdir(parents=True, exist_ok=True)
    return suite.write_case(folder, asked.seed, index, suite.starts())


def _folder(asked: argparse.Namespace, index: int) -> Path:
    return KEPT / f"{asked.what}-{asked.seed}-{index}"


def _table(results: Sequence[Outcome]) -> str:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for result in results:
        groups[result.format].append(result)
    rows = [("format", "files", "read", "errors", "findings", "slowest s", "most MB")]
    rows += [_row(name, group) for name, group in [*sorted(groups.items()), ("all", results)]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )


def _row(name: str, group: Sequence[Outcome]) -> tuple[str, ...]:
    episodes = sum(result.episode for result in group)
    found = sum(bool(result.findings) for result in group)
    slowest = max((result.seconds for result in group), default=0.0)
    most = max((result.memory for result in group), default=0)
    counts = (len(group), episodes, len(group) - episodes, found)
    return (name, *(f"{count:,}" for count in counts), f"{slowest:.2f}", f"{most / 1e6:.0f}")


if __name__ == "__main__":
    sys.exit(main())
