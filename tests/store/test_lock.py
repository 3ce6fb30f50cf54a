"""One writer at a time, whatever happens to the others."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from askpod.errors import StoreBusy, StoreUnwritable
from askpod.store_lock import write_lock

HOLD = """
import sys, time
from pathlib import Path
from askpod.store_lock import write_lock
with write_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_told_and_waits(tmp_path):
    told: list[str] = []
    order: list[str] = []
    held = threading.Event()

    def first() -> None:
        with write_lock(tmp_path):
            held.set()
            while not told:
                held.wait(0.01)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    held.wait()
    with write_lock(tmp_path, told.append):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert told == [f"another askpod is writing to {tmp_path}; waiting for it to finish …"]


def test_patience_ends(tmp_path):
    with (
        write_lock(tmp_path),
        pytest.raises(StoreBusy, match=r"another askpod has been writing .* for 0 s; run the"),
        write_lock(tmp_path, patience=0.1),
    ):
        pass


def test_a_killed_writer_leaves_the_lock_free(tmp_path, start):
    holder = start("-c", HOLD, tmp_path)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StoreBusy), write_lock(tmp_path, patience=0):
        pass
    holder.kill()
    holder.wait()
    with write_lock(tmp_path, patience=0):
        pass


def test_the_lock_is_free_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), write_lock(tmp_path):
        raise RuntimeError
    with write_lock(tmp_path, patience=0):
        pass


def test_a_folder_that_cannot_be_used_is_said_so(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(StoreUnwritable, match=r"the store cannot be used: .* run the same command"),
        write_lock(tmp_path / "file"),
    ):
        pass


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_a_folder_in_which_no_file_can_be_made_is_not_waited_for():
    with pytest.raises(StoreUnwritable), write_lock(Path("/proc/self")):
        pass
