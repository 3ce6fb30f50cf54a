"""Git repositories served on loopback by git itself, for what is fetched with git."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType

from feeds import about, srt, vtt

_SAFE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
_AUTHOR = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ann"), ("EMAIL", "ann@river.example"))
}

# A repository as people keep them: transcripts among other things.
TALKS = {
    "README.md": "# Talks",
    "episodes/locks.vtt": vtt(about("locks")),
    "episodes/locks.yaml": "title: On locks\n",
    "episodes/2024/eels.SRT": srt(about("eels")),
    "episodes/cover.png": "not fetched",
    "other/mills.vtt": vtt(about("mills")),
}


def backend() -> Path | None:
    """The program that serves repositories over HTTP; None where git lacks it."""
    if not shutil.which("git"):
        return None
    where = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True)
    program = Path(where.stdout.strip(), "git-http-backend")
    return program if program.is_file() else None


class FakeGit:
    """Serves the repositories in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requests: list[str] = []
        self.down = False  # answers 503
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.git = self  # type: ignore[attr-defined]
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def commit(self, name: str, files: Mapping[str, str | None]) -> str:
        """Commits files (None: removed; "-> x": a link to x) to a repository; the commit's id."""
        work = self.folder / name
        work.mkdir(exist_ok=True)
        if not (work / ".git").exists():
            self.git(name, "init", "-q", "-b", "main")
            self.git(name, "config", "http.uploadpack", "true")
            self.git(name, "config", "uploadpack.allowFilter", "true")
        for path, content in files.items():
            file = work / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                file.unlink()
            elif content.startswith("-> "):
                file.symlink_to(content[3:])
            else:
                file.write_text(content)
        self.git(name, "add", "-A")
        self.git(name, "commit", "-q", "-m", "Changed")
        return self.git(name, "rev-parse", "HEAD")

    def git(self, name: str, *arguments: str) -> str:
        run = subprocess.run(
            ["git", *arguments],
            cwd=self.folder / name,
            env={**os.environ, **_SAFE, **_AUTHOR},
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout.strip()

    def at(self, name: str) -> str:
        """What `askpod index` takes for it."""
        return f"git+http://127.0.0.1:{self._server.server_port}/{name}"

    def __enter__(self) -> FakeGit:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Executor each request to git's own program, by the rules of CGI."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        git: FakeGit = self.server.git  # type: ignore[attr-defined]
        git.requests.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        if git.down:
            self.send_error(503)
            return
        run = subprocess.run(
            [str(backend())],
            input=body,
            capture_output=True,
            env={
                **os.environ,
                **_SAFE,
                "GIT_PROJECT_ROOT": str(git.folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REMOTE_ADDR": "127.0.0.1",
            },
        )
        head, _, content = run.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _serve  # noqa: N815 - the names that the server calls
