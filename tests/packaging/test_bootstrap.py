from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import instructions
import progress
import pytest
from instructions import Level

from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "packaging" / "bootstrap.py"


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path, bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the project's, and a user without a cache."""
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv("MUMATH_TUTOR_WHEELS", raising=False)
    return tmp_path


def test_one_place_says_how_llama_is_built(bootstrap: ModuleType) -> None:
    requirement, options = bootstrap.declared()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert requirement in project["dependencies"]
    assert requirement in (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert "-DGGML_NATIVE=OFF" in options["cmake.args"].split(";")
    cuda = bootstrap.build_options("cuda", instructions.ONLY)["cmake.args"]
    assert cuda == options["cmake.args"] + ";-DGGML_CUDA=ON"
    assert bootstrap.build_options("cpu", instructions.PORTABLE) == options
    assert bootstrap.build_options("basic", instructions.BASIC)["cmake.args"].endswith(";-DGGML_F16C=OFF")


def test_every_dependency_is_pinned_within_its_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lines = (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.lower().replace("_", "-").split("==") for line in lines if "==" in line)
    for requirement in wanted:
        found = re.match(r"([\w-]+)(.*)", requirement.lower())
        assert found
        assert found[1] in pins, f"{found[1]} has no version in constraints.txt"
        pin = tuple(map(int, pins[found[1]].split(".")))
        for sign, text in re.findall(r"(>=|<|==)([\d.]+)", found[2]):
            bound = tuple(map(int, text.split(".")))
            ok = {">=": pin >= bound, "<": pin < bound, "==": pin == bound}[sign]
            assert ok, f"{requirement} excludes the pinned {pins[found[1]]}"


def test_an_old_python_can_parse_it_and_is_told(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in bootstrap.PARTS:
        ast.parse(SCRIPT.with_name(name).read_text(encoding="utf-8"), feature_version=(3, 8))
    monkeypatch.setattr(bootstrap, "can_install", lambda: False)
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(bootstrap.Failed, match=r"3\.11, 3\.12 or 3\.13 is needed, and this is 3\.10\.13; install one"):
        bootstrap.suitable_python()


def test_another_python_is_found_but_not_a_stub(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, code in (("python3.13", "exit 127"), ("python3.12", "exit 0")):
        stub = tmp_path / name
        stub.write_text(f"#!/bin/sh\n{code}\n")
        stub.chmod(0o755)
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.suitable_python() == str(tmp_path / "python3.12")


def test_missing_tools_are_one_sentence(
    bootstrap: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "can_install", lambda: False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    assert bootstrap.missing_tools("cpu") == ["g++", "cmake", "make"]
    with pytest.raises(
        bootstrap.Failed, match=r"A C\+\+ compiler or cmake is missing; install with: .*g\+\+ cmake make"
    ):
        bootstrap.wheel(sys.executable, "cpu", instructions.PORTABLE, project / "log")
    with pytest.raises(bootstrap.Failed, match=r"there is no nvcc on the PATH"):
        bootstrap.missing_tools("cuda")
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(bootstrap.Failed, match=r"ENGINE=metal is for Macs"):
        bootstrap.missing_tools("metal")


def test_the_command_suits_the_system(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/" + name)
    monkeypatch.setattr(sys, "platform", "linux")
    assert bootstrap.how_to_install(["g++", "cmake"]) == "sudo apt-get install -y g++ cmake"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert bootstrap.how_to_install(["g++", "cmake"]) == "xcode-select --install && brew install cmake"
    assert bootstrap.how_to_install(["cmake"]) == "brew install cmake"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Qt brings what it needs")
def test_missing_libraries_are_found(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "LIBRARIES", {"libc.so.6": "libc6", "libnothing.so.7": "libnothing7"})
    assert bootstrap.missing_libraries() == ["libnothing7"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  [ 37%] Building CXX object src/llama.cpp.o", "[ 37%] building llama.cpp, 0 s"),
        ("  [37/74] Building CXX object src/llama.cpp.o", "[ 50%] building llama.cpp, 0 s"),
        (
            "  Downloading llama_cpp_python-0.3.36.tar.gz (76.6 MB)",
            "fetching llama_cpp_python-0.3.36.tar.gz (76.6 MB), 0 s",
        ),
        ("  Downloading a/b/numpy-2.4.whl.metadata (6.6 kB)", "fetching numpy-2.4.whl (6.6 kB), 0 s"),
        ("Collecting sympy<2,>=1.13 (from mumath-tutor==0.1.0)", "looking for sympy, 0 s"),
        ("something else", "begin, 0 s"),
    ],
)
def test_progress_is_read_from_the_output(line: str, shown: str) -> None:
    status = progress.Status("begin")
    progress.read_progress(line, status)
    assert status.line() == shown


def test_clock() -> None:
    assert progress.clock(59.9) == "59 s"
    assert progress.clock(130) == "2 min 10 s"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("ERROR: x\nsocket: Temporary failure in name resolution", "the network cannot be reached"),
        ("fatal error: error writing to /tmp/x: No space left on device", "the disk is full"),
        ("c++: fatal error: Killed signal terminated program cc1plus", "not enough memory"),
        ("error: subprocess-exited-with-error\nggml.c:3:1: error: expected ';'\nmake: *** error", "ggml.c:3:1: error"),
        ("Fetched it\nE: Unable to locate package x", "E: Unable to locate package x"),
        ("nothing to see", "no reason was given"),
    ],
)
def test_a_failure_is_told_in_words(tmp_path: Path, output: str, words: str) -> None:
    log = tmp_path / "log"
    log.write_text(f"$ before\nfatal error: of another command\n$ now\n{output}\n")
    assert words in progress.reason(log)


def test_output_goes_to_the_log_and_status_shows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = project / "new folder" / "log"
    status = progress.Status("begin")
    code = "import sys; print('[ 50%] half', 'ü', repr(sys.stdin.read()), file=sys.stderr); sys.exit(int(sys.argv[1]))"
    assert progress.stream([sys.executable, "-c", code, "0"], status, log, {"PYTHONIOENCODING": "utf-8"})
    assert not progress.stream([sys.executable, "-c", code, "3"], status, log, {"PYTHONIOENCODING": "utf-8"})
    assert log.read_text(encoding="utf-8").count("[ 50%] half ü ''\n") == 2
    assert "[ 50%] building llama.cpp" in capsys.readouterr().out


def test_a_wheel_is_built_once_for_each_way_to_build_it(
    bootstrap: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built: list[list[str]] = []

    def stream(command: list[str], status: object, log: Path, env: dict[str, str]) -> bool:
        built.append(command)
        folder = Path(command[command.index("--wheel-dir") + 1])
        (folder / "llama_cpp_python-0.3.36-py3-none-any.whl").write_text("wheel")
        assert int(env["CMAKE_BUILD_PARALLEL_LEVEL"]) >= 1
        return True

    monkeypatch.setattr(bootstrap, "stream", stream)
    monkeypatch.setattr(bootstrap, "missing_tools", lambda engine: [])
    portable = instructions.PORTABLE
    first = bootstrap.wheel("python", "cpu", portable, project / "log")
    assert bootstrap.wheel("python", "cpu", portable, project / "log") == first
    assert bootstrap.wheel("python", "avx2", portable, project / "log") == first, "the same by its own name"
    assert len(built) == 1
    assert "--no-cache-dir" in built[0]
    assert any("GGML_NATIVE=OFF" in word for word in built[0])
    assert bootstrap.wheel("python", "cuda", portable, project / "log") != first
    assert len(built) == 2
    # A cache may be shared with another processor, which has the same name for less.
    wide = [Level("avx512", options) for options in (("-DGGML_AVX512=ON",), ("-DGGML_AVX512=ON", "-DGGML_AVX_VNNI=ON"))]
    assert len({bootstrap.wheel("python", "cpu", level, project / "log") for level in wide} | {first}) == 3
    assert any("GGML_AVX_VNNI=ON" in word for word in built[-1])
    monkeypatch.setenv("CMAKE_ARGS", "-DSOMETHING=ON")
    assert bootstrap.wheel("python", "cpu", portable, project / "log") != first
    assert [p.name for p in (project / "cache" / "wheels").glob(".*")] == []


def test_a_failed_build_leaves_nothing(
    bootstrap: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stream(command: list[str], status: object, log: Path, env: dict[str, str]) -> bool:
        log.write_text("\n$ pip\nx.cpp:1: error: no\n")
        return False

    monkeypatch.setattr(bootstrap, "stream", stream)
    monkeypatch.setattr(bootstrap, "missing_tools", lambda engine: [])
    with pytest.raises(bootstrap.Failed, match=r"could not be built: x\.cpp:1: error: no\. The whole output is in"):
        bootstrap.wheel("python", "cpu", instructions.PORTABLE, project / "log")
    assert list((project / "cache" / "wheels").iterdir()) == []


def test_a_ready_wheel_is_taken(bootstrap: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUMATH_TUTOR_WHEELS", str(project))
    with pytest.raises(bootstrap.Failed, match="MUMATH_TUTOR_WHEELS is set"):
        bootstrap.wheel("python", "cpu", instructions.ONLY, project / "log")
    version = bootstrap.declared()[0].partition("==")[2]
    ready = project / f"llama_cpp_python-{version}-py3-none-any.whl"
    ready.touch()
    assert bootstrap.wheel("python", "cpu", instructions.ONLY, project / "log") == ready
    assert bootstrap.levels("cpu") == [instructions.ONLY], "what it was built for is not known"


def test_the_second_run_does_nothing_until_something_changes(
    bootstrap: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[tuple[str, list[str], object]] = []
    declaration = project / "pyproject.toml"
    declaration.write_text("one")
    monkeypatch.setattr(bootstrap, "INPUTS", (declaration,))
    monkeypatch.setattr(bootstrap, "missing_libraries", list)
    monkeypatch.setattr(bootstrap, "upgrade_pip", lambda python, log: None)

    def environment(log: Path) -> str:
        tutor = bootstrap.in_venv("tutor")
        tutor.parent.mkdir(parents=True, exist_ok=True)
        tutor.touch()
        return "python"

    def proved(python: str, engine: str, extras: list[str], stamp: dict[str, object], log: Path) -> str:
        runs.append((engine, extras, stamp.get("wheel")))
        stamp["wheel"] = "the wheel"
        return engine

    here = ["avx2"]
    monkeypatch.setattr(bootstrap, "levels", lambda engine: [Level(here[0])])

    monkeypatch.setattr(bootstrap, "environment", environment)
    monkeypatch.setattr(bootstrap, "proved", proved)
    monkeypatch.setattr(bootstrap, "default_engine", lambda: "cpu")
    bootstrap.set_up([], None)
    bootstrap.set_up([], None)
    assert runs == [("cpu", [], None)]
    bootstrap.set_up(["dev"], None)
    bootstrap.set_up([], None)  # what an earlier run added stays
    assert runs[1:] == [("cpu", ["dev"], "the wheel")]
    bootstrap.set_up([], "cuda")
    bootstrap.set_up([], None)  # the choice is remembered
    assert runs[2:] == [("cuda", ["dev"], "the wheel")]
    declaration.write_text("two")
    bootstrap.set_up([], None)
    assert runs[3:] == [("cuda", ["dev"], "the wheel")]
    here[0] = "avx512"  # the folder has moved to another computer
    bootstrap.set_up([], None)
    bootstrap.set_up([], None)
    assert runs[4:] == [("cuda", ["dev"], "the wheel")]

    def broken(*_: object) -> None:
        raise bootstrap.Failed("no")

    monkeypatch.setattr(bootstrap, "proved", broken)
    declaration.write_text("three")
    with pytest.raises(bootstrap.Failed):
        bootstrap.set_up([], None)
    assert bootstrap.read_stamp() == {}, "half an environment must not look whole"


@pytest.mark.slow
def test_a_broken_environment_is_made_anew(
    bootstrap: ModuleType, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").symlink_to(project / "gone")
    python = bootstrap.environment(project / "log")
    assert "it is made anew" in capsys.readouterr().out
    marker = project / ".venv" / "marker"
    marker.touch()
    assert bootstrap.environment(project / "log") == python
    assert marker.exists(), "one that works is kept"
    assert capsys.readouterr().out == ""


def test_without_a_display_missing_libraries_do_not_stop_a_plain_user(
    bootstrap: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda: ["libegl1"])
    monkeypatch.setattr(bootstrap, "can_install", lambda: False)
    monkeypatch.setattr(bootstrap, "how_to_install", lambda packages: "sudo apt-get install -y " + packages[0])

    def reached(log: Path) -> str:
        raise bootstrap.Failed("reached")

    monkeypatch.setattr(bootstrap, "environment", reached)
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(
        bootstrap.Failed, match="window needs are missing; install with: sudo apt-get install -y libegl1"
    ):
        bootstrap.set_up([], None)
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(bootstrap.Failed, match="reached"):
        bootstrap.set_up([], None)
    assert "sudo apt-get install -y libegl1" in capsys.readouterr().out


def vulkan_headers(include: Path, version: str = "1.3.272") -> None:
    """What of Vulkan's headers tells that they are there, and of which version."""
    major, minor, patch = version.split(".")
    (include / "vulkan").mkdir(parents=True, exist_ok=True)
    (include / "vulkan" / "vulkan.hpp").touch()
    (include / "vulkan" / "vulkan_core.h").write_text(
        f"#define VK_HEADER_VERSION {patch}\n"
        f"#define VK_HEADER_VERSION_COMPLETE VK_MAKE_API_VERSION(0, {major}, {minor}, VK_HEADER_VERSION)\n"
    )


def test_vulkan_needs_a_compiler_of_shaders_and_headers(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "INCLUDES", (tmp_path / "include",))
    monkeypatch.delenv("VULKAN_SDK", raising=False)
    monkeypatch.setenv("PATH", "")
    assert bootstrap.missing_tools("vulkan")[-3:] == ["glslc", "libvulkan-dev", "spirv-headers"]
    vulkan_headers(tmp_path / "sdk/include")
    assert "libvulkan-dev" in bootstrap.missing_tools("vulkan")
    monkeypatch.setenv("VULKAN_SDK", str(tmp_path / "sdk"))
    assert "libvulkan-dev" not in bootstrap.missing_tools("vulkan")
    monkeypatch.delenv("VULKAN_SDK")
    vulkan_headers(tmp_path / "include")
    assert "libvulkan-dev" not in bootstrap.missing_tools("vulkan")
    (tmp_path / "include/spirv/unified1").mkdir(parents=True)
    (tmp_path / "include/spirv/unified1/spirv.hpp").touch()
    (tmp_path / "glslc").write_text("#!/bin/sh\n")
    (tmp_path / "glslc").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not {"glslc", "libvulkan-dev", "spirv-headers"} & set(bootstrap.missing_tools("vulkan"))
    assert "glslc" not in bootstrap.missing_tools("cpu")
    options = bootstrap.build_options("vulkan", instructions.PORTABLE)["cmake.args"]
    assert options.endswith("-DGGML_VULKAN=ON")
    assert "-DGGML_NATIVE=OFF" in options


def test_headers_of_vulkan_that_are_too_old_are_one_sentence(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    include = tmp_path / "include"
    monkeypatch.setattr(bootstrap, "INCLUDES", (include,))
    monkeypatch.delenv("VULKAN_SDK", raising=False)
    for good in ("1.3.272", "1.3.275", "1.4.303", "2.0.1"):
        vulkan_headers(include, good)
        assert "libvulkan-dev" not in bootstrap.missing_tools("vulkan")
    for old in ("1.3.239", "1.3.271", "1.2.300"):
        vulkan_headers(include, old)
        with pytest.raises(bootstrap.Failed) as failed:
            bootstrap.missing_tools("vulkan")
        assert str(failed.value) == (
            f"ENGINE=vulkan needs Vulkan's headers of version 1.3.272 or newer, and those in {include} are {old}; "
            "let VULKAN_SDK name the folder of newer ones, or leave ENGINE out."
        )
    bootstrap.missing_tools("cpu")
    # Compilers take the first headers they find.
    vulkan_headers(tmp_path / "sdk/include")
    monkeypatch.setenv("VULKAN_SDK", str(tmp_path / "sdk"))
    assert "libvulkan-dev" not in bootstrap.missing_tools("vulkan")
    monkeypatch.delenv("VULKAN_SDK")
    core = include / "vulkan" / "vulkan_core.h"
    core.write_text(
        "#define VK_HEADER_VERSION 131\n#define VK_HEADER_VERSION_COMPLETE VK_MAKE_VERSION(1, 2, VK_HEADER)\n"
    )
    with pytest.raises(bootstrap.Failed, match=r"are 1\.2\.131;"):
        bootstrap.missing_tools("vulkan")
    core.unlink()
    with pytest.raises(bootstrap.Failed, match="are older;"):
        bootstrap.missing_tools("vulkan")


def test_headers_of_vulkan_that_apt_has_are_looked_at_before_the_build(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "INCLUDES", (tmp_path / "include",))
    monkeypatch.setattr(bootstrap, "can_install", lambda: True)
    monkeypatch.setattr(bootstrap, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(bootstrap, "install", lambda _packages, _log: vulkan_headers(tmp_path / "include", "1.3.239"))
    monkeypatch.delenv("VULKAN_SDK", raising=False)
    monkeypatch.delenv("MUMATH_TUTOR_WHEELS", raising=False)
    with pytest.raises(bootstrap.Failed, match=r"needs Vulkan's headers .* are 1\.3\.239;"):
        bootstrap.wheel(sys.executable, "vulkan", instructions.PORTABLE, tmp_path / "log")


def test_unknown_engine_is_one_sentence() -> None:
    run = subprocess.run([sys.executable, str(SCRIPT), "--engine", "abacus"], capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.strip() == "ENGINE must be cpu, metal, cuda, vulkan, avx2, basic, not abacus."
    assert run.stdout == ""


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_an_interrupt_ends_the_children_too(bootstrap: ModuleType, project: Path) -> None:
    compiler = (
        "import subprocess, time; print('here', subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
    )
    code = f"""
import importlib.util, pathlib, sys
sys.path.insert(0, str(pathlib.Path(sys.argv[1]).parent))
spec = importlib.util.spec_from_file_location("bootstrap", sys.argv[1])
b = importlib.util.module_from_spec(spec)
spec.loader.exec_module(b)
command = [sys.executable, "-c", {compiler!r}]
b.set_up = lambda extras, engine: b.stream(command, b.Status("waiting"), pathlib.Path(sys.argv[2]))
sys.exit(b.main([]))
"""
    log = project / "log"
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(SCRIPT), str(log)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: log.exists() and re.search(r"^here (\d+)$", log.read_text(), re.MULTILINE))
    found = re.search(r"^here (\d+)$", log.read_text(), re.MULTILINE)
    assert found
    run.terminate()
    _, err = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "Interrupted; run it again to go on." in err
    wait_until(lambda: not is_running(int(found[1])))


def is_running(pid: int) -> bool:
    """Whether it lives; a dead one that nobody has asked for does not."""
    run = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return run.stdout.strip()[:1] not in ("", "Z")


def test_no_target_of_make_is_without_help() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*  ## \w", text, re.MULTILINE), target
