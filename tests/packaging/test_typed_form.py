"""The measurement of the two forms in which a problem can be sent: which problems, and what is reported."""

from __future__ import annotations

import json
from pathlib import Path

import typed_form


def test_only_problems_whose_forms_differ_are_asked(tmp_path: Path) -> None:
    rows = [
        {"question": "Ida eats 3/4 of 8 figs. How many?", "answer": "So 3*8/4 = 6.\n#### 6"},
        {"question": "Ida has 8 figs. How many?", "answer": "#### 8"},
        {"problem": "Solve x^2 = 9.", "answer": "-3, 3"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert typed_form.differing(typed_form.rows_of(path), 5) == [
        (rows[0]["question"], "Ida eats $\\frac{3}{4}$ of 8 figs. How many?", "6"),
        ("Solve x^2 = 9.", "Solve $x^2 = 9$.", "-3, 3"),
    ]
    assert len(typed_form.differing(typed_form.rows_of(path), 1)) == 1


def test_the_samples_are_typed_plainly_for_the_other_form() -> None:
    found = typed_form.differing(typed_form.rows_of(None), 100)
    assert len(found) > 15
    assert all("$" in latex and "\\frac" not in typed for typed, latex, _ in found)


def test_the_report_counts_each_form_and_where_they_disagree() -> None:
    outcomes = [(True, True), (True, False), (False, False), (False, True), (False, True)]
    assert typed_form.report(outcomes) == (
        "5 problems: 2 right as typed, 3 right as LaTeX; 1 only as typed, 2 only as LaTeX"
    )
