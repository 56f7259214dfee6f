from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tutor_app.core.errors import HostFault
from tutor_app.core.values import Sample
from tutor_app.resources import resource_names, resource_text
from tutor_app.tutor.samples import sample_problems

TOPICS = {
    "arithmetic",
    "fractions and percent",
    "algebra",
    "functions",
    "geometry",
    "number theory",
    "combinatorics",
    "probability",
    "sequences",
    "calculus",
    "linear algebra",
    "statistics",
}

# One process for all of them: importing SymPy takes longer than the checks.
RUNNER = """
import contextlib, io, json, sys
results = []
for source in json.load(sys.stdin):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, "check", "exec"), {})
    results.append(printed.getvalue().strip())
json.dump(results, sys.stdout)
"""


def test_every_check_computes_the_answer() -> None:
    problems = sample_problems()
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUNNER],
        input=json.dumps([p.check for p in problems]),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    printed = json.loads(run.stdout)
    assert {p.id: found for p, found in zip(problems, printed, strict=True)} == {p.id: p.answer for p in problems}


def test_the_files_hold_nothing_else() -> None:
    keys = {"id", "topic", "difficulty", "problem", "answer", "check"}
    names = list(resource_names("problems"))
    assert names
    for name in names:
        rows = json.loads(resource_text(name))
        assert isinstance(rows, list)
        assert rows
        assert all(set(row) == keys for row in rows)


def test_ids_and_statements_are_unique() -> None:
    problems = sample_problems()
    assert len({p.id for p in problems}) == len(problems) >= 28
    assert len({p.problem for p in problems}) == len(problems)


def test_topics_and_difficulties_are_covered() -> None:
    problems = sample_problems()
    assert {p.topic for p in problems} == TOPICS
    assert {p.difficulty for p in problems} == {1, 2, 3, 4, 5}
    for topic in TOPICS:
        of_topic = [p.difficulty for p in problems if p.topic == topic]
        assert len(of_topic) >= 2
        assert of_topic == sorted(of_topic)


@pytest.mark.parametrize("problem", sample_problems(), ids=lambda p: p.id)
def test_each_is_well_formed(problem: Sample) -> None:
    assert problem.id.startswith(problem.topic.replace(" ", "-") + "-")
    assert isinstance(problem.difficulty, int)
    assert problem.problem[-1] in "?."
    assert problem.problem == problem.problem.strip()
    assert problem.problem.count("$") % 2 == 0
    assert problem.problem.count("{") == problem.problem.count("}")
    assert problem.answer == problem.answer.strip() != ""
    assert problem.check.count("print(") == 1
    assert f'"{problem.answer}"' not in problem.check


@pytest.mark.parametrize("content", ["[", '[{"id": "x"}]', "[3]", "{}x", "3"])
def test_damaged_file_is_one_sentence(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutor_app.tutor.samples.resource_text", lambda name: content)
    with pytest.raises(HostFault, match="is damaged"):
        sample_problems()
