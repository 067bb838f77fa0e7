"""The matrix: what was tried with whom, and how it went. A row is a dictionary with the keys of COLUMNS."""
import ast
import json

COLUMNS = ("peer", "role", "case", "data plane", "verdict", "why")
NAME_WIDTH = 28


def summary(path):
    """The first sentence of a case file's doc string."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.split("\n\n")[0].replace("\n", " ")


def rows_of(name, path, status, seconds, plane):
    """The rows a case wrote. A guest that ended otherwise than its case says so in a row of its own."""
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    failed = any(row["verdict"] == "fail" for row in rows)
    for row in rows:
        row["file"] = name
    if status != 0 and not failed:
        why = {124: f"not done after {seconds:.0f} s", 125: "the guest failed", 143: "told to stop"}.get(status, f"exit status {status}")
        rows.append({"peer": name, "role": "", "case": "as a whole", "data plane": plane, "verdict": "fail", "why": why, "file": name})
    return rows


def table(rows):
    """The rows as text, columns aligned."""
    lines = [COLUMNS] + [tuple(str(row[column]) for column in COLUMNS) for row in rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(COLUMNS))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    return "\n".join(["", text[0], "-" * max(len(line) for line in text[:1]), *text[1:], ""])


def counts(rows):
    """How many of each verdict, as text."""
    verdicts = [row["verdict"] for row in rows]
    kinds = (("passed", "pass"), ("failed", "fail"), ("not offered", "not offered"), ("not run", "not run"))
    return ", ".join(f"{verdicts.count(verdict)} {word}" for word, verdict in kinds if word != "not run" or verdict in verdicts)


def guest(lab):
    """What the guest is made of, by name and version."""
    names = ("strongswan-charon", "libreswan", "openiked", "openssl", "nftables", "iproute2")
    found = dict(line.split(" ", 1) for line in (lab / "versions").read_text(encoding="utf-8").splitlines())
    more = {"linux": (lab / "linux.version").read_text(encoding="utf-8").strip()}
    if (lab / "newest").exists():  # "strongSwan 6.1.0"
        more["strongswan-newest"] = (lab / "newest.version").read_text(encoding="utf-8").split()[-1]
    return {**more, **{n: found[n] for n in names if n in found}}
