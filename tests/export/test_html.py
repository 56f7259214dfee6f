from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from tests.export.solutions import ALL, BARE, FULL, HOSTILE, TABLE, VALUE
from tutor_app.core.parts import Code, Output, Text
from tutor_app.core.transcript import Transcript
from tutor_app.export.html import to_html
from tutor_app.handout.options import Options
from tutor_app.text.mathml import mathml, mathml_lines

VOID = {"meta", "br", "hr", "img"}


class Page(HTMLParser):
    """Checks that tags are balanced; collects elements, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack[-1:] != ["style"]:
            self.text += data


def test_everything_of_a_solution_is_on_the_page() -> None:
    page = Page(to_html([FULL], Options()))
    for text in (
        "Tickets cost $5 and $7",
        "print(missing)",
        "NameError: name 'missing' is not defined",
        "used before it was given a value",
        "roots: [2.0, 3.0]",
        "The answer agrees with the known answer.",
        "Kestrel 1.5B",
        "2026-03-04 10:20",
    ):
        assert text in page.text
    annotations = [a for e, a in page.elements if e == "annotation"]
    assert annotations
    assert all(a == {"encoding": "application/x-tex"} for a in annotations)
    assert "\\frac{5 \\pm \\sqrt{1}}{2}" in page.text
    images = [a for e, a in page.elements if e == "img"]
    assert len(images) == 1
    assert (images[0]["alt"], (images[0]["src"] or "")[:19]) == ("a line from 0 to 40", "data:image/svg+xml;")


@pytest.mark.parametrize("transcript", ALL)
def test_a_page_is_well_formed_and_brings_nothing_foreign(transcript) -> None:  # type: ignore[no-untyped-def]
    page = Page(to_html([transcript, FULL], Options(steps=True, title="A & <b>")))
    assert page.elements
    for element, attributes in page.elements:
        assert element not in {"script", "iframe", "object", "embed", "link", "form", "svg"}
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "src", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/"))


def test_model_text_stays_text() -> None:
    page = Page(to_html([HOSTILE], Options()))
    assert "<script>alert(1)</script>" in page.text
    assert "<img src=x onerror=alert(1)>" in page.text
    assert "(http://evil.example/x)" in page.text
    assert "\\unknowncommand{x}" in page.text  # a formula that cannot be set is shown as its source


def test_choices_are_respected() -> None:
    text = Page(to_html([FULL], Options(code=False, output=False, answer=False, made=False, steps=True))).text
    for absent in ("print(missing)", "roots:", "{2, 3\\}", "Kestrel"):
        assert absent not in text
    assert "Step 1" in text
    text = Page(to_html([FULL, BARE], Options(solution=False))).text
    assert "2 + 2?" in text
    assert "I mend it" not in text


def test_several_get_a_contents_with_links_that_lead_somewhere() -> None:
    page = Page(to_html([FULL, VALUE], Options()))
    links = [a["href"] for e, a in page.elements if e == "a"]
    assert links == ["#p1", "#p2"]
    assert {"p1", "p2"} <= {a.get("id") for _, a in page.elements}


def test_tables_lists_and_quotations_are_marked_up() -> None:
    elements = [e for e, _ in Page(to_html([TABLE], Options())).elements]
    for element in ("table", "th", "td", "blockquote", "ul", "li", "hr", "em", "s", "code"):
        assert element in elements


@pytest.mark.parametrize("sign", ["sum", "bigcup", "bigvee", "bigoplus"])
def test_limits_of_large_signs_are_moved_by_the_browser(sign: str) -> None:
    assert "<munder><mo" in (mathml(f"\\left(\\{sign}_{{k}} u\\right)", True) or "").replace(' largeop="true"', "")
    assert "<munderover>" in (mathml(f"\\{sign}_{{k}}^{{n}} u", True) or "")
    assert "<msub>" in (mathml("\\int_{0} u", True) or "")


@pytest.mark.parametrize(
    "source",
    [
        "x^2",
        "\\boxed{\\frac{1}{2}}",
        "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
        "\\begin{align*}a&=b\\\\&=c\\end{align*}",
        "\\begin{array}{c|c}1&2\\\\\\hline 3&4\\end{array}",
        "\\begin{cases}1&x>0\\\\0&x\\le0\\end{cases}",
        "a<b \\text{ and } c>d",
        "\\binom83",
    ],
)
def test_mathml_is_well_formed_with_its_source(source: str) -> None:
    text = mathml(source, True)
    assert text is not None
    root = ET.fromstring(text)
    space = "{http://www.w3.org/1998/Math/MathML}"
    assert root.tag == f"{space}math"
    assert root.get("display") == "block"
    assert root.findtext(f".//{space}annotation") == source
    assert not root.findall(f".//{space}menclose")  # browsers ignore it


@pytest.mark.parametrize(("kind", "first", "last"), [("p", "(", ")"), ("b", "[", "]"), ("v", "|", "|")])
def test_brackets_of_a_matrix_grow_and_those_of_a_sum_do_not(kind: str, first: str, last: str) -> None:
    matrix = mathml(f"\\begin{{{kind}matrix}}1\\\\2\\end{{{kind}matrix}}", True) or ""
    assert re.findall('<mo stretchy="true"[^>]*>(.)</mo>', matrix) == [first, last]
    assert re.findall('<mo stretchy="false">(.)</mo>', mathml(r"2(\frac12 + 1)", True) or "") == ["(", ")"]


@pytest.mark.parametrize("source", ["", "\\nosuchcommand{x}", "x" * 7000])
def test_mathml_that_cannot_be_made_is_none(source: str) -> None:
    assert mathml(source, False) is None


def test_alignment_and_rules_are_said_in_css() -> None:
    aligned = mathml("\\begin{align*}a&=b\\end{align*}", True) or ""
    assert re.search(r'<mtd style="text-align:right', aligned)
    assert "border-right:1px solid" in (mathml("\\begin{array}{c|c}1&2\\end{array}", True) or "")


def test_a_long_display_formula_may_go_on_in_another_line() -> None:
    source = "T = 11 + 12 + (13 - 14) + \\frac{15 + 16}{17} - 18 \\le 190 + 200 + 210 + 220 + 230"
    lines = mathml_lines(source)
    signs = [m[1] for line in lines if (m := re.search('<mo form="infix">(.)</mo>', line))]
    assert signs == ["=", "+", "+", "+", "\u2212", "\u2264", "+", "+", "+", "+"]
    for line in lines:
        assert ET.fromstring(line).get("displaystyle") == "true"
    assert [line.count("application/x-tex") for line in lines] == [1] + [0] * 10
    page = to_html([Transcript.of("p", Text(f"$${source}$$"))], Options())
    assert page.count("<wbr><math") == 10
    assert 'role="math" aria-label="T equals 11 plus 12' in page


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "\\begin{aligned} a &= 111111 + 222222 + 333333 \\\\ &= 444444 + 555555 + 666666 + 7777 \\end{aligned}",
        "\\sqrt{11 + 12 + 13 + 14 + 15 + 16 + 17 + 18 + 19 + 20 + 21 + 22 + 23}",
        "(11 + 12 + 13 + 14 + 15 + 16 + 17 + 18 + 19 + 20 + 21 + 22 + 23)",
        "\\nosuchcommand{x}",
    ],
)
def test_what_is_short_or_one_piece_stays_whole(source: str) -> None:
    assert mathml_lines(source) == ()


def test_names_from_right_to_left_do_not_reorder_the_numbers_behind_them() -> None:
    name, value = "\u05e9\u05dc\u05d5\u05dd", "\u0639\u062f\u062f"
    parts = (Code(f"{name} = 5 + 3\nprint('{name} {name}', {name}_2)"), Output(stdout=f"{value} = 8, x\n"))
    page = to_html([Transcript.of("p", *parts)], Options())
    assert page.count(f"<bdi>{name}</bdi>") == 1
    assert f"<bdi>{name} {name}</bdi>" in page
    assert f"<bdi>{name}_2</bdi>" in page
    assert f"<pre><bdi>{value}</bdi> = 8, x</pre>" in page
    assert "<bdi>" not in to_html([FULL], Options())
