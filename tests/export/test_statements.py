"""What is false in a solution is said in every format, unless it is not wanted."""

from pathlib import Path

import pytest
from pypdf import PdfReader

from tutor_app.core.claims import Claim
from tutor_app.core.parts import Answer, Text
from tutor_app.core.transcript import Transcript
from tutor_app.export import write_export
from tutor_app.export.html import to_html
from tutor_app.export.markdown import to_markdown
from tutor_app.export.notebook import to_notebook
from tutor_app.export.tex import to_tex
from tutor_app.handout.options import Options
from tutor_app.handout.wording import false_shown, statement_said, statement_shown

CLAIM = Claim(3, 24, "$435 \\div 48 = 9.575$", "false", "9.0625", "different")
SOLVED = Transcript.of("How many buses?", Text("So $435 \\div 48 = 9.575$ buses.", claims=(CLAIM,)), Answer("10"))


@pytest.mark.parametrize("wanted", [True, False])
def test_false_statements_are_told_in_every_format(wanted: bool) -> None:
    options = Options(statements=wanted)
    made = [
        to_html([SOLVED], options),
        to_markdown([SOLVED], options, "s")[0],
        to_notebook([SOLVED], options),
        to_tex([SOLVED], options, "s")[0],
    ]
    for text in made:
        assert ("False: 435" in text) is wanted
        assert ("it is 9.0625" in text) is wanted


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("steps", [True, False])
def test_false_statements_are_told_on_paper(tmp_path: Path, wanted: bool, steps: bool) -> None:
    file = tmp_path / "s.pdf"
    write_export(file, [SOLVED, SOLVED], options=Options(statements=wanted, steps=steps))
    text = "".join("".join(page.extract_text().split()) for page in PdfReader(file).pages)
    assert [text.count("False:435÷48=9.575"), text.count(":itis9.0625")] == [2 * wanted] * 2
    assert text.count("1of1statementchecked,1false.") == 2 * wanted


def test_an_aligned_statement_is_told_without_its_marks() -> None:
    claim = Claim(0, 17, "x &= 1+1 \\\\ &= 3", "false", "2")
    assert false_shown(claim) == "False: x = 1+1 = 3: it is 2"
    assert statement_shown(claim) == "✗ x = 1+1 = 3: it is 2"


def test_what_only_differs_from_the_code_is_called_false_in_no_format() -> None:
    claim = Claim(3, 21, "9 buses are needed", "differs", "10", "output")
    solved = Transcript.of("How many buses?", Text("So 9 buses are needed.", claims=(claim,)), Answer("10"))
    options = Options()
    made = [
        to_html([solved], options),
        to_markdown([solved], options, "s")[0],
        to_notebook([solved], options),
        to_tex([solved], options, "s")[0],
    ]
    for text in made:
        assert "Differs from the code: 9 buses are needed" in text
        assert "the code prints 10" in text
        assert "False" not in text
    assert '<span class="differs" title="Differs from the code: 9 buses are needed: the code prints 10">' in made[0]
    assert statement_said(claim) == "Differs from the code: 9 buses are needed: the code prints 10"


def html_of(text: str, *said: str) -> str:
    claims = tuple(Claim(text.index(s), text.index(s) + len(s), s, "false", "7") for s in said)
    return to_html([Transcript.of("", Text(text, claims=claims))], Options())


@pytest.mark.parametrize(
    ("text", "said", "underlined"),
    [
        (
            "So 3 + 5 = 9 & more.",
            "3 + 5 = 9",
            ['<span class="wrong" title="False: 3 + 5 = 9: it is 7">3 + 5 = 9</span>'],
        ),
        ("So **3 + 5** = 9.", "3 + 5** = 9", [">3 + 5</span></strong>", ">= 9</span>."]),
        ("So $3 + 5 = 9$.", "3 + 5 = 9", ["<math class=wrong"]),
        ("It is `3<5` and 3 > 5 then.", "3 > 5", ['it is 7">3 &gt; 5</span> then']),
        ("- 2+2=4\n- 2+2=5", "2+2=5", [">2+2=5</span></li>"]),
    ],
)
def test_a_web_page_underlines_the_false_words(text: str, said: str, underlined: list[str]) -> None:
    page = html_of(text, said)
    for piece in underlined:
        assert piece in page
    assert "wrong" not in html_of(text).partition("</style>")[2]


def test_a_hostile_statement_breaks_no_page() -> None:
    text = 'We see 1 < 2 "and" <b>1+1=3</b> here.'
    page = html_of(text, '"and" <b>1+1=3')
    assert "<b>1+1=3" not in page
    assert 'title="False: &quot;and&quot; &lt;b&gt;1+1=3' in page
