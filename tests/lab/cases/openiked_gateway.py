#!/usr/bin/python3 -B
"""OpenIKED dials in: login and traffic, rekeys begun by each end, liveness, sleep and wake, its farewell."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import steps  # noqa: E402
from peer_openiked import ESP, IKE, OpenIked  # noqa: E402


def login(world):
    world.gateway(conf.server(interval=600))
    world.peer = OpenIked(world, "cgw", f"""ikev2 "dm" active esp from 10.1.100.0/24 to 192.168.5.0/24 local 11.101.1.1 peer 173.1.1.1 \\
        ikesa {IKE} childsa {ESP} srcid 11.101.1.1 dstid 173.1.1.1 ikelifetime 120 lifetime 50""").start()
    steps.login(world)


case.main("OpenIKED", "gateway", [
    ("login and traffic", login),
    *steps.AS_GATEWAY,
    ("ESP with AES-GCM or SHA-256", case.absent("OpenIKED on Linux speaks PF_KEY, which has neither")),
    ("session ticket", case.absent("OpenIKED has no RFC 5723")),
])
