"""The command line as a whole: where options may stand, and what cannot be printed, opened or encoded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.export.solutions import VALUE
from tutor_app.adapters.library import Library
from tutor_app.commands.parser import COMMANDS, make_parser, wanted
from tutor_app.commands.window import display
from tutor_app.export import write_export
from tutor_app.tutor.paths import folders

LEAST = {
    "solve": ["1+1"],
    "check": ["f.txt"],
    "exec": ["f.py"],
    "step": ["f.py"],
    "models": [],
    "votes": ["latest"],
    "ask": ["latest", "Why?"],
    "draw": ["y = x"],
    "practice": ["latest"],
    "hint": ["1+1"],
    "export": ["latest"],
    "import": ["f.json"],
    "serve": [],
    "doctor": [],
    "terminal": [],
    "window": [],
}
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a device or a display of POSIX systems")


def tutor(*words: str | bytes, cwd: Path, out: str = "", **env: str) -> subprocess.CompletedProcess[bytes]:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    environment |= {"PYTHONUNBUFFERED": "", "PYTHONPATH": str(Path(__file__).parents[2]), **env}
    command = [sys.executable, "-m", "tutor_app", "--data-dir", str(cwd / "data"), *words]
    with Path(out or os.devnull).open("wb") as stdout:
        return subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout if out else subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )


def test_every_command_is_tried_here() -> None:
    assert set(COMMANDS) == set(LEAST)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), ("window",)),
        (("--data-dir", "x"), ("window",)),
        (("--data-dir",), ("window",)),
        (("--data-dir=x", "solve", "1+1"), ("solve",)),
        (("import", "a.json"), ("import",)),
        (("--help",), COMMANDS),
        (("--data-dir", "x", "slove"), COMMANDS),
    ],
)
def test_only_the_named_command_is_loaded(words: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert wanted(words) == names


@pytest.mark.parametrize("command", LEAST)
def test_the_data_folder_means_the_same_before_and_after_the_command(command: str, tmp_path: Path) -> None:
    parser = make_parser()
    rest = LEAST[command]
    option = ["--data-dir", str(tmp_path)]
    assert parser.parse_args([*option, command, *rest]).data_dir == tmp_path
    assert parser.parse_args([command, *option, *rest]).data_dir == tmp_path
    assert parser.parse_args([command, *rest, f"--data-dir={tmp_path}"]).data_dir == tmp_path
    assert parser.parse_args(["--data-dir", "other", command, *option, *rest]).data_dir == tmp_path
    assert parser.parse_args([command, *rest]).data_dir is None


@pytest.mark.parametrize(
    "words", [["models", "list"], ["models", "pull", "x"], ["models", "verify", "x"], ["models", "rm", "x"]]
)
def test_actions_know_the_data_folder_wherever_it_stands(words: list[str], tmp_path: Path) -> None:
    parser = make_parser()
    for place in range(len(words) + 1):
        typed = [*words[:place], "--data-dir", str(tmp_path), *words[place:]]
        assert parser.parse_args(typed).data_dir == tmp_path
    assert parser.parse_args(["--data-dir", str(tmp_path)]).data_dir == tmp_path


@pytest.mark.e2e
@POSIX
@pytest.mark.parametrize(
    "words",
    [
        ("models", "list"),
        ("export", "in.json", "--to", "md", "-o", "-"),
        ("export", "in.json", "--to", "md", "-o", "a.md"),
        ("import", "in.json"),
        ("exec", "hello.py"),
        ("exec", "hello.py", "--json"),
        ("--help",),
        ("solve", "--help"),
        ("--version",),
    ],
)
def test_output_that_cannot_be_written_is_one_sentence(words: tuple[str, ...], tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    write_export(tmp_path / "in.json", [VALUE])
    (tmp_path / "hello.py").write_text("print('hello')\n")
    done = tutor(*words, cwd=tmp_path, out="/dev/full")
    assert done.returncode == 3
    assert done.stderr == b"tutor: What there is to say cannot be written: No space left on device.\n"


@pytest.mark.e2e
@POSIX
@pytest.mark.parametrize("redirection", [">&-", "| true", "2>&- >/dev/full", "2>/dev/full >/dev/full", "<&- >&- 2>&-"])
def test_closed_streams_end_without_a_traceback(redirection: str, tmp_path: Path) -> None:
    line = f"set -o pipefail; exec 3>&2; ( {sys.executable} -m tutor_app models list --data-dir data ) {redirection}"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, timeout=120, check=False
    )
    assert done.returncode in (0, 3)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    if redirection == "| true":
        assert done.stderr == b""


@pytest.mark.e2e
@POSIX
def test_a_device_is_written_to_and_stays_one(tmp_path: Path) -> None:
    write_export(tmp_path / "in.json", [VALUE])
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        done = tutor("export", "in.json", "--to", "md", "-o", "pipe", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, b"pipe\n"), done.stderr
        assert b"## Problem" in os.read(reader, 10_000)
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert tutor("export", "in.json", "--to", "html", "-o", "/dev/null", cwd=tmp_path).returncode == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.e2e
@POSIX
def test_the_home_folder_where_the_shell_leaves_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    write_export(home / "in.json", [VALUE])
    done = tutor("export", "~/in.json", "--output=~/a.md", cwd=tmp_path, HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert (home / "a.md").exists()
    unknown = tutor("export", "~/in.json", "--output=~nobody-of-that-name/a.md", cwd=tmp_path, HOME=str(home))
    assert unknown.returncode == 2
    assert b"There is no folder ~nobody-of-that-name." in unknown.stderr


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
@pytest.mark.parametrize(
    "words",
    [
        (b"export", b"in.json", b"--to", b"md", b"-o", b"\xff.md"),
        (b"export", b"\xff\xfe.json"),
        (b"import", b"\xff.json"),
        (b"exec", b"\xff.py"),
        (b"models", b"import", b"\xff.gguf"),
        (b"models", b"rm", b"\xff"),
        (b"solve", b"1+\xff", b"--model", b"\xff.gguf"),
        (b"solve", b"1+1", b"--prompt", b"\xff.json", b"--offline"),
        (b"doctor", b"--data-dir", b"\xff\xff/data"),
        (b"--data-dir", b"d\xff", b"models", b"list"),
    ],
)
def test_names_that_are_no_text_never_end_in_a_traceback(words: tuple[bytes, ...], tmp_path: Path) -> None:
    write_export(tmp_path / "in.json", [VALUE])
    done = tutor(*words, cwd=tmp_path)
    assert done.returncode in (0, 1, 2, 3)
    assert b"Traceback" not in done.stderr
    if words[-1] == b"\xff.md":
        assert done.returncode == 0
        assert os.path.exists(os.fsencode(tmp_path) + b"/\xff.md")  # noqa: PTH110


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform != "linux", reason="displays of X and Wayland")
@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({"DISPLAY": ":77"}, 2),
        ({"DISPLAY": "nonsense"}, 2),
        ({"DISPLAY": "localhost:99.0"}, 2),
        ({"WAYLAND_DISPLAY": "wayland-77"}, 2),
        ({"WAYLAND_DISPLAY": "wayland-77", "XDG_SESSION_TYPE": "wayland", "DISPLAY": ":77"}, 2),
        ({"QT_QPA_PLATFORM": "xcb", "DISPLAY": ":77"}, 3),
        ({"QT_QPA_PLATFORM": "nosuch"}, 3),
    ],
)
def test_a_display_that_nobody_answers_at(environment: dict[str, str], code: int, tmp_path: Path) -> None:
    done = tutor(cwd=tmp_path, **environment)
    assert done.returncode == code  # 2: the terminal, which finds no model
    said = done.stderr.decode().splitlines()
    assert "Traceback" not in done.stderr.decode()
    if code == 3:
        assert said == [
            f"tutor: Qt does not start with QT_QPA_PLATFORM={environment['QT_QPA_PLATFORM']}. "
            "Unset QT_QPA_PLATFORM, or set it to another value."
        ]
    else:
        assert said[0].endswith("cannot be used: working in the terminal.")
        assert "No model is installed yet." in said[1]


def test_where_a_window_would_be_shown() -> None:
    assert display({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"}) == "QT_QPA_PLATFORM=offscreen"
    if sys.platform == "linux":
        assert display({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}) == "wayland-0"
        assert display({"DISPLAY": ":0"}) == ":0"
        assert display({"DISPLAY": ""}) == display({}) == ""


def test_saved_solutions_are_found_wherever_the_folder_is_named(tmp_path: Path) -> None:
    where = folders(tmp_path / "data")
    where.create()
    with Library(where.library) as library:
        library.create(VALUE)
    assert tutor("export", "latest", "--to", "md", "-o", "x.md", cwd=tmp_path).returncode == 0
