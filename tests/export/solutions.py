"""Solutions for tests of exporters: everything a transcript can hold, and everything that can go wrong in one."""

from __future__ import annotations

import base64
import struct
import zlib

from tutor_app.core.parts import Answer, Code, CodeError, Figure, Output, Text
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT


def png(width: int = 4, height: int = 3) -> str:
    """A grey picture as base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(data).decode()


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30" viewBox="0 0 40 30">'
    '<path d="M0 0 L40 30" stroke="black"/></svg>'
)
UNDRAWN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 24"><defs><path id="blank" d="M0 0"/></defs>'
    '<path style="stroke: #ff0000; stroke-width: 9; stroke-linecap: square" d="M 2 2"/><use href="#blank"/>'
    '<path d="M 10 10 L 30 10" style="stroke: #2a5d8f; stroke-width: 4"/></svg>'
)
"""A figure with a blank and a line that goes nowhere, as plots have them for what lies outside of their axes."""
META = {
    "model": "Kestrel 1.5B",
    "engine": "llama.cpp 1.0",
    "device": "CPU, 2 threads",
    "created": "2026-03-04T10:20:30+0000",
    "ended": "answered",
    "sampling": {"temperature": 0.0, "top_p": 1.0, "seed": 7},
    "usage": {"seconds": 12.0, "runs": 2},
}
FULL = Transcript.of(
    "Let $f(x) = x^2 - 5x + 6$. Tickets cost $5 and $7. Find all **real** zeros.",
    Text(
        "By the formula\n\n$$x = \\frac{5 \\pm \\sqrt{1}}{2},$$\n\n"
        "so there are two:\n\n1. one below $2.6$\n2. one above"
    ),
    Code("print('before')\nprint(missing)"),
    Output(
        "before\n",
        status="error",
        error=CodeError(
            "NameError",
            "name 'missing' is not defined",
            2,
            "Line 2: print(missing)\nNameError: name 'missing' is not defined",
            "The name missing is used before it was given a value.",
        ),
    ),
    Text("I mend it and draw it."),
    Code("from math import sqrt\nroots = [(5 - sqrt(1)) / 2, (5 + sqrt(1)) / 2]\nprint(f'roots: {roots}')"),
    Figure(SVG, png(), 4, 3, "a line from 0 to 40"),
    Output("roots: [2.0, 3.0]\n", seconds=0.2),
    Text("The zeros are $\\boxed{\\{2, 3\\}}$."),
    Answer("\\{2, 3\\}", verdict=KNOWN_RIGHT),
    meta=META,
)
VALUE = Transcript.of(
    "What is $3/4$ of $2$?",
    Text("Exactly:"),
    Code("from sympy import Rational\nRational(3, 4) * 2"),
    Output(value="3/2", value_latex="\\frac{3}{2}"),
    Answer("\\frac{3}{2}"),
    meta=META,
)
TABLE = Transcript.of(
    "Fill in the table.",
    Text(
        "# Values\n\n| $x$ | $|x|$ |\n|---:|:---|\n| -1 | 1 |\n| 2 |\n\n> quoted `code $x$`\n\n"
        "- a\n  - b\n    - c\n\n---\n~~no~~ *yes*"
    ),
    Answer("12 apples", "phrase"),
)
HOSTILE = Transcript.of(
    'A </section><script>alert(1)</script> & "quotes" \\end{document} \\input{/etc/passwd} %% ## ~^_{}',
    Text(
        "<img src=x onerror=alert(1)> [click](javascript:alert(1)) [a](http://evil.example/x) "
        "![p](http://evil.example/p.png) <http://evil.example/auto> `</code><b>` $\\href{http://evil.example}{x}$ "
        "$\\text{</math><script>}$ $\\unknowncommand{x}$ $\\frac{1}{$ {{7*7}} \ud800"
    ),
    Code(
        "s = '''\n\\end{pythoncode}\n```\n</code></pre><script>alert(2)</script>\n'''"
        "\nprint(s)  # \u221a\u4e2d\U0001f642"
    ),
    Output(
        "\\end{outputtext}\n```\n</pre><script>alert(3)</script>\n\u221a2 \u2248 1.414\x1b[31m\n" + "y" * 500 + "\n"
    ),
    Figure("<svg><script>alert(4)</script></svg>", "not base64!!", 0, 0, '"><script>alert(5)</script>'),
    Answer("</p><script>alert(6)</script>"),
    meta={"model": "<script>alert(7)</script>", "created": "not a date"},
)
BARE = Transcript.of("2 + 2?")
EMPTY = Transcript((), {})
ALL = (FULL, VALUE, TABLE, HOSTILE, BARE, EMPTY)
