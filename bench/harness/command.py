"""What the commands of the harness have in common."""

import argparse
import signal
import subprocess
import sys

from . import load, servers, tools

FAULTS = (tools.Missing, servers.NotServing, load.LoadFailed, subprocess.SubprocessError)


def checked(run, *faults):
    """Runs it; a fault is one line and an end with 1, and a signal an exception, so that `with` blocks end."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    try:
        run()
    except (*FAULTS, *faults) as error:
        sys.exit(f"bench: {error}")


def count(text):
    """A whole number from 1 on, as an argument."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def say(text):
    print(text, file=sys.stderr, flush=True)
