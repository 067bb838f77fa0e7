#!/usr/bin/python3 -B
"""A NAT between strongSwan and Dormouse, in each role: ESP in UDP, a port that changes, sleep and wake behind it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import time  # noqa: E402

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402
from scenario import check  # noqa: E402


def behind_nat(world):
    world.network.translate()
    world.gateway(conf.server(interval=600))
    world.peer = StrongSwan(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, [child("10.1.100.0/24", "192.168.5.0/24")],
                            connection="dpd_delay = 20s", remote_id="173.1.1.1").start()
    world.peer.up()
    steps.login(world)
    world.us.log.wait(r"NAT detected: .*PEER", timeout=1)
    check("173.1.1.254" in str(world.us.tunnels()[world.tunnel]), "the client's outer address is the NAT's")


def port_changes(world):
    """The NAT forgets its table: the client's next packet comes from another port, and the answers follow it."""
    mark = world.us.log.mark()
    for _ in range(3):
        world.network.forget_translations()
        world.flow.wait_progress(20)
    world.us.log.wait(r"peer moved", mark, 5)


def from_the_start(world):
    check(world.us.stop() == 0, "ours ends with 0")
    world.peer.stop()
    world.peer = StrongSwan(world, "sgw", netns.SERVER_OUTSIDE, "%any", [child("192.168.5.0/24", "10.1.100.0/24")], remote_id=netns.CLIENT_OUTSIDE,
                            connection="dpd_delay = 20s").start()
    world.dial(conf.client().phase1("toServer", proposal="aes128gcm-prfsha256").phase2(
        "toServer", proposal="aes128gcm", src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24"))
    steps.login(world)
    world.us.log.wait(r"NAT detected: .*ME", timeout=1)


def mapping_kept(world):
    """Ten minutes without traffic: keepalives hold the NAT's mapping, so the gateway still reaches us."""
    world.flow.finish()
    time.sleep(600)
    check(world.network.ping("shost", netns.CLIENT_HOST, count=2), "a ping from the server's side")


case.main("strongSwan", "both", [
    ("gateway, client behind NAT", behind_nat),
    ("gateway, the NAT's port changes", port_changes),
    *[(f"gateway behind NAT: {name}", step) for name, step in steps.AS_GATEWAY[:4]],
    ("client behind NAT", from_the_start),
    ("client, mapping kept for ten minutes", mapping_kept),
])
