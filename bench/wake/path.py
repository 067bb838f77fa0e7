"""The network of the tests with a path of some length between the gateways, and the instruments at its ends.

    chost ── cgw:port9 ── left:router:right ── [delay_line] ── port8:sgw ── shost

The delay line carries every frame the same time later, each way, and can be cut. What is left to the router's ARP is
said beforehand, so that only the tunnel has to find its way again.
"""
import os
import random
import re
import select
import subprocess
import time

import netns
from netns import Failure, run

MOST_WAIT = 60.0  # s; what is not back by then counts as more than that


class Instrument:
    """One program of this folder under way: a command in, a line out."""

    def __init__(self, network, host, *words):
        self.words = " ".join(words[0].split("/")[-1:] + list(words[1:]))
        self.process = network.start(host, *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pending = b""
        self.expect("ready")

    def tell(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def line(self, timeout):
        """The next line, or None."""
        deadline = time.monotonic() + timeout
        out = self.process.stdout.fileno()
        while b"\n" not in self.pending:
            ready, _, _ = select.select([out], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return None
            more = os.read(out, 4096)
            if not more:
                raise Failure(f"{self.words}: ended")
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\n")
        return line.decode()

    def expect(self, word, timeout=10.0):
        line = self.line(timeout)
        if line is None or not line.startswith(word):
            raise Failure(f"{self.words}: {word} expected, not {line}")
        return line[len(word):].strip()

    def ask(self, command, word):
        self.tell(command)
        return self.expect(word)


class First:
    """The first arrival since a moment, which may be still to come."""

    def __init__(self, instrument, since):
        self.instrument, self.since, self.at = instrument, since, None
        instrument.tell(f"first {since}")

    def wait(self, until):
        """Milliseconds after the moment; None when it did not come before `until` (time.monotonic)."""
        while self.at is None:
            line = self.instrument.line(max(0.0, until - time.monotonic()))
            if line is None:
                return None
            if line.startswith("first "):
                self.at = int(line.split()[1])
        return (self.at - self.since) / 1e6


class Network(netns.Network):
    """The network of the tests, any number of them in one process, with the delay line in it."""
    made = 0

    def __init__(self, tools, rtt_ms):
        self.tools, self.rtt = tools, rtt_ms
        Network.made += 1
        self.number = Network.made
        super().__init__()
        self.line = Instrument(self, "line", str(tools / "delay_line"), "near", "far", str(int(rtt_ms * 500)))
        self.link = Instrument(self, "cgw", str(tools / "link_switch"), "port9", "173.1.1.0", "255.255.255.0", "11.101.1.254")
        self.server = Instrument(self, "shost", str(tools / "tcp_flow"), "serve", netns.SERVER_HOST, "5001", "200000")
        self.pings = self.download = None

    def _build(self, gateway_addresses):
        self.names = {host: f"dmw{os.getpid()}n{self.number}{host}" for host in (*netns.HOSTS, "line")}
        super()._build(gateway_addresses)
        # The router's cable to the server's gateway is replaced by one that ends in the delay line.
        self.ip("router", "link", "del", "right")
        for host, device, end in (("router", "right", "near"), ("sgw", "port8", "far")):
            run("ip", "link", "add", device, "netns", self.names[host], "type", "veth", "peer", "name", end, "netns", self.names["line"])
            self.sysctl("line", f"net/ipv6/conf/{end}/disable_ipv6", "1")
            self.ip(host, "link", "set", device, "up")
            self.ip("line", "link", "set", end, "up")
        self.ip("router", "addr", "add", "173.1.1.254/24", "dev", "right")
        self.ip("sgw", "addr", "add", netns.SERVER_OUTSIDE + "/24", "dev", "port8")
        for host, device, address, other, other_device in (("router", "right", netns.SERVER_OUTSIDE, "sgw", "port8"),
                                                           ("sgw", "port8", "173.1.1.254", "router", "right")):
            mac = re.search(r"ether (\S+)", self.ip(other, "link", "show", other_device))[1]
            self.ip(host, "neigh", "replace", address, "lladdr", mac, "dev", device, "nud", "permanent")
        self.add_outer_routes()

    # --- the path

    def cut_path(self):
        self.line.ask("cut", "cut")

    def restore_path(self):
        return int(self.line.ask("restore", "restored"))

    def cut_link(self):
        self.link.ask("down", "down")

    def restore_link(self):
        """As when a laptop joins a network: first its link is up, then it has a route. The kernel takes up to a second to
        let packets into a link whose carrier is back."""
        self.link.ask("up", "up")
        for host, device in (("cgw", "port9"), ("router", "left")):
            netns.wait_for(f"{device} to be up", lambda: "state UP" in self.ip(host, "link", "show", device), 5, 0.1)
        time.sleep(0.2 + random.random() * 0.5)
        return int(self.link.ask("route", "route"))

    def line_error_us(self):
        """How much longer than configured a ping outside any tunnel takes: the line's own error and the kernel's path."""
        probe = Instrument(self, "cgw", str(self.tools / "ping_stream"), netns.SERVER_OUTSIDE, "2000")
        probe.tell("start")
        time.sleep(0.5 + self.rtt / 1000)
        median, count = probe.ask("rtt", "rtt").split()
        probe.process.kill()
        if not int(count):
            raise Failure("no ping passes the delay line")
        return float(median) - self.rtt * 1000

    # --- the load

    def start_load(self):
        """Pings that wait for their word, and the download."""
        for old in (self.pings, self.download):
            if old:
                old.process.kill()
        self.pings = Instrument(self, "chost", str(self.tools / "ping_stream"), netns.SERVER_HOST, "5000")
        self.download = Instrument(self, "chost", str(self.tools / "tcp_flow"), "fetch", netns.SERVER_HOST, "5001")

    def downloaded(self):
        return int(self.download.ask("total", "total"))

    def wait_download(self, timeout=30.0):
        """Waits until the download goes on; begins a new one where the old connection has gone."""
        begin = self.downloaded()
        netns.wait_for("the download to go on", lambda: self.downloaded() > begin + 10000, timeout, 0.1)
