"""What was measured, kept in results.json, and what is made of it: the whole table, README's table and its chart."""

import html
import json
import pathlib
import re
import statistics

HERE = pathlib.Path(__file__).resolve().parent
README = HERE.parents[1] / "README.md"
KEPT = HERE / "results.json"
THRESHOLDS = json.loads((HERE / "thresholds.json").read_text())
SECTIONS = ("throughput", "latency", "start", "memory", "calls", "pieces", "growth", "feeds", "pictures", "machines")
# What README tells of it, in a reader's words; what was not measured is left out.
TOLD = {
    "warm grid / C, connections closed": "warm grid against C, a connection for each request",
    "warm grid / C, connections kept": "warm grid against C, connections kept",
    "warm grid / PHP-FPM": "warm grid against PHP-FPM",
    "p99 at half load / C, connections closed": "99th percentile of the time of a warm grid against C, at half load",
    "CPU per request, µs": "processor time of a warm grid, µs",
    "cold CGI start / C": "cold CGI request against C",
    "warm feed / C": "warm feed of a client's site against C",
    "memory with all workers started, MB": "memory with all 32 workers started, MB",
    "warm grid, 100,000 mappings / 100": "warm grid with 100,000 mappings against one with 100",
}


class Results:
    """The figures of each section, with the day and the manner of their measuring."""

    def __init__(self, machine=""):
        self.machine, self.sections, self.section = machine, {}, None

    @classmethod
    def read(cls, path):
        kept = json.loads(path.read_text())
        results = cls(kept["machine"])
        results.sections = kept["sections"]
        return results

    def begin(self, section, date, quick):
        self.section = {"date": date, "quick": quick, "figures": {}}
        self.sections[section] = self.section

    def add(self, name, values, digits=2):
        """One figure: the median of its rounds, with minimum and maximum."""
        median, lowest, highest = (round(value, 4) for value in (statistics.median(values), min(values), max(values)))
        self.section["figures"][name] = {"median": median, "lowest": lowest, "highest": highest, "digits": digits}
        print("  " + " | ".join(cell for cell in cells(name, self.section["figures"][name]) if cell), flush=True)

    def figures(self):
        return {name: figure for section in SECTIONS for name, figure in self.sections.get(section, {"figures": {}})["figures"].items()}

    def missed(self):
        return [name for name, figure in self.figures().items() if verdict(name, figure).endswith("MISSED")]

    # What is made of it

    def text(self):
        return table([cells(name, figure) for name, figure in self.figures().items()])

    def report(self):
        parts = [
            "# Everything that was measured",
            "`Tests/Benchmarks/run --write` wrote this, README's table and its chart; `--from Tests/Benchmarks/results.json --write`"
            " writes them again without measuring. Ratios are taken round by round: above 1 is faster for throughput, slower for times.",
            f"{self.machine}.",
        ]
        for name in SECTIONS:
            if section := self.sections.get(name):
                manner = ", in the quick form" if section["quick"] else ""
                parts.append(f"## {name}\n\n{section['date']}{manner}.")
                parts.append(table([cells(figure, values) for figure, values in section["figures"].items()]))
        return "\n\n".join(parts) + "\n"

    def told(self):
        """README's part: when and where, and the rows of `TOLD`."""
        figures = self.figures()
        dates = sorted({section["date"] for section in self.sections.values()})
        quick = " in the quick form" if any(section["quick"] for section in self.sections.values()) else ""
        rows = [(words, *cells(name, figures[name])[1:]) for name, words in TOLD.items() if name in figures]
        threads = [f"{figures[name]['median']:.0f}" for name in map("threads of the C responder, {}".format, ("closed", "kept")) if name in figures]
        note = f" The C responder was at its best with {' and '.join(threads)} threads." if threads else ""
        return f"Measured{quick} on {' and '.join(dates)}, {self.machine}.{note}\n\n{table(rows)}"

    def chart(self):
        """Bars relative to the C programs, an SVG that brings its own background: it is read in light and in dark."""
        figures = self.figures()

        def value(name, per=None):
            found = figures.get(name, {}).get("median")
            divisor = figures.get(per, {}).get("median") if per else 1
            return found / divisor if found is not None and divisor else None

        closed, start = "warm grid / C, connections closed", "cold CGI start / C"
        groups = [
            ("Warm grid, requests a second: longer is better", value(closed), "PHP-FPM", value(closed, "warm grid / PHP-FPM")),
            ("The same on kept connections: longer is better", value("warm grid / C, connections kept"), "", None),
            ("Processor time of a warm grid: shorter is better", value("CPU per request / C"), "", None),
            ("Time of a cold CGI request: shorter is better", value(start), "php-cgi", value(start, "cold CGI start / php-cgi")),
        ]
        drawn, y = [], 62
        for title, ours, other, others in groups:
            if ours is None:
                continue
            drawn.append(f'<text class="head" x="24" y="{y}">{html.escape(title)}</text>')
            bars = [("ours", "Meta Module", ours), ("c", "C", 1.0), ("php", other, others)]
            longest = max(length for _, _, length in bars if length)
            for kind, name, length in bars:
                if length:
                    y += 24
                    width = 470 * length / longest
                    drawn.append(
                        f'<text x="132" y="{y}" text-anchor="end">{name}</text>'
                        f'<rect class="{kind}" x="142" y="{y - 13}" width="{width:.1f}" height="16" rx="2"/>'
                        f'<text x="{150 + width:.1f}" y="{y}">{length:.2f}</text>')
            y += 38
        return CHART.format(height=y - 12, bars="\n".join(drawn))

    # Files

    def files(self):
        readme = README.read_text()
        told, times = re.subn(
            r"(<!-- benchmarks -->\n).*(<!-- /benchmarks -->)", lambda found: f"{found[1]}{self.told()}\n{found[2]}", readme, flags=re.DOTALL)
        if times != 1:
            raise SystemExit("Tests/Benchmarks/run: README.md has not one place between <!-- benchmarks --> and <!-- /benchmarks -->")
        kept = json.dumps({"machine": self.machine, "sections": self.sections}, indent=1, ensure_ascii=False) + "\n"
        return {KEPT: kept, HERE / "RESULTS.md": self.report(), HERE / "chart.svg": self.chart(), README: told}

    def write(self):
        for path, text in self.files().items():
            path.write_text(text)

    def stale(self):
        """The files that do not say what was measured."""
        return [path.name for path, text in self.files().items() if not path.exists() or path.read_text() != text]


def verdict(name, figure):
    limit, median = THRESHOLDS.get(name, {}), figure["median"]
    if "at_least" in limit:
        return f"≥ {limit['at_least']}: {'met' if median >= limit['at_least'] else 'MISSED'}"
    if "at_most" in limit:
        return f"≤ {limit['at_most']}: {'met' if median <= limit['at_most'] else 'MISSED'}"
    return ""


def cells(name, figure):
    median, lowest, highest = (f"{figure[which]:.{figure['digits']}f}" for which in ("median", "lowest", "highest"))
    return name, median, f"{lowest} – {highest}" if lowest != highest else "", verdict(name, figure)


def table(rows):
    rows = [("figure", "median", "min – max", "bar"), ("---", "---:", "---", "---"), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


CHART = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" width="720" height="{height}" role="img">
<title>Meta Module beside C and PHP</title>
<style>
  svg {{ --paper: #fff; --line: #d0d7de; --ink: #1f2328; --ours: #0969da; --c: #6e7781; --php: #afb8c1 }}
  @media (prefers-color-scheme: dark) {{
    svg {{ --paper: #0d1117; --line: #30363d; --ink: #e6edf3; --ours: #2f81f7; --c: #8b949e; --php: #484f58 }}
  }}
  text {{ fill: var(--ink); font: 13px system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif }}
  .head {{ font-weight: 600 }}
  .paper {{ fill: var(--paper); stroke: var(--line) }}
  .ours {{ fill: var(--ours) }}
  .c {{ fill: var(--c) }}
  .php {{ fill: var(--php) }}
</style>
<rect class="paper" x=".5" y=".5" width="719" height="{height}" rx="6"/>
<text x="24" y="30">Against C programs on the same libraries that do the least they can: C is 1</text>
{bars}
</svg>
"""
