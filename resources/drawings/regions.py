from contourpy import contour_generator


def grid(half, centre=(0.0, 0.0), steps=401):
    """Places in a square around a centre."""
    across = np.linspace(centre[0] - half, centre[0] + half, steps)
    up = np.linspace(centre[1] - half, centre[1] + half, steps)
    return np.meshgrid(across, up)


def values(f, x, y):
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    with np.errstate(all="ignore"):
        z = np.asarray(f(x, y), dtype=float) + 0 * x
    return np.where(np.isfinite(z), z, np.nan)


def outline(f, half, centre=(0.0, 0.0)):
    """The curve on which f is 0, as stretches of points."""
    x, y = grid(half, centre)
    z = values(f, x, y)
    if not np.any(z < 0) or not np.any(z > 0):
        return []
    lines = contour_generator(x, y, np.ma.masked_invalid(z)).lines(0)
    return [line for line in lines if len(line) > 1]


def along(f, line):
    """Where f is 0 on a curve given by points."""
    z = values(f, line[:, 0], line[:, 1])
    found = []
    sign = np.sign(z)
    for n in np.flatnonzero(sign[:-1] * sign[1:] < 0):
        share = z[n] / (z[n] - z[n + 1])
        found.append(line[n] + share * (line[n + 1] - line[n]))
    return found + (list(line[z == 0]) if np.mean(z == 0) < 0.1 else [])  # not those of a common stretch


def sharper(f, g, at):
    """A common zero of f and g near a place, by Newton's method."""
    p = np.array(at, dtype=float)
    for _ in range(20):
        here = np.array([values(f, *p), values(g, *p)])
        steps = np.eye(2) * 1e-6
        slope = np.array([[(values(h, *(p + s)) - values(h, *(p - s))) / 2e-6 for s in steps] for h in (f, g)])
        try:
            p = p - np.linalg.solve(slope, here)
        except np.linalg.LinAlgError:
            return None
    good = np.all(np.isfinite(p)) and np.hypot(*(p - at)) < 0.1 * (1 + np.hypot(*at))
    return tuple(p) if good else None


def common(f, g, half, centre):
    """Where two curves meet."""
    found = [sharper(f, g, p) for line in outline(f, half, centre) for p in along(g, line)]
    return sorted(p for p in found if p)


axis_across, axis_up = (lambda x, y: y + 0 * x), (lambda x, y: x + 0 * y)
curves = [f for _, f, _ in relations]
best = None
for half in (6, 12, 60, 600, 6000):  # the nearest square in which the curves meet something, else the nearest with a curve
    lines = [line for f in curves for line in outline(f, half)]
    others = [(f, g) for n, f in enumerate(curves) for g in (*curves[n + 1 :], axis_across, axis_up)]
    meeting = [p for f, g in others for p in common(f, g, half, (0.0, 0.0))]
    if lines and (best is None or meeting):
        best = half, lines, meeting
    if meeting:
        break
if best is None:
    print("There is no curve to draw between -6000 and 6000.")
    raise SystemExit
half, lines, meeting = best
wider = [line for f in curves for line in outline(f, 2.5 * half)]
if wider and np.abs(np.concatenate(wider)).max() < 2.4 * half:  # a closed curve is seen as a whole
    half, lines = 2.5 * half, wider
points = np.concatenate(lines)
low, high = points.min(axis=0), points.max(axis=0)
if np.all(low > -0.98 * half) and np.all(high < 0.98 * half):  # all of it can be seen
    centre, half = tuple((low + high) / 2), 0.65 * max(high - low)
elif meeting:
    centre, half = (0.0, 0.0), (1.5 if len(curves) > 1 else 2.5) * max(np.max(np.abs(meeting)), 1.0)
else:
    centre = (0.0, 0.0)

figure, ax = plt.subplots(figsize=(5.4, 5.0))
axes_through_zero(ax, across, up)
ax.set_xlim(centre[0] - half, centre[0] + half)
ax.set_ylim(centre[1] - half, centre[1] + half)
ax.set_aspect("equal")
x, y = grid(half, centre, 601)
drawn = []
holds = np.ones(x.shape, dtype=bool)
for colour, (label, f, sign) in zip(colours * len(relations), relations):
    z = values(f, x, y)
    path = np.concatenate([np.vstack([line, [np.nan, np.nan]]) for line in outline(f, half, centre)] or [[[np.nan] * 2]])
    drawn += ax.plot(*path.T, color=colour, linewidth=2, linestyle="--" if sign in ("<", ">") else "-", label=label)
    holds &= {"=": np.ones(z.shape, dtype=bool), "<": z < 0, "<=": z <= 0, ">": z > 0, ">=": z >= 0}[sign]
    name = f" of {label}" if len(relations) > 1 else ""
    across_at, up_at = common(f, axis_across, half, centre), common(f, axis_up, half, centre)
    mark(ax, [(px, 0.0) for px, _ in across_at], f"Crossings with the {across}-axis{name}", colour)
    mark(ax, [(0.0, py) for _, py in up_at], f"Crossings with the {up}-axis{name}", colour)
    if not across_at and not up_at and np.isfinite(path).any():
        print(f"{label} meets neither axis here.")
for n, (a, f, _) in enumerate(relations):
    for b, g, _ in relations[n + 1 :]:
        mark(ax, common(f, g, half, centre), f"Intersections of {a} and {b}" if len(relations) > 2 else "Intersections")
if any(sign != "=" for _, _, sign in relations):
    ax.contourf(x, y, holds, levels=[0.5, 1.5], colors=["#2a5d8f33"])
    told = "The shaded region is where all of it holds" if len(relations) > 1 else "It holds in the shaded region"
    print(told + ("." if holds.any() else ": nowhere here."))
if len(relations) > 1:
    across_all = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": min(2, len(drawn))}
    ax.legend(handles=drawn, edgecolor="none", fontsize=11, **across_all)
else:
    ax.set_title(relations[0][0], fontsize=14)
finish(ax)
