#!/bin/sh
# Runs the steps of deploy/Containerfile without an engine: builds as its RUN lines say, lays out the root as its COPY
# lines say, and starts what ENTRYPOINT and CMD say in that root as its USER, with nothing else in it. Then the health
# check has to pass, a request to be decided, and SIGTERM to end it well.
#
# The root is mounted read-only, its volume apart, and of /dev there is what an engine gives. Needs root, or a kernel
# that lets users make namespaces; the mounts are in a namespace of their own and go with it. PROFILE is that of cargo; dev by default,
# because what is tested is that it is static and runs, not how fast.
set -eu
cd "$(dirname "$0")/.."
FILE=deploy/Containerfile
PROFILE=${PROFILE:-dev}
export PROFILE

if [ -z "${AUPD_APART:-}" ]; then
    export AUPD_APART=1
    if [ "$(id -u)" = 0 ]; then
        exec unshare --mount "$0" "$@"
    fi
    exec unshare --mount --map-auto --map-root-user "$0" "$@"
fi

fail() {
    echo "container: $*" >&2
    exit 1
}

# What an instruction says, all of its lines together; fails if it is not there.
said() {
    grep "^$1 " "$FILE" | sed "s/^$1 //" | grep . || fail "no $1 in $FILE"
}

# The words of the form ["a", "b"].
words() {
    echo "$1" | sed 's/^.*\[//; s/\].*$//; s/", *"/ /g; s/"//g'
}

# --- build stage -----------------------------------------------------------
[ "$(said ARG)" = "PROFILE=release" ] || fail "ARG is not what this script sets"
eval "export $(said ENV)"
said RUN >target/container-run
while read -r step; do
    # The folders of the image are made anew, and the build goes on where the last one ended.
    sh -c "$step" || fail "RUN $step"
done <target/container-run
unset RUSTFLAGS

BINARY=target/image/bin/aupd
[ -x "$BINARY" ] || fail "there is no program"
# Neither a loader nor a library is asked for.
if readelf -l "$BINARY" | grep -q INTERP || readelf -d "$BINARY" | grep -q NEEDED; then
    fail "the program is not static"
fi

# --- image -----------------------------------------------------------------
grep -q '^FROM scratch$' "$FILE" || fail "the image is not empty at first"
ROOT=$(mktemp -d)
PID=
finish() {
    [ -z "$PID" ] || kill -KILL "$PID" 2>/dev/null || true
    umount -R "$ROOT" 2>/dev/null || true
    rm -rf "$ROOT" "$ROOT.log"
}
trap finish EXIT
chmod 0755 "$ROOT"
grep '^COPY --from=build ' "$FILE" | while read -r _ arguments; do
    owner= mode=
    for word in $arguments; do
        case $word in
            --from=*) ;;
            --chown=*) owner=${word#--chown=} ;;
            --chmod=*) mode=${word#--chmod=} ;;
            --*) fail "COPY $word is not known to this script" ;;
            /src/*) from=${word#/src/} ;;
            *) to=$word ;;
        esac
    done
    cp -R "$from" "$ROOT$to"
    [ -z "$owner" ] || chown -R "$owner" "$ROOT$to"
    [ -z "$mode" ] || chmod "$mode" "$ROOT$to"
done

mkdir "$ROOT/dev"
for device in null zero random urandom; do
    touch "$ROOT/dev/$device"
done
mount --bind "$ROOT" "$ROOT"
for device in null zero random urandom; do
    mount --bind "/dev/$device" "$ROOT/dev/$device"
done
VOLUME=$(words "$(said VOLUME)")
mount --bind "$ROOT$VOLUME" "$ROOT$VOLUME"
mount -o remount,bind,ro "$ROOT"
if touch "$ROOT/written" 2>/dev/null; then
    fail "the root can be written"
fi

USER=$(said USER)
[ "${USER%%:*}" -gt 0 ] || fail "the program would run as root"
RUN_IN="chroot --userspec=$USER $ROOT"
ENTRY=$(words "$(said ENTRYPOINT)")
CHECK=$(words "$(sed -n 's/^HEALTHCHECK .* CMD //p' "$FILE" | grep . || fail 'no HEALTHCHECK')")

# --- running ---------------------------------------------------------------
# The ports are those of the image: another process that has them is told apart from a fault.
# shellcheck disable=SC2086 # words are meant
if $RUN_IN $CHECK >/dev/null 2>&1; then
    fail "port 7600 is in use; stop what listens there"
fi
COMMAND=$(words "$(said CMD)")
# shellcheck disable=SC2086
$RUN_IN $ENTRY $COMMAND --demo >"$ROOT.log" 2>&1 &
PID=$!
tries=0
# shellcheck disable=SC2086
until $RUN_IN $CHECK >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 $PID 2>/dev/null; then
        cat "$ROOT.log" >&2
        fail "it does not become healthy"
    fi
    sleep 0.2
done
[ "$(stat -c %u "/proc/$PID")" = "${USER%%:*}" ] || fail "it does not run as $USER"
# shellcheck disable=SC2086
answer=$($RUN_IN $ENTRY check --example SEND_SMS | $RUN_IN $ENTRY check --server http://127.0.0.1:7600 - | head -1)
[ "$answer" = "ALLOW OK" ] || fail "it answers $answer"
[ -s "$ROOT$VOLUME/aupd.db" ] || fail "the database is not in the volume"

kill -TERM "$PID"
code=0
wait "$PID" || code=$?
PID=
[ $code = 0 ] || fail "SIGTERM ended it with $code"
# shellcheck disable=SC2086
if $RUN_IN $CHECK >/dev/null 2>&1; then
    fail "the health check passes when nothing runs"
fi
echo "container: builds static, runs as $USER in an empty, read-only root, is healthy, decides, and stops well ($(du -h "$BINARY" | cut -f1))"
