"""Dormouse's programs in the guest: as they were built here, with the libraries that the guest's Debian does not have.

A program built on Debian 12 runs on Debian 13 as it is but for libraries whose version in the name moved on (libfmt, for one).
Those are copied beside it. They are handed to the dynamic loader on its command line and not by LD_LIBRARY_PATH, which the
programs it starts (nft) would inherit.
"""
import os
import pathlib
import re
import shutil
import subprocess

NAMES = ("dormoused", "dormouse")
FOLDER = pathlib.Path("build/lab/programs")  # in the tree, and so in the guest
LOADER = "/lib64/ld-linux-x86-64.so.2"
LIBRARY_FOLDERS = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "usr/lib", "lib64", "usr/lib64")


def environment(tree):
    """NAME=VALUE words that tell the tests where the programs are, in the guest."""
    del tree
    return [f"{name.upper()}=/lab/tree/{FOLDER}/{name}" for name in NAMES]


def libraries(program):
    """What a program is linked to, as (name, path here)."""
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^\s*(\S+) => (/\S+)", listing, re.MULTILINE)


def provide(tree, root):
    """Puts starters for the programs, and the libraries that the guest lacks, where the guest sees them. A reason if that is
    not possible, or None."""
    folder = tree / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "lib").mkdir(parents=True)
    for name in NAMES:
        program = pathlib.Path("build/release/src/programs") / name / name
        if not os.access(tree / program, os.X_OK):
            return f"{program} is not built (./dev build)"
        for library, path in libraries(tree / program):
            if not any((root / place / library).exists() for place in LIBRARY_FOLDERS):
                shutil.copy(path, folder / "lib" / library)
        starter = folder / name
        starter.write_text(f'#!/bin/sh\nexec {LOADER} --argv0 {name} --library-path "/lab/tree/{FOLDER}/lib" "/lab/tree/{program}" "$@"\n', encoding="utf-8")
        starter.chmod(0o755)
    tried = subprocess.run(["chroot", root, "true"], capture_output=True)
    return None if tried.returncode == 0 else "the guest's root does not run here"
