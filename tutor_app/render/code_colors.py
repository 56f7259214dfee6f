"""Which colour each piece of Python has, by name: the theme says what the names look like.

Text in, spans out; it knows nothing of documents. Code that is absurdly long stays plain.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pygments.lexer import Lexer

MAX_HIGHLIGHT: Final = 20_000
"""Characters; more would stall the window."""
_SLANTS: Final = re.compile(r"[\x00-\u058f\u1e00-\u2fff]*")
"""Letters that have italics; in other scripts few fonts do, and a computer without them draws boxes."""
Spans = tuple[tuple[tuple[int, int, str, bool], ...], ...]
"""Of each line of code, what is not ink: column and length in UTF-16 units, colour, whether italic."""


def spans_now(code: str) -> Spans:
    """The spans of code that is still growing."""
    if not code or len(code) >= MAX_HIGHLIGHT:
        return ()  # of an empty pane, too: the lexer's expressions take a tenth of a second to be compiled
    lines: list[list[tuple[int, int, str, bool]]] = [[]]
    column = 0
    for kind, value in load_lexer().get_tokens(code.replace("\r\n", "\n")):
        color, italic = _token_color(str(kind))
        for n, piece in enumerate(value.split("\n")):
            if n:
                lines.append([])
                column = 0
            length = _utf16(piece)
            if piece and color != "ink":
                lines[-1].append((column, length, color, italic and _SLANTS.fullmatch(piece) is not None))
            column += length
    return tuple(map(tuple, lines))


spans = lru_cache(maxsize=128)(spans_now)
"""For finished code, which is written again for another theme, another size, and for paper."""


def _utf16(text: str) -> int:
    return len(text) if text.isascii() else len(text) + sum(ord(c) > 0xFFFF for c in text)


@cache
def load_lexer() -> Lexer:
    """The lexer of Python, imported at the first call."""
    from pygments.lexers.python import PythonLexer

    return PythonLexer(stripnl=False, ensurenl=False)


@cache
def _token_color(kind: str) -> tuple[str, bool]:
    if kind.startswith("Token.Comment"):
        return "code_comment", True
    if kind.startswith(("Token.Keyword", "Token.Operator.Word")):
        return "code_keyword", False
    if kind.startswith("Token.Literal.String"):
        return "code_string", False
    if kind.startswith("Token.Literal.Number"):
        return "code_number", False
    if kind.startswith(("Token.Name.Function", "Token.Name.Class", "Token.Name.Builtin", "Token.Name.Decorator")):
        return "code_function", False
    if kind.startswith(("Token.Operator", "Token.Punctuation")):
        return "code_operator", False
    return "ink", False
