"""Sets the project up: a virtual environment in ``.venv`` with everything in it.

Needs nothing but Python. It looks for a suitable interpreter, the compiler and the system libraries, builds
llama.cpp once (the wheel is kept in the user's cache folder), installs the project, and leaves a stamp, so the
next run takes no time. Whatever is missing is installed by apt if this is root's machine to change; otherwise
one sentence says what to type. It downloads no model and starts nothing.

Usage: ``python3 packaging/bootstrap.py [--extra NAME ...] [--engine cpu|cuda|metal|vulkan|avx2|basic]``. Exit codes:
0 ready, 1 something is missing or failed (one sentence says what), 130 interrupted.

Of the standard library alone, with two files beside it, because it runs before anything is installed. It must at least
be *parsed* by an older Python, to tell its owner so.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import importlib.util
import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import instructions
from instructions import Level
from progress import Status, reason, stream

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "packaging" / "requirements.txt"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
PARTS = ("bootstrap.py", "instructions.py", "progress.py")
INPUTS = (ROOT / "pyproject.toml", REQUIREMENTS, CONSTRAINTS, *(ROOT / "packaging" / name for name in PARTS))
OLDEST, NEWEST = (3, 11), (3, 13)

# What each engine adds to the options in requirements.txt. On macOS llama.cpp's own files turn Metal on. All but the
# last two are built for the instructions of this processor.
ENGINES: dict[str, list[str]] = {
    "cpu": [],
    "metal": ["-DGGML_METAL=ON"],
    "cuda": ["-DGGML_CUDA=ON"],
    "vulkan": ["-DGGML_VULKAN=ON"],  # most graphics cards of laptops, of any maker
    "avx2": [],
    "basic": [],
}
DRIVEN = ("cuda", "vulkan")  # of these llama.cpp does not start without the driver of a card
LEVELS = {"avx2": instructions.PORTABLE, "basic": instructions.BASIC}

INCLUDES = (Path("/usr/local/include"), Path("/usr/include"), Path("/opt/homebrew/include"))  # as compilers look
OLDEST_VULKAN = (1, 3, 272)  # the first with VK_EXT_layer_settings, which llama.cpp names

# Shared libraries that Qt's wheels and llama.cpp expect of the system, and Debian's names for their packages.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}


class Failed(Exception):
    """Set-up cannot go on; the text is the sentence to show."""


class UnknownInstructions(Failed):
    """The compiler is too old for what llama.cpp is to be built for."""


# The system


def can_install() -> bool:
    """Whether missing packages may be installed by apt."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def how_to_install(debian: list[str]) -> str:
    """The command that installs these packages, as far as it is known for this system."""
    if sys.platform == "darwin":
        parts = []
        if {"g++", "make"} & set(debian):
            parts.append("xcode-select --install")
        if "cmake" in debian:
            parts.append("brew install cmake")
        return " && ".join(parts)
    if shutil.which("apt-get"):
        return f"sudo apt-get install -y {' '.join(debian)}"
    return f"your system's package manager (on Debian: apt-get install {' '.join(debian)})"


def install(packages: list[str], log: Path) -> None:
    """Install Debian packages."""
    what = packages[0] if len(packages) == 1 else f"{len(packages)} system packages"
    status = Status(f"installing {what}")
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    # The lists may be good enough even if they cannot be refreshed.
    stream(["apt-get", "update"], status, log, env)
    if not stream(["apt-get", "install", "-y", "--no-install-recommends", *packages], status, log, env):
        raise Failed(f"The system packages {' '.join(packages)} could not be installed: {reason(log)}.")
    status.end(f"installed {what}")


def need(what: str, packages: list[str], log: Path) -> None:
    """Install what is missing, or say how."""
    if not packages:
        return
    if not can_install():
        raise Failed(f"{what} missing; install with: {how_to_install(packages)}")
    install(packages, log)


def missing_tools(engine: str) -> list[str]:
    """Debian's names of the tools that a build needs and that are not here."""
    missing = []
    compilers = [os.environ.get("CXX", "").split(" ")[0], "c++", "g++", "clang++"]
    if not any(shutil.which(name) for name in compilers if name):
        missing.append("g++")
    if not shutil.which("cmake"):
        missing.append("cmake")
    if not any(shutil.which(name) for name in ("make", "ninja")):
        missing.append("make")
    if engine == "metal" and sys.platform != "darwin":
        raise Failed("ENGINE=metal is for Macs; leave ENGINE out, or take cuda for an NVIDIA card, vulkan for any.")
    if engine == "cuda" and not shutil.which("nvcc"):
        raise Failed(
            "ENGINE=cuda needs NVIDIA's CUDA toolkit, and there is no nvcc on the PATH; "
            "install the toolkit, or leave ENGINE out."
        )
    if engine == "vulkan":
        missing += missing_vulkan()
    return missing


def missing_vulkan() -> list[str]:
    """Debian's names of what a build with Vulkan needs beyond a compiler: a compiler of shaders, and headers."""
    sdk = [Path(os.environ["VULKAN_SDK"]) / "include"] if os.environ.get("VULKAN_SDK") else []

    def place_of(header: str) -> Path | None:
        return next((place for place in (*sdk, *INCLUDES) if (place / header).is_file()), None)

    headers = place_of("vulkan/vulkan.hpp")
    if headers and (found := vulkan_version(headers)) < OLDEST_VULKAN:
        wanted, those = (".".join(map(str, version)) for version in (OLDEST_VULKAN, found))
        raise Failed(
            f"ENGINE=vulkan needs Vulkan's headers of version {wanted} or newer, and those in {headers} are "
            f"{those or 'older'}; let VULKAN_SDK name the folder of newer ones, or leave ENGINE out."
        )
    missing = [] if shutil.which("glslc") else ["glslc"]
    missing += [] if headers else ["libvulkan-dev"]
    return missing + ([] if place_of("spirv/unified1/spirv.hpp") else ["spirv-headers"])


def vulkan_version(headers: Path) -> tuple[int, ...]:
    """The version of Vulkan's headers in a folder; empty if they do not tell one."""
    with contextlib.suppress(OSError):
        text = (headers / "vulkan" / "vulkan_core.h").read_text(encoding="utf-8", errors="replace")
        major_minor = re.search(r"HEADER_VERSION_COMPLETE VK_MAKE_(?:API_VERSION\(\d+, |VERSION\()(\d+), (\d+),", text)
        patch = re.search(r"define VK_HEADER_VERSION (\d+)", text)
        if major_minor and patch:
            return (*map(int, major_minor.groups()), int(patch[1]))
    return ()


def missing_libraries() -> list[str]:
    """Debian's names of the packages whose libraries cannot be loaded."""
    if sys.platform != "linux":
        return []
    missing = []
    for name, package in LIBRARIES.items():
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(package)
    return missing


def suitable_python() -> str:
    """An interpreter of a supported version: this one, else one on the PATH, else one that apt has."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]

    def find() -> str | None:
        for name in names:
            path = shutil.which(name)
            # Asked, not trusted: a version manager's stub is there even if the version is not.
            if path and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
                return path
        return None

    found = find()
    if found is None and can_install():
        with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Failed):
            install(["python3.11", "python3.11-venv"], Path(folder) / "apt.log")
            found = find()
    if found is None:
        mine = ".".join(map(str, sys.version_info[:3]))
        how = "brew install python@3.12" if sys.platform == "darwin" else "sudo apt-get install -y python3.11-venv"
        raise Failed(f"Python 3.11, 3.12 or 3.13 is needed, and this is {mine}; install one, for example: {how}")
    return found


# The steps


def cache_folder() -> Path:
    """The user's cache folder of this program."""
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "mumath-tutor"


def in_venv(name: str) -> Path:
    """A program of the environment."""
    return VENV / "Scripts" / f"{name}.exe" if sys.platform == "win32" else VENV / "bin" / name


def declared() -> tuple[str, dict[str, str]]:
    """The requirement of llama-cpp-python and the options of its build, from requirements.txt."""
    for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0].startswith("llama-cpp-python=="):
            given = (words[i + 1] for i, word in enumerate(words) if word == "--config-settings")
            return words[0], dict(option.split("=", 1) for option in given)
    raise Failed(f"{REQUIREMENTS} does not pin llama-cpp-python.")


def build_options(engine: str, level: Level) -> dict[str, str]:
    """The options of the build for one engine."""
    options = declared()[1]
    options["cmake.args"] = ";".join([options["cmake.args"], *ENGINES[engine], *level.options])
    return options


def default_engine() -> str:
    """What suits this computer without being asked."""
    return "metal" if sys.platform == "darwin" else "cpu"


def levels(engine: str) -> list[Level]:
    """The instructions to build for, the best first: those of this processor that have not failed on it."""
    if os.environ.get("MUMATH_TUTOR_WHEELS"):
        return [instructions.ONLY]
    if engine in LEVELS:
        return [LEVELS[engine]]
    found = instructions.levels()
    refused = instructions.memory(cache_folder()).known.refused
    return [level for level in found if level.name not in refused] or found[-1:]


def digest() -> str:
    """Changes whenever an environment made before is no longer what would be made now."""
    # Scripts in .venv/bin hold absolute paths, so a moved project needs a new environment too.
    state = hashlib.sha256(str(ROOT).encode())
    for path in INPUTS:
        state.update(path.read_bytes())
    return state.hexdigest()


def read_stamp() -> dict[str, object]:
    """What the last successful run left, or nothing."""
    try:
        stamp = json.loads((VENV / "bootstrap.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def environment(log: Path) -> str:
    """Make the environment if there is none that works; its Python."""
    python = str(in_venv("python"))
    if VENV.exists():
        check = f"import sys, pip; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
        with contextlib.suppress(OSError):
            if subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0:
                return python
        print("The environment .venv does not work or is of an unsuitable Python; it is made anew.", flush=True)
        shutil.rmtree(VENV)
    if importlib.util.find_spec("ensurepip") is None:
        major, minor = sys.version_info[:2]
        need("Python's own venv package is", [f"python{major}.{minor}-venv"], log)
    status = Status("making the environment .venv")
    if not stream([sys.executable, "-m", "venv", str(VENV)], status, log):
        raise Failed(f"The environment {VENV} could not be made: {reason(log)}.")
    status.end("made the environment .venv")
    return python


def upgrade_pip(python: str, log: Path) -> None:
    """Only if it is too old to know options of a single requirement."""
    out = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, re.findall(r"\d+", out)[:2])) >= (23, 1):
        return
    status = Status("upgrading pip")
    if not stream([python, "-m", "pip", "install", "--upgrade", "pip>=23.1"], status, log):
        raise Failed(f"pip could not be upgraded: {reason(log)}.")
    status.end("upgraded pip")


def wheel_folder(engine: str, level: Level) -> Path:
    """Where the wheel of such a build is kept."""
    wish = json.dumps([build_options(engine, level), os.environ.get("CMAKE_ARGS", ""), platform.libc_ver()])
    tag = f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"
    kind = "-".join(filter(None, ("cpu" if engine in LEVELS else engine, level.name)))
    key = f"{declared()[0].replace('==', '-')}-{kind}-{tag}-{hashlib.sha256(wish.encode()).hexdigest()[:8]}"
    return cache_folder() / "wheels" / key


def wheel(python: str, engine: str, level: Level, log: Path) -> Path:
    """The wheel of llama-cpp-python, built if it is not in the cache."""
    requirement, _ = declared()
    pattern = f"llama_cpp_python-{requirement.partition('==')[2]}-*.whl"
    ready = os.environ.get("MUMATH_TUTOR_WHEELS")
    if ready:
        found = sorted(Path(ready).glob(pattern))
        if not found:
            raise Failed(f"MUMATH_TUTOR_WHEELS is set to {ready}, but there is no {pattern}; unset it to build one.")
        return found[0]
    folder = wheel_folder(engine, level)
    found = sorted(folder.glob(pattern))
    if found:
        return found[0]

    what = "A compiler, cmake or a header of Vulkan is" if engine == "vulkan" else "A C++ compiler or cmake is"
    need(what, missing_tools(engine), log)
    missing_tools(engine)  # again, because what the system has of Vulkan may be too old
    jobs = os.cpu_count() or 1
    with contextlib.suppress(AttributeError, ValueError, OSError):  # a compiler needs up to a gigabyte
        jobs = max(1, min(jobs, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30))
    folder.parent.mkdir(parents=True, exist_ok=True)
    status = Status("fetching llama.cpp")
    print("llama.cpp is built for this computer once; on two cores that takes about 5 minutes.", flush=True)
    # Beside its place and then moved there: an interrupted build leaves no half wheel.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".building-") as temporary:
        # --no-cache-dir: pip would take a wheel that it once built with other options.
        command = [python, "-m", "pip", "wheel", "-v", "--no-deps", "--no-cache-dir", "--no-binary=llama-cpp-python"]
        command += [
            word
            for name, value in build_options(engine, level).items()
            for word in ("--config-settings", f"{name}={value}")
        ]
        command += ["--wheel-dir", temporary, requirement]
        if not stream(command, status, log, {"CMAKE_BUILD_PARALLEL_LEVEL": str(jobs), "PYTHONUNBUFFERED": "1"}):
            if level.options and re.search(r"(unrecognized|unknown)\b.*-mavx", log.read_text(errors="replace")):
                raise UnknownInstructions("The compiler does not know the instructions of this processor")
            raise Failed(f"llama.cpp could not be built: {reason(log)}. The whole output is in {log}.")
        built = next(Path(temporary).glob(pattern))
        folder.mkdir(exist_ok=True)
        place = folder / built.name
        built.replace(place)
    status.end("built llama.cpp")
    return place


def packages(python: str, wheel_file: Path, extras: list[str], stamp: dict[str, object], log: Path) -> None:
    """Everything into the environment."""
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    status = Status("installing llama.cpp")
    if stamp.get("wheel") != str(wheel_file):
        command = [*pip, "--no-deps", "--force-reinstall", str(wheel_file)]
        if not stream(command, status, log):
            raise Failed(f"llama.cpp's wheel could not be installed: {reason(log)}. The whole output is in {log}.")
    project = "." + (f"[{','.join(extras)}]" if extras else "")
    command = [*pip, "-c", str(CONSTRAINTS), "-r", str(REQUIREMENTS), "-e", project]
    if not stream(command, status, log):
        raise Failed(f"The packages could not be installed: {reason(log)}. The whole output is in {log}.")
    status.end("installed the packages")
    stamp["wheel"] = str(wheel_file)


def proved(python: str, engine: str, extras: list[str], stamp: dict[str, object], log: Path) -> str:
    """Everything into the environment, with the fastest llama.cpp that computes rightly here; its engine."""
    why = ""
    for level in levels(engine):
        try:
            packages(python, wheel(python, engine, level, log), extras, stamp, log)
            instructions.prove(python)
            if engine in DRIVEN and (wrong := instructions.prove_card(python, cache_folder(), engine)):
                print(
                    f"The graphics card is not used: {wrong}. The processor computes until set-up is given", flush=True
                )
                print(f"ENGINE={engine} again, with another driver perhaps.", flush=True)
            return engine
        except UnknownInstructions as e:
            why = str(e)
        except instructions.Refused as e:
            why = str(e)
            instructions.memory(cache_folder()).refuse(level.name)
        except instructions.Broken as e:
            if engine in DRIVEN and "cannot open shared object" in str(e):
                print(f"ENGINE={engine} does not start here ({e}): is the card's driver missing?", flush=True)
                print("The processor computes instead; ENGINE is to be given again once there is one.", flush=True)
                return proved(python, "cpu", extras, stamp, log)
            raise Failed(f"llama.cpp does not start here: {e}.") from None
        print(f"llama.cpp for {level.name or 'this processor'} is not used: {why}.", flush=True)
    raise Failed(f"llama.cpp does not start here: {why}; run again with ENGINE=basic.")


def as_kept(level: Level) -> list[str]:
    """A level as the stamp holds it."""
    return [level.name, *level.options]


def set_up(extras: list[str], engine: str | None) -> None:
    """Everything, or nothing if it is all there."""
    stamp = read_stamp()
    engine = engine or str(stamp.get("engine") or default_engine())
    had = stamp.get("extras")
    extras = sorted({*extras, *(had if isinstance(had, list) else [])})
    wish = {"digest": digest(), "engine": engine, "extras": extras, "level": as_kept(levels(engine)[0])}
    if all(stamp.get(name) == value for name, value in wish.items()) and in_venv("tutor").exists():
        return
    log = cache_folder() / "setup.log"
    log.unlink(missing_ok=True)
    libraries = missing_libraries()
    if libraries and not can_install() and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        # Without a display there is no window, and the terminal needs none of them.
        print(f"For the window some libraries are missing: {how_to_install(libraries)}", flush=True)
    else:
        need("Libraries that the window needs are", libraries, log)
    python = environment(log)
    if not (VENV / "bootstrap.json").exists():
        stamp = {}
    upgrade_pip(python, log)
    # From here on the environment is in between: without a stamp the next run goes through all of it again.
    (VENV / "bootstrap.json").unlink(missing_ok=True)
    wish["engine"] = proved(python, engine, extras, stamp, log)
    # What was asked for, not what there is now: a compiler that is too old is not asked each time.
    wish["level"] = as_kept(levels(str(wish["engine"]))[0])
    (VENV / "bootstrap.json").write_text(json.dumps({**stamp, **wish}, indent=2) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Sets the project up in .venv.")
    parser.add_argument("--extra", action="append", default=[], metavar="NAME", help="an extra of pyproject.toml")
    parser.add_argument("--engine", default="", help=f"{', '.join(ENGINES)}; empty: the last one, or what suits")
    options = parser.parse_args(arguments)
    # "kill" ends it as cleanly as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.engine and options.engine not in ENGINES:
            raise Failed(f"ENGINE must be {', '.join(ENGINES)}, not {options.engine}.")
        python = suitable_python()
        if python != sys.executable:
            again = [python, str(Path(__file__).resolve()), *(sys.argv[1:] if arguments is None else arguments)]
            return subprocess.run(again, check=False).returncode
        set_up(options.extra, options.engine or None)
    except Failed as e:
        print(f"\n{e}", file=sys.stderr)
        return 1
    except OSError as e:
        print(f"\nSet-up failed: {e}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; run it again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
