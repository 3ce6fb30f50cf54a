"""Runs the user's own git on a repository that is not trusted.

Nothing of the repository acts: no hooks, no submodules, no links, no large-file service. Git asks
nobody for a password, follows no redirect, speaks no protocol but HTTP, and connects to the
address that was checked. Its time and the size of what it fetches are bounded.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from askpod.errors import FetchError

WHOLE = 900.0  # seconds for one call of git
MOST_BYTES = 2 * 2**30  # of a clone, packed objects and files together
MOST_SAID = 2**20  # bytes of messages, which the server may write without end
_EVERY = 15.0  # seconds between two notes that it still runs
_LOOK = 0.1  # seconds between two looks at it

_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.symlinks": "false",
    "core.fsmonitor": "false",
    "core.autocrlf": "false",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "filter.lfs.smudge": "",
    "filter.lfs.process": "",
    "filter.lfs.required": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "100",  # bytes a second …
    "http.lowSpeedTime": "30",  # … for so many seconds end it
    "advice.detachedHead": "false",
}


class GitFailed(FetchError):
    """Git ended with an error; the message is its own last line."""


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one folder. `settings` and `variables` come on top of the safe ones."""

    folder: Path
    shown: str  # the repository, for messages
    settings: dict[str, str]
    variables: dict[str, str]
    notify: Callable[[str], None]

    def run(self, *arguments: str) -> bytes:
        """What a git command prints. Raises GitFailed, or FetchError where it takes too much."""
        program = shutil.which("git")
        if program is None:
            raise FetchError(
                f"{self.shown}: git is not installed, and repositories are fetched with it; "
                "install it, or name a folder that holds the files"
            )
        folder = self.folder.resolve()
        command = [program, f"--git-dir={folder / '.git'}", f"--work-tree={folder}"]
        for name, value in {**_SETTINGS, **self.settings}.items():
            command += ["-c", f"{name}={value}"]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
            code = self._watched([*command, *arguments], out, said)
            if code:
                raise GitFailed(f"{self.shown}: git says: {_last_line(said)}")
            out.seek(0)
            return out.read()

    def _watched(self, command: Sequence[str], out: IO[bytes], said: IO[bytes]) -> int:
        """The exit code; git and what it started are ended on every other way out."""
        # A group of its own: git's helpers end with it.
        process = subprocess.Popen(  # noqa: S603 - no shell; arguments are checked by the caller
            command,
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=said,
            start_new_session=True,
        )
        began = told = time.monotonic()
        look_at = began
        try:
            while (code := _ended(process)) is None:
                now = time.monotonic()
                self._check_time(now - began, said)
                if now > look_at:
                    self._check_size()
                    look_at = now + 1 + 20 * (time.monotonic() - now)
                if now - told > _EVERY:
                    told = now
                    self.notify(f"{self.shown}: git is at it ({now - began:.0f} s) …")
            return code
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _check_time(self, seconds: float, said: IO[bytes]) -> None:
        if seconds > WHOLE:
            raise FetchError(f"{self.shown}: git has not finished in {WHOLE:.0f} s; try later")
        if os.fstat(said.fileno()).st_size > MOST_SAID:
            raise FetchError(f"{self.shown}: the server talks without end, and was cut off")

    def _check_size(self) -> None:
        if _size(self.folder) > MOST_BYTES:
            raise FetchError(
                f"{self.shown}: is larger than {MOST_BYTES // 2**30} GB, the most that is fetched; "
                "name a folder of it (…#folder), or clone it yourself and index the folder"
            )

    def _environment(self) -> dict[str, str]:
        own = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "SSH_ASKPASS"))}
        return {
            **own,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",  # answers nothing, and at once
            "GCM_INTERACTIVE": "never",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "LC_ALL": "C",
            **self.variables,
        }


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(_LOOK)
    except subprocess.TimeoutExpired:
        return None


def _size(folder: Path) -> int:
    """Bytes of the files below a folder that another process writes to."""
    total = 0
    for where, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                total += os.lstat(os.path.join(where, name)).st_size  # noqa: PTH118 - many files
    return total


def _last_line(said: IO[bytes]) -> str:
    """The line that tells most of what git said: its last complaint."""
    said.seek(0)
    lines = [line.strip() for line in said.read(MOST_SAID).decode("utf-8", "replace").splitlines()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (told or [line for line in lines if line] or ["nothing"])[-1][:300]
