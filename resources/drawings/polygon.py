corners = np.array(list(places.values()), dtype=float)
names = list(places)
figure, ax = plt.subplots(figsize=(5.6, 4.6))
middle = corners.mean(axis=0)
if grid:
    axes_through_zero(ax)
else:
    ax.set_axis_off()
ax.set_aspect("equal")
ax.fill(*corners.T, facecolor="#2a5d8f22", edgecolor=colours[0], linewidth=2, label=title)
size = np.ptp(corners, axis=0).max()
ax.set_xlim(corners[:, 0].min() - 0.25 * size, corners[:, 0].max() + 0.25 * size)
ax.set_ylim(corners[:, 1].min() - 0.25 * size, corners[:, 1].max() + 0.25 * size)


def away(at, by):
    """A place a little further from the middle."""
    way = at - middle
    return at + by * size * way / (np.hypot(*way) or 1)


for n, (name, at) in enumerate(zip(names, corners)):
    before, after = corners[n - 1] - at, corners[(n + 1) % len(corners)] - at
    cosine = before @ after / (np.hypot(*before) * np.hypot(*after))
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    ax.text(
        *away(at, 0.14 if grid else 0.08),
        f"{name}{point(*at)}" if grid else name,
        ha="center",
        va="center",
        fontsize=14,
    )
    if abs(angle - 90) < 1e-6:
        side = 0.06 * size
        a, b = side * before / np.hypot(*before), side * after / np.hypot(*after)
        ax.plot(*np.array([at + a, at + a + b, at + b]).T, color=colours[0], linewidth=1, label="_right angle")
    elif len(corners) == 3:
        ax.text(
            *(at + 0.22 * (middle - at) * 1.2),
            f"{number(round(angle, 1))}\u00b0",
            ha="center",
            va="center",
            fontsize=10.5,
        )
    if len(corners) > 2:
        print(f"Angle at {name}: {number(round(angle, 2))}\u00b0")
for n, at in enumerate(corners if len(corners) > 2 else corners[:1]):
    following = corners[(n + 1) % len(corners)]
    length = np.hypot(*(following - at))
    half = (at + following) / 2
    across = np.array([following[1] - at[1], at[0] - following[0]]) / (length or 1)
    across *= np.sign(across @ (half - middle)) or 1
    ax.text(*(half + 0.05 * size * across), number(length), ha="center", va="center", color=colours[0])
    print(f"Side {names[n]}{names[(n + 1) % len(corners)]}: {number(length)}")
x, y = corners.T
if len(corners) > 2:
    print(f"Area: {number(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)}")
else:
    print(f"Midpoint: {point(*middle)}")
    if x[0] != x[1]:
        print(f"Slope: {number((y[1] - y[0]) / (x[1] - x[0]))}")
ax.set_title(title, fontsize=14)
plt.show()
