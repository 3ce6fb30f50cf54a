"""Several processes that prepare: the archive, the report and the errors of one."""

from __future__ import annotations

import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from askpod import Archive, Settings
from askpod.chunking import ChunkSettings
from askpod.embedding.minilm import MiniLM
from askpod.errors import AskpodError, EmbedderError, ReadError, Unrecognised, WorkerError
from askpod.indexing import Indexer, IndexReport
from billing import MODEL, TALKS, Billing
from faulty_embedders import DEADLY, UNSPEAKABLE, Faulty

PATIENCE = 20.0  # seconds for what takes one

linux = pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")


class Written:
    """Where episodes are written: here, in memory, in the order in which they come."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.when: Callable[[], None] = lambda: None

    def sources(self) -> dict:
        return {}

    def put(self, episode, _source, embedded) -> None:
        assert len(embedded.chunks) == len(embedded.vectors)
        self.ids.append(episode.id)
        self.when()


@pytest.fixture
def marks(tmp_path) -> Path:
    (tmp_path / "marks").mkdir()
    return tmp_path / "marks"


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
def talks(write_episode) -> Callable[[Sequence[str]], list[Path]]:
    """Writes an episode of each text, talk-00.md and on."""

    def write(texts: Sequence[str]) -> list[Path]:
        return [write_episode(f"talk-{n:02}.md", [text]) for n, text in enumerate(texts)]

    return write


def run(written: Written, embedder: Faulty, files: Sequence[Path]) -> IndexReport:
    indexer = Indexer(written, embedder, ChunkSettings(), workers=2)
    return indexer.run(files, prune=None, progress=None)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has ended
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def rows(store: Path) -> dict[str, list]:
    with closing(sqlite3.connect(f"file:{store}/catalog.db?mode=ro", uri=True)) as connection:
        columns = {
            # On a server they also tell which store indexed them, and in which version.
            "episodes": "id, path, digest, transcript, faults, revision, turns, first_chunk, "
            "last_chunk, guests, season, date, details",
            "turns": "*",
            "chunks": "*",
        }
        return {
            table: connection.execute(f"SELECT {each} FROM {table}").fetchall()
            for table, each in columns.items()
        }


def test_the_archive_and_the_report_are_those_of_one(write_episode, tmp_path):
    talks = tmp_path / "talks"
    for number in range(6):
        write_episode(f"talks/bees-{number}.md", [f"Bee {number} dances.", "# Trees", "It does."])
    bad = write_episode("in/bad.md", ["never read"])
    bad.write_text("---\ntranscript: [unclosed\n---\n")
    other = write_episode("in/bees-3.md", ["An id that another has."])
    stores, reports, told = [], [], []
    for workers in (1, 3):
        stores.append(tmp_path / str(workers))
        told.append([])
        with Archive.open(stores[-1], create=True) as archive:
            report = archive.index([bad, talks, other], workers=workers, progress=told[-1].append)
            reports.append(replace(report, seconds=0))
    assert len(reports[0].added) == 6
    assert [Path(failure.path) for failure in reports[0].failed] == [bad, other]
    assert reports[0] == reports[1]
    assert told[0] == told[1]
    assert rows(stores[0]) == rows(stores[1])  # with the vectors' bytes


def test_unchanged_files_start_no_worker(store, examples, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    with Archive.open(store) as archive:
        report = archive.index([examples], workers=2)
    assert len(report.unchanged) == 6


def test_a_worker_that_dies_fails_its_file_alone(written, talks, marks):
    files = talks(["one", DEADLY, "three", DEADLY, "five", "six"])
    report = run(written, Faulty(marks), files)
    assert report.added == written.ids == ["talk-00", "talk-02", "talk-04", "talk-05"]
    assert [failure.path for failure in report.failed] == [str(files[1]), str(files[3])]
    assert "was ended by signal 9" in report.failed[0].message
    assert "--workers" in report.failed[0].message


def test_an_error_that_cannot_be_carried_over_is_told_all_the_same(written, talks, marks):
    with pytest.raises(RuntimeError, match="Unspeakable: him in carcosa"):
        run(written, Faulty(marks), talks(["one", UNSPEAKABLE, "three"]))
    assert written.ids == ["talk-00"]


def test_an_embedder_that_loads_nowhere_ends_the_run(written, talks, marks):
    with pytest.raises(EmbedderError, match="the weights are not installed here"):
        run(written, Faulty(marks, loading="fails"), talks(["one", "two"]))


def test_a_worker_that_never_begins_ends_the_run(written, talks, marks):
    with pytest.raises(WorkerError, match="was ended by signal 9 before it began, 3 times over"):
        run(written, Faulty(marks, loading="dies"), talks(["one", "two"]))


def test_a_system_without_room_for_a_worker_is_an_error(written, talks, marks, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(WorkerError, match="cannot be started: Resource temporarily unavailable"):
        run(written, Faulty(marks), talks(["one", "two"]))


def test_only_so_many_files_are_prepared_ahead(written, talks, marks):
    ahead = []

    def look() -> None:
        time.sleep(0.1)  # a slow disk, while the workers go on
        ahead.append(len(list(marks.iterdir())) - len(written.ids))

    written.when = look
    run(written, Faulty(marks), talks([f"number {n}" for n in range(16)]))
    assert len(written.ids) == 16
    assert max(ahead) <= 6


def test_what_was_done_before_ctrl_c_is_kept_and_the_workers_end(write_episode, tmp_path):
    files = [write_episode(f"{name}.md", [f"About {name}."]) for name in ("bees", "trains", "tin")]

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    before = children(os.getpid())  # a server of other tests, perhaps
    with Archive.open(tmp_path / "own", create=True) as archive:
        with pytest.raises(KeyboardInterrupt):
            archive.index(files, workers=2, progress=interrupt)
        assert [episode.id for episode in archive.episodes()] == ["bees"]
        assert archive.search("bees")
        assert children(os.getpid()) == before
        assert archive.index(files, workers=2).added == ["trains", "tin"]


SCRIPT = """
import sys
from askpod import Archive
with Archive.open(sys.argv[1], create=True) as archive:
    print(len(archive.index(sys.argv[2:], workers=2).added))
"""


@pytest.fixture
def script(tmp_path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Runs a user's script that has no `if __name__ == "__main__"`, in a folder of traps."""
    folder = tmp_path / "here"
    folder.mkdir()
    (tmp_path / "script.py").write_text(SCRIPT)
    for trap in ("numpy", "pickle", "askpod"):
        (folder / f"{trap}.py").write_text("raise SystemExit('imported from the working folder')")
    started = []

    def start(*arguments: Path) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, tmp_path / "script.py", *arguments],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_plain_script_may_use_workers_whatever_folder_it_runs_in(script, write_episode, tmp_path):
    files = [write_episode(f"in/{name}.md", [f"About {name}."]) for name in ("bees", "trains")]
    out, err = script(tmp_path / "own", *files).communicate(timeout=60)
    assert (out, err) == ("2\n", "")


@linux
@pytest.mark.parametrize(
    "blow", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.thorough)]
)
def test_workers_end_with_the_process_that_started_them(script, examples, tmp_path, blow):
    process = script(tmp_path / "own", examples)
    wait_for(lambda: process.poll() is not None or len(children(process.pid)) == 2)
    workers = children(process.pid)
    assert len(workers) == 2
    os.kill(process.pid, blow)
    process.communicate(timeout=PATIENCE)
    wait_for(lambda: not any(map(running, workers)))
    with Archive.open(tmp_path / "own") as archive:
        report = archive.index([examples])
    assert not report.failed
    assert len(report.added) + len(report.unchanged) == 6


def test_an_endpoint_is_asked_by_one_process_and_paid_once(write_episode, monkeypatch, tmp_path):
    files = [write_episode(f"talks/{name}.md", talk) for name, talk in TALKS.items()]
    bills, sold = [], []
    for workers in (1, 2):
        with Billing() as server:
            for name, value in server.environment.items():
                monkeypatch.setenv(name, value)
            settings = Settings(embedder=f"openai:{MODEL}", base_url=server.base_url)
            with Archive.open(tmp_path / str(workers), settings=settings, create=True) as archive:
                report = archive.index(files, workers=workers)
            bills.append((report.added, report.tokens, report.chunks))
            sold.append(server.sold)
    assert bills[0] == bills[1]
    assert sold[0] == sold[1]


def test_no_workers_at_all_is_an_error(written, marks):
    with pytest.raises(AskpodError, match="workers is 0; it must be 1 or more"):
        Indexer(written, Faulty(marks), ChunkSettings(), workers=0)


@pytest.mark.parametrize("kind", [ReadError, Unrecognised])
def test_a_read_error_is_the_same_in_another_process(kind):
    error = kind(Path("talk.md"), "is empty", line=3, column=1)
    carried = pickle.loads(pickle.dumps(error))
    assert type(carried) is kind
    assert str(carried) == str(error) == "talk.md:3:1: is empty"
    assert vars(carried) == vars(error)


def test_an_embedder_made_elsewhere_gives_the_same_vectors():
    here = MiniLM()
    there = pickle.loads(pickle.dumps(here.elsewhere(2)))()
    texts = ["A night train waits in a siding.", "", "Bees dance. " * 20]
    assert there.name == here.name
    assert (there.embed(texts) == here.embed(texts)).all()
