#!/usr/bin/python3 -B
"""strongSwan dials in with each of the example's phase 1 proposals: traffic, rekeys begun by each end, liveness, sleep and wake."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402
from scenario import check  # noqa: E402
from strongswan import SUITES  # noqa: E402

INSIDE = ("10.1.100.0/24", "192.168.5.0/24")


def dial(world, ike, esp):
    return StrongSwan(world, "cgw", netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE, [child(*INSIDE, esp=f"{esp}-modp2048")], ike=ike,
                      connection="dpd_delay = 20s", charon="retransmit_tries = 4\n retransmit_timeout = 4.0").start()


def every_proposal(world):
    world.gateway(conf.server(interval=600))
    for ike, ike_peer, esp, esp_peer in SUITES:
        world.peer = dial(world, ike_peer, esp_peer)
        world.peer.up()
        steps.login(world)
        sa = steps.ike(world)[0]
        check(sa["suite"]["token"] == ike, f"{ike} is chosen, not {sa['suite']['token']}")
        check(sa["children"][0]["suite"]["token"] == esp, f"{esp} is chosen, not {sa['children'][0]['suite']['token']}")
        steps.peer_rekeys_child(world)
        steps.peer_rekeys_ike(world)
        world.flow.finish()
        world.peer.down()
        world.us.wait_state(world.tunnel, "gone")
        world.peer.stop()


def login(world):
    world.peer = dial(world, "aes128gcm16-prfsha256-modp2048", "aes128gcm16")
    world.peer.up()
    steps.login(world)


case.main("strongSwan", "gateway", [
    ("every proposal of the example, with rekeys", every_proposal),
    ("login and traffic", login),
    *steps.AS_GATEWAY,
    ("session ticket", case.absent("strongSwan has no RFC 5723")),
])
