#!/usr/bin/python3 -B
"""strongSwan dials in: login and traffic, rekeys begun by each end, liveness, sleep and wake."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import steps  # noqa: E402
from peer_strongswan import at  # noqa: E402


def login(world):
    world.gateway(conf.server(interval=600))
    world.peer = at(world, "cgw", charon="retransmit_tries = 4\n retransmit_timeout = 4.0").start()
    world.peer.up()
    steps.login(world)


case.main("strongSwan", "gateway", [
    ("login and traffic", login),
    *steps.AS_GATEWAY,
    ("session ticket", case.absent("strongSwan has no RFC 5723")),
])
