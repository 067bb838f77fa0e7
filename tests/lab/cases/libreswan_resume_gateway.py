#!/usr/bin/python3 -B
"""libreswan dials in, suspends, and comes back with its session ticket; and without the switch for its form of AUTH, by a login."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from peer_libreswan import Libreswan  # noqa: E402
from scenario import check  # noqa: E402

TICKETS = "config system settings\n set ike-session-resume enable\nend"


def counts(world):
    phase1 = world.us.status()["phase1"][0]
    return phase1["logins"], phase1["resumed_by_ticket"]


def login(world):
    world.gateway(conf.server(interval=600).add(TICKETS).phase1("toClient", resume_auth="libreswan"))
    world.peer = Libreswan(world, "cgw", left=netns.CLIENT_OUTSIDE, leftsubnet="10.1.100.0/24", right=netns.SERVER_OUTSIDE,
                           rightsubnet="192.168.5.0/24", session_resumption="yes", retransmit_timeout="20s").start()
    world.peer.up()
    steps.login(world)
    check("ticket" in world.peer.ipsec("status"), "libreswan has a ticket")


def suspend(world):
    """Its Delete puts the tunnel to sleep."""
    mark = world.us.log.mark()
    world.peer.suspend()
    world.us.log.wait(r"tunnel asleep: toClient_0, kept for 600 s", mark, 5)
    time.sleep(300)
    check(world.us.tunnels()["toClient_0"]["state"] == "asleep", "asleep for five minutes")


def comes_back(world):
    """libreswan is told to come up again; the way by which it did."""
    mark = world.us.log.mark()
    world.peer.up()
    way = world.us.log.wait(r"tunnel resumed: toClient_0 by (\w+) after", mark, 10)[1]
    world.us.wait_state("toClient_0", "up")
    world.wait_ping()
    world.flow.wait_progress(20)
    return way


def back_by_ticket(world):
    for turn in range(3):
        tunnel = world.us.tunnels()["toClient_0"]
        way = comes_back(world)
        check(way == "ticket", f"resumed by ticket, not by {way}")
        check(counts(world) == (1, turn + 1), f"one login in all, not {counts(world)}")
        now = world.us.tunnels()["toClient_0"]
        check(now["device_ifindex"] == tunnel["device_ifindex"] and now["logged_in"] == tunnel["logged_in"], "the same tunnel, logged in when it was")
        steps.peer_rekeys_child(world)
        mark = world.us.log.mark()
        world.peer.suspend()
        world.us.log.wait(r"tunnel asleep: toClient_0", mark, 5)


def window_passes(world):
    """The sleep ends, the ticket does not: the same tunnel is made anew."""
    mark = world.us.log.mark()
    world.us.log.wait(r"tunnel sleep expired: toClient_0", mark, 700)
    world.us.wait_state("toClient_0", "gone")
    world.peer.up()
    world.us.wait_state("toClient_0", "up")
    world.wait_ping()
    check(counts(world) == (1, 4), f"one login and four wakes by ticket, not {counts(world)}")
    # Ten minutes doubled TCP's wait up to its limit of 120 s. An end that has no news from the other asks again only then.
    world.flow.wait_progress(20, timeout=130)


def after_an_ike_rekey(world):
    """RFC 5723, 6: a rekey of the IKE SA ends its ticket, and the client asks for another. libreswan does not ask."""
    steps.peer_rekeys_ike(world)
    mark = world.us.log.mark()
    world.peer.suspend()
    world.us.log.wait(r"tunnel asleep: toClient_0", mark, 5)
    start = time.monotonic()
    way = comes_back(world)
    check(way == "login", f"back by login, not by {way}")
    check(time.monotonic() - start < 5, "at once")
    check(list(world.us.tunnels()) == ["toClient_0"], "in the same tunnel")


def without_the_switch(world):
    """The Delete ends the tunnel, the ticket is refused, and libreswan logs in, all within a moment."""
    world.us.write(world.text.phase1("toClient", resume_auth=None))
    check(world.us.reload(), "the switch is off")
    world.peer.suspend()
    world.us.wait_state("toClient_0", "gone", 5)
    start, mark = time.monotonic(), world.us.log.mark()
    world.peer.up()
    world.us.log.wait(r"session ticket refused: revoked", mark, 1)
    world.us.wait_state("toClient_0", "up", 5)
    world.wait_ping()
    check(time.monotonic() - start < 5, f"back within five seconds, not {time.monotonic() - start:.1f}")
    check(counts(world)[1] == 4, "not by ticket")


case.main("libreswan", "gateway", [
    ("login with a session ticket", login),
    ("suspend puts the tunnel to sleep", suspend),
    ("resumption by ticket", back_by_ticket),
    ("resumption after the sleep's window", window_passes),
    ("suspended after an IKE SA rekey: a login", after_an_ike_rekey),
    ("without the switch: a login", without_the_switch),
])
