from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.data.chain import Literal, Neg, Node, NotAChain, Op, Ref, leaves, number, parse_expression, shown, source
from trainer.data.gsm8k import goal, parse_solution, prose
from trainer.data.number_words import number_words, numbers_in, ordinals, said_numbers, spelled_numbers

CLIPS = (
    "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\n"
    "Natalia sold 48+24 = <<48+24=72>>72 clips altogether in April and May.\n#### 72"
)


def test_operands_are_chained_to_earlier_results() -> None:
    chain, gold = parse_solution(CLIPS)
    assert gold == 72
    assert [s.name for s in chain.steps] == ["clips_in_may", "clips_altogether"]
    assert chain.steps[1].node == Op("+", Literal("48"), Ref(0))
    assert chain.results() == [24, 72]
    assert chain.results({"48": Fraction(10)}) == [5, 15]


def test_two_equal_results_are_two_quantities() -> None:
    text = "A <<6/2=3>>3 x\nB <<4-1=3>>3 y\nC <<3+3=6>>6 z\n#### 6"
    chain, _ = parse_solution(text)
    assert chain.steps[2].node == Op("+", Ref(1), Ref(0))


def test_an_operand_that_the_question_states_stays_a_number() -> None:
    # 15 dollars of allowance were saved, and a lawn costs 15 dollars, too.
    answer = "3 x 5 = <<3*5=15>>15\n4 x 15 = <<4*15=60>>60\n15 + 60 = <<15+60=75>>75\n#### 75"
    said = said_numbers("He gets $5 a month for 3 months and $15 for each of 4 lawns.")
    assert [leaves(s.node, Ref) for s in parse_solution(answer)[0].steps] == [[], [Ref(0)], [Ref(0), Ref(1)]]
    assert [leaves(s.node, Ref) for s in parse_solution(answer, said)[0].steps] == [[], [], [Ref(1)]]
    # Of two in one expression the first is the result: 200 miles to work, and the 200 that were told.
    twice = parse_solution("<<40*5=200>>200\n<<200+200=400>>400\n#### 400", [Fraction(200)])[0]
    assert twice.steps[1].node == Op("+", Ref(0), Literal("200"))
    assert said_numbers("1,200 people, 25% of them: how many?") == {1200, 25, 100}


def test_an_equation_without_annotation_is_read_when_it_holds() -> None:
    text = "He eats 1*7=7 pounds a week\nIn all 7+3=<<7+3=10>>10 pounds\n#### 10"
    chain, _ = parse_solution(text)
    assert [s.node for s in chain.steps] == [Op("*", Literal("1"), Literal("7")), Op("+", Ref(0), Literal("3"))]
    wrong = text.replace("1*7=7", "1*7=8")
    assert len(parse_solution(wrong)[0].steps) == 1


def test_only_what_the_answer_needs() -> None:
    text = "A <<2+3=5>>5 x\nB <<4*4=16>>16 y\nC <<5*10=50>>50 z\n#### 50"
    chain = parse_solution(text)[0].needed()
    assert chain.results() == [5, 50]
    assert chain.steps[1].node == Op("*", Ref(0), Literal("10"))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("no mark", "####"),
        ("just words\n#### 5", "no annotation"),
        ("<<560//10=56>>56\n#### 56", "not arithmetic"),
        ("<<2+2=4>>4\n#### 5", "end on 4"),
        ("<<56/7=8>>8 miles\n<<56/8=7>>7 miles\n<<8-7=1>>1 mile, 8 minutes.\n#### 8", "end on 1"),
        ("<<1/0=1>>1\n#### 1", "divides by zero"),
        ("<<2=2=2>>2\n#### 2", "not one equation"),
        ("X = <<320=320>>320\n#### 320", "calculates nothing"),
        ("<<__import__('os')=1>>1\n#### 1", "not arithmetic"),
        ("<<9**9**9=1>>1\n#### 1", "not arithmetic"),
        ("<<999999999*999999999*999999999=1>>1\n<<1+1=2>>2\n#### 2", "out of all bounds"),
    ],
)
def test_what_is_no_exact_chain_is_refused(answer: str, why: str) -> None:
    with pytest.raises(NotAChain, match=why):
        parse_solution(answer)[0].results()


def test_words_of_a_step() -> None:
    line = "Natalia sold 48/2 = <<48/2=24>>24 clips in May."
    assert prose(line) == "Natalia sold 48/2 = 24 clips in May."
    assert goal(line) == "Natalia sold 48/2 clips in May."
    assert goal("She has <<5*2=10>>10 apples") == "She has 5*2 apples"
    assert goal("He spends 14 hours x 24 weeks = <<14*24=336>>336 hours on it.") == "He spends 14 hours x 24 weeks."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("The path is 4 ft * 60 ft = <<4*60=240>>240 sq.ft.", "The path is 4 ft * 60 ft."),
        ("The path is 4 ft * 60 ft = <<4*60=240>>240 sq. ft. of stone.", "The path is 4 ft * 60 ft."),
        ("It ends at 9 a.m. + 2 hours = <<9+2=11>>11 a.m.", "It ends at 9 a.m. + 2 hours."),
        ("It flies 4 hours * 500 km = <<4*500=2000>>2,000 km, then lands.", "It flies 4 hours * 500 km, then lands."),
        ("It is 4 days * 500 km = <<4*500=2000>>2000 m.p.h, they say.", "It is 4 days * 500 km, they say."),
        ("The weight is = <<40+2=42>>42 grams", ""),
        ("They share them them: <<8/2=4>>4 each", ""),
        ("Each pays 30/2 = <<30/2=15>>", ""),
        ("They last <<56//8=7>>7 nights", ""),
        ("He knows that that makes <<8/2=4>>4", "He knows that that makes 8/2"),
    ],
)
def test_a_step_without_its_result_is_a_sentence_or_nothing(line: str, said: str) -> None:
    assert goal(line) == said


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,200", 1200), ("$5", 5), (".5", Fraction(1, 2)), ("40%", 40), ("-3.25", Fraction(-13, 4)), ("7.", 7)],
)
def test_numbers(text: str, value: Fraction) -> None:
    assert number(text) == value


@given(st.integers(-(10**9), 10**9), st.integers(1, 2000))
def test_an_exact_number_is_shown_exactly(numerator: int, denominator: int) -> None:
    value = Fraction(numerator, denominator)
    assert Fraction(shown(value)) == value


def test_percent_and_leading_point() -> None:
    assert parse_expression("20%*50") == Op("*", Op("/", Literal("20"), Literal("100")), Literal("50"))
    assert parse_expression(".5*$2") == Op("*", Literal("0.5"), Literal("2"))
    assert parse_expression("007+1") == Op("+", Literal("7"), Literal("1"))


nodes = st.recursive(
    st.one_of(st.integers(1, 99).map(lambda n: Literal(str(n))), st.just(Literal("0.5")), st.just(Ref(0))),
    lambda inner: st.one_of(st.builds(Op, st.sampled_from("+-*/"), inner, inner), st.builds(Neg, inner)),
    max_leaves=8,
)


def value(node: Node) -> Fraction:
    match node:
        case Literal(text):
            return Fraction(text)
        case Ref():
            return Fraction(3)
        case Neg(operand):
            return -value(operand)
        case Op("+", left, right):
            return value(left) + value(right)
        case Op("-", left, right):
            return value(left) - value(right)
        case Op("*", left, right):
            return value(left) * value(right)
        case Op(_, left, right):
            return value(left) / value(right)


@given(nodes, st.sampled_from(["Fraction", ""]))
def test_source_means_what_the_tree_means(node: Node, exact: str) -> None:
    try:
        wanted = value(node)
        found = eval(source(node, ["x"], exact=exact), {"Fraction": Fraction, "x": 3})
    except (ZeroDivisionError, OverflowError):
        return
    if exact and isinstance(found, int | Fraction):
        assert found == wanted
    else:
        assert float(found) == pytest.approx(float(wanted), rel=1e-9, abs=1e-6)


def test_spelled_numbers_and_places_in_an_order() -> None:
    assert ordinals("the twentieth fisherman of the 3rd boat") == {20, 3}
    assert ordinals("on the twelfth day, eleventh at last") == {12, 11}
    assert spelled_numbers("Two dozen eggs in thirteen rows, two thirds of them white") == {2, 12, 13, 3}
    assert number_words("sets_of_two") == {"two"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("half a dozen of 1,200 pens", [Fraction(1, 2), 12, 1200]),
        ("a third of the 20 and two-thirds of the rest, 2/5 and .5", [Fraction(1, 3), 20, Fraction(2, 3),
                                                                      Fraction(2, 5), Fraction(1, 2)]),
        ("in the third bed thirty-five, in a fourth one", [35, 1]),
        ("three hundred, a hundred, $2.50 and twice 4, 5", [300, 100, Fraction(5, 2), 2, 4, 5]),
        ("nine quarters", [Fraction(9, 4)]),
        ("some, many and a few", []),
    ],
)  # fmt: skip
def test_numbers_that_a_text_says(text: str, said: list[Fraction | int]) -> None:
    assert list(numbers_in(text).elements()) == said


def test_what_a_step_gives_is_not_named_up_to_a_title() -> None:
    steps = "<<4+5=9>>9 first graders in Ms. Long's class\n<<9*2=18>>18 pens of the class\n#### 18"
    assert [s.what for s in parse_solution(steps)[0].steps] == ["", "the number of pens of the class"]


@pytest.mark.parametrize(
    ("line", "what", "name"),
    [
        ("He has 4+3 = <<4+3=7>>7 kilos of apples, pears and plums.", "", "step_1"),
        ("He has 4+3 = <<4+3=7>>7 beans, 2 of them red.", "the number of beans", "beans"),
        ("He buys 4+3 = <<4+3=7>>7 kilos of apples and pears.", "the number of kilos of apples and pears", "step_1"),
        ("He sees 4+3 = <<4+3=7>>7 football players and fans.", "", "step_1"),
        ("He sees 4+3 = <<4+3=7>>7 dogs and cats.", "the number of dogs and cats", "dogs_and_cats"),
        ("The rest which is 9-2 = <<9-2=7>>7", "", "step_1"),
        ("The amount that is 9-2 = <<9-2=7>>7", "the amount", "step_1"),
        ("She sold 9-2 = <<9-2=7>>7 rolls at first.", "", "rolls"),
        ("She had 9-2 = <<9-2=7>>7 rolls at first.", "the number of rolls at first", "rolls_at_first"),
        ("She paid $9 - $2 = $<<9-2=7>>7 for the rolls.", "", "dollars"),
        ("He also got 9-2 = $<<9-2=7>>7 from both of his sisters.", "", "dollars"),
        ("He earns 9-2 = $<<9-2=7>>7 per computer.", "", "dollars_per_computer"),
        ("He saves 9-2 = $<<9-2=7>>7 a day", "", "dollars_a_day"),
        ("He makes 9-2 = $<<9-2=7>>7 every morning", "", "dollars_every_morning"),
        ("She has 9-2 = $<<9-2=7>>7 left.", "", "dollars"),
        ("He gets a 9-2 = $<<9-2=7>>7 discount on it.", "", "discount"),
        ("He pays 9-2 = $<<9-2=7>>7 in sales tax.", "", "dollars"),
        ("He pays 9-2 = $<<9-2=7>>7", "", "step_1"),
        ("He sold 9-2 = <<9-2=7>>7 not counting the first ones.", "", "step_1"),
        ("He is on the 9-2 = <<9-2=7>>7th floor.", "", "floor"),
        ("There are 9-2 = <<9-2=7>>7 of them playing games.", "", "step_1"),
        ("She has 9-2 = <<9-2=7>>7 units of M&M candies.", "", "step_1"),
        ("He took 9-2 = <<9-2=7>>7 from each pile.", "", "step_1"),
        ("He has 9-2 = <<9-2=7>>7 more than on Friday.", "", "step_1"),
        ("He has 9-2 = <<9-2=7>>7 of the pears.", "", "pears"),
        ("There are 9-2 = <<9-2=7>>7 songs left for the third set, fourth set and encore.", "", "step_1"),
        ("So 9-2 = <<9-2=7>>7 kilos of sugar falls to the ground.", "", "kilos_of_sugar"),
        ("He throws 9-2 = <<9-2=7>>7 pears away.", "", "pears_away"),
        ("It is 9-2 = <<9-2=7>>7 miles away.", "the number of miles away", "miles_away"),
        ("It has grown by 9-2 = <<9-2=7>>7 feet after a year.", "", "feet"),
        (
            "There are 4+3 = <<4+3=7>>7 hands in the class including his.",
            "the number of hands in the class",
            "hands",
        ),
    ],
)
def test_a_step_is_named_by_all_that_it_gives_or_not_at_all(line: str, what: str, name: str) -> None:
    (step,) = parse_solution(f"{line}\n#### 7")[0].steps
    assert step.what == what
    assert step.name == name
