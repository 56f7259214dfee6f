import os
from collections.abc import Sequence

import pytest

from trainer.data import cores
from tutor_app.core.errors import HostFault

_factor = 1


def begin(factor: int) -> None:
    global _factor
    _factor = factor


def times(numbers: Sequence[int]) -> list[int]:
    return [_factor * n for n in numbers]


def die(numbers: Sequence[int]) -> list[int]:
    os._exit(3)


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_the_order_of_the_items(processes: int, tracker: None) -> None:
    made = cores.spread(iter(range(50)), times, begin=begin, given=(3,), chunk=4, processes=processes)
    assert list(made) == [3 * n for n in range(50)]


def test_a_process_that_dies_is_a_sentence(tracker: None) -> None:
    with pytest.raises(HostFault, match="A process of the step ended"):
        list(cores.spread(range(5), die, begin=begin, given=(1,), chunk=2, processes=2))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors cannot be chosen here")
def test_only_processors_that_may_be_used_are_counted() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert cores.count() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert cores.count() == len(before)
