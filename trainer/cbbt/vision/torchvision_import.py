"""Imports torchvision beside a PyTorch that its compiled operators were not built for.

Its wheel on the public index is built for CUDA: beside a PyTorch for processors its operators do not load, and the
import fails because they are not declared (https://github.com/pytorch/pytorch/issues/122494); that of transformers,
which imports it wherever it is installed, fails with it. Nothing here needs an operator, so those that the import asks
for are declared, and it is tried again.
"""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType
from typing import Any, Final


def import_torchvision(module: str = "torchvision") -> ModuleType:
    """One of its modules.

    Raises:
        ImportError: If it is not installed.
        RuntimeError: If it cannot be used even so.
        OSError: If a library of it cannot be loaded.
    """
    try:
        return importlib.import_module(module)
    except RuntimeError:
        _declare_operators()
        return importlib.import_module(module)


def prepare_transformers() -> None:
    """Before transformers is imported: where torchvision is installed, let its import succeed if it can."""
    if importlib.util.find_spec("torchvision") is not None:
        try:
            import_torchvision()
        except (ImportError, RuntimeError, OSError):
            return  # transformers says what it cannot do


def _declare_operators() -> None:
    import torch

    for operator in ("nms", "qnms"):
        library = torch.library.Library("torchvision", "FRAGMENT")
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(library)


_declared: Final[list[Any]] = []
"""Declarations last as long as the object that made them."""
