"""What is false in a solution is said in every format, unless it is not wanted."""

import pytest

from tutor_app.core.claims import Claim
from tutor_app.core.transcript import Answer, Text, Transcript
from tutor_app.export.html import to_html
from tutor_app.export.markdown import to_markdown
from tutor_app.export.notebook import to_notebook
from tutor_app.export.tex import to_tex
from tutor_app.handout.options import Options

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
