"""Checks that no hint gives the answer away, on problems with known solutions.

Usage: ``python packaging/hints.py DATA.jsonl [--limit N]``. Each line of the file is a JSON object with ``question``
and ``answer``; the answer's calculations stand in ``<<2+3=5>>`` and its value behind ``####``. The known solution
takes the place of a solved run. The check is independent of the program's own: it looks for the value as a number, as
English words and as the value of any calculation in the hint. Exits with 1 if a level gives the answer away, is empty,
or repeats another.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tutor_app.core.hints import LEVELS, RESULT
from tutor_app.core.parts import Answer, Code, Output, Text
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.hints import ladder

NOTE = re.compile(r"<<([^<>=]*)=([^<>]*)>>")
NUMBER = re.compile(r"(?<![\w.])(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<![\w.])\.\d+")
RUN = re.compile(r"[\d.,+\-*/() ×÷]+")
ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
)
ONES += "eighteen nineteen"
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def in_words(n: int) -> str:
    """A whole number in English words, without hyphens."""
    ones, tens = ONES.split(), TENS.split()
    if n < 20:
        return ones[n]
    if n < 100:
        return tens[n // 10 - 2] + (f" {ones[n % 10]}" if n % 10 else "")
    if n < 1000:
        return f"{ones[n // 100]} hundred" + (f" {in_words(n % 100)}" if n % 100 else "")
    return f"{in_words(n // 1000)} thousand" + (f" {in_words(n % 1000)}" if n % 1000 else "")


def solved(row: dict[str, str]) -> tuple[Transcript, Fraction]:
    """The known solution as a solved run, and its value."""
    text, _, told = row["answer"].partition("####")
    value = told.strip().replace(",", "").lstrip("$")
    notes = NOTE.findall(text)
    lines = [f"step_{k} = {calculation.strip()}" for k, (calculation, _) in enumerate(notes, 1)]
    code = "\n".join([*lines, f"print(step_{len(notes)})"]) if notes else f"print({value})"
    parts = (Text(NOTE.sub("", text)), Code(code), Output(stdout=f"{value}\n"), Answer(value))
    return Transcript.of(row["question"], *parts), Fraction(value)


def gives_away(text: str, value: Fraction) -> str:
    """How a text gives a value away; empty if it does not."""
    for m in NUMBER.finditer(text):
        if Fraction(m[0].replace(",", "").rstrip(".")) == value:
            return m[0]
    if value.denominator == 1 and 0 <= value < 10**6:
        words = in_words(int(value))
        plain = re.sub(r"\band\b", " ", text.lower().replace("-", " "))
        if re.search(rf"(?<![a-z]){' +'.join(words.split())}(?![a-z])", " ".join(plain.split())):
            return words
    for m in RUN.finditer(text):
        pieces = re.findall(r"\d[\d,]*(?:\.\d+)?|[-+*/()×÷]", m[0])
        for start in range(len(pieces)):
            for end in range(start + 3, min(len(pieces), start + 13) + 1):
                if computed("".join(pieces[start:end])) == value:
                    return "".join(pieces[start:end])
    return ""


def computed(calculation: str) -> Fraction | None:
    """The value of a calculation, exactly; None if it is none."""
    source = calculation.replace("×", "*").replace("÷", "/").replace(",", "")
    if not re.fullmatch(r"[\d.+\-*/()]+", source) or "**" in source or "//" in source:
        return None
    exact = re.sub(r"\d+(?:\.\d+)?", lambda m: f"Fraction('{m[0]}')", source)
    try:
        found = eval(exact, {"__builtins__": {}, "Fraction": Fraction})
    except (SyntaxError, ZeroDivisionError, TypeError, ValueError):
        return None
    return found if isinstance(found, Fraction) else None


def main() -> int:
    """Check the file; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=200)
    args = parser.parse_args()
    faults: Counter[str] = Counter()
    plain: Counter[int] = Counter()
    rows = args.data.read_text(encoding="utf-8").splitlines()[: args.limit]
    for number, line in enumerate(rows):
        transcript, value = solved(json.loads(line))
        hints = ladder(transcript, sure=True).hints
        texts = [hint.text for hint in hints]
        complaints = []
        if len(hints) != len(LEVELS) or not all(text.strip() for text in texts):
            complaints.append("empty level")
        if len(set(texts)) != len(texts):
            complaints.append("repeated level")
        for hint in hints:
            told = gives_away(hint.text, value) if hint.level < RESULT else ""
            if told:
                complaints.append(f"level {hint.level} tells {told!r}")
            plain[hint.level] += not re.search(r"\d", hint.text)
        for complaint in complaints:
            faults[complaint.split(" tells")[0]] += 1
            print(f"row {number}: {complaint}")
    print(
        f"{len(rows)} problems, {sum(faults.values())} faults {dict(faults)}; without a number by level {dict(plain)}"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
