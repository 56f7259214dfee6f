"""Reads the item or attribute that a statement such as ``d[k] += 1`` is about to change.

Python looks it up itself, once; here it is looked up a second time, so only where that runs none of the block's code
and changes nothing: items of Python's own containers and of NumPy's arrays, and attributes that an object itself holds.
"""

from __future__ import annotations

import collections
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, Final

from tutor_app.adapters.sandbox.block_frame import BlockFrame
from tutor_app.adapters.sandbox.value_text import fields_of, module_of

_frame = sys._getframe  # kept, because the block may put something else in its place
MISSING: Final = object()
"""It cannot be told without running code of the block, or there is none."""
_MAPPINGS: Final = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
_PLAIN_KEYS: Final = (int, str, float, bool, bytes, type(None))
_NEW: Final = (int, float, str, list, dict, set, complex)
"""What a mapping with a default makes that runs no code of the block."""


class Targets:
    """The markers around the target of such a statement.

    Args:
        noting: Gives the block's frame in which an expression is being worked out, if its values are to be noted.
        keep: Notes a value.
    """

    def __init__(
        self,
        noting: Callable[[types.FrameType], BlockFrame | None],
        keep: Callable[[BlockFrame, int, object], None],
    ) -> None:
        self._noting, self._keep = noting, keep

    def owner(self, number: int, value: object, attribute: str = "") -> object:
        """What holds the item or attribute that the statement changes; returns it."""
        own = self._noting(_frame(1))
        if own is not None:
            own.target = (value, attribute, attribute_of if attribute else item_of)
            if attribute:
                self._look(own, number)
        return value

    def key(self, number: int, key: object) -> object:
        """The key of the item that the statement changes; returns it."""
        own = self._noting(_frame(1))
        if own is not None and own.target is not None:
            own.target = (own.target[0], key, item_of)
            self._look(own, number)
        return key

    def has_changed(self, number: int) -> None:
        """The statement has run."""
        own = self._noting(_frame(1))
        if own is not None and own.target is not None:
            self._look(own, number)
            own.target = None

    def _look(self, own: BlockFrame, number: int) -> None:
        """Note what the item or attribute is; where it cannot be told there is no calculation."""
        assert own.target is not None
        holder, key, read = own.target
        value = read(holder, key)
        if value is MISSING:
            own.target = None
        else:
            self._keep(own, number, value)


def item_of(container: Any, key: Any) -> Any:
    """The item, or :data:`MISSING`."""
    kind = type(container)
    try:
        if kind in _MAPPINGS and _is_plain(key):
            found = dict.get(container, key, MISSING)
            return _default(container, kind) if found is MISSING else found
        if kind in (list, bytearray, collections.deque) and type(key) in (int, bool):
            return container[key]
        numpy = sys.modules.get("numpy")
        if numpy is not None and kind is numpy.ndarray and _is_plain(key):
            return container[key]
        sympy = sys.modules.get("sympy")
        if sympy is not None and issubclass(kind, sympy.MatrixBase) and module_of(kind).startswith("sympy."):
            return container[key] if _is_plain(key) else MISSING
    except Exception:  # noqa: BLE001 - the block meets the same error itself
        return MISSING
    return MISSING


def _is_plain(key: Any) -> bool:
    """Whether finding the key runs no code of the block."""
    if type(key) is tuple:
        return all(map(_is_plain, key))
    return type(key) in _PLAIN_KEYS or (
        isinstance(type(key), type) and module_of(type(key)).startswith(("sympy.", "numpy"))
    )


def _default(container: Any, kind: type) -> Any:
    if kind is collections.Counter:
        return 0
    if kind is collections.defaultdict and container.default_factory in _NEW:
        return container.default_factory()
    return MISSING


def attribute_of(value: Any, name: str) -> Any:
    """The attribute, or :data:`MISSING`. A private name may be given as the source has it."""
    kind = type(value)
    if kind is types.ModuleType:
        return MISSING
    if kind is type:
        return _of_class(value, name)
    if type(kind) is not type or module_of(kind) != "__main__":
        return MISSING
    classes = type.__dict__["__mro__"].__get__(kind)
    names = [name]
    if name.startswith("__") and not name.endswith("__"):
        names = [f"_{type.__dict__['__name__'].__get__(c).lstrip('_')}{name}" for c in classes]
    own: Mapping[str, Any] = fields_of(value, kind) or {}
    for cls in classes[:-1]:  # the last one is object
        held = type.__dict__["__dict__"].__get__(cls)
        if "__getattribute__" in held or any(_takes_over(held.get(n)) for n in names):
            return MISSING
    for n in names:
        if n in own:
            return own[n]
        found = next((held[n] for c in classes if n in (held := type.__dict__["__dict__"].__get__(c))), MISSING)
        if found is not MISSING:
            return found if type(found) in (*_PLAIN_KEYS, list, tuple, dict, set) else MISSING
    return MISSING


def _of_class(value: type, name: str) -> Any:
    """An attribute of a class."""
    for cls in type.__dict__["__mro__"].__get__(value):
        held = type.__dict__["__dict__"].__get__(cls)
        if name in held:
            found = held[name]
            return found if type(found) in (*_PLAIN_KEYS, list, tuple, dict, set) else MISSING
    return MISSING


def _takes_over(found: Any) -> bool:
    """Whether what a class holds of that name decides over the attribute, as a property does; slots do not count."""
    return found is not None and type(found) is not types.MemberDescriptorType and hasattr(type(found), "__set__")
