#!/usr/bin/python3 -B
"""Dormouse dials an OpenIKED gateway: login and traffic, rekeys begun by each end, the gateway's silence and restart, our farewell."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import steps  # noqa: E402
from peer_openiked import ESP, IKE, OpenIked  # noqa: E402


def login(world):
    world.peer = OpenIked(world, "sgw", f"""ikev2 "dm" passive esp from 192.168.5.0/24 to 10.1.100.0/24 local 173.1.1.1 peer 11.101.1.1 \\
        ikesa {IKE} childsa {ESP} srcid 173.1.1.1 dstid 11.101.1.1 ikelifetime 120 lifetime 50""").start()
    world.dial(conf.client().phase1("toServer", proposal="aes128gcm-prfsha256").phase2(
        "toServer", proposal="aes256-sha1", src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24"))
    steps.login(world)


case.main("OpenIKED", "client", [
    ("login and traffic", login),
    *steps.AS_CLIENT,
    ("session ticket", case.absent("OpenIKED has no RFC 5723")),
])
