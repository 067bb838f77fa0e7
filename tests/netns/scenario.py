"""How a test in this folder begins and ends.

A test file defines one function and hands it to `main`:

    def test(world): ...
    scenario.main(test)

`world` is the network with a client and a server daemon that are not started yet. Exit codes are ctest's: 0 passed,
1 failed (with the ends of all logs), 77 skipped (with the reason).
"""
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

import conf
import netns
from daemon import Daemon
from netns import Failure, wait_for
from traffic import CheckedStream

SKIPPED = 77
TAIL = 60


class World:
    """The example's network with its two gateways."""

    def __init__(self, network, workdir):
        self.network, self.workdir = network, workdir
        self.daemons, self.began = [], time.monotonic()

    def daemon(self, host, configuration):
        daemon = Daemon(self.network, host, configuration, self.workdir)
        self.daemons.append(daemon)
        return daemon

    def client(self, configuration=None):
        return self.daemon("cgw", configuration or conf.client())

    def server(self, configuration=None):
        return self.daemon("sgw", configuration or conf.server())

    def pair(self, client=None, server=None):
        """Both gateways started and the tunnel between them up: (client, server)."""
        server = self.server(server).start()
        client = self.client(client).start()
        self.wait_up(client, server)
        return client, server

    def wait_up(self, client, server, timeout=20.0):
        client.wait_state("toServer", "up", timeout)
        server.wait_state("toClient_0", "up", timeout)
        self.wait_ping()

    def wait_ping(self, timeout=10.0):
        """Waits until the inside hosts reach each other; returns how long that took in seconds."""
        start = time.monotonic()
        wait_for("a ping from inside host to inside host", lambda: self.ping(), timeout)
        return time.monotonic() - start

    def ping(self, **options):
        return self.network.ping("chost", netns.SERVER_HOST, **options)

    def stream(self, **options):
        return CheckedStream(self.network, **options)

    def say(self, text):
        print(f"[{time.monotonic() - self.began:6.2f}] {text}", flush=True)

    def check_alive(self):
        for daemon in self.daemons:
            if daemon.process and not daemon.alive() and daemon.process.returncode not in (0, -9):
                raise Failure(f"dormoused on {daemon.host} ended with {daemon.process.returncode}")

    def print_logs(self):
        for daemon in self.daemons:
            for log in [*daemon.past_logs, daemon.log]:
                if log:
                    print(f"--- {log.name}, last lines of {len(log.lines)}")
                    print("\n".join(log.lines[-TAIL:]))


def check(holds, what):
    """Failure saying what was expected, unless it holds."""
    if not holds:
        raise Failure(f"expected: {what}")


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


def need_programs(*names):
    for name in names:
        if not shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/lib/ipsec"):
            skip(f"{name} is not installed (./dev setup)")


def main(test, gateway_addresses=True):
    """Runs one test and exits."""
    reason = netns.why_not()
    if reason:
        skip(reason)
    for variable in ("DORMOUSED", "DORMOUSE"):
        if not os.access(os.environ.get(variable, ""), os.X_OK):
            skip(f"{variable} does not name a program")
    need_programs("nft", "ping")
    with tempfile.TemporaryDirectory(prefix="dormouse-") as workdir, netns.Network(gateway_addresses) as network:
        world = World(network, pathlib.Path(workdir))
        try:
            test(world)
            world.check_alive()
        except (Failure, OSError, KeyError) as failure:
            traceback.print_exc()
            print(f"FAILED after {time.monotonic() - world.began:.1f} s: {failure}")
            world.print_logs()
            sys.exit(1)
        world.say("passed")
