"""The tally of statements says what was checked, and what only agrees with the rest."""

from tutor_app.core.claims import Claim, Tally, claim_line

TRUE = Claim(0, 9, "2 + 2 = 4", "true", reason="exact")
FITS = Claim(20, 25, "x = 9", "unchecked", reason="fits")


def test_what_only_agrees_counts_as_not_checked_and_is_told() -> None:
    assert Tally.of([TRUE, TRUE]).sentence() == "2 of 2 statements checked, all true"
    assert Tally.of([TRUE, FITS]) == Tally(true=1, unchecked=1, fits=1)
    assert (
        Tally.of([TRUE, FITS]).sentence()
        == "1 of 2 statements checked, all true; 1 agrees with the others, not checked"
    )
    assert Tally.of([FITS] * 2).sentence() == "2 statements agree with the others, not checked"
    assert Tally.of([FITS]).sentence() == "1 statement agrees with the others, not checked"


def test_its_line_says_why_it_was_not_checked() -> None:
    assert claim_line(FITS) == (
        "· x = 9 (not checked: it agrees with the others, but nothing would speak against another number in it)"
    )
