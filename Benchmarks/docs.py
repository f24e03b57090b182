# SPDX-License-Identifier: Apache-2.0
"""Fills performance.template.md: the prose is there, and only tables, facts and plots come from a run."""
import re
import string

import plots
import report
from servers import HERE


def tables_of(results, group):
    parts = []
    for found, title, medians, ratios in report.tables(results):
        if found != group:
            continue
        parts.append(f"**{title}**, medians:\n\n{report.as_markdown(medians)}")
        parts += [f"The same as ratios, pair by pair:\n\n{report.as_markdown(table)}" for table in ratios.values()]
    return "\n\n".join(parts) or "Not measured in this run."


def plain(text):
    """Without the folders of absolute paths: where things lie on the machine of that run is of no use to a reader."""
    return re.sub(r"(?<![\w.])/(?:[\w.+-]+/)+", "", text)


def facts_of(facts):
    about = facts["machine"]
    lines = [f"- {facts['date']}, `{plain(facts['command'])}`",
             f"- {facts['runs']} runs of {facts['seconds']:g} seconds for each cell",
             f"- {about['processor']}, {about['cores']} cores, Linux {about['kernel']}", f"- {facts['congestion']}",
             f"- {facts['load']}"]
    return "\n".join(lines + [f"- {name}: {version}" for name, version in about["versions"].items()])


def plots_of(path, results, group):
    links = []
    for name, title, drawing in plots.of_group(results, group):
        file = path.with_name(f"{path.stem}-{name}.svg")
        file.write_text(drawing)
        links.append(f"![{title}]({file.name})")
    return "\n\n".join(links)


def write(path, results, facts):
    path.parent.mkdir(parents=True, exist_ok=True)
    filled = {"facts": facts_of(facts), "notes": "\n".join(f"- {plain(note)}" for note in results.notes) or "None."}
    for group in report.TITLES:
        filled[group] = "\n\n".join(filter(None, [plots_of(path, results, group), tables_of(results, group)]))
    template = string.Template((HERE / "performance.template.md").read_text())
    path.write_text("<!-- Written by Benchmarks/run.py from Benchmarks/performance.template.md -->\n\n"
                    + template.substitute(filled))
