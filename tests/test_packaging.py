"""What `make demo` installs: pinned, hashed, from no named place, and without what we never run."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?P<rest>.*)$")
NEVER = (
    "torch",
    "transformers",
    "sentence-transformers",
    "kubernetes",
    "huggingface-hub",
)

pytestmark = pytest.mark.skipif(
    not (ROOT / "requirements.lock").is_file(), reason="not run from a checkout: no lock beside it"
)


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of a lock: its name, and how many hashes it may match."""

    name: str
    hashes: int


def normalise(name: str) -> str:
    """The spelling of a package's name under which two spellings of it are equal."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> list[Pin]:
    """Every package of the lock; fails at the first line that is not one pinned package."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#"]
    found = []
    for entry in entries:
        match = PIN.match(entry)
        assert match, f"{lock}: not one pinned package: {entry[:80]}"
        hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}\b", match["rest"])
        found.append(Pin(normalise(match["name"]), len(hashes)))
    return found


def names(lock: str) -> set[str]:
    return {pin.name for pin in pins(lock)}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def required(requirements: list[str]) -> set[str]:
    """The packages' names, without the versions asked for."""
    return {normalise(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_and_hashed(lock):
    unhashed = [pin.name for pin in pins(lock) if not pin.hashes]
    assert len(pins(lock)) > 20
    assert unhashed == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_says_where_packages_come_from(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"--(extra-)?index|--find-links|--trusted-host|\s@\s|file:", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_only_named_stays_out(lock):
    excluded = {normalise(name) for name in project()["tool"]["uv"]["exclude-dependencies"]}
    assert names(lock) & (excluded | set(NEVER)) == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_what_the_project_needs_is_in(lock):
    settings = project()
    groups = settings["dependency-groups"]
    needed = required(settings["project"]["dependencies"] + groups["offline"] + groups["build"])
    assert needed - names(lock) == set()


def test_the_tools_are_in_the_lock_for_development_only():
    tools = required(project()["project"]["optional-dependencies"]["dev"])
    assert tools - names("requirements-dev.lock") == set()
    assert tools & names("requirements.lock") == set()


def test_both_locks_pin_the_same_versions():
    pinned = {}
    for lock in LOCKS:
        text = (ROOT / lock).read_text(encoding="utf-8")
        pinned[lock] = set(re.findall(r"^[A-Za-z0-9._-]+==[^\s\\]+", text, re.MULTILINE))
    assert pinned["requirements.lock"] - pinned["requirements-dev.lock"] == set()


def test_the_build_tool_of_the_lock_is_the_one_the_build_asks_for():
    settings = project()
    assert settings["build-system"]["requires"] == settings["dependency-groups"]["build"]


def imported(source: Path) -> set[str]:
    """The top-level names of what a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_whatever_is_imported_is_asked_for():
    used = set().union(*(imported(path) for path in (ROOT / "src").rglob("*.py")))
    third_party = used - set(sys.stdlib_module_names) - {"askpod"}
    makers = packages_distributions()
    wanted = {normalise(maker) for name in third_party for maker in makers.get(name, [name])}
    settings = project()["project"]
    extra = settings["optional-dependencies"]["audio"]  # imported where it is installed
    assert wanted - required(settings["dependencies"] + extra) == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_what_transcribes_is_in_no_lock(lock):
    extra = required(project()["project"]["optional-dependencies"]["audio"])
    assert extra & names(lock) == set()


def test_the_wheel_and_the_sdist_hold_the_page(tmp_path):
    """Built by the pinned backend, which is installed with the tests: nothing is fetched."""
    build = (
        "from hatchling.build import build_wheel, build_sdist\n"
        f"print(build_wheel({str(tmp_path)!r}), build_sdist({str(tmp_path)!r}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", build], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    wheel, sdist = (tmp_path / name for name in run.stdout.split()[-2:])
    page = {path.name for path in (ROOT / "src/askpod/serve/static").iterdir()}
    with zipfile.ZipFile(wheel) as packed:
        assert page <= {Path(name).name for name in packed.namelist() if "serve/static/" in name}
    with tarfile.open(sdist) as packed:
        assert page <= {Path(name).name for name in packed.getnames() if "serve/static/" in name}
