"""The verifier: its tuning and head over a judge behind a process, what it reports, and its command."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.adapters.gguf_files import write_gguf
from tests.trainer.cbbt import failing_box
from tests.trainer.cbbt.verifier import toy_judge
from trainer.__main__ import main
from trainer.cbbt.box import BoxFault, Budget, BudgetSpent, ProcessBox
from trainer.cbbt.verifier import llama_box
from trainer.cbbt.verifier.head import Found, Head, calibrated, calibrated_over, fit_head, fold_of, logistic
from trainer.cbbt.verifier.judged import Judged
from trainer.cbbt.verifier.report import (
    Solution,
    auc,
    calibration_error,
    measured,
    table,
    vote_power,
    vote_weights,
    voted,
    with_equal_answers,
)
from trainer.cbbt.verifier.training import (
    STATE,
    JudgeBox,
    VerifierConfig,
    VerifierTuning,
    concluded,
    judge_once,
    split_by_problem,
    to_json,
)
from trainer.commands.cbbt_solutions import graded_solutions
from trainer.data import testsets
from trainer.evaluate.results import Result
from tutor_app.adapters.npz import npz
from tutor_app.core.claims import Claim
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.parts import Answer, Attempt, Text
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import Verdict

RIGHT = np.random.default_rng(3).random(120) < 0.5
SOLUTIONS = [
    Solution(i // 4, f"quality {1 if good else -1}", "7" if good else str(i % 3), bool(good))
    for i, good in enumerate(RIGHT)
]
CONFIG = VerifierConfig(queries=160, tokens=1, inner=8, lr=0.1)
PARTS = split_by_problem(SOLUTIONS, 0)
PROBLEMS = np.array([s.problem for s in SOLUTIONS])


@pytest.fixture(scope="module")
def process() -> Iterator[ProcessBox]:
    with ProcessBox(toy_judge.command()) as box:
        JudgeBox(box, Budget()).read([s.text for s in SOLUTIONS])
        yield box


def tuned(process: ProcessBox, folder: Path, config: VerifierConfig = CONFIG) -> tuple[Any, JudgeBox]:
    box = JudgeBox(process, Budget(limit=config.queries))
    return VerifierTuning(box, RIGHT, PARTS.train, config, folder).run(), box


def test_the_question_learns_to_look(process: ProcessBox, tmp_path: Path) -> None:
    prompt, box = tuned(process, tmp_path)
    assert (box.budget.spent, box.budget.sequences) == (160, 160 * 8)
    judge = JudgeBox(process, Budget())
    margins, states = judge.judge(np.stack([np.zeros_like(prompt), prompt]), np.arange(120))
    held = PARTS.held_out
    before, after = (auc(m[held], RIGHT[held]) for m in margins)
    assert before < 0.7
    assert after > before + 0.2
    scores = np.zeros((120, 4))
    untuned, better = (Found(margins[i], states[i], scores) for i in range(2))
    fitted = fit_head(untuned.rows(PARTS.train), RIGHT[PARTS.train], PROBLEMS[PARTS.train])
    head = auc(fitted.head.logits(untuned.rows(held)), RIGHT[held])
    assert head > before + 0.1  # the head alone: what the margin hides, the state shows
    found = concluded(SOLUTIONS, untuned, better, PARTS)
    by_name = {row["method"]: row for row in found.rows}
    assert list(by_name) == [
        "the question, untuned", "mean token probability", "length, shorter first", "prompt only",
        "adapter only", "both", "question and signs", "prompt and signs", "adapter and signs", "both and signs",
    ]  # fmt: skip
    assert by_name["the question, untuned"]["auc"] == pytest.approx(before, abs=1e-4)
    assert by_name["prompt only"]["auc"] == pytest.approx(after, abs=1e-4)
    assert by_name["mean token probability"]["auc"] == 0.5
    assert found.report["solutions"] == len(held)
    assert found.report["auc"] == by_name[found.report["chosen"]]["auc"]
    assert found.report["calibrated_on"] == len(PARTS.train) + len(PARTS.validation)


def test_the_held_out_solutions_change_nothing_that_is_chosen() -> None:
    """Whatever is held out, the head, the method and the penalty stay."""
    rng = np.random.default_rng(5)
    found = Found(rng.standard_normal(120) + RIGHT, rng.standard_normal((120, 8)), rng.standard_normal((120, 4)))
    other = Found(found.margins.copy(), found.states.copy(), found.scores.copy())
    other.margins[PARTS.held_out] *= -3
    other.states[PARTS.held_out] += 5
    other.scores[PARTS.held_out] -= 5
    flipped = [
        Solution(s.problem, s.text, s.answer, s.right ^ (i in set(PARTS.held_out))) for i, s in enumerate(SOLUTIONS)
    ]
    first, second = concluded(SOLUTIONS, found, found, PARTS), concluded(flipped, other, other, PARTS)
    assert first.head.weights.tolist() == second.head.weights.tolist()
    assert (first.head.gain, first.head.bias) == (second.head.gain, second.head.bias)
    assert [first.report[k] for k in ("chosen", "decay")] == [second.report[k] for k in ("chosen", "decay")]
    assert first.report["auc"] != second.report["auc"]


def test_a_head_is_judged_by_problems_it_has_not_seen() -> None:
    """States that only tell problems apart: a head learns them by heart, and its logits show that it knows nothing."""
    rng = np.random.default_rng(1)
    problems = np.repeat(np.arange(60), 4)
    right = np.repeat(rng.random(60) < 0.5, 4)
    states = np.repeat(rng.standard_normal((60, 200)), 4, axis=0)
    fitted = fit_head(Found(np.zeros(240), states, np.zeros((240, 4))), right, problems)
    assert abs(auc(fitted.logits, right) - 0.5) < 0.15
    assert np.abs(fitted.head.logits(Found(np.zeros(240), states, np.zeros((240, 4))))).max() < 1.5
    folds = fold_of(problems)
    assert all(len(set(folds[problems == p])) == 1 for p in range(60))
    assert sorted(set(folds)) == [0, 1, 2, 3, 4]


def test_logistic_finds_what_made_the_targets() -> None:
    rng = np.random.default_rng(2)
    columns = rng.standard_normal((20_000, 3))
    chance = 1 / (1 + np.exp(-(columns @ [1.0, -2.0, 0.0] + 0.5)))
    weights, bias = logistic(columns, (rng.random(20_000) < chance).astype(float), np.zeros(3))
    np.testing.assert_allclose([*weights, bias], [1, -2, 0, 0.5], atol=0.08)


def test_the_table_compares_over_problems() -> None:
    rng = np.random.default_rng(4)
    good, none = RIGHT * 2.0 + rng.standard_normal(120), rng.standard_normal(120)
    rows = measured(SOLUTIONS, {"none": none, "good": good}, "none", {"none": 0.0, "good": 0.5})
    assert rows[0]["ahead"] == 0
    assert rows[0]["ahead_95"] == [0, 0]
    assert rows[1]["auc"] == round(auc(good, RIGHT), 4)
    low, high = rows[1]["auc_95"]
    assert low < rows[1]["auc"] < high
    assert 0.05 < high - low < 0.3
    lines = table(rows, 0.5).splitlines()
    assert lines[3].startswith(f"| good | {rows[1]['auc']:.3f} |")
    assert lines[-1] == "| a plain vote | | | | | | | 50.0 % |"


def test_a_run_that_was_ended_goes_on_bit_for_bit(process: ProcessBox, tmp_path: Path) -> None:
    whole, _ = tuned(process, _made(tmp_path / "a"))
    short = VerifierTuning(JudgeBox(process, Budget(limit=80)), RIGHT, PARTS.train, CONFIG, _made(tmp_path / "b"))
    with pytest.raises(BudgetSpent):
        short.run()
    again, box = tuned(process, tmp_path / "b")
    assert again.tolist() == whole.tolist()
    assert box.budget.spent == 160
    with pytest.raises(UserFault, match="begun with other settings"):
        tuned(process, tmp_path / "b", VerifierConfig(queries=8))
    (tmp_path / "b" / STATE).write_bytes(b"half")
    with pytest.raises(UserFault, match="is broken"):
        tuned(process, tmp_path / "b")


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def test_parts_share_no_problem() -> None:
    sets = [{SOLUTIONS[i].problem for i in rows} for rows in (PARTS.train, PARTS.validation, PARTS.held_out)]
    assert [len(s) for s in sets] == [12, 6, 12]
    assert not sets[0] & sets[1]
    assert not (sets[0] | sets[1]) & sets[2]


def test_what_was_judged_is_not_asked_again(process: ProcessBox, tmp_path: Path) -> None:
    texts, rows = [f"{i} {s.text}" for i, s in enumerate(SOLUTIONS)], np.array([5, 3, 11, 40, 41, 7])
    prompts = np.random.default_rng(0).standard_normal((2, 1, toy_judge.WIDTH))
    box = JudgeBox(process, Budget())
    want = JudgeBox(process, Budget()).judge(prompts, rows)
    first = judge_once(box, prompts[:1], texts, rows[:4], Judged(tmp_path, "a"))
    np.testing.assert_allclose(first[0], want[0][:1, :4], rtol=1e-5)
    assert (box.budget.spent, box.budget.sequences) == (1, 4)
    both = judge_once(box, prompts, texts, rows, Judged(tmp_path, "a"))
    np.testing.assert_allclose(both[0], want[0], rtol=1e-5)
    np.testing.assert_allclose(both[1], want[1], rtol=1e-5)
    # The first four are asked again with the second prompt, and the others with both: a query has all of its rows.
    assert (box.budget.spent, box.budget.sequences) == (1 + 2, 4 + 2 * 6)
    spent = box.budget.spent
    again = judge_once(box, prompts, texts, rows, Judged(tmp_path, "a"))
    assert box.budget.spent == spent
    assert again[0].tolist() == both[0].tolist()
    broken = next(tmp_path.iterdir())
    for torn in (b"half", b"", b"PK\x03\x04", broken.read_bytes()[:-40], npz(margin=np.nan, state=np.zeros(3))):
        broken.write_bytes(torn)
        assert judge_once(box, prompts, texts, rows, Judged(tmp_path, "a"))[1].tolist() == both[1].tolist()
    judge_once(box, prompts, texts, rows, Judged(tmp_path, "another model"))
    assert len(list(tmp_path.iterdir())) == 2 * 12


def test_another_model_does_not_go_on(process: ProcessBox, tmp_path: Path) -> None:
    tuned(process, tmp_path, VerifierConfig(queries=8, tokens=1, inner=8))
    box = JudgeBox(process, Budget(), "another model")
    with pytest.raises(UserFault, match="or another model"):
        VerifierTuning(box, RIGHT, PARTS.train, VerifierConfig(queries=8, tokens=1, inner=8), tmp_path)


def test_a_part_of_one_kind_alone_is_refused() -> None:
    with pytest.raises(UserFault, match="needs right and wrong ones in each part"):
        split_by_problem([Solution(i, "", "1", True) for i in range(20)], 0)


def test_problems_of_another_file_are_held_out() -> None:
    parts = split_by_problem(SOLUTIONS, 0, range(20, 30))
    of = [{SOLUTIONS[i].problem for i in rows} for rows in (parts.train, parts.validation, parts.held_out)]
    assert of[2] == set(range(20, 30))
    assert (len(of[0]), len(of[1])) == (14, 6)
    assert of[0] | of[1] == set(range(20))


def test_what_is_held_out_does_not_change_a_tuning_under_way(process: ProcessBox, tmp_path: Path) -> None:
    """More problems may be held out while the prompt is tuned."""
    few = replace(CONFIG, queries=16)
    tuned(process, tmp_path, few)
    box, other = JudgeBox(process, Budget(limit=16)), RIGHT.copy()
    other[PARTS.held_out] = ~other[PARTS.held_out]
    VerifierTuning(box, other, PARTS.train, few, tmp_path).run()
    assert box.budget.spent == 16  # those of the first run: nothing is asked again


@pytest.mark.parametrize(
    ("scores", "right", "want"),
    [([3, 2, 1, 0], [1, 1, 0, 0], 1.0), ([0, 1, 2, 3], [1, 1, 0, 0], 0.0), ([1, 1, 1, 1], [1, 0, 1, 0], 0.5),
     ([3, 1, 2, 0], [1, 1, 0, 0], 0.75)],
)  # fmt: skip
def test_auc(scores: list[float], right: list[int], want: float) -> None:
    assert auc(np.array(scores, dtype=float), np.array(right, dtype=bool)) == want


def test_calibration_error() -> None:
    right = np.array([True] * 7 + [False] * 3)
    assert calibration_error(np.full(10, 0.7), right) == pytest.approx(0)
    assert calibration_error(np.full(10, 1.0), right) == pytest.approx(0.3)
    assert calibration_error(np.array([0.15, 0.95]), np.array([False, True])) == pytest.approx(0.1)


def test_calibration_pulls_overconfidence_back() -> None:
    rng = np.random.default_rng(0)
    true = rng.standard_normal(4000)
    target = (rng.random(4000) < 1 / (1 + np.exp(-true))).astype(float)
    gain, bias = calibrated(4 * true + 1, target)
    assert gain == pytest.approx(0.25, abs=0.03)
    assert bias == pytest.approx(-0.25, abs=0.08)


def test_votes() -> None:
    attempts = [Solution(1, "", "5", False), Solution(1, "", "5", False), Solution(1, "", "7", True)]
    attempts += [Solution(2, "", "3", True), Solution(2, "", "4", False), Solution(3, "", "", False)]
    assert voted(attempts, np.ones(6)) == pytest.approx(1 / 3)  # 5 wins twice over, 3 was given first, 3 has none
    assert voted(attempts, np.array([0.1, 0.1, 0.9, 0.5, 0.4, 1.0])) == pytest.approx(2 / 3)


def test_votes_are_weighed_where_that_finds_more_right_answers_and_stay_equal_where_it_does_not() -> None:
    rng = np.random.default_rng(8)
    attempts, good, hard = [], [], []
    for problem in range(40):
        for n in range(5):
            right = n >= 3  # two right ones against three wrong ones that agree
            attempts.append(Solution(problem, "", "7" if right else "5", right))
            good.append(2.0 if right else -2.0)
            hard.append(3.0 * (problem % 2) - 1.5)  # tells problems apart, not attempts
    assert vote_power(attempts, np.array(good)) == 0.25
    assert voted(attempts, vote_weights(np.array(good), 0.25)) == 1
    assert vote_power(attempts, np.array(hard)) == 0
    assert vote_power(attempts, rng.standard_normal(200) * 0.1) == 0
    one = [Solution(n, "", a, a == "7") for n in range(9) for a in ("7", "7", "5")]
    lucky = np.array([2.0, -2, 2] + [-2, -2, 2] * 8)
    assert vote_power(one, -lucky) == 0  # it loses a problem at best


def test_calibration_shrinks_what_does_not_hold_for_other_problems() -> None:
    rng = np.random.default_rng(3)
    problems = np.repeat(np.arange(50), 4)
    folds = fold_of(problems)
    target = (rng.random(200) < 0.4).astype(float)
    gain, bias = calibrated_over(rng.standard_normal(200) * 3, target, folds)
    assert abs(gain) < 0.15
    assert 1 / (1 + np.exp(-bias)) == pytest.approx(target.mean(), abs=0.03)
    true = rng.standard_normal(200) * 2
    target = (rng.random(200) < 1 / (1 + np.exp(-true))).astype(float)
    assert calibrated_over(true, target, folds)[0] == pytest.approx(1, abs=0.3)


class NoChecker:
    """Finds no statements."""

    def begin(self) -> None:
        pass

    def check(self, pieces: Sequence[tuple[str, str]], /) -> Sequence[tuple[Claim, ...]]:
        return [() for _ in pieces]

    def answer(self, problem: str, answer: str, outputs: Sequence[str] = (), /) -> Verdict:
        return Verdict("unchecked", "unknown")

    def close(self) -> None:
        pass


class NoProcess(NoChecker):
    """Cannot start its process, as on a computer that is too busy."""

    def check(self, pieces: Sequence[tuple[str, str]], /) -> Sequence[tuple[Claim, ...]]:
        raise HostFault("The process that checks statements could not be started.")


def test_solutions_whose_statements_cannot_be_checked_are_not_trained_on(tmp_path: Path) -> None:
    """Else a verifier would learn that there are none, and judge solutions that have some."""
    vote = replace(
        Transcript.of("What is 3 + 4?"), attempts=(Attempt((Text("3 + 4 = 7."), Answer("7")), ended="answered"),)
    )
    path = tmp_path / "votes.jsonl"
    path.write_text(json.dumps({"row": 1, "gold": "7", "turns": [[]], "vote": vote.to_dict()}))
    with pytest.raises(HostFault, match="could not be started"):
        graded_solutions(path, 0, NoProcess(), lambda gold, answer: gold == answer)


def test_attempts_of_recorded_votes_are_graded_solutions(tmp_path: Path) -> None:
    attempts = (
        Attempt((Text("We add."), Answer("7")), ended="answered", option=0, weight=1.0),
        Attempt((Text("We add."), Answer("8")), seed=1, ended="answered", option=1, weight=1.0),
        Attempt((Text("We ad"),), seed=2),
        Attempt((Text("Hm."),), seed=3, ended="no_answer"),
    )
    vote = replace(Transcript.of("What is 3 + 4?"), attempts=attempts, chosen=0)
    row = {"row": 12, "gold": "7", "turns": [[]] * 4, "vote": vote.to_dict()}
    path = tmp_path / "votes.jsonl"
    path.write_text(f"{json.dumps(row)}\n{json.dumps(row | {'row': 13, 'gold': '8'})}\n" + '{"row": 14, "go')
    found = graded_solutions(path, 0, NoChecker(), lambda gold, answer: gold == answer)
    assert [(s.problem, s.answer, s.right) for s in found] == [
        (12, "7", True), (12, "8", False), (13, "7", False), (13, "8", True),
    ]  # fmt: skip
    assert found[0].text.startswith("Problem: What is 3 + 4?")
    assert len(graded_solutions(path, 1, NoChecker(), lambda gold, answer: gold == answer)) == 2


def test_equal_answers_have_one_wording() -> None:
    answers = ["1/2", "0.5", "3", "0.50", "3"]
    given = [Solution(1, "", a, False) for a in answers] + [Solution(2, "", "0.5", True)]
    found = with_equal_answers(given, lambda a, b: Fraction(a) == Fraction(b))
    assert [s.answer for s in found] == ["1/2", "1/2", "3", "1/2", "3", "0.5"]
    assert [s.right for s in found] == [s.right for s in given]


def test_a_model_without_embeddings_in(tmp_path: Path) -> None:
    with ProcessBox(toy_judge.command("closed")) as process, pytest.raises(UserFault, match="takes embeddings"):
        JudgeBox(process, Budget())


def test_a_judge_that_answers_no_number(tmp_path: Path) -> None:
    with ProcessBox(toy_judge.command("nan")) as process:
        box = JudgeBox(process, Budget())
        box.read([s.text for s in SOLUTIONS])
        with pytest.raises(BoxFault, match="not all finite"):
            VerifierTuning(box, RIGHT, PARTS.train, CONFIG, tmp_path).run()


def test_the_file_is_for_one_model() -> None:
    head = Head(1.5, -0.5, np.array([0.1, 0.2]), np.array([1.0, 2.0]), np.array([0.0, -1.0]), np.array([2.0, 1.0]))
    value = json.loads(to_json(np.zeros((1, 3)), head, "abc", {"auc": 0.7}))
    assert (value["kind"], value["model_sha256"], value["prompt"]) == ("mumath-verifier", "abc", [[0, 0, 0]])
    assert (value["gain"], value["extras"], value["weights"]) == (1.5, [0.1, 0.2], [1, 2])
    assert value["report"] == {"auc": 0.7}
    found = Found(np.array([2.0]), np.array([[3.0, 4.0]]), np.array([[1.0, -1.0]]))
    assert head.logits(found).tolist() == pytest.approx([1.5 * 2 - 0.5 + 0.6 + 1.6 - 0.1])
    beyond = Found(found.margins, found.states, np.array([[9.0, -7.0]]))
    assert head.logits(beyond).tolist() == pytest.approx([1.5 * 2 - 0.5 + 0.6 + 1.6 + 0.2 - 0.2])
    assert (value["low"], value["high"]) == ([0, -1], [2, 1])


def write_results(path: Path, count: int) -> Path:
    lines = ['{"manifest": {}}']
    for i in range(count):
        transcript = Transcript.of(f"What is {i} + 1?", Text("We add."), Answer(latex=str(i + 1)))
        verdict = "correct" if i % 2 else "incorrect"
        lines.append(Result(i, 0, str(i + 1), str(i + 1), verdict, verdict, transcript).to_json())
    path.write_text("\n".join(lines) + '\n{"cut of', encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "sentence"), [("none.jsonl", "cannot be read"), ("empty.jsonl", "holds no graded solutions")]
)
def test_bad_files_are_one_sentence(
    tmp_path: Path, name: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gguf", reason="the extra trainer is not installed")
    (tmp_path / "empty.jsonl").write_text("{}\n")
    command = ["cbbt", "verifier", "--model", "starter", "--solutions", str(tmp_path / name), "--run", str(tmp_path)]
    assert main(command) == 2
    assert sentence in capsys.readouterr().err


def test_attempts_at_a_test_set_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gguf", reason="the extra trainer is not installed")
    run = tmp_path / "run"
    command = ["cbbt", "verifier", "--model", "starter", "--run", str(run), "--solutions"]
    named = write_results(tmp_path / "gsm8k.test.jsonl", 4)
    assert main([*command, str(named)]) == 2
    assert "is named like a test set, which is never trained on" in capsys.readouterr().err
    question = "A baker sells 24 loaves in the morning and half as many in the evening. How many are that?"
    monkeypatch.setattr(testsets, "known_hashes", lambda: testsets.packed([question], masked=True))
    mine = tmp_path / "mine.jsonl"
    attempt = Transcript.of(question.replace("24", "82"), Text("We add."), Answer(latex="123"))
    mine.write_text('{"manifest": {}}\n' + Result(0, 0, "123", "123", "correct", "correct", attempt).to_json() + "\n")
    assert main([*command, str(mine)]) == 2
    assert "1 of the 1 problems in" in capsys.readouterr().err
    assert not run.exists()


def test_held_out_solutions_of_the_same_problems_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gguf", reason="the extra trainer is not installed")
    one, other = write_results(tmp_path / "a.jsonl", 8), write_results(tmp_path / "b.jsonl", 3)
    command = ["cbbt", "verifier", "--model", "starter", "--solutions", str(one), "--held-out", str(other)]
    assert main([*command, "--run", str(tmp_path / "run")]) == 2
    assert "3 of the problems of" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"strict": 7}, {"strict": "right"}, {"strict": None}, {"index": "seven"}, {"index": None}, {"index": True},
        {"answer": ""},
    ],
)  # fmt: skip
def test_results_that_are_not_graded_teach_nothing(change: dict[str, Any], tmp_path: Path) -> None:
    """Without its verdict, a right solution would count as a wrong one."""
    path = write_results(tmp_path / "results.jsonl", 6)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    path.write_text("\n".join(json.dumps(line | change if "index" in line else line) for line in lines))
    with pytest.raises(UserFault, match="holds no graded solutions that came to an answer"):
        graded_solutions(path, 0, NoChecker(), lambda gold, answer: gold == answer)


@pytest.mark.parametrize("change", [{"gold": None}, {"gold": ""}, {"row": "12"}, {"row": float("inf")}, {"vote": []}])
def test_votes_that_are_not_graded_teach_nothing(change: dict[str, Any], tmp_path: Path) -> None:
    vote = replace(
        Transcript.of("What is 3 + 4?"), attempts=(Attempt((Text("3 + 4 = 7."), Answer("7")), ended="answered"),)
    )
    path = tmp_path / "votes.jsonl"
    path.write_text(json.dumps({"row": 1, "gold": "7", "turns": [[]], "vote": vote.to_dict(), **change}))
    with pytest.raises(UserFault, match="holds no graded solutions that came to an answer"):
        graded_solutions(path, 0, NoChecker(), lambda gold, answer: gold == answer)


def test_solutions_that_are_too_long_to_be_read_are_told_before_the_tuning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The toy judge cannot read those whose answer is above 99; the right ones are all above."""
    pytest.importorskip("gguf", reason="the extra trainer is not installed")
    path = write_results(tmp_path / "results.jsonl", 30)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    for line in lines[1:]:
        long = line["strict"] == "correct"
        line["transcript"]["turns"][-1]["parts"][-1]["latex"] = line["answer"] = str(line["index"] + 100 * long)
    path.write_text("\n".join(map(json.dumps, lines)))
    monkeypatch.setattr(llama_box, "box_command", lambda *_: toy_judge.command())
    model = write_gguf(tmp_path / "mine.gguf")
    command = ["cbbt", "verifier", "--model", str(model), "--solutions", str(path), "--run", str(tmp_path / "run")]
    assert main(command) == 2
    assert "solutions to train on that can be read, 0 are right" in capsys.readouterr().err
    assert not (tmp_path / "run" / "verifier.npz").exists()


def test_the_whole_command_over_a_box_that_fails_and_is_started_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the tuning, and in the judging at its end; what comes out is the same as in one go."""
    pytest.importorskip("gguf", reason="the extra trainer is not installed")
    path, model = write_results(tmp_path / "results.jsonl", 30), write_gguf(tmp_path / "mine.gguf")

    def outcome(run: str, box: list[str]) -> int:
        monkeypatch.setattr(llama_box, "box_command", lambda *_: box)
        arguments = ["--model", str(model), "--solutions", str(path), "--run", str(tmp_path / run), "--queries", "32"]
        return main(["cbbt", "verifier", *arguments])

    assert outcome("whole", toy_judge.command()) == 0
    for answers in (10, 18):  # in the third of four steps, then after 4 of 30 solutions were judged
        assert outcome("ended", failing_box.command("dies", answers, toy_judge.command())) == 1
        assert "saying: out of memory. What was learned so far is kept" in capsys.readouterr().err
    assert outcome("ended", toy_judge.command()) == 0
    whole, ended = (json.loads((tmp_path / run / "verifier.json").read_text()) for run in ("whole", "ended"))
    for value in (whole, ended):
        value["report"].pop("minutes_this_time")
    assert ended["prompt"] == whole["prompt"]
    assert ended["weights"] == pytest.approx(whole["weights"])
    assert {k: v for k, v in ended["report"].items() if k not in ("queries", "sequences")} == {
        k: v for k, v in whole["report"].items() if k not in ("queries", "sequences")
    }


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_whole_command_with_a_real_model(
    starter_gguf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gguf", reason="the extra trainer is not installed")
    results = write_results(tmp_path / "results.jsonl", 30)
    command = ["cbbt", "verifier", "--model", str(starter_gguf), "--solutions", str(results), "--run", str(tmp_path)]
    assert main([*command, "--queries", "16"]) == 0
    assert "auc" in capsys.readouterr().out
    value = json.loads((tmp_path / "verifier.json").read_text())
    assert len(value["weights"]) == len(value["prompt"][0]) == 896
    assert value["report"]["queries"] == 18
