"""Clones the transcripts of a public git repository: `git+https://host/repo[@ref]#folder`.

Only files that are named like transcripts and metadata are fetched, of one commit. The user's own
git runs on a repository that is not trusted, so nothing of it acts: no hooks, no submodules, no
links, no large-file service. Git asks nobody for a password, follows no redirect, speaks HTTP alone
and connects to the address that was checked. Its time and size are bounded.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote

from askpod.errors import Failure, FetchError, PathError
from askpod.files import folder_name
from askpod.readers.discover import ENDINGS, SourceFiles, find_files
from askpod.sources.addresses import (
    Address,
    NoSuchHost,
    host_and_path,
    is_public,
    parse,
    port_of,
    resolve,
)

_REF = re.compile(r"(?!.*(?:\.\.|//|\.lock(?:/|$)|[./]$))[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}")
_REF_SIGN = re.compile(r"(?<=[^/])@")  # one that begins a name is part of it: /@group/talks
_METADATA = (".yaml", ".yml")
_FILES = re.compile(rb"100\d{3} blob ([0-9a-f]+)\t(.+)", re.DOTALL)  # no links, no submodules

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

Notify = Callable[[str], None]
Listing = dict[str, str]  # path in the repository -> digest of the content


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as the user names it, each part checked."""

    address: Address
    ref: str  # a branch, a tag or a commit
    folder: str  # inside it, without slashes at the ends; "" for all of it

    def __str__(self) -> str:
        return str(self.address)


def named(source: str) -> Repository:
    """The repository that `git+https://…` names. Raises FetchError where it is not as it should."""
    url, _, fragment = source[len("git+") :].partition("#")
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    sign = _REF_SIGN.search(path)
    ref = path[sign.end() :] if sign else "HEAD"
    address = parse(f"{scheme}://{host}{slash}{path[: sign.start()] if sign else path}")
    if address.authorization:
        raise FetchError(
            f"{address}: a repository's address is taken without credentials; git's own "
            "credential helper can hold them"
        )
    if not _REF.fullmatch(ref):
        raise FetchError(f"{address}: {ref[:80]!r} is no name of a branch, a tag or a commit")
    folder = unquote(fragment).strip("/")
    if folder and not all(map(_is_plain, folder.split("/"))):
        raise FetchError(f"{address}: {folder[:80]!r} is no folder inside the repository")
    return Repository(address, ref, folder)


def update_repository(
    source: str, sources: Path, notify: Notify, *, allow_private: bool
) -> SourceFiles:
    """Fetches the transcripts of a repository into a clone in `sources`.

    Raises FetchError: there is nothing, neither now nor from former runs.
    """
    repository = named(source)
    exact = f"{repository.address.url} {repository.ref} {repository.folder}"
    clone = sources / folder_name(host_and_path(str(repository.address.url)), exact)
    before: Listing = {}
    failed: tuple[Failure, ...] = ()
    fetched: set[Path] = set()
    try:
        settings, variables = _network(repository, allow_private=allow_private)
        there = Git(clone, str(repository), settings, variables, notify)
        before = _listing(there)
        notify(f"{repository}: fetching with git …")
        _update_clone(there, repository, sources, known=bool(before))
        after = _listing(there)
        if not (files := _files(clone, repository, after)):
            raise FetchError(
                f"{repository}: holds no transcript there at {repository.ref}; name the folder "
                "that does: git+https://…#folder"
            )
        fetched = {clone / name for name, is_now in after.items() if before.get(name) != is_now}
    except FetchError as error:
        files = _files(clone, repository, before) if before else []
        if not files:
            raise
        failed = (Failure(str(repository), str(error)),)
    new = sum(file in fetched for file in files)
    one = clone / repository.folder  # the user may have named a file instead of a folder
    named_ones = frozenset([one] if one.is_file() else [])
    return SourceFiles(tuple(files), named_ones, failed, new, roots=(clone.resolve(),))


def _network(
    repository: Repository, *, allow_private: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """How git may reach the repository: settings, and variables of its environment."""
    url = repository.address.url
    if url.scheme != "https" and not allow_private:
        raise FetchError(
            f"{repository}: is not encrypted, so anyone on the way could change what is read; use "
            "https, or --allow-private for a server of your own"
        )
    port = port_of(url)
    try:
        numbers = resolve(url.host, port, allow_private=allow_private)
    except NoSuchHost as error:
        raise FetchError(f"{repository}: cannot be reached: {error}") from None
    number = f"[{numbers[0]}]" if ":" in numbers[0] else numbers[0]
    variables = {"GIT_ALLOW_PROTOCOL": "http:https" if allow_private else "https"}
    if not is_public(numbers[0]):  # no proxy is between this machine and its own network
        variables |= {"no_proxy": url.host, "NO_PROXY": url.host}
    return {"http.curloptResolve": f"{url.host}:{port}:{number}"}, variables


def _update_clone(git: Git, repository: Repository, sources: Path, *, known: bool) -> None:
    """Brings the clone up to date; one that cannot be is replaced by a new one."""
    if known:
        for left_over in (git.folder / ".git").glob("*.lock"):
            left_over.unlink()  # of a run that was stopped: we hold the folder's lock
        try:
            _update(git, repository)
        except GitFailed:
            git.notify(f"{repository}: the clone cannot be updated; cloning again …")
        else:
            return
    aside = sources / f".new-{git.folder.name}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        fresh = Git(aside, git.shown, git.settings, git.variables, git.notify)
        fresh.run("init", "--quiet", "--template=")
        fresh.run("config", "remote.origin.url", str(repository.address.url))
        fresh.run("config", "core.sparseCheckout", "true")
        _update(fresh, repository)
        shutil.rmtree(git.folder, ignore_errors=True)
        aside.rename(git.folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _update(git: Git, repository: Repository) -> None:
    """Fetches the commit that the ref stands for now, and checks out its transcripts."""
    fetch = ("fetch", "--quiet", "--depth=1", "--filter=blob:none", "--no-tags", "--force")
    git.run(*fetch, "--", "origin", repository.ref)
    patterns = git.folder / ".git" / "info" / "sparse-checkout"
    patterns.parent.mkdir(exist_ok=True)
    lines = "".join(f"{line}\n" for line in _patterns(git, repository))
    patterns.write_text(lines, encoding="utf-8")
    git.run("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")


def _patterns(git: Git, repository: Repository) -> Iterator[str]:
    """Which files are checked out, as git's sparse-checkout takes it. Raises FetchError if none."""
    folder = repository.folder
    if folder:
        kind = git.run("ls-tree", "-z", "--full-tree", "FETCH_HEAD", "--", folder).split(b" ")[1:2]
        if kind not in ([b"tree"], [b"blob"]):
            raise FetchError(
                f"{repository}: has no folder or file {folder!r} at {repository.ref}; check the "
                "part after #"
            )
        if kind == [b"blob"]:
            yield f"/{_escaped(folder)}"
            for beside in (Path(folder).with_suffix(ending) for ending in _METADATA):
                yield f"/{_escaped(beside.as_posix())}"
            return
    root = f"/{_escaped(folder)}/" if folder else "/"
    for ending in (*ENDINGS, *_METADATA):
        letters = "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in ending)
        yield f"{root}**/*{letters}"


def _listing(git: Git) -> Listing:
    """The files of the commit that is checked out; none where there is no clone."""
    if not (git.folder / ".git").is_dir():
        return {}
    try:
        lines = git.run("ls-tree", "-r", "-z", "--full-tree", "HEAD").split(b"\0")
    except GitFailed:
        return {}
    found = map(_FILES.fullmatch, lines)
    return {
        match[2].decode(errors="surrogateescape"): match[1].decode() for match in found if match
    }


def _files(clone: Path, repository: Repository, listing: Listing) -> list[Path]:
    try:
        found = find_files([clone / repository.folder])
    except PathError:
        return []
    return [file for file in found if file.relative_to(clone).as_posix() in listing]


def _is_plain(part: str) -> bool:
    return part not in ("", ".", "..") and part.lower() != ".git" and part.isprintable()


def _escaped(path: str) -> str:
    return re.sub(r"([\\*?\[\]!# ])", r"\\\1", path)


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
            umask=0o077,  # its files are the user's alone
        )
        began = told = look_at = time.monotonic()
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return process.wait(_LOOK)
                now = time.monotonic()
                self._check_time(now - began, said)
                if now > look_at:
                    self._check_size()
                    look_at = now + 1 + 20 * (time.monotonic() - now)
                if now - told > _EVERY:
                    told = now
                    self.notify(f"{self.shown}: git is at it ({now - began:.0f} s) …")
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
        total = 0
        for where, _, files in os.walk(self.folder):
            for name in files:
                with suppress(OSError):  # another process writes there
                    total += os.lstat(os.path.join(where, name)).st_size  # noqa: PTH118 - many files
        if total > MOST_BYTES:
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


def _last_line(said: IO[bytes]) -> str:
    """The line that tells most of what git said: its last complaint."""
    said.seek(0)
    lines = [line.strip() for line in said.read(MOST_SAID).decode("utf-8", "replace").splitlines()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (told or [line for line in lines if line] or ["nothing"])[-1][:300]
