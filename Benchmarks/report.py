# SPDX-License-Identifier: Apache-2.0
"""From results to tables. A table is a list of lines of text cells, the first line being its head."""
import statistics

TITLES = {"memory": "Memory of an idle client", "trip": "Round trip of one client", "echo": "Echoes",
          "stream": "Pipelined messages", "bulk": "Bulk", "churn": "Connections that come and go"}
BUSY = 0.95  # a load that used more of its core than this may have been the bottleneck


def number(value):
    if value is None:
        return "—"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    return f"{value:,.{digits}f}"


class Results:
    """results[row key][server name]: a list with one result, or None, for each repetition."""

    def __init__(self, rows, servers):
        self.rows, self.servers = rows, servers
        self.runs = {row.key: {server.name: [] for server in servers} for row in rows}
        self.notes = []  # in the order in which they were found, each once

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def add(self, row, server, result):
        self.runs[row.key][server.name].append(result)

    def values(self, row, metric, name):
        return [metric.value(result) if result else None for result in self.runs[row.key].get(name, [])]

    def median(self, row, metric, name):
        present = [value for value in self.values(row, metric, name) if value is not None]
        return statistics.median(present) if present else None

    def ratio(self, row, metric, ours, theirs):
        """The median of the ratios of runs that were neighbours in time: the machine's moods cancel out."""
        pairs = zip(self.values(row, metric, ours), self.values(row, metric, theirs))
        ratios = [mine / other for mine, other in pairs if mine is not None and other]
        return statistics.median(ratios) if ratios else None

    def load_was_busy(self, row, name):
        shares = [result["load_cpu"] / result["seconds"] for result in self.runs[row.key].get(name, [])
                  if result and "load_cpu" in result]
        return bool(shares) and statistics.median(shares) > BUSY


def tables(results):
    """(group, title, medians, ratios of each of ours to everybody) of each table, for all that was measured."""
    for group, table in dict.fromkeys((row.group, row.table) for row in results.rows):
        rows = [row for row in results.rows if (row.group, row.table) == (group, table)]
        for metric in rows[0].metrics:
            title = f"{metric.title}{table and f', {table}'} ({direction(metric)})"
            yield group, title, median_table(results, rows, metric), ratio_tables(results, rows, metric)


def median_table(results, rows, metric):
    lines = [["", *(row.title for row in rows)]]
    for server in results.servers:
        lines.append([server.name, *(median_cell(results, row, metric, server.name) for row in rows)])
    return lines


def median_cell(results, row, metric, name):
    mark = "†" if not metric.less_is_better and results.load_was_busy(row, name) else ""
    return number(results.median(row, metric, name)) + mark


def ratio_tables(results, rows, metric):
    made = {}
    for ours in (server for server in results.servers if server.ours):
        lines = [[f"{ours.name} to", *(row.title for row in rows)]]
        for server in results.servers:
            if server.name != ours.name:
                ratios = (results.ratio(row, metric, ours.name, server.name) for row in rows)
                lines.append([server.name, *(number(ratio) for ratio in ratios)])
        made[ours.name] = lines
    return made


def as_text(table):
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    return "\n".join("  " + "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                                      for i, (cell, width) in enumerate(zip(line, widths))) for line in table)


def as_markdown(table):
    head, *body = table
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *body])


def direction(metric):
    return "less is better" if metric.less_is_better else "more is better"


def print_tables(results):
    for group, title, medians, ratios in tables(results):
        print(f"\n{TITLES[group]}: {title}, medians\n{as_text(medians)}")
        for table in ratios.values():
            print(f"\n  as ratios, pair by pair:\n{as_text(table)}")
    if results.notes:
        print("\nNotes:\n" + "\n".join(f"  {note}" for note in results.notes))


def as_json(results, facts):
    rows = {}
    for row in results.rows:
        rows[row.key] = {
            "title": row.title, "runs": results.runs[row.key],
            "medians": {metric.key: {server.name: results.median(row, metric, server.name)
                                     for server in results.servers} for metric in row.metrics}}
    return {**facts, "notes": results.notes, "rows": rows}
