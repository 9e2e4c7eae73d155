#!/usr/bin/env python3
"""Measures what the rules of other accounts cost one that has 20; see bench/README.md.

Makes bundles of the default one with 100 and with 40,000 rules of accounts' own, 20 an account, and
asks for an account with 20 of them. Bounded, on the loopback; servers are always stopped.
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from harness import load, request, servers, tools
from harness.command import checked, count, say
from harness.load import Bound, Load

RULES_EACH = 20
FEW = 100
LOAD = Load("4 × 8", "own", connections=4, in_flight=8)
# Loading very many rules takes a while, and what it takes is said.
START_LIMIT_S = 120
# It holds for no request of the load, which goes to the US; an operand that differs is another rule.
RULE = """@reason("ACTION_NOT_ENTITLED")
forbid (principal in Account::"{account}", action == Action::"SEND_SMS", resource)
when {{ context.destination.country == "{country}" }};
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rules", type=count, default=40_000, help="rules of accounts' own (40000)")
    parser.add_argument("--requests", type=count, default=30_000, help="requests of each run (30000)")
    parser.add_argument("--seconds", type=count, default=30, help="longest time of each run (30)")
    parser.add_argument("--rounds", type=count, default=3, help="rounds, of which the median counts (3)")
    parser.add_argument("--skip-build", action="store_true", help="measure what was built last")
    arguments = parser.parse_args()
    checked(lambda: run(arguments))


def run(arguments):
    binaries = tools.binaries("release") if arguments.skip_build else tools.build()
    costs = {rules: [] for rules in (FEW, arguments.rules)}
    rates = {rules: [] for rules in costs}
    with tempfile.TemporaryDirectory(prefix="bench-tenants-") as held:
        bundles = {rules: bundle(Path(held) / str(rules), rules) for rules in costs}
        servers.START_LIMIT_S = START_LIMIT_S
        # In turn, so that a machine that gets slower does not do so to one of them alone.
        for _ in range(arguments.rounds):
            for rules, directory in bundles.items():
                with servers.Aupd(binaries["aupd"], directory) as server:
                    rate, cost = measure(binaries["load"], server, arguments)
                rates[rules].append(rate)
                costs[rules].append(cost)
                say(f"{rules:,} rules: {rate:,.0f} req/s, {cost:.1f} µs of CPU a request")
    few, many = (statistics.median(costs[rules]) for rules in costs)
    slow, fast = (statistics.median(rates[rules]) for rules in (arguments.rules, FEW))
    print(f"from {FEW:,} to {arguments.rules:,} rules of accounts' own: CPU a request {few:.1f} → {many:.1f} µs "
          f"({many / few - 1:+.1%}), requests a second {fast:,.0f} → {slow:,.0f} ({slow / fast - 1:+.1%})")


def bundle(directory, rules):
    """The default bundle with so many more rules, those of the asked account first."""
    shutil.copytree(tools.ROOT / "policies", directory)
    tenants = directory / "tenants"
    tenants.mkdir(exist_ok=True)
    for number in range(rules // RULES_EACH):
        account = request.ONE_ACCOUNT if number == 0 else f"acc_other_{number}"
        text = "".join(RULE.format(account=account, country=_country(place)) for place in range(RULES_EACH))
        (tenants / f"{account}.cedar").write_text(text)
    return directory


def _country(place):
    """Two letters that are the code of no country: XA to XT."""
    return "X" + chr(ord("A") + place)


def measure(binary, server, arguments):
    def ask(requests):
        bound = Bound(arguments.seconds, requests)
        return load.own(binary, server, LOAD, bound, framed=request.framed(request.ONE_ACCOUNT, request.ONE_NUMBER))

    # By number and not by time: what is cut off is decided all the same, and would be counted below.
    ask(max(LOAD.in_flight, arguments.requests // 10))
    cpu, allowed = server.cpu_s(), server.allowed()
    answers = ask(arguments.requests)
    spent, decided = server.cpu_s() - cpu, server.allowed() - allowed
    if decided != arguments.requests:
        raise load.LoadFailed(f"{decided:,} of {arguments.requests:,} requests were allowed")
    return answers.rate, spent / decided * 1e6


if __name__ == "__main__":
    main()
