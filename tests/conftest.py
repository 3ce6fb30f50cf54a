"""What all tests share: the example episodes, an archive of them, and small invented files."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import hypothesis
import pytest
import yaml
from filelock import FileLock

from askpod import Archive
from askpod.embedding.minilm import MiniLM
from remembered_vectors import remember

ROOT = Path(__file__).parents[1]
MadeOnce = Callable[[str, Callable[[Path], object]], Path]
EXAMPLES = ROOT / "examples" / "episodes"

WriteEpisode = Callable[..., Path]
_numbers = count(1)

# A deadline of hypothesis is wall time, which a busy machine misses.
hypothesis.settings.register_profile("askpod", deadline=None, max_examples=50)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=200)
hypothesis.settings.load_profile("askpod")

# A shell starts background jobs with Ctrl-C ignored; the tests that press it would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--chroma-server", action="store_true", help="hold all archives on a real Chroma server"
    )
    parser.addoption(
        "--thorough", action="store_true", help="run the tests that are marked thorough, too"
    )


# Files of a few long tests. xdist gives out files by their number of tests, so these would come
# last, and one core would work on them while the others have nothing left to do.
LONG = (
    "evals/test_planted_faults.py",
    "evals/test_run.py",
    "store/test_crash.py",
    "indexing/test_workers.py",
    "cli/test_eval.py",
    "cli/test_secrets.py",
    "cli/test_chat_terminal.py",
    "tests/test_shared_episodes.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files of long tests go first; within a file the order stays."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONG))


def pytest_configure(config: pytest.Config) -> None:
    config.option.loadscopereorder = False  # of xdist: see LONG
    if config.getoption("--thorough"):
        hypothesis.settings.load_profile("thorough")
    else:
        config.option.markexpr = config.option.markexpr or "not thorough"
    # Where it is set, every process that a test starts would compile all of askpod again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if config.getoption("--chroma-server"):
        from on_server import OnServer

        folder = tempfile.TemporaryDirectory(prefix="askpod-chroma-")
        config.add_cleanup(folder.cleanup)
        config.pluginmanager.register(OnServer(Path(folder.name)))


@pytest.fixture(autouse=True)
def _settings_of_the_tests(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What the user has set must not reach a test, nor a test's chats the user's data."""
    for variable in os.environ:
        if variable.startswith(("ASKPOD_", "OPENAI_")) and variable != "ASKPOD_CACHE":
            monkeypatch.delenv(variable)
    monkeypatch.delenv("COLUMNS", raising=False)  # a terminal's own width counts, not this one's
    # Not made: few tests keep a chat, and `mktemp` looks through all folders for the next number.
    data = tmp_path_factory.getbasetemp() / f"data-{next(_numbers)}"
    monkeypatch.setenv("ASKPOD_DATA", str(data))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for this run of the tests, the same in all processes of xdist."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def made_once(shared_folder: Path) -> MadeOnce:
    """Gives a folder that one process of the run makes, while the others wait for it."""

    def folder_of(name: str, make: Callable[[Path], object]) -> Path:
        folder, half = shared_folder / name, shared_folder / f"{name}.half"
        with FileLock(shared_folder / f"{name}.lock"):
            if not folder.exists():
                shutil.rmtree(half, ignore_errors=True)  # of one that failed
                make(half)
                half.rename(folder)
        return folder

    return folder_of


@pytest.fixture(scope="session")
def vectors_folder(shared_folder: Path) -> Path:
    """The folder of the vectors that this run has computed."""
    return shared_folder / "vectors"


@pytest.fixture(scope="session", autouse=True)
def _one_model(vectors_folder: Path) -> Iterator[MiniLM]:
    """Keeps the model of the archives in use, so that each of them need not load it."""
    with pytest.MonkeyPatch.context() as patch:
        remember(patch, vectors_folder)
        yield MiniLM()


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of the example episodes, written for this project."""
    return EXAMPLES


@pytest.fixture(scope="session")
def unopened(made_once: MadeOnce) -> Path:
    """The folder of an archive of the examples that is only copied from.

    Never copied from a store that this process has open: closing any of SQLite's files drops
    the process's locks on it, and what another process writes then goes unnoticed.
    """
    return made_once("unopened", examples_indexed_into)


def examples_indexed_into(folder: Path) -> Path:
    """A folder with an archive of the examples made in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ASKPOD_PRECISION", raising=False)
        with Archive.open(folder, create=True) as archive:
            archive.index([EXAMPLES])
    return folder


@pytest.fixture(scope="session")
def indexed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, unopened: Path
) -> Path:
    """The folder of an archive of the examples. Not to be changed: see `store`."""
    folder = tmp_path_factory.mktemp("indexed") / "store"
    if request.config.getoption("--chroma-server"):  # a folder is not what holds the archive
        return examples_indexed_into(folder)
    return Path(shutil.copytree(unopened, folder))


@pytest.fixture(scope="session")
def archive(indexed: Path) -> Iterator[Archive]:
    """An open archive of the examples, shared by all tests: to be read only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ASKPOD_PRECISION", raising=False)
        opened = Archive.open(indexed)
    with opened:
        yield opened


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the examples' archive that a test may change, break and rebuild."""
    if request.config.getoption("--chroma-server"):  # a copied folder would share its archive
        return examples_indexed_into(tmp_path / "store")
    return Path(shutil.copytree(request.getfixturevalue("unopened"), tmp_path / "store"))


@pytest.fixture
def write_episode(tmp_path: Path) -> WriteEpisode:
    """Writes a small file in the format of the examples.

    write_episode("bees.md", ["Bees dance.", ("Cora", "Do they?")], season=2) -> its path

    A turn is a text, said by Ann, or (speaker, text); one is said every ten seconds. A text
    that begins with "# " is a header.
    """

    def write(name: str, turns: Sequence[str | tuple[str, str]], **fields: object) -> Path:
        rows: list[Mapping[str, object]] = []
        for turn in turns:
            speaker, text = ("Ann", turn) if isinstance(turn, str) else turn
            if text.startswith("# "):
                rows.append({"header": text[2:]})
            else:
                rows.append({"line": text, "sec": 10 * len(rows), "who": speaker})
        front = {"title": f"About {Path(name).stem}", **fields, "transcript": rows}
        dumped = yaml.dump(front, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\n{dumped}---\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def small(tmp_path, write_episode) -> Path:
    """A store of two small episodes, bees.md and trains.md."""
    files = [
        write_episode("bees.md", ["Bees dance to tell where the linden trees are."]),
        write_episode("trains.md", ["A night train waits in a siding near Basel."]),
    ]
    with Archive.open(tmp_path / "small", create=True) as archive:
        archive.index(files)
    return tmp_path / "small"
