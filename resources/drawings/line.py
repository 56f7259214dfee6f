figure, ax = plt.subplots(figsize=(6.4, 1.5))
ends = [end for low, high, _, _ in stretches for end in (low, high) if np.isfinite(end)]
wide = max(ends) - min(ends) if len(ends) > 1 else 0.0
pad = 0.5 * wide or 5.0
left, right = min(ends) - pad, max(ends) + pad
ax.axhline(0, color="#555555", linewidth=1)
for low, high, with_low, with_high in stretches:
    ax.plot(
        [max(low, left), min(high, right)], [0, 0], color=colours[0], linewidth=5, solid_capstyle="butt", label=title
    )
    for end, included in ((low, with_low), (high, with_high)):
        if np.isfinite(end):
            face = colours[0] if included else "white"
            ax.plot([end], [0], "o", markersize=9, markerfacecolor=face, markeredgecolor=colours[0], markeredgewidth=2)
            ax.annotate(number(end), (end, 0), xytext=(0, 10), textcoords="offset points", ha="center")
    if low == high:
        print(f"The number {number(low)}")
        continue
    below = "without end below" if np.isinf(low) else f"from {number(low)} ({'' if with_low else 'not '}included)"
    above = "without end above" if np.isinf(high) else f"to {number(high)} ({'' if with_high else 'not '}included)"
    print(f"All numbers {below}, {above}")
ax.set_xlim(left, right)
ax.set_ylim(-0.6, 1.1)
ax.set_yticks([])
ax.spines["left"].set_visible(False)
ax.set_xlabel(across)
ax.set_title(title, fontsize=14)
plt.show()
