from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tutor_app.render.typeset import Formula, typeset

ROOT = Path(__file__).resolve().parents[2]
KATEX = ROOT / "build" / "katex" / "node_modules" / "katex" / "dist" / "katex.mjs"
with_katex = pytest.mark.skipif(
    shutil.which("node") is None or not KATEX.exists(), reason="node or KaTeX is not installed (make formulas)"
)


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    """The script, loaded from its file: its folder is no package."""
    spec = importlib.util.spec_from_file_location("formulas", ROOT / "packaging" / "formulas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def lines(path: Path, *values: object) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


def drawn(latex: str, height: float, width: float) -> Formula:
    return Formula(latex, True, width=width, ascent=height)


class TestReading:
    def test_every_formula_of_every_string_is_found_once(self, checker: ModuleType, tmp_path: Path) -> None:
        path = lines(
            tmp_path / "in.jsonl", {"problem": "Find $u+1$ and \\[u^2\\]", "parts": ["$u+1$", {"more": "\\(v\\)"}]},
        )  # fmt: skip
        assert list(checker.formulas(path)) == [("u+1", False), ("u^2", True), ("v", False)]

    def test_a_string_named_latex_is_a_formula_itself(self, checker: ModuleType, tmp_path: Path) -> None:
        path = lines(tmp_path / "in.jsonl", {"latex": "p < q", "note": "costs $3"})
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        assert list(checker.formulas(path)) == [("p < q", True)]


class TestJudging:
    def test_a_size_near_the_other_one_is_no_difference(self, checker: ModuleType) -> None:
        assert checker.misjudged(drawn("u", 2.0, 5.0), [1.5, 7.0]) == ""

    @pytest.mark.parametrize(("height", "width", "expected"), [
        (9.0, 5.0, "9.00 em high instead of 2.00"), (2.0, 33.0, "33.00 em wide"),
        (2.0, 2.0, "2.00 em wide instead of 5.00"),
    ])  # fmt: skip
    def test_more_than_the_factor_is_said(
        self, checker: ModuleType, height: float, width: float, expected: str
    ) -> None:
        assert expected in checker.misjudged(drawn("u", height, width), [2.0, 5.0])

    def test_small_boxes_are_not_compared_by_their_ink(self, checker: ModuleType) -> None:
        assert checker.misjudged(drawn("-", 0.1, 0.5), [0.7, 0.8]) == ""

    def test_without_another_opinion_only_absurd_heights_are_said(self, checker: ModuleType) -> None:
        assert checker.misjudged(drawn("u", 8.0, 400.0), None) == ""
        assert checker.misjudged(drawn("u", 82.0, 4.0), None) == "82.0 em high"
        assert checker.misjudged(drawn("u \\\\ v \\\\ w", 25.0, 4.0), None) == ""

    def test_each_judged_formula_is_drawn_and_has_a_reason_above_it(self, checker: ModuleType) -> None:
        assert all(typeset(latex, True).ok for latex in checker.judged())
        text = (ROOT / "packaging" / "formulas_judged.txt").read_text(encoding="utf-8")
        blocks = [block.splitlines() for block in text.strip().split("\n\n")]
        assert all(block[0].startswith("#") for block in blocks)


class TestRunning:
    def run(self, checker: ModuleType, path: Path, katex: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
        code = checker.main([str(path), "--katex", str(katex)])
        return code, capsys.readouterr().out

    def test_without_katex_it_says_that_sizes_were_not_compared(
        self,
        checker: ModuleType,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        qapp: object,
    ) -> None:
        monkeypatch.setenv("PATH", "")
        path = lines(tmp_path / "in.jsonl", {"latex": "\\frac{u}{v}"})
        code, said = self.run(checker, path, tmp_path / "katex", capsys)
        assert code == 0
        assert "1 distinct formulas, 0 failed" in said
        assert "sizes were not compared" in said

    def test_a_formula_that_cannot_be_set_fails(
        self,
        checker: ModuleType,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        qapp: object,
    ) -> None:
        monkeypatch.setenv("PATH", "")
        path = lines(tmp_path / "in.jsonl", {"latex": "\\unheardof{u}"})
        code, said = self.run(checker, path, tmp_path / "katex", capsys)
        assert code == 1
        assert "cannot typeset: \\unheardof{u}" in said

    @with_katex
    def test_with_katex_sizes_are_compared(
        self, checker: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], qapp: object
    ) -> None:
        path = lines(tmp_path / "in.jsonl", *({"latex": s} for s in ("\\sum_{j=1}^m j", "\\frac{u}{v}", "u=v")))
        code, said = self.run(checker, path, ROOT / "build" / "katex", capsys)
        assert code == 0
        assert "3 compared with KaTeX's boxes, 0 differ" in said


@with_katex
class TestKatexBoxes:
    """Sizes that TeX's fonts and rules give, in em."""

    @pytest.mark.parametrize(("latex", "display", "height", "width"), [
        ("x", False, 0.43, 0.57), ("11", False, 0.64, 1.0), ("\\frac{1}{2}", True, 2.01, 0.74),
        ("\\frac{1}{2}", False, 1.19, 0.59), ("x^2", False, 0.81, 1.02), ("\\sum_{j=1}^{m}", True, 3.06, 1.44),
        ("\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", True, 2.4, 3.5), ("\\rule{3em}{2em}", True, 2.0, 3.0),
    ])  # fmt: skip
    def test_sizes(self, checker: ModuleType, latex: str, display: bool, height: float, width: float) -> None:
        (box,) = checker.katex_boxes(KATEX, [(latex, display)])
        assert box == pytest.approx([height, width], rel=0.1)

    @pytest.mark.parametrize("latex", ["\\unheardof{u}", "u \\\\ v", "u \\newline v", "\\frac{u"])
    def test_no_opinion(self, checker: ModuleType, latex: str) -> None:
        assert checker.katex_boxes(KATEX, [(latex, True)]) == [None]

    def test_spaces_at_the_ends_do_not_count(self, checker: ModuleType) -> None:
        bare, spaced = checker.katex_boxes(KATEX, [("u", True), ("\\quad u \\;", True)])
        assert bare == spaced
