#!/usr/bin/python3 -B
"""Transport mode with libreswan, which insists on it: no Child SA in tunnel mode, traffic and rekeys in transport mode."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import netns  # noqa: E402
import transport  # noqa: E402
from netns import wait_for  # noqa: E402
from peer_libreswan import Libreswan  # noqa: E402
from scenario import check  # noqa: E402


def userspace_alone():
    if case.DATA_PLANE != "userspace":
        case.not_offered("the kernel's data plane declines transport mode")


def refused_tunnel_mode(world):
    mode = "tunnel-mode" if case.DATA_PLANE == "userspace" else "transport-mode"
    world.gateway(transport.gateway_conf(mode))
    world.peer = Libreswan(world, "cgw", type="transport", left=netns.CLIENT_OUTSIDE, right=netns.SERVER_OUTSIDE, dpddelay="20s",
                           retransmit_timeout="60s").start()
    mark = world.us.log.mark()
    world.peer.ipsec("up", "dm", check=False)
    world.us.log.wait(r"tunnel mode, not transport mode", mark, 10)
    world.peer.wait_log("policy dictates Transport Mode, but peer requested Tunnel Mode")
    wait_for("libreswan to end the Child SA", lambda: not any(sa["children"] for t in world.us.tunnels().values() for sa in t["ike"]), 3)
    world.peer.down()


def given(world):
    userspace_alone()
    check(world.us.reload(transport.gateway_conf("transport-mode")), "transport mode is accepted")
    world.peer.up()
    world.us.wait_state(world.tunnel, "up", 20)
    transport.check_mode(world, "transport")
    transport.traffic(world)


def peer_rekeys(world):
    userspace_alone()
    transport.rekeyed(world, "transport", world.peer.rekey_child)
    world.peer.rekey_ike()
    transport.traffic(world)


def peer_leaves(world):
    userspace_alone()
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")
    check(not any(netns.CLIENT_OUTSIDE in r and "toClient" in r for r in world.network.routes("sgw")), "its route is gone")
    check(world.us.stop() == 0, "ours ends with 0")


case.main("libreswan", "gateway", [
    ("tunnel mode refused by the peer", refused_tunnel_mode),
    ("transport mode, ping and TCP", given),
    ("transport mode, rekeys by the peer", peer_rekeys),
    ("transport mode, Delete by the peer", peer_leaves),
])
