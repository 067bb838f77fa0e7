"""How a case begins and ends.

A case file names its peer, the part Dormouse plays, and its steps in order; each step becomes a row of the matrix:

    case.main("strongSwan", "gateway", [("login and traffic", login), ("Child SA rekey", child_rekey)])

A step is a function of the world; what one leaves there the next finds. A step that fails ends the case, for the others stand on
it. `not_offered` in a step, or `absent` in place of one, makes a row for what one of the ends does not have.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import traceback

import hosts
import scenario
from netns import Failure

OUT = pathlib.Path("/lab/out")
WORK = pathlib.Path("/tmp/case")
DATA_PLANE = os.environ.get("DORMOUSE_PLANE") or "userspace"


class NotOffered(Exception):
    """One of the ends does not have what the step would try; the text says which and why."""


def not_offered(why):
    raise NotOffered(why)


def absent(why):
    """A step for what one end does not have at all."""
    return lambda world: not_offered(why)


def pending(step, why):
    """A step that is known not to work yet: its failure is no failure, its success is shown as one."""
    def attempt(world):
        try:
            step(world)
        except (Failure, OSError, KeyError, subprocess.SubprocessError) as failure:
            not_offered(f"{why} ({first_line(failure)})")
    return attempt


def first_line(failure):
    return (str(failure).strip() or type(failure).__name__).splitlines()[0][:120]


class World(scenario.World):
    """The hosts with their daemons, ours and others'."""

    def __init__(self, network, workdir):
        super().__init__(network, workdir)
        self.peers = []
        self.us = self.text = self.tunnel = self.peer = self.flow = self.laptop = None  # for the steps of steps.py

    def daemon(self, host, configuration):
        """Ours. Its keys are kept for the reader of the capture."""
        daemon = super().daemon(host, configuration)
        daemon.options = ("--key-log", str(daemon.home / "keys"))
        return daemon

    def seat(self, host):
        return self.network.seat(host)

    def gateway(self, text):
        """Starts ours as the gateway of dialup clients."""
        self.us, self.text, self.tunnel = self.server(text).start(), text, "toClient_0"

    def dial(self, text):
        """Starts ours as the client."""
        self.us, self.text, self.tunnel = self.client(text).start(), text, "toServer"

    def save_logs(self, folder):
        logs = [log for daemon in self.daemons for log in (*daemon.past_logs, daemon.log) if log]
        for number, log in enumerate(logs):
            (folder / f"{log.name.replace(' on ', '-')}-{number}.log").write_text("\n".join(log.lines) + "\n", encoding="utf-8")
        for number, peer in enumerate(self.peers):
            (folder / f"{peer.name}-{peer.seat.host}-{number}.log").write_text(peer.log(), encoding="utf-8")
        (folder / "wireshark").mkdir(exist_ok=True)
        for name in ("ikev2_decryption_table", "esp_sa"):
            tables = [path.read_text(encoding="utf-8") for path in self.workdir.glob(f"*/keys/{name}")]
            (folder / "wireshark" / name).write_text("".join(tables), encoding="utf-8")
        for trace in self.workdir.glob("*.pcap"):
            shutil.copy(trace, folder)


def try_step(world, name, step):
    """(verdict, why) of one step."""
    start = time.monotonic()
    try:
        step(world)
        world.check_alive()
    except NotOffered as reason:
        world.say(f"{name}: not offered: {reason}")
        return "not offered", str(reason)
    except (Failure, OSError, KeyError, IndexError, subprocess.SubprocessError) as failure:
        traceback.print_exc()
        world.say(f"{name}: FAILED: {first_line(failure)}")
        return "fail", first_line(failure)
    world.say(f"{name}: passed, {time.monotonic() - start:.1f} s of the guest's time")
    return "pass", ""


def main(peer, role, steps, gateway_addresses=True, independent=False):
    """Runs a case and exits. `peer` is the other program, `role` what Dormouse is: "gateway", "client" or "both".
    `independent` steps are all tried, whatever becomes of the others."""
    WORK.mkdir(parents=True, exist_ok=True)
    rows, broken = [], False
    with hosts.Hosts(gateway_addresses) as network:
        network.capture(WORK / "router.pcap")
        world = World(network, WORK)
        for name, step in steps:
            verdict, why = ("not run", "a step before it failed") if broken else try_step(world, name, step)
            broken = broken or (verdict == "fail" and not independent)
            rows.append({"peer": peer, "role": role, "case": name, "data plane": DATA_PLANE, "verdict": verdict, "why": why})
        if OUT.is_dir() and os.path.ismount(OUT):
            world.save_logs(OUT)
            (OUT / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    sys.exit(1 if any(row["verdict"] == "fail" for row in rows) else 0)
