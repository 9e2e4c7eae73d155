#!/usr/bin/env python3
"""Measures `CheckBatch` of 1,000 recipients of one text; see bench/README.md.

What counts is decisions for each second of the server's CPU, which is what one core does, whatever
else the machine does. Bounded, on the loopback; the server is stopped on every way out.
"""

import argparse

from harness import load, request, servers, tools
from harness.command import checked, count, say
from harness.load import Bound, Load

RECIPIENTS = 1_000
LOAD = Load("2 × 2", "own", connections=2, in_flight=2)
WARM_UP = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=count, default=500, help="batches of each round (500)")
    parser.add_argument("--seconds", type=count, default=60, help="longest time of each round (60)")
    parser.add_argument("--rounds", type=count, default=3, help="rounds, of which the median counts (3)")
    parser.add_argument("--skip-build", action="store_true", help="measure what was built last")
    arguments = parser.parse_args()
    checked(lambda: run(arguments))


def run(arguments):
    binaries = tools.binaries("release") if arguments.skip_build else tools.build()
    rates = []
    with servers.Aupd(binaries["aupd"]) as server:
        drive(binaries["load"], server, Bound(arguments.seconds, WARM_UP))
        for _ in range(arguments.rounds):
            cpu, allowed = server.cpu_s(), server.allowed()
            answers = drive(binaries["load"], server, Bound(arguments.seconds, arguments.batches))
            spent, decided = server.cpu_s() - cpu, server.allowed() - allowed
            wanted = arguments.batches * RECIPIENTS
            if decided != wanted:
                raise load.LoadFailed(f"{decided:,} of {wanted:,} were allowed, so not all was decided in full")
            rates.append(decided / spent)
            say(f"{answers.rate * RECIPIENTS:,.0f} decisions/s, {spent / decided * 1e6:.2f} µs of CPU each")
    middle = sorted(rates)[len(rates) // 2]
    print(f"CheckBatch of {RECIPIENTS:,}: {middle:,.0f} decisions for each second of CPU "
          f"(from {min(rates):,.0f} to {max(rates):,.0f} in {len(rates)} rounds)")


def drive(binary, server, bound):
    framed = request.framed_batch(RECIPIENTS)
    return load.own(binary, server, LOAD, bound, request.CALL_BATCH, framed, RECIPIENTS)


if __name__ == "__main__":
    main()
