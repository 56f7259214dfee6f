import pytest

from tests.trainer.local_code import LocalExecutor
from trainer.augment.by_chance import right_by_chance

PENS = "A pen costs 4 coins more than a pin of 8 coins. What do 15 pens cost?"
COST = "<<8+4=12>>12 coins\n<<12*15=180>>180 coins\n#### 180"


@pytest.mark.parametrize(
    ("sources", "by_chance"),
    [
        (["print((8 + 4) * 15)"], False),
        (["pin = 8\nmore = 4", "print((pin + more) * 15)"], False),
        (["def cost():\n    return 15 * (8 + 4)\nprint(float(cost()))"], False),
        (["print(12 * 15)"], False),  # what was calculated before it has no other number
        (["print(8 * 1.5 * 15)"], True),
        (["print((8 + 8 / 2) * 10 + 60)"], False),  # a number that stands there twice may be two
        (["print(8 + 4 * 43)"], True),
        (["pens = 15\nprint(180 if pens < 16 else undefined)"], True),
        (["print('They cost', 8 + 4 * 43)"], False),  # no number alone is printed
        (["print('180 coins', 8 + 4)", "print((8 + 4) * 15)"], False),
        (["far = 1e999\nprint((8 + 4) * 15)"], False),
    ],
)
def test_code_that_is_right_for_its_numbers_alone_is_so_by_chance(sources: list[str], by_chance: bool) -> None:
    assert right_by_chance(PENS, COST, sources, LocalExecutor()) is by_chance


@pytest.mark.parametrize(
    ("question", "annotated"),
    [
        (PENS, "They cost 180.\n#### 180"),
        (PENS, "<<8*4=32>>32\n#### 180"),
        ("What is 8 + 4?", ""),
        # 20 pupils are 7, 12 and the last one.
        (
            "Of 20 pupils 7 have 30 coins and 12 have 50. What has the last, if all have 843?",
            "<<7*30=210>>210\n<<12*50=600>>600\n<<843-210-600=33>>33\n#### 33",
        ),
    ],
)
def test_where_no_steps_say_it_nothing_is_by_chance(question: str, annotated: str) -> None:
    assert not right_by_chance(question, annotated, ["print(8)"], LocalExecutor())
