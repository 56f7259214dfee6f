"""``make steps DATA=FILE.jsonl``: record every code block of recorded solutions and walk each recording to its end.

A line is a saved transcript, or an object whose key ``code`` holds solutions as MuMath-Code writes them. Each block
runs twice, with the blocks before it: plainly and recorded. A block counts if at the end of its recording stands what
the plain run printed, how it ended and the value of every name; if every step can be entered from anywhere with the
same state; and if the calculation of each line ends in the value that the line gives. Of code that never ends, the
recording must say that it was cut short. Prints what does not count, and the rate last.
"""

from __future__ import annotations

import argparse
import ast
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from replay import solutions

from tutor_app.adapters.sandbox.markers import names_of
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox, Session
from tutor_app.core.comparing import blocks_of
from tutor_app.core.events import RunFinished
from tutor_app.core.narration import sentence
from tutor_app.core.terminal import settled
from tutor_app.core.trace import Recording
from tutor_app.core.trace_values import Record, Variable
from tutor_app.core.unfolding import unfolded

_CUT_SHORT = ("timeout", "died")
_DATA = ("number", "text", "logical", "nothing", "symbolic", "matrix", "sequence", "mapping", "object")


def recorded(session: Session, source: str) -> Recording:
    """The recording of a block in a session."""
    *_, last = session.run(source, record=Record())
    assert isinstance(last, RunFinished)
    assert last.recording is not None
    return last.recording


def plain_end(session: Session, source: str) -> tuple[RunFinished, dict[str, Variable]]:
    """What a plain run of a block gives, and the value of every name after it."""
    *_, end = session.run(source)
    assert isinstance(end, RunFinished)
    # Without a name that the block may have given to something else.
    *_, listed = session.run("__import__('sys').stdout.write('\\n'.join([*globals()]) + '\\n') and None")
    assert isinstance(listed, RunFinished)
    names = [n for n in listed.output.stdout.split("\n") if n.isidentifier() and not n.startswith("__")]
    if not names:
        return end, {}
    probe = recorded(session, f"({', '.join(names)},)")
    return end, {v.name: v for v in probe.frames(0)[0].variables} if len(probe) else {}


def problems(sources: list[str], plain: Session, other: Session) -> Iterator[str]:
    """What is wrong with the recording of the last of some blocks, whose predecessors have run in both sessions."""
    source = sources[-1]
    recording = recorded(other, source)
    end, values = plain_end(plain, source)
    last = len(recording) - 1
    if end.output.status in _CUT_SHORT:  # code that never ends: how far it came is a matter of the moment
        if recording.result.status != end.output.status or not recording.stopped:
            yield f"{end.output.status} became {recording.result.status}, stopped: {recording.stopped!r}"
        return
    for what in ("stdout", "value", "status"):
        if getattr(recording.result, what) != getattr(end.output, what):
            yield f"{what}: {getattr(end.output, what)!r:.80} became {getattr(recording.result, what)!r:.80}"
    if settled(recording.printed_at(last)).rstrip() != end.output.stdout.rstrip():
        yield f"printed at the end: {recording.printed_at(last)!r:.80}, not {end.output.stdout!r:.80}"
    errors = [r.error.last_line if r.error else "" for r in (recording.result, end.output)]
    if errors[0] != errors[1]:
        yield f"error: {errors[1]} became {errors[0]}"
    if not len(recording):
        if end.output.error is None or end.output.error.type not in ("SyntaxError", "IndentationError", "TabError"):
            yield "no step"
        return
    yield from _wrong_names(source, recording, values)
    yield from _wrong_walk(recording)
    yield from _wrong_calculations(recording)


def _wrong_names(source: str, recording: Recording, values: dict[str, Variable]) -> Iterator[str]:
    at_end = {v.name: v for v in recording.frames(len(recording) - 1)[0].variables}
    for name, variable in at_end.items():
        if variable.kind in _DATA and not variable.text.startswith("class "):
            there = values.get(name)
            if there is None or there.text != variable.text:
                yield f"{name} is {variable.text!r:.60} at the end, not {there.text if there else None!r:.60}"
    stored = names_of(ast.parse(source))[0]
    yield from (f"{name} is missing at the end" for name in values if name in stored and name not in at_end)


def _wrong_walk(recording: Recording) -> Iterator[str]:
    states = [recording.frames(i) for i in range(len(recording))]
    for i in range(len(recording)):
        sentence(recording, i)
    again = Recording.from_json(recording.to_json())
    order = list(range(len(recording)))
    random.Random(0).shuffle(order)
    for i in order:
        if again.frames(i) != states[i] or again.step(i) != recording.step(i):
            yield f"step {i} differs when it is entered from elsewhere"
            return
    i = 0
    while i < len(recording) - 1:
        following = recording.over(i)
        if following <= i:
            yield f"stepping over does not go on from step {i}"
            return
        i = following


def _wrong_calculations(recording: Recording) -> Iterator[str]:
    for i in range(len(recording)):
        step = recording.step(i)
        unfolding = unfolded(recording, i)
        if unfolding is None or not unfolding.complete or not unfolding.target.isidentifier():
            continue
        after = recording.effect(i)
        frame = next((f for f in recording.frames(after) if f.number == step.frame), None)
        variable = frame.get(unfolding.target) if frame else None
        if variable is None or variable.kind != "number":
            continue
        if unfolding.stages[-1].text != variable.text.removesuffix(".0"):
            yield f"line {step.line}: {unfolding.stages[-1].text} is not {variable.text}"


def main(argv: list[str] | None = None) -> int:
    """Record a file; exit code 1 below ``--target``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, help="only the first so many solutions")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds per block")
    parser.add_argument("--target", type=float, default=1.0)
    args = parser.parse_args(argv)
    started, blocks, good = time.monotonic(), 0, 0
    sandbox = Sandbox(Limits(seconds=args.timeout), spares=2)
    try:
        for count, (name, parts) in enumerate(solutions(args.data)):
            if args.limit is not None and count >= args.limit:
                break
            sources = [source for source, _ in blocks_of(parts)]
            for number in range(len(sources)):
                plain, other = sandbox.open(), sandbox.open()
                for session in (plain, other):
                    for source in sources[:number]:
                        for _ in session.run(source):
                            pass
                found = list(problems(sources[: number + 1], plain, other))
                plain.close()
                other.close()
                blocks += 1
                good += not found
                for problem in found:
                    print(f"{name}, block {number + 1}: {problem}", flush=True)
    except (OSError, ValueError, KeyError) as e:
        print(f"{args.data} cannot be recorded ({e}).", file=sys.stderr)
        return 2
    finally:
        sandbox.close()
    rate = good / blocks if blocks else 0.0
    print(f"{good} of {blocks} blocks recorded and walked to their end, in {time.monotonic() - started:.0f} s.")
    print(f"{rate:.2%}".replace("%", " %"))
    return 0 if rate >= args.target else 1


if __name__ == "__main__":
    sys.exit(main())
