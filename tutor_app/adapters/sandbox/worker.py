"""The process that runs untrusted code: it loads the libraries, confines itself, and only then listens.

Two forms behind one protocol. On Linux a *template* loads the libraries once and forks a child for every
solution, which confines itself and waits warm. Elsewhere, where forking a process with loaded libraries is not
safe, each worker is a process of its own that loads them itself.

Runs without the rest of the program: by path, as a module, or as a switch of a frozen application. It reads one
argument, a JSON object, and refuses to run any code before it is confined as far as this computer allows.

Messages are framed as :mod:`tutor_app.adapters.wire` says. To the worker: ``run``, ``code``, ``record_steps``. From
the worker, with the key ``k``: ``ready``, ``o``/``e`` (text), ``fig``, ``step``, ``done``. What code writes to
descriptors 1 and 2 by itself goes through a pipe of its own.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import sysconfig
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

if not __package__:  # run by path: the only entry needed for the imports below, taken out again in main()
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tutor_app.adapters.sandbox import block, interpreter, tracing
from tutor_app.adapters.sandbox.figure_fonts import FONT_FOLDERS
from tutor_app.adapters.wire import pack, read_message

if TYPE_CHECKING:
    from tutor_app.adapters.sandbox import confine_notify

FRAME_LIMIT: Final = 8 << 20
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def library_roots() -> list[str]:
    """Folders and files Python needs for the modules it may still load; never a home folder."""
    roots = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    for name in ("sympy", "numpy", "mpmath", "matplotlib"):
        module = sys.modules.get(name)
        if module is not None and module.__file__:
            roots.add(str(Path(module.__file__).parent.parent))
    triplet = sysconfig.get_config_var("MULTIARCH")
    for lib in ("/lib", "/usr/lib"):
        if triplet:
            roots.add(f"{lib}/{triplet}")
        roots.add(f"{lib}64")
    with suppress(OSError):
        for line in Path("/proc/self/maps").read_text().splitlines():
            path = line.split(maxsplit=5)[5:]
            if path and path[0].startswith("/") and ".so" in path[0]:
                folder = Path(path[0]).parent
                roots.add(str(folder) if any(p.startswith("lib") for p in folder.parts) else path[0])
    roots.update(FONT_FOLDERS)
    roots.update(("/usr/share/zoneinfo", "/usr/lib/locale", "/etc/localtime", "/etc/ld.so.cache", *_DEVICES))
    home = os.path.realpath(_home())
    real = {os.path.realpath(r) for r in roots if Path(r).exists()}
    kept = [r for r in real if r != "/" and not (home + "/").startswith(r + "/")]
    return sorted(r for r in kept if not any(r != o and r.startswith(o + "/") for o in kept))


def _home() -> str:
    """The user's home folder, whatever the environment says."""
    if sys.platform == "win32":
        return str(Path.home())
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "/nonexistent"


def write_frame(fd: int, message: dict[str, Any]) -> None:
    """Write one frame; the process ends if the other side has closed the pipe."""
    data = pack(message)
    if len(data) > FRAME_LIMIT:
        data = pack({"k": message.get("k"), "toolarge": len(data)})
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError:
        os._exit(1)


def serve(commands: int, events: int, hello: dict[str, Any], config: dict[str, Any]) -> NoReturn:
    """Run blocks until the other side closes the pipe."""
    runner = block.Block(lambda m: write_frame(events, m), config["output_limit"])
    # Code that has redirected its output goes back by these. The first ones are kept: they own the descriptors.
    _owners = sys.__stdout__, sys.__stderr__
    vars(sys).update(__stdout__=runner.stdout, __stderr__=runner.stderr)
    # Recorded, so that recording a block finds its own pages copied, too.
    runner.warm_up(lambda n, c: tracing.run(runner, {"run": n, "code": c, "record_steps": 100, "expressions": True}))
    gc.freeze()  # what exists by now lives as long as the process; the collector need not look at it
    write_frame(events, {"k": "ready", **hello})
    requests = os.fdopen(commands, "rb")
    while (command := read_message(requests)) is not None:
        if command.get("record_steps"):
            tracing.run(runner, command)
        else:
            runner.run(command["run"], command["code"])
    os._exit(0)


def _arrange(commands: int, events: int, raw: int, link: int | None = None) -> tuple[int, int]:
    """Put the pipes at 3 and 4, the raw one at 1 and 2, nothing at 0, any link at 5, and close all others."""
    null = os.open(os.devnull, os.O_RDONLY)
    wanted = [null, raw, raw, commands, events] + ([] if link is None else [link])
    # Out of the way first: a pipe may sit at the number of another.
    high = [os.dup2(fd, 100 + i, inheritable=False) for i, fd in enumerate(wanted)]
    for target, fd in enumerate(high):
        os.dup2(fd, target, inheritable=False)
    os.closerange(len(wanted), os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 1 << 20 else 1 << 16)
    return 3, 4


def _end_with(fd: int, base: str | None, loaded: threading.Event) -> None:
    """End this process when the other end of ``fd`` closes, however busy it is, until ``loaded`` is set."""
    poll = select.poll()
    poll.register(fd, 0)  # only a hang-up is of interest
    while not loaded.is_set():
        if poll.poll(50):
            if base:
                remove_tree(Path(base))
            os._exit(0)


def remove_tree(top: Path) -> None:
    """Remove a folder however deep it is and whatever permissions its folders were made with."""
    folders, pending = [], [top]
    while pending:
        folder = pending.pop()
        folders.append(folder)
        with suppress(OSError):
            folder.chmod(0o700)
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                else:
                    Path(entry.path).unlink()
    for folder in reversed(folders):
        with suppress(OSError):
            folder.rmdir()


def _settle(scratch: str) -> None:
    """Point what looks for a home or a temporary folder at the scratch folder."""
    os.environ.update(HOME=scratch, TMPDIR=scratch, PWD=scratch)
    tempfile.tempdir = scratch


def _confine(config: dict[str, Any], parent: int | None, link: socket.socket | None = None) -> dict[str, Any]:
    """Confine this process as far as its system allows; returns what holds, for the ``ready`` message."""
    system: str = sys.platform
    if system == "linux":
        from tutor_app.adapters.sandbox import confine_linux, confine_notify

        policy = confine_linux.Policy(read=tuple(config["read"]), **config["policy"])
        handover = confine_notify.Handover(link) if link else None
        confined = confine_linux.confine(policy, parent, handover)
        _settle(confined.scratch)
        return {
            "landlock": confined.landlock,
            "seccomp": confined.seccomp,
            "namespaces": confined.namespaces,
            "supervised": confined.supervised,
            "held": confine_linux.verify(confined),
        }
    if system == "darwin":
        from tutor_app.adapters.sandbox import confine_macos

        held = confine_macos.confine(config)
    else:
        from tutor_app.adapters.sandbox import confine_windows

        held = confine_windows.confine(config)
    _settle(config["policy"]["scratch"])
    return {"held": held}


# --------------------------------------------------------------------------------------------- template


@dataclass(slots=True)
class _ForkedWorker:
    """What the template knows of one worker."""

    number: int
    pid: int
    pidfd: int
    scratch: Path
    root: Path
    link: socket.socket | None
    tried: bool = False
    supervisor: confine_notify.Supervisor | None = None


class Template:
    """Loads once, forks often: the parent of all workers on Linux.

    Control messages come through a ``SOCK_SEQPACKET`` socket with the worker's pipes attached; when the other
    end closes, however it died, every worker is killed and the working folder removed.
    """

    def __init__(self, control: socket.socket, config: dict[str, Any]) -> None:
        self._control, self._config = control, config
        self._base = Path(config["base"])
        self._workers: dict[int, _ForkedWorker] = {}  # by process
        self._links: dict[int, _ForkedWorker] = {}  # by descriptor
        self._supervisors: dict[int, _ForkedWorker] = {}  # by descriptor
        self._poll = select.poll()
        self._wake, wake = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def run(self) -> NoReturn:
        """Serve until the other end closes."""
        self._poll.register(self._control, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        while True:
            for fd, what in self._poll.poll():
                if fd == self._wake:
                    with suppress(BlockingIOError):
                        os.read(self._wake, 4096)
                    self._reap()
                elif fd in self._supervisors:
                    supervisor = self._supervisors[fd].supervisor
                    if what & select.POLLIN and supervisor is not None:
                        supervisor.answer()
                    else:
                        self._poll.unregister(fd)  # the process is gone
                elif fd in self._links:
                    kept = self._links[fd]
                    try:
                        self._take_listener(kept)
                    except OSError:  # it was killed in the middle of it
                        self._drop_link(kept)
                elif fd == self._control.fileno():
                    try:
                        data, fds, _, _ = socket.recv_fds(self._control, 1 << 16, 3)
                    except OSError:
                        data = b""
                    if not data:
                        self._end()
                    self._spawn(json.loads(data)["spawn"], fds)

    def _spawn(self, number: int, fds: list[int]) -> None:
        scratch, root = self._base / f"scratch{number}", self._base / f"root{number}"
        parent = os.getpid()
        link, theirs = socket.socketpair()
        try:
            scratch.mkdir(mode=0o700)
            root.mkdir(mode=0o700)
            pid = os.fork()
        except OSError as e:  # the disk is full, or memory short: no reason to end, which would end all the others
            os.write(fds[2], f"{e.strerror}\n".encode())
            for fd in (*fds, link.detach(), theirs.detach()):
                os.close(fd)
            remove_tree(scratch)
            remove_tree(root)
            self._tell({"exit": number, "status": -signal.SIGKILL}, [])
            return
        if pid == 0:
            try:
                self._child(parent, [*fds, theirs.detach()], str(scratch), str(root))
            except BaseException as e:  # noqa: BLE001 - a child must never return into the template's loop
                os.write(2, f"{type(e).__name__}: {e}\n".encode())
            finally:
                os._exit(70)
        theirs.close()
        for fd in fds:
            os.close(fd)
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:  # a kernel or a container without it: the number of the process must do
            pidfd = -1
        kept = _ForkedWorker(number, pid, pidfd, scratch, root, link)
        self._workers[pid] = self._links[link.fileno()] = kept
        self._poll.register(link, select.POLLIN)
        self._tell({"spawned": number, "pid": pid}, [pidfd] if pidfd >= 0 else [])

    def _child(self, parent: int, fds: list[int], scratch: str, root: str) -> NoReturn:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        commands, events = _arrange(*fds)
        os.setsid()
        config = dict(self._config)
        config["policy"] = {**config["policy"], "scratch": scratch, "root": root}
        with socket.socket(fileno=5) as link:
            hello = _confine(config, parent, link)
        serve(commands, events, hello, config)

    def _take_listener(self, kept: _ForkedWorker) -> None:
        """Serve the handshake of a child that wants its paths supervised; it offers a test descriptor first."""
        assert kept.link is not None
        from tutor_app.adapters.sandbox import confine_linux, confine_notify

        fd = confine_notify.take(kept.link, kept.pidfd)
        if fd < 0:
            self._drop_link(kept)
        elif not kept.tried:
            kept.tried = True
            os.close(fd)
        else:
            policy = self._config["policy"]
            judge = confine_notify.Judge(
                self._config["read"],
                str(kept.scratch),
                policy["scratch_bytes"] * 3 // 4,
                kept.pid,
                confine_linux.unsized_file_bytes(policy["file_bytes"], policy["scratch_bytes"]),
            )
            try:
                kept.supervisor = confine_notify.Supervisor(kept.pid, fd, judge)
            except OSError:
                os.close(fd)
                raise
            self._supervisors[fd] = kept
            self._poll.register(fd, select.POLLIN)
            self._drop_link(kept)

    def _drop_link(self, kept: _ForkedWorker) -> None:
        if kept.link is not None:
            self._poll.unregister(kept.link)
            del self._links[kept.link.fileno()]
            kept.link.close()
            kept.link = None

    def _reap(self) -> None:
        while self._workers:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            kept = self._workers.pop(pid)
            self._drop_link(kept)
            if kept.supervisor is not None:
                fd = kept.supervisor.listener
                with suppress(KeyError):
                    self._poll.unregister(fd)
                del self._supervisors[fd]
                kept.supervisor.close()
            if kept.pidfd >= 0:
                os.close(kept.pidfd)
            for folder in (kept.scratch, kept.root):
                remove_tree(folder)
            self._tell({"exit": kept.number, "status": os.waitstatus_to_exitcode(status)}, [])

    def _tell(self, message: dict[str, Any], fds: list[int]) -> None:
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], fds)
        except OSError:
            self._end()

    def _end(self) -> NoReturn:
        for pid in self._workers:
            os.kill(pid, signal.SIGKILL)
        for pid in self._workers:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        remove_tree(self._base)
        os._exit(0)


def main(argv: list[str] | None = None) -> NoReturn:
    """Entry point; the one argument is the configuration as JSON."""
    config = json.loads((sys.argv[1:] if argv is None else argv)[0])
    if not __package__:
        sys.path.pop(0)
    for folder in config["library_path"]:
        if folder not in sys.path:
            sys.path.append(folder)
    watched = config.get("control", config.get("commands"))
    loaded = threading.Event()
    if sys.platform != "win32":
        watcher = threading.Thread(target=_end_with, args=(watched, config.get("base"), loaded), daemon=True)
        watcher.start()
    interpreter.prepare()
    if hasattr(time, "tzset"):
        time.tzset()  # reads the time zone while it can be read
    config["read"] = library_roots()
    if "control" in config:
        interpreter.warm_caches()
        loaded.set()
        watcher.join()  # a process with threads must not be forked
        gc.collect()
        gc.freeze()  # the collector of a forked child would touch, and so copy, every page of the libraries
        Template(socket.socket(fileno=config["control"]), config).run()
    loaded.set()
    commands, events = config["commands"], config["events"]
    if sys.platform == "win32":
        from tutor_app.adapters.sandbox.confine_windows import open_handles

        commands, events, raw = open_handles((commands, events, config["raw"]))
        os.dup2(raw, 1)
        os.dup2(raw, 2)
        serve(commands, events, _confine(config, None), config)
    watcher.join()  # what confines a process confines its threads to come, not those there are
    commands, events = _arrange(commands, events, config["raw"])
    hello = _confine(config, None)
    threading.Thread(target=_end_with, args=(commands, None, threading.Event()), daemon=True).start()
    serve(commands, events, hello, config)


if __name__ == "__main__":
    main()
