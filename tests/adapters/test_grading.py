"""The grader as its users see it: verdicts by type of answer, hostile answers, its process and threads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.waiting import wait_until
from tutor_app.adapters.grading import grader as grader_module
from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.errors import HostFault

SAME = [
    (r"\frac{1}{2}", "0.5"),
    ("0.5", r"\frac12"),
    (r"25\%", "0.25"),
    ("0.25", r"25\%"),
    (r"\frac14", r"25\%"),
    ("1:2", "1/2"),
    ("1:2", "2:4"),
    (r"\$0.50", "50 cents"),
    (r"100\text{ cm}", "1 m"),
    (r"18 \text{ integers}", "18"),
    (r"9\text{ a.m.}", "9 AM"),
    (r"\text{4:30 p.m.}", "4:30 PM"),
    (r"x \in [-2,7]", "[-2,7]"),
    (r"x \in [-2,7]", r"-2 \le x \le 7"),
    (r"(-\infty, -2) \cup (3, \infty)", "x < -2 or x > 3"),
    (r"(-\infty, 3)\cup(3,\infty)", r"x \ne 3"),
    (r"(-\infty, -2] \cup [2, \infty)", "Union(Interval(-oo, -2), Interval(2, oo))"),
    (r"(-\infty, -2] \cup [2, \infty)", r"[2,\infty) \cup (-\infty,-2]"),
    ("y = 2x + 3", "2x+3"),
    ("y = 2x + 3", "y - 2x = 3"),
    ("y = 2x + 3", "y = 3 + 2x"),
    ("x^2 + y^2 = 13", "x^2+y^2-13=0"),
    ("x^2 + y^2 = 13", "2x^2+2y^2=26"),
    (r"\frac{x^2}{16} - \frac{y^2}{9} = 1", "9x^2 - 16y^2 = 144"),
    (r"1 \pm \sqrt{19}", r"1+\sqrt{19}, 1-\sqrt{19}"),
    (r"\{1\pm\sqrt{5},-2\}", r"-2, 1-\sqrt5, 1+\sqrt5"),
    (r"11 \frac{2}{3}", "35/3"),
    ("11 2/3", r"\frac{35}{3}"),
    (r"\frac{1}{2004!}", "1/2004!"),
    ("2^{2005}", "2**2005"),
    (r"\frac{1+\sqrt5}{2}", "(1+sqrt(5))/2"),
    (r"\frac{1}{\sqrt3}", r"\frac{\sqrt3}{3}"),
    (r"\frac{1}{2-\sqrt3}", r"2+\sqrt3"),
    (r"\sqrt{3+2\sqrt2}", r"1+\sqrt2"),
    (r"\sqrt[3]{8}", "2"),
    (r"\sin^2 x", r"1-\cos^2 x"),
    (r"\tan x", r"\frac{\sin x}{\cos x}"),
    (r"\log_2 8", "3"),
    (r"\ln 4", r"2\ln 2"),
    ("2^{n+1}", r"2\cdot 2^n"),
    ("(x+1)^2", "x^2+2x+1"),
    (r"\frac{1}{x-1}", r"\frac{-1}{1-x}"),
    (r"\pi", "3.14"),
    (r"2\pi", "6.283185307179586"),
    ("3.14", r"\pi"),
    ("0.333", "1/3"),
    ("4", "3.9999999999999996"),
    ("1101_2", "1101"),
    (r"\text{(A)}", "(a)"),
    ("A", "(A) 5 cm"),
    ("B, E, G", "E, B, G"),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", "(1, 2)"),
    (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "[[1, 2], [3, 4]]"),
    (r"\frac{1}{5}\begin{pmatrix} 1 \\ 2 \end{pmatrix}", "Matrix([[1/5], [2/5]])"),
    ("(1,2,3)", "[1, 2, 3]"),
    ("1,2", "[2, 1]"),
    ("1,2", "(1,2)"),
    ("(1,2)", "1, 2"),
    ("(3,4)", "x=3, y=4"),
    (r"0.\overline{3}", "1/3"),
    ("-1,2", "-1 or 2"),
    ("k=15", "15"),
    ("f(2) < f(1) < f(4)", "f(4) > f(1) > f(2)"),
    (r"60^\circ", r"\frac{\pi}{3}"),
    (r"60^\circ", "60 degrees"),
    (r"60^\circ", "60"),
    (r"\cos 13^\circ", r"\cos 13"),
    (r"\cos 60^\circ", "1/2"),
    ("10{,}000", "10000"),
    ("10000", r"10\,000"),
    (r"10,\!236", "10 236"),
    (r"6.02 \times 10^{23}", "6.02e23"),
    (r"\overline{CD}", "CD"),
    ("even", r"\text{Even}"),
    ("3qr + 6q - 15r -30", "3(q-5)(r+2)"),
    (r"\sqrt{x}", "x^{1/2}"),
    (r"36x \sqrt{35x}", r"36\sqrt{35} x^{3/2}"),
    (r"\binom{5}{2}", "10"),
    ("|x-3|", "|3-x|"),
    (r"\emptyset", r"\{\}"),
    (r"\mathbb{R}", r"(-\infty,\infty)"),
    ("5", r"n \equiv 5 \pmod{17}"),
    (r"\frac{1}{3}", r"\frac{1}{3} \approx 0.333"),
    ("5", "x = 2+3 = 5"),
    ("31", "m+n = 31"),
    ("5", r"\boxed{5}"),
    (r"\frac{3}{4}", "3/4."),
    (r"\text{June 20}", "June 20"),
    (r"\$18.90", "18.9"),
    ("1,000", "1000"),
    ("(1,234)", r"(1,\ 234)"),
    (r"2\sqrt{2}", "2*2**(1/2)"),
    ("e^2", "exp(2)"),
    (r"\frac{h^2}{m}", "h**2/m"),
    ("5/2", "2.50"),
    ("100", "1e2"),
    ("1/7", "0.14285714285714285"),
    (r"\frac{2}{3}", "0.667"),
    (r"\sqrt{14}", r"\sqrt{5 - \sqrt{21}} + \sqrt{\sqrt{21} + 5}"),
    (r"2\cos 15^{\circ}", r"\frac{\sqrt6+\sqrt2}{2}"),
    ("4.5", "4.5."),
    ("18", r"$18$"),
    (r"-\$0.50", r"$-\$0.50$"),
    # Ways to write an interval or an inequality.
    (r"(-\infty,-1)\cup(1,\infty)", "(-oo,-1) U (1,oo)"),
    (r"(-\infty,-1)\cup(1,\infty)", "|x|>1"),
    ("[-1,1]", r"|x| \le 1"),
    ("(-2,4)", "|x-1|<3"),
    ("(-2,3)", r"\{x \mid -2<x<3\}"),
    ("(-2,3)", r"\{x : -2<x<3\}"),
    (r"(-\infty,0)\cup(0,\infty)", r"\mathbb{R} \setminus \{0\}"),
    (r"(-\infty,\infty)", "all real numbers"),
    ("x<2", "2x<4"),
    ("x<2", "-x>-2"),
    ("-1<x<3", "x>-1 and x<3"),
    (r"-1<x<3", r"-1<x \text{ and } x<3"),
    # Sets, points, matrices as programs print them.
    (r"\emptyset", "{}"),
    (r"\emptyset", "EmptySet"),
    (r"\emptyset", "no solution"),
    (r"\text{No Solution}", "no solutions"),
    (r"\frac{-1\pm\sqrt5}{2}", "(-1+sqrt(5))/2, (-1-sqrt(5))/2"),
    (r"\langle 1,2\rangle", "<1, 2>"),
    (r"\langle 1,2\rangle", "(1,2)"),
    ("(1,2)", "Point2D(1, 2)"),
    (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "np.array([[1, 2], [3, 4]])"),
    (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "[[1 2]\n [3 4]]"),
    (r"\begin{pmatrix} 1 \\ -2 \end{pmatrix}", "[ 1. -2.]"),
    # Units, money, large numbers in words.
    ("60", "60 km/h"),
    ("9.8", "9.8 m/s^2"),
    ("16", "16 sq ft"),
    ("25", "25°C"),
    ("8", '8"'),
    ("6 feet", "6'"),
    ("5:30 PM", "5:30 p.m."),
    (r"\$5.50", "USD 5.50"),
    ("18", "$18/day"),
    ("$5$ hours", "5 hours"),
    ("1000000", "$1 million"),
    ("3 million", "3,000,000"),
    ("3 million", "3"),
    # Numbers.
    ("5/2", "2 1/2 cups"),
    ("5/2", "2½"),
    ("5/2", "2 and 1/2"),
    ("5/2", r"2~\frac12"),
    ("2/3", "⅔"),
    ("3/4", "3⁄4"),
    ("1/2", r"{1 \over 2}"),
    ("0.001", "1 x 10^-3"),
    ("12000", "1.2 × 10⁴"),
    ("1234567", "1_234_567"),
    ("0.3", "0.30000000000000004"),
    ("0.30000000000000004", "0.3"),
    (r"0.\overline{3}", "0.333..."),
    (r"0.\overline{3}", r"0.\dot{3}"),
    (r"0.\overline{3}", "0.(3)"),
    ("12/99", r"0.1212\ldots"),
    (r"0.\overline9", "1"),
    ("3:4", "3 to 4"),
    ("10", "5 choose 2"),
    (r"{5\choose2}", "10"),
    # Number bases.
    ("1011_2", r"1011_{\text{two}}"),
    ("1011_2", "(1011)_2"),
    ("1011_2", "0b1011"),
    ("2A_{16}", "0x2a"),
    ("2A_{16}", "2a_{16}"),
    ("2A_{16}", "2A"),
    # Python.
    (r"\log_2 3", "log2(3)"),
    (r"\sqrt2", "math.sqrt(2)"),
    (r"\sqrt[3]{2}", "root(2, 3)"),
    (r"\pi", "np.pi"),
    ("5", "np.float64(5.0)"),
    ("5", "{x: 5}"),
    ("(2,3)", "{x: 2, y: 3}"),
    ("4", "'4'"),
    (r"-\infty", "float('-inf')"),
    ("3+4i", "(3+4j)"),
    ("x_1+x_2", "x1 + x2"),
    (r"\lambda+1", "lambda + 1"),
    ("1/2", "S(1)/2"),
    # Words around it.
    ("5", "The answer is 5"),
    ("B", "Answer: B"),
    ("B", "Option B"),
    ("B", r"\textbf{(B) } 15"),
    ("C", "(c)"),
    ("7", "= 7"),
    ("7", r"\approx 7"),
    ("3", r"\frac{6}{2}=3"),
    ("5", r"\color{blue}{5}"),
    (r"\text{ellipse}", "an ellipse"),
    (r"120^{\circ}", r"\angle A = 120^\circ"),
    ("60", r"60^{\text{o}}"),
    ("5", "**5**"),
    ("12", "twelve"),
]
DIFFERENT = [
    (r"25\%", "2500"),
    ("25", "0.25"),
    (r"5\text{ cm}", r"5\text{ m}"),
    (r"5 \text{ cm}", r"5\text{ cm}^2"),
    (r"9\text{ a.m.}", "9 p.m."),
    (r"\text{1:03 PM}", "1:04 PM"),
    ("[-2,7]", r"-2 \leq x < 7"),
    ("y = 2x + 3", "y=2x-3"),
    (r"3 \pm 2 \sqrt{2}", r"3 + 2\sqrt{2}"),
    ("2^{2005}", "2^{2004}"),
    (r"\cot x", r"\tan x"),
    (r"\sqrt{x^2}", "x"),
    (r"\pi", "3.1"),
    (r"\pi", "22/7"),
    ("3.14", "3.15"),
    ("2.5", "2.525"),
    ("0.25", "0.2525"),
    ("12.25", "12.3"),
    ("4", "4.0001"),
    ("1101_2", "1101_3"),
    ("1101_2", "13"),
    (r"\text{B, E, G}", "B, E"),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", "(2, 1)"),
    ("(1,2)", "[1,2]"),
    ("(1,2)", "2, 1"),
    ("k=15", "j=15"),
    (r"\text{neither}", r"\text{either}"),
    ("x-y", "x y"),
    ("-a", "a"),
    ("27x^3", "27X^3"),
    ("p - q", "q-p"),
    ("5", "x^2 = 5"),
    ("5", "2x = 5"),
    (r"\$18.90", r"\$19"),
    ("29700", "29701"),
    ("5400", "54"),
    (r"\frac{2}{3}", "0.66"),
    (r"\frac{1023}{1024}", "1"),
    ("4", "3.999999"),
    ("[-36,104]", "(-36,104)"),
    (r"\left[0,\frac{343}{27}\right]", r"(0,\frac{343}{27})"),
    ("1,3", "1"),
    ("1,3", "1, 3, 97"),
    ("x^3+3x-6", "x^3+3x+6"),
    (r"36 \sqrt{3}", "62.9774"),
    ("5", ""),
    ("5", "   "),
    ("[-1,1]", "|x|<1"),
    ("(-2,4)", "|x-1|>3"),
    ("x<2", "2x>4"),
    ("-1<x<3", "x>-1 or x<3"),
    (r"(-\infty,0)\cup(0,\infty)", r"\mathbb{R} \setminus \{1\}"),
    (r"\emptyset", "0"),
    (r"\emptyset", "yes"),
    (r"\frac{-1\pm\sqrt5}{2}", "(-1+sqrt(5))/2"),
    (r"\langle 1,2\rangle", r"\langle 2,1\rangle"),
    (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "[[1 2]\n [3 5]]"),
    ("60 mph", "60 km/h"),
    ("3 million", "3 thousand"),
    ("$3 million", "$3"),
    ("5/2", "2⅓"),
    ("0.25", "0.25%"),
    (r"0.\overline{3}", "0.3"),
    (r"0.\overline{12}", r"0.1\dot{2}"),
    ("2A_{16}", "2B"),
    ("2A_{16}", "42"),
    ("n(n+1)/2", "n(n-1)/2"),
    ("3+4i", "3-4j"),
    ("x_1", "x_2"),
    ("3", "1+2=4"),
    ("4", "1+2=4"),
    ("B", "Option C"),
    ("5:30 PM", "5:30 a.m."),
]
HOSTILE = [
    "9^{9^{9^9}}",
    "9**9**9**9",
    "9!!!!!",
    "(((9!)!)!)!",
    "10^{10^{10}}",
    "e^{e^{e^{e^{10}}}}",
    r"\sin(10^{10^5})",
    "(x+y+z+w)^{500}",
    "(x+1)^{99999}",
    r"\sqrt{" * 50 + "2" + "}" * 50,
    "9" * 10**6,
    "1" + "+1" * 3000,
    "-" * 7000 + "5",
    "x" * 8000,
    "1," * 3900,
    "{" * 5000,
    "(" * 3000 + "5" + ")" * 3000,
    "[" * 90 + "]" * 90,
    r"\frac{" * 1300,
    r"\begin{pmatrix} 1 & 2",
    "5\x00",
    "\ud800",
    "1e999999999",
    r"\text{",
    '"',
    "$",
    "\\",
    "_",
    "^",
    "1/0",
    r"\frac{1}{0}",
    "0^{-1}",
    r"\log 0",
    "(1,2]]",
    "f" + "(" * 50 + "x" + ")" * 50,
]


BY_ALGEBRA = (r"\sqrt{3+2\sqrt2}", r"1+\sqrt2")
"""Equal, which only the grading process can tell."""


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader(timeout=20) as made:
        yield made


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_accepts(grader: Grader, gold: str, answer: str) -> None:
    grade = grader.grade(gold, answer)
    assert grade.verdict == "correct", grade


@pytest.mark.parametrize(("gold", "answer"), DIFFERENT)
def test_refuses(grader: Grader, gold: str, answer: str) -> None:
    grade = grader.grade(gold, answer)
    assert grade.verdict == "incorrect", grade


@pytest.mark.parametrize("text", sorted({t for pair in SAME + DIFFERENT for t in pair if t.strip()}))
def test_every_answer_equals_itself(grader: Grader, text: str) -> None:
    for mode in ("strict", "paper"):
        assert grader.grade(text, text, mode=mode).verdict == "correct"
    assert grader.grade(text, f" {text} ").verdict == "correct"


def _one_sided(gold: str, answer: str) -> bool:
    """Rules that by intent look at the gold answer: its decimals, base and brackets, the name of its value."""
    return (
        answer.startswith("[")
        or "." in gold + answer
        or "_" in gold
        or any(op in gold + answer for op in ("=", "approx", "equiv", "*"))
    )


@pytest.mark.parametrize(("gold", "answer"), [p for p in SAME + DIFFERENT if p[1].strip() and not _one_sided(*p)])
def test_the_rules_are_symmetric(grader: Grader, gold: str, answer: str) -> None:
    assert grader.grade(answer, gold).verdict == grader.grade(gold, answer).verdict


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: ascii(t[:24]))
def test_a_hostile_answer_ends_with_a_verdict_and_harms_nothing(grader: Grader, text: str) -> None:
    for mode in ("strict", "paper"):
        assert grader.grade("5", text, mode=mode).verdict in ("incorrect", "unknown", "correct")
        assert grader.grade(text, "5", mode=mode).verdict in ("incorrect", "unknown", "correct")
    assert grader.grade("5", text).verdict != "correct"
    assert grader.grade(r"\sin^2 x", r"1-\cos^2 x").reason == "equal_by_algebra"


@pytest.mark.parametrize("template", ["__import__('pathlib').Path('{}').touch()", "open('{}','w')", "[open('{}','w')]"])
def test_an_answer_is_never_evaluated(grader: Grader, tmp_path: Path, template: str) -> None:
    target = tmp_path / "made"
    for mode in ("strict", "paper"):
        assert grader.grade("5", template.format(target), mode=mode).verdict != "correct"
    assert not target.exists()


def test_a_rounding_has_its_reason_and_can_be_refused() -> None:
    with Grader() as lenient, Grader(accept_rounded=False) as exact:
        assert lenient.grade(r"\sqrt{13}", "3.606").reason == "rounded"
        assert exact.grade(r"\sqrt{13}", "3.606").verdict == "incorrect"
        assert exact.grade("3.61", r"\sqrt{13}").verdict == "correct"
        assert lenient.grade(r"(\sqrt{13}, 1)", "(3.606, 1)").reason == "rounded"


def test_a_comparison_that_takes_too_long_is_killed_and_the_next_one_works() -> None:
    slow = r"\sin(" * 14 + r"f(x)+x^{199}+\sqrt{x+1}" + ")" * 14
    with Grader(timeout=1) as grader:
        assert grader.grade("1", slow).verdict == "unknown"
        assert grader.grade(*BY_ALGEBRA).verdict == "correct"


@pytest.mark.skipif(os.name != "posix", reason="kills the process by a POSIX signal")
def test_a_grading_process_that_was_killed_is_replaced() -> None:
    with Grader() as grader:
        assert grader.grade(*BY_ALGEBRA).verdict == "correct"
        first = grader.process_id
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: grader.process_id is None)
        assert grader.grade(*BY_ALGEBRA).verdict == "correct"


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="reads the process's limits from /proc")
def test_the_grading_process_has_a_memory_limit() -> None:
    with Grader() as grader:
        grader.grade(*BY_ALGEBRA)
        limits = Path(f"/proc/{grader.process_id}/limits").read_text(encoding="ascii")
    line = next(line for line in limits.splitlines() if line.startswith("Max address space"))
    assert line.split()[3] != "unlimited"


def test_many_threads_share_one_grader(grader: Grader) -> None:
    pairs = [(rf"\sqrt{{{n}+2\sqrt{{{n - 1}}}}}", rf"1+\sqrt{{{n - 1}}}", "correct") for n in range(3, 15)]
    pairs += [(str(n), str(n + n % 2), "incorrect" if n % 2 else "correct") for n in range(50)]
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda p: grader.grade(p[0], p[1]).verdict, pairs))
    assert verdicts == [p[2] for p in pairs]


def test_closing_ends_a_comparison_that_is_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work = tmp_path / "at work"
    hangs = f"""
import time
from tutor_app.adapters.wire import serve_requests
serve_requests(lambda request: (open({str(at_work)!r}, "w").close(), time.sleep(1000)))
"""
    monkeypatch.setattr(grader_module, "worker_command", lambda: [sys.executable, "-c", hangs])
    grader = Grader(timeout=60)
    seen: list[tuple[str, str]] = []

    def compare() -> None:
        grade = grader.grade(*BY_ALGEBRA)
        seen.append((grade.verdict, grade.reason))

    thread = threading.Thread(target=compare)
    thread.start()
    wait_until(at_work.exists)
    grader.close()
    thread.join()
    assert seen == [("unknown", "worker_died")]
    grader.close()
    with pytest.raises(HostFault, match="closed"):
        grader.grade(*BY_ALGEBRA)


def test_a_grading_process_that_cannot_start_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [sys.executable, "-c", "raise SystemExit('no SymPy')"]
    for command, why in ((["/nonexistent/python"], "No such file"), (broken, "no SymPy")):
        monkeypatch.setattr(grader_module, "worker_command", lambda c=command: c)
        with Grader() as grader, pytest.raises(HostFault, match=f"could not be started: .*{why}"):
            grader.grade(*BY_ALGEBRA)


def test_easy_answers_need_neither_sympy_nor_a_process() -> None:
    code = (
        "import sys\n"
        "from tutor_app.adapters.grading.grader import Grader\n"
        "with Grader() as g:\n"
        "    assert g.grade('1,080', '1080.0').verdict == 'correct'\n"
        "    assert g.grade('x^2-1', '(x-1)*(x+1)').verdict == 'correct'\n"
        "    assert g.grade('2', '3').verdict == 'incorrect'\n"
        "    assert g.process_id is None\n"
        "assert 'sympy' not in sys.modules and 'mpmath' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_the_bars_on_a_corpus_of_labelled_pairs(grader: Grader) -> None:
    corpus = Path(os.environ.get("MUMATH_GRADER_PAIRS", "absent"))
    if not corpus.is_file():
        pytest.skip("MUMATH_GRADER_PAIRS names no file of labelled pairs")
    counts = {"equal": [0, 0], "different": [0, 0], "rounded": [0, 0]}
    for line in corpus.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        counts[row["label"]][0] += 1
        counts[row["label"]][1] += grader.grade(row["gold"], row["answer"]).verdict == "correct"
    assert counts["equal"][1] >= 0.99 * counts["equal"][0]
    assert counts["different"][1] <= 0.005 * counts["different"][0]


# --- several answers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gold", "answers", "verdict"),
    [
        ("(a) 3 (b) 1/2", ["3", "0.5"], "correct"),
        ("(a) 3 (b) 1/2", ["0.5", "3"], "incorrect"),
        ("(a) 3, (b) 4, and (c) 5", ["3", "4", "5"], "correct"),
        ("(a) 3, (b) 4, and (c) 5", ["3", "4"], "incorrect"),
        ("3; 4", ["3", "4"], "correct"),
        ("3; 4", ["4", "3"], "incorrect"),
        ("\\{1, 2\\}", ["2", "1"], "correct"),
        ("x = 2 or x = 3", ["3", "2"], "correct"),
        ("7", ["7"], "correct"),
        ("7", ["5", "7"], "incorrect"),
    ],
)
def test_all_parts_of_an_answer_must_be_right_in_order_unless_a_set_is_asked_for(
    gold: str, answers: list[str], verdict: str
) -> None:
    with Grader() as grader:
        assert grader.grade_parts(gold, answers).verdict == verdict
