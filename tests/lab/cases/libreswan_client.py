#!/usr/bin/python3 -B
"""Dormouse dials a libreswan gateway: login and traffic, rekeys begun by each end, liveness, the gateway's silence and restart, our farewell."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from peer_libreswan import Libreswan  # noqa: E402


def login(world):
    world.peer = Libreswan(world, "sgw", left=netns.SERVER_OUTSIDE, leftsubnet="192.168.5.0/24", right=netns.CLIENT_OUTSIDE,
                           rightsubnet="10.1.100.0/24", dpddelay="20s", retransmit_timeout="60s").start()
    world.dial(conf.client().phase1("toServer", proposal="aes128gcm-prfsha256").phase2(
        "toServer", proposal="aes128gcm", src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24"))
    steps.login(world)


case.main("libreswan", "client", [("login and traffic", login), *steps.AS_CLIENT])
