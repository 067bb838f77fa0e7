#!/usr/bin/python3 -B
"""Transport mode with strongSwan as the end that asks for it: given, kept by rekeys of either end, and declined; kernel's plane: declined."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
import transport  # noqa: E402
from netns import wait_for  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402
from scenario import check  # noqa: E402


ELSEWHERE = "11.101.1.77"  # where the peer moves to


def userspace_alone():
    if case.DATA_PLANE != "userspace":
        case.not_offered("the kernel's data plane declines transport mode")


def start_peer(world, ends=transport.V4):
    world.peer = StrongSwan(world, "cgw", ends[1], ends[0], [child("dynamic", "dynamic", more="mode = transport")]).start()
    world.peer.up()
    world.us.wait_state(world.tunnel, "up", 20)


def given(world):
    userspace_alone()
    world.gateway(transport.gateway_conf("transport-mode"))
    start_peer(world)
    transport.check_mode(world, "transport")
    check("TRANSPORT" in world.peer.sas(), f"in transport mode there too: {world.peer.sas()}")
    transport.traffic(world)
    mtu = world.us.tunnels()[world.tunnel]["mtu"]
    check(mtu == 1466, f"1500 octets less ESP's 34, and one IP header, not {mtu}")
    route = world.network.ip("sgw", "route", "get", netns.CLIENT_OUTSIDE)
    check("dev toClient_0" in route and f"src {netns.SERVER_OUTSIDE}" in route, f"into the tunnel, by our outer address: {route}")


def peer_rekeys(world):
    userspace_alone()
    transport.rekeyed(world, "transport", world.peer.rekey_child)
    world.peer.rekey_ike()
    transport.traffic(world)
    transport.rekeyed(world, "transport", world.peer.rekey_child)


def we_rekey(world):
    """Our own rekey, for once, asks for the mode."""
    userspace_alone()
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")
    check(world.us.reload(world.text.phase2("toClient", keylifeseconds=20)), "the shorter life is accepted")
    world.peer.up()
    world.us.wait_state(world.tunnel, "up", 20)
    mark = world.us.log.mark()
    transport.rekeyed(world, "transport", lambda: world.us.log.wait(r"IPsec SA \w+ rekeyed to", mark, 30))
    check("TRANSPORT" in world.peer.sas(), f"in transport mode there too: {world.peer.sas()}")
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")
    check(world.us.stop() == 0, "ours ends with 0")
    world.peer.stop()


def declined(world):
    """With our `encapsulation tunnel-mode`, the kernel's data plane likewise: strongSwan takes tunnel mode between the same hosts."""
    mode = "tunnel-mode" if case.DATA_PLANE == "userspace" else "transport-mode"
    world.gateway(transport.gateway_conf(mode))
    mark = world.us.log.mark()
    start_peer(world)
    world.us.log.wait(r"tunnel mode, not transport mode", mark, 5)
    transport.check_mode(world, "tunnel")
    check("TUNNEL" in world.peer.sas(), f"in tunnel mode there too: {world.peer.sas()}")
    wait_for("a ping to the gateway", lambda: world.network.ping("cgw", netns.SERVER_OUTSIDE), 10)


def peer_moves(world):
    """MOBIKE moves the IKE SA, and the Child SA, which is of the old address, goes; the peer makes another one."""
    userspace_alone()
    steps.clear(world)
    world.gateway(transport.gateway_conf("transport-mode"))
    world.peer = StrongSwan(world, "cgw", "%any", netns.SERVER_OUTSIDE, [child("dynamic", "dynamic", more="mode = transport")],
                            local_id=netns.CLIENT_OUTSIDE, connection="mobike = yes").start()
    world.peer.up()
    world.us.wait_state(world.tunnel, "up", 20)
    transport.traffic(world)
    ike, mark = steps.one_of_each(world)[0], world.us.log.mark()
    world.network.move_client(ELSEWHERE)
    world.network.ip("cgw", "route", "replace", "default", "via", "11.101.1.254")
    world.us.log.wait(r"deleting IPsec SA \w+: it is in transport mode and the outer addresses have changed", mark, 20)
    wait_for("the Child SA to go", lambda: not steps.ike(world)[0]["children"], 5)
    world.peer.up()
    moved = (netns.SERVER_OUTSIDE, ELSEWHERE)
    transport.check_mode(world, "transport", moved)
    transport.traffic(world, moved)
    check(steps.one_of_each(world)[0] == ike, "on the same IKE SA")


def not_through_a_nat(world):
    """The answer to a client behind a NAT has no transport mode either."""
    userspace_alone()
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")
    world.network.translate()
    check(world.us.reload(world.text.phase2("toClient", encapsulation="transport-mode")), "the configuration is accepted")
    mark = world.us.log.mark()
    try:
        world.peer.up()
    except netns.Failure:
        pass  # whether it wants tunnel mode instead is its own decision
    world.us.log.wait(r"tunnel mode, not transport mode: a NAT", mark, 5)
    check(all(c["mode"] == "tunnel" for t in world.us.tunnels().values() for sa in t["ike"] for c in sa["children"]), "no transport mode")


SIX = ("2001:db8:173::1", "2001:db8:11::1")


def outside_ipv6(network):
    for host, dev, address in (("cgw", "port9", SIX[1]), ("router", "left", "2001:db8:11::254"), ("router", "right", "2001:db8:173::254"),
                               ("sgw", "port8", SIX[0])):
        network.ip(host, "addr", "add", f"{address}/64", "dev", dev, "nodad")
    network.sysctl("router", "net/ipv6/conf/all/forwarding", "1")
    network.ip("cgw", "-6", "route", "replace", "2001:db8:173::/64", "via", "2001:db8:11::254")
    network.ip("sgw", "-6", "route", "replace", "2001:db8:11::/64", "via", "2001:db8:173::254")


def over_ipv6(world):
    userspace_alone()
    outside_ipv6(world.network)
    steps.clear(world)
    world.network.run("router", "nft", "delete", "table", "ip", "nat")
    text = transport.gateway_conf("transport-mode").phase1("toClient", ip_version=6).phase2(
        "toClient", src_addr_type="subnet6", dst_addr_type="subnet6")
    for policy in ("1", "2"):
        for attribute in ("srcaddr", "dstaddr"):
            text.set("firewall policy", policy, attribute, '"all"')
    world.gateway(text)
    start_peer(world, SIX)
    transport.check_mode(world, "transport", SIX)
    transport.traffic(world, SIX)
    mtu = world.us.tunnels()[world.tunnel]["mtu"]
    check(mtu == 1466, f"1500 octets less ESP's 34, and one IP header, not {mtu}")
    transport.rekeyed(world, "transport", world.peer.rekey_child, SIX)


case.main("strongSwan", "gateway", [
    ("transport mode, ping and TCP", given),
    ("transport mode, rekeys by the peer", peer_rekeys),
    ("transport mode, rekey by Dormouse", we_rekey),
    ("transport mode declined", declined),
    ("transport mode declined through a NAT", not_through_a_nat),
    ("transport mode over IPv6", over_ipv6),
    ("transport mode, the peer moves", peer_moves),
])
