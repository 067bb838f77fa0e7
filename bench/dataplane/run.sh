#!/bin/bash
# usage: run.sh BUILD_DIRECTORY [--peers veth,dormouse,...] [--rounds N] [--seconds S]
# The data path beside its peers on this machine, as root. Prints a table; see bench.py for the method.
exec python3 -B "$(dirname "$0")/bench.py" "$@"
