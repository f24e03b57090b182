# SPDX-License-Identifier: Apache-2.0
"""From results to tables. A table is a list of lines, a line is a list of cells, and the first line is the head."""
import csv
import json
import statistics

import rows as all_of_the_rows
import servers as all_of_the_servers


def number(value):
    if value is None:
        return "—"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    return f"{value:,.{digits}f}"


def quartiles(values):
    """(first quartile, median, third quartile), or None for no values."""
    if len(values) < 2:
        return (values[0],) * 3 if values else None
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


class Results:
    """runs[row key][server name] has one result, or None, for each repetition."""

    def __init__(self, rows, servers):
        self.rows, self.servers = rows, servers
        self.runs = {row.key: {server.name: [] for server in servers} for row in rows}
        self.notes = []  # each one once, in the order of their discovery
        self.facts = []  # one dictionary for each command that measured

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def add(self, row, server, result):
        self.runs[row.key][server.name].append(result)

    def values(self, row, metric, name):
        """None for each repetition without a result: two servers' values of one repetition have the same index."""
        return [metric.value(result) if result else None for result in self.runs[row.key].get(name, [])]

    def quartiles(self, row, metric, name):
        return quartiles([value for value in self.values(row, metric, name) if value is not None])

    def median(self, row, metric, name):
        found = self.quartiles(row, metric, name)
        return found and found[1]

    def ratio(self, row, metric, one, other):
        """The median of the ratios within each repetition: the machine's speed changes over minutes and cancels out."""
        pairs = zip(self.values(row, metric, one), self.values(row, metric, other))
        ratios = [mine / theirs for mine, theirs in pairs if mine is not None and theirs]
        return statistics.median(ratios) if ratios else None

    def load_busy(self, row, name):
        """The share of its core that the load used; None for `memory`."""
        shares = [result["load_cpu"] / result["seconds"] for result in self.runs[row.key].get(name, [])
                  if result and "load_cpu" in result]
        return statistics.median(shares) if shares else None

    def pairs(self):
        """The rows of the table. Both of our servers that are compared with the same peer are neighbours."""
        return [(one, other) for other in self.servers for one in self.servers
                if all_of_the_servers.is_pair(one, other)]


def ratio_table(results):
    """The one table of the page: `ours ÷ peer`, for every workload that has a column."""
    rows = all_of_the_rows.in_table_order(results.rows)
    lines = [["Nitka ÷ peer", *(row.column for row in rows)]]
    for one, other in results.pairs():
        ratios = [results.ratio(row, row.metrics[0], one.name, other.name) for row in rows]
        if any(ratio is not None for ratio in ratios):
            lines.append([f"{one.name} ÷ {other.name}", *map(number, ratios)])
    return lines


def row_table(results, row):
    """Medians and quartiles of one workload, for the terminal."""
    lines = [["", *(metric.title for metric in row.metrics), "load busy"]]
    for server in results.servers:
        cells = []
        for metric in row.metrics:
            found = results.quartiles(row, metric, server.name)
            cells.append(f"{number(found[1])} ({number(found[0])}–{number(found[2])})" if found else "—")
        busy = results.load_busy(row, server.name)
        lines.append([server.name, *cells, "—" if busy is None else f"{busy:.0%}"])
    return lines


def as_text(table):
    table = [[cell.replace("\n", " ") for cell in line] for line in table]
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    return "\n".join("  " + "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                                      for i, (cell, width) in enumerate(zip(line, widths))) for line in table)


def as_markdown(table):
    head, *body = table
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line).replace("\n", "<br>") + " |" for line in [head, rule, *body])


def print_tables(results):
    for row in results.rows:
        print(f"\n{row.key}: {row.title}; medians (quartiles)\n{as_text(row_table(results, row))}")
    table = ratio_table(results)
    if len(table) > 1 and len(table[0]) > 1:
        print(f"\nRatios of the costs, medians of all repetitions; below 1 Nitka costs less\n{as_text(table)}")
    if results.notes:
        print("\nNotes:\n" + "\n".join(f"  {note}" for note in results.notes))


def significant(value):
    return "" if value is None else f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def write_csv(path, results):
    """One line per server, row and metric. The last columns are the ratios of each server of ours to this server."""
    ours = [server.name for server in results.servers if server.ours]
    with path.open("w", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["server", "row", "workload", "metric", "unit", "runs", "median", "quartile_1", "quartile_3",
                        "load_busy", *(f"{name} ÷ server" for name in ours)])
        for row in results.rows:
            for metric in row.metrics:
                for server in results.servers:
                    values = [value for value in results.values(row, metric, server.name) if value is not None]
                    if not values:
                        continue
                    first, median, third = quartiles(values)
                    ratios = [results.ratio(row, metric, name, server.name) for name in ours]
                    lines.writerow([server.name, row.key, row.title, metric.key, metric.title, len(values),
                                    *map(significant, (median, first, third, results.load_busy(row, server.name))),
                                    *map(significant, ratios)])


def write_json(path, results):
    """Every single result, for `--from`."""
    measured = {key: runs for key, runs in results.runs.items() if any(runs.values())}
    everything = {"facts": results.facts, "notes": results.notes, "servers": [s.name for s in results.servers],
                  "rows": measured}
    path.write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n")


def read_json(paths, known_servers):
    """Joins the results of earlier runs. If two files have the same row, the later file counts."""
    files = [json.loads(path.read_text()) for path in paths]
    names = {name for file in files for name in file["servers"]}
    known = [server for server in known_servers if server.name in names]
    extras = sorted(names - {server.name for server in known})
    servers = [*known, *(all_of_the_servers.Server(name, all_of_the_servers.ANY, [], ours=True) for name in extras)]
    measured = {key for file in files for key in file["rows"]}
    results = Results([row for row in all_of_the_rows.all_rows() if row.key in measured], servers)
    for file in files:
        results.facts += file["facts"]
        results.runs.update(file["rows"])
        for note in file["notes"]:
            results.note(note)
    return results
