import random
from typing import Any

import pytest

from tests.trainer.local_code import LocalExecutor
from trainer.augment.bugs import KINDS, bugs
from trainer.augment.correct import correct
from trainer.commands.decontaminate import cap_corrections
from trainer.synthesize.make_code import make
from trainer.teacher.prompts import CORRECTION
from tutor_app.core.dialect import DIALECTS, MUMATH, render
from tutor_app.core.parts import Answer, Code, Output, Text
from tutor_app.core.transcript import Transcript

QUESTION = "A tank holds 480 liters. It loses 12 liters an hour for 15 hours. How much is left?"
ANSWER = "It loses 12*15 = <<12*15=180>>180 liters.\nSo 480-180 = <<480-180=300>>300 liters are left.\n#### 300"


def solved(problem: str, source: str, printed: str) -> Transcript:
    meta = {"id": f"own/{problem}", "source": "own", "method": "by hand", "licence": "MIT"}
    parts = (Text("Let's compute.\n\n"), Code(source), Output(stdout=f"{printed}\n", feedback=printed))
    return Transcript.of(problem, *parts, Text(f"\n$\\boxed{{{printed}}}$."), Answer(printed), meta=meta)


SAMPLES = (
    solved(
        "A shop sells 3 pens at $14 each with 20% off. What does it earn in 5 hours of 60 minutes?",
        "full = 3 * 14\noff = full * 20 / 100\n"
        "earned = full - off\nall_earned = (earned + full) * 5\n\nprint(all_earned)",
        "378.0",
    ),
    solved(
        "A film of 2 hours is cut into parts of 7 minutes. How many minutes are 3 parts and 9 more?",
        "minutes = 2 * 60\nparts = minutes / 7\nlong = parts * 3\nwith_more = long + 9\n\nprint(with_more)",
        str(120 / 7 * 3 + 9),
    ),
    solved(
        "He has 8 red and 6 blue balls, and gives away a third of 12. How many are left?",
        "from fractions import Fraction\n\ndef solution():\n    balls = 8 + 6\n    given = Fraction(12, 3)\n"
        "    left = balls - given\n    return left\n\nprint(solution())",
        "10",
    ),
)


def corrected() -> dict[str, list[Transcript]]:
    found: dict[str, list[Transcript]] = {}
    for sample in SAMPLES:
        for seed in range(120):
            record = correct(sample, LocalExecutor(), seed=seed)
            if record is not None:
                found.setdefault(str(record.meta["bug"]), []).append(record)
    return found


CORRECTED = corrected()


def test_there_are_many_kinds_of_bug() -> None:
    assert len(CORRECTED) >= 14
    assert {
        "off by one",
        "integer division",
        "percent not divided by 100",
        "wrong variable",
        "unit not converted",
        "print forgotten",
        "index out of range",
    } <= set(CORRECTED)


@pytest.mark.parametrize("kind", sorted(CORRECTED))
def test_a_bug_is_shown_explained_and_repaired(kind: str) -> None:
    assert CORRECTED[kind]
    for record in CORRECTED[kind]:
        broken, right = (p for p in record.solution if isinstance(p, Code))
        failed, good = (p for p in record.solution if isinstance(p, Output))
        assert (broken.supervised, right.supervised) == (False, True)
        assert broken.source != right.source
        assert failed.stdout != good.stdout
        assert good.status == "ok"
        assert (failed.status == "error") == (failed.error is not None)
        said = next(p.text for p in record.solution if isinstance(p, Text) and CORRECTION in p.text)
        assert "`" in said
        assert record.meta["parent"] != record.meta["id"]


@pytest.mark.parametrize("dialect", [MUMATH, DIALECTS["chatml"], DIALECTS["openmath"]], ids=lambda d: d.name)
def test_the_bug_is_never_trained_on_and_its_repair_is(dialect: Any) -> None:
    assert CORRECTED
    for records in CORRECTED.values():
        record = Transcript.from_json(records[0].to_json())
        broken, right = (p.source for p in record.solution if isinstance(p, Code))
        spans = render(record, dialect)
        supervised = "".join(s.text for s in spans if s.supervised)
        masked = "".join(s.text for s in spans if not s.supervised)
        assert f"{broken}\n" in masked
        assert broken not in supervised.replace(right, "")
        assert f"{right}\n" in supervised
        assert CORRECTION in supervised
        assert supervised.count("output\n") == 1


def test_bugs_fit_the_code_and_are_what_they_say() -> None:
    right = solved("He saves 25% of $80.", "saved = 80 * 0.25\nprint(saved)", "20.0")
    code = next(p.source for p in right.solution if isinstance(p, Code))
    found = {b.kind: b.source for b in bugs(code, right.problem, random.Random(1))}
    assert found["percent not divided by 100"] == "saved = 80 * 25\nprint(saved)"
    assert found["print forgotten"] == "saved = 80 * 0.25"
    assert found["sign in a number"] == "saved = $80 * 0.25\nprint(saved)"
    assert "missing import" not in found
    assert len(KINDS) >= 10


def test_a_bug_without_an_effect_is_not_taken() -> None:
    # 12 / 4 is whole: // gives the same, rounding too.
    sample = solved("12 sweets for 4 children, and 1 more.", "each = 12 / 4\nmore = each + 1\n\nprint(more)", "4.0")
    for seed in range(40):
        record = correct(sample, LocalExecutor(), seed=seed)
        assert record is not None
        assert record.meta["bug"] not in ("integer division", "rounded too early")


def test_a_made_solution_is_corrected_with_its_real_error() -> None:
    base = make(QUESTION, ANSWER, 1, LocalExecutor())
    made = [r for seed in range(12) if (r := correct(base, LocalExecutor(), seed=seed)) is not None]
    assert made
    for record in made:
        failed = next(p for p in record.solution if isinstance(p, Output))
        if failed.error is not None:
            assert failed.feedback.endswith(failed.error.last_line)
        assert record.meta["parent"] == base.meta["id"]


@pytest.mark.parametrize(("others", "share", "left"), [(95, 0.05, 5), (19, 0.05, 1), (18, 0.05, 0), (0, 0.05, 30)])
def test_corrected_errors_are_a_small_share_of_a_mix(others: int, share: float, left: int) -> None:
    def of(method: str, i: int) -> Transcript:
        return Transcript.of("?", Text("!"), meta={"id": f"{method}/{i}", "method": method})

    records = [of("correct-error", i) for i in range(30)] + [of("annotations-to-code", i) for i in range(others)]
    mixed = cap_corrections(records, share)
    assert sum(r.meta["method"] == "correct-error" for r in mixed) == left
    assert len(mixed) == others + left
    assert [r for r in records if r in mixed] == mixed
    assert cap_corrections(records, 1.0) == records


def test_a_line_that_is_moved_up_fails_at_the_name_that_is_explained() -> None:
    source = "pounds = 54 / 2\nheavy = pounds * 4\ndifference = heavy - pounds\n\nprint(difference)"
    problem = "Jessica's pumpkin is half of Brad's 54 pounds."
    found = [b for seed in range(200) for b in bugs(source, problem, random.Random(seed)) if b.kind == "used too early"]
    assert found
    for bug in found:
        with pytest.raises(NameError) as caught:
            exec(bug.source, {})
        assert f"`{caught.value.name}`" in bug.why


def test_a_comment_stays_with_the_line_that_it_explains() -> None:
    source = "# the pounds\npounds = 54 / 2\n# four of them\nheavy = pounds * 4\n\nprint(heavy)"
    rng = random.Random(0)
    (bug,) = [b for b in bugs(source, "It weighs half of 54 pounds.", rng) if b.kind == "used too early"]
    assert bug.source == "# four of them\nheavy = pounds * 4\n# the pounds\npounds = 54 / 2\n\nprint(heavy)"


@pytest.mark.parametrize(("sold", "kinds"), [("55", 0), ("50", 1)])
def test_only_a_number_that_is_money_gets_its_sign(sold: str, kinds: int) -> None:
    source = f"bottles = {sold} - 6\nearned = 55 - bottles\n\nprint(earned)"
    problem = f"He sold {sold} bottles, 6 of them late, and earned $55."
    found = [b for b in bugs(source, problem, random.Random(1)) if b.kind == "sign in a number"]
    assert [b.source.count("$55") for b in found] == [1] * kinds


def test_what_is_no_whole_number_is_the_quotient() -> None:
    source = "students = 3 / 4 * 600\nothers = 600 - students\n\nprint(others)"
    told = {
        bug.why
        for seed in range(60)
        for bug in bugs(source, "3/4 of 600 students play.", random.Random(seed))
        if bug.kind == "integer division"
    }
    assert "`//` drops the remainder, but `3 / 4` is no whole number. I divide with `/`." in told
    assert len(told) == 2


def test_a_share_of_a_week_is_no_conversion_that_was_forgotten() -> None:
    shared = solved(
        "They pay $2,100 together. She uses it 4 days a week, he the rest. What does he pay?",
        "days = 7 - 4\npays = 2100 * days / 7\n\nprint(pays)",
        "900.0",
    )
    weeks = solved("How many weeks are 616 days?", "weeks = 616 / 7\n\nprint(weeks)", "88.0")
    found = [[correct(r, LocalExecutor(), seed=n) for n in range(60)] for r in (shared, weeks)]
    kinds = [{str(r.meta["bug"]) for r in made if r is not None} for made in found]
    assert ["unit not converted" in k for k in kinds] == [False, True]
