"""Verifiers: which files are taken, which model they belong to, and what they do in a vote."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.gguf_files import write_gguf
from tests.tutor.test_votes import SETTINGS, finished, tutor
from tutor_app.adapters.models.store import ModelStore
from tutor_app.adapters.verifying import verifier as verifying
from tutor_app.adapters.verifying.reading import SCORES, reading_text
from tutor_app.adapters.verifying.traits import TRAITS
from tutor_app.adapters.verifying.verifier import Verifier, read_verifier
from tutor_app.commands.parser import main
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Answer, Code, Output, Part, Text
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import PROBABILITIES, promoted, vote_weight
from tutor_app.handout.vote_lines import right_of_100, vote_sentence
from tutor_app.resources import resource
from tutor_app.tutor.paths import Folders, folders
from tutor_app.tutor.verifiers import opened_verifier, verifier_of
from tutor_app.tutor.votes import vote


def value_of(sha256: str, **changes: Any) -> dict[str, Any]:
    report = {"auc": 0.81, "auc_untuned": 0.6}
    value = {
        "kind": "mumath-verifier", "version": 2, "model_sha256": sha256, "prompt": [[0.0, 1.0]], "gain": 1.0,
        "bias": 0.0, "extras": [0.0] * (len(SCORES) + len(TRAITS)), "weights": [0.5, 0.5], "report": report,
        "low": [0.0] * (len(SCORES) + len(TRAITS)), "high": [0.0] * (len(SCORES) + len(TRAITS)),
    }  # fmt: skip
    return {**value, **changes}


@pytest.fixture
def where(tmp_path: Path) -> Folders:
    found = folders(tmp_path / "data")
    found.create()
    return found


@pytest.fixture
def sha256(where: Folders, tmp_path: Path) -> str:
    """Of an installed model."""
    store = ModelStore(where.models, resource("models.json"))
    store.import_(write_gguf(tmp_path / "mine.gguf"), "mine")
    return store.verify("mine").sha256


def run(where: Folders, *args: str) -> int:
    return main(["--data-dir", str(where.data), "models", "verifier", *args])


def write(path: Path, value: object) -> str:
    path.write_text(json.dumps(value))
    return str(path)


def test_a_verifier_is_installed_found_and_removed(
    where: Folders, sha256: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(where, "install", write(tmp_path / "v.json", value_of(sha256))) == 0
    out = capsys.readouterr().out
    assert "The verifier tells now how likely answers of mine are right; votes stay equal" in out
    assert "in 81% of pairs; the untuned question does in 60%." in out
    path = verifier_of(where, sha256)
    assert path is not None
    assert read_verifier(path).model_sha256 == sha256
    opened = opened_verifier(where, sha256)
    assert opened is not None
    opened.close()
    assert run(where, "rm", "mine") == 0
    assert verifier_of(where, sha256) is None
    assert opened_verifier(where, sha256) is None
    assert run(where, "rm", "mine") == 2
    assert "mine has no verifier" in capsys.readouterr().err


def test_one_of_another_model_is_refused(
    where: Folders, sha256: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(where, "install", write(tmp_path / "v.json", value_of("ab" * 32))) == 2
    assert "belongs to a model that is not installed (sha256 abababababab)" in capsys.readouterr().err
    assert verifier_of(where, "ab" * 32) is None


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        7,
        value_of("a", kind="other"),
        value_of("a", version="2"),
        value_of("a", gain=10**400),
        value_of("a", low=[1.0] * (len(SCORES) + len(TRAITS))),
        value_of("a", extras="much"),
        value_of("a", extras=[None]),
        value_of("a", low=[0.0]),
        value_of("a", high=None),
        value_of("a", weights=[]),
        value_of("a", weights=[1.0]),
        value_of("a", prompt=[]),
        value_of("a", prompt=[[1.0, 2.0], [3.0]]),
        value_of("a", gain="much"),
        value_of("a", bias=float("nan")),
        value_of("a", weights=[1.0, True]),
        value_of("a", model_sha256=None),
    ],
)
def test_what_is_no_verifier_is_one_sentence(value: object, tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="is no verifier"):
        read_verifier(Path(write(tmp_path / "v.json", value)))


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe{", b"[" * 100_000, pickle.dumps({"kind": "mumath-verifier"}), b"PK\3\4"]
)
def test_a_file_of_another_kind_is_no_verifier(data: bytes, tmp_path: Path) -> None:
    """A pickle among them, of which nothing is run."""
    (tmp_path / "v.json").write_bytes(data)
    with pytest.raises(UserFault, match="is no verifier"):
        read_verifier(tmp_path / "v.json")


@pytest.mark.parametrize(
    "changes",
    [{"version": 1}, {"version": 3}, {"version": 3, "prompt": "of another form"}, {"prompt": [[0.0, 1.0]] * 33}],
)
def test_a_verifier_of_another_version(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="of another version of this program"):
        read_verifier(Path(write(tmp_path / "v.json", value_of("a", **changes))))


def test_a_report_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    """It is shown only; the verifier itself is whole."""
    for report in ([1], {"auc": 10**400, "calibrated_on": -(10**400)}, {"auc": "much", "calibrated_on": None}):
        found = read_verifier(Path(write(tmp_path / "v.json", value_of("a", report=report, vote_power="much"))))
        assert (found.auc, found.graded, found.power) == (None, 0, 0.0)


def test_a_verifier_with_other_signs_is_of_another_version(tmp_path: Path) -> None:
    few = {name: [0.0, 0.0] for name in ("extras", "low", "high")}
    with pytest.raises(UserFault, match="of another version of this program"):
        read_verifier(Path(write(tmp_path / "v.json", value_of("a", **few))))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="cannot be read"):
        read_verifier(tmp_path / "none.json")


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "ab"])
def test_only_a_hash_names_a_file(where: Folders, name: str) -> None:
    assert verifier_of(where, name) is None


def test_the_text_that_is_read() -> None:
    parts = (Text(" Add. "), Code("print(3)\n"), Output(stdout="3\n"), Answer("3"))
    assert reading_text("What is 1+2?", parts) == (
        "Problem: What is 1+2?\n\nSolution: Add.\n```python\nprint(3)\n```\n```output\n3\n```\nAnswer: 3"
    )


def test_a_model_that_is_not_there_gives_no_probability(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = Path(write(tmp_path / "v.json", value_of("a")))
    with Verifier(path, tmp_path / "none.gguf") as verifier:
        assert verifier.probability("What is 1+2?", (Text("3"),)) is None
    assert "a solution is not judged" in caplog.text


PROBABLE = {"41": 0.3, "42": 0.9}


def test_a_judge_that_is_too_slow_is_not_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = "from tutor_app.adapters.wire import serve_requests; serve_requests(lambda request: Event().wait())"
    silent = [sys.executable, "-c", f"from threading import Event; {serving}"]
    monkeypatch.setattr(verifying, "worker_command", lambda: silent)
    path = Path(write(tmp_path / "v.json", value_of("a")))
    with Verifier(path, tmp_path / "m.gguf", seconds=0.2) as verifier:
        assert verifier.probability("1+1", (Answer("2"),)) is None
        assert verifier.probability("1+1", (Answer("2"),)) is None
    assert [record.getMessage() for record in caplog.records] == ["a solution is not judged: TimeoutError"]


def test_it_is_told_that_votes_are_weighed(
    where: Folders, sha256: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "v.json", value_of(sha256, vote_power=0.5))
    assert run(where, "install", path) == 0
    assert "answers of mine are right; votes are weighed by it." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "power"), [({}, 0.0), ({"vote_power": 0.5}, 0.5), ({"vote_power": 9}, 1.0), ({"vote_power": "x"}, 0.0)]
)
def test_how_much_a_verifier_weighs_votes_stands_in_its_file(
    tmp_path: Path, changes: dict[str, Any], power: float
) -> None:
    assert read_verifier(Path(write(tmp_path / "v.json", value_of("a", **changes)))).power == power


class ByAnswer:
    """Sure of 42, not of 41, and without an opinion on the rest."""

    graded = 60

    def __init__(self, power: float) -> None:
        self.power = power

    def probability(self, problem: str, parts: Sequence[Part]) -> float | None:
        answer = next(p for p in parts if isinstance(p, Answer))
        return PROBABLE.get(answer.latex)


def voted(*texts: str, power: float = 1.0) -> Transcript:
    asked, judging = "What is 6*7?", ByAnswer(power)
    events = vote(tutor(*texts), asked, votes=len(texts), settings=SETTINGS, to_the_last=True, verifier=judging)
    return finished(list(events)).transcript


def test_votes_count_by_their_probability_where_the_verifier_is_trusted() -> None:
    texts = (r"\boxed{41}", r"\boxed{42}", r"\boxed{7}", "Hm.")
    found = voted(*texts)
    assert [a.weight for a in found.attempts] == [0.5, 1.0, 1.0, 0.0]
    assert found.meta[PROBABILITIES] == [0.3, 0.9, None, None]
    assert found.answer is not None
    assert (found.answer.latex, right_of_100(found)) == ("42", 90)
    equal = voted(*texts, power=0.0)
    assert [a.weight for a in equal.attempts] == [1.0, 1.0, 1.0, 0.0]
    assert equal.meta[PROBABILITIES] == [0.3, 0.9, None, None]


def test_a_verifier_does_not_overturn_a_clear_majority() -> None:
    close = voted(*[r"\boxed{41}"] * 3, *[r"\boxed{42}"] * 2)
    clear = voted(*[r"\boxed{41}"] * 5, *[r"\boxed{42}"] * 2)
    assert [found.answer.latex for found in (close, clear) if found.answer is not None] == ["42", "41"]


@pytest.mark.parametrize(
    ("probability", "power", "weight"),
    [(0.5, 1, 0.7071), (0.9, 1, 1), (0.1, 1, 0.5), (0.0, 1, 0.5), (1.0, 0.5, 1), (0.6, 0.5, 0.866), (0.9, 0, 1)],
)
def test_what_a_vote_counts_by_its_probability(probability: float, power: float, weight: float) -> None:
    assert vote_weight(probability, power) == pytest.approx(weight, abs=1e-4)


def test_the_outcome_says_how_many_answers_like_it_are_right() -> None:
    found = voted(r"\boxed{41}", r"\boxed{42}", r"\boxed{42}")
    assert vote_sentence(found) == "2 of 3 attempts agree; by its verifier 90 of 100 answers like this are right"
    other = promoted(found, 0)
    assert right_of_100(other) == 30
    assert right_of_100(Transcript.from_dict(json.loads(found.to_json()))) == 90


@pytest.mark.parametrize("known", [None, 7, "half", [], [None], ["0.5"], [True], [1.5], [-0.1]])
def test_what_is_no_probability_is_not_shown(known: object) -> None:
    found = voted(r"\boxed{42}", r"\boxed{42}")
    assert right_of_100(replace(found, meta={**found.meta, PROBABILITIES: known}, chosen=0)) is None


@pytest.mark.slow
def test_a_real_model_judges_a_solution(tmp_path: Path) -> None:
    import os

    folder = Path(os.environ.get("MUMATH_TEST_MODELS", ""))
    model = folder / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
    if not model.is_file():
        pytest.skip(f"{model.name} is not here")
    value = value_of("a", prompt=[[0.01] * 896], weights=[0.0] * 896)
    path = Path(write(tmp_path / "v.json", value))
    with Verifier(path, model, threads=1, seconds=200) as verifier:
        first, again, other = (
            verifier.probability("What is 2+3?", (Text(f"2+3={n}."), Answer(str(n)))) for n in (5, 5, 7)
        )
    assert first is not None
    assert 0 < first < 1
    assert first == again != other
