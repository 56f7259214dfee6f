"""Records how a block runs, by markers put into its syntax tree before each statement.

Only the block's own statements carry markers, so library code runs at full speed, and nothing the code does to
Python's own trace hooks matters. It runs inside the confined process; the program validates what it sends
(:mod:`tutor_app.adapters.sandbox.received`).
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import threading
import types
from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any, Final

from tutor_app.adapters.sandbox.block import Block
from tutor_app.adapters.sandbox.block_frame import BlockFrame, height, is_class_body, leave_out, line_of
from tutor_app.adapters.sandbox.markers import (
    BACK,
    CALL,
    CHANGED,
    CONTINUED,
    END,
    ERROR,
    KEY,
    LINE,
    NOTE,
    OWNER,
    RETURN,
    SHIFT,
    STEP,
    Markers,
    names_of,
    traces_itself,
)
from tutor_app.adapters.sandbox.targets import Targets
from tutor_app.adapters.sandbox.value_text import Encoded, Encoder, is_settled
from tutor_app.adapters.sandbox.watching import Watches

BATCH: Final = 200
SENT_AT_ONCE: Final = 20
"""Steps that are sent as they come, so that a short block which ends its process still has a recording."""
MAX_BYTES: Final = 8 << 20
BATCH_BYTES: Final = 1 << 20
MAX_NOTED: Final = 200_000
MAX_CHANGED: Final = 500
RECORD_SECONDS: Final = 2.0
"""Time that recording may take in all; it counts against the block's own limit."""
FRAMES_LOOKED_AT: Final = 20
"""Calling frames, besides the block's own, in which changes are looked for at each step."""
SPARE_FRAMES: Final = 80
"""Frames that the recorder itself needs above the deepest one of the block."""
_SMALL: Final = 10**15
_MISSING: Final = object()
_UNSETTLED: Final = object()
_GENERATORS: Final = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
# Kept here, because the block may put something else in their place.
_frame, _exc_info, _thread = sys._getframe, sys.exc_info, threading.get_ident
_tracer, _profiler, _set_trace, _set_profile = sys.gettrace, sys.getprofile, sys.settrace, sys.setprofile
_recursion_limit, _set_recursion_limit = sys.getrecursionlimit, sys.setrecursionlimit
_TRACES: Final = (
    "This block traces itself: so that it sees nothing but itself, its steps are not recorded, only its end."
)
_NEVER: Final = frozenset(map(id, (types.ModuleType, types.BuiltinFunctionType, types.FunctionType, type)))


class Recorder:
    """Called by the markers.

    Args:
        block: Where the code runs.
        max_steps: Steps recorded.
        expressions: Whether the values of expressions are recorded, too.
        watches: Expressions to evaluate at each step.
    """

    def __init__(self, block: Block, max_steps: int, expressions: bool = False, watches: Iterable[str] = ()) -> None:
        self._block, self._left, self._max = block, max_steps, max_steps
        self._expressions = expressions
        self._bytes = self._sent = self._count = self._notes = self._frames_begun = 0
        self._steps: list[list[Any]] = []
        self._noted: list[list[Any]] = []
        self._names: list[str] = []
        self._shared: set[str] = set()
        self._encoder = Encoder()
        self._watching = tuple(watches)
        self._watches = Watches(self._watching, self._encoder)
        self._thread = _thread()
        self._filename = ""
        self._module = BlockFrame(0, None, None, 0, 0)
        self._frames: dict[int, BlockFrame] = {}
        self._limit = _recursion_limit()
        self._is_deep = False
        self._refused: BaseException | None = None
        self._traces_itself = False
        self._busy = False
        self._last_depth = 0
        self._known_before: set[str] = set()
        self._imported: set[str] = set()
        self._spent = 0.0
        self._remarks: dict[str, None] = {}
        self.stopped = ""

    # ---------------------------------------------------------------------------------- running

    def execute(self, tree: ast.Module, filename: str) -> Any:
        """Run the block with markers; see :meth:`Block.execute`."""
        scope = self._block.main.__dict__
        self._filename = filename
        self._traces_itself = traces_itself(tree)
        try:
            markers, last, last_number = self._prepare(tree, scope)
        except RecursionError:
            self.stopped = "This code nests too deeply to be recorded."
            self.flush()
            return self._block.execute(ast.parse("".join(_source_of(filename)), filename), filename)
        if self._traces_itself:
            self._remarks[_TRACES] = None
        else:
            self._install()
        value, names = None, self._block.builtins
        try:
            exec(compile(tree, filename, "exec", dont_inherit=True), scope)
            if last is not None:
                if not self._traces_itself:
                    self._last_line(last_number, last.lineno, scope)
                scope.setdefault("__builtins__", names)  # the block may have cleared its names
                value = eval(compile(ast.Expression(last.value), filename, "eval", dont_inherit=True), scope)
            _set_trace(None)  # should the block have asked for it: nothing here is for the block to see
            _set_profile(None)
            self._end(END, last_number, last.lineno if last is not None else 0, scope)
        except BaseException as e:
            _set_trace(None)
            _set_profile(None)
            line = line_of(e, filename)
            self._end(ERROR, markers.innermost(line), line, scope, _error(e))
            raise
        finally:
            self._uninstall()
            if self._is_deep:
                _set_recursion_limit(self._limit)
            self.flush()
        return value

    def _prepare(self, tree: ast.Module, scope: Mapping[str, Any]) -> tuple[Markers, ast.Expr | None, int]:
        markers = Markers(tree, self._expressions)
        stored, imported, used, self._shared = names_of(tree)
        known = {n for n in used if n in scope and not n.startswith("__") and _is_data(n, scope[n])}
        self._names = sorted(stored | known)
        self._known_before, self._imported = set(scope), imported
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        number = markers.number(last) if last is not None else -1
        if not self._traces_itself:
            tree.body = markers.mark(tree.body)
            if isinstance(last, ast.Expr):
                markers.note(last)
        return markers, last if isinstance(last, ast.Expr) else None, number

    def _install(self) -> None:
        markers = {STEP: self._mark, NOTE: self._note, BACK: self._back}
        targets = Targets(self._noting, self._keep)
        self._block.builtins.update(markers | {OWNER: targets.owner, KEY: targets.key, CHANGED: targets.has_changed})

    def _uninstall(self) -> None:
        """Let markers of functions that live on cost next to nothing."""
        markers = {STEP: _nothing, NOTE: _second, BACK: _first, OWNER: _second, KEY: _second, CHANGED: _nothing}
        self._block.builtins.update(markers)
        self._frames.clear()

    # ---------------------------------------------------------------------------------- markers

    def _mark(self, code: int) -> None:
        if self._busy:
            return
        if _thread() != self._thread:
            self._remarks["What other threads did is not shown."] = None
            return
        frame = _frame(1)
        if frame.f_code.co_filename != self._filename:  # a function that another block defined
            return
        event = code & ((1 << SHIFT) - 1)
        started = perf_counter()
        self._busy = True
        try:
            if event == LINE or event >= CONTINUED:
                self._mark_line(event, code >> SHIFT, frame)
            else:
                self._mark_function(event, code >> SHIFT, frame)
        except RecursionError:
            if event == CALL:
                raise  # as it would have come a moment later without the recorder
            self._fail()
        except Exception:  # noqa: BLE001 - whatever the block did to what the recorder uses is no fault of the block's
            self._fail()
        finally:
            self._busy = False
            self._spent += perf_counter() - started
            if self._spent > RECORD_SECONDS:
                self._overspent()

    def _overspent(self) -> None:
        if self._left > 0:
            self._stop("Recording stopped because it took too long; the block itself ran on.")

    def _mark_line(self, event: int, statement: int, frame: types.FrameType) -> None:
        own = self._own(frame)
        if event == CONTINUED:
            own.turning.add(statement)
        elif event == LINE or statement in own.turning:
            if own.turning:
                own.turning.discard(statement)
            own.target = None  # of a statement that an error has ended
            scope = own.scope() if own.number else self._block.main.__dict__
            self._record(own, LINE, statement, frame.f_lineno, scope)

    def _mark_function(self, event: int, statement: int, frame: types.FrameType) -> None:
        own = self._begin(frame) if event == CALL else self._own(frame)
        if event == CALL:
            self._record(own, CALL, statement, frame.f_lineno, own.scope())
        elif event == ERROR:
            error = _exc_info()[1]
            if error is not None and not isinstance(error, GeneratorExit):
                own.failed = True
                if error is self._refused:
                    leave_out(error, frame)
                    self._refused = None
                line = line_of(error, self._filename, frame)
                self._record(own, ERROR, statement, line or frame.f_lineno, own.scope(), _error(error))
        elif event == RETURN:
            if not own.failed:
                gives = not (frame.f_code.co_flags & _GENERATORS or is_class_body(frame))
                nothing = ("nothing", "None", "") if gives else None
                self._record(own, RETURN, statement, frame.f_lineno, own.scope(), own.back or nothing)
            self._frames.pop(id(frame), None)
            own.frame = None
            if self._is_deep and own.total <= self._limit - SPARE_FRAMES:
                self._is_deep = False
                _set_recursion_limit(self._limit)

    def _begin(self, frame: types.FrameType) -> BlockFrame:
        """A frame that has just begun."""
        self._frames_begun += 1
        own = self._frames[id(frame)] = BlockFrame(self._frames_begun, frame, None, 1, 0)
        self._place(own, frame)
        if not self._is_deep:
            self._limit = _recursion_limit()
            if own.total > self._limit - SPARE_FRAMES:
                # The recorder needs some frames above the block's; the block itself is held to its own limit.
                self._is_deep = True
                _set_recursion_limit(self._limit + SPARE_FRAMES)
        if own.total > self._limit:
            self._frames.pop(id(frame))
            self._frames_begun -= 1
            self._refused = RecursionError("maximum recursion depth exceeded")
            raise self._refused
        return own

    def _own(self, frame: types.FrameType) -> BlockFrame:
        if frame.f_code.co_name == "<module>":
            if not self._module.total:
                self._module.total = height(frame)
                self._frames[id(frame)] = self._module
            return self._module
        own = self._frames.get(id(frame))
        if own is None:
            return self._begin(frame)
        if own.parent is None or frame.f_back is not own.parent.frame:  # a generator may be resumed from anywhere
            self._place(own, frame)
        return own

    def _place(self, own: BlockFrame, frame: types.FrameType) -> None:
        hops, above = 1, frame.f_back
        while above is not None and id(above) not in self._frames:
            hops, above = hops + 1, above.f_back
        parent = self._frames[id(above)] if above is not None else self._module
        own.parent, own.depth = parent, parent.depth + 1
        own.total = parent.total + hops if above is not None else hops

    def _note(self, number: int, value: object) -> object:
        """Keep the value of an expression; returns it."""
        own = self._noting(_frame(1))
        if own is not None and id(type(value)) not in _NEVER:
            self._keep(own, number, value)
        return value

    def _noting(self, frame: types.FrameType) -> BlockFrame | None:
        """The block's frame whose expression is being worked out, if it is to be noted."""
        if self._busy or self._left <= 0 or _thread() != self._thread or frame.f_code.co_filename != self._filename:
            return None
        own = self._frames.get(id(frame)) if frame.f_code.co_name != "<module>" else self._module
        return own if own is not None and own.step >= 0 else None

    def _keep(self, own: BlockFrame, number: int, value: object) -> None:
        if self._notes >= MAX_NOTED:
            self._remarks["The calculations of later lines are not shown: there are too many."] = None
            return
        started = perf_counter()
        self._busy = True
        try:
            kind, text, latex = self._encoder.encode(value)
            self._notes += 1
            self._bytes += len(text) + len(latex) + 20
            self._noted.append([own.step, number, kind, text, latex])
            if len(self._noted) >= 10 * BATCH or self._bytes - self._sent >= BATCH_BYTES:
                self.flush()
        except Exception:  # noqa: BLE001 - as in _mark
            self._fail()
        finally:
            self._busy = False
            self._spent += perf_counter() - started
            if self._spent > RECORD_SECONDS:
                self._overspent()

    def _back(self, value: object) -> object:
        """Keep what a function is about to return; returns it."""
        if not self._busy and self._left > 0 and _thread() == self._thread:
            own = self._frames.get(id(_frame(1)))
            if own is not None and own.number:
                self._busy = True
                try:
                    own.back = self._encoder.encode(value)
                finally:
                    self._busy = False
        return value

    # ---------------------------------------------------------------------------------- steps

    def _record(
        self,
        own: BlockFrame,
        event: int,
        statement: int,
        line: int,
        scope: Mapping[str, Any],
        value: Encoded | None = None,
    ) -> None:
        if self._left <= 0:
            return
        if _tracer() or _profiler():
            self._stop("Recording stopped because the block traces itself, which would see the recorder, too.")
            return
        self._left -= 1
        memo: dict[int, Encoded] = {}
        changed = self._changed(own, scope, scope if own.number else self._names, memo)
        outer = self._outer(own, memo) if own.number else []
        self._send(own, event, statement, line, changed, outer, value)
        if self._watching:
            self._watched(own, scope)
        if self._left == 0 and event not in (END, ERROR):
            self._stop(f"Recording stopped after {self._max} steps; the block itself ran on.")
        elif self._bytes > MAX_BYTES:
            self._stop("Recording stopped because the values are too large; the block itself ran on.")

    def _send(
        self,
        own: BlockFrame,
        event: int,
        statement: int,
        line: int,
        changed: list[list[str]],
        outer: list[tuple[int, list[str]]],
        value: Encoded | None,
    ) -> None:
        depth = own.depth
        if depth > self._last_depth + 1:
            depth = self._last_depth + 1
        self._last_depth = depth
        own.step = self._count
        self._count += 1
        printed, drawn = self._block.printed, self._block.drawn
        self._steps.append([event, statement, line, own.number, depth, printed, drawn, changed, outer, value])
        self._bytes += 60
        for _, _, text, latex in changed:
            self._bytes += len(text) + len(latex) + 40
        if len(self._steps) >= BATCH or self._count < SENT_AT_ONCE or self._bytes - self._sent >= BATCH_BYTES:
            self.flush()

    def _watched(self, own: BlockFrame, scope: Mapping[str, Any]) -> None:
        for number, (kind, text, latex) in self._watches.changed(self._block.main.__dict__, scope):
            self._noted.append([self._count - 1, -1 - number, kind, text, latex])
            self._bytes += len(text) + len(latex) + 20

    def _last_line(self, statement: int, line: int, scope: Mapping[str, Any]) -> None:
        """The last expression is about to be worked out; no marker stands before it."""
        self._busy = True
        try:
            self._record(self._module, LINE, statement, line, scope)
        except Exception:  # noqa: BLE001 - as in _mark
            self._fail()
        finally:
            self._busy = False

    def _end(self, event: int, statement: int, line: int, scope: dict[str, Any], value: Encoded | None = None) -> None:
        """The last step; it is kept also where recording has stopped, so that the end shows every name's value."""
        self._busy = True
        try:
            self._names += self._made_by_hand(scope)
            self._left = max(self._left, 1)
            stopped, self.stopped = self.stopped, ""
            self._last_depth = 0
            self._record(self._module, event, statement, line, scope, value)
            self.stopped = stopped or self.stopped
        except Exception:  # noqa: BLE001 - as in _mark
            self._fail()

    def _made_by_hand(self, scope: Mapping[str, Any]) -> list[str]:
        """Names that no statement gave a value to: made by ``exec``, ``globals()`` and the like."""
        new = scope.keys() - self._known_before - self._imported - set(self._names)
        return sorted(n for n in new if not n.startswith("__") and _is_data(n, scope[n]))

    def _stop(self, why: str) -> None:
        self.stopped, self._left = why, 0
        self._uninstall()

    def _fail(self) -> None:
        self._stop("Recording stopped because the block disturbed the recorder; the block itself ran on.")

    def _changed(
        self, own: BlockFrame, scope: Mapping[str, Any], names: Iterable[str], memo: dict[int, Encoded]
    ) -> list[list[str]]:
        seen = own.seen
        changed: list[list[str]] = []
        gone = [n for n in seen if n not in scope] if names is scope else ()
        for name in (*names, *gone) if gone else names:
            before = seen.get(name)
            value = scope.get(name, _MISSING)
            if (before is not None and before[0] is value) or name == "__class__":
                continue
            if value is _MISSING or type(value) is types.ModuleType:
                if before is not None:
                    del seen[name]
                    own.unsettled.discard(name)
                    changed.append([name, "nothing", "", ""])
                continue
            settled = True
            if type(value) is int and -_SMALL < value < _SMALL:
                kind, text, latex = "number", str(value), ""
            elif settled := is_settled(value):
                kind, text, latex = self._encoder.encode(value)
            else:
                own.unsettled.add(name)
                if id(value) not in memo:
                    memo[id(value)] = self._encoder.encode(value)
                kind, text, latex = memo[id(value)]
            if before is None or before[1] != text:
                if len(changed) >= MAX_CHANGED:
                    break
                changed.append([name, kind, text, latex])
            # A settled value is kept alive, so that no other can pass for it; others are not, lest they live longer.
            seen[name] = (value if settled else _UNSETTLED, text)
        return changed

    def _outer(self, own: BlockFrame, memo: dict[int, Encoded]) -> list[tuple[int, list[str]]]:
        """What has changed in the frames around: lists that were passed on, and names that functions share."""
        found: list[tuple[int, list[str]]] = []
        at, looked = own.parent, 0
        while at is not None and at.number and looked < FRAMES_LOOKED_AT:
            if at.frame is not None and (at.unsettled or self._shared):
                scope = at.scope()
                names = [n for n in at.seen if n in at.unsettled or n in self._shared]
                found += [(at.number, c) for c in self._changed(at, scope, names, memo)]
            at, looked = at.parent, looked + 1
        module = self._module
        names = [n for n in self._names if n in module.unsettled or n in self._shared]
        if names:
            found += [(0, c) for c in self._changed(module, self._block.main.__dict__, names, memo)]
        return found

    def flush(self) -> None:
        """Send what has been recorded."""
        steps, self._steps = self._steps, []
        noted, self._noted = self._noted, []
        self._sent = self._bytes
        stopped = " ".join(filter(None, (self.stopped, *self._remarks)))
        if steps or noted or stopped:
            self._block.send({"k": "step", "steps": steps, "noted": noted, "stopped": stopped})


_nothing: Final = ().count
"""Takes anything and gives 0, faster than a function of Python's: a marker in the condition of a loop must be false."""


def _first(value: object) -> object:
    return value


def _second(_: int, value: object) -> object:
    return value


def _error(e: BaseException) -> Encoded:
    return "error", type.__dict__["__name__"].__get__(type(e)), ""


def _source_of(filename: str) -> list[str]:
    return linecache.getlines(filename)


def _is_data(name: str, value: object) -> bool:
    """Whether a name that the block did not make holds something to be shown: no function, class or constant."""
    if id(type(value)) in _NEVER or isinstance(value, type):
        return False
    owners = (sys.modules.get(module) for module in ("sympy", "numpy", "math", "cmath"))
    return not any(owner is not None and getattr(owner, name, _MISSING) is value for owner in owners)


def run(block: Block, command: dict[str, Any]) -> None:
    """Run one block and record at most ``command["record_steps"]`` steps of it."""
    recorder = Recorder(
        block,
        int(command["record_steps"]),
        bool(command.get("expressions")),
        [str(w) for w in command.get("watches", ())],
    )
    block.run(command["run"], command["code"], recorder.execute)
