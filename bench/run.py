#!/usr/bin/env python3
"""Measures `aupd` against a stock tonic server that answers a constant; see bench/README.md.

Needs Python 3.11, Rust, and ghz or Go to build it.
Everything is on the loopback and bounded; the servers are stopped on every way out.
"""

import argparse
import dataclasses

from harness import load, report, servers, tools
from harness.command import checked, say
from harness.load import Bound, Load
from harness.report import Row

MODERATE = Load("ghz 5 × 20", "ghz", connections=5, in_flight=100)
SATURATING = [
    Load("4 × 8", "own", connections=4, in_flight=8),
    Load("8 × 32", "own", connections=8, in_flight=32),
]
# Latencies at the same offered rate: that share of what the floor answers at most.
PACED_SHARE = 0.5
QUICK_REQUESTS = 5_000
QUICK_SECONDS = 10
# The warm-up is so much shorter than a run may be: caches and the allocator are not what is measured.
WARM_UP_SHARE = 10


class Wrong(Exception):
    """The figures would not mean what the table says."""


def main():
    arguments = parse()
    checked(lambda: run(arguments), Wrong)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=60_000, help="requests of each run (60000)")
    parser.add_argument("--seconds", type=int, default=30, help="longest time of each run (30)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the median counts (3)")
    parser.add_argument("--quick", action="store_true", help="one round of 5000 requests")
    parser.add_argument("--skip-build", action="store_true", help="measure what was built last")
    parser.add_argument("--profile", choices=("release", "debug"), default="release",
                        help="which build; debug only with --skip-build, to try the harness")
    arguments = parser.parse_args()
    if arguments.profile == "debug" and not arguments.skip_build:
        parser.error("--profile debug needs --skip-build: figures of a debug build mean nothing")
    if min(arguments.requests, arguments.seconds, arguments.rounds) < 1:
        parser.error("requests, seconds and rounds are at least 1")
    if arguments.quick:
        arguments.requests, arguments.rounds = min(arguments.requests, QUICK_REQUESTS), 1
        arguments.seconds = min(arguments.seconds, QUICK_SECONDS)
    return arguments


def run(arguments):
    binaries = tools.binaries(arguments.profile) if arguments.skip_build else tools.build()
    generators = {"ghz": tools.ghz(), "own": binaries["load"]}
    loads = [MODERATE, *SATURATING]
    circumstances = report.circumstances(arguments)
    rows = []
    # In turn, so that a machine that gets slower does not do so to one of them alone; the floor first,
    # because it says how much is offered.
    for number in range(arguments.rounds):
        for kind in (servers.Floor, servers.FloorCores, servers.Aupd):
            say(f"round {number + 1} of {arguments.rounds}: {kind.name}")
            with kind(binaries[kind.name]) as server:
                rows += measure_all(server, loads, generators, arguments)
                if paced := at_half(rows):
                    rows.append(measure(server, paced, generators["own"], arguments))
    print(report.save(report.with_ratios(report.medians(rows)), circumstances), end="")


def measure_all(server, loads, generators, arguments):
    verdict = load.answer(generators["ghz"], server).get("verdict")
    if verdict != "VERDICT_ALLOW":
        raise Wrong(f"{server.name} answers {verdict}, so it would not be measured deciding in full")
    return [measure(server, one, generators[one.tool], arguments) for one in loads]


def at_half(rows):
    """The widest load at half of the rate that the floor reached in the first round."""
    widest = SATURATING[-1]
    reached = next((row.rate for row in rows if (row.server, row.load) == ("floor", widest.name)), None)
    name = f"{widest.name} at {PACED_SHARE:.0%} of the floor's rate"
    return reached and dataclasses.replace(widest, name=name, rate=reached * PACED_SHARE)


def measure(server, one, generator, arguments):
    drive = {"ghz": load.ghz, "own": load.own}[one.tool]
    warm_up = drive(generator, server, one, Bound(max(1, arguments.seconds // WARM_UP_SHARE)))
    # Neither generator ends at a number or a time, whichever comes first; the warm-up says which it is.
    count = max(one.in_flight, min(arguments.requests, int(warm_up.rate * arguments.seconds)))
    cpu, allowed = server.cpu_s(), server.allowed()
    answers = drive(generator, server, one, Bound(arguments.seconds, count))
    spent, answered = server.cpu_s() - cpu, len(answers.latencies)
    if not answered:
        raise Wrong(f"{server.name} answered nothing under {one.name}")
    refused = 0 if allowed is None else max(0, answered - (server.allowed() - allowed))
    row = Row(
        one.name, server.name, answered, answers.rate,
        *(load.percentile(answers.latencies, share) for share in (0.5, 0.99, 0.999)),
        cpu_us=spent / answered * 1e6, rss_mib=server.rss_mib(),
        failed=answers.asked - answered, not_allowed=refused,
    )
    say(f"  {one.name}: {row.rate:,.0f} req/s, {row.cpu_us:.1f} µs of CPU a request")
    return row


if __name__ == "__main__":
    main()
