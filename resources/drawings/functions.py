def values(f, x):
    """f at many places; nothing where it is not defined."""
    x = np.asarray(x, dtype=float)
    with np.errstate(all="ignore"):
        y = np.asarray(f(x), dtype=float) + 0 * x
    return np.where(np.isfinite(y), y, np.nan)


def zeros(f, x):
    """Where f changes its sign between two places, found by halving, or is 0 at one of them."""
    y = values(f, x)
    zero = np.concatenate([[False], y == 0, [False]])
    found = list(x[zero[1:-1] & ~zero[:-2] & ~zero[2:]])  # not those of a stretch where it is 0
    sign = np.sign(y)
    for n in np.flatnonzero(sign[:-1] * sign[1:] < 0):
        low, high = x[n], x[n + 1]
        for _ in range(60):
            middle = (low + high) / 2
            if np.sign(values(f, low)) * np.sign(values(f, middle)) <= 0:
                high = middle
            else:
                low = middle
        if abs(values(f, low)) <= 0.01 * abs(y[n + 1] - y[n]):  # else it jumps there
            found.append(low)
    return found


def turns(f, x):
    """Lowest and highest places of f, each with whether it is a lowest one."""
    y = values(f, x)
    way = np.sign(np.diff(y))
    for n in range(1, len(way)):
        way[n] = way[n] or way[n - 1]
    found = []
    for n in np.flatnonzero(way[:-1] * way[1:] < 0):
        low, high, lowest = x[n], x[n + 2], way[n] < 0
        while way[max(0, n - 1)] == way[n] and n and y[n] == y[n + 1]:  # a flat stretch before the turn
            n -= 1
            low = x[n]
        for _ in range(80):
            third = (high - low) / 3
            left, right = values(f, low + third), values(f, high - third)
            if (left < right) == lowest:
                high -= third
            else:
                low += third
        middle = (low + high) / 2
        if abs(values(f, middle) - y[n + 1]) <= 0.1 * (1 + abs(y[n + 1])):  # else it has no end there
            found.append((middle, lowest))
    return found


def poles(f, x):
    """Where f grows beyond all bounds: where 1/f goes through 0, or touches it."""
    reciprocal = lambda t: 1 / np.asarray(f(t), dtype=float)
    found = [p for p in zeros(reciprocal, x) if not np.abs(values(f, p)) < 1e6]
    found += [p for p, _ in turns(reciprocal, x) if abs(values(reciprocal, p)) < 1e-9]
    return sorted(p for n, p in enumerate(found) if not np.any(np.isclose(found[:n], p, atol=1e-6)))


def special(half):
    """Everything to be marked between -half and half."""
    x = np.linspace(-half, half, 8001)
    roots = {label: zeros(f, x) for label, f in curves.items()}
    turning = {label: turns(f, x) for label, f in curves.items()}
    for label, f in curves.items():  # the curve may touch the axis and turn back
        roots[label] += [t for t, _ in turning[label] if abs(values(f, t)) < 1e-9]
    names = list(curves)
    pairs = [(a, b) for n, a in enumerate(names) for b in names[n + 1 :]]
    crossings = {(a, b): zeros(lambda t: curves[a](t) - curves[b](t), x) for a, b in pairs}
    for a, b in pairs:
        difference = lambda t: curves[a](t) - curves[b](t)
        crossings[a, b] += [t for t, _ in turns(difference, x) if abs(values(difference, t)) < 1e-9]
    return roots, turning, crossings


def window():
    """From where to where to draw, and what to mark: a wider search if nothing crosses nearby."""
    for half in (10, 100, 1000):
        roots, turning, crossings = special(half)
        if any(roots.values()) or any(crossings.values()):
            break
    else:
        roots, turning, crossings = special(10)
    places = [t for found in (*roots.values(), *crossings.values()) for t in found]
    places += [t for found in turning.values() for t, _ in found]
    places += [p for f in curves.values() for p in poles(f, np.linspace(-10, 10, 8001))]
    places = [t for n, t in enumerate(places) if not any(abs(t - other) < 1e-6 for other in places[:n])]
    if len(places) > 10:  # it repeats itself
        return -2 * np.pi, 2 * np.pi, roots, turning, crossings
    if places:
        wide = max(places) - min(places)
        pad = max(1, 0.4 * wide) if wide else 2
        return min(places) - pad, max(places) + pad, roots, turning, crossings
    wide = np.linspace(-1000, 1000, 80001)
    there = wide[np.isfinite(sum(values(f, wide) for f in curves.values()))]
    near = there[np.abs(there) <= 5]
    if len(there) and not len(near):
        start = there[np.argmin(np.abs(there))]
        return (
            min(start, start + 12 * np.sign(start)),
            max(start, start + 12 * np.sign(start)),
            roots,
            turning,
            crossings,
        )
    return -5, 5, roots, turning, crossings


left, right, roots, turning, crossings = window()
if limits is not None:
    first, last = min(limits), max(limits)
    left, right = first - 0.15 * (last - first), last + 0.15 * (last - first)
elif breaks and right - left <= 1000:
    left, right = min(left, min(breaks) - 2), max(right, max(breaks) + 2)
x = np.linspace(left, right, 2001)
inside = lambda found: [t for t in found if left <= t <= right]
heights = np.concatenate([values(f, x) for f in curves.values()])
heights = heights[np.isfinite(heights)]
if not len(heights):
    print("There is nothing to draw: it is defined nowhere from -1000 to 1000.")
    raise SystemExit
marked = [0.0]
for label, f in curves.items():
    if limits is not None:
        marked += [end for end in values(f, limits) if np.isfinite(end)]
    for end in breaks:  # what one rule comes near to there is no value of the function where the other one holds
        whole = abs(values(f, end - 1e-9) - values(f, end + 1e-9)) < 1e-3
        roots[label] = [t for t in roots[label] if abs(t - end) > 1e-6 or abs(values(f, end)) < 1e-6]
        turning[label] = [(t, low) for t, low in turning[label] if abs(t - end) > 1e-3 or whole]
    marked += [values(f, t) for t in inside(t for t, _ in turning[label])]
    marked += [values(f, t) for pair, found in crossings.items() if label in pair for t in inside(found)]
low, high = np.quantile(heights, [0.06, 0.94])
span = max(marked) - min(marked)
peaks = []  # that are no turning points: at x = 0 of sin(x)/x, which is not defined there
for f in curves.values():
    y = values(f, x)
    ends = [] if np.all(np.isnan(y)) else [np.nanargmax(y), np.nanargmin(y)]
    peaks += [y[n] for n in ends if 40 < n < len(x) - 40 and low - 2 * (high - low) < y[n] < high + 2 * (high - low)]
# What is marked is not to lie flat where the graph goes on far beyond it; of one height it is but for rounding.
if span > 1e-6 * (high - low) and limits is None:
    low, high = max(low, min(marked) - 1.5 * span), min(high, max(marked) + 1.5 * span)
marked += peaks
bottom, top = min(low, *marked), max(high, *marked)
room = 0.15 * (top - bottom) or 1.0
bottom, top = bottom - room, top + room

figure, ax = plt.subplots(figsize=(6.4, 4.4))
axes_through_zero(ax, across, up)
ax.set_xlim(left, right)
ax.set_ylim(bottom, top)
drawn = []
if solution is not None:
    with np.errstate(all="ignore"):
        holds = np.asarray(solution(x), dtype=bool) & np.ones(len(x), dtype=bool)
    shade = {"transform": ax.get_xaxis_transform(), "color": "#2a5d8f22", "label": "where it holds"}
    drawn.append(ax.fill_between(x, 0, 1, where=holds, **shade))
    ends = x[1:][np.diff(holds.astype(int)) != 0]
    print(f"It holds in the shaded part; its ends: {', '.join(number(round(e, 2)) for e in ends) or 'none here'}")
for colour, (label, f) in zip(colours * len(curves), curves.items()):
    y = values(f, x)
    y[(y > top + room) | (y < bottom - room)] = np.nan
    y[1:][np.abs(np.diff(y)) > 0.05 * (top - bottom)] = np.nan  # it jumps there
    drawn += ax.plot(x, y, color=colour, linewidth=2, label=label)
    name = f" of {label}" if len(curves) > 1 else ""
    ends = inside(poles(f, x))
    for p in ends:
        ax.axvline(p, color=colour, linewidth=1, linestyle="--")
    if ends:
        print(f"Vertical asymptotes{name}: {', '.join(f'{across} = {number(p)}' for p in ends)}")
    mark(ax, [(t, 0.0) for t in sorted(inside(roots[label]))], f"Zeros{name}", colour)
    for lowest, called in ((True, "Lowest points"), (False, "Highest points")):
        found = sorted(t for t, low in turning[label] if low == lowest and left <= t <= right)
        mark(ax, [(t, float(values(f, t))) for t in found], f"{called}{name}", colour)
    start = float(values(f, 0.0))
    if left <= 0 <= right and np.isfinite(start) and bottom <= start <= top:
        print(f"{label if name else 'Value'} at {across} = 0: {number(start)}")
for (a, b), found in crossings.items():
    mark(
        ax,
        [(t, float(values(curves[a], t))) for t in sorted(inside(found))],
        f"Intersections of {a} and {b}" if len(curves) > 2 else "Intersections",
    )
edges = [] if limits is None else [(float(end), float(values(f, end))) for end in limits for f in curves.values()]
mark(ax, [edge for edge in edges if np.isfinite(edge[1])], "Ends of the graph", colours[0])
for end in breaks if limits is None else []:
    for label, f in curves.items():
        before, here, after = (float(values(f, end + d)) for d in (-1e-9, 0, 1e-9))
        if abs(before - after) < 1e-3 * (top - bottom):
            continue  # it goes on without a jump
        for side in (before, after):
            if np.isfinite(side):
                face = colours[0] if abs(side - here) < 1e-6 * (1 + abs(side)) else "white"
                ax.plot([end], [side], "o", markersize=7, markerfacecolor=face, markeredgecolor=colours[0], zorder=5)
        if np.isfinite(before) and np.isfinite(after):
            value = f", its value is {number(here)}" if np.isfinite(here) else ""
            print(f"At {across} = {number(end)} it jumps from {number(before)} to {number(after)}{value}")
if len(curves) > 1 or solution is not None:
    across_all = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": min(3, len(drawn))}
    ax.legend(handles=drawn, edgecolor="none", fontsize=11, columnspacing=1.2, **across_all)
else:
    ax.set_title(label, fontsize=14)
finish(ax)
