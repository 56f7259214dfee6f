import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("urllib3", reason="the trainer's packages are not installed")

from tests.fakes import FakeExecutor
from tests.trainer.teacher.completions_server import Script, serving
from trainer.runs import Journal
from trainer.teacher.budget import Metered, RequestFailed
from trainer.teacher.endpoint import Endpoint, EndpointOptions
from trainer.teacher.teacher import Teacher
from trainer.teacher.work import FAILED_IN_A_ROW, NotMade, Shard, work_through
from tutor_app.core.dialect import CHATML, PromptSet
from tutor_app.core.errors import EngineFault, UserFault
from tutor_app.core.ports import Cancel


def double(item: int, _: Cancel) -> dict[str, Any]:
    return {"twice": 2 * item}


def test_rows_come_in_the_order_of_the_items(tmp_path: Path) -> None:
    both = threading.Barrier(2)

    def wait(item: int, _: Cancel) -> dict[str, Any]:
        both.wait(30)
        return {"item": item}

    done = work_through(tmp_path, "s", "id", [5, 6, 7, 8], wait, parallel=2)
    assert [row["item"] for row in done.rows.values()] == [5, 6, 7, 8]
    done.finish()
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_made_is_counted_and_not_tried_again(tmp_path: Path) -> None:
    tried: list[int] = []

    def odd(item: int, _: Cancel) -> dict[str, Any]:
        tried.append(item)
        if item % 2:
            raise NotMade("odd, as it is")
        return {"item": item}

    for _ in range(2):
        done = work_through(tmp_path, "s", "id", [0, 1, 2, 3], odd, parallel=1)
        assert [row.get("why") for row in done.rows.values()] == [None, "odd, as it is", None, "odd, as it is"]
    assert tried == [0, 1, 2, 3]


def test_a_failure_keeps_what_is_done_and_the_next_start_does_the_rest(tmp_path: Path) -> None:
    def fail(item: int, _: Cancel) -> dict[str, Any]:
        if item == 2:
            raise EngineFault("the server is gone")
        return {"twice": 2 * item}

    with pytest.raises(EngineFault, match="the server is gone"):
        work_through(tmp_path, "s", "id", [0, 1, 2, 3], fail, parallel=1)
    seen: list[int] = []

    def go_on(item: int, cancel: Cancel) -> dict[str, Any]:
        seen.append(item)
        return double(item, cancel)

    done = work_through(tmp_path, "s", "id", [0, 1, 2, 3], go_on, parallel=1)
    done.finish()
    assert seen == [2, 3]
    assert [row["twice"] for row in done.rows.values()] == [0, 2, 4, 6]


def test_shards_do_each_their_part_and_a_start_without_one_gathers(tmp_path: Path) -> None:
    items = list(range(10))
    for text in ("1/3", "3/3"):
        done = work_through(tmp_path, "s", "id", items, double, parallel=2, shard=Shard.parse(text))
        assert set(done.rows) == {i for i in items if i % 3 == Shard.parse(text).number - 1}
    missing: list[int] = []

    def rest(item: int, cancel: Cancel) -> dict[str, Any]:
        missing.append(item)
        return double(item, cancel)

    done = work_through(tmp_path, "s", "id", items, rest, parallel=1)
    assert missing == [1, 4, 7]
    assert [row["twice"] for row in done.rows.values()] == [2 * i for i in items]
    done.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_shard_that_is_still_at_work_is_not_gathered(tmp_path: Path) -> None:
    with Journal(tmp_path / "s.1-of-2.journal", "id"), pytest.raises(UserFault, match="Another process is working"):
        work_through(tmp_path, "s", "id", [1, 2], double, parallel=1)


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "-1/2", "1/0", ""])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no shard such as 3/8"):
        Shard.parse(text)


WORKER = """
import sys
from pathlib import Path
from tests.fakes import FakeExecutor
from trainer.teacher.budget import Metered
from trainer.teacher.endpoint import Endpoint, EndpointOptions
from trainer.teacher.teacher import Teacher
from trainer.teacher.work import work_through
from tutor_app.core.dialect import CHATML, PromptSet

folder, url = sys.argv[1:]
options = EndpointOptions(url, "m", parallel=8, stream=False, timeout=20, first_pause=0.001)
model = Metered(Endpoint(options))
teacher = Teacher(model, FakeExecutor(), CHATML, max_tokens=50)
items = [f"Problem {i}" for i in range(200)]
done = work_through(
    Path(folder), "s", "id", items, lambda item, cancel: {"said": teacher.ask(PromptSet(), item, cancel).text},
    parallel=8, meter=model,
)
Path(folder, "result").write_text("\\n".join(row["said"] for row in done.rows.values()))
teacher.close()
done.finish()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_failures_and_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    reached = [threading.Event(), threading.Event(), threading.Event()]
    faults: dict[int, int | str] = {3: 429, 7: 500, 12: "break"}

    def fault(number: int) -> int | str | None:
        for event, at in zip(reached, (40, 90, 150), strict=True):
            if number == at:
                event.set()
        return faults.get(number % 25)

    def reply(prompt: str) -> str:
        problem = prompt.split("<|im_start|>user\n")[1].split("<|im_end|>")[0]
        return f"Answer to {problem}."

    script = Script(reply, fault=fault)
    with serving(script) as url:
        command = [sys.executable, "-c", WORKER, str(tmp_path), url]
        for event in reached:
            child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            assert event.wait(120)
            os.kill(child.pid, signal.SIGKILL)
            assert child.wait() == -signal.SIGKILL
        assert subprocess.run(command, check=True, stderr=subprocess.DEVNULL).returncode == 0
    said = (tmp_path / "result").read_text().split("\n")
    assert said == [f"Answer to Problem {i}." for i in range(200)]
    assert [p.name for p in tmp_path.iterdir()] == ["result"]


def ask_all(folder: Path, script: Script, n: int) -> list[dict[str, Any]]:
    """A row for each of ``n`` problems, asked of a server."""
    with serving(script) as url:
        options = EndpointOptions(url, "m", parallel=4, stream=False, tries=3, first_pause=0.001)
        with Teacher(Metered(Endpoint(options)), FakeExecutor(), CHATML, max_tokens=50) as teacher:
            done = work_through(
                folder,
                "s",
                "id",
                [f"Problem {i}." for i in range(n)],
                lambda item, cancel: {"said": teacher.ask(PromptSet(), item, cancel).text},
                parallel=4,
                meter=teacher.model,
            )
    return [{k: v for k, v in row.items() if k != "at"} for row in done.rows.values()]


@pytest.mark.parametrize("fault", [500, 502, "break"])
@pytest.mark.parametrize("at", [0, 7, 19])
def test_an_item_that_a_server_always_fails_at_is_counted_and_the_others_are_made(
    tmp_path: Path, fault: int | str, at: int
) -> None:
    rows = ask_all(tmp_path, Script(lambda _: "Fine.", breaks_at=(f"Problem {at}.", fault)), 20)
    assert rows.pop(at) == {"why": "the server failed at it again and again"}
    assert rows == [{"said": "Fine."}] * 19


def test_a_server_that_fails_at_everything_ends_the_work(tmp_path: Path) -> None:
    with pytest.raises(EngineFault, match="failed 3 times in a row, the last time with this: status 500"):
        ask_all(tmp_path, Script(lambda _: "Fine.", breaks_at=("Problem", 500)), 40)
    # Few items are given up before that is clear; the next start does all others.
    with Journal(tmp_path / "s.journal", "id") as journal:
        assert len(journal.rows) <= FAILED_IN_A_ROW
    rows = ask_all(tmp_path, Script(lambda _: "Fine."), 40)
    assert sum("said" in row for row in rows) >= 40 - FAILED_IN_A_ROW


class AsksSlowly(Metered):
    """A model that is there; whether it is, is told to the item "slow" a second time when ``ended`` has ended."""

    def __init__(self) -> None:
        super().__init__(Endpoint(EndpointOptions("http://127.0.0.1:9", "m")))
        self.of = threading.local()
        self.slow = 0
        self.waits = threading.Event()
        self.ended: threading.Thread | None = None

    def answers(self) -> bool:
        self.slow += self.of.item == "slow"
        if self.of.item == "slow" and self.slow == 2:
            self.waits.set()
            assert self.ended is not None
            self.ended.join(60)
            assert not self.ended.is_alive()
        return True


def test_work_that_is_cut_short_does_not_hide_that_a_server_is_broken(tmp_path: Path) -> None:
    meter = AsksSlowly()

    def one(item: str, cancel: Cancel) -> dict[str, Any]:
        meter.of.item = item
        if item == "cut short":
            meter.ended = threading.current_thread()
            assert isinstance(cancel, threading.Event)
            assert cancel.wait(60)
            return {"said": "Half of"}
        if item == "last":
            assert meter.waits.wait(60)
        raise RequestFailed(f"status 500 at {item}")

    items = ["cut short", *(f"{i}" for i in range(FAILED_IN_A_ROW)), "slow", "last"]
    with pytest.raises(RequestFailed, match="status 500 at last"):
        work_through(tmp_path, "s", "id", items, one, parallel=3, meter=meter)
    with Journal(tmp_path / "s.journal", "id") as journal:
        assert sorted(row["at"] for row in journal.rows) == list(range(1, FAILED_IN_A_ROW + 1))


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_is_overloaded_gives_no_item_up(tmp_path: Path, status: int) -> None:
    with pytest.raises(EngineFault, match=f"status {status}"):
        ask_all(tmp_path, Script(lambda _: "Fine.", fault=lambda _: status), 10)
    assert ask_all(tmp_path, Script(lambda _: "Fine."), 10) == [{"said": "Fine."}] * 10


def test_the_journal_says_what_was_spent(tmp_path: Path) -> None:
    with serving(Script(lambda _: "Four words of it")) as url:
        code = WORKER.replace("range(200)", "range(3)").replace("done.finish()", "")
        subprocess.run([sys.executable, "-c", code, str(tmp_path), url], check=True, stderr=subprocess.DEVNULL)
    rows = [json.loads(line) for line in (tmp_path / "s.journal").read_text().splitlines()]
    assert rows[-1]["spent"][0] == 3
    assert rows[-1]["spent"][2] == 3 * 4
