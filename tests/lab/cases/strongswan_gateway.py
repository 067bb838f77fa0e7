#!/usr/bin/python3 -B
"""strongSwan dials in: login and traffic, rekeys begun by each end, liveness, sleep and wake."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402

INSIDE = ("10.1.100.0/24", "192.168.5.0/24")


def dial(world, ike, esp):
    return StrongSwan(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, [child(*INSIDE, esp=f"{esp}-modp2048")], ike=ike,
                      connection="dpd_delay = 20s", charon="retransmit_tries = 4\n retransmit_timeout = 4.0").start()


def login(world):
    world.peer = dial(world, "aes128gcm16-prfsha256-modp2048", "aes128gcm16")
    world.peer.up()
    steps.login(world)


case.main("strongSwan", "gateway", [
    ("login and traffic", login),
    *steps.AS_GATEWAY,
    ("session ticket", case.absent("strongSwan has no RFC 5723")),
])
