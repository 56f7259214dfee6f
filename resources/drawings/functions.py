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


def edges_of(f, x):
    """Where f ends with growing beyond all bounds, as a logarithm does."""
    there = np.isfinite(values(f, x))
    found = []
    for n in np.flatnonzero(there[:-1] != there[1:]):
        inside, outside = (x[n], x[n + 1]) if there[n] else (x[n + 1], x[n])
        for _ in range(60):
            middle = (inside + outside) / 2
            if np.isfinite(values(f, middle)):
                inside = middle
            else:
                outside = middle
        way = 1 if x[n + 1] > outside and there[n + 1] else -1
        edge = round(float(outside), 9)
        steps = np.abs(values(f, edge + way * np.array([1e-6, 1e-9, 1e-12])))
        if np.all(np.diff(steps) > 1):
            found.append(edge)
    return found


def poles(f, x):
    """Where f grows beyond all bounds: where 1/f goes through 0, or touches it."""
    reciprocal = lambda t: 1 / np.asarray(f(t), dtype=float)
    found = [p for p in zeros(reciprocal, x) if not np.abs(values(f, p)) < 1e6]
    found += [p for p, _ in turns(reciprocal, x) if abs(values(reciprocal, p)) < 1e-9]
    found += edges_of(f, x)
    return sorted(p for n, p in enumerate(found) if not np.any(np.isclose(found[:n], p, atol=1e-6)))


def placed(t):
    """A place on the axis for a label: multiples of \u03c0 as such."""
    twelfths = round(t / np.pi * 12)
    if not twelfths or abs(t - twelfths * np.pi / 12) > 1e-5:
        return number(t)
    above, below = twelfths // np.gcd(twelfths, 12), 12 // np.gcd(twelfths, 12)
    sign, above = "\u2212" if above < 0 else "", abs(above)
    return f"{sign}{above if above > 1 else ''}\u03c0{f'/{below}' if below > 1 else ''}"


def point(x, y):
    return f"({placed(x)}, {number(y)})"


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


def repeats(half):
    """Whether the curves go up and down, or through the axis, more often than can be shown."""
    count = 0
    for f in curves.values():
        y = values(f, np.linspace(-half, half, 8001))
        count += np.sum(y[:-1] * y[1:] < 0) + np.sum(np.diff(y)[:-1] * np.diff(y)[1:] < 0)
    return count > 10


def outside(found, half):
    """What lies beyond half."""
    return [one for one in found if abs(one[0] if isinstance(one, tuple) else one) > 0.999 * half]


def bent(f, t):
    """Whether a turning point is more than rounding."""
    here, aside = values(f, t), values(f, t + np.array([-0.02, 0.02]) * abs(t))
    return not np.all(np.abs(aside - here) <= 1e-9 * (1 + abs(here)))


def everything():
    """What is to be marked: near 0, and farther out where the curves do not repeat themselves."""
    found = special(10)
    for half, before in ((100, 10), (1000, 100)):
        if repeats(half):
            break
        for known, more in zip(found, special(half)):
            for key, ones in more.items():
                known[key] += outside(ones, before)
    roots, turning, crossings = found
    for label, f in curves.items():
        near = [(t, low) for t, low in turning[label] if abs(t) <= 9.99]
        turning[label] = near + [(t, low) for t, low in turning[label] if abs(t) > 9.99 and bent(f, t)]
    return roots, turning, crossings


def far_line(f, side):
    """The line that f comes nearer and nearer to far out: its slope and its value at 0; None where there is none."""
    far = side * 1e8 * np.array([1.0, 1.1234, 1.3717, 1.7321, 2.2361])
    y = values(f, far)
    slope = (y[-1] - y[0]) / (far[-1] - far[0])
    starts = y - slope * far
    if not np.all(np.isfinite(starts)) or np.ptp(starts) > 1e-3 * (1 + abs(starts[0])):
        return None
    still_moving = np.ptp(starts) > 1e-6
    slope, start = round(float(slope), 9) + 0.0, round(float(starts.mean()), 3 if still_moving else 6) + 0.0
    t = side * np.linspace(0.01, 50, 5000)
    apart = np.abs(values(f, t) - slope * t - start)
    apart = apart[np.isfinite(apart)]
    still = apart[apart > 1e-6 * (1 + np.abs(start))]
    # What is that line itself, from a corner or a jump on, does not come nearer to it.
    if len(still) < 2 or still.max() < 1e-3:
        return None
    comes_nearer = 0.6 * still[-2] < still[-1] < 1e-4 * (1 + abs(start))
    return (slope, start) if comes_nearer or len(still) == len(apart) else None


def line(slope, start):
    """The equation of a line."""
    if not round(slope, 4):
        return f"y = {placed(start)}"
    times = {1.0: "", -1.0: "\u2212"}.get(round(slope, 4), number(slope))
    added = f" {'+' if start > 0 else chr(0x2212)} {number(abs(start))}" if round(start, 4) else ""
    return f"y = {times}{across}{added}"


lines = {label: (far_line(f, -1), far_line(f, 1)) for label, f in curves.items() if limits is None and solution is None}
for end in tangents:
    for label, f in list(curves.items())[:1]:
        slope = float(values(f, end + 1e-5) - values(f, end - 1e-5)) / 2e-5
        slope = round(slope, 4) if abs(slope - round(slope, 4)) < 1e-6 else slope
        height = float(values(f, end))
        if not np.isfinite(slope) or not np.isfinite(height):
            print(f"There is no tangent at {across} = {number(end)}.")
            continue
        called = line(slope, height - slope * end)
        curves[f"tangent {called}"] = lambda t, a=slope, b=height, c=end: a * (t - c) + b
        print(f"Tangent at {across} = {number(end)}: {called}")


def reach(f, label):
    """How far to the right f has come near to its asymptote, as a temperature to that of the room; 0 if it has none."""
    slope, start = lines.get(label, (None, None))[1] or (0, np.nan)
    apart = lambda t: abs(values(f, t) - slope * t - start)
    return next((far for far in (5, 10, 20, 50, 100, 200, 500, 1000) if apart(far) < 0.1 * apart(0.0)), 0)


def window():
    """From where to where to draw, and what to mark."""
    roots, turning, crossings = everything()
    places = [t for found in (*roots.values(), *crossings.values()) for t in found]
    places += [t for found in turning.values() for t, _ in found]
    ends = [p for f in curves.values() for p in poles(f, np.linspace(-10, 10, 8001))]
    places += [*ends, *tangents, *(t for t, _ in points)]
    places = [t for n, t in enumerate(places) if not any(abs(t - other) < 1e-3 for other in places[:n])]
    if len(places) > 10:  # it repeats itself
        return -2 * np.pi, 2 * np.pi, roots, turning, crossings
    if places:
        wide = max(places) - min(places)
        pad = max(1, 0.4 * wide) if wide else 2
        if ends or any(one for pair in lines.values() for one in pair):  # how it goes on is to be seen
            pad = max(3, 0.7 * wide)
        first, last = min(places) - pad, max(places) + pad
        if 0 < first <= last - first:  # the other axis is near
            first = -0.1 * last
        elif 0 > last >= first - last:
            last = -0.1 * first
        return first, last, roots, turning, crossings
    settled = [far for far in (reach(f, label) for label, f in curves.items()) if far]
    if settled and max(settled) > 5:
        return -0.25 * max(settled), max(settled), roots, turning, crossings
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
low, high = heights.min(), heights.max()
from_axis = low if low > 0 else -high
marked = [] if from_axis > 5 * (high - low) > 0 else [0.0]  # else the axis, far away, would press the graph flat
marked += [start for pair in lines.values() for slope, start in filter(None, pair) if not round(slope, 4)]
for label, f in curves.items():
    if limits is not None:
        marked += [end for end in values(f, limits) if np.isfinite(end)]
    for end in breaks:  # what one rule comes near to there is no value of the function where the other one holds
        whole = abs(values(f, end - 1e-9) - values(f, end + 1e-9)) < 1e-3
        roots[label] = [t for t in roots[label] if abs(t - end) > 1e-6 or abs(values(f, end)) < 1e-6]
        turning[label] = [(t, low) for t, low in turning[label] if abs(t - end) > 1e-3 or whole]
    marked += [values(f, t) for t in inside(t for t, _ in turning[label])]
    if reach(f, label) > 5 and left <= 0 <= right:
        marked += [values(f, 0.0)]  # from there it goes to its asymptote
    marked += [values(f, t) for pair, found in crossings.items() if label in pair for t in inside(found)]
low, high = np.quantile(heights, [0.06, 0.94])
marked = marked or [low]
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



def draw_far_lines(ax, label, name, colour):
    """Horizontal and oblique asymptotes, each on the side on which it is one."""
    left_one, right_one = lines.get(label, (None, None))
    middle = (left + right) / 2
    for one, stretch, side in (
        ((left_one, (left, right), ""),)
        if left_one == right_one
        else ((left_one, (left, middle), f" for {across} \u2192 \u2212\u221e"), (right_one, (middle, right), f" for {across} \u2192 \u221e"))
    ):
        if one is not None:
            slope, start = one
            ends = np.array(stretch)
            ax.plot(ends, slope * ends + start, color=colour, linewidth=1, linestyle="--", label="_asymptote")
            kind = "Oblique" if round(slope, 4) else "Horizontal"
            print(f"{kind} asymptote{name}{side}: {line(slope, start)}")


figure, ax = plt.subplots(figsize=(6.4, 4.4))
axes_through_zero(ax, across, up)
ax.set_xlim(left, right)
ax.set_ylim(bottom, top)
marked_heights = [y for _, y in points]
if marked_heights:
    ax.set_ylim(min(bottom, *marked_heights), max(top, *marked_heights))
marks = [t for found in (*roots.values(), *crossings.values()) for t in inside(found) if abs(t) > 1e-6]
marks += [t for found in turning.values() for t, _ in found if abs(t) > 1e-6]
if np.mean(["\u03c0" in placed(t) for t in marks] or [0]) >= 0.5:
    step = next(s for s in (np.pi / 4, np.pi / 2, np.pi, 2 * np.pi, right - left) if (right - left) / s <= 9)
    ticks = step * np.arange(np.ceil(left / step), np.floor(right / step) + 1)
    ax.set_xticks(ticks, [placed(t) for t in ticks])
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
        print(f"Vertical asymptotes{name}: {', '.join(f'{across} = {placed(p)}' for p in ends)}")
    draw_far_lines(ax, label, name, colour)
    if label.startswith("tangent "):
        continue
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
            print(f"At {across} = {placed(end)} it jumps from {number(before)} to {number(after)}{value}")
mark(ax, points, "Given points", colours[1])
if bends:
    for label, f in list(curves.items())[:1]:
        bend = lambda t: values(f, np.asarray(t) + 1e-3) - 2 * values(f, t) + values(f, np.asarray(t) - 1e-3)
        found = [t for t in zeros(bend, np.linspace(left, right, 2001)) if abs(values(f, t)) < 1e9]
        found = [t for t in found if abs(bend(t - 0.05)) > 1e-11 and abs(bend(t + 0.05)) > 1e-11]
        mark(ax, [(round(t, 4), float(values(f, t))) for t in found], "Points of inflection", colours[2])
if between:
    (a, f), (b, g) = list(curves.items())[:2]
    met = sorted(inside(crossings[a, b]))
    if len(met) > 1:
        t = np.linspace(met[0], met[-1], 20001)
        ax.fill_between(t, values(f, t), values(g, t), color="#2a5d8f33", label="_between")
        apart = np.abs(values(f, t) - values(g, t))
        whole = (t[1] - t[0]) * (np.sum(apart) - (apart[0] + apart[-1]) / 2)
        print(f"Area between them: about {number(round(float(whole), 3))}")
if len(curves) > 1 or solution is not None:
    across_all = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": min(3, len(drawn))}
    ax.legend(handles=drawn, edgecolor="none", fontsize=11, columnspacing=1.2, **across_all)
else:
    ax.set_title(label, fontsize=14)
finish(ax)
