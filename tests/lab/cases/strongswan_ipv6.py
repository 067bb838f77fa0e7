#!/usr/bin/python3 -B
"""IPv6 outside and inside with strongSwan, in each role: traffic, rekeys, sleep and wake."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import steps  # noqa: E402
from netns import wait_for  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402
from scenario import check  # noqa: E402

CLIENT_OUT, SERVER_OUT = "2001:db8:11::1", "2001:db8:173::1"
CLIENT_IN, SERVER_IN = "fd00:100::11", "fd00:5::44"
CLIENT_NET, SERVER_NET = "fd00:100::/64", "fd00:5::/64"
DPD = "dpd_delay = 20s"


def addresses(network):
    for host, dev, address in (("cgw", "port9", CLIENT_OUT), ("router", "left", "2001:db8:11::254"),
                               ("router", "right", "2001:db8:173::254"), ("sgw", "port8", SERVER_OUT),
                               ("chost", "eth0", CLIENT_IN), ("cgw", "port2", "fd00:100::1"),
                               ("sgw", "port2", "fd00:5::1"), ("shost", "eth0", SERVER_IN)):
        network.ip(host, "addr", "add", f"{address}/64", "dev", dev, "nodad")
    for host, net, via in (("chost", "default", "fd00:100::1"), ("shost", "default", "fd00:5::1"),
                           ("cgw", "2001:db8:173::/64", "2001:db8:11::254"), ("sgw", "2001:db8:11::/64", "2001:db8:173::254")):
        network.ip(host, "-6", "route", "replace", net, "via", via)
    for host in ("cgw", "router", "sgw"):
        network.sysctl(host, "net/ipv6/conf/all/forwarding", "1")


def over_ipv6(text, phase1, **attributes):
    text.phase1(phase1, ip_version=6, **attributes).phase2(phase1, src_addr_type="subnet6", dst_addr_type="subnet6")
    for policy in ("1", "2"):
        for attribute in ("srcaddr", "dstaddr"):
            text.set("firewall policy", policy, attribute, '"all"')
    return text


def carries(world):
    world.us.wait_state(world.tunnel, "up", 20)
    wait_for("a ping over IPv6", lambda: world.network.ping("chost", SERVER_IN), 10)
    check(world.network.ping("shost", CLIENT_IN), "a ping from the server's side")
    # Longer than the tunnel carries whole: the first one or two tell the hosts so.
    check(world.network.ping("chost", SERVER_IN, size=1400, count=3), "a ping with 1400 octets")


def gateway(world):
    addresses(world.network)
    world.gateway(over_ipv6(conf.server(interval=600), "toClient"))
    world.peer = StrongSwan(world, "cgw", CLIENT_OUT, SERVER_OUT, [child(CLIENT_NET, SERVER_NET)], connection=DPD).start()
    world.peer.up()
    carries(world)


def rekeys(world):
    for number, rekey in ((1, world.peer.rekey_child), (0, world.peer.rekey_ike)):
        before = wait_for("one IKE SA and one Child SA", lambda: steps.one_of_each(world), 10)
        rekey()
        wait_for("the rekey", lambda: (now := steps.one_of_each(world)) and now[number] != before[number], 10)
        carries(world)


def sleeps(world):
    mark = world.us.log.mark()
    world.network.sysctl("router", "net/ipv6/conf/all/forwarding", "0")
    world.us.log.wait(r"tunnel asleep: toClient_0", mark, 30)
    world.network.sysctl("router", "net/ipv6/conf/all/forwarding", "1")
    match = world.us.log.wait(r"tunnel resumed: toClient_0 by (\w+) after", mark, 60)
    check(match[1] == "address", f"by address, not by {match[1]}")
    carries(world)
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")
    check(world.us.stop() == 0, "ours ends with 0")
    world.peer.stop()


def client(world):
    world.peer = StrongSwan(world, "sgw", SERVER_OUT, CLIENT_OUT, [child(SERVER_NET, CLIENT_NET)], connection=DPD).start()
    text = over_ipv6(conf.client(), "toServer", remote_gw=None, remote_gw6=SERVER_OUT, proposal="aes128gcm-prfsha256")
    text.phase2("toServer", proposal="aes128gcm", src_subnet6=CLIENT_NET, dst_subnet6=SERVER_NET)
    world.dial(text.add(f"config router static\n edit 96\n set dst {SERVER_NET}\n set device toServer\n next\nend"))
    carries(world)


case.main("strongSwan", "both", [
    ("gateway: IPv6 outside and inside", gateway),
    ("gateway: rekeys", rekeys),
    ("gateway: sleep, wake by address", sleeps),
    ("client: IPv6 outside and inside", client),
    ("client: rekeys", rekeys),
])
