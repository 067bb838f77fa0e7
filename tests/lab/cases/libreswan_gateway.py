#!/usr/bin/python3 -B
"""libreswan dials in: login and traffic, rekeys begun by each end, liveness, sleep and wake, its farewell."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from peer_libreswan import Libreswan  # noqa: E402
from scenario import check  # noqa: E402


def login(world):
    world.gateway(conf.server(interval=600))
    world.peer = Libreswan(world, "cgw", left=netns.CLIENT_OUTSIDE, leftsubnet="10.1.100.0/24", right=netns.SERVER_OUTSIDE,
                           rightsubnet="192.168.5.0/24", dpddelay="20s", retransmit_timeout="60s").start()
    world.peer.up()
    steps.login(world)
    suite = steps.ike(world)[0]["suite"]["token"]
    check(suite == "aes128gcm-prfsha256", f"the suite is chosen, not {suite}")


case.main("libreswan", "gateway", [("login and traffic", login), *steps.AS_GATEWAY])
