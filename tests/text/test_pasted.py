"""Copied HTML as the text of a problem."""

from __future__ import annotations

import pytest

from tutor_app.text.pasted import has_lost_marks, text_of_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Solve a<sup>3</sup> = 8", "Solve a^3 = 8"),
        ("3 &times; 10<sup>12</sup> m", "3 \u00d7 10^{12} m"),
        ("about 10<sup>\u22127</sup> s", "about 10^{-7} s"),
        ("2<sup>2<sup>5</sup></sup> + 1", "2^{2^5} + 1"),
        ("y<sup><i>n</i>+1</sup>", "y^{n+1}"),
        ("e<sup>x<sup>2</sup></sup>", "e^{x^2}"),
        ("a<sub>1</sub> + a<sub>10</sub>", "a_1 + a_{10}"),
        ("x<sub>1</sub><sup>2</sup>", "x_1^2"),
        ("<sup>3</sup>/<sub>4</sub> of 20", "3/4 of 20"),
        ("2<sup>1</sup>&frasl;<sub>2</sub> cups", "2 1/2 cups"),
        ('b<span style="font-size:9px; vertical-align: super">2</span>', "b^2"),
        ('t<span style="vertical-align:sub">0</span>', "t_0"),
        ("the 21<sup>st</sup> term", "the 21st term"),
        ("as is known<sup>[4]</sup>", "as is known[4]"),
        ("<p>One</p><p>Two x<sup>2</sup></p>", "One\n\nTwo x^2"),
        ("x<br>y<sup>2</sup>", "x\ny^2"),
        ("<style>p {}</style>k<sup>2</sup><script>1</script>", "k^2"),
        ("area 5 m<sup>2</sup>, 10\u2076 of them", "area 5 m^2, 10\u2076 of them"),
        ("<math><msup><mi>x</mi><mn>12</mn></msup><mo>+</mo><mfrac><mn>1</mn><mn>2</mn></mfrac></math>",
         "$x^{12}+\\frac{1}{2}$"),
        ("<math><msqrt><mi>x</mi><mo>\u2212</mo><mn>1</mn></msqrt></math>", "$\\sqrt{x-1}$"),
        ('<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>x</mi></mrow>'
         '<annotation encoding="application/x-tex">x^{7}</annotation></semantics></math></span>'
         '<span class="katex-html" aria-hidden="true">x7</span></span> is large', "$x^{7}$ is large"),
        ("unclosed z<sup>9", "unclosed z^9"),
        ("p<sup></sup>q", "pq"),
    ],
)  # fmt: skip
def test_marks_are_kept(html: str, text: str) -> None:
    assert has_lost_marks(html)
    assert text_of_html(html) == text


def test_ordinary_html_needs_nothing() -> None:
    assert not has_lost_marks("<p>Two <b>and</b> two</p>")
    assert not has_lost_marks("")


def test_deep_nesting_ends() -> None:
    assert text_of_html("<b>" * 5000 + "x<sup>2</sup>").startswith("x")
