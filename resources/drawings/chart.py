values = np.array(values, dtype=float)
names = labels or [str(n) for n in range(1, len(values) + 1)]
figure, ax = plt.subplots(figsize=(6.4, 3.8))
ax.set_axisbelow(True)
slanted = {"rotation": 35, "ha": "right"} if max(map(len, names)) > 8 or len(names) > 10 else {}
if kind == "pie" and np.all(values >= 0) and values.sum() > 0:
    shares = 100 * values / values.sum()
    shown = [f"{name}\n{number(round(share, 1))} %" for name, share in zip(names, shares)]
    tints = plt.get_cmap("tab20c")(np.linspace(0, 1, len(values)))
    ax.pie(values, labels=shown, colors=tints, startangle=90, counterclock=False, wedgeprops={"edgecolor": "white"})
    ax.set_aspect("equal")
    for name, value, share in zip(names, values, shares):
        print(f"{name}: {number(value)}, {number(round(share, 1))} %, {number(round(3.6 * share, 1))}\u00b0")
elif kind == "histogram":
    counts, edges, _ = ax.hist(values, bins="auto", color=colours[0], edgecolor="white", label="data")
    ax.set_ylabel("how often")
    for count, low, high in zip(counts, edges, edges[1:]):
        print(f"From {number(low)} to {number(high)}: {number(count)}")
    print(f"Mean {number(values.mean())}, median {number(np.median(values))}")
elif kind == "box":
    ordered = np.sort(values)
    below, above = ordered[: len(ordered) // 2], ordered[(len(ordered) + 1) // 2 :]
    five = [ordered[0], np.median(below), np.median(ordered), np.median(above), ordered[-1]]
    known = dict(zip(("whislo", "q1", "med", "q3", "whishi"), five))
    ax.bxp([known], vert=False, showfliers=False, widths=0.5, boxprops={"color": colours[0], "linewidth": 2},
            medianprops={"color": colours[1], "linewidth": 2})
    ax.set_yticks([])
    for value in sorted(set(five)):
        ax.annotate(number(value), (value, 1.3), ha="center", va="bottom", fontsize=11)
    ax.set_ylim(0.5, 1.6)
    for called, value in zip(("Least", "Lower quartile", "Median", "Upper quartile", "Greatest"), five):
        print(f"{called}: {number(value)}")
    print("The quartiles are the medians of the lower and the upper half, without the middle value.")
else:
    places = np.arange(len(values))
    if kind == "line":
        ax.plot(places, values, "o-", color=colours[0], linewidth=2, label="data")
    else:
        ax.bar(places, values, color=colours[0], label="data")
        ax.axhline(0, color="#555555", linewidth=1)
    ax.grid(axis="y", color="#00000014")
    ax.set_xticks(places, names, **slanted)
    room = 0.12 * (max(values.max(), 0) - min(values.min(), 0))
    for place, value in zip(places, values) if len(values) <= 20 else []:
        side = -1 if value < 0 and kind != "line" else 1
        ax.annotate(number(value), (place, value), xytext=(0, 5 * side), textcoords="offset points", ha="center",
                    va="bottom" if side > 0 else "top", fontsize=11)
    if kind != "line":
        ax.set_ylim(min(0, values.min()) - (room if values.min() < 0 else 0), max(0, values.max()) + room)
    else:
        ax.set_ylim(values.min() - 0.2 * (np.ptp(values) or 1), values.max() + 0.25 * (np.ptp(values) or 1))
    for name, value in zip(names, values):
        print(f"{name}: {number(value)}")
    most, least = int(values.argmax()), int(values.argmin())
    print(f"Highest: {names[most]} with {number(values[most])}; lowest: {names[least]} with {number(values[least])}")
    print(f"Total {number(values.sum())}, mean {number(values.mean())}")
figure.tight_layout()
plt.show()
