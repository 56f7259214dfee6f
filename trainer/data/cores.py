"""Work on all processors that this process may use: chunks to other processes, results in the order of the chunks.

Few chunks are under way at a time, so that what is worked on may be a stream of any length.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, TypeVar

from tutor_app.core.errors import HostFault

Item = TypeVar("Item")
Made = TypeVar("Made")


def count() -> int:
    """Processors that this process may use; in a container or a cluster's job often fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread(
    items: Iterable[Item],
    work: Callable[[Sequence[Item]], list[Made]],
    *,
    begin: Callable[..., None],
    given: tuple[Any, ...],
    chunk: int,
    processes: int,
) -> Iterator[Made]:
    """What ``work`` makes of the items, in their order.

    Args:
        items: Anything that can be pickled.
        work: A function of a module: from a chunk to as many results.
        begin: Called once in every process before.
        given: Its arguments.
        chunk: Items at once.
        processes: How many; with one, this process does it.

    Raises:
        HostFault: If a process dies.
    """
    if processes == 1:
        begin(*given)
        for part in _chunks(items, chunk):
            yield from work(part)
        return
    # Forked, they would inherit the locks of threads that other libraries have started.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=begin, initargs=given) as pool:
        waiting: deque[Future[list[Made]]] = deque()
        try:
            for part in _chunks(items, chunk):
                waiting.append(pool.submit(work, part))
                if len(waiting) > 2 * processes:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except BrokenProcessPool as e:
            raise HostFault("A process of the step ended.", "Free some memory and start again.") from e
        finally:
            pool.shutdown(cancel_futures=True)


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    source = iter(items)
    while part := list(islice(source, size)):
        yield part
