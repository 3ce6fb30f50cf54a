"""One writer at a time over all machines, whatever becomes of the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from faulty_proxy import Reply, Request

from askpod.errors import ServerError, StoreBusy
from askpod.store.shared.client import Address, Database, NotThere
from askpod.store.shared.writer_lock import NAME, Pace, WriterLock

LIVELY = Pace(beat=0.05, stale=1.5, patience=60.0, poll=0.02)
DEAD = Pace(beat=600.0, stale=1.5, patience=60.0, poll=0.02)  # shows no sign of life


@pytest.fixture
def shelf(chroma, database) -> Iterator[Database]:
    opened = Database(Address(chroma.url, "default_tenant", database))
    yield opened
    opened.close()


def lock(shelf: Database, holder: str, pace: Pace = LIVELY) -> WriterLock:
    return WriterLock(shelf, holder, lambda _: None, pace)


def test_it_is_free_again_after_use(shelf):
    for holder in ("ada", "bob", "ada"):
        with lock(shelf, holder) as held:
            held.check()
    with pytest.raises(NotThere):
        shelf.collection(NAME)


def test_writers_take_turns(shelf):
    inside, most, turns = 0, 0, []
    guard = threading.Lock()

    def write(holder: str) -> None:
        nonlocal inside, most
        with lock(shelf, holder) as held:
            with guard:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            held.check()
            turns.append(holder)
            with guard:
                inside -= 1

    names = ["ada", "bob", "cleo", "dan", "eve"]
    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert sorted(turns) == names


def test_a_second_writer_waits_and_is_told_for_whom(shelf):
    told: list[str] = []
    with lock(shelf, "ada"):
        waiting = WriterLock(shelf, "bob", told.append, Pace(0.05, 9.0, 0.3, 0.02))
        with pytest.raises(StoreBusy, match="ada has been writing"), waiting:
            pytest.fail("two writers at once")
    assert told == ["ada is writing to this archive; waiting for it to finish …"]


def test_a_slow_writer_that_shows_life_is_waited_for(shelf):
    with lock(shelf, "ada") as held:
        with pytest.raises(StoreBusy), lock(shelf, "bob", Pace(0.05, 1.5, 3.0, 0.02)):
            pytest.fail("taken over from a living one")
        held.check()


def test_a_writer_that_shows_no_life_is_taken_over_and_notices(shelf):
    with lock(shelf, "ada", DEAD) as dead:
        dead.check()
        with lock(shelf, "bob") as living:
            living.check()
            with pytest.raises(ServerError, match="taken over"):
                dead.check()
    # The one that was put aside has not taken the newer lock away at its end.
    with lock(shelf, "cleo") as held:
        held.check()


def test_the_late_end_of_a_dead_writer_leaves_the_next_ones_lock_alone(shelf):
    dead = lock(shelf, "ada", DEAD)
    dead.__enter__()
    with lock(shelf, "bob") as living:
        dead.__exit__(None, None, None)
        living.check()


def test_two_who_take_over_at_once_do_not_both_get_it(shelf):
    with lock(shelf, "ada", DEAD):
        held: list[str] = []
        wrong: list[str] = []

        def take(holder: str) -> None:
            with lock(shelf, holder) as mine:
                if held:
                    wrong.append(holder)
                held.append(holder)
                time.sleep(0.05)
                mine.check()
                held.remove(holder)

        threads = [threading.Thread(target=take, args=(name,)) for name in ("bob", "cleo", "dan")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


def test_a_lock_that_is_being_removed_is_as_good_as_gone(proxy, database):
    said = b'{"error":"ChromaError","message":"Missing field: [Missing metadata segment]"}'
    renamed: list[Request] = []

    def spoil(request: Request) -> Reply | None:
        if b"new_name" in request.body:
            renamed.append(request)
        return Reply(412, said) if len(renamed) == 1 and request is renamed[0] else None

    shelf = Database(Address(proxy.url, "default_tenant", database))
    lock(shelf, "ada", DEAD).__enter__()
    proxy.spoil = spoil
    with lock(shelf, "bob") as held:
        held.check()
    assert len(renamed) == 3  # what failed, what came through, and the release
    shelf.close()


def test_what_a_killed_writer_of_this_folder_left_is_taken_over_at_once(shelf):
    left = lock(shelf, "ada", DEAD)
    left.__enter__()
    began = time.monotonic()
    with lock(shelf, "ada", Pace(1.0, 600.0, 600.0, 0.02)) as held:
        held.check()
    assert time.monotonic() - began < 60
