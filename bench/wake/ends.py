"""The tunnels that are measured: Dormouse and its peers, each between the same two gateways of a path.Network."""
import os
import pathlib
import shutil
import subprocess
import time

import conf
import netns
import strongswan
from daemon import Daemon
from netns import Failure, run, wait_for

SWITCHES = """
config system settings
    set ike-quick-crash-detect {qcd}
    set ike-session-resume {tickets}
end
"""
KEPT = 3600  # s; long enough for every sleeper to be woken in its turn


class Dormouse:
    """Both gateways run dormoused."""
    name = "dormouse"

    def __init__(self, network, workdir, tickets=False, qcd=False, fast=True):
        self.network, self.fast = network, fast
        switches = SWITCHES.format(tickets="enable" if tickets else "disable", qcd="enable" if qcd else "disable")
        server = conf.server(fast).add(switches).phase1("toClient", client_resume_interval=KEPT)
        # What a laptop's network gives it is not the daemon's to set: without the example's route by way of the router.
        client = conf.client(fast).add(switches).delete("router static", "1")
        self.server = Daemon(network, "sgw", server, workdir)
        self.client = Daemon(network, "cgw", client, workdir)

    @staticmethod
    def missing():
        return None if shutil.which("nft") else "nft is not installed"

    def up(self):
        self.server.start(debug=False)
        self.client.start(debug=False)
        self.client.wait_state("toServer", "up", 20)

    def wait_asleep(self):
        """Until both ends know that the other is away."""
        patience = 30 if self.fast else 200
        self.server.wait_state("toClient_0", "asleep", patience)
        self.client.wait_state("toServer", "connecting", patience)

    def crash(self):
        """The gateway's daemon is killed and started again; the moment at which it serves."""
        self.server.kill()
        self.server.start(debug=False)
        return int(self.server.log.times[-1] * 1e9)

    def crash_client(self):
        self.client.kill()
        begin = time.monotonic_ns()
        self.client.start(debug=False)
        return begin

    def way(self):
        """How the client came back the last time. What wakes the gateway may be here before the client has looked."""
        try:
            self.client.wait_state("toServer", "up", 3)
        except Failure:
            return "not yet"
        return self.client.tunnels()["toServer"]["last_wake"]

    def down(self):
        pass

    def words(self):
        """For the reader of a failure."""
        return "\n".join(line for d in (self.client, self.server) if d.log for line in d.log.lines[-25:])


class Wireguard:
    """wireguard-go at both ends, as its documentation sets it up: no keepalives, the client's endpoint learned."""
    name = "wireguard-go"
    port = 5182

    def __init__(self, network, workdir):
        self.network, self.workdir, self.processes = network, pathlib.Path(workdir), {}
        self.keys = {host: run("wg", "genkey").strip() for host in ("cgw", "sgw")}
        # Its devices' sockets lie in one place for all namespaces.
        self.devices = {host: f"wg{os.getpid() % 10000}n{network.number}{host[0]}" for host in ("cgw", "sgw")}

    @staticmethod
    def missing():
        absent = [p for p in ("wireguard-go", "wg") if not shutil.which(p)]
        return f"{' and '.join(absent)} not installed" if absent else None

    def start(self, host):
        network, device = self.network, self.devices[host]
        other = "sgw" if host == "cgw" else "cgw"
        self.processes[host] = network.start(host, "env", "LOG_LEVEL=error", "wireguard-go", "-f", device, stdout=subprocess.DEVNULL,
                                             stderr=subprocess.DEVNULL)
        wait_for(device, lambda: os.path.exists(f"/var/run/wireguard/{device}.sock"), 5)
        secret = self.workdir / f"{host}.key"
        secret.write_text(self.keys[host])
        inside = "192.168.5.0/24" if host == "cgw" else "10.1.100.0/24"
        # A dialup gateway does not know where its clients are.
        endpoint = ["endpoint", f"{netns.SERVER_OUTSIDE}:{self.port}"] if host == "cgw" else []
        network.run(host, "wg", "set", device, "private-key", str(secret), "listen-port", str(self.port), "peer",
                    run("wg", "pubkey", stdin=self.keys[other]).strip(), "allowed-ips", inside, *endpoint)
        network.ip(host, "link", "set", device, "mtu", "1420", "up")
        network.ip(host, "route", "replace", inside, "dev", device)

    def up(self):
        for host in ("sgw", "cgw"):
            self.start(host)
        wait_for("wireguard-go to carry a ping", lambda: self.network.ping("chost", netns.SERVER_HOST), 20)

    def wait_asleep(self):
        pass  # it knows no such state

    def crash(self):
        self.processes["sgw"].kill()
        self.processes["sgw"].wait()
        (pathlib.Path("/var/run/wireguard") / (self.devices["sgw"] + ".sock")).unlink(missing_ok=True)
        self.start("sgw")
        return time.monotonic_ns()

    def recover(self):
        pass

    def way(self):
        return ""

    def down(self):
        for host, device in self.devices.items():
            self.processes[host].terminate()
            (pathlib.Path("/var/run/wireguard") / (device + ".sock")).unlink(missing_ok=True)

    def words(self):
        return ""


class World:
    """What strongswan.Charon asks of a test's world."""

    def __init__(self, network, workdir):
        self.network, self.workdir = network, pathlib.Path(workdir)


class StrongSwan:
    """strongSwan with its userspace ESP at both ends; MOBIKE, dead peer detection and retransmission as its manual
    sets them up (dpd_delay = 30s; MOBIKE and the retransmission schedule are its defaults)."""
    name = "strongswan"

    def __init__(self, network, workdir, restart=False):
        self.network, world = network, World(network, workdir)
        suite = ("aes128gcm16-prfsha256-modp2048", "aes128gcm16")
        more = "children { net { dpd_action = restart } }" if restart else ""
        self.client = strongswan.Charon(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, "10.1.100.0/24", "192.168.5.0/24",
                                        *suite, dpd=30, connection=more)
        self.server = strongswan.Charon(world, "sgw", netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE, "192.168.5.0/24", "10.1.100.0/24",
                                        *suite, dpd=30)

    @staticmethod
    def missing():
        return strongswan.why_not()

    def up(self):
        self.server.start()
        self.client.start()
        self.client.initiate()

    def wait_asleep(self):
        pass

    def crash(self):
        self.server.process.kill()
        self.server.process.wait()
        self.server.start()
        return time.monotonic_ns()

    def recover(self):
        """What a person would do: connect anew."""
        try:
            self.client.initiate()
        except (Failure, subprocess.TimeoutExpired):
            return

    def way(self):
        return ""

    def down(self):
        pass

    def words(self):
        return self.client.log()[-3000:]
