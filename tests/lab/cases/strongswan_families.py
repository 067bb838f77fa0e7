#!/usr/bin/python3 -B
"""IPv4 in IPv6 and IPv6 in IPv4 with strongSwan, and both inside one tunnel, in each role."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from netns import wait_for  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402
from scenario import check  # noqa: E402

OUTSIDE = {"IPv4": (netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE), "IPv6": ("2001:db8:11::1", "2001:db8:173::1")}
INSIDE = {"IPv4": ("10.1.100.0/24", "192.168.5.0/24", netns.CLIENT_HOST, netns.SERVER_HOST),
          "IPv6": ("fd00:100::/64", "fd00:5::/64", "fd00:100::11", "fd00:5::44")}


def addresses(world):
    """IPv6 on all links, once."""
    if hasattr(world, "both_families"):
        return
    world.both_families, network = True, world.network
    for host, dev, address in (("cgw", "port9", "2001:db8:11::1"), ("router", "left", "2001:db8:11::254"), ("router", "right", "2001:db8:173::254"),
                               ("sgw", "port8", "2001:db8:173::1"), ("chost", "eth0", "fd00:100::11"), ("cgw", "port2", "fd00:100::1"),
                               ("sgw", "port2", "fd00:5::1"), ("shost", "eth0", "fd00:5::44")):
        network.ip(host, "addr", "add", f"{address}/64", "dev", dev, "nodad")
    for host, net, via in (("chost", "default", "fd00:100::1"), ("shost", "default", "fd00:5::1"),
                           ("cgw", "2001:db8:173::/64", "2001:db8:11::254"), ("sgw", "2001:db8:11::/64", "2001:db8:173::254")):
        network.ip(host, "-6", "route", "replace", net, "via", via)
    for host in ("cgw", "router", "sgw"):
        network.sysctl(host, "net/ipv6/conf/all/forwarding", "1")


def families(text, phase1, outside, inside, **phase2):
    """A phase 2 of the example for each family inside, and policies that let all through."""
    text.phase1(phase1, **({"ip_version": 6} if outside == "IPv6" else {}))
    if inside == ["IPv6"]:
        text.phase2(phase1, src_addr_type="subnet6", dst_addr_type="subnet6")
    elif inside == ["IPv4", "IPv6"]:
        text.add(f'config vpn ipsec phase2-interface\n edit "six"\n set phase1name "{phase1}"\n set proposal aes128gcm\n'
                 ' set src-addr-type subnet6\n set dst-addr-type subnet6\n next\nend')
    for policy in ("1", "2"):
        for attribute in ("srcaddr", "dstaddr"):
            text.set("firewall policy", policy, attribute, '"all"')
    return text.phase2(phase1, proposal="aes128gcm", **phase2)


def swan(world, host, outside, inside):
    mine, other = (0, 1) if host == "cgw" else (1, 0)
    children = [child(INSIDE[family][mine], INSIDE[family][other], name=name) for family, name in zip(inside, ("net", "second"))]
    ends = OUTSIDE[outside]
    return StrongSwan(world, host, ends[mine], ends[other], children, connection="dpd_delay = 20s").start()


def carries(world, inside):
    world.us.wait_state(world.tunnel, "up", 20)
    for family in inside:
        _, _, client, server = INSIDE[family]
        wait_for(f"a ping over {family}", lambda: world.network.ping("chost", server), 10)
        check(world.network.ping("shost", client), f"an {family} ping from the server's side")
        # Longer than the tunnel carries whole: the first ones tell the hosts so.
        check(world.network.ping("chost", server, size=1400, count=3), f"an {family} ping with 1400 octets")


def rekeyed(world, inside):
    for rekey in (world.peer.rekey_child, world.peer.rekey_ike):
        rekey()
        wait_for("the rekey", lambda: len(sas := steps.ike(world)) == 1 and len(sas[0]["children"]) == len(inside), 10, 0.5)
        carries(world, inside)


def gateway(outside, inside):
    def step(world):
        steps.clear(world)
        addresses(world)
        world.gateway(families(conf.server(interval=600), "toClient", outside, inside))
        world.peer = swan(world, "cgw", outside, inside)
        for name in ("net", "second")[:len(inside)]:
            world.peer.up(name)
        carries(world, inside)
        rekeyed(world, inside)
    return step


def client(outside, inside):
    def step(world):
        steps.clear(world)
        addresses(world)
        world.peer = swan(world, "sgw", outside, inside)
        text = families(conf.client(), "toServer", outside, inside)
        text.phase1("toServer", proposal="aes128gcm-prfsha256")
        if outside == "IPv6":
            text.phase1("toServer", remote_gw=None, remote_gw6=OUTSIDE["IPv6"][1])
        if "IPv6" in inside:
            text.add(f"config router static\n edit 96\n set dst {INSIDE['IPv6'][1]}\n set device toServer\n next\nend")
        world.dial(text)
        carries(world, inside)
        rekeyed(world, inside)
    return step


case.main("strongSwan", "both", [
    (f"{role}: {' and '.join(inside)} in {outside}", make(outside, inside))
    for role, make in (("gateway", gateway), ("client", client))
    for outside, inside in (("IPv4", ["IPv6"]), ("IPv6", ["IPv4"]), ("IPv4", ["IPv4", "IPv6"]), ("IPv6", ["IPv4", "IPv6"]))
], independent=True)
