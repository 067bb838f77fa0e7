"""What the cases about transport mode share: our side as the gateway of the two outer hosts, and traffic between these."""
import subprocess
import sys

import conf
import netns
import steps
from netns import wait_for
from scenario import check

PORT, OCTETS = 7007, 400_000
V4 = (netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE)  # our outer address, and the peer's

SERVER = f"""
import socket, sys
s = socket.create_server((sys.argv[1], {PORT}), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
c, peer = s.accept()
c.sendall(b"dormouse" * ({OCTETS} // 8))
c.shutdown(socket.SHUT_WR)
print(peer[0], len(c.recv(1)))
"""
CLIENT = f"""
import socket, sys
c = socket.create_connection((sys.argv[1], {PORT}), 5)
c.settimeout(10)
got = b""
while part := c.recv(65536):
    got += part
assert got == b"dormouse" * ({OCTETS} // 8), len(got)
"""


def gateway_conf(mode):
    """`mode` of the phase 2; the one proposal that the peers have."""
    return conf.server(interval=600).phase2("toClient", proposal="aes128gcm", encapsulation=mode)


def child(world):
    """Our one Child SA."""
    sas = steps.ike(world)
    check(len(sas) == 1 and len(sas[0]["children"]) == 1, f"one of each, not {sas}")
    return sas[0]["children"][0]


def check_mode(world, mode, ends=V4):
    ours = child(world)
    check(ours["mode"] == mode, f"{mode} mode, not {ours['mode']}")
    hosts = [(ts["first"], ts["last"]) for side in ("local_ts", "remote_ts") for ts in ours[side]]
    check(hosts == [(end, end) for end in ends], f"between the two outer hosts, not {hosts}")


def tcp(world, server, address, client, wanted):
    """A transfer from `server` at `address` to `client`, who must be seen as coming from `wanted`."""
    listening = world.network.start(server, sys.executable, "-c", SERVER, address, stdout=subprocess.PIPE, text=True)
    wait_for("the listener", lambda: str(PORT) in world.network.run(server, "ss", "-ltn"), 5)
    world.network.run(client, sys.executable, "-c", CLIENT, address, timeout=20)
    words = listening.communicate(timeout=10)[0].split()
    check(words and words[0] == wanted, f"from {wanted}, not {words}")


def packets(world):
    counters = world.us.tunnels()[world.tunnel]["counters"]
    return counters["packets_in"], counters["packets_out"], counters["errors_in"], counters["errors_out"]


def traffic(world, ends=V4):
    """Both ways, by ping and TCP, and all of it in the Child SA."""
    ours, theirs = ends
    before = packets(world)
    wait_for("a ping to the gateway", lambda: world.network.ping("cgw", ours), 10)
    check(world.network.ping("sgw", theirs, count=3), "a ping from the gateway")
    check(world.network.ping("cgw", ours, count=2, size=1400), "a ping with 1400 octets")
    tcp(world, "sgw", ours, "cgw", theirs)
    tcp(world, "cgw", theirs, "sgw", ours)
    after = packets(world)
    full = OCTETS // 1500
    check(after[0] - before[0] > full and after[1] - before[1] > full, f"through the Child SA: {before}, {after}")
    check(after[2:] == before[2:], f"without errors: {before}, {after}")


def rekeyed(world, mode, how, ends=V4):
    """`how` leads to another Child SA, in the same mode, that carries."""
    before = child(world)["spi_in"]
    how()
    wait_for("another Child SA", lambda: (now := steps.one_of_each(world)) and now[1] != before, 30)
    check_mode(world, mode, ends)
    traffic(world, ends)
