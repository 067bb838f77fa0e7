#!/usr/bin/python3 -B
"""Dormouse has a session ticket of a libreswan gateway that lost its SAs, and comes back with it; without the switch, by a login."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from netns import wait_for  # noqa: E402
from peer_libreswan import Libreswan  # noqa: E402
from scenario import check  # noqa: E402

TICKETS = "config system settings\n set ike-session-resume enable\nend"


def login(world):
    world.peer = Libreswan(world, "sgw", left=netns.SERVER_OUTSIDE, leftsubnet="192.168.5.0/24", right=netns.CLIENT_OUTSIDE,
                           rightsubnet="10.1.100.0/24", session_resumption="yes", dpddelay="5s", retransmit_timeout="20s").start()
    world.dial(conf.client().add(TICKETS).phase1("toServer", proposal="aes128gcm-prfsha256", resume_auth="libreswan").phase2(
        "toServer", proposal="aes128gcm", src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24"))
    steps.login(world)
    world.us.log.wait(r"got a session ticket, valid for \d+ s", timeout=5)


def comes_back(world):
    """The path is cut until libreswan gave its SAs up; the ways by which ours came back, and how long it took."""
    mark = world.us.log.mark()
    world.network.cut()
    world.us.wait_state("toServer", "connecting", 30)
    wait_for("libreswan to give its SAs up", lambda: not world.peer.has_sas(), 120, 1)
    world.network.restore()
    start = time.monotonic()
    match = world.us.log.wait(r"tunnel resumed: toServer by (\w+) after|tunnel (up): toServer", mark, 30)
    world.wait_ping()
    return match[1] or "login", time.monotonic() - start


def back_by_ticket(world):
    for turn in range(4):
        time.sleep(turn * 0.7)  # so that the network returns at another moment of the client's attempts
        way, took = comes_back(world)
        check(way == "ticket", f"resumed by ticket, not by {way}")
        check(took < 6, f"within six seconds, not {took:.1f}")
        world.flow.wait_progress(20)
        steps.peer_rekeys_child(world)


def without_the_switch(world):
    world.us.write(world.text.phase1("toServer", resume_auth=None))
    check(world.us.reload(), "the switch is off")
    way, took = comes_back(world)
    check(way == "login", f"back by login, not by {way}")
    check(took < 6, f"within six seconds, not {took:.1f}")


case.main("libreswan", "client", [
    ("login with a session ticket", login),
    ("resumption by ticket", back_by_ticket),
    ("without the switch: a login", without_the_switch),
])
