#!/bin/sh
# Debian's Mosquitto for the tests, unpacked below .venv/mosquitto: nothing is installed, no service starts, no root needed.
# apt knows the packages where its lists are there; `apt-get update` (as root) fetches them.
set -eu
cd "$(dirname "$0")/.."

folder=.venv/mosquitto
[ -x $folder/usr/sbin/mosquitto ] && exit 0

fresh=$(mktemp -d .venv/mosquitto.XXXXXX)
trap 'rm -rf "$fresh"' EXIT
mkdir "$fresh/packages" "$fresh/root"
chmod 755 "$fresh" "$fresh/packages" # apt downloads as a user of its own where it can
# What it depends on and a slim machine may lack; libc, OpenSSL and systemd's library are everywhere.
(cd "$fresh/packages" && apt-get download -qq mosquitto libcjson1 libdlt2 libwrap0)
for package in "$fresh"/packages/*.deb; do
    dpkg-deb --extract "$package" "$fresh/root"
done
rm -rf $folder
mv "$fresh/root" $folder
