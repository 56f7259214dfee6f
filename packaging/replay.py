"""``make replay DATA=FILE.jsonl``: run every code block of recorded solutions and compare with the recorded output.

A line is a saved transcript, or an object whose key ``code`` holds solutions as MuMath-Code writes them (text,
```` ```python ````, ```` ```output ````). Blocks of one solution share a session. Numbers are compared to six
significant digits, because recordings come from other versions and machines. Prints the rate, and each miss with
what was recorded and what came.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.events import RunFinished
from tutor_app.core.parsing import parse
from tutor_app.core.parts import Code, Output, Part
from tutor_app.core.transcript import Transcript

_NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")
_ERROR = re.compile(r"(?:[A-Za-z_]\w*\.)*(\w*(?:Error|Exception|Warning|Interrupt|Exit|Iteration))\b")


def solutions(path: Path) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """Name and parts of each solution of a file."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            row = json.loads(line)
            if "turns" in row:
                yield str(number), tuple(p for t in Transcript.from_json(line).turns for p in t.parts)
            else:
                for text in row["code"]:
                    yield str(row.get("idx", number)), parse(text)


def recorded_text(output: Output) -> str:
    """What the recording says: in a parsed text all of it is standard output."""
    return (output.stdout or output.value or (output.error.last_line if output.error else "")).strip()


def given_text(output: Output) -> str:
    """What would go back to the model."""
    return (output.stdout.strip() or output.value or (output.error.last_line if output.error else "")).strip()


def same(recorded: str, given: str) -> bool:
    """Whether two outputs agree but for the writing of numbers and the wording of an error."""
    if recorded == given:
        return True
    errors = _ERROR.match(recorded), _ERROR.match(given)
    if errors[0] and errors[1]:
        return errors[0][1] == errors[1][1]
    if _shape(recorded) != _shape(given):
        return False
    pairs = zip(_NUMBER.findall(recorded), _NUMBER.findall(given), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=1e-6, abs_tol=1e-9) for a, b in pairs)


def _shape(text: str) -> str:
    return re.sub(r"\s+", "", _NUMBER.sub("#", text))


def pairs(parts: tuple[Part, ...]) -> Iterator[tuple[str, str | None]]:
    """Each code block with its recorded output, None if none follows."""
    for at, part in enumerate(parts):
        if isinstance(part, Code):
            following = parts[at + 1] if at + 1 < len(parts) else None
            yield part.source, recorded_text(following) if isinstance(following, Output) else None


def main(argv: list[str] | None = None) -> int:
    """Replay a file; exit code 1 below ``--target``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, help="only the first so many solutions")
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds per block")
    parser.add_argument("--target", type=float, default=0.995)
    args = parser.parse_args(argv)
    started, blocks, hits, without = time.monotonic(), 0, 0, 0
    kinds: Counter[str] = Counter()
    sandbox = Sandbox(Limits(seconds=args.timeout), spares=2)
    try:
        for count, (name, parts) in enumerate(solutions(args.data)):
            if args.limit is not None and count >= args.limit:
                break
            session = sandbox.open()
            for source, recorded in pairs(parts):
                *_, last = session.run(source)
                assert isinstance(last, RunFinished)
                given = given_text(last.output)
                if recorded is None:
                    without += 1
                    continue
                blocks += 1
                if same(recorded, given):
                    hits += 1
                else:
                    kind = last.output.error.type if last.output.error else last.output.status
                    kinds[kind] += 1
                    print(f"{name}: {kind}\n  recorded: {recorded[:200]!r}\n  given:    {given[:200]!r}", flush=True)
            session.close()
    except (OSError, ValueError, KeyError) as e:
        print(f"{args.data} cannot be replayed ({e}).", file=sys.stderr)
        return 2
    finally:
        sandbox.close()
    rate = hits / blocks if blocks else 0.0
    seconds = time.monotonic() - started
    print(f"{hits} of {blocks} recorded outputs agree, {rate:.2%}, in {seconds:.0f} s; {without} blocks have none.")
    if kinds:
        print("Misses: " + ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()))
    return 0 if rate >= args.target else 1


if __name__ == "__main__":
    sys.exit(main())
