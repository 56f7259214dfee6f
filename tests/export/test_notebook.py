from __future__ import annotations

import json
from typing import Any

import pytest

from tests.export.solutions import ALL, FULL, VALUE
from tutor_app.export.notebook import prose, to_notebook
from tutor_app.handout.options import DEFAULTS, Options


def cells(*transcripts: Any, options: Options = DEFAULTS) -> list[dict[str, Any]]:
    return list(json.loads(to_notebook(list(transcripts), options))["cells"])


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_code_cells_are_in_order_with_their_outputs() -> None:
    code = [c for c in cells(FULL) if c["cell_type"] == "code"]
    assert [source(c).split("\n")[0] for c in code] == ["print('before')", "from math import sqrt"]
    assert [c["execution_count"] for c in code] == [1, 2]
    failed, drawn = code
    assert [o["output_type"] for o in failed["outputs"]] == ["stream", "error"]
    assert failed["outputs"][1]["ename"] == "NameError"
    assert failed["metadata"]["tags"] == ["raises-exception"]  # so that "run all" goes on
    picture, printed = drawn["outputs"]
    assert picture["data"]["text/plain"] == ["a line from 0 to 40"]
    assert picture["data"]["image/png"].startswith("iVBOR")
    assert printed["text"] == ["roots: [2.0, 3.0]\n"]


def test_a_value_is_a_result_with_its_latex() -> None:
    (code,) = (c for c in cells(VALUE) if c["cell_type"] == "code")
    (result,) = code["outputs"]
    assert result["output_type"] == "execute_result"
    assert result["data"] == {"text/plain": ["3/2"], "text/latex": ["$\\displaystyle \\frac{3}{2}$"]}


def test_prose_uses_dollars_and_keeps_money() -> None:
    assert prose("`$z$` \\(x\\) \\[y\\] $5 and $7") == "`$z$` $x$ $$y$$ \\$5 and \\$7"


@pytest.mark.parametrize("transcript", ALL)
@pytest.mark.parametrize("options", [Options(), Options(code=False, steps=True), Options(solution=False)])
def test_any_notebook_is_valid(transcript, options: Options) -> None:  # type: ignore[no-untyped-def]
    text = to_notebook([transcript, VALUE], options)
    notebook = json.loads(text)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    ids = [c["id"] for c in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbformat.validate(nbformat.reads(text.encode("utf-8", "replace").decode(), as_version=4))


def test_a_notebook_runs_from_top_to_bottom_to_the_same_outputs() -> None:
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat")
    recorded = nbformat.reads(to_notebook([FULL, VALUE], Options()), as_version=4)
    fresh = nbformat.from_dict(json.loads(json.dumps(recorded)))
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    nbclient.NotebookClient(fresh, timeout=120, kernel_name="python3").execute()

    def told(notebook: Any) -> list[str]:
        return [
            o.get("text") or o.get("ename") or o.get("data", {}).get("text/plain", "")
            for c in notebook.cells
            if c.cell_type == "code"
            for o in c.outputs
            if o.output_type != "display_data"
        ]

    assert told(fresh) == told(recorded)
