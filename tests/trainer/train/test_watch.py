"""What one rank does when another is gone, and when the store that both write into is."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from trainer.train.watch import Watch
from tutor_app.core.errors import HostFault

BEAT, SILENCE = 0.01, 0.2


class Store:
    """Keeps values in memory, as torch's store does in a process of its own."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.asked = threading.Event()
        self.answers = threading.Event()
        self.answers.set()

    def set_timeout(self, timeout: timedelta) -> None:
        """Torch's has one."""

    def set(self, key: str, value: str | bytes) -> None:
        self.asked.set()
        self.answers.wait()
        self.values[key] = value.encode() if isinstance(value, str) else value

    def check(self, keys: list[str]) -> bool:
        return all(key in self.values for key in keys)

    def get(self, key: str) -> bytes:
        return self.values[key]


class Ended:
    """What is called instead of ending the process."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.fault: HostFault | None = None

    def __call__(self, fault: HostFault) -> None:
        self.fault = fault
        self.event.set()

    def sentence(self) -> str:
        assert self.event.wait(30)
        return str(self.fault)


def watch(store: Store, end: Ended, rank: int = 0, world: int = 2, silence: float = SILENCE) -> Watch:
    return Watch(store, rank, world, end, silence=silence, beat=BEAT)


def test_a_rank_that_writes_nothing_more_is_named() -> None:
    store, end = Store(), Ended()
    store.values["beat/1"] = b"7"
    with watch(store, end):
        assert end.sentence() == (
            "Rank 1 ended or hangs, so the run was ended. "
            "Start the same command again: it goes on from the last checkpoint."
        )


def test_all_that_are_silent_are_named() -> None:
    store, end = Store(), Ended()
    with watch(store, end, rank=1, world=4):
        assert end.sentence().startswith("Ranks 0, 2, 3 ended or hang, so the run")


def test_a_store_that_does_not_answer_is_a_rank_that_is_gone() -> None:
    store, end = Store(), Ended()
    store.answers.clear()
    with watch(store, end, rank=1):
        assert end.sentence().startswith("Rank 0 ended or hangs")
        store.answers.set()


def test_the_sentence_of_a_rank_that_failed_is_told() -> None:
    store, end = Store(), Ended()

    def failing() -> None:
        with watch(store, Ended(), rank=1, silence=60):
            assert store.asked.wait(30)
            raise HostFault("The disk is full.")

    with pytest.raises(HostFault, match="The disk is full"):
        failing()
    with watch(store, end):
        assert end.sentence().startswith("Rank 1 ended or hangs, so the run was ended: The disk is full.")


def test_a_rank_that_ended_well_is_not_missed() -> None:
    store, end = Store(), Ended()
    with watch(store, Ended(), rank=1, silence=60):
        assert store.asked.wait(30)
    assert store.values["beat/1"] == b"ended"
    # Rank 2 never comes, and is the only one that is missed.
    with watch(store, end, world=3):
        assert end.sentence().startswith("Rank 2 ended or hangs")


def test_ranks_that_write_are_left_alone_and_no_thread_stays() -> None:
    store, ends = Store(), [Ended(), Ended()]
    before = threading.active_count()
    with watch(store, ends[0], silence=60), watch(store, ends[1], rank=1, silence=60):
        while not {"beat/0", "beat/1"} <= store.values.keys():
            pass
    assert not any(end.event.is_set() for end in ends)
    assert threading.active_count() == before
    assert store.values == {"beat/0": b"ended", "beat/1": b"ended"}
