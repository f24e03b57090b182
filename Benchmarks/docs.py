# SPDX-License-Identifier: Apache-2.0
"""Writes the page: the prose is in performance.template.md; the table, facts and plots come from the results."""
import re
import string

import plots
import report
from rows import plural
from servers import HERE


def plain(text):
    """Absolute paths lose their folders: the folders of one machine mean nothing to a reader."""
    return re.sub(r"(?<![\w.])/(?:[\w.+-]+/)+", "", text)


def facts_of(results):
    about = results.facts[-1]["machine"]
    commands = {}
    for facts in results.facts:
        settings = (f"{facts['date']}: {plural(facts['runs'], 'run')} of {facts['seconds']:g} s for each server and "
                    f"workload; {facts['congestion']}")
        commands.setdefault(settings, []).append(f"`{plain(facts['command'])}`")
    lines = [f"- {about['processor']}, {about['cores']} cores, Linux {about['kernel']}"]
    for settings, those in commands.items():
        lines += [f"- {settings}", *(f"  - {command}" for command in those)]
    return "\n".join([*lines, f"- {'; '.join(about['versions'])}"])


def plots_of(path, results):
    links = []
    for name, title, drawing in plots.all_plots(results):
        file = path.with_name(f"{path.stem}-{name}.svg")
        file.write_text(drawing)
        links.append(f"![{title}]({file.name})")
    return "\n\n".join(links)


def write(path, results):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = path.with_suffix(".csv")
    report.write_csv(table, results)
    template = string.Template((HERE / "performance.template.md").read_text())
    ratios = report.as_markdown(report.ratio_table(results))
    # Explain only what the table has.
    dash = ' "—" means not measured: see the end of this page.' if "—" in ratios else ""
    pipelined = "- *Pipelined* is 4 connections, each with 64 messages of 512 bytes in flight.\n"
    path.write_text("<!-- Written by Benchmarks/run.py from Benchmarks/performance.template.md -->\n\n"
                    + template.substitute(
                        facts=facts_of(results), table=ratios, dash=dash,
                        pipelined=pipelined if "pipelined" in ratios else "",
                        csv=table.name, plots=plots_of(path, results),
                        notes="\n".join(f"- {plain(note)}" for note in results.notes)))
