figure = plt.figure(figsize=(5.6, 5.2))
ax = figure.add_subplot(projection="3d")
arrows = {name: np.array([*v, 0.0][:3], dtype=float) for name, v in vectors.items()}
drawn = dict(arrows)
if len(arrows) == 2:
    (a, first), (b, second) = arrows.items()
    drawn[f"{a} + {b}"] = first + second
    for start, way in ((first, second), (second, first)):
        ax.plot(*np.array([start, start + way]).T, color="#777777", linestyle="--", linewidth=1, label="_dashed line")
ends = np.array([*drawn.values(), np.zeros(3)])
middle, half = (ends.min(axis=0) + ends.max(axis=0)) / 2, 0.6 * max(np.ptp(ends, axis=0).max(), 1)
for axis, centre in zip("xyz", middle):
    getattr(ax, f"set_{axis}lim")(centre - half, centre + half)
    getattr(ax, f"set_{axis}label")(axis)
ax.set_box_aspect((1, 1, 1))
for colour, (name, v) in zip(colours * len(drawn), drawn.items()):
    ax.quiver(0, 0, 0, *v, color=colour, linewidth=2, arrow_length_ratio=0.12, label=name)
    ax.plot([v[0], v[0]], [v[1], v[1]], [middle[2] - half, v[2]], color=colour, linewidth=0.8, linestyle=":", label="_down")
    text = ", ".join(map(number, v))
    ax.text(*v, f" {name} ({text})", color=colour)
    print(f"{name} = ({text}), length {number(np.linalg.norm(v))}")
if len(arrows) == 2:
    print(f"{a} \u00b7 {b} = {number(first @ second)}")
    print(f"{a} \u00d7 {b} = ({', '.join(map(number, np.cross(first, second)))})")
    lengths = np.linalg.norm(first) * np.linalg.norm(second)
    if lengths:
        angle = np.degrees(np.arccos(np.clip(first @ second / lengths, -1, 1)))
        print(f"Angle between {a} and {b}: {number(round(angle, 2))}\u00b0")
plt.show()
