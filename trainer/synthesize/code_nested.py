"""Code-nested solutions by a teacher: the solve loop of the app over it, and what is kept of what comes out.

A solution has the form of MuMath-Code: an analysis, code, its real output, a boxed answer; code that failed stays with
its error and the correction sentence. :func:`refusal` tells why a solution is not kept; the first reason counts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from trainer.teacher.boxes import box_fault
from trainer.teacher.judge import Judge
from trainer.teacher.prompts import CORRECTION, prompt_named
from trainer.teacher.replies import doubts, in_circles, misexplains, text_fault
from trainer.teacher.teacher import Teacher
from tutor_app.core.dialect import MUMATH, PromptSet
from tutor_app.core.errors import HostFault
from tutor_app.core.events import EndReason
from tutor_app.core.parts import Answer, Code, Output, Part, Text, Thought
from tutor_app.core.ports import Cancel
from tutor_app.core.problem import check_problem
from tutor_app.core.solve import solve, to_the_end
from tutor_app.core.solve_settings import SolveSettings

WRONG_ANSWER: Final = "the answer is not the one that is known"
LONGEST: Final = 6000
"""Characters of a solution."""
_MODULE_NAMES: Final = (
    "cmath collections datetime decimal calendar fractions functools itertools math matplotlib mpmath numbers numpy "
    "operator random scipy statistics sympy typing"
)
MODULES: Final = frozenset(_MODULE_NAMES.split())
"""What code of a solution may import: it calculates and does nothing else."""
_FORBIDDEN_NAMES: Final = "input open exec eval compile __import__ breakpoint exit quit globals locals"
_FORBIDDEN: Final = frozenset(_FORBIDDEN_NAMES.split())
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:/\d+)?")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One solution.

    Attributes:
        parts: Of the solution, with the correction sentence after every failed block.
        ended: Why it ended.
        seed: Of the sampling.
    """

    parts: tuple[Part, ...]
    ended: str
    seed: int

    @property
    def answer(self) -> str:
        """The final answer; empty if there is none."""
        found = next((p for p in reversed(self.parts) if isinstance(p, Answer)), None)
        return found.latex if found is not None else ""

    @property
    def blocks_that_ran(self) -> list[str]:
        """Blocks of code that ran to their ends."""
        pairs = pairwise(self.parts)
        return [c.source for c, o in pairs if isinstance(c, Code) and isinstance(o, Output) and o.status == "ok"]

    @property
    def failed_blocks(self) -> int:
        """Blocks of code that failed."""
        return sum(isinstance(p, Output) and p.status != "ok" for p in self.parts)


def prompt_for(teacher: Teacher, name: str = "code-nested") -> PromptSet:
    """What the teacher is shown: nothing but the correction sentence, if it was trained on the form itself."""
    return PromptSet(correction=CORRECTION) if teacher.dialect == MUMATH else prompt_named(name)


def attempt(
    teacher: Teacher,
    problem: str,
    sample: int,
    cancel: Cancel,
    *,
    prompt: PromptSet,
    calls: int = 4,
    seconds: float,
    code_seconds: float = 10.0,
) -> Attempt:
    """One solution of a problem, with so much wall time for all of it and for one block.

    Raises:
        UserFault: If the problem is too long, or the budget is spent.
        HostFault: If the model or the sandbox failed, or the work was cancelled.
    """
    sampling = teacher.sampling_for(problem, sample)
    settings = SolveSettings(
        max_rounds=calls,
        max_tokens=teacher.max_tokens,
        seconds=seconds,
        code_timeout=code_seconds,
        sampling=sampling,
    )
    done = to_the_end(
        solve(
            check_problem(problem),
            model=teacher.model,
            executor=teacher.executor,
            dialect=teacher.dialect,
            prompt=prompt,
            settings=settings,
            cancel=cancel,
        )
    )
    if done.reason is EndReason.ENGINE and (failure := teacher.model.failure()) is not None:
        raise failure
    if done.reason in (EndReason.ENGINE, EndReason.SANDBOX, EndReason.STOPPED):
        # It says nothing of the solution.
        raise HostFault(done.detail or "The solution was stopped.")
    return Attempt(corrected(done.transcript.solution), done.reason.value, sampling.seed)


def corrected(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with the correction sentence after the output of every failed block that something follows.

    Times and thoughts are left out: the one would make the same data differ, the other is no part of a solution.
    """
    kept = [replace(p, seconds=0.0) if isinstance(p, Output) else p for p in parts if not isinstance(p, Thought)]
    out: list[Part] = []
    for i, part in enumerate(kept):
        before = kept[i - 1] if i else None
        after_failure = isinstance(before, Output) and before.status != "ok"
        if after_failure and isinstance(part, Text) and not part.text.lstrip().startswith(CORRECTION.strip()):
            part = Text(CORRECTION + part.text.lstrip("\n"))
        elif after_failure and isinstance(part, Code):
            out.append(Text(CORRECTION))
        out.append(part)
    return tuple(out)


_FEWEST_WORDS: Final = 5
"""Of a sentence that is told from another's."""


def sentences_of(words: str) -> frozenset[str]:
    """The sentences and list items of a text, of five words or more, in one spelling."""
    found = (" ".join(re.findall(r"[\w'^*/+=-]+", s.lower())) for s in re.split(r"[.:!?](?=\s|$)|\n", words))
    return frozenset(s.strip("- ") for s in found if len(s.strip("- ").split()) >= _FEWEST_WORDS)


def shown_sentences(prompt: PromptSet) -> frozenset[str]:
    """What the worked examples of a prompt say in words, which is true of their problems and of no other."""
    parts = (p for d in prompt.demonstrations for p in d.solution if isinstance(p, Text))
    return frozenset[str]().union(*(sentences_of(p.text) for p in parts))


def refusal(made: Attempt, question: str, gold: str, judge: Judge, shown: frozenset[str] = frozenset()) -> str:
    """Why a solution is not kept; empty if it is.

    Args:
        made: The solution.
        question: That it solves.
        gold: What its answer must be.
        judge: Of answers and statements.
        shown: Sentences that it may not repeat, see :func:`shown_sentences`.

    Raises:
        HostFault: If statements cannot be checked.
    """
    words = "\n".join(p.text for p in made.parts if isinstance(p, Text))
    codes = [p for p in made.parts if isinstance(p, Code)]
    outputs = [p for p in made.parts if isinstance(p, Output)]
    length = len(words) + sum(len(c.source) for c in codes)
    if made.ended == EndReason.REPEATED.value or in_circles(words):
        return "the solution runs in circles"
    if length > LONGEST:
        return "the solution is too long"
    if made.ended in (EndReason.TOKENS.value, EndReason.CONTEXT.value, EndReason.SECONDS.value):
        return "the solution was cut off"
    answer = next((p for p in reversed(made.parts) if isinstance(p, Answer)), None)
    if answer is None or answer.source != "boxed" or not re.search(r"\\boxed\s*\{", words):
        return "no boxed answer"
    if why := text_fault(words, question) or box_fault(answer.latex, f"{question} {gold}"):
        return why.replace("the reply", "the solution")
    if not codes or not outputs:
        return "no code"
    if why := code_fault([c.source for c in codes]):
        return why
    if any(o.status not in ("ok", "error") or (o.error and o.error.type == "MemoryError") for o in outputs):
        return "code ran out of time or memory"  # of this machine: nothing is to be learnt of its repair
    if outputs[-1].status != "ok":
        return "the last code failed"
    if not judge.equal(gold, made.answer):
        return WRONG_ANSWER
    if not any(_printed(made.answer, o, judge) for o in outputs if o.status == "ok"):
        return "the answer was never computed"
    if shown & sentences_of(words):
        return "words of a worked example"
    if doubts(words):
        return "the solution doubts its problem"
    if misexplains(words):
        return "words are explained wrongly"
    if judge.false_statements(made.parts):
        return "a statement is false"
    return ""


def code_fault(sources: Sequence[str]) -> str:
    """What is wrong with the code of a solution as such: it computes nothing, does something else, or forgets a number.

    A variable that nothing uses is mostly a number of the question that the right solution needs: the answer is then
    right by chance.
    """
    computes = False
    set_to: set[str] = set()
    used: set[str] = set()
    for source in sources:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            continue  # a failed block, which is kept
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [a.name for a in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "."]
            if any(name.split(".")[0] not in MODULES for name in names):
                return "the code does more than calculate"
            if isinstance(node, ast.Name) and node.id in _FORBIDDEN:
                return "the code does more than calculate"
            if isinstance(node, ast.For | ast.comprehension):
                used |= {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}  # it counts, if nothing else
            if isinstance(node, ast.Name):
                (set_to if isinstance(node.ctx, ast.Store) else used).add(node.id)
            calls = isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id == "print")
            computes = computes or calls or isinstance(node, ast.BinOp | ast.AugAssign | ast.Compare)
    if not computes:
        return "the code computes nothing"
    return "the code uses a variable for nothing" if set_to - used - {"_"} else ""


def _printed(answer: str, output: Output, judge: Judge) -> bool:
    """Whether an output shows the answer: as a line, or as a number in its last lines."""
    lines = [line.strip() for line in (output.stdout.strip() or output.value).splitlines() if line.strip()][-8:]
    shown = [*reversed(lines), *(n for line in reversed(lines) for n in reversed(_NUMBER.findall(line)))]
    return any(judge.equal(answer, s) or judge.equal(s, answer) for s in dict.fromkeys(shown[:40]))
