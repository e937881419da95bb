#!/usr/bin/env bash
# Make the environment .venv; install the system packages it needs, or name the command that does.
set -euo pipefail

python=${PYTHON:-python3}
if ! version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null); then
  echo "error: no Python at '$python'; expected 3.10 to 3.12: make PYTHON=/path/to/python3" >&2
  exit 1
fi
case $version in
  3.10 | 3.11 | 3.12) ;;
  *)
    echo "error: '$python' is Python $version; expected 3.10 to 3.12: make PYTHON=python3.11" >&2
    exit 1
    ;;
esac

missing=()
command -v c++ >/dev/null || missing+=(g++)
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=("python$version-venv")
"$python" -c 'import sysconfig, pathlib, sys
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").exists())' ||
  missing+=("python$version-dev")
if ((${#missing[@]})); then
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    echo "error: these system packages are missing: ${missing[*]}; run: sudo $install" >&2
    exit 1
  fi
  echo "installing system packages: ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $install >/dev/null
fi

# The simulator renders with either; all else works without.
if ! "$python" -c 'from ctypes.util import find_library as find; import sys
sys.exit(not (find("OSMesa") or find("EGL")))'; then
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    echo "installing system packages: libosmesa6"
    apt-get update -qq || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libosmesa6 >/dev/null ||
      echo "note: no libosmesa6 here; the simulator can't render" >&2
  else
    echo "note: to render the simulator: sudo apt-get install libosmesa6" >&2
  fi
fi

echo "making .venv with Python $version"
"$python" -m venv .venv
