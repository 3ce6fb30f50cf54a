"""A transcriber of the user's own: a command that is given a WAV file and writes Whisper's JSON.

The file lies in a folder of its own. What the command writes there as .json counts, else what it
prints. It is named in the environment alone: a file in the working folder must not say what is
run.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from askpod.errors import RecordingError, TranscriberError
from askpod.files import read_bounded
from askpod.readers.limits import MAX_JSON_BYTES
from askpod.services.http import excerpt
from askpod.transcription.engine import Heard, heard_in
from askpod.transcription.sound import RATE, Samples, as_wav

PLACE = "{}"  # in the command, where the file's path goes; else it comes last
PATIENCE = 3_600.0  # seconds for a window of five minutes
_SAID = 100_000  # bytes of complaints that are looked at


class Command:
    """A command that transcribes.

    Raises:
        TranscriberError: there is no such command.
    """

    def __init__(self, line: str) -> None:
        try:
            self._words = shlex.split(line)
        except ValueError as error:
            raise TranscriberError(f"ASKPOD_TRANSCRIBER is no command: {error}") from None
        program = self._words[0] if self._words else ""
        if shutil.which(program) is None:
            raise TranscriberError(
                f"ASKPOD_TRANSCRIBER names {program or 'nothing'}, which is neither a command "
                "here, nor a size of Whisper, nor a folder of a model, nor openai:NAME"
            )
        # Other arguments are another engine; themselves they may hold a key.
        digest = hashlib.sha256(line.encode("utf-8", "replace")).hexdigest()
        self.name = f"command {Path(program).name} {digest[:8]}"

    def transcribe(self, samples: Samples) -> Heard:
        """See Engine."""
        with tempfile.TemporaryDirectory(prefix="askpod-") as name:
            folder = Path(name)
            sound, out, said = (folder / each for each in ("window.wav", "out", "said"))
            sound.write_bytes(as_wav(samples))
            words = [word.replace(PLACE, str(sound)) for word in self._words]
            code = _run(words if words != self._words else [*words, str(sound)], out, said)
            if code:
                raise RecordingError(f"{self.name} failed ({code}): {_last_line(said)}")
            written = sorted(folder.glob("*.json"))
            return heard_in(_read(written[0] if written else out), self.name, len(samples) / RATE)


def _run(words: list[str], out: Path, said: Path) -> int:
    """Runs a command to its end, or ends it, with whatever it has started."""
    with out.open("wb") as to_out, said.open("wb") as to_said:
        process = subprocess.Popen(  # noqa: S603 - the user's own command, without a shell
            words, stdin=subprocess.DEVNULL, stdout=to_out, stderr=to_said, start_new_session=True
        )
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise RecordingError(f"{words[0]} has not finished in {PATIENCE:,.0f} s") from None
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _read(path: Path) -> str:
    try:
        return read_bounded(path, MAX_JSON_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise RecordingError(f"what the command wrote cannot be read: {error.strerror}") from None


def _last_line(said: Path) -> str:
    with said.open("rb") as file:
        file.seek(max(0, said.stat().st_size - _SAID))
        lines = file.read().decode("utf-8", "replace").split("\n")
    return next((excerpt(line) for line in reversed(lines) if line.strip()), "it says nothing")
