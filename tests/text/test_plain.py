from __future__ import annotations

import pytest

from tutor_app.text.plain import plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Find $\\frac{3}{4} \\cdot u^{10}$", "Find 3/4 \u00b7 u\u00b9\u2070"),
        ("Fill in $4+\\boxed{}=9$", "Fill in 4+\u25a1=9"),
        (
            "Fill in \\fbox{ } and $\\boxed{\\phantom{00}}$, $\\boxed{\\hspace{2mm}}$, $\\square$",
            "Fill in \u25a1 and \u25a1, \u25a1, \u25a1",
        ),
        ("So $\\boxed{9}$", "So 9"),
    ],
)
def test_prose_in_one_line(text: str, expected: str) -> None:
    assert plain(text) == expected
