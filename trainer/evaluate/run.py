"""Tool-integrated evaluation: the loop that ships, over a benchmark, many problems at once.

Every problem goes through :func:`tutor_app.core.solve.solve`, as in the window, several at once: a new one joins as
soon as another ends or waits for its code. With a GGUF model the text is the one that ``tutor solve`` gives for the
same problem, settings and seed, unless ``--batched`` buys speed with that. The result file holds every transcript, so
nothing that is reported has to be believed.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from trainer.data.benchmarks import READERS, SAMPLES, Task, read
from tutor_app.adapters.grading.grader import Grader
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.errors import TutorError, UserFault
from tutor_app.core.ports import Sampling
from tutor_app.core.settings import Settings
from tutor_app.core.solve import SolveSettings, to_the_end
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.paths import folders
from tutor_app.tutor.service import Tutor, load_prompt, open_tutor


@dataclass(frozen=True, slots=True)
class Result:
    """One attempt at one task.

    Attributes:
        index: Of the task.
        sample: Which attempt, from 0.
        gold: The published answer.
        answer: What was found, or empty.
        strict: Verdict of the strict grader.
        paper: Verdict of MuMath-Code's own grader.
        transcript: Everything.
    """

    index: int
    sample: int
    gold: str
    answer: str
    strict: str
    paper: str
    transcript: Transcript

    def to_json(self) -> str:
        """One line."""
        fields = {n: getattr(self, n) for n in ("index", "sample", "gold", "answer", "strict", "paper")}
        return json.dumps(fields | {"transcript": self.transcript.to_dict()}, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> Result:
        """Read :meth:`to_json`'s form."""
        data = json.loads(line)
        return cls(**{**data, "transcript": Transcript.from_dict(data["transcript"])})


def attempt(tutor: Tutor, grader: Grader, task: Task, sample: int, settings: SolveSettings) -> Result:
    """Solve a task once and grade it."""
    done = to_the_end(tutor.solve(task.problem, settings=settings, meta={"task": task.index, "sample": sample}))
    answer = done.transcript.answer
    text = answer.latex if answer is not None else ""
    strict, paper = (
        ("incorrect", "incorrect")
        if not text
        else (
            grader.grade(task.gold, text, mode="strict").verdict,
            grader.grade(task.gold, text, mode="paper").verdict,
        )
    )
    return Result(task.index, sample, task.gold, text, strict, paper, done.transcript)


def summary(results: Sequence[Result], seconds: float) -> dict[str, Any]:
    """Rates in per cent, and what there is to know about why."""
    n = len(results) or 1
    votes: dict[int, Counter[str]] = {}
    gold = {}
    for r in results:
        votes.setdefault(r.index, Counter())[r.answer] += 1
        gold[r.index] = r.gold
    first = {(r.index, r.answer): r.strict for r in results}
    majority = [first[i, c.most_common(1)[0][0]] == "correct" for i, c in votes.items()]
    usage = [r.transcript.meta.get("usage", {}) for r in results]
    return {
        "problems": len(votes),
        "attempts": len(results),
        "strict": round(100 * sum(r.strict == "correct" for r in results) / n, 1),
        "paper": round(100 * sum(r.paper == "correct" for r in results) / n, 1),
        "maj": round(100 * sum(majority) / max(1, len(majority)), 1),
        "ended": dict(Counter(str(r.transcript.meta.get("ended")) for r in results)),
        "ran_code": round(100 * sum(u.get("runs", 0) > 0 for u in usage) / n, 1),
        "tokens_per_problem": round(sum(u.get("generated_tokens", 0) for u in usage) / n, 1),
        "seconds": round(seconds, 1),
        "seconds_per_problem": round(seconds / n, 2),
    }


def run(
    tutor: Tutor,
    jobs: Iterable[tuple[Task, int]],
    settings: SolveSettings,
    out: IO[str],
    *,
    parallel: int,
    verbose: bool = True,
) -> list[Result]:
    """Attempt every job, ``parallel`` at once, writing each result as it comes."""
    todo: queue.SimpleQueue[tuple[Task, int] | None] = queue.SimpleQueue()
    total = 0
    for job in jobs:
        todo.put(job)
        total += 1
    done: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()
    base = settings.sampling

    def work() -> None:
        try:
            with Grader() as grader:
                while (job := todo.get()) is not None:
                    task, sample = job
                    own = replace(settings, sampling=replace(base, seed=base.seed + sample))
                    done.put(attempt(tutor, grader, task, sample, own))
        except BaseException as e:  # noqa: BLE001 - handed to the thread that waits
            done.put(e)

    threads = [threading.Thread(target=work, name=f"evaluate-{i}", daemon=True) for i in range(parallel)]
    for thread in threads:
        todo.put(None)
        thread.start()
    results: list[Result] = []
    start = time.monotonic()
    while len(results) < total:
        item = done.get()
        if isinstance(item, BaseException):
            raise item
        results.append(item)
        out.write(item.to_json() + "\n")
        out.flush()
        if verbose:
            spent = time.monotonic() - start
            right = sum(r.strict == "correct" for r in results)
            left = spent / len(results) * (total - len(results))
            sys.stderr.write(
                f"\r{len(results)}/{total}  {100 * right / len(results):.1f} % right  "
                f"{60 * len(results) / spent:.1f}/min  {left / 60:.0f} min left   "
            )
    if verbose:
        sys.stderr.write("\n")
    for thread in threads:
        thread.join()
    return results


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``python -m trainer evaluate``."""
    usual = Settings()  # as in `tutor solve`
    parser.add_argument(
        "--model",
        default="starter",
        help="starter, standard, a model's id, a GGUF file; or, by transformers, a model folder or a run's folder",
    )
    parser.add_argument("--benchmark", required=True, choices=[SAMPLES, *sorted(READERS)])
    parser.add_argument("--data", type=Path, help="the benchmark's JSONL file (samples needs none)")
    parser.add_argument("--limit", type=int, default=0, help="how many problems; 0 means all")
    parser.add_argument("--start", type=int, default=0, help="the first problem, from 0")
    parser.add_argument("--prompt", default="", help="a name in resources/prompts, or a JSON file")
    parser.add_argument("--samples", type=int, default=1, help="attempts per problem (maj@k over them)")
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--top-p", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-rounds", type=int, default=usual.max_rounds)
    parser.add_argument("--max-tokens", type=int, default=usual.max_tokens)
    parser.add_argument("--seconds", type=float, default=600.0, help="wall time of one attempt")
    parser.add_argument("--parallel", type=int, default=4, help="problems under way at once")
    parser.add_argument(
        "--batched",
        action="store_true",
        help="decode them together: faster, but now and then another word than `tutor solve` would have",
    )
    parser.add_argument("--n-ctx", type=int, default=usual.n_ctx, help="context of one problem, in tokens")
    parser.add_argument("--out", type=Path, help="result file; if it is there, what it lacks is added")
    parser.add_argument("--data-dir", type=Path, help="where the tutor keeps its models")


def main(args: argparse.Namespace) -> int:
    """Run ``evaluate``; prints the summary as JSON on standard output."""
    tasks = [t for t in read(args.benchmark, args.data) if t.index >= args.start]
    tasks = tasks[: args.limit or None]
    if not tasks:
        raise UserFault("No problems are left to evaluate.", "Lower --start.")
    kept: list[Result] = []
    if args.out is not None and args.out.exists():
        kept = [Result.from_json(line) for line in args.out.read_text(encoding="utf-8").splitlines() if line]
    have = {(r.index, r.sample) for r in kept}
    jobs = [(t, s) for t in tasks for s in range(args.samples) if (t.index, s) not in have]
    settings = SolveSettings(
        max_rounds=args.max_rounds,
        max_tokens=args.max_tokens,
        seconds=args.seconds,
        sampling=Sampling(args.temperature, args.top_p, args.seed),
    )
    start = time.monotonic()
    with _opened(args) as tutor:
        with (args.out or Path(os.devnull)).open("a", encoding="utf-8") as out:
            results = run(tutor, jobs, settings, out, parallel=args.parallel)
        report: Mapping[str, Any] = {
            "model": tutor.engine.info.name,
            "device": tutor.engine.info.device,
            "prompt": tutor.prompt.name,
            "batched": bool(args.batched),
            "benchmark": args.benchmark,
            **summary([*kept, *results], time.monotonic() - start),
        }
    print(json.dumps(report, ensure_ascii=False))
    return 0


def _opened(args: argparse.Namespace) -> Tutor:
    """The tutor of a GGUF model, as the window's; or of a folder, by transformers.

    Raises:
        UserFault: If there is no such model, or transformers is not installed.
    """
    folder = Path(args.model)
    if not folder.is_dir():
        return open_tutor(
            args.model,
            folders(args.data_dir),
            prompt=args.prompt,
            n_ctx=args.n_ctx,
            n_seq=args.parallel,
            batched=args.batched,
            check_statements=False,
        )
    if find_spec("torch") is None or find_spec("transformers") is None:
        raise UserFault(
            f"{folder} is a folder, which needs torch and transformers.",
            "Install them with: pip install 'mumath-tutor[trainer]'",
        )
    from trainer.models.hf_model import open_model

    model, dialect = open_model(folder, n_ctx=args.n_ctx, n_seq=args.parallel)
    sandbox = Sandbox(Limits(seconds=float(Settings().code_timeout)), spares=args.parallel)
    return Tutor(model, sandbox, dialect, load_prompt(args.prompt, dialect))


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m trainer.evaluate.run")
    add_arguments(options)
    try:
        sys.exit(main(options.parse_args()))
    except TutorError as e:
        sys.exit(str(e))
