"""Lines as solutions have them, each with the right verdict; what the check does not find, it never gets wrong.

``statements.jsonl`` has a line of prose or LaTeX a row: ``text``; ``is``, the verdict that is right (``true``,
``rounded``, ``false``, or ``none`` for conditions, definitions and prose that states nothing); ``right``, what is said
to be right of a false one; and ``said`` where the check says less than it could: that it was not checked, or nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading
from tutor_app.core.claims import Claim

LINES = [json.loads(line) for line in Path(__file__).with_name("statements.jsonl").read_text("utf-8").splitlines()]
ROWS = Path(__file__).with_name("right_and_wrong.jsonl").read_text("utf-8").splitlines()
RIGHT_AND_WRONG = [json.loads(row) for row in ROWS]
SILENT = ("none", "unchecked")


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """The first use of SymPy takes as long as a statement may."""
    symbolic.warm()


def said(claims: Sequence[Claim]) -> str:
    """The verdict on a line: the worst of its statements."""
    verdicts = {claim.verdict for claim in claims}
    return next((v for v in ("false", "unchecked", "rounded", "true") if v in verdicts), "none")


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["text"][:60])
def test_a_line_has_its_verdict(line: dict[str, str]) -> None:
    claims = Reading().text(line["text"], 20.0)
    assert said(claims) == line.get("said", line["is"])
    if said(claims) == "false":
        assert line.get("right", "") in [claim.right for claim in claims if claim.verdict == "false"]


def test_there_are_lines_of_all_kinds_and_few_on_which_less_is_said() -> None:
    kinds = Counter(line["is"] for line in LINES)
    assert len({line["text"] for line in LINES}) == len(LINES) >= 300
    assert all(kinds[kind] >= n for kind, n in (("true", 140), ("false", 100), ("rounded", 15), ("none", 20)))
    assert {line["said"] for line in LINES if "said" in line} <= set(SILENT)
    assert sum("said" in line for line in LINES) <= 0.08 * len(LINES)


def test_no_right_line_of_any_kind_is_called_false_and_nine_of_ten_wrong_ones_are() -> None:
    """Prose, LaTeX, tables, lists, money, units, cases, sequences: ``right_and_wrong.jsonl`` has them in all forms."""
    found = {row["text"]: said(Reading().text(row["text"], 20.0)) for row in RIGHT_AND_WRONG}
    right = [row["text"] for row in RIGHT_AND_WRONG if row["right"]]
    wrong = [row["text"] for row in RIGHT_AND_WRONG if not row["right"]]
    assert min(len(right), 150) == 150
    assert [text for text in right if found[text] == "false"] == []
    assert sum(found[text] == "false" for text in wrong) >= 0.9 * len(wrong) >= 89
