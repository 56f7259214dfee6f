import matplotlib.pyplot as plt
import numpy as np

plt.rcParams.update(
    {"font.family": ["STIXGeneral", "DejaVu Sans"], "font.size": 13, "axes.spines.top": False, "axes.spines.right": False,
     "axes.titlepad": 12, "axes.formatter.useoffset": False}
)
labelled = []
written = set()
waiting = []
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


def crowded(ax, box):
    """How much of what is drawn a label would cover."""
    inside = lambda at: int(np.sum((at[:, 0] > box.x0) & (at[:, 0] < box.x1) & (at[:, 1] > box.y0) & (at[:, 1] < box.y1)))
    count = 0
    for line in ax.lines:
        at = ax.transData.transform(np.column_stack([line.get_xdata(), line.get_ydata()]).astype(float))
        count += inside(at) * (1000 if line.get_linestyle() == "None" else 1)
    return count


def write_beside(ax, text, x, y):
    """A label on the side of its dot where it covers least; none where every side has a label already."""
    if text in written:
        return
    box = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75}
    whole, renderer = ax.get_window_extent(), ax.figure.canvas.get_renderer()
    places = []
    for right, up in ((1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1)):
        sides = {"ha": ("right", "center", "left")[right + 1], "va": "bottom" if up > 0 else "top"}
        place = {"xytext": (5 * right, 7 * up), "textcoords": "offset points", **sides}
        label = ax.annotate(text, (x, y), fontsize=10.5, zorder=5, bbox=box, **place)
        taken = label.get_window_extent(renderer).expanded(1.04, 1.15)
        label.remove()
        fits = whole.x0 - 30 < taken.x0 and taken.x1 < whole.x1 + 30 and whole.y0 < taken.y0 and taken.y1 < whole.y1
        if fits and not any(taken.overlaps(other) for other in labelled):
            places.append((crowded(ax, taken), len(places), taken, place))
    if places:
        _, _, taken, place = min(places, key=lambda found: found[:2])
        labelled.append(taken)
        written.add(text)
        ax.annotate(text, (x, y), fontsize=10.5, zorder=5, bbox=box, **place)


def mark(ax, points, called, colour="#1c1c1c"):
    """Dots with their coordinates, and the same in words."""
    points = [(round(float(x), 7) + 0.0, round(float(y), 7) + 0.0) for x, y in points]
    points = [p for n, p in enumerate(points) if not any(np.allclose(p, q, atol=1e-6) for q in points[:n])]
    if not points:
        return
    ax.plot(*zip(*points), "o", color=colour, markersize=5, zorder=4, label=called)
    if len(points) <= 6:
        waiting.extend(points)
    print(f"{called}: {', '.join(point(x, y) for x, y in points)}")


def finish(ax):
    """Write the labels, once everything that they may not cover is drawn."""
    for x, y in waiting:
        write_beside(ax, point(x, y), x, y)
    plt.show()
