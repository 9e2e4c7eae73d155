"""The figures: one row for each load and server, the median of its rounds, and the ratios to the floor."""

import json
import os
import platform
import statistics
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from . import tools

RESULTS = tools.ROOT / "bench" / "results"


@dataclass
class Row:
    """What one load on one server gave; latencies in ms."""

    load: str
    server: str
    requests: int
    rate: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    cpu_us: float
    rss_mib: float
    failed: int
    not_allowed: int
    cpu_to_floor: float | None = None
    p99_to_floor: float | None = None
    cpu_to_cores: float | None = None
    p99_to_cores: float | None = None


def medians(rows):
    """One row for each load and server, in the order in which they were first seen."""
    groups = {}
    for row in rows:
        groups.setdefault((row.load, row.server), []).append(row)
    return [_median(group) for group in groups.values()]


def _median(group):
    middle = lambda name: statistics.median(getattr(row, name) for row in group)
    total = lambda name: sum(getattr(row, name) for row in group)
    summed = {name: total(name) for name in ("requests", "failed", "not_allowed")}
    measured = {name: middle(name) for name in ("rate", "p50_ms", "p99_ms", "p999_ms", "cpu_us", "rss_mib")}
    return Row(group[0].load, group[0].server, **summed, **measured)


def with_ratios(rows):
    """Sets each row's ratios to both floors under the same load."""
    for short, name in (("floor", "floor"), ("cores", "floor-cores")):
        floors = {row.load: row for row in rows if row.server == name}
        for row in rows:
            if floor := floors.get(row.load):
                setattr(row, f"cpu_to_{short}", row.cpu_us / floor.cpu_us if floor.cpu_us else None)
                setattr(row, f"p99_to_{short}", row.p99_ms / floor.p99_ms if floor.p99_ms else None)
    return rows


def markdown(rows, circumstances):
    """The table, with what it was measured under above it."""
    lines = [f"{name}: {value}  " for name, value in circumstances.items()]
    heads = ["load", "server", "req/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs/req", "RSS MiB",
             "CPU ÷ floor", "p99 ÷ floor", "CPU ÷ floor-cores", "p99 ÷ floor-cores", "requests", "failed", "not allowed"]
    lines += ["", _line(heads), _line(["---", "---"] + ["--:"] * (len(heads) - 2))]
    return "\n".join(lines + [_line(_cells(row)) for row in rows]) + "\n"


def _cells(row):
    ratio = lambda value: "–" if value is None else f"{value:.2f}"
    return [
        row.load, row.server, f"{row.rate:,.0f}", f"{row.p50_ms:.2f}", f"{row.p99_ms:.2f}",
        f"{row.p999_ms:.2f}", f"{row.cpu_us:.1f}", f"{row.rss_mib:.0f}", ratio(row.cpu_to_floor),
        ratio(row.p99_to_floor), ratio(row.cpu_to_cores), ratio(row.p99_to_cores), f"{row.requests:,}", str(row.failed), str(row.not_allowed),
    ]


def _line(cells):
    return "| " + " | ".join(cells) + " |"


def save(rows, circumstances, name="latest"):
    """Writes `NAME.md` and `NAME.json`, and returns the table."""
    table = markdown(rows, circumstances)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.md").write_text(table)
    document = {"circumstances": circumstances, "rows": [asdict(row) for row in rows]}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")
    return table


def circumstances(arguments):
    """What the figures depend on besides the code."""
    models = (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name"))
    return {
        "commit": _printed("git", "describe", "--always", "--dirty"),
        "compiler": _printed("rustc", "--version"),
        "machine": f"{os.cpu_count()} cores of {next(models, platform.machine())}, Linux {platform.release()}",
        "load average before": f"{os.getloadavg()[0]:.1f}",
        "rounds": str(arguments.rounds),
        "profile": arguments.profile,
    }


def _printed(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=tools.ROOT, check=False, timeout=10)
    return done.stdout.strip() or "unknown"
