#!/usr/bin/python3 -B
"""Logins without a Child SA (RFC 6023) with strongSwan, in each role: the Child SA is made by CREATE_CHILD_SA and carries."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402
from scenario import check  # noqa: E402

SERVER_SIDE, CLIENT_SIDE = "192.168.5.0/24", "10.1.100.0/24"


def made_after_login(world, mark):
    """The Child SA came by an exchange of its own."""
    world.us.log.wait(r"CREATE_CHILD", mark, 5)
    check(len(steps.ike(world)[0]["children"]) == 1, "one Child SA")


def client_of(world, mode):
    return StrongSwan(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, [child(CLIENT_SIDE, SERVER_SIDE)],
                      connection=f"childless = {mode}").start()


def strongswan_logs_in(world):
    """`childless = force`: strongSwan logs in so or not at all."""
    world.gateway(conf.server(interval=600).phase1("toClient", childless_ike="enable"))
    mark = world.us.log.mark()
    world.peer = client_of(world, "force")
    world.peer.up()
    made_after_login(world, mark)
    steps.login(world)


def rekeys(world):
    steps.peer_rekeys_child(world)
    steps.peer_rekeys_ike(world)
    world.flow.finish()


def login_alone(world):
    """An IKE SA and nothing else: the tunnel is there, its route and its traffic are not."""
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")
    world.peer.swanctl("--initiate", "--ike", "dm")
    world.us.wait_state(world.tunnel, "up", 20)
    check(not steps.ike(world)[0]["children"], "no Child SA")
    check(not any("toClient_0" in r for r in world.network.routes("sgw")), "no route")
    world.peer.up()
    world.wait_ping()


def not_offered(world):
    """Switched off at the gateway, `force` does not get in."""
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")
    check(world.us.reload(world.text.phase1("toClient", childless_ike="disable")), "the configuration is accepted")
    try:
        world.peer.up()
        made = True
    except netns.Failure:
        made = False
    check(not made, "no login without a Child SA")
    check(world.us.stop() == 0, "ours ends with 0")
    world.peer.stop()


def we_log_in(world):
    world.peer = StrongSwan(world, "sgw", netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE, [child(SERVER_SIDE, CLIENT_SIDE)],
                            connection="childless = force").start()
    world.dial(conf.client().phase1("toServer", proposal="aes128gcm-prfsha256", childless_ike="enable").phase2(
        "toServer", proposal="aes128gcm", src_subnet=CLIENT_SIDE, dst_subnet=SERVER_SIDE))
    steps.login(world)
    world.us.log.wait(r"CREATE_CHILD", 0, 5)
    check("CHDLESS_SUP" in world.peer.log(), "strongSwan said that it takes it")


case.main("strongSwan", "both", [
    ("gateway: login with childless = force", strongswan_logs_in),
    ("gateway: rekeys", rekeys),
    ("gateway: an IKE SA alone", login_alone),
    ("gateway: not offered", not_offered),
    ("client: login with childless = force", we_log_in),
])
