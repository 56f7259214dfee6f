"""The arrows of import: what each room may know, and that everything below the screen lives without one."""

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tutor_app.adapters.wire import pack

ROOT = Path(__file__).parents[1]
BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"{{name}} is blocked", name=name)

sys.meta_path.insert(0, Blocked())
import importlib, pkgutil
imported = []
for package in {packages!r}:
    importlib.import_module(package)
    imported.append(package)
    for module in pkgutil.walk_packages(getattr(sys.modules[package], "__path__", ()), package + "."):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as e:
            # The training stack is optional; whoever needs it is not held against this test.
            if (e.name or "").partition(".")[0] not in {optional!r}:
                raise
        else:
            imported.append(module.name)
assert not any(m in sys.modules for m in {blocked!r})
print(*imported)
"""
BLOCKED_NAMES = BLOCKED.replace('name.partition(".")[0] in', "name in")
TRAINING_STACK = ("torch", "transformers", "peft", "accelerate", "safetensors", "datasets", "tokenizers", "urllib3")


def python(code: str, *options: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", code], cwd=cwd, capture_output=True, text=True, check=False, timeout=120
    )


def imports_of(path: Path) -> set[str]:
    """Full names of the modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", sorted((ROOT / "tutor_app" / "core").rglob("*.py")), ids=lambda p: p.name)
def test_core_imports_only_itself_and_the_standard_library(path: Path) -> None:
    for name in imports_of(path):
        top = name.partition(".")[0]
        assert top in sys.stdlib_module_names or name.startswith("tutor_app.core"), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "tutor_app" / "core").rglob("*.py")), ids=lambda p: p.name)
def test_core_does_nothing_to_the_outside(path: Path) -> None:
    outside = {"os", "io", "subprocess", "threading", "multiprocessing", "socket", "asyncio", "sqlite3"}
    assert not {name.partition(".")[0] for name in imports_of(path)} & (outside | {"shutil", "tempfile", "logging"})
    # A path may be the type of a value; none is made or used.
    assert not re.search(r"Path\(|\.(read|write)_(text|bytes)\(", path.read_text(encoding="utf-8"))


BELOW_RENDER = ("core", "resources", "text", "adapters", "tutor", "handout")


@pytest.mark.parametrize("packages", [tuple(f"tutor_app.{room}" for room in BELOW_RENDER), ("trainer",)])
def test_imports_without_qt(packages: tuple[str, ...]) -> None:
    code = BLOCKED.format(blocked=("PySide6", "shiboken6"), packages=packages, optional=TRAINING_STACK)
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert set(packages) <= set(done.stdout.split())


ROOMS_OF_WIDGETS = ("window", "desk", "student", "ui")


def test_every_widget_stands_in_a_room_of_widgets() -> None:
    rooms = {
        path.relative_to(ROOT / "tutor_app").parts[0]
        for path in (ROOT / "tutor_app").rglob("*.py")
        if "PySide6.QtWidgets" in imports_of(path)
    }
    assert rooms - {"app.py", "commands"} == set(ROOMS_OF_WIDGETS)  # which start Qt, and see whether it can be


@pytest.mark.parametrize("room", ROOMS_OF_WIDGETS)
def test_a_room_of_widgets_can_be_surveyed(room: str) -> None:
    """Above this, something in it is a room of its own."""
    lines = sum(
        len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "tutor_app" / room).rglob("*.py")
    )
    assert 0 < lines <= 6000


def test_what_is_drawn_needs_no_widget() -> None:
    packages = ("tutor_app.render", "tutor_app.export")
    done = python(BLOCKED_NAMES.format(blocked=("PySide6.QtWidgets",), packages=packages, optional=()))
    assert done.returncode == 0, done.stderr


def test_the_app_imports_without_the_training_stack() -> None:
    packages = tuple(f"tutor_app.{room}" for room in (*BELOW_RENDER, "render", "export"))
    done = python(BLOCKED.format(blocked=TRAINING_STACK, packages=packages, optional=()))
    assert done.returncode == 0, done.stderr


def test_importing_the_adapters_does_not_load_the_model_engine() -> None:
    """llama.cpp can abort at load: it must never be loaded where a window lives."""
    done = python(
        "import sys, tutor_app.adapters.engine.client; print('llama_cpp' in sys.modules, 'numpy' in sys.modules)"
    )
    assert done.stdout.split() == ["False", "False"], done.stderr


def test_a_start_loads_nothing_of_the_update_check_while_it_is_off(tmp_path: Path) -> None:
    done = python(
        "import sys; from pathlib import Path\n"
        "from tutor_app.tutor.paths import Folders; from tutor_app.window_services import AppServices\n"
        f"services = AppServices(Folders.under(Path({str(tmp_path)!r})))\n"
        "print(services.update_if_due(), 'nacl' in sys.modules); services.close()"
    )
    assert done.stdout.split() == ["None", "False"], done.stderr


def run_time_imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import of a module, also those in its functions; not those that only its types need."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import() | ast.ImportFrom():
                yield node
            case _:
                yield from run_time_imports(node)


def test_no_modules_import_one_another() -> None:
    files = [path.relative_to(ROOT) for room in ("tutor_app", "trainer") for path in (ROOT / room).rglob("*.py")]
    modules = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in files}
    imported: dict[str, set[str]] = {}
    for module, path in modules.items():
        names: set[str] = set()
        for node in run_time_imports(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names |= {f"{node.module}.{a.name}" for a in node.names} | {str(node.module)}
            else:
                names |= {a.name for a in node.names}
        imported[module] = (names & modules.keys()) - {module}
    assert len(list(TopologicalSorter(imported).static_order())) == len(modules)


WORKERS = sorted((ROOT / "tutor_app" / "adapters").rglob("*worker.py"))


@pytest.mark.parametrize("path", WORKERS, ids=lambda p: p.name)
def test_a_worker_starts_by_its_path_alone(path: Path, tmp_path: Path) -> None:
    """Wherever it is started and whatever is on the path: it finds what it needs."""
    done = subprocess.run(
        [sys.executable, "-P", str(path)], cwd=tmp_path, input=b"", capture_output=True, check=False, timeout=60
    )
    assert b"ModuleNotFoundError" not in done.stderr
    assert b"ImportError" not in done.stderr


def test_the_model_worker_needs_little_of_this_program() -> None:
    """Its neighbours and the wire: it starts quickly, and nothing else can fail in it."""
    mine = {
        f"tutor_app.adapters.engine.{name}" for name in ("llama", "prefix_states", "processor", "proof", "sampling")
    }
    for name in ("worker", "llama", "prefix_states", "processor", "proof", "sampling"):
        names = imports_of(ROOT / "tutor_app" / "adapters" / "engine" / f"{name}.py")
        assert {n for n in names if n.startswith("tutor_app")} <= mine | {"tutor_app.adapters.wire"}
        others = {n.partition(".")[0] for n in names} - set(sys.stdlib_module_names)
        assert others <= {"tutor_app", "llama_cpp", "numpy"}


def test_the_wire_needs_the_standard_library_only() -> None:
    names = imports_of(ROOT / "tutor_app" / "adapters" / "wire.py")
    assert {n.partition(".")[0] for n in names} <= set(sys.stdlib_module_names)


def test_the_model_worker_ends_when_nobody_speaks_to_it(tmp_path: Path) -> None:
    worker = ROOT / "tutor_app" / "adapters" / "engine" / "worker.py"
    done = subprocess.run(
        [sys.executable, "-P", str(worker)], cwd=tmp_path, input=b"", capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


PACKAGING = sorted((ROOT / "packaging").rglob("*.py"))


@pytest.mark.parametrize("path", PACKAGING, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_names_that_benches_and_scripts_import_are_there(path: Path) -> None:
    """They run rarely, and nothing else would notice that something has moved."""
    missing = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("tutor_app", "tests"):
            module = importlib.import_module(str(node.module))
            names = [a.name for a in node.names if not hasattr(module, a.name)]
            missing += [n for n in names if importlib.util.find_spec(f"{node.module}.{n}") is None]
    assert missing == []


@pytest.mark.parametrize("switch", ["--engine-worker", "--grading-worker", "--checking-worker"])
def test_a_frozen_program_becomes_a_worker_and_nothing_else(switch: str) -> None:
    command = [sys.executable, "-m", "tutor_app", switch]
    done = subprocess.run(command, cwd=ROOT, input=b"", capture_output=True, check=False, timeout=60)
    ready = b"" if switch == "--engine-worker" else pack({"op": "ready"})
    assert (done.returncode, done.stdout, done.stderr) == (0, ready, b"")


# --- the contracts of pyproject.toml ---------------------------------------------------------------------------

LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("importlinter", reason="import-linter is not installed")
    return subprocess.run(LINT, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_the_contracts_are_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def copy_of_the_sources(folder: Path) -> None:
    for source in (*ROOT.glob("tutor_app/**/*.py"), *ROOT.glob("trainer/**/*.py"), ROOT / "pyproject.toml"):
        copy = folder / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("tutor_app/core/answers.py", "tutor_app.adapters.engine.client"),
        ("tutor_app/adapters/library/solutions.py", "tutor_app.ui"),
        ("tutor_app/adapters/library/solutions.py", "PySide6.QtCore"),
        ("tutor_app/text/delimiters.py", "tutor_app.adapters.engine.client"),
        ("tutor_app/handout/options.py", "tutor_app.tutor.service"),
        ("tutor_app/ui/icons.py", "tutor_app.adapters.library"),
        ("tutor_app/window/menus.py", "tutor_app.tutor.models"),
        ("tutor_app/desk/votes/differences.py", "tutor_app.window.panels"),
        ("tutor_app/desk/votes/differences.py", "tutor_app.adapters.library"),
        ("tutor_app/student/symbols.py", "tutor_app.desk.stepper.panel"),
        ("tutor_app/student/symbols.py", "tutor_app.tutor.hints"),
        ("tutor_app/tutor/service.py", "tutor_app.render.theme"),
        ("tutor_app/text/delimiters.py", "trainer"),
        ("trainer/runs.py", "tutor_app.ui"),
    ],
)
def test_the_fence_bites(tmp_path: Path, module: str, imported: str) -> None:
    """A copy with one forbidden import is refused: the contracts are not vacuous."""
    copy_of_the_sources(tmp_path)
    victim = tmp_path / module
    victim.write_text(victim.read_text(encoding="utf-8") + f"\nimport {imported}\n", encoding="utf-8")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    importer = module.removesuffix(".py").replace("/", ".")
    assert f" {importer} -> {imported.removesuffix('.QtCore')} (l." in done.stdout


def test_a_module_outside_the_layers_is_refused(tmp_path: Path) -> None:
    copy_of_the_sources(tmp_path)
    (tmp_path / "tutor_app" / "stray.py").write_text('"""Belongs nowhere."""\n', encoding="utf-8")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "tutor_app.stray" in done.stdout + done.stderr
