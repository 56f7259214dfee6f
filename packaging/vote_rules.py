"""Computes what other rules of a vote would have come to, from recorded attempts: right answers, and time.

Usage: ``python packaging/vote_rules.py RECORD COSTS [--half even|odd]``, where ``RECORD`` is what
``packaging/votes.py --record --out`` has kept, and ``COSTS`` what ``packaging/vote_rules.py --measure MODEL.gguf``
prints: processor time of a step of 1 to 16 rows, and of a token that is read. Measure it while nothing else runs;
``--clock`` then takes what was measured by the clock.

A step of the engine evaluates the next token of every attempt that writes, so a vote costs the sum of its steps, each
by its number of rows, besides what it reads and what its code takes; a few tokens that are read cost what as many rows
do. Attempts that a rule never begins cost nothing; those that it ends have cost what they had written by then. The
greedy solution is the first attempt alone.

The rules are compared on the problems with an even place in the record, sorted by their rows; what is chosen there is
told of those with an odd place.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tutor_app.adapters.engine.client import WAITING
from tutor_app.adapters.engine.llama import CPU_TOGETHER, LlamaModel
from tutor_app.adapters.engine.processor import take
from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.answers import NUMBER
from tutor_app.core.parts import Attempt, Output
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import Option, Tally, answer_of

ASKED: Final = 600
SAID: Final = 150
"""Tokens that each row of a measured step looks back at: those of the question, and its own."""
RUN: Final = 0.13
"""Processor seconds that a run of code takes at the most; told by the clock of a busy machine it is more."""
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
        printed: Turns after which its code had printed a number alone that was its answer in the end; 0 for never.
    """

    turns: tuple[Turn, ...]
    answer: int
    printed: int = 0

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
    """Time in seconds, of the processor or by the clock: of a step by its rows, and of a token that is read."""

    steps: Mapping[int, float]
    read: float

    def step(self, rows: int) -> float:
        """Of a step of so many rows; what was not measured lies on a line between what was.

        A few rows are evaluated one by one, as the engine does.
        """
        if rows < CPU_TOGETHER:
            return rows * self.steps[1]
        return self._batch(rows)

    def reading(self, tokens: int) -> float:
        """Of so many tokens of one text: few of them keep the processor as little busy as a few rows do."""
        if tokens <= max(self.steps):
            return self._batch(tokens) if tokens else 0.0
        return max(self._batch(max(self.steps)), tokens * self.read)

    def _batch(self, rows: int) -> float:
        below = max((n for n in self.steps if n <= rows), default=min(self.steps))
        above = min((n for n in self.steps if n >= rows), default=max(self.steps))
        if below == above:
            return self.steps[below] * rows / below
        share = (rows - below) / (above - below)
        return self.steps[below] * (1 - share) + self.steps[above] * share


Over = Callable[[Tally, int], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """How a vote is held.

    Attributes:
        over: Whether it is over: by its tally, and the number of attempts that have not ended.
        votes: Attempts that may be made.
        at_once: How many are made at a time; as one ends the next begins.
        begun: How many are begun besides those that are given up; 0 for all.
        printed: Whether attempts but the first end where their code has printed a number alone.
        slow: One is given up that has written so many times the median of those that have ended; 0 for never.
    """

    over: Over
    votes: int = 8
    at_once: int = 8
    slow: float = 0.0
    begun: int = 0
    printed: bool = False

    def turns(self, number: int, attempt: Made) -> tuple[Turn, ...]:
        """The turns of an attempt that are waited for."""
        return attempt.turns[: attempt.printed or None] if self.printed and number else attempt.turns


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
    lengths: list[int] = []
    while waiting or rows:
        begun = rule.begun or of
        while waiting and len(rows) < rule.at_once and len(rows) + len(found.ended) < begun:
            number = waiting.popleft()
            rows.append(_Row(number, deque(rule.turns(number, problem.attempts[number]))))
        for row in [row for row in rows if not row.left]:
            if row.turns:
                row.left = row.turns[0].written
                found.seconds += costs.reading(row.turns[0].read)
                if not row.left:
                    row.turns.popleft()
            else:
                rows.remove(row)
                found.ended.append(row.number)
                lengths.append(row.written)
        for row in _slow(rows, lengths, rule.slow):
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


def _slow(rows: Sequence[_Row], lengths: Sequence[int], times: float) -> list[_Row]:
    """Attempts that have written far more than those that have ended."""
    if not times or len(lengths) < 3:
        return []
    return [row for row in rows if row.written > times * sorted(lengths)[len(lengths) // 2]]


def tally_after(problem: Problem, ended: Sequence[int], of: int) -> Tally:
    """The tally when these attempts have ended; of equal answers the one that the first attempt gave wins."""
    votes = Counter(problem.attempts[n].answer for n in ended if problem.attempts[n].answer >= 0)
    of_answer = {a: tuple(n for n in sorted(ended) if problem.attempts[n].answer == a) for a in votes}
    order = sorted(votes, key=lambda answer: (-votes[answer], of_answer[answer][0]))
    options = tuple(Option(str(a), of_answer[a], float(votes[a])) for a in order)
    return Tally(options, of, cut=of - len(ended))


def problem_of(row: Mapping[str, Any], right: Callable[[str, str], bool]) -> Problem:
    """A recorded row, graded."""
    attempts = Transcript.from_dict(row["vote"]).attempts
    answers = {a.option: answer_of(a) for a in reversed(attempts) if a.option >= 0}
    made = tuple(
        Made(_turns(a, turns), a.option, _printed(a, right)) for a, turns in zip(attempts, row["turns"], strict=True)
    )
    return Problem(made, frozenset(n for n, answer in answers.items() if right(row["gold"], answer)))


def _turns(attempt: Attempt, turns: Sequence[Mapping[str, int]]) -> tuple[Turn, ...]:
    """The turns of an attempt, each with the code that ran after it."""
    code = [min(part.seconds, RUN) for part in attempt.parts if isinstance(part, Output)]
    code += [0.0] * (len(turns) - len(code))
    return tuple(Turn(turn["read"], turn["written"], code[n]) for n, turn in enumerate(turns))


def _printed(attempt: Attempt, same: Callable[[str, str], bool]) -> int:
    """See :attr:`Made.printed`: of an attempt whose first code has run and printed its answer."""
    output = next((part for part in attempt.parts if isinstance(part, Output)), None)
    if output is None or output.status != "ok" or attempt.answer is None:
        return 0
    number = NUMBER.fullmatch((output.stdout.strip() or output.value).strip())
    return int(number is not None and same(attempt.answer.latex, number[0]))


def cannot_be_lost(tally: Tally, left: int) -> bool:
    """The rule that changes no winner."""
    return tally.decided(left)


def never(_tally: Tally, _left: int) -> bool:
    """Every attempt comes to its end."""
    return False


def rules() -> Iterator[tuple[str, Rule]]:
    """The rules that are compared."""
    yield "every attempt to its end", Rule(never)
    yield "until the lead cannot be lost", Rule(cannot_be_lost)
    for slow in (0.0, 2.0, 1.5):
        given_up = f", given up at {slow} times" if slow else ""
        yield f"majority at 0.95{given_up}", Rule(at_majority(0.95), slow=slow)
        for most in (0.05, 0.1, 0.2):
            yield f"risk of {most}{given_up}", Rule(at_risk(most), slow=slow)
        for begun in (4, 5, 6, 8):
            for agree in (2, 3):
                told = f"{begun} begun, until {agree} agree{given_up}"
                rule = Rule(when_agreed(agree, begun), slow=slow, begun=begun)
                yield told, rule
                yield f"{told}; numbers", replace(rule, printed=True)
        yield f"4 at a time, until 2 agree{given_up}", Rule(when_agreed(2, 8), slow=slow, at_once=4)


def majority(tally: Tally) -> float:
    """How likely the winner is the answer that the model gives most often, after the votes of it and of the next.

    The ending rule of Adaptive-Consistency (Aggarwal et al., EMNLP 2023) in its Beta form: with ``a`` votes against
    ``b`` it is the probability that of ``a + b + 1`` throws of a coin at most ``a`` show heads.
    """
    if not tally.options:
        return 0.0
    first, second = _two(tally)
    throws = first + second + 1
    return sum(math.comb(throws, heads) for heads in range(first + 1)) / (1 << throws)


def risk(tally: Tally, left: int) -> float:
    """How likely ``left`` more attempts make another answer draw level with the winner, or pass it.

    As if each voted for the winner or for the next answer, with a share of which nothing is known but the votes so far
    (a beta-binomial distribution with a flat prior).
    """
    if not tally.options:
        return 1.0
    first, second = _two(tally)
    ways = math.comb(first + second + left + 1, left)
    reach = [more for more in range(left + 1) if second + more >= first + left - more]
    return sum(math.comb(second + n, n) * math.comb(first + left - n, left - n) for n in reach) / ways


def _two(tally: Tally) -> tuple[int, int]:
    """Votes of the winner and of the next answer."""
    votes = [len(option.attempts) for option in tally.options[:2]]
    return votes[0], votes[1] if len(votes) > 1 else 0


def at_majority(sure: float) -> Over:
    """Adaptive-Consistency: the leader is likely what the model gives most often."""
    return lambda tally, left: tally.decided(left) or majority(tally) > sure


def at_risk(most: float) -> Over:
    """The attempts that are left will hardly change the winner."""
    return lambda tally, left: tally.decided(left) or risk(tally, left) <= most


def when_agreed(agree: int, begun: int) -> Over:
    """So many agree, and on no other answer; or all that were begun have ended."""

    def over(tally: Tally, left: int) -> bool:
        agreed = tally.lead > 0 and tally.options[0].weight >= agree
        return agreed or tally.decided(left) or tally.ended >= begun

    return over


def table(problems: Sequence[Problem], costs: Costs) -> list[str]:
    """A line for each rule: right answers, time against greedy, attempts that came to their end."""
    n = len(problems)
    greedy = sum(p.attempts[0].answer in p.right for p in problems)
    alone = sum(played(p, Rule(never, 1, 1), costs).seconds for p in problems)
    lines = [f"{n} problems; greedy: {greedy} right, {alone / n:.1f} s a problem"]
    for name, rule in rules():
        all_played = [played(p, rule, costs) for p in problems]
        right = sum(v.winner in p.right for v, p in zip(all_played, problems, strict=True))
        ratio = sum(v.seconds for v in all_played) / alone
        ended = sum(len(v.ended) for v in all_played) / n
        points = 100 * (right - greedy) / n
        lines.append(f"{name:<50} {right:3} right ({points:+5.1f} points)  {ratio:.2f} times  {ended:.1f} ended")
    return lines


def measured(path: str, threads: int) -> dict[str, Any]:
    """Time of a step by its rows, and of a token that is read: the least of several rounds.

    By the clock stands beside it, for a machine where nothing else runs. Threads wait for each other as the program's
    do, unless the environment says how (:data:`~tutor_app.adapters.engine.client.WAITING`).
    """
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)  # before the library is loaded
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

    def timed(seqs: Iterable[int], tokens: int = 1, *, drawn: bool = True) -> tuple[float, float]:
        known = min(20_000, model.n_vocab)
        rows = [(rng.randrange(known // 2, known), ends[seq] + n, seq, drawn) for seq in seqs for n in range(tokens)]
        for seq in seqs:
            ends[seq] += tokens
        began = time.process_time(), time.monotonic()
        model.decode(rows)
        return time.process_time() - began[0], time.monotonic() - began[1]

    def read(seq: int, end: int) -> tuple[float, float]:
        processor = clock = 0.0
        while ends[seq] < end:
            took = timed([seq], min(model.chunk, end - ends[seq]), drawn=False)
            processor, clock = processor + took[0], clock + took[1]
        return processor, clock

    of_question = read(0, ASKED)
    for seq in range(1, most):
        model.copy(0, seq)  # all that has been read, so before anything else is
        ends[seq] = ASKED
    for seq in range(most):
        read(seq, ASKED + SAID)
    steps: dict[int, list[tuple[float, float]]] = {count: [] for count in ROWS}
    for _ in range(ROUNDS):
        for count in ROWS:
            timed(range(count))  # the first of a shape also plans it
            steps[count] += [timed(range(count)) for _ in range(AGAIN - 1)]
    processor, clock = (
        {
            "steps": {count: min(took[which] for took in steps[count]) for count in ROWS},
            "read": of_question[which] / ASKED,
        }
        for which in (0, 1)
    )
    return processor | {"clock": clock}


def main(argv: list[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description="what other rules of a vote would have come to")
    parser.add_argument("record", type=Path, nargs="?")
    parser.add_argument("costs", type=Path, nargs="?")
    parser.add_argument("--half", choices=("even", "odd"), help="places of the problems (all)")
    parser.add_argument("--clock", action="store_true", help="costs by the clock, not of the processor")
    parser.add_argument("--measure", metavar="MODEL", help="print what a step costs instead")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args(argv)
    if args.measure:
        print(json.dumps(measured(args.measure, args.threads)))
        return 0
    costs = json.loads(args.costs.read_text(encoding="utf-8"))
    costs = costs["clock"] if args.clock else costs
    lines = args.record.read_text(encoding="utf-8").split("\n")
    rows = sorted((json.loads(line) for line in lines if line.endswith("}")), key=lambda row: int(row["row"]))
    half = {"even": slice(0, None, 2), "odd": slice(1, None, 2)}.get(args.half, slice(None))
    with Grader() as grader:
        problems = [problem_of(row, lambda gold, a: grader.grade(gold, a).verdict == "correct") for row in rows[half]]
    steps = {int(rows): seconds for rows, seconds in costs["steps"].items()}
    print("\n".join(table(problems, Costs(steps, costs["read"]))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
