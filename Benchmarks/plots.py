# SPDX-License-Identifier: Apache-2.0
"""Writes SVG: lines over the number of clients, and bars. The plots are readable on light and on dark pages."""
import html
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 480, 70, 170, 48, 56
# Without CSS variables, which some renderers do not support.
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328; } .title { font-size: 16px; font-weight: 600; }
.page { fill: #ffffff; } .grid { stroke: #d1d9e0; } .line { fill: none; } .ours { font-weight: 700; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .page { fill: #0d1117; } .grid { stroke: #30363d; } }
</style>"""
OURS = ["#e5484d", "#d6409f", "#f5680a", "#b8860b"]
THEIRS = ["#3b82f6", "#2f9e6e", "#8b5cf6", "#0891b2", "#a16207", "#64748b"]
DASHES = ["", "6 4", "2 3"]


def look(servers):
    """{name: (colour, dash, width)}. Ours are thick and warm; the peers differ by colour, then by dash."""
    ours = [server for server in servers if server.ours]
    theirs = [server for server in servers if not server.ours]
    looks = {server.name: (OURS[i % len(OURS)], "", 3.5) for i, server in enumerate(ours)}
    for i, server in enumerate(theirs):
        looks[server.name] = (THEIRS[i % len(THEIRS)], DASHES[i // len(THEIRS) % len(DASHES)], 1.8)
    return looks


def text(x, y, words, anchor="start", kind="", turn=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}"{turn}>{html.escape(words)}</text>'


def page(title, parts, height=HEIGHT):
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">', STYLE,
                      f"<title>{html.escape(title)}</title>",
                      f'<rect class="page" width="{WIDTH}" height="{height}" rx="8"/>',
                      text(LEFT, 28, title, kind="title"), *parts, "</svg>\n"])


def log_scale(low, high, start, end):
    span = math.log(high / low) or 1
    return lambda value: start + (end - start) * math.log(value / low) / span


def steps(low, high):
    """The values 1, 2, 5, 10, … of the range."""
    found = [one * 10.0 ** power for power in range(-3, 7) for one in (1, 2, 5)]
    return [value for value in found if low <= value <= high]


def spread(wanted, gap):
    """{name: height} for labels: each height is near the wanted one, and no two labels overlap."""
    placed, last = {}, -math.inf
    for name, height in sorted(wanted.items(), key=lambda pair: pair[1]):
        last = placed[name] = max(height, last + gap)
    over = max(0, last - (HEIGHT - BOTTOM))
    return {name: height - over * (i + 1) / len(placed) for i, (name, height) in enumerate(placed.items())}


def axes(x, y, clients, low, high, unit):
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [text((LEFT + right) / 2, HEIGHT - 14, "concurrent clients (log scale)", "middle"),
             text(18, (TOP + bottom) / 2, f"{unit} (log scale)", "middle",
                  turn=f' transform="rotate(-90 18 {(TOP + bottom) / 2})"')]
    for value in clients:
        parts.append(text(x(value), bottom + 20, f"{value:,}", "middle"))
    for value in steps(low, high):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(text(LEFT - 8, y(value) + 4, f"{value:g}", "end"))
    return parts


def line(points, colour, dash, width):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    style = f'stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dash}"'
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 0.7}" fill="{colour}"/>' for x, y in points)
    return f'<polyline class="line" points="{path}" {style}/>{dots}'


def legend(points_of, looks, ours):
    """A label at the end of each line, in the order of the lines' last points."""
    heights = spread({name: points[-1][1] for name, points in points_of.items()}, 17)
    parts = []
    for name, height in heights.items():
        colour, dash, width = looks[name]
        x, edge = points_of[name][-1], WIDTH - RIGHT
        parts.append(f'<line class="grid" x1="{x[0] + 5:.1f}" y1="{x[1]:.1f}" x2="{edge + 14}" y2="{height:.1f}"/>')
        parts.append(f'<line x1="{edge + 14}" x2="{edge + 38}" y1="{height:.1f}" y2="{height:.1f}" stroke="{colour}" '
                     f'stroke-width="{width}" stroke-dasharray="{dash}"/>')
        parts.append(text(edge + 44, height + 4, name, kind="ours" if name in ours else ""))
    return parts


def lines_over_clients(results, rows, metric, title):
    values = {server.name: [(row.options["clients"], results.median(row, metric, server.name)) for row in rows]
              for server in results.servers}
    values = {name: [pair for pair in pairs if pair[1]] for name, pairs in values.items()}
    values = {name: pairs for name, pairs in values.items() if pairs}
    clients = sorted({row.options["clients"] for row in rows})
    seen = [value for pairs in values.values() for _, value in pairs]
    if not seen or len(clients) < 2:
        return None
    low, high = min(seen) / 1.1, max(seen) * 1.1
    x = log_scale(clients[0], clients[-1], LEFT + 14, WIDTH - RIGHT - 14)
    y = log_scale(low, high, HEIGHT - BOTTOM, TOP)
    points = {name: [(x(count), y(value)) for count, value in pairs] for name, pairs in values.items()}
    looks, ours = look(results.servers), {server.name for server in results.servers if server.ours}
    drawn = sorted(points, key=lambda name: name in ours)
    return page(title, axes(x, y, clients, low, high, metric.title) + legend(points, looks, ours)
                + [line(points[name], *looks[name]) for name in drawn])


def bars(results, row, metric, title):
    values = {server.name: results.median(row, metric, server.name) for server in results.servers}
    values = {name: value for name, value in values.items() if value is not None}
    if not values or max(values.values()) <= 0:
        return None
    looks, ours = look(results.servers), {server.name for server in results.servers if server.ours}
    order = sorted(values, key=values.get, reverse=not metric.less_is_better)
    scale, parts = (WIDTH - 150 - 110) / max(values.values()), []
    for i, name in enumerate(order):
        y, length = 50 + 26 * i, max(values[name], 0) * scale
        colour = looks[name][0] if name in ours else "#7d8590"
        parts.append(text(140, y + 15, name, "end", "ours" if name in ours else ""))
        parts.append(f'<rect x="150" y="{y}" width="{length:.1f}" height="20" rx="3" fill="{colour}"/>')
        parts.append(text(156 + length, y + 15, f"{values[name]:,.4g}" if values[name] < 1000
                          else f"{values[name]:,.0f}"))
    height = 50 + 26 * len(order) + 36
    direction = "shorter is better" if metric.less_is_better else "longer is better"
    parts.append(text(150, height - 14, f"{metric.title} ({direction})"))
    return page(title, parts, height)


BARS = {"sat-1000-512", "stream", "bulk-send-8", "bulk-sendfile-8", "churn", "trip", "memory"}  # keys of rows


def all_plots(results):
    """(file name, title, SVG) of each plot for which there are results."""
    lines = [row for row in results.rows if row.group == "echo" and row.options["size"] == 64]
    made = []
    if lines:
        title = "Server CPU per echo of 64 bytes, pinned"
        made.append(("echo-64", title, lines_over_clients(results, lines, lines[0].metrics[0], title)))
    for row in results.rows:
        if row.key in BARS:
            title = f"{row.metrics[0].title}: {row.title}"
            made.append((row.key, title, bars(results, row, row.metrics[0], title)))
    return [one for one in made if one[2] is not None]
