"""Bugs of the kinds that small models write, put into code that is known to be right.

Each kind takes the code and its problem and gives the broken code, the exception that it must raise (or none, if only
the result is wrong) and an explanation that names the place. A kind that has no place in the code gives nothing. That
a bug really has its effect is for the caller to find out by running it.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from trainer.augment.parsed_code import ParsedCode


@dataclass(frozen=True, slots=True)
class Bug:
    """A broken block.

    Attributes:
        kind: Which kind of bug it is.
        source: The broken code.
        raises: The exceptions of which it must raise one; empty if it runs and only its output is wrong.
        why: What is wrong and what the repair is.
    """

    kind: str
    source: str
    raises: tuple[str, ...]
    why: str


Maker = Callable[["ParsedCode", random.Random], Bug | None]


def undefined_name(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Use a slightly different name from the one that was set."""
    for name, node in code.assignments(rng):
        uses = [
            n
            for n in ast.walk(code.tree)
            if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) and n.lineno > node.lineno
        ]
        if not uses or len(name) < 4:
            continue
        numbered = re.fullmatch(r"(.+)_(\d+)", name)
        first, _, rest = name.partition("_")
        wrongs = [
            numbered[1] + numbered[2] if numbered else (name[:-1] if name.endswith("s") else f"{name}s"),
            f"total_{name}" if not numbered else f"result_{numbered[2]}",
            rest if rest and not rest.isdigit() and len(rest) > 3 else f"{first}_total",
        ]
        wrong = rng.choice(wrongs)
        if re.search(rf"\b{wrong}\b", code.source):
            continue
        why = rng.choice(
            (
                f"The variable `{wrong}` was never defined: the value is stored in `{name}`. I use the right name.",
                f"There is no variable `{wrong}`. What I mean is `{name}`, so I write that name.",
            )
        )
        return Bug("undefined name", code.replaced(rng.choice(uses), wrong), ("NameError",), why)
    return None


def missing_import(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Leave an import out."""
    m = re.match(r"(from (\w+) import ([^\n]+))\n+", code.source)
    if m is None:
        return None
    why = rng.choice(
        (
            f"A name is used that was not imported: the line `{m[1]}` is missing. I add it at the top.",
            f"`{m[3]}` must be imported from `{m[2]}` before it is used. I add the import.",
        )
    )
    return Bug("missing import", code.source[m.end() :], ("NameError",), why)


def number_as_text(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Write a quantity as a text."""
    for name, node in code.operations(rng, ast.Add, ast.Sub, ast.Div):
        sides = [s for s in (node.left, node.right) if isinstance(s, ast.Constant)]
        if not sides:
            continue
        side = rng.choice(sides)
        text = code.text(side)
        why = rng.choice(
            (
                f'In `{name}` the number {text} was written as a text, "{text}", with which Python cannot calculate. '
                "I write it without quotes.",
                f'`"{text}"` is a text and not a number. I remove the quotes to calculate with {text}.',
            )
        )
        return Bug("number as text", code.replaced(side, f'"{text}"'), ("TypeError",), why)
    return None


def text_plus_number(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Join the result to a text with ``+``."""
    found = code.printed()
    if found is None:
        return None
    value = found[1].args[0]
    shown = code.text(value)
    said = rng.choice(('"The answer is " + ', '"Answer: " + ', '"Result: " + '))
    why = f"A text and a number cannot be joined with `+`. I print the value `{shown}` alone."
    return Bug("text plus number", code.replaced(value, said + shown), ("TypeError",), why)


def wrong_variable(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Use one earlier result for another."""
    assigned = code.assignments(rng)
    for name, node in assigned:
        uses = [n for n in ast.walk(node.value) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
        for use in uses:
            others = [o for o, a in assigned if a.lineno < node.lineno and o not in {n.id for n in uses}]
            if not any(o == use.id for o, _ in assigned) or not others:
                continue
            wrong = rng.choice(others)
            why = rng.choice(
                (
                    f"The result is wrong: `{name}` must be computed from `{use.id}`, not from `{wrong}`. "
                    "I use the right variable.",
                    f"I took the wrong quantity: `{wrong}` stands where `{use.id}` belongs in the line of `{name}`.",
                )
            )
            return Bug("wrong variable", code.replaced(use, wrong), (), why)
    return None


def wrong_operator(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Add for subtract, multiply for divide, or the other way round."""
    words = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
    does = {ast.Add: "added", ast.Sub: "subtracted", ast.Mult: "multiplied", ast.Div: "divided"}
    other = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
    for name, node in code.operations(rng, ast.Add, ast.Sub, ast.Mult, ast.Div):
        if not isinstance(node.left, ast.Name | ast.Constant) or not isinstance(node.right, ast.Name | ast.Constant):
            continue
        kind, a, b = type(node.op), code.text(node.left), code.text(node.right)
        wrong = other[kind]
        why = rng.choice(
            (
                f"In `{name}` the numbers must be {does[kind]}, not {does[wrong]}: it is `{a} {words[kind]} {b}`.",
                f"The operation for `{name}` is wrong. Here `{a}` and `{b}` have to be {does[kind]}, "
                f"so I write `{words[kind]}` instead of `{words[wrong]}`.",
            )
        )
        return Bug("wrong operator", code.replaced(node, f"{a} {words[wrong]} {b}"), (), why)
    return None


def off_by_one(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Count a repeated quantity with a range that is one short."""
    for name, node in code.operations(rng, ast.Mult):
        times = node.right
        if not isinstance(node.left, ast.Name | ast.Constant) or not isinstance(times, ast.Constant):
            continue
        if not isinstance(times.value, int) or not 3 <= times.value <= 400:
            continue
        a, n = code.text(node.left), times.value
        wrong = f"sum({a} for _ in range(1, {n}))"
        why = rng.choice(
            (
                f"`range(1, {n})` stops before {n}, so for `{name}` it counts only {n - 1} times. I multiply by {n}.",
                f"The loop for `{name}` is one short: `range(1, {n})` has {n - 1} numbers. `{a} * {n}` is right.",
            )
        )
        return Bug("off by one", code.replaced(node, wrong), (), why)
    return None


def integer_division(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Divide with ``//``."""
    for name, node in code.operations(rng, ast.Div):
        a, b = code.text(node.left), code.text(node.right)
        if isinstance(node.right, ast.BinOp):
            b = f"({b})"
        why = rng.choice(
            (
                f"`//` drops the remainder, but `{a} / {b}` is no whole number. I divide with `/`.",
                f"The division for `{name}` must be exact: `//` rounds down, so I use `/`.",
            )
        )
        if isinstance(node.left, ast.BinOp) and not isinstance(node.left.op, ast.Mult | ast.Div):
            a = f"({a})"
        return Bug("integer division", code.replaced(node, f"{a} // {b}"), (), why)
    return None


def missing_percent(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Calculate with the percentage itself, without dividing by 100."""
    for name, node in code.operations(rng, ast.Mult, ast.Div):
        if isinstance(node.op, ast.Div):
            factors = node.left
            last = factors.right if isinstance(factors, ast.BinOp) and isinstance(factors.op, ast.Mult) else factors
            percent = code.text(last)
            wrong = code.replaced(node, code.text(factors)) if code.text(node.right) == "100" else ""
        else:
            sides = [
                (n, n.value)
                for n in (node.left, node.right)
                if isinstance(n, ast.Constant) and isinstance(n.value, float) and 0 < n.value < 1
            ]
            if not sides:
                continue
            side, share = sides[0]
            percent = f"{share * 100:.10g}"
            wrong = code.replaced(side, percent)
        if not wrong or not re.search(rf"(?<![\d.]){re.escape(percent)}\s*(?:%|percent)", code.problem):
            continue
        why = rng.choice(
            (
                f"{percent}% means {percent} out of 100: in `{name}` the percentage must be divided by 100.",
                f"I used {percent} itself for `{name}`, but {percent}% is {percent}/100. I divide by 100.",
            )
        )
        return Bug("percent not divided by 100", wrong, (), why)
    return None


_CONVERSIONS: Final = (
    (60, "hour", "minute"),
    (60, "minute", "second"),
    (24, "day", "hour"),
    (7, "week", "day"),
    (12, "year", "month"),
    (52, "year", "week"),
    (365, "year", "day"),
    (12, "foot|feet", "inch"),
    (3, "yard", "foot|feet"),
    (12, "dozen", ""),
    (16, "pound", "ounce"),
    (4, "gallon", "quart"),
    (2, "pint", "cup"),
    (100, "dollar|\\$", "cent"),
    (100, "meter", "centimeter"),
    (1000, "kilometer|km", "meter"),
    (1000, "kilogram|kg", "gram"),
    (1000, "liter", "milliliter|ml"),
    (2000, "ton", "pound"),
)


def missing_conversion(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Leave out the factor between two units."""
    words = f"{code.problem} {code.source}".lower().replace("_", " ")
    for name, node in code.operations(rng, ast.Mult, ast.Div):
        text = code.text(node.right)
        if isinstance(node.left, ast.BinOp):
            continue  # 2100 * 3 / 7 is a share of the week, and converts nothing
        for factor, large, small in _CONVERSIONS:
            if text != str(factor) or re.search(rf"(?<![\d.]){factor}(?![\d%])", code.problem):
                continue
            if not re.search(rf"\b(?:{large})|\${large}", words) or not re.search(rf"\b(?:{small})", words):
                continue
            one, many = large.split("|")[0], f"{small.split('|')[0]}s".replace("foots", "feet").replace("chs", "ches")
            fact = f"{one} has {factor} {many}" if small else f"dozen is {factor}"
            does = "multiply" if isinstance(node.op, ast.Mult) else "divide"
            article = "an" if one == "hour" else "a"
            why = f"The unit was not converted: {article} {fact}, so for `{name}` I {does} by {factor}."
            return Bug("unit not converted", code.replaced(node, code.text(node.left)), (), why)
    return None


def early_rounding(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Round a result that others are computed from."""
    last = code.tree.body[-1].lineno
    for name, node in code.assignments(rng):
        used = sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(code.tree)) > 1
        if used and node.lineno < last - 2:
            why = rng.choice(
                (
                    f"`{name}` is rounded although it is still needed, and the error is carried on. "
                    "I keep the exact value.",
                    f"Rounding `{name}` in the middle of the calculation changes the result, so I leave `round` out.",
                )
            )
            return Bug("rounded too early", code.replaced(node.value, f"round({code.text(node.value)})"), (), why)
    return None


def index_error(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Take the summands from a list, counted from 1."""
    for name, node in code.assignments(rng):
        terms: list[ast.expr] = []
        rest: ast.expr = node.value
        while isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Add):
            terms.insert(0, rest.right)
            rest = rest.left
        terms.insert(0, rest)
        if len(terms) < 2 or re.search(r"\b(?:values|items|parts)\b", code.source):
            continue
        listed = rng.choice(("values", "items", "parts"))
        indent = " " * node.col_offset
        total = " + ".join(f"{listed}[{i + 1}]" for i in range(len(terms)))
        wrong = f"{listed} = [{', '.join(map(code.text, terms))}]\n{indent}{name} = {total}"
        why = (
            f"The index is out of range: `{listed}` has {len(terms)} entries, and indices begin at 0. "
            f"For `{name}` no list is needed, I add the quantities directly."
        )
        return Bug("index out of range", code.replaced(node, wrong), ("IndexError",), why)
    return None


def print_forgotten(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Compute the result and show nothing."""
    found = code.printed()
    if found is None:
        return None
    shown = code.text(found[1].args[0])
    why = rng.choice(
        (
            f"Nothing was printed, so there is no result to read. I add `print({shown})`.",
            f"The result was computed but never shown: `print({shown})` is missing at the end.",
        )
    )
    return Bug("print forgotten", code.without(found[0]), (), why)


def return_forgotten(code: ParsedCode, rng: random.Random) -> Bug | None:
    """A function that gives nothing back."""
    for node in ast.walk(code.tree):
        if isinstance(node, ast.Return) and node.value is not None:
            result = code.text(node.value)
            why = rng.choice(
                (
                    f"The function has no `return`, so it gives `None`. I return `{result}`.",
                    f"`None` was printed because the function returns nothing. I add `return {result}`.",
                )
            )
            lines = code.source.split("\n")
            del lines[node.lineno - 1]
            if not lines[node.lineno - 2].strip():
                del lines[node.lineno - 2]
            return Bug("return forgotten", "\n".join(lines), (), why)
    return None


def missing_parentheses(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Leave the parentheses around a sum or difference out."""
    for name, node in code.operations(rng, ast.Mult, ast.Div):
        for side in (node.left, node.right):
            start, end = code.at(side)
            around = code.source[start - 1 : start] + code.source[end : end + 1]
            if isinstance(side, ast.BinOp) and isinstance(side.op, ast.Add | ast.Sub) and around == "()":
                inner = code.text(side)
                wrong = code.source[: start - 1] + inner + code.source[end + 1 :]
                does = "multiplied" if isinstance(node.op, ast.Mult) else "divided"
                why = (
                    f"Without parentheses only a part of `{inner}` is {does} in `{name}`: "
                    f"I write `({inner})`, which is computed first."
                )
                return Bug("missing parentheses", wrong, (), why)
    return None


def used_too_early(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Two lines in the wrong order."""
    for name, node in code.assignments(rng):
        for later, other in code.assignments(rng):
            needs = any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(other.value))
            lines = code.source.split("\n")
            if not needs or other.lineno <= node.lineno or other.col_offset != node.col_offset:
                continue
            between = {n for n, a in code.assignments(rng) if node.lineno < a.lineno < other.lineno}
            if between & {n.id for n in ast.walk(other.value) if isinstance(n, ast.Name)}:
                continue  # Python would complain of another name than the explanation
            start, at = _with_comments(lines, other.lineno - 1), _with_comments(lines, node.lineno - 1)
            moved = lines[start : other.lineno]
            del lines[start : other.lineno]
            lines[at:at] = moved
            why = rng.choice(
                (
                    f"`{later}` was computed before `{name}`, which it needs. I put the lines in the right order.",
                    f"The order is wrong: `{name}` has to be set before `{later}` uses it.",
                )
            )
            return Bug("used too early", "\n".join(lines), ("NameError", "UnboundLocalError"), why)
    return None


def _with_comments(lines: Sequence[str], at: int) -> int:
    """Where the comments begin that stand over a line; the line itself if there are none."""
    while at and lines[at - 1].lstrip().startswith("#"):
        at -= 1
    return at


def sign_in_number(code: ParsedCode, rng: random.Random) -> Bug | None:
    """Copy a number with its dollar or percent sign out of the problem."""
    for name, node in code.assignments(rng):
        for n in ast.walk(node.value):
            if not isinstance(n, ast.Constant):
                continue
            text = code.text(n)
            number = rf"{re.escape(text)}(?!\d|[.,]\d)"
            # 55 bottles are not the $55 that were earned
            if re.search(rf"\${number}", code.problem) and not re.search(rf"(?<![\d.,$]){number}", code.problem):
                why = f"`${text}` is no Python number: the dollar sign has to go. In `{name}` I write {text}."
                return Bug("sign in a number", code.replaced(n, f"${text}"), ("SyntaxError",), why)
    return None


KINDS: Final[tuple[Maker, ...]] = (
    undefined_name,
    missing_import,
    number_as_text,
    text_plus_number,
    wrong_variable,
    wrong_operator,
    off_by_one,
    integer_division,
    missing_percent,
    missing_conversion,
    early_rounding,
    index_error,
    print_forgotten,
    return_forgotten,
    missing_parentheses,
    used_too_early,
    sign_in_number,
)


def bugs(source: str, problem: str, rng: random.Random) -> Iterator[Bug]:
    """Every bug that fits the code, one of each kind, in random order; what fits little code is tried first."""
    code = ParsedCode(source, problem)
    often = {
        undefined_name,
        text_plus_number,
        print_forgotten,
        return_forgotten,
        wrong_operator,
        number_as_text,
        used_too_early,
        index_error,
        off_by_one,
        wrong_variable,
    }
    order = sorted(KINDS, key=lambda kind: rng.random() + (kind in often) * 0.3)
    for make in order:
        found = make(code, rng)
        if found is not None and found.source != source:
            yield found
