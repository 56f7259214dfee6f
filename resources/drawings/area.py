def values(x):
    """f at many places; nothing where it is not defined."""
    x = np.asarray(x, dtype=float)
    with np.errstate(all="ignore"):
        y = np.asarray(f(x), dtype=float) + 0 * x
    return np.where(np.isfinite(y), y, np.nan)


first, last = min(low, high), max(low, high)
pad = 0.3 * (last - first) or 1.0
x = np.linspace(first - pad, last + pad, 2001)
inside = np.linspace(first, last, 20001)
y, under = values(x), values(inside)
shown = under[np.isfinite(under)]
if not len(shown):
    print("There is nothing to draw: it is not defined there.")
    raise SystemExit
bottom, top = min(0.0, np.quantile(shown, 0.01)), max(0.0, np.quantile(shown, 0.99))
room = 0.2 * (top - bottom) or 1.0
figure, ax = plt.subplots(figsize=(6.4, 4.4))
axes_through_zero(ax, across)
ax.set_xlim(x[0], x[-1])
ax.set_ylim(bottom - room, top + room)
y[(y > top + 2 * room) | (y < bottom - 2 * room)] = np.nan
ax.plot(x, y, color=colours[0], linewidth=2, label=label)
ax.fill_between(inside, 0, np.maximum(under, 0), color="#2a5d8f44", label="above the axis")
ax.fill_between(inside, 0, np.minimum(under, 0), color="#b0432b44", label="below the axis")
for end in (low, high):
    ax.axvline(end, color="#555555", linewidth=1, linestyle="--", label=f"{across} = {number(end)}")
ax.set_title(label, fontsize=14)
step = inside[1] - inside[0]
parts = [step * (np.sum(side) - (side[0] + side[-1]) / 2) for side in (np.maximum(under, 0), np.minimum(under, 0))]
if np.all(np.isfinite(parts)):
    above, below = parts
    print(f"Area above the axis: about {number(round(above, 3))}; below it: about {number(round(-below, 3))}")
    print(f"Integral: about {number(round((above + below) * (1 if low <= high else -1), 3))}")
plt.show()
