"""The servers that are measured, as processes: started, looked at through /proc, always stopped."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from . import request, tools

START_LIMIT_S = 30
STOP_LIMIT_S = 40
METRICS_LIMIT_S = 5
TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1


class NotServing(Exception):
    """A server did not come up; its text has the end of what it printed."""


def free_port():
    """A port of the loopback that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server in a directory of its own; use it with `with`, so that it is stopped whatever happens."""

    name = ""

    def __init__(self, binary, environment=None):
        self.binary = binary
        self.environment = {**os.environ, **(environment or {})}
        self.address = f"127.0.0.1:{free_port()}"

    def command(self):
        """What to run; called when the directory is there."""
        raise NotImplementedError

    def __enter__(self):
        self._held = tempfile.TemporaryDirectory(prefix=f"bench-{self.name}-")
        self.directory = Path(self._held.name)
        try:
            self.log = self.directory / "log"
            with self.log.open("wb") as log:
                self.process = subprocess.Popen(
                    self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    cwd=self.directory, env=self.environment, preexec_fn=_end_with_parent,
                )
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        process = getattr(self, "process", None)
        if process and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._held.cleanup()

    def _wait(self):
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if "listening" in self.printed() and self._accepts():
                return
            time.sleep(0.05)
        raise NotServing(f"{self.name} is not listening on {self.address}:\n{self.printed()[-2000:]}")

    def _accepts(self):
        host, port = self.address.rsplit(":", 1)
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((host, int(port))) == 0

    def printed(self):
        """What it has printed so far."""
        return self.log.read_text(errors="replace")

    def cpu_s(self):
        """CPU seconds, user and system, of all threads so far; in steps of a clock tick."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mib(self):
        """Memory that is resident now, in MiB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    def allowed(self):
        """How many requests it has allowed so far, or None if it does not count."""
        return None


class Floor(Server):
    """A stock tonic server that answers a constant."""

    name = "floor"

    def command(self):
        return [self.binary, self.address]


class FloorCores(Floor):
    """The same constant on the runtime and the allocator of `aupd`."""

    name = "floor-cores"


class Aupd(Server):
    """The service with the example accounts, the default policy, and its decision log in a file."""

    name = "aupd"

    def __init__(self, binary, bundle=None, environment=None):
        super().__init__(binary, environment)
        self.bundle = bundle
        self.metrics = f"127.0.0.1:{free_port()}"

    def command(self):
        config = self.directory / "aupd.toml"
        config.write_text(
            f'[serve]\nlisten = "{self.address}"\n[metrics]\nlisten = "{self.metrics}"\n'
            f'[store]\npath = "{self.directory}/aupd.db"\n'
            f'[audit]\nsink = "file"\npath = "{self.directory}/decisions.jsonl"\n'
        )
        self._import_accounts()
        bundle = ["--bundle", self.bundle] if self.bundle else []
        return [self.binary, "serve", "--demo", "--config", config, *bundle]

    def _import_accounts(self):
        examples = json.loads((tools.ROOT / "demo" / "cases" / "accounts.json").read_text())
        file = self.directory / "accounts.jsonl"
        file.write_text("".join(json.dumps(account) + "\n" for account in request.accounts(examples)))
        command = [self.binary, "accounts", "--store", self.directory / "aupd.db", "import", file]
        subprocess.run(command, check=True, capture_output=True, timeout=START_LIMIT_S)

    def allowed(self):
        with urllib.request.urlopen(f"http://{self.metrics}/metrics", timeout=METRICS_LIMIT_S) as page:
            lines = page.read().decode().splitlines()
        allows = (line for line in lines if line.startswith("aupd_decisions_total{") and '"ALLOW"' in line)
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in allows)

    def records(self):
        """How many decision records are in its files by now."""
        return sum(path.read_bytes().count(b"\n") for path in self.directory.glob("decisions.jsonl*"))


def _end_with_parent():
    """Linux stops the server even if this script is killed and cannot do it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
