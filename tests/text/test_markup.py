from __future__ import annotations

import pytest

from tutor_app.text.markup import answer_segments, load_markdown, marked, without_emphasis


def page(text: str) -> str:
    """What the prose becomes, its formulas as bare numbers."""
    return str(load_markdown().render(marked(text)[0])).replace("\ue000", "").replace("\ue001", "").strip()


@pytest.mark.parametrize(
    "text",
    ["6*7*8 = 336", "a**2 - b**2", "(m+n)*(m-n)*k", "speed*time*rate", "4*-2*-1", "2**3**2", "f(*args, **named)"],
)
def test_stars_that_multiply_stay(text: str) -> None:
    assert page(text) == f"<p>{text}</p>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Sum: 6*7*8**", "<strong>Sum: 6*7*8</strong>"),
        ("a*b is *large*", "a*b is <em>large</em>"),
        ("**Part 2**begins", "<strong>Part 2</strong>begins"),
        ("the**bold** word", "the<strong>bold</strong> word"),
        ("\u4e2d**\u91cd\u70b9**\u6587", "\u4e2d<strong>\u91cd\u70b9</strong>\u6587"),
        ("$u$*$v$*$w$", "0*1*2"),
        ("**$4** for **$u$**", "<strong>$4</strong> for <strong>0</strong>"),
    ],
)
def test_emphasis_stays_emphasis(text: str, expected: str) -> None:
    assert page(text) == f"<p>{expected}</p>"


def test_titles_keep_products_and_lose_emphasis() -> None:
    assert without_emphasis("**Find** 6*7*8 where a**2 = 9") == "Find 6*7*8 where a**2 = 9"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("up<br>down<BR/>end", "up<br />\ndown<br />\nend"),
        ("m<sup>3</sup> and CO<sub>2</sub>", "m<sup>3</sup> and CO<sub>2</sub>"),
        ("a lone <sup>3 and <b>bold</b>", "a lone &lt;sup&gt;3 and &lt;b&gt;bold&lt;/b&gt;"),
    ],
)
def test_three_tags_are_known(text: str, expected: str) -> None:
    assert page(text) == f"<p>{expected}</p>"


@pytest.mark.parametrize("code", ["    q = 1\n    ", "q = 1\n    ", "    q = 1\n", "q = 1\n", "      q = 1\n  "])
def test_a_fence_stays_in_its_list(code: str) -> None:
    shown = page(f"1. Run\n\n    ```python\n{code}```\n\n2. then $u$")
    assert shown.count("<li>") == 2
    assert "q = 1\n</code></pre>\n</li>" in shown
    assert "then 0" in shown


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("y=4 or y=-1", ["$y=4$", " or ", "$y=-1$"]),
        ("2 3/4", ["2 3/4"]),
        ("{2, 4, 8}", ["{2, 4, 8}"]),
        ("y**3 - 2*y", ["y**3 - 2*y"]),
        ("7 & 9", ["7 & 9"]),
        ("no real roots", ["no real roots"]),
        ("45%", ["45%"]),
        ("6:45", ["6:45"]),
        ("12 km", ["12 km"]),
        ("10 000", ["10 000"]),
        ("y != 4", ["y != 4"]),
        ("y <= 4", ["y <= 4"]),
        ("sqrt(7)/2", ["sqrt(7)/2"]),
        ("pi/6", ["pi/6"]),
        ("12 cm^2", ["12 cm^2"]),
        (r"\frac{2}{3} and y=4", [r"$\frac{2}{3}$", " and ", "$y=4$"]),
        (r"y=4\text{ or }y=5", [r"$y=4\text{ or }y=5$"]),
        (r"\{2, 4\}", [r"$\{2, 4\}$"]),
        ("y^2+1", ["$y^2+1$"]),
        ("$y=4$ or $y=5$", ["$y=4$", " or ", "$y=5$"]),
        ("-8", ["$-8$"]),
        ("", []),
        ("7^12", ["$7^{12}$"]),
        ("u_15 - u_14", ["$u_{15} - u_{14}$"]),
        ("3^-4", ["$3^{-4}$"]),
        ("9^(k-1)", ["$9^{k-1}$"]),
        ("6^25 or 6^26", ["$6^{25}$", " or ", "$6^{26}$"]),
        ("u^{12}", ["$u^{12}$"]),
        ("7.25e-4", ["7.25e-4"]),
        ("4E6", ["4E6"]),
        ("Matrix([[7], [8]])", ["Matrix([[7], [8]])"]),
        ("FiniteSet(7, 8)", ["FiniteSet(7, 8)"]),
    ],
)
def test_an_answer_keeps_its_words(latex: str, expected: list[str]) -> None:
    shown = [s.source if s.kind == "text" else f"${s.source}$" for s in answer_segments(latex)]
    assert shown == expected


def test_a_quoted_formula_is_copied_without_the_marks() -> None:
    _, formulas = marked("> $$\n> u=1\n> $$")
    assert [(f.source, f.raw) for f in formulas] == [("u=1", "$$\nu=1\n$$")]


def test_entities_of_html_in_formulas_are_signs() -> None:
    _, formulas = marked("$u &lt; 3 &amp; v$")
    assert formulas[0].source == "u < 3 & v"


@pytest.mark.parametrize(
    "text",
    [
        "5 *6* 7",
        "so 5 *m* 7 = 35m",
        "5 *(6-2)* 7",
        "1.5 *2.5* 4",
        "5 *6* 7 *8* 9",
        "m *(m-1)* (m-2)",
        "5 *6*7* 8",
        "5* 6 *7* 8",
        "m **2 + n** 2 = 9",
        "(m+n) *k* (m-n)",
        "\u03c0 *r* 2",
        "5 *-6* 7",
        "2*\u03c0*r",
        "r\u00b2*\u03c0*h",
        "\u221a5*\u221a7*k",
        "60\u00b0*3*2",
        "an open \\[ m+1",
        "an open \\( m+1",
        "the end m+1 \\] and n\\)",
    ],
)
def test_spaced_factors_and_lone_delimiters_stay(text: str) -> None:
    assert page(text) == f"<p>{text}</p>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Round 6 *only* 4 stay", "Round 6 <em>only</em> 4 stay"),
        ("for a *k* such that", "for a <em>k</em> such that"),
        ("*6* 7", "<em>6</em> 7"),
        ("is *6* times", "is <em>6</em> times"),
        ("2 4 **6** 8 10", "2 4 <strong>6</strong> 8 10"),
        ("`\\[` opens, \\[m\\] is whole, \\[ is not", "<code>\\[</code> opens, 0 is whole, \\[ is not"),
        ("the set \\{6, 7\\} costs \\$5", "the set {6, 7} costs $5"),
    ],
)
def test_words_in_stars_and_escapes_keep_their_meaning(text: str, expected: str) -> None:
    assert page(text) == f"<p>{expected}</p>"


@pytest.mark.parametrize("mark", ["- ", "1. ", "> "])
@pytest.mark.parametrize("deep", [6, 9, 40])
def test_nothing_is_lost_in_deep_lists(mark: str, deep: int) -> None:
    width = len(mark)
    nested = "".join(f"{' ' * width * n if mark != '> ' else mark * n}{mark}item{n}.\n" for n in range(deep))
    shown = page(nested + "\nthe end is **bold**")
    assert [shown.count(f"item{n}.") for n in range(deep)] == [1] * deep
    assert shown.endswith("<strong>bold</strong></p>")
