#!/usr/bin/python3 -B
"""REDIRECT (RFC 5685) with strongSwan: a gateway of ours is drained, and we follow a gateway of strongSwan's."""
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

SERVER_SIDE, CLIENT_SIDE = "192.168.5.0/24", "10.1.100.0/24"
OTHER = "173.1.1.2"  # of another gateway; of the same strongSwan, where it is the gateway


def drain(world, words):
    world.us.shell(f"diagnose vpn ike gateway drain {words}")


def phase1(world):
    return next(p for p in world.us.status()["phase1"] if p["name"] == "toClient")


def tried_there(world, since=0):
    """strongSwan turned to the other gateway."""
    wait_for(f"strongSwan to try {OTHER}", lambda: f"to {OTHER}[500]" in world.peer.log()[since:], 20, 0.1)


def live_client_is_told(world):
    world.gateway(conf.server(interval=600))
    world.peer = StrongSwan(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, [child(CLIENT_SIDE, SERVER_SIDE)]).start()
    world.peer.up()
    world.us.wait_state(world.tunnel, "up")
    world.wait_ping()
    mark = world.us.log.mark()
    drain(world, f"{OTHER} name toClient")
    world.us.log.wait(r"client sent on: toClient_0, identity \S+, to 173\.1\.1\.2", mark, 10)
    check(phase1(world)["drains_to"] == OTHER, "the status says so")
    tried_there(world)


def login_is_sent_on(world):
    """In IKE_AUTH, once both ends have proved themselves."""
    world.peer.stop()
    world.us.shell("diagnose vpn ike gateway clear")
    before = phase1(world)["redirected"]
    world.peer.start()
    since = len(world.peer.log())
    try:
        world.peer.swanctl("--initiate", "--child", "net", "--timeout", "5")
    except netns.Failure:
        pass  # nobody is there
    tried_there(world, since if since < len(world.peer.log()) else 0)
    check(phase1(world)["redirected"] > before, "counted")
    wait_for("no SA to be left here", lambda: not world.us.tunnels(), 20)


def drain_ends(world):
    world.peer.stop()
    drain(world, "stop name toClient")
    check(phase1(world)["drains_to"] == "", "the status says so")
    world.peer.start()
    world.peer.up()
    world.us.wait_state(world.tunnel, "up")
    world.wait_ping()
    check(world.us.stop() == 0, "ours ends with 0")
    world.peer.stop()


def we_follow(world):
    """strongSwan has both addresses and sends us from the one to the other while the tunnel is in use."""
    world.network.ip("sgw", "addr", "add", f"{OTHER}/24", "dev", "port8")
    world.peer = StrongSwan(world, "sgw", f"{netns.SERVER_OUTSIDE},{OTHER}", netns.CLIENT_OUTSIDE, [child(SERVER_SIDE, CLIENT_SIDE)],
                            local_id=netns.SERVER_OUTSIDE).start()
    world.dial(conf.client().phase1("toServer", proposal="aes128gcm-prfsha256", redirect="enable").phase2(
        "toServer", proposal="aes128gcm", src_subnet=CLIENT_SIDE, dst_subnet=SERVER_SIDE))
    steps.login(world)
    mark = world.us.log.mark()
    world.peer.swanctl("--redirect", "--ike", "dm", "--gateway", OTHER)
    world.us.log.wait(r"tunnel redirected: toServer from 173\.1\.1\.1 to 173\.1\.1\.2, by the gateway", mark, 10)
    wait_for("the tunnel at the other address", lambda: world.us.tunnels()[world.tunnel]["path"]["remote"]["address"] == OTHER, 20)
    world.flow.wait_progress(20)
    world.flow.finish()
    wait_for("one IKE SA at strongSwan", lambda: world.peer.sas().count("ESTABLISHED") == 1, 10)
    check(OTHER in world.peer.sas(), "and that is the new one")


case.main("strongSwan", "both", [
    ("gateway: a client in use is told to go", live_client_is_told),
    ("gateway: a login is sent on", login_is_sent_on),
    ("gateway: drained no more", drain_ends),
    ("client: we follow", we_follow),
])
