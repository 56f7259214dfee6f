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
        ("$3\\frac{1}{2}\\pi$, $2\\frac{x}{3}$, $\\frac12x$", "3 1/2 \u03c0, 2x/3, 1/2 x"),
        ("$(2,-1),\\ x=1$, $\\frac{\\sin(x)}{x}$", "(2,\u22121), x=1, sin(x)/x"),
        ("$\\frac{100}{1 + e^{-x}}$, $\\sqrt{2^{x}}$", "100/(1 + e^(\u2212x)), \u221a(2^x)"),
        ("Ida has $7, Ben $2.50 and Kim $k$; US$30, $4,000", "Ida has $7, Ben $2.50 and Kim k; US$30, $4,000"),
        ("From $1 to $9 in $n$ days, \\$6 or $.50", "From $1 to $9 in n days, $6 or $.50"),
        ("$\\newcommand{\\unit}[1]{[#1]}$Find $\\unit{k}$", "Find [k]"),
        ("\\def\\e{u}Let $\\e=3$", "Let u=3"),
        ("Solve $3k=6$ and $$4k=8$$", "Solve 3k=6 and 4k=8"),
    ],
)
def test_prose_in_one_line(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (r"$\int_0^3 x^2\,dx$", "∫₀³ x²dx"),
        (r"$x_1 + a_{12}$", "x₁ + a₁₂"),
        (r"$\sum_{k = 1}^{10} k$", "∑_(k = 1)¹⁰ k"),
        (r"$e^{2x}$", "e^(2x)"),
        ("total_1 is the first total", "total_1 is the first total"),
        (r"$\log_2 8$", "log₂ 8"),
        (r"$P(A \mid B) = 0.3$", "P(A | B) = 0.3"),
        (r"$\sin\alpha + \gamma\lambda$", "sinα + γλ"),
        (r"$\Delta = b^2$ and $\phi \approx 1.618$", "Δ = b² and φ ≈ 1.618"),
        (r"$AB \perp CD \iff AB \parallel EF$", "AB ⊥ CD ⇔ AB ∥ EF"),
        (r"$\lfloor x \rfloor \notin \varnothing$", "⌊ x ⌋ ∉ ∅"),
        (r"$\forall x \exists y: x \mp y \subseteq \nabla f$", "∀ x ∃ y: x ∓ y ⊆ ∇ f"),
        (r"$\lVert v \rVert \leqslant \partial f$", "‖ v ‖ ≤ ∂ f"),
        (r"$x_n$ and $x_{n}$", "x_n and x_n"),
    ],
)
def test_limits_and_indices_are_lowered(source: str, line: str) -> None:
    assert plain(source) == line
