#!/usr/bin/env python3
"""Loads `aupd` and the floor with mixed requests through ghz: unary calls, batches and streams; see bench/README.md.

Of each kind: as fast as 100 calls in flight over 5 connections go, a ramp to saturation, and 85 % of that for two
minutes. The table and an HTML report are saved as `bench/results/ghz.md` and `ghz.html`. Needs Python 3.11, Rust,
and ghz or Go to build it. Everything is on the loopback and bounded; the servers are stopped on every way out.
"""

import argparse
import json
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import data
import page
from harness import load, report, servers, tools
from harness.command import checked, count, say

KINDS = ("unary", "batch", "stream")
SERVERS = ("floor", "aupd")
RAMP = [0.25, 0.5, 0.75, 1.0, 1.25]
HOLD_SHARE = 0.85
QUICK = {"seconds": 1, "step": 1, "hold": 2, "ramp": [1.0], "in_flight": 10}
# A share of allows further from that of the data says that something else was measured.
MIX_TOLERANCE = 0.02


class Wrong(Exception):
    """The figures would not mean what the table says."""


@dataclass
class Phase:
    """What one run of ghz gave; latencies in ms, of a call."""

    kind: str
    server: str
    phase: str
    offered: float | None
    """Calls a second; as many as were answered if there is none."""
    rate: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    cpu_us: float
    """Of the server, for each decision."""
    failed: int
    allowed: float | None
    """Share of the decisions; None for the floor, which allows all."""
    rss_mib: float
    histogram: list
    cpu_to_floor: float | None = None


class Aupd(servers.Aupd):
    """The service with the demo store, and copies of its accounts that have no limit on their rate."""

    def _import_accounts(self):
        file = self.directory / "accounts.jsonl"
        file.write_text("".join(json.dumps(account) + "\n" for account in data.accounts()))
        command = [self.binary, "accounts", "--store", self.directory / "aupd.db", "import", file]
        subprocess.run(command, check=True, capture_output=True, timeout=servers.START_LIMIT_S)


def main():
    arguments = parse()
    checked(lambda: run(arguments), Wrong)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=count, default=10, help="of the run as fast as it goes (10)")
    parser.add_argument("--step", type=count, default=5, help="seconds of each step of the ramp (5)")
    parser.add_argument("--hold", type=count, default=120, help="seconds at 85 %% of saturation (120)")
    parser.add_argument("--quick", action="store_true", help="a second or two each: to see that it works")
    parser.add_argument("--skip-build", action="store_true", help="measure what was built last")
    parser.add_argument("--profile", choices=("release", "debug"), default="release",
                        help="which build; debug only with --skip-build, to try the harness")
    parser.set_defaults(ramp=RAMP, in_flight=None)
    arguments = parser.parse_args()
    if arguments.profile == "debug" and not arguments.skip_build:
        parser.error("--profile debug needs --skip-build: figures of a debug build mean nothing")
    if arguments.quick:
        vars(arguments).update(QUICK)
    arguments.rounds = 1
    return arguments


def run(arguments):
    ghz = tools.ghz()
    binaries = build(arguments)
    circumstances = report.circumstances(arguments)
    phases = []
    for kind in KINDS:
        for name in SERVERS:
            say(f"{kind}: {name}")
            with {"floor": servers.Floor, "aupd": Aupd}[name](binaries[name]) as server:
                phases += measure(ghz, server, kind, arguments)
    with_ratios(phases)
    table = page.markdown(phases, circumstances)
    report.RESULTS.mkdir(parents=True, exist_ok=True)
    (report.RESULTS / "ghz.md").write_text(table)
    (report.RESULTS / "ghz.html").write_text(page.html(phases, circumstances))
    document = {"circumstances": circumstances, "phases": [asdict(phase) for phase in phases]}
    (report.RESULTS / "ghz.json").write_text(json.dumps(document, indent=2) + "\n")
    print(table, end="")
    check(phases)


def build(arguments):
    if not arguments.skip_build:
        command = ["cargo", "build", "--release", "--locked", "--bin", "aupd", "--example", "floor"]
        subprocess.run(command, check=True, cwd=tools.ROOT, timeout=tools.BUILD_LIMIT_S)
    target = tools.target_of(arguments.profile)
    paths = {"aupd": target / "aupd", "floor": target / "examples" / "floor"}
    for path in paths.values():
        if not path.exists():
            raise tools.Missing(f"{path.name} is not built for {arguments.profile}: run without --skip-build")
    return paths


def measure(ghz, server, kind, arguments):
    """The phases of one kind of call to one server."""
    run_phase = lambda *phase: drive(ghz, server, kind, arguments.in_flight, *phase)
    closed = run_phase("as fast as it goes", arguments.seconds)
    ramp = [run_phase(f"ramp, {share:.0%}", arguments.step, closed.rate * share) for share in arguments.ramp]
    saturation = max(phase.rate for phase in [closed, *ramp])
    hold = run_phase(f"{HOLD_SHARE:.0%} of saturation", arguments.hold, saturation * HOLD_SHARE)
    return [closed, *ramp, hold]


def drive(ghz, server, kind, in_flight, phase, seconds, rate=None):
    """Runs ghz once."""
    out = server.directory / "ghz.json"
    # Whole calls a second are what ghz can offer, and at least one.
    offered = None if rate is None else max(1, round(rate))
    command = [
        ghz, "--config", f"bench/ghz/{kind}.json", "-z", f"{seconds}s", "-O", "json", "-o", out,
        *(["--rps", str(offered)] if offered else []), *(["-c", str(in_flight)] if in_flight else []), server.address,
    ]
    cpu, allowed = server.cpu_s(), server.allowed()
    load.run_bounded(command, seconds)
    spent = server.cpu_s() - cpu
    text = out.read_text()
    statuses = json.loads(re.search(r'"statusCodeDistribution":\s*(\{.*?\})', text, re.S)[1])
    latencies = [int(one) / 1e6 for one in re.findall(r'"latency":\s*(\d+),\s*"error"', text)]
    answered, asked = statuses.get("OK", 0), sum(statuses.values())
    if not answered:
        raise Wrong(f"{server.name} answered nothing in {kind}, {phase}: {statuses}")
    decided = answered * page.DECISIONS[kind]
    row = Phase(
        kind, server.name, phase, offered, answered / elapsed_s(text),
        *(load.percentile(latencies, share) for share in (0.5, 0.99, 0.999)),
        cpu_us=spent / decided * 1e6, failed=asked - answered,
        allowed=None if allowed is None else (server.allowed() - allowed) / decided,
        rss_mib=server.rss_mib(), histogram=page.histogram(latencies),
    )
    say(f"  {phase}: {row.rate:,.0f} calls/s, {row.cpu_us:.1f} µs of CPU a decision, p99 {row.p99_ms:.1f} ms")
    return row


def elapsed_s(text):
    """From the first to the last call: ghz's own total has its start and its end in it, a second and more."""
    ends = [datetime.fromisoformat(one[:26].rstrip("Z")) for one in ends_of(text)]
    return max((ends[1] - ends[0]).total_seconds(), 0.1)


def ends_of(text):
    stamps = re.findall(r'"timestamp":\s*"([^"]+)"', text)
    return min(stamps), max(stamps)


def with_ratios(phases):
    floors = {(phase.kind, phase.phase): phase for phase in phases if phase.server == "floor"}
    for phase in phases:
        floor = floors[phase.kind, phase.phase]
        phase.cpu_to_floor = phase.cpu_us / floor.cpu_us if floor.cpu_us else None


def check(phases):
    """The table is not to be believed where calls failed or the mix was another one."""
    expected = sum(place % 5 < data.ALLOWED_OF_FIVE for place in range(data.REQUESTS)) / data.REQUESTS
    for phase in phases:
        where = f"{phase.server} in {phase.kind}, {phase.phase}"
        if phase.failed:
            raise Wrong(f"{phase.failed} calls to {where} failed")
        if phase.allowed is not None and abs(phase.allowed - expected) > MIX_TOLERANCE:
            raise Wrong(f"{phase.allowed:.1%} of the decisions of {where} were allows, and {expected:.0%} ought to be")


if __name__ == "__main__":
    main()
