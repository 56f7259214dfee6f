"""How values are typeset."""

import pytest

from tutor_app.core.trace_values import Kind, Shown, Variable, shown, tex_text


@pytest.mark.parametrize(
    ("kind", "text", "latex"),
    [
        ("number", "126", "126"),
        ("number", "-3", "-3"),
        ("number", "1/3", r"\frac{1}{3}"),
        ("number", "-7/2", r"-\frac{7}{2}"),
        ("number", "0.1", "0.1"),
        ("number", "1e-05", r"1 \cdot 10^{-5}"),
        ("number", "-2.5e+20", r"-2.5 \cdot 10^{20}"),
        ("number", "inf", r"\infty"),
        ("number", "(1+2j)", "1+2i"),
        ("number", "2j", "2i"),
        ("sequence", "[1, 2, 3]", r"\left[1, 2, 3\right]"),
        ("sequence", "(1/2, -1)", r"\left(\frac{1}{2}, -1\right)"),
        ("sequence", "{1, 2}", r"\left\{1, 2\right\}"),
        ("sequence", "set()", r"\emptyset"),
        ("matrix", "[[1., 2.],\n [3., 4.]]", r"\begin{pmatrix}1.0 & 2.0 \\ 3.0 & 4.0\end{pmatrix}"),
        ("sequence", "[(0, 1), (2, 3)]", r"\left[\left(0, 1\right), \ \left(2, 3\right)\right]"),
        ("sequence", "[[1, 2], [3, 4]]", r"\begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix}"),
    ],
)
def test_numbers_and_lists_of_them_are_formulas(kind: Kind, text: str, latex: str) -> None:
    assert shown(Variable("x", kind, text)).latex == latex


def test_the_latex_of_the_sandbox_is_taken_as_it_is() -> None:
    assert shown(Variable("x", "symbolic", "sqrt(2)", r"\sqrt{2}")) == Shown("formula", "sqrt(2)", r"\sqrt{2}")


def test_rows_are_tables() -> None:
    assert shown(Variable("x", "mapping", "{'a': 1, 'b': [2, 3]}")).rows == (("a", "1"), ("b", "[2, 3]"))
    assert shown(Variable("x", "sequence", "[('ann', 3), ('bob', 5)]")).rows == (("ann", "3"), ("bob", "5"))
    many = shown(Variable("x", "sequence", str([[n, n * n] for n in range(12)])))
    assert (many.kind, len(many.rows), many.latex) == ("table", 12, "")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text", "'abc'"), ("function", "f(x)"), ("sequence", "[1, 2, … 90 in all]"), ("sequence", "['a', 'b']"),
        ("sequence", str(list(range(40)))), ("mapping", "{}"), ("logical", "True"), ("sequence", "[[1], [2, 3]]"),
        ("number", "integer of about 5000 digits"), ("sequence", "[" * 500), ("matrix", "9 x 9 matrix"),
    ],
)  # fmt: skip
def test_what_is_no_formula_stays_text(kind: Kind, text: str) -> None:
    assert shown(Variable("x", kind, text)) == Shown("text", text)


def test_text_is_written_so_that_a_formula_can_hold_it() -> None:
    assert tex_text("total_cost") == r"\text{total\_cost}"
    assert tex_text("{'a': 5 %}, … ^") == r"\text{\{'a': 5 \%\}, }\ldots \text{ }\wedge "
