"""Builds llama.cpp's computing part for several families of processors and puts the libraries into a bundle.

    python packaging/installer/variants.py FOLDER [--work build/variants]

FOLDER is that of ``llama_cpp/lib`` in a bundle or an environment, whose one library for all processors is replaced.
The source is that of the pinned llama-cpp-python. The program takes the fastest library whose every instruction this
processor has, and proves it in the model process (``tutor_app/adapters/engine/processor.py``). None uses AMX: a
hypervisor may hide it in ways that no query tells. Needs a compiler, cmake and ninja; about ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FAMILIES: Final = ("x64", "haswell", "alderlake", "icelake", "zen4")
"""Of llama.cpp's list: any 64-bit processor; AVX2; AVX-VNNI; AVX-512 with VBMI and VNNI; the same with BF16."""
OPTIONS: Final = (
    *("-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON", "-DGGML_NATIVE=OFF", "-DGGML_BACKEND_DL=ON"),
    *("-DGGML_CPU_ALL_VARIANTS=ON", "-DGGML_BUILD_TESTS=OFF", "-DGGML_BUILD_EXAMPLES=OFF"),
    "-DGGML_LLAMAFILE=ON",  # as in a build of the whole; ggml alone leaves its faster matrix products out
    *("-DCMAKE_INSTALL_RPATH=$ORIGIN", "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON"),
    f"-DCMAKE_PROJECT_INCLUDE={ROOT / 'packaging' / 'installer' / 'no_folders.cmake'}",
)


def source(work: Path) -> Path:
    """The unpacked source of ggml, with the list of variants cut to :data:`FAMILIES`."""
    requirements = (ROOT / "packaging" / "requirements.txt").read_text(encoding="utf-8")
    found = re.search(r"^(llama-cpp-python)==(\S+)", requirements, re.M)
    assert found is not None
    name, version = found.groups()
    folder = work / f"{name.replace('-', '_')}-{version}"
    if not folder.is_dir():
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name, "-d", str(work)]
        subprocess.run([*command, found[0]], check=True)
        with tarfile.open(next(work.glob("llama_cpp_python-*.tar.gz"))) as archive:
            archive.extractall(work, filter="data")
    ggml = folder / "vendor" / "llama.cpp" / "ggml"
    (ggml / "ggml.pc.in").touch()  # left out of the source package, and asked for by a build of ggml alone
    lists = ggml / "src" / "CMakeLists.txt"
    lists.write_text(only_families(lists.read_text(encoding="utf-8")), encoding="utf-8")
    return ggml


def only_families(text: str) -> str:
    """``CMakeLists.txt`` without the variants for x86 that are not wanted."""
    head, mark, rest = text.partition("ggml_add_cpu_backend_variant(x64)")
    variants, end, tail = rest.partition('elseif(GGML_SYSTEM_ARCH STREQUAL "ARM")')

    def kept(line: str) -> bool:
        found = re.search(r"ggml_add_cpu_backend_variant\((\w+)", line)
        return found is None or found[1] in FAMILIES

    return head + mark + "\n".join(filter(kept, variants.split("\n"))) + end + tail


def build(ggml: Path, work: Path) -> list[Path]:
    """The libraries."""
    place = work / "build"
    subprocess.run(["cmake", "-S", str(ggml), "-B", str(place), "-G", "Ninja", *OPTIONS], check=True)
    subprocess.run(["ninja", "-C", str(place)], check=True)
    found = [*place.rglob("libggml*.so"), *place.rglob("libggml*.so.[0-9]")]
    return [path for path in found if path.parent.name in ("bin", "src")]


def replace(folder: Path, libraries: list[Path]) -> None:
    """Put the libraries in the place of those in ``folder``, each name as a file of its own or a link."""
    for old in folder.glob("libggml*"):
        old.unlink()
    for path in libraries:
        shutil.copy2(path, folder / path.name)  # follows the link that a name may be


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "variants", help="kept for the next time")
    args = parser.parse_args()
    if not next(args.folder.glob("libllama.so"), None):
        print(f"{args.folder} is no llama_cpp/lib.", file=sys.stderr)
        return 1
    args.work.mkdir(parents=True, exist_ok=True)
    libraries = build(source(args.work), args.work)
    replace(args.folder, libraries)
    print(f"{len(libraries)} libraries in {args.folder}: {', '.join(sorted(p.name for p in libraries))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
