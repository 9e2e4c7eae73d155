#!/bin/sh
# Lints the proto, and refuses what would break a caller that has an older one, on the wire or in JSON.
#
# Compared are the files as they lie here with two older states: the last commit, and the state before
# the last commit that changed the proto. A clone that is too shallow for the second says so and compares
# with what it has. Then the check is checked: on a copy without one field it has to fail.
set -eu
cd "$(dirname "$0")/.."

TOOL=target/tools/buf
BUF="$TOOL/node_modules/.bin/buf"

install_buf() {
    if ! cmp -s scripts/buf/package-lock.json "$TOOL/package-lock.json" || [ ! -x "$BUF" ]; then
        command -v npm >/dev/null || (apt-get update -qq && apt-get install -y -qq npm)
        mkdir -p "$TOOL"
        cp scripts/buf/package.json scripts/buf/package-lock.json "$TOOL/"
        # The binary comes with an optional package for the platform; nothing of it has to be run.
        npm ci --prefix "$TOOL" --ignore-scripts --no-audit --no-fund --silent
    fi
}

# The proto of a commit, in a folder of its own with the same buf.yaml as here.
export_proto() {
    mkdir -p "$2"
    git archive "$1" proto | tar -x -C "$2"
    cp buf.yaml "$2/buf.yaml"
}

compare() {
    export_proto "$1" "$WORK/$2"
    "$BUF" breaking --against "$WORK/$2"
    echo "proto: nothing breaks against $2 ($(git rev-parse --short "$1"))"
}

# A check that cannot fail is none: takes a field out of a copy, and demands a complaint that names it.
fails_on_a_removed_field() {
    mkdir -p "$WORK/broken"
    cp -R proto buf.yaml "$WORK/broken/"
    sed -i.old '/^  string account_id = 2;$/d' "$WORK/broken/proto/aup/v1/decision.proto"
    rm "$WORK/broken/proto/aup/v1/decision.proto.old"
    if cmp -s proto/aup/v1/decision.proto "$WORK/broken/proto/aup/v1/decision.proto"; then
        echo "proto: CheckRequest.account_id is not where the check looks for it" >&2
        exit 1
    fi
    if said=$("$BUF" breaking "$WORK/broken" --against . 2>&1); then
        echo "proto: a removed field went unseen" >&2
        exit 1
    fi
    if ! echo "$said" | grep -q '"account_id" on message "CheckRequest" was deleted'; then
        echo "proto: the complaint does not name the removed field: $said" >&2
        exit 1
    fi
    echo "proto: a removed field is refused"
}

install_buf
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

"$BUF" lint
echo "proto: lint is clean"
fails_on_a_removed_field

if ! git rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
    echo "proto: no history here, so there is nothing older to compare with"
    exit 0
fi
compare HEAD last-commit
changed=$(git log -1 --format=%H -- proto)
if git rev-parse --quiet --verify "$changed^" >/dev/null; then
    compare "$changed^" before-its-last-change
else
    echo "proto: this clone is too shallow to have the proto before its last change"
fi
