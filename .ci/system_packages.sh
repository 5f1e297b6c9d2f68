#!/usr/bin/env bash
# Installs the Debian packages that are missing when it may (root, or sudo without a password), else says the one line.
set -eu
missing=()
for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ]; then
    become=()
elif sudo -n true 2>/dev/null; then
    become=(sudo -n)
else
    echo "These system packages are missing. Type: sudo apt-get install ${missing[*]}" >&2
    exit 2
fi
echo "Installing ${missing[*]} ..."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1  # a database server that tests start themselves is not started as a service
if ! { "${become[@]}" apt-get update -qq && "${become[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt could not install them. Type: sudo apt-get install ${missing[*]}" >&2
    exit 2
fi
