"""What llama.cpp is built for, and the way down when a processor does not do what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import bootstrap
import instructions
import pytest
from instructions import BASIC, ONLY, PORTABLE, Level

from tutor_app.adapters.engine.processor import Memory

AVX2 = "fpu avx avx2 bmi2 fma f16c"
AVX512 = f"{AVX2} avx512f avx512cd avx512bw avx512dq avx512vl"


@pytest.fixture
def flags(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Tells what this processor has."""
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(instructions, "CPUINFO", file)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    return file


@pytest.mark.parametrize(
    ("has", "names"),
    [
        ("fpu sse4_2 avx", ["basic"]),
        ("fpu avx avx2 fma f16c", ["basic"]),
        (AVX2, ["avx2", "basic"]),
        (f"{AVX2} avx_vnni", ["avxvnni", "avx2", "basic"]),
        (f"{AVX2} avx512f avx512cd", ["avx2", "basic"]),
        (AVX512, ["avx512", "avx2", "basic"]),
        (f"{AVX512} avx512_vnni avx_vnni", ["avx512", "avxvnni", "avx2", "basic"]),
    ],
)
def test_the_fastest_that_the_processor_names_comes_first(flags: Path, has: str, names: list[str]) -> None:
    flags.write_text(f"model name : x\nflags\t\t: {has}\n")
    assert [level.name for level in instructions.levels()] == names


def test_what_is_built_for_is_what_is_there_and_never_tiles(flags: Path) -> None:
    flags.write_text(f"flags : {AVX512} avx512_vnni avx512_bf16 avx_vnni amx_tile amx_int8\n")
    options = ("-DGGML_AVX512=ON", "-DGGML_AVX512_VNNI=ON", "-DGGML_AVX512_BF16=ON", "-DGGML_AVX_VNNI=ON")
    assert instructions.levels()[0] == Level("avx512", options)
    assert not any("AMX" in option or "NATIVE" in option for level in instructions.levels() for option in level.options)


def test_other_systems_and_other_processors(flags: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert instructions.levels() == [PORTABLE, BASIC], "nothing tells what it has; the proof does"
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert instructions.levels() == [ONLY]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
def test_a_proof_ends_in_one_of_four_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    instructions.prove(sys.executable)
    ends = {
        "os.kill(os.getpid(), 4)  # SIGILL": (instructions.Refused, "lacks an instruction"),
        "print('it is wrong', file=sys.stderr); sys.exit(3)": (instructions.Refused, "it is wrong"),
        "raise ImportError('libx.so: cannot open')": (instructions.Broken, "ImportError: libx.so: cannot open"),
    }
    really = subprocess.run
    for code, (fault, words) in ends.items():
        child = [sys.executable, "-c", f"import os, sys; {code}"]
        monkeypatch.setattr(subprocess, "run", lambda command, child=child, **how: really(child, **how))
        with pytest.raises(fault, match=re.escape(words)):
            instructions.prove("python")


@pytest.fixture
def steps(flags: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A set-up that builds nothing: what was built, and which levels the processor does not do."""
    flags.write_text(f"flags : {AVX512} avx_vnni\n")
    told = SimpleNamespace(built=[], bad={}, cache=tmp_path)

    def wheel(python: str, engine: str, level: Level, log: Path) -> Path:
        told.built.append(level.name)
        if level.name in told.unknown:
            raise bootstrap.UnknownInstructions("The compiler does not know the instructions of this processor")
        return Path(level.name)

    def prove(python: str) -> None:
        if told.built[-1] in told.bad:
            raise told.bad[told.built[-1]]

    told.unknown = set()
    monkeypatch.setattr(bootstrap, "wheel", wheel)
    monkeypatch.setattr(bootstrap, "packages", lambda *_: None)
    monkeypatch.setattr(bootstrap, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(instructions, "prove", prove)
    monkeypatch.delenv("MUMATH_TUTOR_WHEELS", raising=False)
    return told


def proved(steps: SimpleNamespace, engine: str = "cpu") -> str:
    """The level that is left standing."""
    assert bootstrap.proved("python", engine, [], {}, steps.cache / "log") == "cpu"
    return str(steps.built[-1])


def test_it_steps_down_and_remembers(
    steps: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert proved(steps) == "avx512"
    steps.bad = {"avx512": instructions.Refused("this processor lacks an instruction that it uses")}
    assert proved(steps) == "avxvnni"
    assert capsys.readouterr().out == (
        "llama.cpp for avx512 is not used: this processor lacks an instruction that it uses.\n"
    )
    steps.bad["avxvnni"] = instructions.Refused("what it computes is wrong")
    steps.built.clear()
    assert proved(steps) == "avx2"
    assert steps.built == ["avxvnni", "avx2"], "what was refused is not built again"
    assert Memory(tmp_path / "prompts" / "processor.json").known.refused == ("avx512", "avxvnni")
    assert bootstrap.levels("cpu")[0] == PORTABLE
    assert bootstrap.levels("avx2") == [PORTABLE]
    assert bootstrap.levels("basic") == [BASIC]


def test_what_the_program_refused_later_is_not_built_again(steps: SimpleNamespace, tmp_path: Path) -> None:
    Memory(tmp_path / "prompts" / "processor.json").refuse("avx512")
    assert proved(steps) == "avxvnni"


def test_an_old_compiler_steps_down_and_nothing_is_remembered(steps: SimpleNamespace, tmp_path: Path) -> None:
    steps.unknown = {"avx512", "avxvnni"}
    assert proved(steps) == "avx2"
    assert bootstrap.levels("cpu")[0].name == "avx512"


def test_without_the_cards_driver_the_processor_computes(
    steps: SimpleNamespace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = "libcuda.so.1: cannot open shared object file: No such file or directory"
    really = bootstrap.wheel

    def wheel(python: str, engine: str, level: Level, log: Path) -> Path:
        steps.bad = {level.name: instructions.Broken(missing)} if engine == "cuda" else {}
        return really(python, engine, level, log)

    monkeypatch.setattr(bootstrap, "wheel", wheel)
    assert proved(steps, "cuda") == "avx512"
    assert f"ENGINE=cuda does not start here ({missing}): is the card's driver missing?" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (0, ""),
        (4, "The graphics card is not used: no card was found."),
        (3, "The graphics card is not used: it is wrong."),
        (-11, "The graphics card is not used: it is wrong."),
    ],
)
def test_a_card_is_proved_when_the_engine_for_it_has_been_built(
    code: int, told: str, steps: SimpleNamespace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed with the driver before is tried anew, and the program reads what was found."""
    file = steps.cache / "prompts" / "processor.json"
    Memory(file).refuse("vulkan")

    def run(command: list[str], **how: object) -> subprocess.CompletedProcess[str]:
        assert command[-1] == "--card"
        return subprocess.CompletedProcess(command, code, "", "it is wrong\n")

    monkeypatch.setattr(subprocess, "run", run)
    assert bootstrap.proved("python", "vulkan", [], {}, steps.cache / "log") == "vulkan"
    assert capsys.readouterr().out.startswith(told)
    assert Memory(file).refuses("vulkan") is bool(code)


def test_where_nothing_runs_one_sentence_says_so(steps: SimpleNamespace, tmp_path: Path) -> None:
    steps.bad = {"avx512": instructions.Broken("libgomp.so.1 is missing")}
    with pytest.raises(bootstrap.Failed, match=r"does not start here: libgomp\.so\.1 is missing\."):
        proved(steps)
    steps.bad = dict.fromkeys(("avx512", "avxvnni", "avx2", "basic"), instructions.Refused("it is wrong"))
    with pytest.raises(bootstrap.Failed, match="does not start here: it is wrong"):
        proved(steps)


def test_an_option_that_the_compiler_does_not_know_is_told_apart(
    flags: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stream(command: list[str], status: object, log: Path, env: dict[str, str]) -> bool:
        log.write_text(
            "$ pip\ng++: error: unrecognized command-line option '-mavxvnni'; did you mean '-mavx512vnni'?\n"
        )
        return False

    monkeypatch.setattr(bootstrap, "stream", stream)
    monkeypatch.setattr(bootstrap, "missing_tools", lambda engine: [])
    monkeypatch.setattr(bootstrap, "cache_folder", lambda: tmp_path)
    monkeypatch.delenv("MUMATH_TUTOR_WHEELS", raising=False)
    with pytest.raises(bootstrap.UnknownInstructions):
        bootstrap.wheel("python", "cpu", Level("avxvnni", ("-DGGML_AVX_VNNI=ON",)), tmp_path / "log")
