"""What confined code must not be able to do, tried out in the real worker: one test per promise.

Each runs with every wall this computer has, and again without namespaces, as on a computer that forbids them.
"""

import errno
import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tutor_app.adapters.sandbox.sessions import Limits, Sandbox, guarantees
from tutor_app.core.events import RunFinished
from tutor_app.core.parts import Output
from tutor_app.core.trace_values import Record

if sys.platform == "linux":
    from tutor_app.adapters.sandbox.confine_notify import Judge, used

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these are Linux's walls")

Try = Callable[[str], Output]
SECRET = "canary-7d1f"


@pytest.fixture(
    scope="module",
    params=[pytest.param(True, id="all walls"), pytest.param(False, id="no namespaces", marks=pytest.mark.slow)],
)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    os.environ["CANARY"] = SECRET
    box = Sandbox(Limits(seconds=20), namespaces=request.param)
    yield box
    box.close()
    del os.environ["CANARY"]


@pytest.fixture
def attempt(sandbox: Sandbox) -> Iterator[Try]:
    session = sandbox.open()
    if not session.confinement["files"]:
        session.close()
        pytest.skip("this computer's kernel has no Landlock and allows no namespaces")

    def run(code: str) -> Output:
        *_, last = session.run(code)
        assert isinstance(last, RunFinished)
        return last.output

    yield run
    session.close()


def said(output: Output) -> str:
    return f"{output.stdout} {output.value} {output.error}"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "private.txt"
    file.write_text(SECRET)
    return file


# --- files


@pytest.mark.parametrize(
    "way",
    [
        "open({path!r}).read()",
        "__import__('os').read(__import__('os').open({path!r}, 0), 99)",
        "__import__('numpy').fromfile({path!r}, dtype='uint8').tobytes()",
        "__import__('linecache').getlines({path!r})",
        "__import__('ctypes').CDLL({path!r})",
        "__import__('mmap').mmap(__import__('os').open({path!r}, 0), 0, prot=1)[:]",
        "__import__('runpy').run_path({path!r})",
        "__import__('sympy').sympify('open({path!r})')",
        "open('../' * 12 + {path!r}).read()",
        "open('/proc/self/root' + {path!r}).read()",
        "__import__('shutil').copy({path!r}, 'copy') and open('copy').read()",
    ],
)
def test_a_private_file_cannot_be_read(attempt: Try, secret: Path, way: str) -> None:
    output = attempt("print(" + way.format(path=str(secret)) + ")")
    assert output.status == "error" or output.stdout == "[]\n"
    assert SECRET not in said(output)


@pytest.mark.parametrize("call", ["symlink", "link"])
def test_no_link_leads_out(attempt: Try, secret: Path, call: str) -> None:
    output = attempt(f"import os\nos.{call}({str(secret)!r}, 'inside')\nprint(open('inside').read())")
    assert output.status == "error"
    assert SECRET not in said(output)


def test_it_cannot_tell_whether_a_file_exists(attempt: Try, secret: Path) -> None:
    code = """
import os
def answers(path):
    found = []
    for ask in (os.stat, os.lstat, open, os.listdir, os.readlink, os.chdir, os.unlink, os.rmdir, os.statvfs,
                lambda p: os.open(p, os.O_PATH), lambda p: os.access(p, os.F_OK) or 'no',
                lambda p: os.rename(p, p + 'x'),
                lambda p: os.truncate(p, 0), lambda p: os.getxattr(p, 'user.a'), os.mkdir):
        try:
            found.append(str(ask(path)))
        except OSError as e:
            found.append(e.errno)
    return found
"""
    attempt(code)
    there = attempt(f"print(answers({str(secret)!r}))").stdout
    missing = attempt(f"print(answers({str(secret) + '-missing'!r}))").stdout
    assert there == missing != ""


def test_the_home_folder_cannot_be_listed(attempt: Try) -> None:
    for folder in ("/home", "/root", "/etc", "/tmp", "/var", str(Path.home())):
        assert attempt(f"import os\nprint(os.listdir({folder!r}))").status == "error"


def test_the_machines_identity_stays_unknown(attempt: Try) -> None:
    code = (
        "import os, platform, socket, ctypes\nprint(os.uname(), platform.node())\n"
        "b = ctypes.create_string_buffer(400)\nctypes.CDLL(None).uname(b)\nprint(b.raw)"
    )
    assert socket.gethostname() not in attempt(code).stdout
    for path in ("/etc/machine-id", "/etc/hostname", "/proc/sys/kernel/hostname", "/proc/cpuinfo", "/etc/passwd"):
        assert attempt(f"print(open({path!r}).read())").status == "error"


@pytest.mark.parametrize(
    "way",
    [
        "open(path, 'w').write('x')",
        "open(path, 'a').write('x')",
        "os.remove(path)",
        "os.rename(path, path + '2')",
        "os.replace('own', path)",
        "os.truncate(path, 0)",
        "os.chmod(path, 0)",
        "os.chown(path, os.getuid(), os.getgid())",
        "os.utime(path)",
        "os.setxattr(path, 'user.x', b'1')",
        "os.mkdir(path + '.d')",
        "os.mkfifo(path + '.f')",
        "os.symlink('/', path + '.l')",
        "os.rmdir(os.path.dirname(path))",
        "__import__('shutil').rmtree(os.path.dirname(path))",
        "__import__('sqlite3').connect(path).execute('create table t(a)')",
    ],
)
def test_nothing_outside_the_scratch_folder_can_be_changed(attempt: Try, secret: Path, way: str) -> None:
    before = secret.stat()
    attempt(f"import os\nopen('own', 'w').close()\npath = {str(secret)!r}\n{way}")
    after = secret.stat()
    assert secret.read_text() == SECRET
    assert (before.st_mode, before.st_mtime_ns, before.st_ctime_ns) == (
        after.st_mode,
        after.st_mtime_ns,
        after.st_ctime_ns,
    )
    assert [p.name for p in secret.parent.iterdir()] == ["private.txt"]


def test_common_places_cannot_be_written(attempt: Try) -> None:
    for folder in ("/tmp", "/dev/shm", "/var/tmp", str(Path.home()), "..", "/", sys.prefix, "/run"):
        name = f"{folder}/tutor-canary"
        assert attempt(f"open({name!r}, 'w')").status == "error"
        assert not Path(name).exists() or folder == ".."


def test_special_files_cannot_be_made(attempt: Try) -> None:
    for call in ("os.mkfifo('f')", "os.mknod('n')", "os.mknod('d', 0o20666, os.makedev(1, 8))", "os.symlink('a', 'b')"):
        assert attempt(f"import os\n{call}").status == "error"


# --- network


def test_no_socket_reaches_anything(attempt: Try, tmp_path: Path) -> None:
    reached: list[str] = []
    listeners = []
    for name, family, kind, address in (
        ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        ("path", socket.AF_UNIX, socket.SOCK_STREAM, str(tmp_path / "s")),
        ("datagram", socket.AF_UNIX, socket.SOCK_DGRAM, str(tmp_path / "d")),
        ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0tutor-{os.getpid()}"),
    ):
        listener = socket.socket(family, kind)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        listener.setblocking(False)
        listeners.append((name, listener, kind))
    where = [listener.getsockname() for _, listener, _ in listeners]
    names = [w.decode("latin1") if isinstance(w, bytes) else w for w in where]
    code = f"""
import socket
tcp, udp, path, datagram, abstract = {names!r}
def tries():
    yield lambda: socket.create_connection(tuple(tcp), 1).send(b'x')
    yield lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).sendto(b'x', 0x20000000, tuple(tcp))
    yield lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', tuple(udp))
    yield lambda: socket.socket(socket.AF_UNIX).connect(path)
    yield lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', datagram)
    yield lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', datagram)
    yield lambda: socket.socketpair()[0].sendto(b'x', path)
    yield lambda: socket.socketpair()[0].sendmsg([b'x'], [], 0, path)
    yield lambda: socket.socket(socket.AF_UNIX).connect(abstract)
    yield lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
    yield lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    yield lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
    yield lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    yield lambda: socket.getaddrinfo('localhost.invalid', 80)
    yield lambda: socket.create_server(('127.0.0.1', 0))
for t in tries():
    try:
        t()
        print('DONE')
    except OSError:
        print('refused')
"""
    output = attempt(code)
    for name, listener, kind in listeners:
        try:
            listener.accept() if kind == socket.SOCK_STREAM else listener.recv(10)
        except BlockingIOError:
            pass
        else:
            reached.append(name)
        listener.close()
    assert output.stdout.split() == ["refused"] * 15, said(output)
    assert reached == []


# --- processes


@pytest.mark.parametrize(
    "way",
    [
        "os.fork()",
        "os.forkpty()",
        "os.execv('/bin/sh', ['sh', '-c', 'true'])",
        "subprocess.run(['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "__import__('multiprocessing').Process(target=print).start()",
        "os.popen('true').read()",
        "__import__('pty').spawn('/bin/true')",
    ],
)
def test_no_other_program_or_process_can_be_started(attempt: Try, way: str) -> None:
    assert attempt(f"import os, subprocess\n{way}").status == "error"


def test_signals_reach_nobody_else(attempt: Try) -> None:
    got = []
    before = __import__("signal").signal(10, lambda *_: got.append(10))
    try:
        code = f"""
import os, signal, fcntl
for target in ({os.getpid()}, os.getppid(), 0, -1, 1):
    for send in (lambda: os.kill(target, 10), lambda: os.killpg(abs(target), 10), lambda: os.kill(target, 0)):
        try:
            send()
            print('SENT', target)
        except OSError:
            pass
try:
    r, w = os.pipe()
    fcntl.fcntl(r, fcntl.F_SETOWN, {os.getpid()})
    print('OWNED')
except OSError:
    pass
print('end')
"""
        assert attempt(code).stdout == "end\n"
        assert got == []
    finally:
        __import__("signal").signal(10, before)


def test_it_may_signal_itself(attempt: Try) -> None:
    output = attempt("import os, signal\nsignal.signal(10, lambda *a: print('got'))\nos.kill(os.getpid(), 10)")
    assert output.stdout == "got\n"


def test_the_programs_memory_and_environment_are_not_within_reach(attempt: Try) -> None:
    code = """
import os, gc
seen = [repr(dict(os.environ))]
for who in ('self', os.getppid(), 1):
    for what in ('environ', 'mem', 'maps', 'cmdline', 'fd', 'root', 'cwd', 'status'):
        try:
            seen.append(open(f'/proc/{who}/{what}', 'rb').read(100000).decode('latin1'))
        except OSError:
            pass
for o in gc.get_objects():
    if isinstance(o, dict):
        seen += [str(v) for v in list(o.values()) if isinstance(v, str)]
print(len(seen), 'canary-' + '7d1f' in ' '.join(seen))
"""
    assert attempt(code).stdout.endswith("False\n")


@pytest.mark.parametrize(
    ("name", "x86_64", "arguments"),
    [
        ("ptrace", 101, "0x4206, parent, 0, 0"),
        ("process_vm_readv", 310, "parent, 0, 0, 0, 0, 0"),
        ("pidfd_open", 434, "parent, 0"),
        ("kcmp", 312, "parent, me, 0, 0, 0"),
        ("prlimit64", 302, "parent, 7, 0, buffer"),
        ("prlimit64 set", 302, "0, 7, buffer, 0"),
        ("memfd_create", 319, "buffer, 0"),
        ("shmget", 29, "0, 4096, 0o1600"),
        ("msgget", 68, "0, 0o1600"),
        ("semget", 64, "0, 1, 0o1600"),
        ("mq_open", 240, "buffer, 66, 0o600, 0"),
        ("io_uring_setup", 425, "4, buffer"),
        ("bpf", 321, "0, buffer, 8"),
        ("userfaultfd", 323, "0"),
        ("perf_event_open", 298, "buffer, 0, -1, -1, 0"),
        ("keyctl", 250, "0, -3, 0"),
        ("add_key", 248, "buffer, buffer, buffer, 1, -3"),
        ("unshare", 272, "0x10000000"),
        ("setns", 308, "0, 0"),
        ("mount", 165, "buffer, buffer, buffer, 0, 0"),
        ("chroot", 161, "buffer"),
        ("clone with a user namespace", 56, "0x10000011, 0, 0, 0, 0"),
        ("a thread with descriptors of its own", 56, "0x10b00, 0, 0, 0, 0"),
        ("setsockopt", 54, "1, 1, 7, buffer, 4"),
        ("recvfrom out of band", 45, "0, buffer, 1, 1, 0, 0"),
        ("mincore", 27, "buffer, 4096, buffer"),
        ("vfork", 58, ""),
        ("inotify_init", 253, ""),
        ("name_to_handle_at", 303, "-100, buffer, buffer, buffer, 0"),
        ("landlock_create_ruleset", 444, "0, 0, 1"),
        ("seccomp", 317, "1, 0, buffer"),
        ("personality", 135, "0xffffffff"),
        ("setpriority", 141, "0, 0, 10"),
        ("sched_setaffinity", 203, "parent, 8, buffer"),
        ("rt_sigqueueinfo", 129, "parent, 10, buffer"),
        ("tkill", 200, "parent, 0"),
        ("fchmodat2", 452, "-100, buffer, 0, 0"),
        ("syslog", 103, "3, buffer, 100"),
        ("prctl set dumpable", 157, "4, 1, 0, 0, 0"),
        ("quotactl", 179, "0x800007, buffer, 0, 0"),
        ("uname", 63, "buffer"),
        ("setsid", 112, ""),
    ],
)  # fmt: skip
def test_the_kernels_rarer_doors_are_shut(attempt: Try, name: str, x86_64: int, arguments: str) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("system-call numbers of x86_64")
    code = f"""
import ctypes, os
parent, me, buffer = os.getppid(), os.getpid(), ctypes.create_string_buffer(4096)
library = ctypes.CDLL(None, use_errno=True)
print(library.syscall({", ".join(filter(None, [str(x86_64), arguments]))}), ctypes.get_errno())
"""
    assert attempt(code).stdout in ("-1 1\n", "-1 38\n"), name


def test_a_call_of_another_architecture_ends_the_worker(attempt: Try) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("x32 calls exist on x86_64")
    output = attempt("import ctypes\nprint(ctypes.CDLL(None).syscall(0x40000000 + 39))")
    assert output.status == "died"


def test_there_is_no_terminal(attempt: Try) -> None:
    assert attempt("open('/dev/tty', 'w')").status == "error"
    assert attempt("import os\nprint(os.isatty(0), os.isatty(1), os.read(0, 1))").stdout == "False False b''\n"


def test_only_the_protocols_descriptors_are_open(attempt: Try) -> None:
    code = (
        "import os\nn = []\nfor fd in range(64):\n    try: os.fstat(fd); n.append(fd)\n"
        "    except OSError: pass\nprint(n)"
    )
    assert json.loads(attempt(code).stdout) == [0, 1, 2, 3, 4]


def test_limits_cannot_be_raised(attempt: Try) -> None:
    code = "import resource as r\nprint([r.getrlimit(x)[1] for x in (r.RLIMIT_AS, r.RLIMIT_NOFILE, r.RLIMIT_CORE)])"
    assert attempt(code).stdout == "[1073741824, 64, 0]\n"
    assert attempt("r.setrlimit(r.RLIMIT_NOFILE, (64, 64))").status == "error"


def test_no_privilege_is_left(attempt: Try) -> None:
    code = """
import ctypes, os, struct
header = struct.pack('Ii', 0x20080522, 0)
data = ctypes.create_string_buffer(24)
capget = 125 if os.uname().machine == 'x86_64' else 90
ctypes.CDLL(None).syscall(capget, header, data)
print(data.raw == bytes(24))
"""
    assert attempt(code).stdout == "True\n"


def test_a_disk_cannot_be_reserved_in_one_call(attempt: Try) -> None:
    code = """
import ctypes, os
fd = os.open('large', os.O_RDWR | os.O_CREAT)
library = ctypes.CDLL(None, use_errno=True)
reserve = library.fallocate
reserve.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]
for mode in (0, 1, 3, 16):
    print(reserve(fd, mode, 0, 1 << 40), ctypes.get_errno())
os.posix_fallocate(fd, 0, 100_000)
print(os.stat('large').st_size)
"""
    assert attempt(code).stdout == f"-1 {errno.EOPNOTSUPP}\n" * 4 + "100000\n"


def test_when_memory_is_short_the_worker_goes_first(sandbox: Sandbox) -> None:
    session = sandbox.open()
    worker = session.worker
    assert worker is not None
    assert Path(f"/proc/{worker.pid}/oom_score_adj").read_text() == "1000\n"
    session.close()


def test_what_a_deleted_file_holds_counts(sandbox: Sandbox) -> None:
    code = """
import ctypes, os
library = ctypes.CDLL(None)
library.mmap.restype = ctypes.c_void_p
library.mmap.argtypes = [ctypes.c_void_p, ctypes.c_long, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
held = 0
try:
    for _ in range(100):
        fd = os.open('f', os.O_RDWR | os.O_CREAT)
        os.ftruncate(fd, 4 << 20)
        where = library.mmap(None, 4 << 20, 3, 1, fd, 0)
        os.close(fd)
        os.unlink('f')
        ctypes.memset(where, 1, 4 << 20)
        held += 4
except OSError as e:
    print(held)
"""
    session = sandbox.open()
    *_, last = session.run(code)
    session.close()
    assert isinstance(last, RunFinished)
    assert last.output.status == "died" or 0 < int(last.output.stdout) <= 64


def test_however_folders_are_moved_and_named_nothing_is_left(sandbox: Sandbox) -> None:
    code = """
import os
def chain(name):
    top = os.getcwd()
    for n in [name] + ['a'] * 29:
        os.mkdir(n)
        os.chdir(n)
    open('leaf', 'w').close()
    here = os.getcwd()
    os.chdir(top)
    return here
def tried(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        pass
inside = chain('a')
chain('b')
tried(os.rename, 'b', inside + '/b')
top = os.getcwd()
for depth in range(29, -1, -1):
    os.chdir(top + '/a' * depth)
    tried(os.rename, 'a', 'n' * 250)
os.chdir(top)
tried(os.mkdir, 'm' * 250)
"""
    session = sandbox.open()
    worker = session.worker
    assert worker is not None
    *_, last = session.run(code)
    session.close()
    sandbox.open().close()  # by then the one before has been cleared away
    assert isinstance(last, RunFinished)
    assert last.output.status == "ok", said(last.output)
    assert worker.scratch is not None
    assert not worker.scratch.exists()


# --- the protocol: whatever a worker sends, the program gets an outcome and goes on

SEND = """
import json, os, struct
def send(message):
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    data = struct.pack('<I', len(data)) + data
    while data:
        data = data[os.write(4, data):]
"""


@pytest.mark.parametrize(
    "forged",
    [
        "send({'k': 'step', 'steps': [[0, 0, 1e400, 0, 0, 0, 0, [], [], None]], 'noted': []})",
        "send({'k': 'step', 'steps': [[0, 99, 1, 0, 0, 0, 0, [], [], None]], 'noted': []})",
        "send({'k': 'step', 'steps': [[0, 0, 1, 0, 5, 0, 0, [], [], None]], 'noted': []})",
        "send({'k': 'step', 'steps': [], 'noted': [[7, 0, 'number', '1', '']]})",
        "send({'k': 'step', 'steps': 5})",
        "send(b'[' + b'[],' * 2_700_000 + b'[]]')",
        "send(b'[' * 4_000_000)",
        "send({'k': 'o', 't': [['x'] * 1000] * 1000})",
        "for _ in range(4000): send({'k': 'step', 'noted': [], 'steps': [[0, 0, 1, 0, 0, 0, 0, "
        "[['a', 'text', 'x' * 2000, '']] * 1000, [], None]]})",
        "os.close(4)",
        "os.dup2(1, 4)",
        "os.write(4, b'\\x10')",
    ],
)  # fmt: skip
@pytest.mark.parametrize("record", [None, Record(1000)], ids=["plain", "recorded"])
def test_no_message_harms_the_program(sandbox: Sandbox, forged: str, record: Record | None) -> None:
    session = sandbox.open()
    # What is never ended or never whole is waited for in vain, so not for long.
    seconds = 0.5 if forged.startswith(("for", "os")) else 3
    *_, last = session.run(SEND + forged + "\nprint('end')", timeout=seconds, record=record)
    assert isinstance(last, RunFinished)
    assert last.output.status in ("ok", "died", "error", "timeout")
    *_, last = session.run("print('still there')")
    session.close()
    assert isinstance(last, RunFinished)
    assert last.output.stdout == "still there\n"


def test_a_worker_that_does_not_listen_cannot_hold_the_program(sandbox: Sandbox) -> None:
    session = sandbox.open()
    for _ in session.run(SEND + "send({'k': 'done', 'status': 'ok'})\nimport time\ntime.sleep(600)"):
        pass
    *_, last = session.run("print('x')\n" + "# a long program\n" * 20_000, timeout=0.5)
    session.close()
    assert isinstance(last, RunFinished)
    assert last.output.status in ("died", "timeout")


@pytest.mark.parametrize(
    "code",
    [
        "class E(BaseException):\n def __str__(self): raise E()\nraise E()",
        "class E(Exception):\n def __str__(self): raise SystemExit(0)\nraise E()",
        "class M(type):\n __name__ = property(lambda c: 1 / 0)\nclass E(Exception, metaclass=M): pass\nraise E()",
        "class E(Exception):\n __traceback__ = 5\nraise E()",
        "class E(SyntaxError): pass\nraise E('x', (5, 'a', 'b', 7))",
        "class E(SyntaxError): pass\ne = E(); e.filename, e.lineno, e.text, e.msg = '<block 1>', 'x', 5, [1]\nraise e",
    ],
)
def test_an_exception_that_lies_about_itself_is_reported_by_its_name(attempt: Try, code: str) -> None:
    output = attempt(code)
    assert output.status == "error"
    assert output.error is not None
    assert output.error.type == "E"


# --- what the confinement refuses must not get in the way of ordinary mathematics


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("import shutil\nopen('a', 'w').write('hi')\nshutil.copy('a', 'b')\nprint(open('b').read())", "hi"),
        ("import os, shutil\nos.makedirs('x/y')\nshutil.copytree('x', 'z')\nprint(os.listdir('z'))", "['y']"),
        ("import locale\nlocale.setlocale(locale.LC_ALL, '')\nprint('set')", "set"),
        ("import sys, io\nsys.stdout = io.StringIO()\nprint('no')\nsys.stdout = sys.__stdout__\nprint('yes')", "yes"),
        ("import sys, io\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'utf-8')\nprint('wrapped')", "wrapped"),
        ("import sys\nprint(sys.stdout.name, sys.stdout.mode)", "<stdout> w"),
        (
            "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(40) as pool:\n"
            "    print(sum(pool.map(lambda x: x, range(40))))",
            "780",
        ),
        (
            "files = [open(f'f{i}', 'w') for i in range(10)]\nfor f in files: f.write('x'); f.close()\n"
            "import os\nprint(sum(os.path.getsize(f.name) for f in files))",
            "10",
        ),
        (
            "import matplotlib.pyplot as plt\nplt.rcParams.update({'text.usetex': True, 'font.family': 'No Such'})\n"
            "plt.plot([1, 2])\nplt.title('x')\nplt.savefig('a.png')\nprint('drawn')",
            "drawn",
        ),
    ],
)  # fmt: skip
def test_ordinary_code_does_not_meet_the_walls(attempt: Try, code: str, printed: str) -> None:
    output = attempt(code)
    assert (output.status, output.stdout) == ("ok", printed + "\n")


def test_multiprocessing_says_what_to_do_instead(attempt: Try) -> None:
    error = attempt("import multiprocessing\nmultiprocessing.Pool(2)").error
    assert error is not None
    assert error.hint.startswith("Code here runs in one process")


def test_concurrent_sessions_do_not_see_each_others_files(sandbox: Sandbox) -> None:
    first, second = sandbox.open(), sandbox.open()
    *_, end = first.run("import os\nopen('mine', 'w').write('private')\nprint(os.getcwd())")
    assert isinstance(end, RunFinished)
    path = end.output.stdout.strip() + "/mine"
    *_, end = second.run(f"print(open({path!r}).read())")
    first.close()
    second.close()
    assert isinstance(end, RunFinished)
    assert end.output.status == "error"


def test_sessions_may_run_at_once(sandbox: Sandbox) -> None:
    seen: list[str] = []

    def work(n: int) -> None:
        session = sandbox.open()
        *_, last = session.run(f"print({n} * 2)")
        assert isinstance(last, RunFinished)
        seen.append(last.output.stdout.strip())
        session.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == ["0", "2", "4", "6"]


def test_the_supervisor_judges_where_a_path_really_leads(tmp_path: Path) -> None:
    library, scratch, private = tmp_path / "lib", tmp_path / "scratch", tmp_path / "private"
    for folder in (library, scratch, private):
        folder.mkdir()
    (library / "way_out").symlink_to(private)
    judge = Judge([str(library)], str(scratch), quota=1 << 20)
    for allowed in (library / "a.py", scratch / "new", tmp_path, library / "way_out" / ".." / "lib"):
        assert judge("openat", [str(allowed)]) == 0, allowed
    for hidden in (private, library / "way_out", library / ".." / "private", f"{scratch}2", "/etc/passwd"):
        assert judge("stat", [str(hidden)]) == errno.ENOENT, hidden
    assert judge("rename", [str(scratch / "a"), str(private / "a")]) == errno.ENOENT
    assert judge("mkdir", [str(scratch / "d")], 0, 0o300) == errno.EPERM
    assert judge("mkdir", [str(scratch) + "/d" * 60]) == errno.EDQUOT
    (scratch / "big").write_bytes(b"x" * (2 << 20))
    assert judge("openat", [str(scratch / "more")], os.O_WRONLY | os.O_CREAT) == errno.EDQUOT
    assert judge("openat", [str(scratch / "big")], os.O_RDONLY) == 0
    for own in ("/proc/self/fd/0", "/usr/../proc/self/root/usr", "/proc"):
        assert judge("openat", [own]) == errno.ENOENT, own


def test_the_supervisor_counts_what_files_may_grow_to(tmp_path: Path) -> None:
    folder = str(tmp_path)
    sparse, held = tmp_path / "sparse", tmp_path / "held"
    with sparse.open("wb") as file:
        file.truncate(1 << 20)
    assert used(folder, 0) == 1 << 20
    with held.open("w+b") as file:
        file.write(bytes(8192))
        file.flush()
        assert used(folder, os.getpid()) >= (1 << 20) + 8192
        assert used(folder, os.getpid(), 4 << 20) == 5 << 20
        fd = os.dup(file.fileno())
        held.unlink()
        assert used(folder, os.getpid(), 4 << 20) == 5 << 20
        os.close(fd)
    judge = Judge([], folder, quota=4 << 20, pid=os.getpid(), file_bytes=1 << 20)
    assert judge("openat", [str(tmp_path / "new")], os.O_CREAT | os.O_WRONLY) == 0
    with (tmp_path / "a").open("w"), (tmp_path / "b").open("w"), (tmp_path / "c").open("w"):
        assert judge("openat", [str(tmp_path / "new")], os.O_CREAT | os.O_WRONLY) == errno.EDQUOT


def test_the_report_names_every_promise_and_the_memory() -> None:
    rows = guarantees()
    names = [r.name for r in rows]
    assert {"no network and no sockets", "starts no other program", "idle memory of the pool"} <= set(names)
    assert len(names) == len(set(names))
    assert all(r.how for r in rows)
