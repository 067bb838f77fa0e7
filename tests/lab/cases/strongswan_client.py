#!/usr/bin/python3 -B
"""Dormouse dials a strongSwan gateway: login and traffic, rekeys, the gateway's silence and restart."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import steps  # noqa: E402
from peer_strongswan import at  # noqa: E402


def login(world):
    world.peer = at(world, "sgw", charon="retransmit_tries = 4\n retransmit_timeout = 4.0").start()
    world.dial(steps.as_client())
    steps.login(world)


case.main("strongSwan", "client", [
    ("login and traffic", login),
    *steps.AS_CLIENT,
    ("session ticket", case.absent("strongSwan has no RFC 5723")),
])
