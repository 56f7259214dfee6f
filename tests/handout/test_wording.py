"""What a handout says of a block's output."""

from tutor_app.core.parts import Output
from tutor_app.handout.wording import output_text


def test_an_output_is_what_was_printed_its_value_and_the_warnings() -> None:
    output = Output(stdout="a\n", value="2", warnings="UserWarning: careful")
    assert output_text(output) == "a\n2\nUserWarning: careful"
