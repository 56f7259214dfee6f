import json
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")

import gpu_check
from gpu_check import Check, speed_of

PYTHON = sys.executable


def check(folder: Path, seconds: float = 600.0, *, dry: bool = False) -> Check:
    return Check(folder, dry, time.monotonic() + seconds)


def test_a_step_is_kept_with_what_it_measured(tmp_path: Path) -> None:
    c = check(tmp_path)
    assert c.run("one", [PYTHON, "-c", "print(7)"], limit=60, measured=lambda said: {"found": int(said)})
    assert (c.steps["one"]["ok"], c.steps["one"]["found"]) == (True, 7)


def test_a_step_that_fails_or_hangs_costs_no_other(tmp_path: Path) -> None:
    c = check(tmp_path)
    assert not c.run("fails", [PYTHON, "-c", "import sys; sys.exit('No GPU memory is left.')"], limit=60)
    assert not c.run("hangs", [PYTHON, "-c", "import time; time.sleep(600)"], limit=0.1)
    assert not c.run("says nothing", [PYTHON, "-c", ""], limit=60, measured=lambda said: {"found": int(said)})
    assert c.run("works", [PYTHON, "-c", ""], limit=60)
    assert c.steps["fails"]["why"] == "No GPU memory is left."
    assert c.steps["hangs"]["why"] == "not over within 0 s"
    assert c.steps["says nothing"]["why"].startswith("its result cannot be read")


def test_what_cannot_run_is_left_out_with_the_reason(tmp_path: Path) -> None:
    c = check(tmp_path)
    c.run("no CUDA", [PYTHON], limit=60, lacks="it needs CUDA")
    c.run("nothing to work on", [PYTHON], limit=60, needs=[tmp_path / "model"])
    late = check(tmp_path, seconds=5)
    late.run("late", [PYTHON], limit=60)
    assert {**c.steps, **late.steps} == {
        "no CUDA": {"left_out": "it needs CUDA"},
        "nothing to work on": {"left_out": "there is no model, which an earlier step makes"},
        "late": {"left_out": "no time was left"},
    }


def test_the_speed_is_that_of_the_steps_after_the_first(tmp_path: Path) -> None:
    rows = [{"step": i, "loss": 5.0 - i, "tokens": 100, "seconds": 10.0 if i < 3 else 0.5} for i in range(5)]
    rows.append({"step": 5, "held_out_loss": 3.0})
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert speed_of(tmp_path) == {"steps": 5, "first_loss": 5.0, "last_loss": 1.0, "tokens_per_second": 200}


def test_without_a_gpu_only_a_rehearsal_is_possible(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if gpu_check.cuda_of():
        pytest.skip("there is a GPU here")
    assert gpu_check.main(["--out", str(tmp_path / "gpu.json")]) == 2
    assert "Rehearse with --dry" in capsys.readouterr().err


@pytest.mark.slow
def test_the_rehearsal_goes_through_every_step(tmp_path: Path) -> None:
    out = tmp_path / "gpu.json"
    assert gpu_check.main(["--dry", "--minutes", "40", "--out", str(out)]) == 0
    result = json.loads(out.read_text())
    left_out = {name for name, step in result["steps"].items() if "left_out" in step}
    assert left_out == {"compile", "liger", "flash attention 2", "QLoRA"}
    assert result["steps"]["stage 1, FSDP under torchrun"]["steps"] == 5
    assert result["steps"]["stage 2"]["tokens_per_second"] > 0
