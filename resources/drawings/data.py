figure, ax = plt.subplots(figsize=(6.4, 3.6))
ax.set_axisbelow(True)
if pairs and as_places:
    at = np.array([*pairs, (0, 0)], dtype=float)
    reach = 0.2 * max(np.ptp(at, axis=0).max(), 1)
    axes_through_zero(ax)
    ax.set_xlim(at[:, 0].min() - reach, at[:, 0].max() + reach)
    ax.set_ylim(at[:, 1].min() - reach, at[:, 1].max() + reach)
    ax.set_aspect("equal")
    mark(ax, pairs, "Points", colours[0])
    finish(ax)
    raise SystemExit
if pairs:
    x, y = np.array(pairs, dtype=float).T
    ax.grid(color="#00000014")
    ax.plot(x, y, "o", color=colours[0], label="data")
    print(f"{len(x)} points, mean ({number(x.mean())}, {number(y.mean())})")
    if len(set(x)) > 1:
        slope, start = np.polyfit(x, y, 1)
        ends = np.array([x.min(), x.max()])
        sign = "\u2212" if start < 0 else "+"
        line = f"y = {number(slope)}x {sign} {number(abs(start))}"
        ax.plot(ends, slope * ends + start, color=colours[1], label=f"best line {line}")
        print(f"Best line: {line}")
        if y.std():
            print(f"Correlation: {number(np.corrcoef(x, y)[0, 1])}")
    ax.set_xlabel("x")
    ax.set_ylabel("y", rotation=0, loc="top")
else:
    values = np.sort(np.array(data, dtype=float))
    heights = [int(np.sum(values[:n] == v)) + 1 for n, v in enumerate(values)]
    if len(values) <= 60:
        ax.plot(values, heights, "o", color=colours[0], markersize=9, label="data")
        ax.set_ylim(0, max(heights) + 1)
        ax.set_yticks(range(1, max(heights) + 1))
        ax.set_ylabel("how often")
    else:
        ax.hist(values, bins="auto", color=colours[0], edgecolor="white", label="data")
    mean, median = values.mean(), np.median(values)
    ax.axvline(mean, color=colours[1], label=f"mean {number(mean)}")
    ax.axvline(median, color=colours[2], linestyle="--", label=f"median {number(median)}")
    print(f"{len(values)} values from {number(values[0])} to {number(values[-1])}")
    print(f"Mean {number(mean)}, median {number(median)}, standard deviation {number(values.std())}")
    different, counts = np.unique(values, return_counts=True)
    if counts.max() > 1:
        print(f"Most often: {', '.join(number(v) for v in different[counts == counts.max()])}")
ax.legend(framealpha=0.85, edgecolor="none")
plt.show()
