"""The scenarios of tests/netns as steps of a case: the same tests, in a guest, on either data plane.

Each is a program of its own with a network of its own; its exit status is the verdict.
"""
import ast
import pathlib
import subprocess
import sys

from case import not_offered
from netns import Failure

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "netns"
LIMIT = 300  # seconds of the guest's time
SKIPPED = 77


def scenario(name):
    """(what it tests, step) of tests/netns/test_NAME.py."""
    path = FOLDER / f"test_{name}.py"
    title = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or name).split(":")[0].split(". ")[0].replace("\n", " ")

    def step(world):
        done = subprocess.run([sys.executable, "-B", str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT)
        if done.returncode == SKIPPED:
            not_offered(done.stdout.strip().splitlines()[-1])
        if done.returncode != 0:
            print(done.stdout, flush=True)
            said = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
            raise Failure(f"{path.name}: {said[0] if said else f'exit status {done.returncode}'}")
    return f"{name}: {title}", step
