#!/usr/bin/python3 -B
"""Dormouse dials a strongSwan gateway: login and traffic, rekeys, the gateway's silence and restart."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402

INSIDE = ("192.168.5.0/24", "10.1.100.0/24")


def gateway(world, ike, esp):
    return StrongSwan(world, "sgw", netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE, [child(*INSIDE, esp=f"{esp}-modp2048")], ike=ike,
                      connection="dpd_delay = 20s", charon="retransmit_tries = 4\n retransmit_timeout = 4.0").start()


def configuration(ike, esp):
    return conf.client().phase1("toServer", proposal=ike).phase2(
        "toServer", proposal=esp, src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24")


def login(world):
    world.peer = gateway(world, "aes128gcm16-prfsha256-modp2048", "aes128gcm16")
    world.dial(configuration("aes128gcm-prfsha256", "aes128gcm"))
    steps.login(world)


case.main("strongSwan", "client", [
    ("login and traffic", login),
    *steps.AS_CLIENT,
    ("session ticket", case.absent("strongSwan has no RFC 5723")),
])
