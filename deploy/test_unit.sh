#!/bin/sh
# Holds the unit against systemd's own checks: that it is understood, and how much it leaves open.
# No systemd has to run for it.
set -eu
cd "$(dirname "$0")/.."
# Of 100, where 0 is nothing left open.
MOST_EXPOSED=20
command -v systemd-analyze >/dev/null || (apt-get update -qq && apt-get install -y -qq systemd)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# `verify` wants the program to be there; any that can be run stands for it.
program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' deploy/aupd.service)
[ "$program" = /usr/local/bin/aupd ]
sed "s#^ExecStart=$program#ExecStart=/bin/true#" deploy/aupd.service >"$WORK/aupd.service"
said=$(systemd-analyze verify --man=no --recursive-errors=no "$WORK/aupd.service" 2>&1) || { echo "$said"; exit 1; }
if [ -n "$said" ]; then
    echo "unit: systemd does not take all of it: $said" >&2
    exit 1
fi
systemd-analyze security --offline=true --no-pager --threshold=$MOST_EXPOSED "$WORK/aupd.service" | tail -1

# A check that cannot fail is none.
printf '[Service]\nExecStart=/bin/true\n' >"$WORK/open.service"
if systemd-analyze security --offline=true --no-pager --threshold=$MOST_EXPOSED "$WORK/open.service" >/dev/null; then
    echo "unit: one that leaves everything open went unseen" >&2
    exit 1
fi
sed 's/^ProtectSystem=/ProtectSytsem=/' "$WORK/aupd.service" >"$WORK/wrong.service"
systemd-analyze verify --man=no --recursive-errors=no "$WORK/wrong.service" 2>&1 | grep -q ProtectSytsem
echo "unit: systemd takes it"
