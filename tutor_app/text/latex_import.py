"""Lets latex2mathml be imported without what it never uses: HTTP, TLS and e-mail, 7 MB in every window."""

from __future__ import annotations

import builtins
import importlib.util
import sys
from typing import Any, Final

_NAME: Final = "xml.sax.saxutils"
_PACKAGE: Final = "latex2mathml"


def prepare_import() -> None:
    """Call it before the first import of ``latex2mathml``.

    It takes one function, ``unescape``, of a module of the standard library that imports ``urllib.request`` for another
    one. Here that module is loaded as if it did not. And it looks up its own version, by what also reads e-mail; here
    that is done when it is asked for. Nothing that other modules see is changed.
    """
    _without_requests()
    _without_version()


def _without_requests() -> None:
    spec = None if _NAME in sys.modules else importlib.util.find_spec(_NAME)
    if spec is None or spec.loader is None:
        return

    def import_(wanted: str, *args: Any) -> Any:
        return builtins.__import__("urllib" if wanted == "urllib.request" else wanted, *args)

    module = importlib.util.module_from_spec(spec)
    vars(module)["__builtins__"] = {**vars(builtins), "__import__": import_}
    sys.modules[_NAME] = module
    spec.loader.exec_module(module)
    parent, _, name = _NAME.rpartition(".")
    setattr(sys.modules[parent], name, module)


def _without_version() -> None:
    spec = None if _PACKAGE in sys.modules else importlib.util.find_spec(_PACKAGE)
    if spec is None:
        return

    def asked(name: str) -> str:
        if name != "__version__":
            raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}")
        from importlib import metadata

        return metadata.version(_PACKAGE)

    module = importlib.util.module_from_spec(spec)
    vars(module)["__getattr__"] = asked
    sys.modules[_PACKAGE] = module
