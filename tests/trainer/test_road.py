"""Every step on two cores: both stages, export, and the engine that ships answers in the dialect."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")
pytest.importorskip("gguf", reason="the trainer's packages are not installed")
if find_spec("llama_cpp") is None:  # importing it would leave files open
    pytest.skip("llama-cpp-python is not installed", allow_module_level=True)

from tests.trainer.local_code import LocalExecutor
from tests.trainer.tiny_models import code_records, metrics, save, text_records
from trainer.__main__ import main
from tutor_app.adapters.engine.client import Engine, EngineOptions
from tutor_app.core.dialect import MUMATH
from tutor_app.core.events import Finished
from tutor_app.core.parts import Code, Output
from tutor_app.core.solve import solve
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.tutor.models import model_store
from tutor_app.tutor.paths import folders

TOML = """
precision = "fp32"
max_length = 512
batch_size = 8
lr = 3e-3
warmup_ratio = 0.1
beta2 = 0.99
clip = 1.0
held_out = 0.0
save_every = 0
threads = 1
"""

RECORDED = {"one": (6.24377, 3.89893), "two": (5.52475, 0.1)}
"""First and tenth loss of stage 1; first of stage 2, and a bound on its last."""


def test_two_stages_export_and_the_engine_answers_in_the_dialect(tmp_path: Path) -> None:
    stage1 = save(tmp_path / "stage1.jsonl", text_records(16))
    stage2 = save(tmp_path / "stage2.jsonl", code_records(16))
    config = tmp_path / "c.toml"
    config.write_text(TOML)
    base = tmp_path / "base"
    tiny = ["tiny", str(stage1), str(stage2), "--out", str(base), "--vocab", "512", "--width", "128"]
    assert main([*tiny, "--layers", "2"]) == 0
    one, two = tmp_path / "one", tmp_path / "two"
    common = ["train", "--not-decontaminated", "--config", str(config)]
    assert main([*common, "--base", str(base), "--data", str(stage1), "--run", str(one), "--set", "epochs=5"]) == 0
    second = [*common, "--base", str(one / "model"), "--data", str(stage2), "--run", str(two)]
    assert main([*second, "--set", "stage=2", "epochs=60"]) == 0
    sizes = json.loads((one / "train.provenance.json").read_text())
    assert sizes["parameters"] <= 1_000_000

    # Recorded losses: a change of the data, the masks, the order, the loss or the optimiser shows here.
    losses = metrics(one), metrics(two)
    assert losses[0][0] == pytest.approx(RECORDED["one"][0], rel=1e-4)
    assert losses[0][9] == pytest.approx(RECORDED["one"][1], rel=1e-3)
    assert losses[1][0] == pytest.approx(RECORDED["two"][0], rel=1e-2)
    assert losses[1][-1] < RECORDED["two"][1]

    out = tmp_path / "tiny.gguf"
    export = ["export", "--model", str(two / "model"), "--out", str(out), "--type", "q8_0", "--name", "Tiny"]
    assert main([*export, "--import"]) == 0
    assert "Tiny" in [m.name for m in model_store(folders()).installed()]
    engine = Engine(out, EngineOptions(n_ctx=1024, threads=1, gpu_layers=0))
    try:
        *_, last = solve(
            code_records(16)[0].problem,
            model=engine,
            executor=LocalExecutor(),
            dialect=MUMATH,
            settings=SolveSettings(max_tokens=300, max_rounds=2),
        )
    finally:
        engine.close()
    assert isinstance(last, Finished)
    parts = last.transcript.solution
    codes = [p for p in parts if isinstance(p, Code)]
    outputs = [p for p in parts if isinstance(p, Output)]
    assert codes, last.transcript.to_json()
    assert outputs, last.transcript.to_json()
    assert "print(" in codes[0].source
    assert outputs[0].status == "ok"
    assert last.transcript.answer is not None
    assert last.transcript.answer.source == "boxed"
