"""Makes ``trainer/data/test_questions.bin``: short hashes of the questions of test sets, which the trainer refuses.

``python packaging/test_questions.py gsm8k.test.jsonl math.test.jsonl``: the first file's questions are also known
without their numbers. The result holds no text.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trainer.data.benchmarks import read
from trainer.data.testsets import packed

RESULT = Path(__file__).parent.parent / "trainer" / "data" / "test_questions.bin"


def main(gsm8k: Path, math: Path) -> None:
    """Write the hashes of two test sets."""
    hashes = packed([t.problem for t in read("gsm8k", gsm8k)], masked=True)
    hashes |= packed([t.problem for t in read("math", math)], masked=False)
    RESULT.write_bytes(b"".join(sorted(hashes)))
    sys.stdout.write(f"{RESULT}: {len(hashes):,} hashes\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
