#!/bin/bash
# usage: run.sh BUILD_DIRECTORY [--quick] [--rounds N] [--rows WORD,...] [--rtt MS,...] [--json FILE]
# How soon a tunnel carries packets again, beside its peers on this machine, as root. Prints a table; see wake.py for the method.
exec python3 -B "$(dirname "$0")/wake.py" "$@"
