from __future__ import annotations

import json
import os
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.settings import Settings, described, zoomed
from tutor_app.tutor.settings_file import load, save


def test_missing_file_is_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "none.json") == (Settings(), ())


def test_defaults() -> None:
    s = Settings()
    assert (s.n_ctx, s.threads, s.gpu_layers, s.max_rounds, s.max_tokens) == (4096, 0, -1, 4, 1024)
    assert (s.seconds, s.temperature, s.top_p, s.seed, s.theme) == (300, 0.0, 1.0, 0, "system")
    assert (s.code_timeout, s.require_full_sandbox) == (10, False)


def test_every_field_is_described_and_its_default_fits() -> None:
    assert list(described()) == [f.name for f in fields(Settings)]
    for name, about in described().items():
        assert about.default == getattr(Settings(), name)
        assert about.complaint(about.default) == ""
        assert about.title
        assert about.help.endswith(".")
        if about.kind in ("whole", "number"):
            assert about.minimum is not None
            assert about.maximum is not None
            assert about.complaint(about.maximum) == ""
            assert about.complaint(about.minimum - 1)
            assert about.complaint(about.maximum + 1)
        for value, words in about.special:
            assert about.complaint(value) == ""
            assert words


def test_round_trip_writes_only_what_was_chosen(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "settings.json"
    chosen = Settings().changed(model="Qwen ü", temperature=1, require_full_sandbox=True)
    save(path, chosen)
    assert load(path) == (chosen, ())
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "model": "Qwen ü",
        "temperature": 1.0,
        "require_full_sandbox": True,
    }
    save(path, Settings())
    assert load(path) == (Settings(), ())
    assert [p.name for p in path.parent.iterdir()] == ["settings.json"], "no temporary file may stay"


def test_everything_wrong_is_reported_at_once_and_the_rest_is_used(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(
        '{"n_ctx": 4, "threads": true, "temperature": NaN, "theme": ["dark"], "model": "two\\nlines",'
        ' "max_rounds": 2, "colour": 1, "seed": 1.5, "require_full_sandbox": 1}'
    )
    found, complaints = load(path)
    assert found == Settings(max_rounds=2)
    text = "\n".join(complaints)
    assert len(complaints) == 8
    for name in ("n_ctx", "threads", "temperature", "theme", "model", "colour", "seed", "require_full_sandbox"):
        assert name in text
    assert "n_ctx must be a whole number from 512 to 131072, not 4. The default is used." in complaints
    assert 'theme must be "system", "light" or "dark", not ["dark"]. The default is used.' in complaints


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not valid JSON (line 1)"),
        (b"[1]", "not a JSON object"),
        (b"\xff\xfe\x00", "not text"),
        (b"", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_damaged_file_is_a_warning_and_is_kept_when_saving(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    found, complaints = load(path)
    assert found == Settings()
    assert len(complaints) == 1
    assert words in complaints[0]
    save(path, Settings(seed=3))
    assert load(path) == (Settings(seed=3), ())
    if content != b"[1]":
        assert (tmp_path / "settings.json.bad").read_bytes() == content


def test_mark_of_a_windows_editor_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b'\xef\xbb\xbf{"seed": 5}')
    assert load(path) == (Settings(seed=5), ())


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    found, complaints = load(tmp_path)
    assert found == Settings()
    assert "cannot be read" in complaints[0]
    with pytest.raises(HostFault, match="cannot be written"):
        save(tmp_path, Settings())


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
@pytest.mark.parametrize("before", ['{"seed": 7}', "{"])
def test_a_link_to_the_settings_stays_a_link(tmp_path: Path, before: str) -> None:
    target = tmp_path / "dotfiles" / "tutor.json"
    target.parent.mkdir()
    target.write_text(before)
    link = tmp_path / "settings.json"
    link.symlink_to(target)
    save(link, Settings(seed=9))
    assert link.is_symlink()
    assert json.loads(target.read_text()) == {"seed": 9}
    assert load(link) == (Settings(seed=9), ())
    bad = tmp_path / "settings.json.bad"
    assert (bad.read_text() if bad.exists() else "") == ("{" if before == "{" else "")


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.json"
    save(path, Settings(seed=1))

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(HostFault, match="No space left on device"):
        save(path, Settings(seed=2))
    assert load(path) == (Settings(seed=1), ())
    assert [p.name for p in tmp_path.iterdir()] == ["settings.json"]


def test_changed_names_every_mistake() -> None:
    with pytest.raises(UserFault, match=r"max_rounds must be .* not 0\. seed must be .* not -1\."):
        Settings().changed(max_rounds=0, seed=-1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*described(), "other"]), json_values))
def test_no_content_makes_loading_fail(tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(data))
    found, complaints = load(path)
    for name, about in described().items():
        assert about.complaint(getattr(found, name)) == ""
    refused = sum(1 for name, v in data.items() if name not in described() or described()[name].complaint(v))
    assert len(complaints) == refused


@pytest.mark.parametrize("extra", [{"later": True}, {"later": {"a": [1, None]}, "zoom": 9000}, {"theme": "sepia"}])
def test_what_a_newer_version_wrote_is_kept(tmp_path: Path, extra: dict[str, object]) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"font_size": 14, **extra}))
    settings, complaints = load(path)
    assert len(complaints) == len(extra)
    save(path, settings.changed(n_ctx=2048))
    assert json.loads(path.read_text()) == {"font_size": 14, "n_ctx": 2048, **extra}
    save(path, settings.changed(zoom=120, theme="dark", font_size=12))
    later = {k: v for k, v in extra.items() if k == "later"}
    assert json.loads(path.read_text()) == {"zoom": 120, "theme": "dark", **later}


def test_bounds_are_plain_numbers() -> None:
    said = {name: described()[name].complaint(-5) for name in ("seed", "top_p", "n_ctx", "temperature")}
    assert said == {
        "seed": "must be a whole number from 0 to 2147483647",
        "top_p": "must be a number from 0.01 to 1",
        "n_ctx": "must be a whole number from 512 to 131072",
        "temperature": "must be a number from 0 to 2",
    }


@pytest.mark.parametrize(
    ("zoom", "step", "next_zoom"),
    [(100, 1, 110), (100, -1, 90), (250, 1, 250), (70, -1, 70), (175, 0, 100), (118, 1, 150), (103, 1, 110)],
)
def test_the_zoom_goes_by_steps(zoom: int, step: int, next_zoom: int) -> None:
    assert zoomed(zoom, step) == next_zoom


def test_settings_that_an_editor_saved_in_utf_16_are_read_and_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes('{"font_size": 14, "of_another_version": 1}'.encode("utf-16"))
    settings, complaints = load(path)
    assert settings.font_size == 14
    assert len(complaints) == 1
    save(path, replace(settings, temperature=0.5))
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "font_size": 14, "temperature": 0.5, "of_another_version": 1,
    }  # fmt: skip
