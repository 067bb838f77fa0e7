"""The network of the example, in namespaces of its own.

                        client gateway      router       server gateway
    client host         port2    port9    left right     port8    port2         server host
    10.1.100.11 ── 10.1.100.1  11.101.1.1 ──.254  .254── 173.1.1.1  192.168.5.1 ── 192.168.5.44
       (chost)          (cgw)            (router)            (sgw)                 (shost, also .10)

Left of the router is 11.101.1.0/24, right of it 173.1.1.0/24. The router is where the link is cut: it stops forwarding, so
packets vanish without either end noticing anything but silence, as with a laptop that sleeps or a dead uplink.

Names are unique to this process, so any number of networks can live side by side. Everything goes when `close` is called,
also on an exception, on SIGTERM, SIGINT and SIGHUP.
"""
import atexit
import os
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source tree stays as it was
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

HOSTS = ("chost", "cgw", "router", "sgw", "shost")

CLIENT_OUTSIDE, SERVER_OUTSIDE = "11.101.1.1", "173.1.1.1"
CLIENT_HOST, SERVER_HOST, TRAP_HOST = "10.1.100.11", "192.168.5.44", "192.168.5.10"


class Failure(Exception):
    """What was expected did not happen; the text says what."""


def run(*command, check=True, timeout=30, stdin=None):
    """Runs a command to its end; returns its output. Failure with its words when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, input=stdin)
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip() or done.returncode}")
    return done.stdout


def wait_for(what, condition, timeout=10.0, interval=0.05):
    """Waits until condition() is true and returns its value; Failure naming `what` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"waited {timeout:g} s for {what}")
        time.sleep(interval)


def why_not():
    """A reason why no namespaces can be made here, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not shutil.which("ip"):
        return "iproute2 is not installed"
    if not os.path.exists("/dev/net/tun"):
        return "/dev/net/tun is missing"
    try:
        probe = f"dmprobe{os.getpid()}"
        run("ip", "netns", "add", probe)
        run("ip", "netns", "del", probe)
    except Failure as failure:
        return f"no network namespaces here ({failure})"
    return None


class Network:
    """Five namespaces and the links between them. A context manager; processes started in it end with it."""

    def __init__(self, gateway_addresses=True):
        """`gateway_addresses`: give the gateways their outer and inner addresses, instead of leaving it to a daemon."""
        self.names = {host: f"dm{os.getpid()}{host}" for host in HOSTS}
        self.processes = []
        self.closed = False
        atexit.register(self.close)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            self._build(gateway_addresses)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def _on_signal(self, number, _frame):
        self.close()
        sys.exit(128 + number)

    def _build(self, gateway_addresses):
        for name in self.names.values():
            run("ip", "netns", "add", name)
        for host in HOSTS:
            self.ip(host, "link", "set", "lo", "up")
            self.sysctl(host, "net/ipv6/conf/all/disable_ipv6", "0")
            self.sysctl(host, "net/ipv6/conf/all/accept_dad", "0")
            self.sysctl(host, "net/ipv6/conf/default/accept_dad", "0")
            # Else the loss of an address takes the younger ones of its subnet with it.
            self.sysctl(host, "net/ipv4/conf/all/promote_secondaries", "1")
        for a, dev_a, b, dev_b in (("chost", "eth0", "cgw", "port2"), ("cgw", "port9", "router", "left"),
                                   ("router", "right", "sgw", "port8"), ("sgw", "port2", "shost", "eth0")):
            run("ip", "link", "add", dev_a, "netns", self.names[a], "type", "veth", "peer", "name", dev_b, "netns", self.names[b])
            self.ip(a, "link", "set", dev_a, "up")
            self.ip(b, "link", "set", dev_b, "up")
        addresses = [("chost", "eth0", CLIENT_HOST), ("router", "left", "11.101.1.254"), ("router", "right", "173.1.1.254"),
                     ("shost", "eth0", SERVER_HOST), ("shost", "eth0", TRAP_HOST)]
        if gateway_addresses:
            addresses += [("cgw", "port2", "10.1.100.1"), ("cgw", "port9", CLIENT_OUTSIDE),
                          ("sgw", "port8", SERVER_OUTSIDE), ("sgw", "port2", "192.168.5.1")]
        for host, dev, address in addresses:
            self.ip(host, "addr", "add", f"{address}/24", "dev", dev)
        self.ip("chost", "route", "add", "default", "via", "10.1.100.1")
        self.ip("shost", "route", "add", "default", "via", "192.168.5.1")
        for host in ("cgw", "router", "sgw"):
            self.sysctl(host, "net/ipv4/ip_forward", "1")
        if gateway_addresses:
            self.add_outer_routes()

    def add_outer_routes(self):
        """How the gateways reach each other's outer network: by the router, and not by a default route, which a dialup
        tunnel may bring itself."""
        self.ip("cgw", "route", "replace", "173.1.1.0/24", "via", "11.101.1.254")
        self.ip("sgw", "route", "replace", "11.101.1.0/24", "via", "173.1.1.254")

    # --- doing things in it

    def command(self, host, *words):
        """The command line that runs `words` on a host."""
        return ["ip", "netns", "exec", self.names[host], *words]

    def run(self, host, *words, **options):
        return run(*self.command(host, *words), **options)

    def ip(self, host, *words, **options):
        return run("ip", "-n", self.names[host], *words, **options)

    def sysctl(self, host, name, value):
        """Sets one, where the kernel has it."""
        self.run(host, "sh", "-c", f"if [ -e /proc/sys/{name} ]; then echo {value} > /proc/sys/{name}; fi")

    def start(self, host, *words, **options):
        """Starts a process on a host; it is killed at the end at the latest."""
        process = subprocess.Popen(self.command(host, *words), start_new_session=True, **options)
        self.processes.append(process)
        return process

    def ping(self, host, target, count=1, timeout=1, size=None, extra=()):
        """Whether any of `count` echo requests was answered. `timeout` in seconds for each."""
        size = ["-s", str(size)] if size is not None else []
        words = ["ping", "-n", "-q", "-c", str(count), "-i", "0.2", "-W", str(timeout), *size, *extra, target]
        return subprocess.run(self.command(host, *words), capture_output=True).returncode == 0

    # --- the link

    def cut(self):
        """From now on everything between the gateways is lost, in silence."""
        self.sysctl("router", "net/ipv4/ip_forward", "0")

    def restore(self):
        self.sysctl("router", "net/ipv4/ip_forward", "1")

    def move_client(self, address):
        """Gives the client another outer address in its network, as another lease of the same Wi-Fi would."""
        self.ip("cgw", "addr", "add", f"{address}/24", "dev", "port9")
        for old in self.addresses("cgw", "port9"):
            if old != address:
                self.ip("cgw", "addr", "del", f"{old}/24", "dev", "port9")
        # Routes that preferred the lost address as their source go with it.
        self.ip("cgw", "route", "replace", "173.1.1.0/24", "via", "11.101.1.254")

    # --- looking

    def addresses(self, host, dev):
        words = self.ip(host, "-4", "-o", "addr", "show", "dev", dev).split()
        return [words[i + 1].split("/")[0] for i, word in enumerate(words) if word == "inet"]

    def devices(self, host):
        return [line.split(":")[1].strip().split("@")[0] for line in self.ip(host, "-o", "link").splitlines()]

    def routes(self, host):
        return [line.strip() for line in self.ip(host, "route", "show", "table", "all").splitlines()
                if " table local" not in line and "table local" not in line]

    def nft_tables(self, host):
        return self.run(host, "nft", "list", "tables", check=False).split("\n")[:-1]

    # --- the end

    def close(self):
        if self.closed:
            return
        self.closed = True
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 3
        for process in self.processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
