"""Tool-integrated evaluation: the loop that ships, over a benchmark, many problems at once.

Every problem goes through :func:`tutor_app.core.solve.solve`, as in the window, several at once: a new one joins as
soon as another ends or waits for its code. With a GGUF model the text is the one that ``tutor solve`` gives for the
same problem, settings and seed, unless ``--batched`` buys speed with that. The result file holds every transcript, so
nothing that is reported has to be believed.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from trainer.arguments import at_least, number, seconds, share
from trainer.data.benchmarks import READERS, SAMPLES, Task, read
from trainer.evaluate.results import Result, ResultFile, error_kind, groups_of
from trainer.evaluate.statistics import effective, pass_at_k, wilson
from trainer.runs import digest, sha256_of
from trainer.teacher.open import STARTER, ModelChoice, open_model
from trainer.teacher.votes import Vote, majority
from tutor_app.adapters.grading.grader import Grader, Mode
from tutor_app.core.dialect import DIALECTS, header
from tutor_app.core.errors import HostFault, TutorError, UserFault
from tutor_app.core.events import EndReason
from tutor_app.core.ports import Cancel, Sampling
from tutor_app.core.settings import Settings
from tutor_app.core.solve import to_the_end
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.tutor.models import model_store
from tutor_app.tutor.paths import folders
from tutor_app.tutor.service import Tutor

MODES: Final[tuple[Mode, ...]] = ("strict", "paper")
_CORES: Final = os.cpu_count() or 1


def attempt(
    tutor: Tutor, grader: Grader, task: Task, sample: int, settings: SolveSettings, cancel: Cancel | None = None
) -> Result:
    """Solve a task once and grade it.

    Raises:
        HostFault: If the model or the sandbox failed.
    """
    meta = {"task": task.index, "sample": sample}
    done = to_the_end(tutor.solve(task.problem, settings=settings, cancel=cancel, meta=meta))
    if done.reason in (EndReason.ENGINE, EndReason.SANDBOX):
        # It says nothing of the model, and counted as wrong it would be believed.
        raise HostFault(done.detail)
    answer = done.transcript.answer
    if answer is None or not answer.latex:
        return Result(task.index, sample, task.gold, "", "incorrect", "incorrect", done.transcript, task.group)
    # Of several parts the last box is the answer, as MuMath-Code has it, unless the benchmark asks for all of them.
    every = [part.latex for part in answer.parts]
    text = every[-1] if every else answer.latex
    strict, paper = (grader.grade(task.gold, text, mode=mode).verdict for mode in MODES)
    if every and grader.grade_parts(task.gold, every).verdict == "correct":
        text, strict = answer.latex, "correct"
    return Result(task.index, sample, task.gold, text, strict, paper, done.transcript, task.group)


def summary(
    results: Sequence[Result], seconds: float, equal: Callable[[str, str], bool] | None = None
) -> dict[str, Any]:
    """Rates in per cent, each with the interval in which it lies with 95 %, and why the rest was wrong.

    Args:
        results: All attempts.
        seconds: Wall time of all of them together.
        equal: Whether two answers have the same value, for votes; by default if they are the same text.
    """
    by_task: dict[int, list[Result]] = {}
    for r in sorted(results, key=lambda r: (r.index, r.sample)):
        by_task.setdefault(r.index, []).append(r)
    usage = [r.transcript.meta.get("usage", {}) for r in results]
    n = len(results) or 1
    report = {
        "problems": len(by_task),
        "attempts": len(results),
        **_rates(results),
        "errors": dict(Counter(kind for r in results if (kind := error_kind(r)))),
        "ended": dict(Counter(str(r.transcript.meta.get("ended")) for r in results)),
        "ran_code": round(100 * sum(u.get("runs", 0) > 0 for u in usage) / n, 1),
        "tokens_per_attempt": round(sum(u.get("generated_tokens", 0) for u in usage) / n, 1),
        "seconds": round(seconds, 1),
        "seconds_per_problem": round(seconds / max(1, len(by_task)), 2),
    }
    samples = min((len(attempts) for attempts in by_task.values()), default=0)
    if samples > 1:
        report |= _over_attempts(list(by_task.values()), samples, equal or str.__eq__)
    groups = groups_of(results)
    if len(groups) > 1:
        report["groups"] = {name: {"attempts": len(rows), **_rates(rows)} for name, rows in groups.items()}
    return report


def _rates(results: Sequence[Result]) -> dict[str, Any]:
    rates: dict[str, Any] = {}
    for mode in MODES:
        of_problems: dict[int, list[bool]] = {}
        for r in results:
            of_problems.setdefault(r.index, []).append(getattr(r, mode) == "correct")
        trials = effective([(len(all_), sum(all_)) for all_ in of_problems.values()])
        rate = sum(map(sum, of_problems.values())) / max(1, len(results))
        rates[mode] = _percent(rate)
        rates[f"{mode}_95"] = _interval(rate * trials, trials)
    return rates


def _interval(right: float, n: float) -> list[float]:
    return [_percent(end) for end in wilson(right, n)]


def _over_attempts(
    tasks: Sequence[Sequence[Result]], samples: int, equal: Callable[[str, str], bool]
) -> dict[str, Any]:
    """The majority's answer of all attempts at a task, and the chances that one of k attempts is right."""
    # Only so many of each: a file that an earlier call with more attempts has begun may hold more of some problems.
    votes = [majority([r.answer for r in attempts[:samples]], equal) for attempts in tasks]
    won = sum(v.winner >= 0 and a[v.winner].strict == "correct" for v, a in zip(votes, tasks, strict=True))
    ks = sorted({k for k in (1, 2, 4, 8, 16, 32, 64) if k <= samples} | {samples})
    rights = [(len(attempts), sum(r.strict == "correct" for r in attempts)) for attempts in tasks]
    chances = {k: sum(pass_at_k(n, c, k) for n, c in rights) for k in ks}
    return {
        f"maj@{samples}": _percent(won / len(tasks)),
        f"maj@{samples}_95": _interval(won, len(tasks)),
        "ties": sum(v.tied for v in votes),
        "labels": _labels(tasks, votes, samples),
        **{f"pass@{k}": _percent(chance / len(tasks)) for k, chance in chances.items()},
        **{f"pass@{k}_95": _interval(chance, len(tasks)) for k, chance in chances.items()},
    }


def _labels(
    tasks: Sequence[Sequence[Result]], votes: Sequence[Vote], samples: int
) -> dict[str, dict[str, float | int]]:
    """How good labels by a majority are: for each least number of votes, how many problems get one and are right.

    A tie gives none, as when a teacher votes for a question whose answer is not known.
    """
    found: dict[str, dict[str, float | int]] = {}
    for least in range(samples // 2 + 1, samples + 1):
        given = [
            a[v.winner].strict == "correct"
            for v, a in zip(votes, tasks, strict=True)
            if v.votes >= least and not v.tied
        ]
        found[f"{least} of {samples}"] = {
            "labelled": len(given),
            "yield": _percent(len(given) / len(tasks)),
            "precision": _percent(sum(given) / max(1, len(given))),
        }
    return found


def _percent(share: float) -> float:
    return round(100 * share, 1)


def run(
    tutor: Tutor,
    jobs: Iterable[tuple[Task, int]],
    settings: SolveSettings,
    file: ResultFile,
    *,
    parallel: int,
    verbose: bool = True,
) -> None:
    """Attempt every job, ``parallel`` at once, keeping each result as it comes.

    Raises:
        HostFault: If a result cannot be kept.
    """
    todo: queue.SimpleQueue[tuple[Task, int] | None] = queue.SimpleQueue()
    total = 0
    for job in jobs:
        todo.put(job)
        total += 1
    done: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()
    base = settings.sampling
    failed = threading.Event()

    def work(grader: Grader) -> None:
        try:
            while (job := todo.get()) is not None and not failed.is_set():
                task, sample = job
                own = replace(settings, sampling=replace(base, seed=base.seed + sample))
                done.put(attempt(tutor, grader, task, sample, own, failed))
        except BaseException as e:  # noqa: BLE001 - handed to the thread that waits
            done.put(e)

    start, right = time.monotonic(), 0
    with contextlib.ExitStack() as stack:
        out = None if file.path is None else stack.enter_context(file.open())
        graders = [stack.enter_context(Grader()) for _ in range(min(parallel, _CORES))]
        threads = [
            threading.Thread(target=work, args=(graders[i % len(graders)],), name=f"evaluate-{i}", daemon=True)
            for i in range(parallel)
        ]
        for thread in threads:
            todo.put(None)
            thread.start()
        try:
            for made in range(1, total + 1):
                item = done.get()
                if isinstance(item, BaseException):
                    raise item
                spent = time.monotonic() - start
                file.append(out, replace(item, session=file.session, elapsed=round(spent, 3)))
                right += item.strict == "correct"
                if verbose:
                    sys.stderr.write(
                        f"\r{made}/{total}  {100 * right / made:.1f} % right  "
                        f"{60 * made / spent:.1f}/min  {spent / made * (total - made) / 60:.0f} min left   "
                    )
        except BaseException:
            failed.set()
            raise
        finally:
            for thread in threads:
                thread.join(None if not failed.is_set() else 5)  # one that waits for a server may take long
            if verbose:
                sys.stderr.write("\n")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``python -m trainer evaluate``."""
    usual = Settings()  # as in `tutor solve`
    parser.add_argument(
        "--model",
        default="",
        help="starter (the default), standard, a model's id, a GGUF file; or, by transformers, a model folder or a "
        "run's folder",
    )
    parser.add_argument(
        "--endpoint",
        default="",
        metavar="URL",
        help="instead of --model: a server with /v1/completions, as vLLM and llama-server are; its key, if it needs "
        "one, is taken from OPENAI_API_KEY",
    )
    parser.add_argument("--endpoint-model", default="", metavar="NAME", help="its model (default: the only one)")
    parser.add_argument("--no-stream", action="store_true", help="ask the endpoint for whole answers, not for streams")
    parser.add_argument(
        "--dialect", choices=sorted(DIALECTS), help="wire form of the endpoint's model (default mumath)"
    )
    parser.add_argument("--benchmark", required=True, choices=[SAMPLES, *sorted(READERS)])
    parser.add_argument("--data", type=Path, help="the benchmark's JSONL file (samples needs none)")
    parser.add_argument("--limit", type=at_least(0), default=0, help="how many problems; 0 means all")
    parser.add_argument("--start", type=at_least(0), default=0, help="the first problem, from 0")
    parser.add_argument("--prompt", default="", help="a name in resources/prompts, or a JSON file")
    parser.add_argument("--samples", type=at_least(1), default=1, help="attempts per problem, for maj@k and pass@k")
    parser.add_argument("--temperature", type=number, default=0.0)
    parser.add_argument("--top-p", type=share, default=1.0)
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--max-rounds", type=at_least(0), default=usual.max_rounds)
    parser.add_argument("--max-tokens", type=at_least(1), default=usual.max_tokens)
    parser.add_argument("--seconds", type=seconds, default=600.0, help="wall time of one attempt")
    parser.add_argument("--parallel", type=at_least(1), default=4, help="problems under way at once")
    parser.add_argument(
        "--batched",
        action="store_true",
        help="decode them together: faster, but now and then another word than `tutor solve` would have",
    )
    parser.add_argument("--n-ctx", type=at_least(1), default=usual.n_ctx, help="context of one problem, in tokens")
    parser.add_argument("--out", type=Path, help="result file; if it is there, what it lacks is added")
    parser.add_argument(
        "--self-check",
        action="store_true",
        help="only show the first problem as it is asked, and grade the published answers against themselves",
    )
    parser.add_argument("--data-dir", type=Path, help="where the tutor keeps its models")


def main(args: argparse.Namespace) -> int:
    """Run ``evaluate``; prints the summary as JSON on standard output.

    Raises:
        UserFault: If there is nothing to evaluate, or the result file is of another evaluation.
        HostFault: If the model or the disk fails.
    """
    if args.self_check:
        return self_check(args.benchmark, list(read(args.benchmark, args.data)))
    report, _ = evaluate(args)
    print(json.dumps(report, ensure_ascii=False))
    return 0


def evaluate(args: argparse.Namespace) -> tuple[dict[str, Any], list[Result]]:
    """The summary of an evaluation, with the options of :func:`add_arguments`, and every attempt.

    Raises:
        UserFault: If there is nothing to evaluate, or the result file is of another evaluation.
        HostFault: If the model or the disk fails.
    """
    everything = list(read(args.benchmark, args.data))
    tasks = [t for t in everything if t.index >= args.start][: args.limit or None]
    if not tasks:
        raise UserFault("No problems are left to evaluate.", "Lower --start.")
    settings = SolveSettings(
        max_rounds=args.max_rounds,
        max_tokens=args.max_tokens,
        seconds=args.seconds,
        sampling=Sampling(args.temperature, args.top_p, args.seed),
    )
    choice = ModelChoice(
        args.model,
        args.endpoint,
        args.endpoint_model,
        not args.no_stream,
        args.dialect or "",
        args.prompt,
        args.parallel,
        args.batched,
        args.n_ctx,
        args.data_dir,
    )
    with open_model(choice) as tutor:
        file = ResultFile.opened(args.out, manifest_of(args, tutor, everything, settings))
        have = {(r.index, r.sample) for r in file.results}
        jobs = [(t, s) for t in tasks for s in range(args.samples) if (t.index, s) not in have]
        run(tutor, jobs, settings, file, parallel=args.parallel)
        report: Mapping[str, Any] = {
            "model": tutor.engine.info.name,
            "device": tutor.engine.info.device,
            "prompt": tutor.prompt.name,
            "batched": bool(args.batched),
            "benchmark": args.benchmark,
        }
    with Grader() as grader:
        equal = functools.cache(lambda a, b: grader.grade(a, b).verdict == "correct")
        return {**report, **summary(file.results, file.seconds, equal)}, file.results


def manifest_of(
    args: argparse.Namespace, tutor: Tutor, tasks: Sequence[Task], settings: SolveSettings
) -> dict[str, Any]:
    """What makes two evaluations the same one: the model, the problems, the prompt and every setting of a solution."""
    info = tutor.engine.info
    data = [[t.problem, t.gold] for t in tasks]
    return {
        "version": 1,
        "model": info.name,
        "model_sha256": info.sha256 or _hash_of_model(args),
        "benchmark": args.benchmark,
        "data": digest(data),
        "data_file": str(args.data or ""),
        "prompt": digest(_said(tutor)),
        "dialect": tutor.dialect.name,
        "settings": json.loads(json.dumps(asdict(settings))),
        "n_ctx": args.n_ctx,
        "batched": bool(args.batched),
        "engine": info.engine if args.endpoint else version("llama-cpp-python"),
        "tutor": version("mumath-tutor"),
    }


def _said(tutor: Tutor) -> list[str]:
    """All that the prompt says, to any problem."""
    for_kinds = [example.to_json() for _, example in tutor.prompt.for_kinds]
    return [s.text for s in header(tutor.dialect, "", tutor.prompt)] + [tutor.prompt.opening, *for_kinds]


def _hash_of_model(args: argparse.Namespace) -> str:
    """Of the files that were named, for models whose hash nobody has taken yet; empty for one on a server."""
    if args.endpoint:
        return ""
    path = Path(args.model or STARTER)
    if not path.is_dir():
        return sha256_of(model_store(folders(args.data_dir)).find(args.model or STARTER).path)
    files = sorted(p for p in path.rglob("*") if p.suffix in (".json", ".safetensors", ".model"))
    return digest([[p.name, sha256_of(p)] for p in files])


def self_check(benchmark: str, tasks: Sequence[Task]) -> int:
    """Show the first problem as it is asked, and grade every published answer against itself.

    Returns:
        0 if the graders accept every one.
    """
    print(f"The first problem of {benchmark}, as it is asked:\n\n{tasks[0].problem}\n\nIts answer: {tasks[0].gold}\n")
    all_right = True
    with Grader() as grader:
        for mode in MODES:
            refused = [t for t in tasks if grader.grade(t.gold, t.gold, mode=mode).verdict != "correct"]
            right = len(tasks) - len(refused)
            print(f"{mode}: {right:,} of {len(tasks):,}, {100 * right / len(tasks):.1f} %")
            for t in refused[:10]:
                print(f"  line {t.index + 1}: {t.gold!r} is not accepted as its own answer")
            all_right = all_right and not refused
    return 0 if all_right else 1


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m trainer.evaluate.run")
    add_arguments(options)
    try:
        sys.exit(main(options.parse_args()))
    except TutorError as e:
        sys.exit(str(e))
