"""Files that cannot be indexed are named with the place and the remedy; the others are done."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

BILLION_LAUGHS = "---\ntitle: Ha\na0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
MEMORY = 500_000_000
DEEP = "---\ntranscript: " + "[" * 100_000 + "]" * 100_000 + "\n---\n"

BAD = {
    "untold.md": (
        b"---\ntitle: Untold\n---\nNotes.\n",
        r"untold\.md:1: has no transcript: .*; add",
    ),
    "quote.md": (
        b'---\ntitle: Q\ntranscript:\n- line: "never closed\n  sec: 1\n',
        r"quote\.md:\d+:\d+: is not valid YAML \(.*\); mend this line",
    ),
    "tab.md": (
        b"---\ntitle: Tab\ntranscript:\n- line: Hello\n\tsec: 1\n---\n",
        r"tab\.md:5:1: is not valid YAML \(.*\); mend this line",
    ),
    "latin.md": (
        b"---\ntitle: Caf\xe9\n---\n",
        r"latin\.md:2: is not UTF-8 text: byte 14 is 0xe9; save the file as UTF-8",
    ),
    "laughs.md": (BILLION_LAUGHS.encode(), r"laughs\.md:\d+: grows without bounds through YAML al"),
    "deep.md": (DEEP.encode(), r"deep\.md:2: nests values more than \d+ deep; write"),
    "empty.md": (b"", r"empty\.md:1: is empty; fetch it again or leave it out"),
    "image.md": (bytes(range(256)) * 9, r"image\.md:\d+: is not UTF-8 text"),
    "scalar.md": (b"---\ntranscript: 7\n---\n", r"scalar\.md:2: `transcript` is not a list; write"),
}


@pytest.fixture
def folder(tmp_path, write_episode):
    """Two good files among the bad ones."""
    write_episode("in/a-good-one.md", ["The soup was cold."])
    write_episode("in/z-good-one.md", ["The bread was warm."])
    for name, (data, _) in BAD.items():
        (tmp_path / "in" / name).write_bytes(data)
    return tmp_path / "in"


def test_each_bad_file_is_named_and_the_good_ones_are_indexed(askpod, folder, tmp_path):
    store = tmp_path / "store"
    run = askpod("index", folder, "--store", store)
    assert run.code == 1
    assert re.search(r"episodes added +2\n", run.out)
    assert re.search(rf"episodes not indexed +{len(BAD)}\n", run.out)
    lines = [line for line in run.err.splitlines() if line.startswith("not indexed: ")]
    assert len(lines) == len(BAD)
    for _, message in BAD.values():
        assert sum(bool(re.search(message, line)) for line in lines) == 1, message
    assert "Traceback" not in run.err
    assert askpod("search", "cold soup", "--store", store).code == 0


def test_the_failures_as_json(askpod, folder, tmp_path):
    run = askpod("index", folder, "--store", tmp_path / "store", "--json")
    assert run.code == 1
    assert run.json["added"] == ["a-good-one", "z-good-one"]
    assert {Path(each["path"]).name for each in run.json["failed"]} == set(BAD)


def test_check_names_the_same(askpod, folder):
    run = askpod("check", folder)
    assert run.code == 1
    for _, message in BAD.values():
        assert re.search(message, run.out), message
    assert run.err == f"{len(BAD) + 2} files, 0 faults mended, {len(BAD)} files cannot be read\n"
    checks = askpod("check", folder, "--json")
    assert checks.code == 1
    assert sum(each["error"] is not None for each in checks.json) == len(BAD)


def test_when_nothing_can_be_indexed_the_archive_is_empty(askpod, tmp_path):
    (tmp_path / "untold.md").write_bytes(BAD["untold.md"][0])
    run = askpod("index", tmp_path / "untold.md", "--store", tmp_path / "store")
    assert run.code == 1
    ask = askpod("ask", "Why?", "--store", tmp_path / "store")
    assert ask.out == "I found nothing in these episodes that answers this.\n"


def test_two_files_that_would_share_an_id(askpod, write_episode, tmp_path):
    write_episode("in/one/soup.md", ["The soup was cold."])
    write_episode("in/two/soup.md", ["The soup was hot."])
    write_episode("in/bread.md", ["The bread was warm."])
    run = askpod("index", tmp_path / "in", "--store", tmp_path / "store")
    assert run.code == 1
    assert re.search(
        r"not indexed: .*/two/soup.md: would have the id 'soup', which .*/one/soup.md has already; "
        r"give one of the two files another name",
        run.err,
    )
    listed = askpod("episodes", "--store", tmp_path / "store", "--json").json
    assert [each["id"] for each in listed] == ["bread", "soup"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_a_line_of_50_megabytes_costs_little(tmp_path):
    path = tmp_path / "huge.md"
    path.write_bytes(b"---\ntranscript:\n- line: " + b"word " * 10_000_000 + b"\n---\n")
    run = subprocess.run(
        [sys.executable, "-m", "askpod", "check", str(path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    message = r"huge\.md:3: has a line of 50,000,008 characters .*; fetch it again"
    assert re.search(message, run.stdout), run.stderr


def test_a_file_that_is_too_large(askpod, tmp_path):
    path = tmp_path / "larger.md"
    with path.open("wb") as file:
        file.truncate(70 * 1024 * 1024)
    run = askpod("check", path)
    assert run.code == 1
    assert "larger.md: is larger than 64 MB; split it or leave it out" in run.out


@pytest.mark.parametrize("command", ["check", "index"])
def test_a_path_that_is_not_utf8_is_named_and_the_rest_is_done(
    askpod, tmp_path, write_episode, command
):
    path = write_episode("in/bees.md", ["Bees dance in the dark hive."])
    try:
        os.link(path, os.fsencode(path.parent) + b"/caf\xe9.md")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    run = askpod(command, path.parent, "--store", tmp_path / "store")
    assert run.code == 1
    assert "in/caf\\udce9.md: its path is not valid UTF-8; rename the f" in run.out + run.err
    assert "bees.md" in run.out or "episodes added" in run.out
