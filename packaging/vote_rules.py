"""Computes what other rules of a vote would have come to, from recorded attempts: right answers, and time.

Usage: ``python packaging/vote_rules.py RECORD COSTS [--half first|second]``, where ``RECORD`` is what
``packaging/votes.py --record --out`` has kept, and ``COSTS`` what ``packaging/vote_rules.py --measure MODEL.gguf``
prints: processor time of a step of 1 to 16 rows, and of a token that is read. Measure it while nothing else runs.

A step of the engine evaluates the next token of every attempt that writes, so a vote costs the sum of its steps, each
by its number of rows, besides what it reads and what its code takes. Attempts that a rule never begins cost nothing;
those that it ends have cost what they had written by then. The greedy solution is the first attempt alone.

The rules are compared on the first half of the problems, and what is chosen there is told of the second.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tutor_app.adapters.engine.llama import CPU_TOGETHER, LlamaModel
from tutor_app.adapters.engine.processor import take
from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.parts import Attempt, Output
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import Option, Tally, answer_of

ASKED: Final = 600
SAID: Final = 150
"""Tokens that each row of a measured step looks back at: those of the question, and its own."""
ROWS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16)
ROUNDS: Final = 6
AGAIN: Final = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of the model: tokens that it read and wrote, and the seconds of the code that ran after it."""

    read: int
    written: int
    code: float = 0.0


@dataclass(frozen=True, slots=True)
class Made:
    """An attempt that came to its end.

    Attributes:
        turns: Of the model.
        answer: Number of its answer among those to the problem; -1 for none.
    """

    turns: tuple[Turn, ...]
    answer: int

    @property
    def written(self) -> int:
        """Tokens of all turns."""
        return sum(turn.written for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem with its attempts, the greedy one first, and the numbers of the right answers."""

    attempts: tuple[Made, ...]
    right: frozenset[int]


@dataclass(frozen=True, slots=True)
class Costs:
    """Processor time in seconds: of a step by its rows, and of a token that is read."""

    steps: Mapping[int, float]
    read: float

    def step(self, rows: int) -> float:
        """Of a step of so many rows; what was not measured lies on a line between what was.

        A few rows are evaluated one by one, as the engine does.
        """
        if rows < CPU_TOGETHER:
            return rows * self.steps[1]
        below = max((n for n in self.steps if n <= rows), default=min(self.steps))
        above = min((n for n in self.steps if n >= rows), default=max(self.steps))
        if below == above:
            return self.steps[below] * rows / below
        share = (rows - below) / (above - below)
        return self.steps[below] * (1 - share) + self.steps[above] * share


@dataclass(frozen=True, slots=True)
class Rule:
    """How a vote is held.

    Attributes:
        over: Whether it is over: by its tally, and the number of attempts that have not ended.
        votes: Attempts that may be made.
        at_once: How many are made at a time; as one ends the next begins.
        slow: One is given up that has written so many times the median of those that have ended; 0 for never.
    """

    over: Callable[[Tally, int], bool]
    votes: int = 8
    at_once: int = 8
    slow: float = 0.0


@dataclass(slots=True)
class _Row:
    """An attempt under way."""

    number: int
    turns: deque[Turn]
    left: int = 0
    written: int = 0


@dataclass(slots=True)
class Played:
    """What a vote has come to.

    Attributes:
        seconds: Of the processor.
        ended: Attempts that came to their end, in that order.
        winner: Number of the answer; -1 for none.
    """

    seconds: float = 0.0
    ended: list[int] = field(default_factory=list)
    winner: int = -1


def played(problem: Problem, rule: Rule, costs: Costs) -> Played:
    """Hold a vote over recorded attempts."""
    found = Played()
    waiting = deque(range(min(rule.votes, len(problem.attempts))))
    of, given_up = len(waiting), 0
    rows: list[_Row] = []
    while waiting or rows:
        while waiting and len(rows) < rule.at_once:
            number = waiting.popleft()
            rows.append(_Row(number, deque(problem.attempts[number].turns)))
        for row in [row for row in rows if not row.left]:
            if row.turns:
                row.left = row.turns[0].written
                found.seconds += row.turns[0].read * costs.read
                if not row.left:
                    row.turns.popleft()
            else:
                rows.remove(row)
                found.ended.append(row.number)
        for row in _slow(rows, problem, found.ended, rule.slow):
            rows.remove(row)
            given_up += 1
        tally = tally_after(problem, found.ended, of)
        found.winner = int(tally.options[0].answer) if tally.options else -1
        if found.ended and rule.over(tally, of - len(found.ended) - given_up):
            break
        writing = [row for row in rows if row.left]
        found.seconds += costs.step(len(writing)) if writing else 0.0
        for row in writing:
            row.left -= 1
            row.written += 1
            if not row.left:
                found.seconds += row.turns.popleft().code
    return found


def _slow(rows: Sequence[_Row], problem: Problem, ended: Sequence[int], times: float) -> list[_Row]:
    """Attempts that have written far more than those that have ended."""
    if not times or len(ended) < 3:
        return []
    lengths = sorted(problem.attempts[number].written for number in ended)
    return [row for row in rows if row.written > times * lengths[len(lengths) // 2]]


def tally_after(problem: Problem, ended: Sequence[int], of: int) -> Tally:
    """The tally when these attempts have ended; of equal answers the one that the first attempt gave wins."""
    votes = Counter(problem.attempts[n].answer for n in ended if problem.attempts[n].answer >= 0)
    of_answer = {a: tuple(n for n in sorted(ended) if problem.attempts[n].answer == a) for a in votes}
    order = sorted(votes, key=lambda answer: (-votes[answer], of_answer[answer][0]))
    return Tally(tuple(Option(str(a), of_answer[a], float(votes[a])) for a in order), of)


def problem_of(row: Mapping[str, Any], right: Callable[[str, str], bool]) -> Problem:
    """A recorded row, graded."""
    attempts = Transcript.from_dict(row["vote"]).attempts
    answers = {a.option: answer_of(a) for a in reversed(attempts) if a.option >= 0}
    made = tuple(Made(_turns(a, turns), a.option) for a, turns in zip(attempts, row["turns"], strict=True))
    return Problem(made, frozenset(n for n, answer in answers.items() if right(row["gold"], answer)))


def _turns(attempt: Attempt, turns: Sequence[Mapping[str, int]]) -> tuple[Turn, ...]:
    """The turns of an attempt, each with the code that ran after it."""
    code = [part.seconds for part in attempt.parts if isinstance(part, Output)]
    code += [0.0] * (len(turns) - len(code))
    return tuple(Turn(turn["read"], turn["written"], code[n]) for n, turn in enumerate(turns))


def cannot_be_lost(tally: Tally, left: int) -> bool:
    """The rule that changes no winner."""
    return tally.decided(left)


def never(_tally: Tally, _left: int) -> bool:
    """Every attempt comes to its end."""
    return False


def rules() -> Iterator[tuple[str, Rule]]:
    """The rules that are compared."""
    yield "every attempt to its end", Rule(never)
    for votes, at_once in ((8, 8), (8, 6), (8, 4), (6, 6), (5, 5)):
        for slow in (0.0, 2.5, 2.0, 1.5):
            told = f"{votes} votes, {at_once} at once{f', slow {slow}' if slow else ''}"
            yield f"{told}; cannot be lost", Rule(cannot_be_lost, votes, at_once, slow)
            for sure in (0.95, 0.9):
                yield f"{told}; majority {sure}", Rule(_majority(sure), votes, at_once, slow)
            for risk in (0.05, 0.1, 0.15):
                yield f"{told}; risk {risk}", Rule(_risk(risk), votes, at_once, slow)


def _majority(sure: float) -> Callable[[Tally, int], bool]:
    """Adaptive-Consistency: the leader is likely what the model gives most often."""

    def over(tally: Tally, left: int) -> bool:
        return tally.decided(left) or tally.majority > sure

    return over


def _risk(most: float) -> Callable[[Tally, int], bool]:
    """The attempts that are left will hardly change the winner."""

    def over(tally: Tally, left: int) -> bool:
        return tally.risk(left) <= most

    return over


def table(problems: Sequence[Problem], costs: Costs) -> list[str]:
    """A line for each rule: right answers, time against greedy, attempts that came to their end."""
    n = len(problems)
    greedy = sum(p.attempts[0].answer in p.right for p in problems)
    alone = sum(played(p, Rule(never, 1, 1), costs).seconds for p in problems)
    lines = [f"{n} problems; greedy: {greedy} right, {alone / n:.1f} s of the processor a problem"]
    for name, rule in rules():
        all_played = [played(p, rule, costs) for p in problems]
        right = sum(v.winner in p.right for v, p in zip(all_played, problems, strict=True))
        ratio = sum(v.seconds for v in all_played) / alone
        ended = sum(len(v.ended) for v in all_played) / n
        points = 100 * (right - greedy) / n
        lines.append(f"{name:<45} {right:3} right ({points:+5.1f} points)  {ratio:.2f} times  {ended:.1f} ended")
    return lines


def measured(path: str, threads: int) -> dict[str, Any]:
    """Processor time of a step by its rows, and of a token that is read: the least of several rounds."""
    most, context = max(ROWS), ASKED + SAID + AGAIN * ROUNDS * len(ROWS)
    model = LlamaModel(
        {
            "path": path, "variant": take(()), "gpu_layers": 0, "n_seq": most, "n_ctx": context,
            "threads": threads, "kv_type": "f16", "adapter": "",
        },
        [],
        lambda _: None,
    )  # fmt: skip
    rng = random.Random(0)
    ends = [0] * most

    def timed(seqs: Iterable[int], tokens: int = 1, *, drawn: bool = True) -> float:
        known = min(20_000, model.n_vocab)
        rows = [(rng.randrange(known // 2, known), ends[seq] + n, seq, drawn) for seq in seqs for n in range(tokens)]
        for seq in seqs:
            ends[seq] += tokens
        began = time.process_time()
        model.decode(rows)
        return time.process_time() - began

    def read(seq: int, end: int) -> float:
        took = 0.0
        while ends[seq] < end:
            took += timed([seq], min(model.chunk, end - ends[seq]), drawn=False)
        return took

    of_question = read(0, ASKED) / ASKED
    for seq in range(1, most):
        model.copy(0, seq)  # all that has been read, so before anything else is
        ends[seq] = ASKED
    for seq in range(most):
        read(seq, ASKED + SAID)
    least: dict[int, float] = {}
    for _ in range(ROUNDS):
        for count in ROWS:
            timed(range(count))  # the first of a shape also plans it
            took = min(timed(range(count)) for _ in range(AGAIN - 1))
            least[count] = min(took, least.get(count, took))
    return {"steps": least, "read": of_question}


def main(argv: list[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description="what other rules of a vote would have come to")
    parser.add_argument("record", type=Path, nargs="?")
    parser.add_argument("costs", type=Path, nargs="?")
    parser.add_argument("--half", choices=("first", "second"), help="of the problems (all)")
    parser.add_argument("--measure", metavar="MODEL", help="print what a step costs instead")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args(argv)
    if args.measure:
        print(json.dumps(measured(args.measure, args.threads)))
        return 0
    costs = json.loads(args.costs.read_text(encoding="utf-8"))
    lines = args.record.read_text(encoding="utf-8").split("\n")
    rows = sorted((json.loads(line) for line in lines if line.endswith("}")), key=lambda row: int(row["row"]))
    middle = (len(rows) + 1) // 2
    half = {"first": slice(0, middle), "second": slice(middle, None)}.get(args.half, slice(None))
    with Grader() as grader:
        problems = [problem_of(row, lambda gold, a: grader.grade(gold, a).verdict == "correct") for row in rows[half]]
    steps = {int(rows): seconds for rows, seconds in costs["steps"].items()}
    print("\n".join(table(problems, Costs(steps, costs["read"]))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
