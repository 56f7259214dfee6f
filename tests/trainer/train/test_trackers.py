import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")

from trainer.train.trackers import open_trackers
from tutor_app.core.errors import HostFault, UserFault


class FakeService:
    """The interface that trackio and wandb share."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def module(self, **others: Any) -> SimpleNamespace:
        known = {
            "init": lambda **k: self.calls.append(("init", k)),
            "log": lambda values, step: self.calls.append(("log", values, step)),
            "finish": lambda: self.calls.append(("finish",)),
        }
        return SimpleNamespace(**{**known, **others})


@pytest.mark.parametrize(("package", "id_given"), [("trackio", False), ("wandb", True)])
def test_a_service_gets_every_number_by_step(
    package: str, id_given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeService()
    monkeypatch.setitem(sys.modules, package, fake.module())
    (tracker,) = open_trackers([package, package], tmp_path / "stage1", 4, {"lr": 0.1})
    tracker.log(5, {"loss": 1.5})
    tracker.close()
    (_, given), *rest = fake.calls
    assert given["name"] == "stage1"
    assert given["config"] == {"lr": 0.1}
    assert given["resume"] == "allow"
    assert ("id" in given) == id_given
    assert rest == [("log", {"loss": 1.5}, 5), ("finish",)]


@pytest.mark.parametrize("package", ["trackio", "wandb"])
def test_a_service_that_is_not_installed_is_one_sentence(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserFault, match=rf"{package} is not installed\. Install it with: pip install {package}"):
        open_trackers([package], tmp_path, 0, {})


def test_a_service_that_does_not_start_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise ConnectionError("no key")

    monkeypatch.setitem(sys.modules, "wandb", FakeService().module(init=refuse))
    with pytest.raises(HostFault, match=r"wandb could not be started: no key\. Leave --tracker wandb out\."):
        open_trackers(["wandb"], tmp_path, 0, {})
