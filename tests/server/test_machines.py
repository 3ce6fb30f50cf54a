"""askpod's commands as processes that share an archive on a server, and are killed."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from forked import Python


@pytest.fixture
def files(write_episode, tmp_path) -> Path:
    """A folder of six episodes."""
    for number in range(6):
        text = f"Bee number {number} dances to tell where the linden trees are."
        write_episode(f"talks/bees-{number}.md", [text] * 20)
    return tmp_path / "talks"


@pytest.fixture
def command(chroma, database, tmp_path, vectors_folder):
    """Starts `askpod …` as the machine of a name; ends it with the test."""
    running = []
    known = {"ASKPOD_CHROMA_URL": chroma.url, "ASKPOD_CHROMA_DATABASE": database}

    def run(machine: str, *words: str | Path, **more: str) -> Python:
        here = {**os.environ, **known, "ASKPOD_STORE": str(tmp_path / machine), **more}
        running.append(Python("-m", "askpod", *words, vectors=vectors_folder, env=here))
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.wait()


def finished(process: Python) -> str:
    """What it printed, after it has ended well."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def ids(machine) -> list[str]:
    return [episode.id for episode in machine.episodes()]


def test_two_machines_index_at_once(command, machine, files, write_episode):
    other = write_episode("other/trains.md", ["A night train waits in a siding near Basel."])
    one, two = command("ada", "index", files), command("bob", "index", other)
    finished(one)
    finished(two)
    seen = machine("cleo")
    assert ids(seen) == [f"bees-{number}" for number in range(6)] + ["trains"]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_is_finished_by_the_next_at_once(command, machine, files, end, thorough):
    if end != signal.SIGKILL and not thorough:
        pytest.skip("with `make server`")
    stopped = command("ada", "index", files)
    with machine("bob", create=True) as seen:
        while not ids(seen) and stopped.poll() is None:
            time.sleep(0.01)
        stopped.send_signal(end)
        stopped.communicate()
        for id_ in ids(seen):
            assert len(seen.turns(id_)) == 20
        began = time.monotonic()
        report = json.loads(finished(command("ada", "index", files, "--json")))
        assert time.monotonic() - began < 30  # not waiting for the lock of the killed one
        assert len(report["added"]) + len(report["unchanged"]) == 6
        assert len(ids(seen)) == 6


def test_searches_never_fail_while_another_machine_indexes(command, machine, files, thorough):
    if not thorough:
        pytest.skip("with `make server`")
    with machine("bob", create=True) as seen:
        writing = command("ada", "index", files)
        counts = []
        while writing.poll() is None:
            counts.append(len(seen.episodes()))
            seen.search("Where are the linden trees?")
        finished(writing)
        assert counts == sorted(counts)
        assert len(seen.episodes()) == 6


def test_the_commands_say_where_the_archive_is(command, machine, chroma, database, files):
    machine("ada", create=True).index([files])
    listed = json.loads(finished(command("bob", "episodes", "--json")))
    assert len(listed) == 6
    found = {
        line["what"]: line for line in json.loads(finished(command("bob", "doctor", "--json")))
    }
    assert found["server"]["value"] == (
        f"{chroma.url} (database {database!r} of tenant 'default_tenant'), revision 6; here 6"
    )
    assert "vector index" not in found
    down = command("bob", "search", "bees", ASKPOD_CHROMA_URL="http://127.0.0.1:1")
    out, err = down.communicate(timeout=120)
    assert (down.returncode, out) == (1, "")
    assert err.startswith("askpod: http://127.0.0.1:1: the Chroma server does not answer")
    unset = command("bob", "search", "bees", ASKPOD_CHROMA_URL="")
    assert unset.wait(120) == 2
    assert "ASKPOD_CHROMA_URL" in unset.communicate()[1]


def test_several_workers_write_to_a_server_as_one_does(machine, files, thorough):
    if not thorough:
        pytest.skip("with `make server`")
    machine("ada", create=True).index([files], workers=2)
    assert ids(machine("bob")) == [f"bees-{number}" for number in range(6)]
