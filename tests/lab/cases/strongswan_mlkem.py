#!/usr/bin/python3 -B
"""strongSwan dials in with additional key exchanges and with a post-quantum preshared key: login, rekeys begun by each end."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import netns  # noqa: E402
import quantum  # noqa: E402
import steps  # noqa: E402
from scenario import check  # noqa: E402

INSIDE = ("10.1.100.0/24", "192.168.5.0/24")
SEAT = ("cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, INSIDE)


def end(world):
    world.flow.finish()
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")
    world.us.stop()
    world.peer.stop()


def login(world):
    world.gateway(quantum.hybrid(quantum.server(), "toClient"))
    world.peer = quantum.peer(world, *SEAT)
    world.peer.up()
    steps.login(world)
    quantum.agreed(world, ["ECP256", "ECP384"])


def leaves(world):
    world.flow.finish()
    steps.peer_leaves(world)


def rekeys_by_us(world):
    steps.we_rekey(world)
    quantum.agreed(world, ["ECP256", "ECP384"], ["ECP384"])
    world.us.stop()
    world.peer.stop()


def fallback(world):
    world.gateway(quantum.hybrid(quantum.server(), "toClient", "addke1=0", "addke1=0").phase1("toClient", addke1="19 0"))
    world.peer = quantum.peer(world, *SEAT, "aes256-sha256-x25519", "aes256gcm16-x25519")
    world.peer.up()
    steps.login(world)
    quantum.agreed(world, [])
    end(world)


def ml_kem(world):
    world.gateway(quantum.hybrid(quantum.server(), "toClient", "addke1=36", "addke1=36"))
    try:
        world.peer = quantum.peer_with_ml_kem(world, *SEAT)
    except case.NotOffered:
        world.us.stop()
        raise
    world.peer.up()
    steps.login(world)
    steps.peer_rekeys_child(world)
    steps.peer_rekeys_ike(world)
    quantum.agreed(world, ["ML_KEM_768"], ["ML_KEM_768"])
    leaves(world)
    steps.we_rekey(world)
    quantum.agreed(world, ["ML_KEM_768"], ["ML_KEM_768"])
    world.us.stop()
    world.peer.stop()


def ppk(world):
    world.gateway(quantum.preshared(quantum.server(), "toClient"))
    mark = world.us.log.mark()
    world.peer = quantum.peer_with_ppk(world, *SEAT)
    world.peer.up()
    steps.login(world)
    quantum.mixed_in(world, mark)
    steps.peer_rekeys_ike(world)
    steps.peer_rekeys_child(world)
    end(world)


def ppk_missing(world):
    world.gateway(quantum.preshared(quantum.server(), "toClient"))
    mark = world.us.log.mark()
    world.peer = quantum.peer(world, *SEAT, "aes256-sha256-x25519", "aes256gcm16-x25519")
    world.peer.seat.run("swanctl", "--initiate", "--child", "net", check=False)
    world.us.log.wait(r"the peer does not use the post-quantum preshared key", mark, 30)
    check(not world.us.tunnels().get(world.tunnel), "it is not let in")


case.main("strongSwan", "gateway", [
    ("login with two additional key exchanges", login),
    ("rekeys by the peer with additional key exchanges", quantum.rekeys_by_peer),
    ("Delete by the peer", leaves),
    ("rekeys by Dormouse with additional key exchanges", rekeys_by_us),
    ("a peer without them, where they are optional", fallback),
    ("ML-KEM-768", ml_kem),
    ("post-quantum preshared key, with rekeys", ppk),
    ("a peer without the preshared key that is required", ppk_missing),
])
