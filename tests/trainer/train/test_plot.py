import json
from pathlib import Path

import pytest

from trainer.__main__ import main
from trainer.train.plot import read, smoothed


@pytest.fixture
def run(tmp_path: Path) -> Path:
    rows = [{"step": 0, "solve_accuracy": 0.0, "solve_with_code": 0.1}]
    rows += [{"step": s, "loss": 2.0 / s, "tokens": 100} for s in range(1, 31)]
    rows += [
        {"step": 30, "held_out_loss": 0.2},
        {"step": 30, "held_out_loss": 0.1},
        {"step": 30, "solve_accuracy": 0.5},
    ]
    folder = tmp_path / "stage2"
    folder.mkdir()
    lines = "".join(json.dumps(r) + "\n" for r in [{"step_name": "make-code", "records": 3}, *rows])
    (folder / "metrics.jsonl").write_text(lines + '{"step": 31, "lo')
    return folder


def test_curves_are_read_from_a_run_that_is_under_way(run: Path) -> None:
    curves = read(run)
    assert curves.name == "stage2"
    assert curves.loss[:2] == ((1, 2.0), (2, 1.0))
    assert len(curves.loss) == 30
    assert curves.held_out == ((30, 0.1),)
    assert curves.accuracy == ((0, 0.0), (30, 0.5))


def test_one_picture_of_several_runs(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "stage1"
    other.mkdir()
    (other / "metrics.jsonl").write_text('{"step": 1, "loss": 1.5}\n')
    for name in ("curves.svg", "curves.png"):
        assert main(["plot", str(other), str(run), "--out", str(tmp_path / name)]) == 0
    assert "2 runs" in capsys.readouterr().out
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"
    first = (tmp_path / "curves.svg").read_bytes()
    main(["plot", str(other), str(run), "--out", str(tmp_path / "again.svg")])
    assert (tmp_path / "again.svg").read_bytes() == first


def test_what_cannot_be_drawn_is_said(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", str(tmp_path), "--out", str(tmp_path / "x.svg")]) == 2
    assert "is no run folder" in capsys.readouterr().err
    assert main(["plot", str(run), "--out", str(tmp_path / "x.doc")]) == 2
    assert "unknown kind" in capsys.readouterr().err
    (tmp_path / "metrics.jsonl").write_text('{"step_name": "seeds"}\n')
    assert main(["plot", str(tmp_path), "--out", str(tmp_path / "x.svg")]) == 2
    assert "holds no loss yet" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_only_an_earlier_picture_is_replaced(
    kind: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"c.{kind}"
    out.write_bytes(b"mine")
    assert main(["plot", str(run), "--out", str(out)]) == 2
    assert "plot has not made it" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"
    out.unlink()
    assert main(["plot", str(run), "--out", str(out)]) == 0
    first = out.read_bytes()
    assert main(["plot", str(run), "--out", str(out)]) == 0
    assert out.read_bytes() == first


def test_a_full_disk_leaves_the_earlier_picture(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    out = tmp_path / "curves.svg"
    command = ["plot", str(run), "--out", str(out)]
    with monkeypatch.context() as patch:
        patch.setattr("trainer.runs.write_file", full)
        assert main(command) == 1
    assert "The disk is full: " in capsys.readouterr().err
    assert not out.exists()
    assert main(command) == 0
    drawn = out.read_bytes()
    monkeypatch.setattr("trainer.runs.write_file", full)
    assert main([*command, "--title", "Another"]) == 1
    assert out.read_bytes() == drawn


def test_smoothing_has_no_bias_at_its_start() -> None:
    assert smoothed([2.0, 2.0, 2.0]) == pytest.approx([2.0, 2.0, 2.0])
