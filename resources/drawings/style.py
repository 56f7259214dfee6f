import matplotlib.pyplot as plt
import numpy as np

plt.rcParams.update(
    {"font.family": "STIXGeneral", "font.size": 13, "axes.spines.top": False, "axes.spines.right": False}
)
labelled = []
colours = ["#2a5d8f", "#b0432b", "#3d7d4e", "#8a5a9e"]


def number(value):
    """A number for a label."""
    return f"{round(value, 4) + 0:.6g}".replace("-", "\u2212")


def point(x, y):
    return f"({number(x)}, {number(y)})"


def axes_through_zero(ax, across="x", up="y"):
    """Lines through 0 with their names at the ends, over a light grid."""
    ax.grid(color="#00000014")
    ax.axhline(0, color="#555555", linewidth=1, zorder=1)
    ax.axvline(0, color="#555555", linewidth=1, zorder=1)
    ax.set_xlabel(across)
    ax.set_ylabel(up, rotation=0, loc="top")
    ax.set_axisbelow(True)


def mark(ax, points, called, colour="#1c1c1c"):
    """Dots with their coordinates, and the same in words."""
    points = [(round(float(x), 7) + 0.0, round(float(y), 7) + 0.0) for x, y in points]
    points = [p for n, p in enumerate(points) if not any(np.allclose(p, q, atol=1e-6) for q in points[:n])]
    if not points:
        return
    ax.plot(*zip(*points), "o", color=colour, markersize=5, zorder=4, label=called)
    for x, y in points if len(points) <= 6 else []:
        at = ax.transData.transform((x, y))
        if all(np.hypot(*(at - other)) > 45 for other in labelled):  # else two labels would stand on each other
            labelled.append(at)
            box = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75}
            shift = {"xytext": (5, 6), "textcoords": "offset points"}
            ax.annotate(point(x, y), (x, y), fontsize=10.5, zorder=5, bbox=box, **shift)
    print(f"{called}: {', '.join(point(x, y) for x, y in points)}")
