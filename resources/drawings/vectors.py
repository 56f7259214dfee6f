figure, ax = plt.subplots(figsize=(5.4, 5.0))
axes_through_zero(ax)
arrows = {name: np.array(v, dtype=float) for name, v in vectors.items()}
drawn = dict(arrows)
if len(arrows) == 2:
    (a, first), (b, second) = arrows.items()
    drawn[f"{a} + {b}"] = first + second
    for start, way in ((first, second), (second, first)):
        ax.plot(*np.array([start, start + way]).T, color="#777777", linestyle="--", linewidth=1, label="_dashed line")
tail = np.array(tail, dtype=float)
ends = np.array([tail, *(tail + v for v in drawn.values()), (0.0, 0.0)])
reach = 0.15 * max(np.ptp(ends, axis=0).max(), 1)
ax.set_xlim(ends[:, 0].min() - reach, ends[:, 0].max() + reach)
ax.set_ylim(ends[:, 1].min() - reach, ends[:, 1].max() + reach)
ax.set_aspect("equal")
for colour, (name, v) in zip(colours * len(drawn), drawn.items()):
    ax.annotate(
        "", tail + v, tail, arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
    )
    ax.plot(*np.array([tail, tail + v]).T, color=colour, linewidth=2, label=name)
    right, up = np.sign(np.round(v, 9))  # onwards from the tip, where no arrow is
    beside = {"ha": ("right", "center", "left")[int(right) + 1], "va": ("top", "center", "bottom")[int(up) + 1]}
    at = (5 * right, 5 * up) if right or up else (5, 5)
    ax.annotate(f"{name} {point(*v)}", tail + v, xytext=at, textcoords="offset points", color=colour, **beside)
    drawn_from = f", from {point(*tail)} to {point(*(tail + v))}" if tail.any() else ""
    print(f"{name} = {point(*v)}, length {number(np.hypot(*v))}{drawn_from}")
if len(arrows) == 2:
    lengths = np.hypot(*first) * np.hypot(*second)
    print(f"{a} \u00b7 {b} = {number(first @ second)}")
    if lengths:
        angle = np.degrees(np.arccos(np.clip(first @ second / lengths, -1, 1)))
        print(f"Angle between {a} and {b}: {number(round(angle, 2))}\u00b0")
plt.show()
