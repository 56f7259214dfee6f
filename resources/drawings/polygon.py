corners = np.array(list(places.values()), dtype=float)
names = list(places)
middle = corners.mean(axis=0)
size = np.ptp(corners, axis=0).max()
wide, high = np.ptp(corners, axis=0) / size + 0.3
figure, ax = plt.subplots(figsize=(5.6, min(4.6, 0.6 + 5 * high / wide)))
if grid:
    axes_through_zero(ax)
else:
    ax.set_axis_off()
ax.set_aspect("equal")
(inner,) = ax.fill(*corners.T, facecolor="#2a5d8f22", edgecolor=colours[0], linewidth=2, label=title)
ax.set_xlim(corners[:, 0].min() - 0.15 * size, corners[:, 0].max() + 0.15 * size)
ax.set_ylim(corners[:, 1].min() - 0.15 * size, corners[:, 1].max() + 0.15 * size)
ax.set_title(title, fontsize=14 if len(title) < 40 else 11.5, pad=16)
figure.canvas.draw()
along = np.linspace(0, 1, 200)[:, None]
outline = ax.transData.transform(np.vstack([a + along * (b - a) for a, b in zip(corners, np.roll(corners, -1, axis=0))]))
renderer = figure.canvas.get_renderer()


def write_at(text, tries, **style):
    """A label where it covers neither a side nor another label; where that is nowhere, where it covers least."""
    found = []
    for n, at in enumerate(tries):
        label = ax.text(*at, text, ha="center", va="center", zorder=5, **style)
        box = label.get_window_extent(renderer).padded(2.5)
        label.remove()
        others = sum(box.overlaps(other) for other in labelled)
        sides = np.sum(np.all((outline > box.min) & (outline < box.max), axis=1))
        found.append((others * 1000 + sides, n, box, at))
    _, _, box, at = min(found, key=lambda one: one[:2])
    labelled.append(box)
    ax.text(*at, text, ha="center", va="center", zorder=5, **style)


def turned(way, degrees):
    """A direction turned to the left."""
    t = np.radians(degrees)
    return np.array([way[0] * np.cos(t) - way[1] * np.sin(t), way[0] * np.sin(t) + way[1] * np.cos(t)])


def unit(way):
    return way / (np.hypot(*way) or 1)


around = (0, 30, -30, 60, -60, 90, -90)
paper = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75}
for name, at in zip(names, corners):
    text = f"{name}{point(*at)}" if grid else name
    out = unit(at - middle)
    tries = [at + by * size * turned(out, turn) for by in (0.07, 0.1, 0.14, 0.2) for turn in around]
    write_at(text, tries, fontsize=14, bbox=paper if grid else None)
for n, at in enumerate(corners if len(corners) > 2 else corners[:1]):
    following = corners[(n + 1) % len(corners)]
    length = np.hypot(*(following - at))
    across = np.array([following[1] - at[1], at[0] - following[0]]) / (length or 1)
    across *= np.sign(across @ ((at + following) / 2 - middle)) or 1
    tries = [
        at + share * (following - at) + by * size * across
        for by in (0.05, 0.07, 0.09, 0.12, 0.16)
        for share in (0.5, 0.42, 0.58, 0.34, 0.66)
    ]
    write_at(number(length), tries, color=colours[0])
for n, (name, at) in enumerate(zip(names, corners)):
    before, after = corners[n - 1] - at, corners[(n + 1) % len(corners)] - at
    cosine = before @ after / (np.hypot(*before) * np.hypot(*after))
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    if abs(angle - 90) < 1e-6:
        side = min(0.06 * size, 0.25 * np.hypot(*before), 0.25 * np.hypot(*after))
        a, b = side * unit(before), side * unit(after)
        ax.plot(*np.array([at + a, at + a + b, at + b]).T, color=colours[0], linewidth=1, label="_right angle")
    elif len(corners) == 3:
        # Between its sides where it fits there, else outside, at its corner.
        between = unit(unit(before) + unit(after))
        tries = [at + by * size * between for by in np.arange(0.08, 0.4, 0.02)]
        nearest = [np.argmin(np.hypot(*(corners - place).T)) for place in tries]
        tries = [p for p, near in zip(tries, nearest) if near == n and inner.get_path().contains_point(p)]
        tries += [at + by * size * turned(-between, turn) for by in (0.09, 0.13, 0.17, 0.21, 0.26) for turn in around]
        write_at(f"{number(round(angle, 1))}\u00b0", tries, fontsize=10.5)
    if len(corners) > 2:
        print(f"Angle at {name}: {number(round(angle, 2))}\u00b0")
for n, at in enumerate(corners if len(corners) > 2 else corners[:1]):
    following = (n + 1) % len(corners)
    print(f"Side {names[n]}{names[following]}: {number(np.hypot(*(corners[following] - at)))}")
x, y = corners.T
if len(corners) > 2:
    print(f"Area: {number(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)}")
else:
    print(f"Midpoint: {point(*middle)}")
    if x[0] != x[1]:
        print(f"Slope: {number((y[1] - y[0]) / (x[1] - x[0]))}")
plt.show()
