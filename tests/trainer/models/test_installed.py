from pathlib import Path

import pytest

from tests.tiny_gguf import write_model
from trainer.models.installed import named
from tutor_app.core.errors import UserFault
from tutor_app.tutor.models import model_store
from tutor_app.tutor.paths import folders


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's folders, with one model imported."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    if tmp_path not in folders().models.parents:
        pytest.skip("the user's folders cannot be moved on this system")
    model_store(folders()).import_(write_model(tmp_path / "mine.gguf"), "mine")


def test_a_word_names_an_installed_model(tmp_path: Path) -> None:
    assert named(Path("mine")) == tmp_path / "mine.gguf"
    assert named(Path("Mine")) == tmp_path / "mine.gguf"


def test_a_name_that_no_model_has_is_a_sentence() -> None:
    with pytest.raises(UserFault, match="nobody"):
        named(Path("nobody"))
    with pytest.raises(UserFault, match="not installed"):
        named(Path("starter"))


def test_paths_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "starter").mkdir()
    for path in (Path("starter"), Path("runs/none"), Path("none.gguf"), tmp_path / "mine.gguf"):
        assert named(path) == path
