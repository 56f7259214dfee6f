"""The cause of a failed block in plain words, from the exception's type and message.

A table of the commonest mistakes in mathematical Python. It never looks at the code and never promises a cure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

Rule = tuple[str, str, str | Callable[[re.Match[str]], str]]

_RULES: Final[tuple[Rule, ...]] = (
    ("EOFError", "input", "The program asked for input, but nobody can type here. Write the value into the code."),
    (
        "NameError",
        r"name '(\w+)' is not defined",
        lambda m: f"Nothing called {m[1]} exists yet: define it first, import it, or check the spelling.",
    ),
    (
        "UnboundLocalError",
        r"'(\w+)'",
        lambda m: f"{m[1]} is assigned inside the function, so it must get a value there before it is used.",
    ),
    (
        "ModuleNotFoundError",
        r"No module named '([\w.]+)'",
        lambda m: f"The library {m[1]} is not available here; use sympy, numpy, matplotlib or Python's own.",
    ),
    (
        "ImportError",
        r"cannot import name '(\w+)' from '([\w.]+)'",
        lambda m: f"{m[2]} has nothing called {m[1]}: check the spelling or look for it in another module.",
    ),
    ("ZeroDivisionError", "", "Something was divided by zero; check the denominator before dividing."),
    ("IndexError", "", "The position lies outside the list. Positions start at 0; an empty list has none."),
    ("KeyError", "", "The dictionary has no such key. solve(..., dict=True) gives a list of dictionaries."),
    (
        "TypeError",
        r"'(\w+)' object is not subscriptable",
        lambda m: f"A value of type {m[1]} has no parts, so [ ] cannot be used on it.",
    ),
    (
        "TypeError",
        r"'(\w+)' object is not callable",
        lambda m: f"A value of type {m[1]} was called like a function; a * may be missing, or a name was reused.",
    ),
    (
        "TypeError",
        r"cannot determine truth value of Relational",
        "An inequality with unknowns is neither true nor false; solve it or put numbers in first.",
    ),
    (
        "TypeError",
        r"Cannot convert (complex|expression) to float|can't convert|cannot convert",
        "The expression still has a symbol or a complex part, so it is no plain number; substitute values first.",
    ),
    (
        "TypeError",
        r"missing \d+ required|takes \d+ positional|unexpected keyword",
        "The function was called with the wrong arguments; compare the call with its definition.",
    ),
    ("TypeError", r"unsupported operand", "These two kinds of value cannot be combined with this operator."),
    ("TypeError", "", "A value has another type than the operation needs."),
    (
        "AttributeError",
        r"'(\w+)' object has no attribute '(\w+)'",
        lambda m: f"A value of type {m[1]} has nothing called {m[2]}; it may be another kind of value than expected.",
    ),
    ("AttributeError", "", "The module or value has nothing of that name; check the spelling."),
    ("ValueError", r"invalid literal for int", "The text is not a whole number."),
    ("ValueError", r"unpack", "The number of names on the left differs from the number of values on the right."),
    ("ValueError", r"math domain error|expected a nonnegative", "The function is not defined for this number."),
    ("ValueError", "", "The value has the right type but the operation cannot use it."),
    (
        "NotImplementedError",
        "",
        "SymPy has no method for this problem. Try nsolve with a starting value, simplify first, or reformulate.",
    ),
    ("RecursionError", "", "The function called itself too often; it needs a case in which it stops."),
    ("OverflowError", "", "The number is too large for a float; use whole numbers, Fraction or SymPy instead."),
    (
        "MemoryError",
        "",
        "The computation needs more memory than it is given; use smaller data or a smarter method.",
    ),
    (
        "TimeoutError",
        "",
        "The computation took too long: it may never end, or needs a smaller search or a closed formula.",
    ),
    ("IndentationError", "", "The lines of a block must be indented equally, with spaces."),
    ("SyntaxError", r"never closed|unmatched|unterminated", "A bracket or quote is not closed."),
    ("SyntaxError", r"invalid decimal literal", "A * is missing between a number and a name: write 2*x, not 2x."),
    ("SyntaxError", "", "Python does not understand this line; look for a missing bracket, colon or operator."),
    ("LinAlgError", "", "The matrix is singular or not square, so the system has no unique solution."),
    ("NonInvertibleMatrixError", "", "The determinant is zero, so the matrix has no inverse."),
    ("ShapeError", "", "The sizes of the matrices do not fit together."),
    ("SympifyError", "", "SymPy could not read the text as a formula; write 2*x for 2x and ** for a power."),
    ("AssertionError", "", "A check written into the code failed: an assumption does not hold."),
    ("PermissionError", "", "Code here may touch only its scratch folder and may start no other program."),
    ("FileNotFoundError", "", "There is no such file: code here sees only its own scratch folder."),
    ("OSError", r"No space left|quota", "The scratch folder is full; write less, or remove files that are done with."),
    ("OSError", r"Too many open files", "The program keeps too many files open."),
    ("OutputLimitError", "", "The program printed far too much; print less inside the loop."),
    ("ThreadLimitError", "", "The program started too many threads."),
    ("DiskLimitError", "", "The program wrote too much to disk."),
    ("ProcessDied", "memory", "The computation needs more memory than it is given."),
    ("ProcessDied", "", "The process that ran the code is gone; its names are rebuilt before the next block."),
)


def hint_for(kind: str, message: str) -> str:
    """A sentence on the cause, or empty if nothing useful is known."""
    for name, pattern, text in _RULES:
        if name == kind:
            match = re.search(pattern, message)
            if match:
                return text if isinstance(text, str) else text(match)
    return ""
