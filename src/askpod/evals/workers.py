"""Works on several things at once and gives the results in their order.

The threads are daemons: one that waits for a model's next word does not hold up a process that
was told to stop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

GRACE = 2.0  # seconds for threads to finish their step once the work is given up


def in_order(
    work: Callable[[Item, threading.Event], Result],
    items: Sequence[Item],
    parallel: int,
    finished: Callable[[int], None] | None = None,
) -> Generator[Result, None, None]:
    """What `work` makes of each item, in the order of the items.

    `work` is also given an event that is set once nobody wants the rest, and may then raise what
    it likes. `finished` is told how many are done, whatever their order. An error of `work` is
    raised here. Closing the iterator, or an error, stops the rest.
    """
    todo = iter(list(enumerate(items)))
    taking = threading.Lock()
    done: SimpleQueue[tuple[int, Result | None, BaseException | None]] = SimpleQueue()
    unwanted = threading.Event()

    def worker() -> None:
        while not unwanted.is_set():
            with taking:
                step = next(todo, None)
            if step is None:
                return
            position, item = step
            try:
                done.put((position, work(item, unwanted), None))
            except BaseException as error:
                done.put((position, None, error))

    threads = [
        threading.Thread(target=worker, name=f"askpod-eval-{number}", daemon=True)
        for number in range(min(parallel, len(items)))
    ]
    for thread in threads:
        thread.start()
    try:
        yield from _sorted(done, len(items), finished)
    finally:
        unwanted.set()
        until = time.monotonic() + GRACE
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))


def _sorted(
    done: SimpleQueue[tuple[int, Result | None, BaseException | None]],
    expected: int,
    finished: Callable[[int], None] | None,
) -> Iterator[Result]:
    waiting: dict[int, Result] = {}
    following = 0
    for number in range(1, expected + 1):
        position, result, error = done.get()
        if error is not None:
            raise error
        waiting[position] = result  # type: ignore[assignment]
        if finished is not None:
            finished(number)
        while following in waiting:
            yield waiting.pop(following)
            following += 1
