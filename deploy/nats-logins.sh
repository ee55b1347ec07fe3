#!/bin/sh
# Runs NATS on a configuration that `doorstep broker-config --every` keeps current elsewhere, and has it read the users
# again whenever they change.
#
#   nats-logins.sh /etc/nats-logins/nats.conf
set -eu

configuration=$1
users=$(dirname "$configuration")/users.conf
until [ -f "$configuration" ] && [ -f "$users" ]; do sleep 1; done

known=$(cksum <"$users")
nats-server --config "$configuration" &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true' TERM INT

while kill -0 "$server" 2>/dev/null; do
    sleep 2 &
    wait $! || true # a signal ends the wait, not the sleep
    now=$(cksum <"$users")
    if [ "$now" != "$known" ]; then
        known=$now
        kill -HUP "$server" 2>/dev/null || true
    fi
done
wait "$server"
