#!/usr/bin/python3 -B
"""The client moves to another address and takes its SAs along (RFC 4555): strongSwan at our gateway, and we at a strongSwan gateway."""
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

ELSEWHERE = "11.101.1.77"


def move(world):
    """The SPIs before, and the stream's check after the move."""
    before = steps.one_of_each(world)
    world.network.move_client(ELSEWHERE)
    world.network.ip("cgw", "route", "replace", "default", "via", "11.101.1.254")
    world.flow.wait_progress(40, 15)
    check(steps.one_of_each(world) == before, "the same SAs as before")


def gateway(world):
    world.gateway(conf.server(interval=600))
    world.peer = StrongSwan(world, "cgw", "%any", netns.SERVER_OUTSIDE, [child("10.1.100.0/24", "192.168.5.0/24")], local_id=netns.CLIENT_OUTSIDE,
                            connection="mobike = yes\n dpd_delay = 20s").start()
    world.peer.up()
    steps.login(world)


def strongswan_moves(world):
    move(world)
    check(ELSEWHERE in str(world.us.tunnels()[world.tunnel]), "the gateway knows its new address")


def client(world):
    try:
        world.flow.finish()
    except netns.Failure:
        pass  # it stood still if the move did not work
    world.us.kill()
    world.peer.stop()
    world.network.move_client(netns.CLIENT_OUTSIDE)
    world.peer = StrongSwan(world, "sgw", netns.SERVER_OUTSIDE, "%any", [child("192.168.5.0/24", "10.1.100.0/24")], remote_id=netns.CLIENT_OUTSIDE,
                            connection="mobike = yes\n dpd_delay = 20s").start()
    world.dial(conf.client().phase1("toServer", proposal="aes128gcm-prfsha256", localid=f'"{netns.CLIENT_OUTSIDE}"', localid_type="address").phase2(
        "toServer", proposal="aes128gcm", src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24"))
    steps.login(world)


def we_move(world):
    move(world)
    wait_for("strongSwan to know our new address", lambda: ELSEWHERE in world.peer.sas(), 5)


case.main("strongSwan", "both", [
    ("gateway: login with MOBIKE offered", gateway),
    ("gateway: the client moves", strongswan_moves),
    ("client: login with MOBIKE offered", client),
    ("client: we move", we_move),
])
