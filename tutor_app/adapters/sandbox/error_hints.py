"""The cause of a failed block in plain words: from the exception's type and message, the line and the library.

A table of the commonest mistakes in mathematical Python. It never looks at more of the code than the line that Python
itself names, and never promises a cure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

Rule = tuple[str, str, str | Callable[[re.Match[str]], str]]

ONE_PROCESS: Final = (
    "Code here runs in one process: use a loop or threads instead of multiprocessing or other programs."
)
NO_NETWORK: Final = "Code here reaches no network: write the values into the code."
_NETWORK_ERRORS: Final = (
    "ConnectionError", "ConnectTimeout", "ConnectError", "MaxRetryError", "NameResolutionError", "URLError", "gaierror",
    "SSLError", "ProxyError",
)  # fmt: skip
_PROCESS_LIBRARIES: Final = frozenset({"multiprocessing", "concurrent", "subprocess", "joblib", "loky", "pty"})
_PROCESS_NAMES: Final = re.compile(r"\bos\.(?:fork|forkpty|system|popen|spawn\w*|exec\w+|posix_spawnp?)\b")
_PROCESS_ERRORS: Final = frozenset(
    {"PermissionError", "NotImplementedError", "ImportError", "OSError", "BrokenProcessPool"}
)

# What is pasted together with code: the line that Python stumbles over tells it apart.
_SESSION_PROMPT: Final = re.compile(r"\s*(?:>>>|\.\.\.(?:\s|$))")
_NOTEBOOK_PROMPT: Final = re.compile(r"\s*(?:(?:In|Out)\s*\[\s*\d*\s*\]\s*:|\.\.\.+:|sage:)")
_FENCE: Final = re.compile(r"\s*(?:```|~~~)")
_NOTEBOOK_COMMAND: Final = re.compile(
    r"\s*(?:%{1,2}[A-Za-z]\w*|![A-Za-z./~]|\?{1,2}[A-Za-z_]|[A-Za-z_][\w.]*\?{1,2}\s*$|[\w, ]+=\s*[!%][A-Za-z])"
)
_TERMINAL_COMMAND: Final = re.compile(
    r"\s*(?:(?:\$|[\w.-]+@[\w.-]+:\S*[$#]|[A-Za-z]:\\\S*>|PS\s.*>)\s*\w"
    r"|(?:pip3?|conda|python3?|apt(?:-get)?|sudo|cd|ls)\s+[-\w./~])"
)
_PASTED: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (
        _SESSION_PROMPT,
        "The prompts of an interactive session (>>> and ...) are no part of Python: leave them out, "
        "and the results too.",
    ),
    (
        _NOTEBOOK_PROMPT,
        "In [1]:, Out[1]: and ...: are the prompts of a notebook, no part of Python: leave them out, "
        "and the results too.",
    ),
    (_FENCE, "The marks ``` around code in a text are no part of Python: leave these lines out."),
    (_NOTEBOOK_COMMAND, "This is a command of notebooks, not Python: leave the line out."),
    (_TERMINAL_COMMAND, "This is a command for a terminal, not Python: leave the line out."),
)
_SYNTAX: Final = frozenset({"SyntaxError", "IndentationError", "TabError"})

_RULES: Final[tuple[Rule, ...]] = (
    *((name, "", NO_NETWORK) for name in _NETWORK_ERRORS),
    ("OSError", r"Network is unreachable|Name or service not known", NO_NETWORK),
    ("EOFError", "input", "The program asked for input, but nobody can type here. Write the value into the code."),
    ("NameError", r"'get_ipython'", "This is a command of notebooks, not Python: leave the line out."),
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
    ("ModuleNotFoundError", r"No module named '(?:joblib|loky|dask|ray|mpi4py|pathos)\b", ONE_PROCESS),
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
    (
        "TypeError",
        r"unsupported operand type\(s\) for \^|bad operand type .* \^",
        "In Python ^ is no power: write x**2 for x squared.",
    ),
    (
        "TypeError",
        r"loop of ufunc does not support|no callable \w+ method",
        "NumPy works on plain numbers; use SymPy's function of the same name for symbols.",
    ),
    (
        "TypeError",
        r"cannot be interpreted as an integer|indices must be integers|must be real number",
        "A plain number is needed here: turn the value into one with int(...) or float(...), once it has no symbols.",
    ),
    (
        "TypeError",
        r"can only concatenate str|must be str",
        "Text and numbers cannot be joined by +; use str(...) or print(a, b).",
    ),
    ("TypeError", r"not iterable|non-iterable", "There is only one value here, nothing to go through or to unpack."),
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
    ("ValueError", r"empty (sequence|iterable)|arg is an empty", "There is nothing in the list to choose from."),
    (
        "ValueError",
        r"Could not find root within",
        "The search for a root did not settle; try another starting value, or solve instead of nsolve.",
    ),
    ("ValueError", r"math domain error|expected a nonnegative", "The function is not defined for this number."),
    ("ValueError", "", "The value has the right type but the operation cannot use it."),
    (
        "NotImplementedError",
        r"\bfrom sympy\b",
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
    ("TabError", "", "Tabs and spaces are mixed at the beginning of lines; use spaces only."),
    ("IndentationError", "", "The lines of a block must be indented equally, with spaces."),
    ("SyntaxError", r"never closed|unmatched|unterminated", "A bracket or quote is not closed."),
    ("SyntaxError", r"invalid decimal literal", "A * is missing between a number and a name: write 2*x, not 2x."),
    (
        "SyntaxError",
        r"invalid (?:non-printable )?character",
        "A sign here is none of Python's, often a typeset minus, quote or space; type it with the keyboard.",
    ),
    (
        "SyntaxError",
        r"cannot assign|Maybe you meant '=='",
        "A single = gives a name a value; write == to compare, Eq(a, b) for an equation.",
    ),
    (
        "SyntaxError",
        r"outside loop|not properly in loop",
        "break and continue belong inside a loop; use if and else at this place.",
    ),
    (
        "SyntaxError",
        r"'await' outside|async\w* .*outside",
        "Waiting belongs inside an async function: put these lines into one, and call it with asyncio.run(...).",
    ),
    ("SyntaxError", r"null bytes", "The program holds a character that is no text, with the code 0: delete it."),
    (
        "SyntaxError",
        r"outside (?:async )?function",
        "This statement belongs inside a function; at this place use print(...).",
    ),
    (
        "SyntaxError",
        r"prior to (?:global|nonlocal) declaration|before (?:global|nonlocal) declaration",
        "The line with global or nonlocal must come first in the function, before the name is used.",
    ),
    (
        "SyntaxError",
        r"nonlocal declaration not allowed|no binding for nonlocal",
        "nonlocal belongs inside a function within a function that has this name; leave the line out here.",
    ),
    ("SyntaxError", "", "Python does not understand this line; look for a missing bracket, colon or operator."),
    ("LinAlgError", "", "The matrix is singular or not square, so the system has no unique solution."),
    ("NonInvertibleMatrixError", "", "The determinant is zero, so the matrix has no inverse."),
    ("ShapeError", "", "The sizes of the matrices do not fit together."),
    ("SympifyError", "", "SymPy could not read the text as a formula; write 2*x for 2x and ** for a power."),
    ("PolynomialError", "", "This is no polynomial in the unknowns, so the function for polynomials cannot take it."),
    ("NoConvergence", "", "The numerical method did not settle; try another starting value."),
    ("StopIteration", "", "There was no next element to take."),
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


def hint_for(kind: str, message: str, line: str = "", library: str = "") -> str:
    """A sentence on the cause, or empty if nothing useful is known.

    Args:
        kind: Name of the exception's class.
        message: Its text.
        line: The line of the block that Python names, or empty.
        library: Top-level package whose code raised it, or empty for the block's own.
    """
    if kind in _PROCESS_ERRORS and (library in _PROCESS_LIBRARIES or _PROCESS_NAMES.search(line)):
        return ONE_PROCESS
    if kind in _SYNTAX or (kind == "NameError" and re.search(r"'(?:In|Out|pip|python|sage)'", message)):
        for pasted, sentence in _PASTED:
            if pasted.match(line):
                return sentence
    if kind == "NotImplementedError":
        message = f"{message} from {library}"
    for name, pattern, text in _RULES:
        if name == kind:
            match = re.search(pattern, message)
            if match:
                return text if isinstance(text, str) else text(match)
    return ""
