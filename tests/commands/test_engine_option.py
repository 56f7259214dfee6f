import json
import os
from pathlib import Path

import pytest

from tests.scripted_model import Failure, ScriptedModel
from tests.server.served import SOLUTION, served
from tests.server.silent import saying
from tutor_app.adapters import files
from tutor_app.adapters.library import Library
from tutor_app.commands.parser import main
from tutor_app.core.errors import EngineFault, UserFault
from tutor_app.core.events import EndReason, Finished
from tutor_app.core.parts import Code, Output, Text
from tutor_app.core.ports import NeverCancelled
from tutor_app.core.settings import Settings
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.core.transcript import Transcript
from tutor_app.tutor import settings_file
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.service import open_tutor
from tutor_app.window_services import AppServices

pytestmark = pytest.mark.usefixtures("shared_sandboxes")

KEY = "a-key-of-the-classroom"


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    found = Folders.under(tmp_path / "data")
    found.create()
    return found


def tutor(folders: Folders, *words: str) -> int:
    return main(["--data-dir", str(folders.data), *words])


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    return str(file)


def test_a_problem_is_solved_by_another_computers_model_and_this_ones_sandbox(
    folders: Folders, key_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(api_key=KEY) as server:
        code = tutor(folders, "solve", "--engine", server.url, "--engine-key-file", key_file, "--json", "6*7?")
    transcript = Transcript.from_dict(json.loads(capsys.readouterr().out))
    assert code == 0
    assert server.executor.ran == [], "the code runs here, not there"
    assert [part.stdout for part in transcript.solution if isinstance(part, Output)] == ["42\n"]
    with Library(folders.library) as library:
        (entry,) = library.entries()
    assert (entry.problem, entry.status, entry.model) == ("6*7?", "finished", "scripted")


def test_a_question_and_a_hint_take_the_server_of_the_settings(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(["It is $\\boxed{42}$."], api_key=KEY) as server:
        settings_file.save(folders.settings, Settings(server=server.url, server_key=KEY))
        assert tutor(folders, "solve", "6*7?") == 0
        assert tutor(folders, "hint", "6*7?") == 0
        assert tutor(folders, "ask", "latest", "Why?") == 0
    assert "42" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--engine", "nowhere at all"], "'nowhere at all' is no address of a server."),
        (["--engine", "http://x", "--model", "starter"], "--model names a model here"),
        (["--engine-key-file", "k"], "--engine-key-file is the key of a server."),
        (["--engine", "http://x", "--engine-key-file", "/nowhere/key"], "The API key cannot be read from /nowhere/key"),
        (["--engine", "local", "--offline"], "No model is installed yet."),
    ],
)
def test_options_that_cannot_be_are_one_sentence(
    words: list[str], sentence: str, folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    settings_file.save(folders.settings, Settings(server="http://203.0.113.1", server_key=KEY))
    assert tutor(folders, "solve", *words, "6*7?") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"tutor: {sentence}")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\x00", b"two\nlines"])
def test_a_file_without_a_key(
    content: bytes, folders: Folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "k").write_bytes(content)
    assert tutor(folders, "solve", "--engine", "http://x", "--engine-key-file", str(tmp_path / "k"), "1+1?") == 2
    assert "holds no API key" in capsys.readouterr().err


def test_the_key_of_the_settings_goes_to_their_own_server_only(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(api_key=KEY) as server:
        settings_file.save(folders.settings, Settings(server="http://203.0.113.1", server_key=KEY))
        assert tutor(folders, "solve", "--engine", server.url, "6*7?") == 2
    assert f"The server 127.0.0.1:{server.port} asks for a key." in capsys.readouterr().err


def test_a_server_that_is_none_is_one_sentence(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") as port:
        assert tutor(folders, "solve", "--engine", f"127.0.0.1:{port}", "6*7?") == 3
    assert capsys.readouterr().err.splitlines() == [
        f"tutor: What answers at 127.0.0.1:{port} is no tutor's server. Start `tutor serve` there, of the same version."
    ]


def test_a_server_that_goes_away_leaves_what_it_said(folders: Folders) -> None:
    broken = ScriptedModel(SOLUTION, failure=Failure(reply=1, after=2))
    with served(model=broken) as server, open_tutor("", folders, settings=Settings(server=server.url)) as remote:
        *_, half = remote.solve("6*7?", settings=SolveSettings())
    with remote:
        *_, nothing = remote.solve("6*7?", settings=SolveSettings())
    assert isinstance(half, Finished)
    assert isinstance(nothing, Finished)
    assert (half.reason, nothing.reason) == (EndReason.ENGINE, EndReason.ENGINE)
    assert [type(part) for part in half.transcript.solution] == [Text, Code, Output, Text]
    assert f"No server runs at 127.0.0.1:{server.port}." in nothing.detail


def test_the_window_takes_the_server_of_its_settings(folders: Folders) -> None:
    services = AppServices(folders)
    try:
        with served(api_key=KEY) as server:
            services.save_settings(Settings(server=server.url, server_key=KEY))
            assert services.model_name() == f"Model of {server.url}"
            *_, last = services.solve("6*7?", NeverCancelled())
            assert services.model_name() == "scripted"
            info = services.model_info()
            services.save_settings(Settings(server=server.url, server_key="wrong"))
            with pytest.raises(UserFault, match="refuses the key"):
                next(iter(services.solve("6*7?", NeverCancelled())))
        services.save_settings(Settings(server=server.url))
        with pytest.raises(EngineFault, match="No server runs"):
            next(iter(services.solve("6*7?", NeverCancelled())))
    finally:
        services.close()
    assert isinstance(last, Finished)
    assert last.transcript.answer is not None
    assert last.transcript.answer.latex == "42"
    assert info is not None
    assert info.device == f"on 127.0.0.1:{server.port}: no model: a script"


def test_a_key_is_for_its_owner_only(folders: Folders) -> None:
    settings_file.save(folders.settings, Settings(temperature=0.5))
    folders.settings.chmod(0o644)
    settings_file.save(folders.settings, Settings(server="http://x", server_key=KEY))
    assert settings_file.load(folders.settings)[0].server_key == KEY
    if os.name == "posix":
        assert folders.settings.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
@pytest.mark.parametrize("words", [["solve", "--engine", "http://x", "1+1?", "--engine-key-file"], ["import"]])
def test_a_file_that_never_ends_or_never_begins_is_told(
    words: list[str],
    folders: Folders,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(files, "ANSWER_SECONDS", 0.2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert tutor(folders, *words, str(pipe)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(pipe) in line
    assert line.endswith("nothing comes from it.")
    os.close(os.open(pipe, os.O_WRONLY))  # the question that is still open ends
