"""A GGUF model as a black box, with a real llama.cpp and tiny weights: what is judged, and the whole command."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_gguf import N_EMBD, random_weights, token_id, write_model
from tests.trainer.cbbt.verifier.test_training import write_results
from trainer.__main__ import main
from trainer.cbbt.box import BoxFault, Budget, ProcessBox
from trainer.cbbt.verifier.llama_box import box_command
from trainer.cbbt.verifier.training import JudgeBox
from tutor_app.adapters.verifying.kept import Kept
from tutor_app.adapters.verifying.reading import SCORES, Reading
from tutor_app.adapters.verifying.verifier import Verifier, read_verifier
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Answer, Text

pytest.importorskip("gguf", reason="the extra trainer is not installed")

TEXTS = ["2+3=5", "2+3=7", "2+3=5 ", "x" * 3000, "2+3=5"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "tiny.gguf", random_weights(3))


@pytest.fixture(scope="module")
def process(model: Path) -> Iterator[ProcessBox]:
    with ProcessBox(box_command(str(model), 1)) as box:
        yield box


@pytest.fixture(scope="module")
def judge(process: ProcessBox) -> JudgeBox:
    box = JudgeBox(process, Budget())
    assert box.read(TEXTS)[0][3] == 0  # too long to be judged
    return box


def test_a_soft_token_that_is_a_word_is_that_word(judge: JudgeBox) -> None:
    """The text "2+3=5" with two soft spaces reads the same tokens as "2+3=5 " with one."""
    space = random_weights(3)["token_embd.weight"][token_id(b" ")]
    np.testing.assert_allclose(judge.start(2), [space, space], rtol=1e-5)
    two, states = judge.judge(np.stack([judge.start(2)]), np.array([0]))
    one, other = judge.judge(np.stack([judge.start(1)]), np.array([2]))
    np.testing.assert_allclose(two, one, atol=0.02)
    np.testing.assert_allclose(states, other, atol=0.02)
    assert abs(judge.judge(np.stack([judge.start(1)]), np.array([0]))[0] - one) > 0.02


def test_prompts_judged_together_are_as_judged_alone(judge: JudgeBox) -> None:
    prompts = np.random.default_rng(0).standard_normal((40, 3, N_EMBD)) * 0.3
    together, states = judge.judge(prompts, np.array([0, 1]))
    assert states.shape == (40, 2, N_EMBD)
    for n in (0, 17, 39):
        alone, state = judge.judge(prompts[n : n + 1], np.array([0, 1]))
        np.testing.assert_allclose(together[n], alone[0], atol=0.02)
        np.testing.assert_allclose(states[n], state[0], atol=0.05)
    assert together.std(axis=0).min() > 0.02


def test_the_same_solution_is_judged_the_same(judge: JudgeBox) -> None:
    margins, _ = judge.judge(np.stack([judge.start(1)]), np.array([0, 1, 4]))
    assert margins[0, 0] == margins[0, 2] != margins[0, 1]


def test_scores_of_a_reading(process: ProcessBox, model: Path) -> None:
    """They are about the solution's own tokens, as a second reading of what comes before shows."""
    words = "Answer: 5"
    text = f"Problem: 2 + 3\n\nSolution: {words}"
    box = JudgeBox(process, Budget())
    lengths, scores = box.read([text, text, "x" * 3000, text.replace("2 + 3", "2 + 30")])
    assert scores[2].tolist() == [0.0] * len(SCORES)
    assert scores[0].tolist() == scores[1].tolist()
    assert lengths[3] == lengths[0] + 1
    assert scores[3][0] == scores[0][0]  # the problem's tokens do not count
    count, mean, log_mean, lowest, unsure = scores[0]
    assert np.exp(count) == pytest.approx(len(words) + 1)  # a letter is a token of this model, and so is the space
    assert 0 < mean < 1
    assert lowest < log_mean < 0
    assert np.exp(log_mean) <= mean + 1e-6
    assert 0 <= unsure <= np.log1p(len(words) + 1) + 1e-6


def test_solutions_of_one_problem_are_read_as_alone(process: ProcessBox, model: Path) -> None:
    """The second reading takes the problem over from the first; what it finds is the same up to rounding."""
    texts = [f"Problem: {'2 + ' * 40}3\n\nSolution: {words}" for words in ("Answer: 83", "We add: 83", "83")]
    together = JudgeBox(process, Budget())
    _, scores = together.read(texts)
    with ProcessBox(box_command(str(model), 1)) as other:
        alone = JudgeBox(other, Budget())
        for text, found in zip(texts, scores, strict=True):
            np.testing.assert_allclose(found, alone.read([text, "7"])[1][0], atol=0.02)
        margins, _ = alone.judge(np.stack([alone.start(1)]), np.array([0, 2, 4]))
    assert margins.std() > 0.02


def test_a_reading_that_was_ended_goes_on(model: Path, tmp_path: Path) -> None:
    texts = ["2+3=5", "x" * 3000, "2+3=7"]

    def judged(model: Path) -> tuple[list[int], list[list[float]], list[float]]:
        with ProcessBox(box_command(str(model), 1, tmp_path)) as process:
            box = JudgeBox(process, Budget())
            lengths, scores = box.read(texts)
            margins, _ = box.judge(np.stack([box.start(1)]), np.array([0, 2]))
        return lengths.tolist(), scores.tolist(), margins[0].tolist()

    first = judged(model)
    files = sorted(tmp_path.iterdir())
    times = [f.stat().st_mtime_ns for f in files]
    assert len(files) == 3
    assert judged(model) == first
    assert [f.stat().st_mtime_ns for f in files] == times
    files[0].write_bytes(b"half of a fi")
    assert judged(model) == first
    other = write_model(tmp_path.parent / "other.gguf", random_weights(4))
    assert judged(other)[2] != first[2]
    assert len(list(tmp_path.iterdir())) == 6


def test_what_another_context_has_read_is_read_again(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "read"
    folder.mkdir()
    reading = Reading(3, np.zeros(4))
    Kept(folder, model, "0.3 in one cache").add("2+3=5", reading, b"keys and values")
    again = Kept(folder, model, "0.3 in one cache").take("2+3=5")
    assert again is not None
    assert again.tokens == 3
    assert Kept(folder, model, "0.4 in one cache").take("2+3=5") is None


def test_what_does_not_fit_is_refused(judge: JudgeBox, process: ProcessBox) -> None:
    with pytest.raises(UserFault, match=f"soft tokens of {N_EMBD} numbers"):
        process.ask("judge", {"prompts": np.zeros((1, 1, 3), np.float32), "items": np.array([0])}, {})
    for item in (3, 99, -1):
        with pytest.raises(UserFault, match=f"Solution {item} has not been read"):
            judge.judge(np.stack([judge.start(1)]), np.array([item]))
    with pytest.raises(UserFault, match="only judge, read, start"):
        process.ask("weights", {}, {})


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF and no more")
    with pytest.raises(BoxFault, match=r"cannot be used"):
        ProcessBox(box_command(str(tmp_path / "m.gguf"), 1))


def test_the_whole_command_and_what_it_wrote_in_use(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    results = write_results(tmp_path / "results.jsonl", 30)
    command = ["cbbt", "verifier", "--model", str(model), "--solutions", str(results), "--run", str(tmp_path)]
    assert main([*command, "--queries", "24", "--threads", "1"]) == 0
    first = capsys.readouterr().out
    assert "auc untuned" in first
    path = tmp_path / "verifier.json"
    value = json.loads(path.read_text())
    assert value["report"]["queries"] == 24 + 2
    assert value["report"]["solutions"] == 12
    assert value["model_sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert read_verifier(path).auc == value["report"]["auc"]
    with Verifier(path, model, threads=1) as verifier:
        probability = verifier.probability("What is 3 + 1?", (Text("We add."), Answer("4")))
        assert verifier.probability("What is 3 + 1?", (Text("x" * 5000), Answer("4"))) is None
    assert probability is not None
    assert 0 < probability < 1
    assert "it is too long" in caplog.text
    path.unlink()
    assert main([*command, "--queries", "24", "--threads", "1"]) == 0  # the tuning is not done again
    assert json.loads(path.read_text())["prompt"] == value["prompt"]
