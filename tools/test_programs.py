"""Reads ctest's JSON of tests on standard input; prints the programs of one build directory they run, relative to it."""
import json
import os
import sys


def programs(listing, build_dir):
    found = set()
    for test in listing.get("tests", []):
        for word in test.get("command", []):
            inside = os.path.relpath(word, build_dir)
            if os.path.isabs(word) and not inside.startswith(".."):
                found.add(inside)
    return sorted(found)


if __name__ == "__main__":
    print(" ".join(programs(json.load(sys.stdin), sys.argv[1])))
