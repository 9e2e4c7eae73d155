"""The load: ghz at a moderate and our own at a saturating concurrency, both bounded in number and time."""

import json
import math
import subprocess
from dataclasses import dataclass

from . import request, tools

# A generator that takes so much longer than it was given is stopped, and the run fails.
LIMIT_FACTOR = 2
SLACK_S = 15
PROTO = ("--proto", "proto/aup/v1/decision.proto", "-i", "proto")


class LoadFailed(Exception):
    """A load generator gave no figures; its text has the end of what it printed."""


@dataclass
class Load:
    """One way to ask: what it is called, and how many connections carry how many requests at a time."""

    name: str
    tool: str
    connections: int
    in_flight: int
    """For ghz over all connections, for our own on each."""
    rate: float | None = None
    """Requests a second that are offered over all connections; as many as are answered if there is no number."""


@dataclass
class Answers:
    """What came of a load."""

    latencies: list
    """In ms, of the requests that were answered."""
    rate: float
    """Answers a second."""
    asked: int
    """How many requests there were, answered or not."""


@dataclass
class Bound:
    """Where a load ends: after so many requests, or if there is no number, after so many seconds."""

    seconds: int
    count: int | None = None

    def flags(self, count_flag, seconds_flag, unit=""):
        if self.count is None:
            return [seconds_flag, f"{self.seconds}{unit}"]
        return [count_flag, str(self.count)]


def ghz(binary, server, load, bound):
    """Asks with another id each time.

    Its `-x`, a number and a time at once, forgets the number (0.120), so there is one of the two.
    """
    command = [
        binary, "--insecure", *PROTO, "--call", request.CALL,
        "-d", request.template(), "-c", str(load.in_flight), "--connections", str(load.connections),
        *bound.flags("-n", "-z", "s"), "-O", "json", server.address,
    ]
    report = json.loads(run_bounded(command, bound.seconds))
    latencies = [one["latency"] / 1e6 for one in report["details"] if one["status"] == "OK"]
    seconds = report["total"] / 1e9
    return Answers(latencies, len(latencies) / seconds, report["count"])


# Recipients that were written to before: twenty texts an hour to one of them are all that is allowed.
_used = 0


def own(binary, server, load, bound, call=request.CALL, framed=None, recipients=1):
    """Asks from another account and to other recipients each time; see bench/load.rs."""
    global _used
    message = server.directory / "message"
    message.write_bytes(framed or request.framed())
    command = [
        binary, server.address, call, message, f"--connections={load.connections}", f"--in-flight={load.in_flight}",
        f"--from={_used}", f"--seconds={bound.seconds}",
        *([f"--calls={bound.count}"] if bound.count else []), *([f"--rate={load.rate}"] if load.rate else []),
    ]
    *latencies, last = run_bounded(command, bound.seconds).splitlines()
    told = json.loads(last)
    _used += told["asked"] * recipients
    if not told["answered"]:
        raise LoadFailed(f"{server.name} answered nothing")
    return Answers([int(one) / 1e3 for one in latencies], told["answered"] / told["seconds"], told["asked"])


def answer(binary, server):
    """The verdict that a server gives to the request, as ghz shows it."""
    log = server.directory / "answer.log"
    command = [
        binary, "--insecure", *PROTO, "--call", request.CALL,
        "-d", request.template(), "-c", "1", "-n", "1", "--debug", str(log), server.address,
    ]
    run_bounded(command, SLACK_S)
    for line in log.read_text().splitlines():
        response = json.loads(line).get("response")
        if response:
            return response if isinstance(response, dict) else json.loads(response)
    raise LoadFailed(f"{server.name} did not answer:\n{log.read_text()[-2000:]}")


def percentile(values, share):
    """The smallest value that `share` of all are not above."""
    values = sorted(values)
    return values[max(0, math.ceil(share * len(values)) - 1)]


def run_bounded(command, seconds):
    """Runs a generator that was given so many seconds, and returns what it printed."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT_FACTOR * seconds + SLACK_S, cwd=tools.ROOT, check=False,
    )
    if done.returncode != 0:
        raise LoadFailed(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
