"""The programs that some tests run, so that only these are built.

usage: test_programs.py BUILD_FOLDER LABEL_REGEX     prints them relative to the build folder

ctest's own listing leaves the command of a test out until its program exists, so commands are read from the files ctest reads.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

ADD_TEST = re.compile(r'^add_test\(\[=*\[(.+?)\]=*\]\s+(.*)\)$', re.M)


def programs(commands, names, build_dir):
    """Of `commands` (test name to its words) those words of the named tests that are files of the build folder."""
    found = set()
    for name in names:
        for word in commands.get(name, []):
            inside = os.path.relpath(word, build_dir)
            if os.path.isabs(word) and not inside.startswith(".."):
                found.add(inside)
    return sorted(found)


def commands_of(text):
    """Test name to words, from the text of a CTestTestfile.cmake."""
    return {name: re.findall(r'"((?:[^"\\]|\\.)*)"', words) for name, words in ADD_TEST.findall(text)}


def main():
    build, label = str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2]
    listing = subprocess.run(["ctest", "--test-dir", build, "-L", label, "--show-only=json-v1"],
                             capture_output=True, text=True, check=True).stdout
    names = [test["name"] for test in json.loads(listing)["tests"]]
    commands = {}
    for file in pathlib.Path(build).rglob("CTestTestfile.cmake"):
        commands.update(commands_of(file.read_text()))
    print(*programs(commands, names, build))


if __name__ == "__main__":
    main()
