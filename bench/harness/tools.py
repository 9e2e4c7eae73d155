"""What has to be there before anything is measured: the load generators and the release builds."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "target" / "bench-tools"
GHZ = "github.com/bojand/ghz/cmd/ghz@v0.120.0"
INSTALL_LIMIT_S = 600
BUILD_LIMIT_S = 3600


class Missing(Exception):
    """Something that is needed is not there; its text says what to do."""


def ghz():
    """The path of ghz, which is built once with Go if it is not installed."""
    found = _find("ghz")
    if found:
        return found
    if not shutil.which("go"):
        raise Missing("ghz is not installed, and neither is Go to build it: install either")
    CACHE.mkdir(parents=True, exist_ok=True)
    install = ["go", "install", GHZ]
    subprocess.run(install, check=True, timeout=INSTALL_LIMIT_S, env={**os.environ, "GOBIN": str(CACHE)})
    return str(CACHE / "ghz")


def _find(name):
    return shutil.which(name) or shutil.which(name, path=str(CACHE))


def build():
    """Builds `aupd`, both floors and the load for release and returns their paths by name."""
    command = ["cargo", "build", "--release", "--locked", "--bin", "aupd", "--example", "floor",
               "--example", "floor-cores", "--example", "load"]
    subprocess.run(command, check=True, cwd=ROOT, timeout=BUILD_LIMIT_S)
    return binaries("release")


def binaries(profile):
    """The paths of `aupd`, both floors and the load as they were built last for a profile."""
    target = target_of(profile)
    paths = {name: target / "examples" / name for name in ("floor", "floor-cores", "load")}
    paths["aupd"] = target / "aupd"
    for path in paths.values():
        if not path.exists():
            raise Missing(f"{path.name} is not built for {profile}: run without --skip-build")
    return paths


def target_of(profile):
    """The folder of what was built for a profile."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / profile
