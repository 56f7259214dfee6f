"""Running blocks in the real sandbox: what comes back, what persists, what is bounded."""

import base64
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.waiting import wait_until
from tutor_app.adapters.sandbox.figure_fonts import faces_with
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox, Session
from tutor_app.core.errors import SandboxFault
from tutor_app.core.events import FigureDrawn, OutputDelta, RunFinished, printed
from tutor_app.core.parts import Figure, Output
from tutor_app.resources import reinstall

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the sandbox on Windows has not been run yet")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(Limits(seconds=60))
    yield box
    box.close()


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[Session]:
    opened = sandbox.open()
    yield opened
    opened.close()


def run(session: Session, code: str, timeout: float | None = None) -> Output:
    *_, last = session.run(code, timeout=timeout)
    assert isinstance(last, RunFinished)
    return last.output


def figures(session: Session, code: str) -> list[Figure]:
    return [e.figure for e in session.run(code) if isinstance(e, FigureDrawn)]


def is_paused(session: Session) -> bool:
    assert session.worker is not None
    return bool(psutil.Process(session.worker.pid).status() == psutil.STATUS_STOPPED)


def processes_naming(text: str) -> list[str]:
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text in line.read_text(errors="replace"):
                found.append(line.parent.name)
        except OSError:
            continue
    return found


# --- what comes back


def test_value_of_a_last_expression_as_text_and_latex(session: Session) -> None:
    output = run(session, "from sympy import *\nx = symbols('x')\nintegrate(x**2, x)")
    assert (output.value, output.value_latex) == ("x**3/3", r"\frac{x^{3}}{3}")


def test_a_value_is_there_also_where_something_was_printed(session: Session) -> None:
    output = run(session, "print(1)\n2")
    assert (output.stdout, output.value) == ("1\n", "2")


def test_no_value_where_there_is_none(session: Session) -> None:
    assert run(session, "a = 2").value == ""
    assert run(session, "None").value == ""


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("2;", ""),
        ("x = 2\nx ;  # no more", ""),
        ("x = 1; x", "1"),
        ("x = 1; x;", ""),
        ("(2,\n 3);\n\n# end\n", ""),
        ("'é;'", "'é;'"),
        ("'é' ;", ""),
        ("2  # ;", "2"),
        ("';'", "';'"),
        ("[1,\n2]\n", "[1, 2]"),
    ],
)
def test_a_semicolon_at_the_end_keeps_the_value_back_as_in_a_notebook(session: Session, code: str, value: str) -> None:
    assert run(session, code).value == value


def test_value_of_a_container_of_symbols_has_latex_and_other_values_have_none(session: Session) -> None:
    assert run(session, "from sympy import *\n[sqrt(2), 3]").value_latex == r"\left[ \sqrt{2}, \  3\right]"
    plain = run(session, "[1, 2.5, 'a']")
    assert (plain.value, plain.value_latex) == ("[1, 2.5, 'a']", "")


def test_a_value_never_brings_its_own_markup(session: Session) -> None:
    code = (
        "class E:\n def __repr__(s): return 'plain'\n def _repr_html_(s): return '<b>x</b>'\n"
        " _repr_latex_ = _repr_html_\nE()"
    )
    output = run(session, code)
    assert (output.value, output.value_latex) == ("plain", "")


def test_stdout_and_stderr_keep_their_order(session: Session) -> None:
    code = "import sys\nprint('a')\nprint('b', file=sys.stderr)\nsys.stdout.buffer.write(b'c\\n')\nprint('d')"
    events = [e for e in session.run(code) if isinstance(e, OutputDelta)]
    assert "".join(e.text for e in events) == "a\nb\nc\nd\n"
    assert "".join(e.text for e in events if e.stream == "stderr") == "b\n"


def test_what_is_written_to_the_descriptors_is_seen_too(session: Session) -> None:
    assert run(session, "import os\nos.write(1, b'raw ')\nos.write(2, b'bytes')").stdout == "raw bytes"
    assert run(session, "import os\nos.close(1)\nos.close(2)\nprint('still here')").stdout == "still here\n"


def test_printing_is_seen_while_the_block_runs(session: Session) -> None:
    flag = threading.Event()
    for event in session.run("print('now')\nwhile True: pass", cancel=flag):
        if isinstance(event, OutputDelta):
            flag.set()
        else:
            assert isinstance(event, RunFinished)
            assert (event.output.stdout, event.output.status) == ("now\n", "stopped")


def test_control_characters_arrive_as_escapes(session: Session) -> None:
    output = run(session, r"print('\x1b[2J' + chr(0x202e) + 'abc\x00\x07' + chr(0xd800) + '\tend')")
    assert output.stdout == "\\x1b[2J\\u202eabc\\x00\\x07\\ud800\tend\n"


def test_an_error_has_type_message_line_traceback_and_hint(session: Session) -> None:
    error = run(session, "def f(n):\n    return 1 / n\n\nf(0)").error
    assert error is not None
    assert (error.type, error.message, error.line) == ("ZeroDivisionError", "division by zero", 2)
    assert "line 4, in <module>" in error.traceback
    assert "return 1 / n" in error.traceback
    assert "divided by zero" in error.hint


def test_library_frames_are_left_out_and_the_line_is_the_blocks(session: Session) -> None:
    error = run(session, "import sympy\nsympy.sympify('2x +')").error
    assert error is not None
    assert error.type == "SympifyError"
    assert error.line == 2
    assert "site-packages" not in error.traceback


def test_a_syntax_error_names_its_line(session: Session) -> None:
    error = run(session, "a = 1\nb = (2").error
    assert error is not None
    assert (error.type, error.line) == ("SyntaxError", 2)


def test_an_error_in_an_earlier_blocks_function_names_the_line_of_this_block(session: Session) -> None:
    run(session, "\n\n\ndef f():\n    raise ValueError('no')")
    error = run(session, "x = 1\nf()").error
    assert error is not None
    assert error.line == 2


def test_input_fails_at_once_and_says_why(session: Session) -> None:
    error = run(session, "n = int(input('n? '))").error
    assert error is not None
    assert error.type == "EOFError"
    assert "nobody can type" in error.hint


def test_main_guard_runs(session: Session) -> None:
    assert run(session, "if __name__ == '__main__':\n    print('main')").stdout == "main\n"


def test_exit_ends_the_block_only(session: Session) -> None:
    assert run(session, "a = 1\nprint('x')\nexit()").status == "ok"
    assert run(session, "import sys\nsys.exit(3)").status == "error"
    assert run(session, "print(a)").stdout == "1\n"


def test_figures_come_as_svg_and_png_without_being_asked_for(session: Session) -> None:
    (figure,) = figures(
        session, "import matplotlib.pyplot as plt\nplt.plot([1, 4, 9])\nplt.title('Squares')\nplt.xlabel('n')"
    )
    assert figure.svg.startswith("<svg")
    assert base64.b64decode(figure.png).startswith(b"\x89PNG")
    assert 500 < figure.width < 640
    assert 400 < figure.height < 480
    assert figure.alt == (
        "Plot: Squares; x (n) from \u22120.1 to 2.1; y from 0.6 to 9.4; "
        "curve from (0, 1) to (2, 9), lowest 1, highest 9"
    )


def test_show_sends_in_order_and_each_figure_once(session: Session) -> None:
    code = (
        "import matplotlib.pyplot as plt\nprint('a')\nplt.plot([1])\nplt.show()\nprint('b')\n"
        "plt.figure()\nplt.plot([2])"
    )
    kinds = [type(e).__name__ for e in session.run(code)]
    assert [k for k in kinds if k != "OutputDelta"] == ["FigureDrawn", "FigureDrawn", "RunFinished"]
    assert kinds.index("FigureDrawn") < len(kinds) - 1 - kinds[::-1].index("OutputDelta")


def test_a_saved_and_closed_figure_is_not_lost(session: Session) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.savefig('a.png')\nplt.close()"
    assert len(figures(session, code)) == 1


def test_fonts_that_are_no_longer_used_take_no_pipe_with_them(session: Session) -> None:
    code = (
        "import gc, matplotlib.font_manager as m, matplotlib.mathtext as t\n"
        "m._get_font.cache_clear(); t.MathTextParser._parse_cached.cache_clear(); gc.collect()\nprint('still here')"
    )
    assert run(session, code).stdout == "still here\n"
    many = "import sympy as sp\nt = sp.Symbol('t')\nfor k in range(9):\n    sp.plot(t + k, (t, 0, 1))\nprint('drawn')"
    assert run(session, many).stdout == "drawn\n"


def test_a_figure_that_cannot_be_drawn_is_said_once_and_the_others_come(session: Session) -> None:
    code = "import matplotlib.pyplot as plt\nplt.title(r'$\\frac{1}{$')\nplt.plot([1])\nplt.figure()\nplt.plot([1, 2])"
    events = list(session.run(code))
    drawn = [e.figure for e in events if isinstance(e, FigureDrawn)]
    assert ["from (0, 1) to (1, 2)" in f.alt for f in drawn] == [True]
    assert isinstance(events[-1], RunFinished)
    assert events[-1].output.status == "error"
    assert run(session, "print(1)").stdout == "1\n"


def test_a_picture_too_large_comes_coarser(session: Session) -> None:
    code = (
        "import numpy as np, matplotlib.pyplot as plt\nplt.figure(figsize=(20, 20))\n"
        "plt.imshow(np.random.default_rng(0).random((1500, 1500, 3)), interpolation='nearest')"
    )
    (figure,) = figures(session, code)
    assert figure.svg == ""
    assert 0 < figure.width < 2000


@pytest.mark.parametrize(("count", "said"), [(8, ""), (9, "1 more figure was"), (25, "17 more figures were")])
def test_figures_that_are_left_out_are_counted(session: Session, count: int, said: str) -> None:
    code = (
        f"import matplotlib.pyplot as plt\nfor i in range({count}):\n    plt.figure(figsize=(1, 1))\n"
        "    plt.plot([i])\n"
        "plt.show()\nprint('drawn')"
    )
    output = run(session, code)
    assert output.stdout == "drawn\n"
    assert output.warnings == (f"{said} drawn; only the first 8 are shown." if said else "")


def test_all_of_a_figure_is_in_its_picture(session: Session) -> None:
    plain = "import matplotlib.pyplot as plt\nplt.bar(['a', 'b'], [1, 2], label='height in metres')\n"
    (inside,) = figures(session, plain + "plt.legend()")
    (beside,) = figures(session, plain + "plt.legend(bbox_to_anchor=(1.05, 1), loc='upper left')")
    (below,) = figures(session, plain + "plt.xticks([0, 1], ['a very long name of a bar'] * 2, rotation=90)")
    assert beside.width > inside.width + 100
    assert below.height > inside.height + 100


def test_what_is_drawn_far_outside_makes_no_huge_picture(session: Session) -> None:
    code = (
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nfor x in (-30, 30):\n"
        "    plt.text(x, 0.5, 'away', transform=plt.gca().transAxes)"
    )
    (figure,) = figures(session, code)
    assert figure.width == 640


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts the open files of Linux")
def test_looking_for_a_letter_keeps_no_font_open(tmp_path: Path) -> None:
    font = Path(__file__).parents[2] / "resources" / "fonts" / "JetBrainsMono-Regular.ttf"
    files = [tmp_path / f"{k}.ttf" for k in range(40)]
    for file in files:
        file.symlink_to(font)
    before = len(list(Path("/proc/self/fd").iterdir()))
    found = faces_with({"\ub192", "\u03b1"}, [str(tmp_path / "none.ttf"), *map(str, files)])
    assert found == {"\u03b1": str(files[0])}
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_letters_are_drawn_or_said_to_be_without_a_font(session: Session) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([3, 4], label='{0}')\nplt.title('{0} $x^2$')\nplt.legend()"
    greek = run(session, code.replace("{0}", "\u03b1\u03b2 caf\u00e9"))
    assert (greek.status, greek.warnings) == ("ok", "")
    korean = run(session, code.replace("{0}", "\ub192\uc774"))
    assert (korean.status, korean.warnings) in (
        ("ok", ""),
        ("ok", "This computer has no font for some letters of the figure: \ub192\uc774"),
    )
    no_font_has_it = run(session, code.replace("{0}", "\U0001e5d5"))
    assert no_font_has_it.status == "ok"
    thai = run(session, code.replace("{0}", "\u0e17\u0e35"))
    categories = run(session, "import matplotlib.pyplot as plt\nplt.bar(['\u0e17', 'b'], [3, 4])")
    assert (categories.status, bool(categories.warnings)) == ("ok", bool(thai.warnings))


def test_figures_are_bounded_in_number_and_size(session: Session) -> None:
    code = (
        "import matplotlib.pyplot as plt\nfor i in range(12):\n"
        "    plt.figure(figsize=(90, 90) if i == 0 else (2, 2))\n    plt.plot([i])"
    )
    drawn = figures(session, code)
    assert len(drawn) == 8
    assert 1500 < max(f.width for f in drawn) <= 2000


def test_a_sympy_plot_is_a_figure_and_its_handle_no_value(session: Session) -> None:
    events = list(session.run("from sympy import *\nx = symbols('x')\nplot(x**2)"))
    assert [type(e).__name__ for e in events] == ["FigureDrawn", "RunFinished"]
    assert isinstance(events[-1], RunFinished)
    assert events[-1].output.value == ""


def test_a_figure_that_only_a_value_holds_is_drawn(session: Session) -> None:
    code = "from matplotlib.figure import Figure\nf = Figure()\nf.subplots().plot([1, 2])\nf"
    events = list(session.run(code))
    assert [type(e).__name__ for e in events] == ["FigureDrawn", "RunFinished"]
    assert isinstance(events[-1], RunFinished)
    assert events[-1].output.value == ""


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("x^2", "write x**2"),
        ("np.sqrt(x)", "SymPy's function"),
        ("range(x)", "plain number"),
        ("math.sqrt(x)", "substitute values"),
        ("x(2)", "* may be missing"),
        ("if x > 1: pass", "neither true nor false"),
        ("'a' + 1", "str(...)"),
        ("a, b = 5", "only one value"),
        ("a, b = 1, 2, 3", "number of names"),
        ("max([])", "nothing in the list"),
        ("solve(x - 1, x)[1]", "Positions start at 0"),
        ("solve(x - 1, x).subs(x, 1)", "another kind of value"),
        ("{}[x]", "no such key"),
        ("nsolve(x**2 + 1, x, 1)", "starting value"),
        ("solve(cos(x) - x, x)", "nsolve"),
        ("undefined", "define it first"),
        ("import pandas", "not available here"),
        ("from sympy import solveit", "check the spelling"),
        ("def f(): return f()\nf()", "called itself too often"),
        ("Matrix([[1, 2], [2, 4]]).inv()", "determinant is zero"),
        ("2x", "write 2*x"),
        ("if x = 1: pass", "write == to compare"),
        ("return 1", "inside a function"),
        ("3 \u2212 2", "type it with the keyboard"),
        ("print((1)", "bracket or quote"),
    ],
)
def test_the_commonest_mistakes_have_a_hint(session: Session, code: str, hint: str) -> None:
    error = run(session, f"from sympy import *\nimport math\nimport numpy as np\nx = symbols('x')\n{code}").error
    assert error is not None
    assert hint in error.hint


NOTEBOOK = "a command of notebooks"
PROMPTS = "leave them out"
TERMINAL = "a command for a terminal"
PROCESSES = "runs in one process"


@pytest.mark.parametrize(
    ("code", "line", "hint"),
    [
        ("%config InlineBackend.figure_format = 'svg'\nx = 1", 1, NOTEBOOK),
        ("x = 1\n%time x + 1", 2, NOTEBOOK),
        ("%%capture\nx = 1", 1, NOTEBOOK),
        ("!pip install numpy", 1, NOTEBOOK),
        ("files = !ls", 1, NOTEBOOK),
        ("?sum", 1, NOTEBOOK),
        ("x = 1\nsum??", 2, NOTEBOOK),
        ("  %pylab", 1, NOTEBOOK),
        ("get_ipython().run_line_magic('time', '1')", 1, NOTEBOOK),
        (">>> a = 7\n>>> a\n7", 1, PROMPTS),
        ("    >>> a = 7", 1, PROMPTS),
        ("In [4]: import cmath", 1, PROMPTS),
        ("In [4]: a = 7", 1, PROMPTS),
        ("Out[4]: 7", 1, PROMPTS),
        ("$ python homework.py", 1, TERMINAL),
        ("pip install sympy", 1, TERMINAL),
        ("from concurrent.futures import ProcessPoolExecutor as Pool\nlist(Pool(2).map(abs, [1]))", 2, PROCESSES),
        ("import multiprocessing\nmultiprocessing.Pool(2)", 2, PROCESSES),
        ("import multiprocessing\nmultiprocessing.Process(target=print).start()", 2, PROCESSES),
        ("import subprocess\nsubprocess.run(['ls'])", 2, PROCESSES),
        ("import os\nos.fork()", 2, PROCESSES),
        ("from joblib import Parallel", 1, PROCESSES),
        ("x = 1\nbreak", 2, "inside a loop"),
        ("for x in ():\n    pass\ncontinue", 3, "inside a loop"),
        ("x = 1\nreturn x", 2, "inside a function"),
        ("x = 1\nawait x", 2, "inside an async function"),
    ],
)  # fmt: skip
def test_what_only_looks_like_python_has_a_hint_and_shows_its_line(
    session: Session, code: str, line: int, hint: str
) -> None:
    error = run(session, code).error
    assert error is not None
    assert hint in error.hint
    assert error.line == line
    assert code.splitlines()[line - 1].strip() in error.traceback


def test_an_error_of_the_blocks_own_is_not_told_as_sympys(session: Session) -> None:
    error = run(session, "raise NotImplementedError('to be written')").error
    assert error is not None
    assert error.hint == ""


def test_ordinary_python_works(session: Session) -> None:
    code = """
import asyncio, collections, csv, dataclasses, heapq, statistics, tempfile, threading, zoneinfo
import numpy as np
@dataclasses.dataclass
class P:
    x: int
async def five():
    return 5
found = []
thread = threading.Thread(target=lambda: found.append(1))
thread.start(); thread.join()
with tempfile.NamedTemporaryFile('w') as f:
    f.write('x')
open('a.txt', 'w').write('hi')
print(P(3), asyncio.run(five()), found, open('a.txt').read(), np.linalg.det(np.eye(2)), 2**20000 > 0)
"""
    assert run(session, code).stdout == "P(x=3) 5 [1] hi 1.0 True\n"


# --- what a terminal and a notebook show


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("import sys\nfor i in (0, 50, 100):\n    sys.stdout.write(f'\\r{i} of 100')\nprint()", "100 of 100\n"),
        ("for i in range(4):\n    print(i, 'done', end='\\r')", "3 done"),
        ("print('Wait...', end='', flush=True)\nprint('\\rReady  ')\nprint('next')", "Ready\nnext\n"),
        ("print('long text\\rLONG')", "LONG text\n"),
        ("print('a\\r\\nb')", "a\nb\n"),
        ("print('12\\b3')", "13\n"),
        ("import sys\nsys.stderr.write('\\r5%')\nsys.stderr.write('\\r9%\\n')\nNone", "9%\n"),
        ("import os\nos.write(1, b'\\rone')\nos.write(1, b'\\rtwo\\n')\nNone", "two\n"),
        ("print('old text\\r\\x1b[Know')", "now\n"),
    ],
)
def test_overwritten_text_is_shown_as_a_terminal_shows_it_in_the_end(session: Session, code: str, shown: str) -> None:
    events = list(session.run(code))
    assert isinstance(events[-1], RunFinished)
    assert events[-1].output.stdout == shown
    assert printed(e for e in events if isinstance(e, OutputDelta)) == shown


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("print('.', end='', flush=True)\nprint('.', end='', flush=True)", ".."),
        ("print('Wait', end='', flush=True)", "Wait"),
        ("import os\nos.write(1, b'50 %')", "50 %"),
        ("import sys\nsys.stdout.write('\\r  0 %')\nsys.stdout.flush()", "  0 %"),
        ("print('  0 %', end='\\r', flush=True)", "  0 %"),
    ],
)
def test_an_unfinished_line_is_seen_while_the_block_runs(session: Session, code: str, seen: str) -> None:
    flag = threading.Event()
    deltas: list[OutputDelta] = []
    for event in session.run(f"{code}\nwhile True: pass", cancel=flag):
        if isinstance(event, OutputDelta):
            deltas.append(event)
            if printed(deltas) == seen:
                flag.set()
        else:
            assert isinstance(event, RunFinished)
            assert (event.output.stdout, event.output.status) == (seen, "stopped")
    assert printed(deltas) == seen


def test_an_unfinished_line_that_grows_forever_ends_at_the_limit(session: Session) -> None:
    events = list(session.run("while True: print('.' * 999, end='', flush=True)"))
    assert isinstance(events[-1], RunFinished)
    output = events[-1].output
    assert output.truncated
    assert printed(e for e in events if isinstance(e, OutputDelta)) == output.stdout
    assert set(output.stdout) == {"."}


def test_what_is_overwritten_does_not_count_as_output(session: Session) -> None:
    output = run(session, "import sys\nfor i in range(80001):\n    sys.stdout.write(f'\\r{i} of 80000')\nprint()")
    assert (output.status, output.stdout) == ("ok", "80000 of 80000\n")


@pytest.mark.parametrize(
    ("code", "stdout", "value", "latex"),
    [
        ("display(Rational(2, 7) + 1)", "", "9/7", r"\frac{9}{7}"),
        ("display(x, x**3)", "", "x\nx**3", r"\begin{gathered}x \\ x^{3}\end{gathered}"),
        ("display(x)\ndisplay('b')", "", "x\n'b'", ""),
        ("display(x)\nx + 1", "", "x\nx + 1", r"\begin{gathered}x \\ x + 1\end{gathered}"),
        ("print('a')\ndisplay(x)\nprint('b')", "a\nx\nb\n", "", ""),
        ("print('a', end='')\ndisplay(x)", "a\nx\n", "", ""),
        ("print('a')\ndisplay(x)\nx + 1", "a\nx\n", "x + 1", "x + 1"),
        ("for n in range(2):\n    display(x**n)", "", "1\nx", r"\begin{gathered}1 \\ x\end{gathered}"),
        ("from IPython.display import Math\ndisplay(Math('$x_1$'))", "", "$x_1$", "x_1"),
        ("import IPython.display as d\nd.display(5)", "", "5", ""),
        (
            "from IPython.display import HTML, Image\ndisplay(HTML('<b>7</b>'), Image('a.png'))",
            "",
            "<b>7</b>\n<Image>",
            "",
        ),
    ],
)
def test_display_shows_values_as_a_notebook_does(
    session: Session, code: str, stdout: str, value: str, latex: str
) -> None:
    output = run(session, f"from sympy import *\nx = symbols('x')\n{code}")
    assert (output.status, output.stdout, output.value, output.value_latex) == ("ok", stdout, value, latex)


def test_what_was_displayed_before_an_error_is_kept(session: Session) -> None:
    output = run(session, "display(4)\n1 / 0")
    assert (output.status, output.stdout, output.value) == ("error", "4\n", "")


def test_display_draws_a_figure_once(session: Session) -> None:
    assert len(figures(session, "import matplotlib.pyplot as plt\nf = plt.figure()\nplt.plot([1])\ndisplay(f)")) == 1


def test_warnings_are_told_apart_from_the_output(session: Session) -> None:
    code = (
        "import warnings\nimport numpy as np\nfor _ in range(3):\n    warnings.warn('look at /home/me/data.csv')\n"
        "np.array([1.0, 2.0]) / 0\nprint('done')"
    )
    output = run(session, code)
    assert output.stdout == "done\n"
    assert output.warnings == (
        "UserWarning: look at data.csv (line 4)\nRuntimeWarning: divide by zero encountered in divide (line 5)"
    )
    assert run(session, "print(1)").warnings == ""


def test_what_is_deprecated_is_said_of_the_lines_of_the_block_alone(session: Session) -> None:
    code = (
        "import warnings, re, types\ndef f():\n    warnings.warn('old way', DeprecationWarning)\nf()\n"
        "import numpy as np\nnone = np.row_stack([[1], [2]])\n"
        "library = types.ModuleType('library')\n"
        "exec('import warnings\\nwarnings.warn(\"inside\", DeprecationWarning)', library.__dict__)\n"
        "warnings.warn('rather not', PendingDeprecationWarning)\nx = '\\\\frac'.replace('\\f', '')"
    )
    lines = run(session, code).warnings.splitlines()
    assert lines[0] == "DeprecationWarning: old way (line 3)"
    assert [line for line in lines[1:] if "row_stack" not in line] == []
    assert all(line.endswith("(line 6)") for line in lines[1:])


@pytest.mark.parametrize("module", ["shelve", "dbm", "dbm.dumb"])
def test_values_are_kept_in_a_shelf(session: Session, module: str) -> None:
    code = f"import {module} as m\nwith m.open('kept', 'c') as d:\n    d['a'] = b'1'\nprint(m.open('kept')['a'])"
    assert run(session, code).stdout == "b'1'\n"


def test_warnings_are_bounded_and_can_be_turned_off(session: Session) -> None:
    source = "import warnings\nfor n in range(30):\n    warnings.warn(f'{n:02}-' * 2000)"
    lines = run(session, source).warnings.split("\n")
    assert len(lines) == 11
    assert lines[-1] == "20 more warnings are not shown."
    assert max(map(len, lines)) < 700
    assert run(session, "warnings.simplefilter('ignore')\nwarnings.warn('x')").warnings == ""


# --- what persists


def test_names_persist_between_blocks_and_not_between_sessions(sandbox: Sandbox, session: Session) -> None:
    run(session, "import sympy\nsympy.solve = lambda *a: 'patched'\nsecret = 1")
    assert run(session, "print(sympy.solve(1), secret)").stdout == "patched 1\n"
    other = sandbox.open()
    assert run(
        other, "from sympy import *\nx = symbols('x')\nprint(solve(x - 2, x), 'secret' in globals())"
    ).stdout == ("[2] False\n")
    other.close()


def test_a_session_begins_empty_though_its_worker_ran_a_typical_block(session: Session) -> None:
    code = (
        "import linecache, sys\nprint([n for n in dir() if n[0] != '_'], __name__, list(linecache.cache)[-1:])\n"
        "import matplotlib.pyplot as plt\nprint(plt.get_fignums(), sys.modules['__main__'].__dict__ is globals())"
    )
    assert run(session, code).stdout == "['linecache', 'sys'] __main__ ['<block 1>']\n[] True\n"


def test_a_timeout_keeps_the_output_and_the_names(session: Session) -> None:
    run(session, "kept = 5")
    output = run(session, "print('partly')\nwhile True: pass", timeout=0.5)
    assert (output.status, output.stdout) == ("timeout", "partly\n")
    assert output.error is not None
    assert (output.error.type, output.error.line) == ("TimeoutError", 2)
    assert run(session, "print(kept)").stdout == "5\n"


def test_code_that_will_not_stop_is_killed_and_its_names_are_rebuilt(session: Session) -> None:
    run(session, "kept = [1, 2]")
    run(session, "kept.append(3)\nraise ValueError")
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('partly')\nwhile True: pass"
    output = run(session, stubborn, timeout=0.5)
    assert (output.status, output.stdout) == ("timeout", "partly\n")
    assert run(session, "print(kept)").stdout == "[1, 2, 3]\n"


def test_a_crash_is_said_and_the_names_are_rebuilt(session: Session) -> None:
    run(session, "a = 7")
    output = run(session, "import ctypes\nprint('on the way')\nctypes.string_at(0)")
    assert (output.status, output.stdout) == ("died", "on the way\n")
    assert output.error is not None
    assert "segmentation fault" in output.error.message
    assert run(session, "print(a)").stdout == "7\n"


def test_names_that_cannot_be_rebuilt_are_said_to_be_lost(session: Session) -> None:
    # A block that is cut short leaves its names, but is not run again; the next one depends on them.
    assert run(session, "first = True\nwhile True: pass", timeout=0.3).status == "timeout"
    assert run(session, "import os\nif 'first' not in globals(): os._exit(1)").status == "ok"
    run(session, "import os\nos._exit(9)")
    output = run(session, "print('here')")
    assert "could not be restored" in output.stdout
    assert output.stdout.endswith("here\n")


def test_a_reader_who_stops_listening_leaves_a_usable_session(session: Session) -> None:
    run(session, "a = 2")
    events = session.run("print('x')\nwhile True: pass")
    next(iter(events))
    events.close()  # type: ignore[attr-defined]
    assert run(session, "print(a)").stdout == "2\n"


def test_threads_left_behind_rest_between_blocks(session: Session) -> None:
    run(
        session,
        (
            "import threading, time\nn = 0\ndef count():\n    global n\n    while True:\n"
            "        n += 1\n        time.sleep(0.001)\n"
            "threading.Thread(target=count, daemon=True).start()"
        ),
    )
    for _ in range(3):
        assert int(run(session, "print(n)").stdout) >= 0
        wait_until(lambda: is_paused(session))


LATE = """
import io, logging, os, sys, threading
from concurrent.futures import ThreadPoolExecutor
logging.basicConfig()
go, gone = threading.Event(), threading.Event()
copy = os.dup(1)
def speak():
    go.wait(20)
    print('late')
    sys.stdout.write('late')
    sys.stdout.buffer.write(b'late')
    sys.__stdout__.write('late')
    sys.stderr.write('late')
    os.write(1, b'late')
    os.write(copy, b'late')
    os.writev(1, [b'la', b'te'])
    for fd in (1, 2, copy):
        print('late', file=open(fd, 'w', closefd=False))
        open(fd, 'wb', 0, closefd=False).write(b'late')
        os.fdopen(fd, 'a', closefd=False).write('late')
        io.FileIO(fd, 'w', closefd=False).write(b'late')
        io.FileIO(fd, 'w', closefd=False).writelines([b'la', b'te'])
        io.BufferedWriter(io.FileIO(fd, 'w', closefd=False)).write(b'late')
    logging.warning('late')
    display('late')
    gone.set()
"""


@pytest.mark.parametrize(
    "start",
    [
        "threading.Thread(target=speak).start()",
        "threading.Thread(target=speak, daemon=True).start()",
        "threading.Timer(0.01, speak).start()",
        "pool = ThreadPoolExecutor()\nfuture = pool.submit(speak)",
        "import _thread\nnone = _thread.start_new_thread(speak, ())",
        "threading.Thread(target=lambda: threading.Thread(target=speak).start()).start()",
    ],
)
def test_a_thread_left_behind_says_nothing_in_a_later_block(session: Session, start: str) -> None:
    assert run(session, f"{LATE}{start}\nprint('first')").stdout == "first\n"
    second = run(session, "go.set()\nprint(gone.wait(20))\n'value'")
    assert (second.stdout, second.value, second.warnings) == ("True\n", "'value'", "")


def test_a_thread_left_behind_draws_nothing_in_a_later_block(session: Session) -> None:
    run(session, LATE.replace("print('late')", "plt.figure()\n    plt.plot([1])\n    plt.show()"))
    run(session, "import matplotlib.pyplot as plt\nthreading.Thread(target=speak).start()")
    assert figures(session, "go.set()\nnone = gone.wait(20)") == []
    assert len(figures(session, "plt.plot([1, 2])")) == 1


def test_a_descriptor_of_the_output_can_be_opened_as_a_file(session: Session) -> None:
    code = (
        "import os\nwith open(1, 'w', closefd=False) as f:\n    print('text', file=f)\n"
        "with os.fdopen(os.dup(2), 'wb') as f:\n    size = f.write(b'bytes\\n')\n"
        "print(size, open(os.open('a', os.O_CREAT | os.O_RDWR), 'w').write('file'), open('a').read())"
    )
    assert run(session, code).stdout == "text\nbytes\n6 4 file\n"


def test_a_raw_file_is_one_and_writes_as_ever(session: Session) -> None:
    code = (
        "import io\nsize = io.FileIO(1, 'w', closefd=False).write(b'text\\n')\nwith io.FileIO('a', 'w') as f:\n"
        "    f.write(b'file')\nwith open('a', 'rb', 0) as f:\n"
        "    print(size, isinstance(f, io.FileIO), f.read(), io.FileIO)"
    )
    assert run(session, code).stdout == "text\n5 True b'file' <class '_io.FileIO'>\n"


def test_threads_of_the_block_itself_are_heard_also_in_an_older_pool(session: Session) -> None:
    run(
        session, "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\nr = pool.submit(int)"
    )
    code = "import threading\nt = threading.Thread(target=print, args=('a',))\nt.start()\nt.join()\n"
    assert run(session, code + "r = pool.submit(print, 'b').result()").stdout == "a\nb\n"


def test_the_same_program_gives_the_same_result_in_every_session(sandbox: Sandbox) -> None:
    code = "import random\nimport numpy as np\nprint(random.random(), np.random.rand(), hash('a'), {'x', 'y', 'z'})"
    outputs = set()
    for _ in range(2):
        session = sandbox.open()
        outputs.add(run(session, code).stdout)
        session.close()
    assert len(outputs) == 1


# --- what is bounded


@pytest.mark.parametrize(
    "code",
    ["while True: print('x' * 1000)", "print('B' * (60 << 20))", "import os\nwhile True: os.write(1, b'y' * 65536)"],
)
def test_output_is_bounded_and_said_to_be_cut(sandbox: Sandbox, code: str) -> None:
    session = sandbox.open()
    output = run(session, code)
    session.close()
    assert output.status in ("error", "died")
    assert output.truncated
    assert 0 < len(output.stdout) <= sandbox.limits.output
    assert output.error is not None
    assert output.error.type == "OutputLimitError"


def test_a_value_is_bounded(session: Session) -> None:
    assert len(run(session, "'D' * (50 << 20)").value) < 11_000


def test_memory_is_bounded(session: Session) -> None:
    error = run(session, "import numpy as np\na = np.ones((20000, 20000))").error
    assert error is not None
    assert "MemoryError" in error.type
    assert "memory" in error.hint


def test_threads_are_bounded(session: Session) -> None:
    code = (
        "import threading, time\nthreading.stack_size(65536)\nfor i in range(3000):\n"
        "    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\ntime.sleep(600)"
    )
    output = run(session, code)
    assert output.status in ("died", "error")  # not after its time


@pytest.mark.parametrize("namespaces", [True, False])
def test_the_scratch_folder_is_bounded_and_removed(namespaces: bool) -> None:
    box = Sandbox(Limits(seconds=20), spares=0, namespaces=namespaces)
    session = box.open()
    base = box.pool.state().folder
    assert base is not None
    code = (
        "n = 0\nfor i in range(60):\n    with open(f'{i}.bin', 'wb') as f:\n"
        "        for _ in range(10): n += f.write(b'x' * (1 << 20))"
    )
    output = run(session, code)
    written = run(session, "print(n)") if output.status == "error" else output
    session.close()
    box.close()
    assert output.status in ("error", "died")
    assert int(written.stdout or 0) <= 64 << 20
    assert not base.exists()


def test_a_frame_that_makes_no_sense_ends_only_that_worker(session: Session) -> None:
    run(session, "a = 1")
    output = run(
        session,
        (
            "import os\nfor fd in range(3, 64):\n"
            "    try: os.write(fd, b'\\xf0\\xff\\xff\\xff' + b'x' * 70000)\n    except OSError: pass\n"
            "print('sprayed')"
        ),
    )
    assert output.status in ("died", "timeout")
    assert run(session, "print(a)").stdout == "1\n"


def test_forged_messages_are_only_the_blocks_own_words(session: Session) -> None:
    forged = """
import json, os, struct
def send(m):
    d = json.dumps(m).encode()
    os.write(4, struct.pack('<I', len(d)) + d)
send({'k': 'fig', 'svg': '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', 'png': 'AAAA'})
send({'k': 'o', 't': ['not', 'text']})
send({'k': 'nonsense', 'x': 1})
send({'k': 'done', 'status': 'ok', 'value': 5, 'error': 'no object'})
"""
    events = list(session.run(forged))
    assert not any(isinstance(e, FigureDrawn) for e in events)
    assert isinstance(events[-1], RunFinished)


# --- the pool


def test_full_confinement_can_be_demanded() -> None:
    box = Sandbox(require_full=True, spares=0)
    wanted = {"files", "writes", "metadata", "network", "processes", "signals", "memory"}
    with closing(Sandbox(spares=0)) as any_box, closing(any_box.open()) as session:
        full = all(session.confinement[k] for k in wanted)
    with closing(box):
        if full:
            box.open().close()
        else:
            with pytest.raises(SandboxFault, match="cannot confine it fully"):
                box.open()


def test_a_worker_that_cannot_start_is_a_fault_in_one_sentence(tmp_path: Path) -> None:
    box = Sandbox(spares=0, command=[sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(SandboxFault, match="could not be started"):
        box.open()
    box.close()
    missing = Sandbox(spares=0, command=[str(tmp_path / "nothing")])
    with pytest.raises(SandboxFault, match="could not be started"):
        missing.open()
    missing.close()
    gone = tmp_path / "sandbox" / "worker.py"
    half_installed = Sandbox(spares=0, command=[sys.executable, "-P", str(gone)])
    with pytest.raises(SandboxFault) as failure:
        half_installed.open()
    half_installed.close()
    assert str(failure.value) == (
        "The process that runs code could not be started: the program's own file sandbox/worker.py is missing. "
        + reinstall()
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the template is Linux's")
def test_warming_and_closing_do_not_wait_for_a_worker_that_is_awaited() -> None:
    never_ready = (
        "import json, select, sys\npoll = select.poll()\n"
        "poll.register(json.loads(sys.argv[1])['control'], 0)\npoll.poll()"
    )
    box = Sandbox(spares=0, command=[sys.executable, "-c", never_ready])
    faults: list[str] = []

    def open_in_vain() -> None:
        try:
            box.open()
        except SandboxFault as e:
            faults.append(str(e))

    waiting = threading.Thread(target=open_in_vain)
    waiting.start()
    wait_until(lambda: bool(processes_naming("poll.register(json")))
    warmed = threading.Thread(target=box.warm)
    warmed.start()
    warmed.join(10)
    assert not warmed.is_alive()
    assert waiting.is_alive()
    box.close()
    waiting.join(20)
    assert not waiting.is_alive()
    assert "closed" in faults[0]


def test_a_closed_sandbox_says_so_and_closing_twice_is_harmless() -> None:
    box = Sandbox(spares=0)
    box.close()
    box.close()
    with pytest.raises(SandboxFault, match="closed"):
        box.open()


def test_workers_without_a_template_do_the_same() -> None:
    box = Sandbox(Limits(seconds=20), spares=0, fork=False)
    session = box.open()
    assert run(session, "print(6 * 7)").stdout == "42\n"
    assert run(session, "open('/etc/passwd')").status == "error"
    assert run(session, "while True: pass", timeout=0.5).status == "timeout"
    base = box.pool.state().folder
    session.close()
    box.close()
    assert base is not None
    assert not base.exists()


def test_idle_workers_are_let_go() -> None:
    box = Sandbox(spares=1, idle_seconds=0.2)
    session = box.open()
    base = box.pool.state().folder
    session.close()
    assert base is not None
    wait_until(lambda: not base.exists())
    wait_until(lambda: box.pool.state().keeper is None)
    session = box.open()
    assert run(session, "print(1)").stdout == "1\n"
    session.close()
    box.close()


def test_the_template_killed_in_between_is_replaced() -> None:
    box = Sandbox(Limits(seconds=20), spares=1)
    session = box.open()
    run(session, "a = 1")
    os.kill(box.pool.state().template_pid, signal.SIGKILL)
    output = run(session, "print(a)\nwhile True: pass", timeout=10)
    assert output.status == "died" or output.stdout == "1\n"
    assert run(session, "print(a)").stdout == "1\n"
    session.close()
    box.close()


def test_workers_killed_at_any_moment_give_an_outcome_each_time() -> None:
    box = Sandbox(Limits(seconds=20), spares=1)
    chance = random.Random(7)
    session = box.open()
    run(session, "a = 1")
    ended = []
    for _ in range(12):
        victim = session.worker
        killer = threading.Timer(chance.uniform(0, 0.08), victim.kill if victim else int)
        killer.start()
        output = run(session, "a\nimport time\ntime.sleep(0.04)\nprint(a)")
        killer.cancel()
        killer.join()
        ended.append(output.status)
    assert set(ended) <= {"ok", "died"}
    assert run(session, "print(a)").stdout == "1\n"
    session.close()
    box.close()


KILLS_THE_FIRST_TWO = """
import os, signal, sys
from pathlib import Path
from tutor_app.adapters.sandbox import worker
killed, fork = Path({killed!r}), os.fork
def fork_and_kill():
    pid = fork()
    if pid == 0 and (n := len(killed.read_bytes())) < 2:
        killed.write_bytes(bytes(n + 1))
        os.kill(os.getpid(), signal.SIGKILL)
    return pid
os.fork = fork_and_kill
worker.main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the template is Linux's")
def test_workers_killed_while_they_start_do_not_weaken_the_confinement(session: Session, tmp_path: Path) -> None:
    assert session.worker is not None
    usual = session.worker.hello
    killed = tmp_path / "killed"
    killed.touch()
    program = KILLS_THE_FIRST_TWO.format(killed=str(killed))
    command = [sys.executable, "-c", f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{program}"]
    box = Sandbox(Limits(seconds=20), spares=0, command=command)
    with closing(box), closing(box.open()) as survivor:
        assert len(killed.read_bytes()) == 2
        assert survivor.worker is not None
        assert survivor.worker.hello["namespaces"] == usual["namespaces"]
        assert survivor.worker.hello["held"] == usual["held"]
        assert run(survivor, "print(1)").stdout == "1\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the template is Linux's")
def test_a_worker_in_use_is_never_closed_under_its_reader() -> None:
    box = Sandbox(Limits(seconds=20), spares=0)
    with closing(box), closing(box.open()) as session:
        run(session, "a = 1")
        worker = session.worker
        assert worker is not None
        os.kill(box.pool.state().template_pid, signal.SIGKILL)
        box.open().close()  # it finds the template gone, and everything is started anew
        assert not worker.closed  # its descriptors could soon be those of another worker
        output = run(session, "print(a)")
        assert output.status == "died" or output.stdout == "1\n"
        assert run(session, "print(a)").stdout == "1\n"
        assert worker.closed


def test_the_next_worker_comes_by_itself_and_the_thread_that_makes_it_ends() -> None:
    box = Sandbox(Limits(seconds=20), spares=1)
    session = box.open()
    run(session, "1")
    wait_until(lambda: len(box.pool.state().spares) == 1)
    keeper = box.pool.state().keeper
    assert keeper is not None
    assert keeper.is_alive()
    session.close()
    box.close()
    assert not keeper.is_alive()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.slow
@pytest.mark.parametrize("how", [[], ["--chaos"]])
def test_a_short_soak_leaves_nothing_behind(how: list[str]) -> None:
    command = [sys.executable, str(ROOT / "packaging" / "soak.py"), "--count", "4", "--margin", "120", *how]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing is left." in done.stdout


def test_no_room_for_the_working_folder_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    box = Sandbox(spares=0)
    with pytest.raises(SandboxFault, match="could not be started"):
        box.open()
    box.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_many_sessions_leave_nothing_behind() -> None:
    box = Sandbox(spares=1)
    box.open().close()
    base = box.pool.state().folder
    assert base is not None
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    for i in range(30):
        session = box.open()
        assert run(session, f"open('f', 'w').write('x')\nprint({i})").stdout == f"{i}\n"
        session.close()
    assert abs(len(list(Path("/proc/self/fd").iterdir())) - descriptors) <= 4
    wait_until(lambda: len(list(base.glob("scratch*"))) <= 1)
    wait_until(lambda: len(processes_naming(str(base))) <= 2)
    box.close()
    assert not base.exists()
    assert not processes_naming(str(base))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_killing_the_program_leaves_no_worker_and_no_file() -> None:
    program = (
        "import sys\nfrom tutor_app.adapters.sandbox.sessions import Sandbox\n"
        "box = Sandbox()\nsession = box.open()\nprint(box.pool.state().folder, flush=True)\n"
        "for event in session.run('print(1)\\nwhile True: pass', timeout=60): print(event, flush=True)\n"
    )
    app = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert app.stdout is not None
    base = app.stdout.readline().strip()
    assert "OutputDelta" in app.stdout.readline()
    assert len(processes_naming(base)) >= 2
    app.kill()
    app.wait()
    app.stdout.close()
    wait_until(lambda: not processes_naming(base))
    wait_until(lambda: not Path(base).exists())
