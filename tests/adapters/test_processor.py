import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generations import ask, text_of
from tests.tiny_gguf import N_EMBD, random_weights, reciting_weights, token_id, write_model
from tutor_app.adapters.engine import client, processor
from tutor_app.adapters.engine.client import Engine, EngineOptions
from tutor_app.adapters.engine.exit_codes import rebuild
from tutor_app.adapters.engine.processor import Known, Memory, name_of, variants
from tutor_app.adapters.engine.processor import processor as this_processor
from tutor_app.adapters.verifying.reading import SCORES
from tutor_app.adapters.verifying.traits import TRAITS
from tutor_app.adapters.verifying.verifier import Verifier
from tutor_app.commands import doctor
from tutor_app.core.dialect import Span
from tutor_app.core.errors import EngineFault
from tutor_app.core.parts import Answer, Text
from tutor_app.tutor.paths import Folders


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("libggml-cpu-zen4.so", "zen4"),
        ("ggml-cpu-haswell.dll", "haswell"),
        ("libggml-cpu-armv8.2_1.so", "armv8.2_1"),
        ("libggml-cpu.so", ""),
        ("libggml-cpu.so.0", ""),
        ("libggml-base.so", ""),
        ("libggml-cpu-zen4.txt", ""),
    ],
)
def test_libraries_are_known_by_their_names(file: str, name: str) -> None:
    assert name_of(Path(file)) == name


def library(folder: Path, name: str, score: int) -> None:
    """A library that says how well it suits this processor."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform == "win32":
        pytest.skip("no C compiler here")
    source = folder / f"{name}.c"
    source.write_text(f"int ggml_backend_score(void) {{ return {score}; }}\n")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / f"libggml-cpu-{name}.so", source], check=True)


def test_the_fastest_that_runs_here_comes_first_and_tiles_never(tmp_path: Path) -> None:
    for name, score in {"x64": 1, "zen4": 500, "haswell": 64, "icelake": 0, "sapphirerapids": 4000}.items():
        library(tmp_path, name, score)
    (tmp_path / "libggml-cpu-broken.so").write_bytes(b"\x7fELF no library")
    assert [name_of(path) for path in variants(tmp_path)] == ["zen4", "haswell", "x64"]


def test_a_build_with_one_library_chooses_nothing(tmp_path: Path) -> None:
    (tmp_path / "libggml-cpu.so").touch()
    assert variants(tmp_path) == []
    assert processor.load(tmp_path, ()) == ""
    assert processor.load(tmp_path / "missing", ()) == ""


def test_what_was_found_is_kept_for_this_processor(tmp_path: Path) -> None:
    file = tmp_path / "new" / "processor.json"
    memory = Memory(file)
    memory.prove("zen4")
    memory.prove("")
    memory.refuse("zen4")
    memory.prove("haswell")
    assert Memory(file).known == Known(proved=("haswell",), refused=("zen4",))
    other = json.loads(file.read_text())
    file.write_text(json.dumps({"another": {"proved": ["x64"]}} | other))
    Memory(file).refuse("haswell")
    assert json.loads(file.read_text()) == {
        "another": {"proved": ["x64"]},
        this_processor(): {"proved": [], "refused": ["zen4", "haswell"]},
    }


@pytest.mark.parametrize("content", ["", "[]", '{"%s": 1}', '{"%s": {"proved": "zen4", "refused": null}}', "[" * 9999])
def test_a_file_that_is_none_is_forgotten(content: str, tmp_path: Path) -> None:
    file = tmp_path / "processor.json"
    file.write_text(content.replace("%s", this_processor()))
    assert Memory(file).known == Known()
    Memory(file).prove("x64")
    assert Memory(file).known == Known(proved=("x64",))


def test_without_a_folder_it_is_known_as_long_as_it_lasts() -> None:
    memory = Memory(None)
    memory.refuse("zen4")
    assert memory.known == Known(refused=("zen4",))


LIBRARY = """
int ggml_backend_score(void) { return %(score)d; }
void *ggml_backend_init(void) { %(begin)s return 0; }
"""
DIES_WHEN_LOADED = '__asm__("ud2");'
DIES_WHEN_IT_COMPUTES = """
    extern void *dlopen(const char *, int), *dlsym(void *, const char *);
    extern int mprotect(void *, unsigned long, int);
    unsigned char *code = dlsym(dlopen("libggml-cpu.so.0", 5), "ggml_graph_compute");
    mprotect((void *)((unsigned long)code & ~4095ul), 8192, 7);
    code[0] = 0x0f; code[1] = 0x0b;  /* ud2 */
"""


@pytest.fixture
def llama_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets processes that are started find llama.cpp as it is here, with more libraries that say they are faster."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("no C compiler for 64-bit PCs here")
    import llama_cpp

    real, copy = Path(llama_cpp.__file__).parent, tmp_path / "packages" / "llama_cpp"
    if variants(real / "lib"):
        pytest.skip("llama.cpp here has several libraries, and computes with none of those that are made here")
    (copy / "lib").mkdir(parents=True)
    for path in (*real.iterdir(), *(real / "lib").iterdir()):
        if path.name not in ("lib", "__pycache__"):
            (copy / path.relative_to(real)).symlink_to(path)

    def add(**begins: str) -> None:
        for rank, (name, begin) in enumerate(begins.items()):
            source = tmp_path / f"{name}.c"
            source.write_text(LIBRARY % {"score": 500 - rank, "begin": begin})
            built = copy / "lib" / f"libggml-cpu-{name}.so"
            subprocess.run([compiler, "-w", "-shared", "-fPIC", "-o", built, source], check=True)
        root = Path(__file__).resolve().parents[2]
        monkeypatch.setenv("PYTHONPATH", f"{copy.parent}{os.pathsep}{root}")

    return add


def test_libraries_that_really_die_of_an_instruction_are_refused_by_whoever_meets_them_first(
    llama_with: Callable[..., None], tmp_path: Path
) -> None:
    """The model's process is started anew with the next one; doctor tells of it, and keeps nothing."""
    llama_with(fast=DIES_WHEN_LOADED, middle=DIES_WHEN_IT_COMPUTES, slow="")
    places = Folders.under(tmp_path / "data")
    told = doctor.engine(places)
    assert told.ok
    assert told.text.endswith("computes rightly with slow; fast, middle failed here")
    assert Memory(places.prompts / processor.FILE).known == Known()
    model = write_model(tmp_path / "m.gguf", reciting_weights([token_id(bytes([b])) for b in b"abc"]))
    engine = Engine(model, EngineOptions(n_ctx=256, threads=1, cache_folder=places.prompts))
    try:
        assert text_of(ask(engine, [Span("Recite: ")], max_tokens=6)).strip()
        assert engine.info.device == "CPU (slow), 1 thread"
    finally:
        engine.close()
    assert Memory(places.prompts / processor.FILE).known == Known(("slow",), ("fast", "middle"))
    assert doctor.engine(places).text == told.text


def test_a_library_for_a_card_that_really_dies_is_refused_and_loaded_no_more(
    llama_with: Callable[..., None], tmp_path: Path
) -> None:
    """As with a broken driver: the proof dies of it, and neither the model's process nor doctor does."""
    llama_with(slow="")
    package = tmp_path / "packages" / "llama_cpp" / "lib"
    source, loaded = tmp_path / "vulkan.c", tmp_path / "loaded"
    source.write_text(
        "#include <stdio.h>\n"
        "int ggml_backend_score(void) { return 1; }\n"
        f'void *ggml_backend_init(void) {{ fclose(fopen("{loaded}", "a")); *(volatile int *)0 = 1; return 0; }}\n'
    )
    subprocess.run(["cc", "-shared", "-fPIC", "-o", package / "libggml-vulkan.so", source], check=True)
    places = Folders.under(tmp_path / "data")
    code = (
        "from pathlib import Path\n"
        "from tutor_app.adapters.engine.client import Engine, EngineOptions\n"
        "from tutor_app.commands import doctor\n"
        "from tutor_app.tutor.paths import Folders\n"
        f"places = Folders.under({str(places.data)!r})\n"
        f"engine = Engine(Path({str(write_model(tmp_path / 'm.gguf'))!r}), "
        "EngineOptions(n_ctx=256, threads=1, cache_folder=places.prompts))\n"
        "print(engine.load().device)\n"
        "engine.close()\n"
        "print(doctor.engine(places).text)\n"
    )
    for loads in (True, False):  # the second start asks the card no more
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        device, told = done.stdout.splitlines()
        assert device == "CPU (slow), 1 thread"
        assert "CPU only, computes rightly with slow; vulkan failed here" in told
        assert loaded.exists() is loads
        loaded.unlink(missing_ok=True)
    assert Memory(places.prompts / processor.FILE).known == Known(("slow",), ("vulkan",))


def test_the_judging_process_finds_out_for_itself_and_reads_what_is_known(
    llama_with: Callable[..., None], tmp_path: Path
) -> None:
    """Also where a server generates, so that nothing was found out before."""
    llama_with(fast=DIES_WHEN_LOADED, middle=DIES_WHEN_IT_COMPUTES, slow="")
    kept, model = tmp_path / "kept" / processor.FILE, write_model(tmp_path / "m.gguf", random_weights(3))
    many = [0.0] * (len(SCORES) + len(TRAITS))
    values = {"prompt": [[0.1] * N_EMBD], "weights": [0.5] * N_EMBD, "extras": many, "low": many, "high": many}
    (tmp_path / "v.json").write_text(json.dumps({**values, "gain": 1.0, "bias": 0.0}))
    parts = (Text("2+3=5"), Answer("5"))
    with Verifier(tmp_path / "v.json", model, threads=1, processor=kept) as verifier:
        first = verifier.probability("What is 2+3?", parts)
    assert first is not None
    assert Memory(kept).known == Known(("slow",), ("fast", "middle"))
    with Verifier(tmp_path / "v.json", model, threads=1, processor=kept) as verifier:
        assert verifier.probability("What is 2+3?", parts) == first


def test_the_last_library_that_dies_is_told_and_not_tried_for_ever(
    llama_with: Callable[..., None], tmp_path: Path
) -> None:
    llama_with(fast=DIES_WHEN_IT_COMPUTES, last=DIES_WHEN_LOADED)
    model = write_model(tmp_path / "m.gguf")
    engine = Engine(model, EngineOptions(n_ctx=256, threads=1, cache_folder=tmp_path / "kept"))
    with pytest.raises(EngineFault, match="SIGILL"):
        engine.load()
    assert Memory(tmp_path / "kept" / processor.FILE).known.refused == ("fast", "last")
    assert "for last does not run on this processor" in doctor.engine(Folders.under(tmp_path / "data")).text


SIGILL = "os.kill(os.getpid(), signal.SIGILL)"
WRONG_TEXT = "raise WrongText('it is wrong')"


def worker_that_fails(folder: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], fails: str) -> None:
    """The model process as it is, but for the libraries: all but ``slow`` fail when they compute."""
    worker = client.worker_command()[-1]
    code = folder / "worker.py"
    code.write_text(
        f"""
import os, signal, sys
sys.path.insert(0, {str(Path(worker).parents[3])!r})
from tutor_app.adapters.engine import worker
from tutor_app.adapters.engine.llama import LlamaModel
from tutor_app.adapters.engine.proof import WrongText
worker.take = worker.would_take = lambda refused: next((n for n in {names!r} if n not in refused), {names[-1]!r})
def prove(self):
    if self.variant != "slow":
        {fails}
LlamaModel.prove = prove
worker.main()
"""
    )
    monkeypatch.setattr(client, "worker_command", lambda: [sys.executable, "-P", str(code)])


@pytest.mark.skipif(platform.system() == "Windows", reason="signals of POSIX systems")
@pytest.mark.parametrize("fails", [SIGILL, WRONG_TEXT])
def test_a_library_that_fails_steps_down_to_the_next(
    fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_model(tmp_path / "m.gguf", reciting_weights([token_id(bytes([b])) for b in b"abc"]))
    worker_that_fails(tmp_path, monkeypatch, ("fast", "middle", "slow"), fails)
    options = EngineOptions(n_ctx=256, threads=1, cache_folder=tmp_path / "kept")
    for _ in range(2):
        engine = Engine(model, options)
        try:
            assert text_of(ask(engine, [Span("Recite: ")], max_tokens=6)).strip()
            assert engine.info.device == "CPU (slow), 1 thread"
        finally:
            engine.close()
        assert Memory(tmp_path / "kept" / "processor.json").known == Known(("slow",), ("fast", "middle"))


@pytest.mark.skipif(platform.system() == "Windows", reason="signals of POSIX systems")
@pytest.mark.parametrize("fails", [SIGILL, WRONG_TEXT])
def test_the_only_library_that_fails_is_told_with_what_to_do(
    fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And set-up, which reads what is kept, builds for less the next time."""
    worker_that_fails(tmp_path, monkeypatch, ("avx512",), fails)
    engine = Engine(write_model(tmp_path / "m.gguf"), EngineOptions(n_ctx=256, cache_folder=tmp_path / "kept"))
    with pytest.raises(EngineFault) as told:
        engine.load()
    assert told.value.remedy == rebuild()
    assert Memory(tmp_path / "kept" / "processor.json").refuses("avx512")
