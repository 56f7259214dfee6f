"""Curves of one run, or of several in one picture: training loss, held-out loss and accuracy, by optimiser step.

Reads ``metrics.jsonl`` of run folders, also of a run that is under way, and writes one picture. It measures nothing.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trainer.runs import disk_fault, metrics_of, write_atomically
from tutor_app.core.errors import UserFault

SMOOTHING: Final = 0.9
"""Weight of the past in the smoothed training loss; the loss of single steps is drawn pale behind it."""
MADE_BY: Final = "python -m trainer plot"
"""Stands in every picture, so that only what this step has made is ever replaced."""
_MARKS: Final[dict[str, dict[str, str | None]]] = {
    ".svg": {"Creator": MADE_BY, "Date": None},
    ".pdf": {"Creator": MADE_BY, "CreationDate": None},
    ".png": {"Software": MADE_BY},
}
COLOURS: Final = ("#1f5fa8", "#c2571a", "#2f7d4f", "#7a4fa3", "#a33a4f")


@dataclass(frozen=True, slots=True)
class Curves:
    """What a run has measured so far.

    Attributes:
        name: Of its folder.
        loss: ``(step, value)`` of every step, per supervised token.
        held_out: The same, measured now and then.
        accuracy: Fraction of held-out problems solved.
        with_code: Fraction of them that ran code.
    """

    name: str
    loss: tuple[tuple[int, float], ...]
    held_out: tuple[tuple[int, float], ...]
    accuracy: tuple[tuple[int, float], ...]
    with_code: tuple[tuple[int, float], ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``python -m trainer plot``."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders of the train step")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="picture to write: .svg, .png or .pdf")
    parser.add_argument("--title", default="", help="above the picture (default: none)")


def main(a: argparse.Namespace) -> int:
    """The ``plot`` step."""
    draw([read(run) for run in a.runs], a.out, title=a.title)
    print(f"{a.out}: {len(a.runs)} run{'s' if len(a.runs) > 1 else ''}.")
    return 0


def read(run: Path) -> Curves:
    """Curves of a run folder.

    Raises:
        UserFault: If it holds no metrics of training.
    """
    try:
        rows = [row for row in metrics_of(run / "metrics.jsonl") if isinstance(row.get("step"), int)]
    except OSError as e:
        raise UserFault(
            f"{run} is no run folder: metrics.jsonl cannot be read ({e.strerror}).", "Check the path."
        ) from None

    def curve(key: str) -> tuple[tuple[int, float], ...]:
        # A run that was started again after its end has measured the last step twice.
        return tuple(sorted({r["step"]: float(r[key]) for r in rows if isinstance(r.get(key), int | float)}.items()))

    found = Curves(run.name, *(curve(k) for k in ("loss", "held_out_loss", "solve_accuracy", "solve_with_code")))
    if not found.loss:
        raise UserFault(f"{run} holds no loss yet.", "Give a run folder of the train step.")
    return found


def draw(runs: Sequence[Curves], out: Path, *, title: str = "") -> None:
    """Write the picture, in the place of an earlier one only.

    Raises:
        UserFault: If the file's kind is not known, or there is a file that this step has not made.
        HostFault: If it cannot be written.
    """
    if out.suffix.lower() not in _MARKS:
        raise UserFault(f"{out} has an unknown kind.", "Name a file that ends in .svg, .png or .pdf.")
    if out.exists() and not (out.is_file() and MADE_BY.encode() in out.read_bytes()):
        raise UserFault(f"{out} is there already, and plot has not made it.", "Give another name with --out.")
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    solved = any(r.accuracy for r in runs)
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "plot", "font.family": "DejaVu Sans", "font.size": 9}):
        figure = Figure(figsize=(7.2, 4.8 if solved else 3.2), dpi=200, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(
            2 if solved else 1, 1, sharex=True, squeeze=False, height_ratios=[3, 2] if solved else [1]
        )
        top = axes[0][0]
        for run, colour in zip(runs, _cycled(len(runs)), strict=True):
            steps = [s for s, _ in run.loss]
            top.plot(steps, [v for _, v in run.loss], color=colour, alpha=0.25, linewidth=0.8)
            top.plot(
                steps, smoothed([v for _, v in run.loss]), color=colour, linewidth=1.4, label=f"{run.name}, training"
            )
            if run.held_out:
                marks = {"marker": "o", "markersize": 4, "linestyle": "--", "linewidth": 1.0}
                top.plot(*zip(*run.held_out, strict=True), color=colour, label=f"{run.name}, held out", **marks)
            if run.accuracy:
                marks = {"marker": "o", "markersize": 4, "linewidth": 1.4}
                axes[1][0].plot(*zip(*run.accuracy, strict=True), color=colour, label=f"{run.name}, solved", **marks)
            if run.with_code:
                thin = {"linestyle": ":", "linewidth": 1.2}
                axes[1][0].plot(*zip(*run.with_code, strict=True), color=colour, label=f"{run.name}, ran code", **thin)
        top.set_ylabel("loss per supervised token (nats)")
        highest = max(max(smoothed([v for _, v in r.loss])[len(r.loss) // 20 :]) for r in runs)
        lowest = min(min(v for _, v in (*r.loss, *r.held_out)) for r in runs)
        # The first steps of a fresh model would press everything else flat.
        top.set_ylim(max(0.0, lowest - 0.1 * (highest - lowest)), highest + 0.15 * (highest - lowest) + 1e-6)
        if solved:
            axes[1][0].set_ylabel("held-out problems")
            axes[1][0].set_ylim(-0.03, 1.03)
            axes[1][0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        for axis in (a for row in axes for a in row):
            axis.grid(visible=True, color="#dddddd", linewidth=0.6)
            axis.spines[["top", "right"]].set_visible(False)
            axis.legend(frameon=False, fontsize=8)
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes[-1][0].set_xlabel("optimiser step")
        if title:
            figure.suptitle(title, fontsize=10)
        drawn = io.BytesIO()
        # No date in the file: the same metrics give the same picture.
        figure.savefig(drawn, format=out.suffix.lower().removeprefix("."), metadata=_MARKS[out.suffix.lower()])
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise disk_fault(out, e) from None
    write_atomically(out, drawn.getvalue())


def smoothed(values: Sequence[float]) -> list[float]:
    """Exponential moving average without the bias of its start."""
    found, mean, weight = [], 0.0, 0.0
    for value in values:
        mean = SMOOTHING * mean + (1 - SMOOTHING) * value
        weight = SMOOTHING * weight + (1 - SMOOTHING)
        found.append(mean / weight)
    return found


def _cycled(n: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(n)]
