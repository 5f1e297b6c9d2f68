#!/usr/bin/env bash
# Makes a virtual environment; where Debian keeps the venv module in its own package, installs it, or says the one line.
set -eu
python=$1 venv=$2
command -v "$python" >/dev/null || python=python3
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Limner needs Python 3.11 or newer. Type: sudo apt-get install python3 python3-venv" >&2
    exit 2
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    "$(dirname "$0")/system_packages.sh" python3-venv
fi
"$python" -m venv "$venv" || { rm -rf "$venv"; exit 1; }
# what nobody uses here takes disk: setuptools, which only older Pythons bring, and bytecode of pip made in advance
PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m pip --disable-pip-version-check -q uninstall -y setuptools
find "$venv" -name __pycache__ -prune -exec rm -rf {} +
