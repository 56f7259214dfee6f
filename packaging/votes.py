"""Measures what a vote of several attempts is worth against one greedy solution, in right answers and in time.

Usage: ``python packaging/votes.py DATA.jsonl [--count 60] [--start 0] [--votes 8] [--out FILE] [--record]``. Each line
of the file is a JSON object with ``question`` and ``answer`` (GSM8K: the answer has its calculations in ``<<...>>`` and
ends in ``#### 42``).

The problems are short ones of at most two steps: of the rows, in the order of the file, whose question has at most 200
characters and whose answer at most two calculations, ``--count`` evenly spaced ones. ``--start`` shifts all of them by
so many places, for problems to develop with.

Each problem is solved greedily as ``tutor solve`` does it, by an engine of one sequence, and then by a vote; the times
are told by the clock, and as processor time, which a busy machine changes less. With ``--record`` every attempt is made
to its end instead, ``--at-once`` votes together, and what each turn of the model cost is kept: from that,
``packaging/vote_rules.py`` computes what other rules would have come to. The first attempt is the greedy one.

With ``--out`` every problem is kept with its attempts, and a run that was ended goes on where it was. What was kept is
told anew by ``python packaging/votes.py --report FILE...``, several files as one.

The report also says how good labels by a majority are: with at least so many votes (:data:`LEAST`), how many problems
have an answer, and how many of these answers are right. With ``--verifier FILE``, a file of ``python -m trainer cbbt
verifier`` for ``--model``, it tells what that says of the attempts kept, which are then to be of problems it was not
trained on: whether right ones come first, whether its probabilities hold, and what a vote weighed by them comes to.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from trainer.cbbt.verifier.report import auc, calibration_error
from trainer.evaluate.statistics import wilson
from tutor_app.adapters.checking.checker import Checker
from tutor_app.adapters.grading.grader import Grader
from tutor_app.adapters.verifying.verifier import Verifier, read_verifier
from tutor_app.core.dialect import Span
from tutor_app.core.parts import Attempt
from tutor_app.core.ports import Cancel, Generation, ModelInfo, Piece, PromptProgress, Sampling, Stopped
from tutor_app.core.settings import Settings
from tutor_app.core.solve import to_the_end
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import Equal, Option, answer_of, count, vote_weight
from tutor_app.tutor.models import model_store
from tutor_app.tutor.odds import SolutionVerifier
from tutor_app.tutor.paths import Folders, folders
from tutor_app.tutor.service import LoadableModel, Tutor, open_tutor, solve_settings
from tutor_app.tutor.votes import vote, weighed

LONGEST: Final = 200
MOST_STEPS: Final = 2
PATIENCE: Final = 3600.0
"""Seconds that a recorded attempt may take: however slow the machine is, it comes to its end."""
CHECKING: Final = 20.0
"""Seconds for the statements of one, for the same reason."""
LEAST: Final = (3, 5, 7)
"""Votes that an answer must have at the least to be a label, see :func:`labels`."""


@dataclass(frozen=True, slots=True)
class Task:
    """A problem: its line in the file from 0, its text and its published answer."""

    row: int
    question: str
    gold: str


class Watched:
    """A model that keeps what each of its turns cost, by the seed of the draw, which is another for each attempt.

    Attributes:
        turns: Of each seed, in order: tokens that were ``read`` and ``written``.
    """

    def __init__(self, model: LoadableModel) -> None:
        self._model = model
        self.turns: dict[int, list[dict[str, int]]] = defaultdict(list)

    @property
    def info(self) -> ModelInfo:
        """Of the model."""
        return self._model.info

    def load(self, cancel: Cancel | None = None) -> ModelInfo:
        """Load the model."""
        return self._model.load(cancel)

    def close(self) -> None:
        """Nothing: the model belongs to others, too."""

    def generate(
        self,
        prompt: Sequence[Span],
        *,
        sampling: Sampling,
        max_tokens: int,
        stop: Sequence[str] = (),
        prefix: int = 0,
        cancel: Cancel,
    ) -> Iterator[Generation]:
        """See :meth:`tutor_app.core.ports.LanguageModel.generate`."""
        cost = {"read": 0, "written": 0}
        self.turns[sampling.seed].append(cost)
        events = self._model.generate(
            prompt, sampling=sampling, max_tokens=max_tokens, stop=stop, prefix=prefix, cancel=cancel
        )
        for event in events:
            match event:
                case PromptProgress():
                    cost["read"] = event.evaluated
                case Piece():
                    cost["written"] += event.tokens
                case Stopped():
                    cost["read"], cost["written"] = event.evaluated_tokens, event.generated_tokens
            yield event


def main(argv: list[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description="a vote of several attempts against one greedy solution")
    parser.add_argument("data", type=Path, nargs="?", help="GSM8K's problems")
    parser.add_argument("--count", type=int, default=60, help="problems, evenly spaced (60)")
    parser.add_argument("--start", type=int, default=0, help="shift the problems by so many places (0)")
    parser.add_argument("--votes", type=int, default=8, help="attempts of a vote (8)")
    parser.add_argument("--model", default="starter")
    parser.add_argument("--record", action="store_true", help="make every attempt to its end, and keep what it cost")
    parser.add_argument("--at-once", type=int, default=1, help="votes that are recorded together (1)")
    parser.add_argument("--out", type=Path, help="keep every problem here, and go on from what is there")
    parser.add_argument(
        "--report", type=Path, nargs="+", metavar="FILE", help="tell what was kept in these, make nothing"
    )
    parser.add_argument("--verifier", type=Path, metavar="FILE", help="with --report: judge the attempts by it, too")
    args = parser.parse_args(argv)
    if args.report:
        told_of = {int(row["row"]): row for path in args.report for row in kept(path)}
        if not told_of:
            parser.error("nothing was kept in " + ", ".join(map(str, args.report)))
        print(report(list(told_of.values())))
        if args.verifier:
            file, model = read_verifier(args.verifier), model_store(folders()).find(args.model).path
            with Verifier(args.verifier, model, graded=file.graded, power=file.power) as verifier:
                print("\n".join(judged(list(told_of.values()), verifier)))
        return 0
    if args.data is None:
        parser.error("name a file of problems, or --report FILE")
    tasks = short_problems(args.data.read_text(encoding="utf-8").splitlines(), args.count, args.start)
    done = {int(row["row"]): row for row in kept(args.out)}
    left = [task for task in tasks if task.row not in done]
    made = recorded(args, left) if args.record else compared(args, left)
    for row in made:
        done[row["row"]] = row
        keep(args.out, row)
        print(f"{len(done)}/{len(tasks)} {told(row)}", file=sys.stderr)
    print(report([done[task.row] for task in tasks]))
    return 0


def short_problems(lines: Sequence[str], number: int, start: int = 0) -> list[Task]:
    """The problems to measure with, see the module."""
    found = []
    for row, line in enumerate(lines):
        data = json.loads(line)
        if len(data["question"]) <= LONGEST and data["answer"].count("<<") <= MOST_STEPS:
            found.append(Task(row, data["question"], data["answer"].rsplit("####", 1)[-1].strip()))
    number = min(number, len(found))
    return [found[(n * len(found) // number + start) % len(found)] for n in range(number)]


def compared(args: argparse.Namespace, tasks: Sequence[Task]) -> Iterator[dict[str, Any]]:
    """Each problem solved both ways, one after the other."""
    settings, folders = Settings(), Folders.of_user()
    with (
        open_tutor(args.model, folders, settings=settings) as alone,
        open_tutor(args.model, folders, settings=settings, n_seq=args.votes, batched=True) as several,
    ):
        alone.warm()
        several.warm()
        for task in tasks:
            yield measured(task, alone, several, args.votes)


def measured(task: Task, alone: Tutor, several: Tutor, votes: int) -> dict[str, Any]:
    """One problem solved both ways."""
    budgets = solve_settings(Settings())
    clocks = [(time.monotonic(), processor_seconds())]
    greedy = to_the_end(alone.solve(task.question, settings=budgets)).transcript
    clocks.append((time.monotonic(), processor_seconds()))
    voted = to_the_end(vote(several, task.question, votes=votes, settings=budgets)).transcript
    clocks.append((time.monotonic(), processor_seconds()))
    (slow, slow_processor), (fast, fast_processor) = (
        (round(after[0] - before[0], 2), round(after[1] - before[1], 2)) for before, after in pairwise(clocks)
    )
    return {
        "row": task.row,
        "gold": task.gold,
        "greedy": greedy.answer.latex if greedy.answer is not None else "",
        "greedy_seconds": slow,
        "greedy_processor": slow_processor,
        "vote_seconds": fast,
        "vote_processor": fast_processor,
        "vote": voted.to_dict(),
    }


def recorded(args: argparse.Namespace, tasks: Sequence[Task]) -> Iterator[dict[str, Any]]:
    """Each problem with all attempts to their ends, several problems together, in the order in which they end."""
    settings = Settings()
    budgets = replace(solve_settings(settings), seconds=PATIENCE, code_timeout=4.0 * settings.code_timeout)
    with (
        open_tutor(args.model, Folders.of_user(), n_seq=args.votes * args.at_once, batched=True) as several,
        Checker(CHECKING) as checker,
        ThreadPoolExecutor(args.at_once, "record") as pool,
    ):
        several.warm()

        def made(task: Task) -> dict[str, Any]:
            model = Watched(several.engine)
            own = Tutor(model, several.executor, several.dialect, several.prompt, several.defaults, checker)
            began = time.monotonic()
            events = vote(own, task.question, votes=args.votes, settings=budgets, to_the_last=True)
            found = to_the_end(events).transcript
            turns = [model.turns[attempt.seed] for attempt in found.attempts]
            seconds = round(time.monotonic() - began, 2)
            return {"row": task.row, "gold": task.gold, "seconds": seconds, "turns": turns, "vote": found.to_dict()}

        for future in as_completed([pool.submit(made, task) for task in tasks]):
            yield future.result()


def processor_seconds() -> float:
    """Processor time of this process and of all that it has started."""
    own = psutil.Process()
    total = 0.0
    for process in (own, *own.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def told(row: Mapping[str, Any]) -> str:
    """What a problem took, for who watches."""
    if "greedy" in row:
        return f"{row['greedy_seconds']:.1f} s, {row['vote_seconds']:.1f} s"
    return f"{row['seconds']:.1f} s, {sum(turn['written'] for turns in row['turns'] for turn in turns)} tokens"


def kept(path: Path | None) -> list[dict[str, Any]]:
    """What an earlier run has measured; a line that was cut off is made again."""
    if path is None or not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def keep(path: Path | None, row: Mapping[str, Any]) -> None:
    """Add one problem to the file."""
    if path is not None:
        torn = path.exists() and not path.read_bytes().endswith(b"\n")  # by a kill: the line begins a new one
        with path.open("a", encoding="utf-8") as out:
            print("\n" if torn else "", json.dumps(row, ensure_ascii=False), sep="", file=out)


def outcome(attempts: Sequence[Attempt], equal: Equal, *, weigh: bool) -> tuple[Option, ...]:
    """What a vote of these attempts comes to; one that was cut off has none."""
    ended = [weighed(a, equal, weigh=weigh) if a.ended else replace(a, weight=0.0) for a in attempts]
    return count([answer_of(a) for a in ended], [a.weight for a in ended], equal)


def report(rows: Sequence[Mapping[str, Any]]) -> str:
    """What came of it, as lines of text."""
    n = len(rows)
    with Grader() as grader:

        def right(gold: str, answer: str) -> bool:
            return bool(answer) and grader.grade(gold, answer).verdict == "correct"

        def equal(a: str, b: str) -> bool:
            return grader.grade(a, b).verdict == "correct"

        greedy = voted = weighty = either = 0
        majorities: list[tuple[int, bool]] = []
        singles: Counter[str] = Counter()
        right_by: Counter[str] = Counter()
        for row in rows:
            attempts = Transcript.from_dict(row["vote"]).attempts
            answers = [answer_of(a) for a in attempts]
            options, light = (outcome(attempts, equal, weigh=weigh) for weigh in (False, True))
            greedy += right(row["gold"], row.get("greedy", answers[0]))
            best = bool(options) and right(row["gold"], options[0].answer)
            voted += best
            majorities.append((0 if _tied(options) else len(options[0].attempts), best))
            weighty += bool(light) and right(row["gold"], light[0].answer)
            either += any(right(row["gold"], answer) for answer in answers)
            for attempt, answer in zip(attempts, answers, strict=True):
                if attempt.ended:
                    kinds = (f"{attempt.kind} attempts", *(f"attempts with the doubt {word!r}" for word in attempt.why))
                    singles.update(kinds)
                    right_by.update(kinds if right(row["gold"], answer) else ())
    lines = [
        f"{n} problems",
        f"greedy: {greedy} right ({100 * greedy / n:.1f} %){spent(rows, 'greedy')}",
        f"vote: {voted} right ({100 * voted / n:.1f} %){spent(rows, 'vote')}",
        f"votes weighed by what speaks against them: {weighty} right; one attempt at least: {either}",
        *labels(majorities),
    ]
    lines += [f"{kind}: {right_by[kind]} of {singles[kind]} right" for kind in sorted(singles)]
    return "\n".join(lines)


def judged(rows: Sequence[Mapping[str, Any]], verifier: SolutionVerifier) -> Iterator[str]:
    """How well a verifier knows right attempts, and how many problems a vote that it weighs gets right.

    Counted are attempts that came to their end with an answer. Without the verifier every vote counts the same.

    Args:
        rows: That were kept.
        verifier: Of the same model, trained on other problems.
    """
    known: list[tuple[float, bool]] = []
    found = Counter({"plain": 0, "weighed": 0})
    with Grader() as grader:

        def equal(a: str, b: str) -> bool:
            return grader.grade(a, b).verdict == "correct"

        for n, row in enumerate(rows, 1):
            kept_vote, gold = Transcript.from_dict(row["vote"]), str(row["gold"])
            ended = [a for a in kept_vote.attempts if a.ended and answer_of(a)]
            answers = [answer_of(a) for a in ended]
            chances = [verifier.probability(kept_vote.problem, a.parts) for a in ended]
            known += [(p, equal(gold, answer)) for p, answer in zip(chances, answers, strict=True) if p is not None]
            weights = [1.0 if p is None else vote_weight(p, verifier.power) for p in chances]
            for name, counting in (("plain", [1.0] * len(answers)), ("weighed", weights)):
                options = count(answers, counting, equal)
                found[name] += bool(options) and equal(gold, options[0].answer)
            print(f"judged {n}/{len(rows)}", file=sys.stderr)
    chance, right = np.array([p for p, _ in known]), np.array([is_right for _, is_right in known], dtype=bool)
    yield f"judged by the verifier: {len(known)} attempts, {right.sum()} of them right"
    if 0 < right.sum() < len(right):
        error = calibration_error(chance, right)
        yield f"a right one before a wrong one (AUC): {auc(chance, right):.3f}; calibration error: {error:.3f}"
    yield f"vote weighed by the verifier: {found['weighed']} right; with equal votes: {found['plain']}"


def labels(majorities: Sequence[tuple[int, bool]]) -> Iterator[str]:
    """How good the answers of a majority are as labels, a line for each least number of votes.

    Args:
        majorities: For each problem the votes of the answer with the most, and whether it is right; of a tie, or where
            nothing was answered, there is no such answer, and its votes are 0.
    """
    for least in LEAST:
        given = [right for votes, right in majorities if votes >= least]
        if given:
            low, high = wilson(sum(given), len(given))
            share, precision = 100 * len(given) / len(majorities), 100 * sum(given) / len(given)
            interval = f"{100 * low:.1f} to {100 * high:.1f}"
            yield (
                f"labels by at least {least} votes: {len(given)} problems ({share:.1f} %), {sum(given)} right "
                f"({precision:.1f} %, 95 %: {interval})"
            )
        else:
            yield f"labels by at least {least} votes: none"


def _tied(options: Sequence[Option]) -> bool:
    """Whether no answer has the most votes."""
    return not options or (len(options) > 1 and len(options[0].attempts) == len(options[1].attempts))


def spent(rows: Sequence[Mapping[str, Any]], which: str) -> str:
    """What one way took, and against greedy; empty for rows of which no times are known."""
    if not all("greedy_processor" in row for row in rows):
        return ""
    found = []
    for kind, words in (("seconds", "s by the clock"), ("processor", "s of the processor")):
        mean = sum(row[f"{which}_{kind}"] for row in rows) / len(rows)
        ratio = mean / (sum(row[f"greedy_{kind}"] for row in rows) / len(rows))
        found.append(f"{mean:.1f} {words}" + (f" ({ratio:.2f} times greedy)" if which != "greedy" else ""))
    return f", {' and '.join(found)} a problem"


if __name__ == "__main__":
    sys.exit(main())
