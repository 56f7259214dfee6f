from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QTextCharFormat, QTextCursor, QTextDocument

from tests.windows import FormulasNow
from tutor_app.core.claims import Claim
from tutor_app.core.parts import Answer, Text
from tutor_app.core.transcript import Transcript
from tutor_app.render import theme
from tutor_app.render.document import DocumentBuilder
from tutor_app.render.properties import FORMULA, SOURCE
from tutor_app.render.statements import false_spans, mark_false, places

pytestmark = pytest.mark.usefixtures("qapp")


def false(text: str, said: str, right: str = "", nth: int = 0) -> Claim:
    start = -1
    for _ in range(nth + 1):
        start = text.index(said, start + 1)
    return Claim(start, start + len(said), said, "false", right, "arithmetic")


def build(formulas: FormulasNow, *parts: Text | Answer, paper: bool = False) -> QTextDocument:
    document = QTextDocument()
    DocumentBuilder(document, theme.load("light"), formulas, paper=paper).build(Transcript.of("", *parts))
    return document


def underlined(document: QTextDocument) -> list[str]:
    """What stands under a wave in the bad colour, a formula as its source."""
    bad, out, block = theme.load("light").color("bad"), [""], document.begin()
    while block.isValid():
        it = block.begin()
        while not it.atEnd():
            fmt = it.fragment().charFormat()
            if fmt.underlineStyle() == fmt.UnderlineStyle.WaveUnderline:
                assert fmt.underlineColor() == bad
                out[-1] += fmt.stringProperty(SOURCE) if fmt.objectType() == FORMULA else it.fragment().text()
            elif out[-1]:
                out.append("")
            it += 1
        if out[-1]:
            out.append("")
        block = block.next()
    return [text.replace("\u2060", "") for text in out if text]


def test_what_differs_from_the_code_has_dashes_in_another_colour_until_it_is_known_to_be_false(
    formulas_now: FormulasNow,
) -> None:
    text = "So 9 buses are needed."
    differs = Claim(3, 21, "9 buses are needed", "differs", "10", "output")
    document, colors = build(formulas_now, Text(text, claims=(differs,))), theme.load("light")
    ((key, first, last),) = false_spans(document, [0])
    cursor = QTextCursor(document)
    cursor.setPosition(first + 1)
    assert (key, document.toPlainText()[first:last]) == ("0:0", "9 buses are needed")
    assert cursor.charFormat().underlineStyle() == QTextCharFormat.UnderlineStyle.DashUnderline
    assert cursor.charFormat().underlineColor() == colors.color("warn")
    mark_false(document, colors, 0, text, (replace(differs, verdict="false", reason="answer"),))
    assert cursor.charFormat().underlineStyle() == QTextCharFormat.UnderlineStyle.WaveUnderline
    assert cursor.charFormat().underlineColor() == colors.color("bad")


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        ("So 435 ÷ 48 = 9.575 buses are needed.", "435 ÷ 48 = 9.575", ["435 ÷ 48 = 9.575"]),
        ("So $435 \\div 48 = 9.575$ buses.", "435 \\div 48 = 9.575", ["435 \\div 48 = 9.575"]),
        ("So $435 \\div 48$ = $9.575$ buses.", "$435 \\div 48$ = $9.575$", ["435 \\div 48 = 9.575"]),
        ("**2 + 2** = 5, clearly.", "2 + 2** = 5", ["2 + 2 = 5"]),
        ("It is 2*3*4 = 25 then.", "2*3*4 = 25", ["2*3*4 = 25"]),
        ("1. Add: 2+2=4\n2. Add: 2+2=5\n3. Done", "2+2=5", ["2+2=5"]),
        ("A price of \\$8 + \\$9 = \\$16 in all.", "\\$8 + \\$9 = \\$16", ["$8 + $9 = $16"]),
        ("| a | b |\n|---|---|\n| 1+1=3 | 2 |", "1+1=3", ["1+1=3"]),
        ("> Quoted: 1+1=3\n> and on", "1+1=3", ["1+1=3"]),
        ("The sum\n3 + 4\n= 8 is wrong.", "3 + 4\n= 8", ["3 + 4\u2028= 8"]),
        ("# Sum 1+1=3\n\nText", "1+1=3", ["1+1=3"]),
        ("𝑥 and 𝑦: 1+1=3 here.", "1+1=3", ["1+1=3"]),
        ("\\[ 1 + 1 = 3 \\]", "1 + 1 = 3", ["1 + 1 = 3"]),
    ],
)
def test_the_false_words_themselves_are_underlined(
    formulas_now: FormulasNow, text: str, said: str, expected: list[str]
) -> None:
    document = build(formulas_now, Text(text, claims=(false(text, said),)))
    assert underlined(document) == expected


def test_of_equal_words_only_those_that_are_false_are_underlined(formulas_now: FormulasNow) -> None:
    text = "With x = 1 we have x + 1 = 3.\n\nWith x = 2 we have x + 1 = 3."
    document = build(formulas_now, Text(text, claims=(false(text, "x + 1 = 3", "2"),)))
    (key, first, _), *others = false_spans(document, [0])
    assert (key, document.findBlock(first).blockNumber(), others) == ("0:0", 0, [])
    second = build(formulas_now, Text(text, claims=(false(text, "x + 1 = 3", "4", nth=1),)))
    ((_, first, _),) = false_spans(second, [0])
    assert second.findBlock(first).text().startswith("With x = 2")


def test_a_statement_whose_macros_were_expanded_is_underlined_with_its_line(formulas_now: FormulasNow) -> None:
    text = "First a line.\n\n\\newcommand{\\two}{2}Then we add: $1 + \\two = 4$ at once.\n\nLast a line."
    document = build(formulas_now, Text(text, claims=(false(text, "1 + \\two = 4"),)))
    ((_, first, last),) = false_spans(document, [0])
    block = document.findBlock(first)
    assert block.text().startswith("Then we add")
    assert (first, last) == (block.position(), block.position() + block.length() - 1)


def test_what_is_false_no_longer_is_no_longer_underlined(formulas_now: FormulasNow) -> None:
    text = "We see **1+1=3** and 2+2=5."
    claims = (false(text, "1+1=3", "2"), false(text, "2+2=5", "4"))
    document = build(formulas_now, Text(text, claims=claims))
    assert underlined(document) == ["1+1=3", "2+2=5"]
    before = document.toHtml()
    mark_false(document, theme.load("light"), 0, text, claims)
    assert document.toHtml() == before
    mark_false(document, theme.load("light"), 0, text, (Claim(7, 12, "1+1=3", "true"), claims[1]))
    assert underlined(document) == ["2+2=5"]
    mark_false(document, theme.load("light"), 0, text, ())
    assert underlined(document) == []
    assert "text-decoration" not in document.toHtml()


def test_every_kind_of_statement_has_a_place(formulas_now: FormulasNow) -> None:
    text = "So $2 + 2 = 4$, 1/3 ≈ 0.33 and f is odd."
    claims = [Claim(*span, text[slice(*span)], "true") for span in ((4, 13), (16, 26), (31, 39))]
    document = build(formulas_now, Text(text, claims=tuple(claims)))
    spans = places(document, 0, text, claims)
    assert [document.toPlainText()[first:last] for first, last in spans] == ["\ufffc", "1/3 ≈ 0.33", "f is odd"]
    assert places(document, 5, text, claims) == [(0, 0)] * 3
    assert underlined(document) == []


def test_paper_also_says_what_is_right(formulas_now: FormulasNow) -> None:
    words = "So $435 \\div 48 = 9.575$ buses, and $2 + 2 = 4$."
    claims = (false(words, "$435 \\div 48 = 9.575$", "9.0625"), Claim(36, 47, "$2 + 2 = 4$", "true"))
    printed = build(formulas_now, Text(words, claims=claims), Answer("10"), paper=True)
    assert "✗ False: 435 ÷ 48 = 9.575: it is 9.0625" in printed.toPlainText()
    assert underlined(printed) == ["435 \\div 48 = 9.575"]
    shown = build(formulas_now, Text(words, claims=claims), Answer("10"))
    assert "✗" not in shown.toPlainText()
    assert "2 of 2 statements checked, 1 false." in shown.toPlainText()
    quiet = build(formulas_now, Text(words, claims=claims[1:]), Answer("10"), paper=True).toPlainText()
    assert "✗" not in quiet
    assert "1 of 1 statement checked, all true." in quiet
