t = np.linspace(low, high, 6001)
with np.errstate(all="ignore"):
    x, y = (np.asarray(side, dtype=float) + 0 * t for side in place(t))
there = np.isfinite(x) & np.isfinite(y)
if not there.any():
    print("There is nothing to draw: it is not defined there.")
    raise SystemExit
reach = np.hypot(x, y)
far = 20 * (np.median(reach[there]) or 1.0)
there &= reach <= far  # what runs away is cut off, so that the rest can be seen
x, y = np.where(there, x, np.nan), np.where(there, y, np.nan)


def crossings(a, b):
    """The values of b where a is 0 or changes its sign."""
    changes = [n for n in np.flatnonzero(a[:-1] * a[1:] < 0) if abs(a[n + 1] - a[n]) < 0.1 * far]
    found = [b[n] - a[n] * (b[n + 1] - b[n]) / (a[n + 1] - a[n]) for n in changes]
    found += list(b[a == 0]) if np.mean(a == 0) < 0.1 else []
    return sorted({round(float(value), 3) + 0.0 for value in found if np.isfinite(value)})


def turn(value):
    """A value of the parameter, as a multiple of pi where it is a simple one."""
    twelfths = 12 * value / np.pi
    if value == 0 or abs(twelfths - round(twelfths)) > 1e-6:
        return number(value)
    whole = round(twelfths)
    shared = np.gcd(whole, 12)
    above, below = abs(whole) // shared, 12 // shared
    sign, stroke = "\u2212" if whole < 0 else "", f"/{below}" if below > 1 else ""
    return f"{sign}{'' if above == 1 else above}\u03c0{stroke}"


figure, ax = plt.subplots(figsize=(5.4, 5.0))
axes_through_zero(ax)
ends = np.array([[np.nanmin(x), np.nanmax(x)], [np.nanmin(y), np.nanmax(y)]])
across, up = np.maximum(np.ptp(ends, axis=1), 1e-6)
alike = max(across, up) < 4 * min(across, up)  # else equal steps on both axes would leave a thin line
halves = 0.58 * np.array([max(across, up)] * 2 if alike else [across, up])
middle = ends.mean(axis=1)
ax.set_xlim(middle[0] - halves[0], middle[0] + halves[0])
ax.set_ylim(middle[1] - halves[1], middle[1] + halves[1])
if alike:
    ax.set_aspect("equal")
ax.plot(x, y, color=colours[0], linewidth=2, label=label)
print(f"{parameter} from {turn(low)} to {turn(high)}")
print(f"x from {number(round(ends[0, 0], 3))} to {number(round(ends[0, 1], 3))}")
print(f"y from {number(round(ends[1, 0], 3))} to {number(round(ends[1, 1], 3))}")
mark(ax, [(value, 0.0) for value in crossings(y, x)][:8], "Crossings with the x-axis", colours[1])
mark(ax, [(0.0, value) for value in crossings(x, y)][:8], "Crossings with the y-axis", colours[1])
inside = np.flatnonzero(there)
first, last = inside[0], inside[-1]
if np.hypot(x[first] - x[last], y[first] - y[last]) < 1e-6 * far:
    print(f"It is closed: it begins and ends at {point(x[first], y[first])}")
else:
    mark(ax, [(x[first], y[first])], f"Begins, at {parameter} = {turn(t[first])}", colours[2])
    mark(ax, [(x[last], y[last])], f"Ends, at {parameter} = {turn(t[last])}", colours[2])
if not polar:
    n = inside[len(inside) // 8]
    way = {"arrowstyle": "-|>", "color": colours[0], "linewidth": 2}
    ax.annotate("", (x[n + 40], y[n + 40]), (x[n], y[n]), arrowprops=way)
ax.set_title(label, fontsize=14)
finish(ax)
