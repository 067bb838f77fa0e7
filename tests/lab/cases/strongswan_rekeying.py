#!/usr/bin/python3 -B
"""Rekeys with strongSwan under traffic: none of its packets is lost, whoever begins; and both ends begin at once, Child SA and IKE SA."""
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from netns import wait_for  # noqa: E402
from peer_strongswan import StrongSwan, child  # noqa: E402
from scenario import check  # noqa: E402

ROUNDS = 5  # nonces decide who wins, so both should come to win


def swan(world, host, **more):
    here, there = (netns.SERVER_OUTSIDE, "192.168.5.0/24"), (netns.CLIENT_OUTSIDE, "10.1.100.0/24")
    if host == "cgw":
        here, there = there, here
    return StrongSwan(world, host, here[0], there[0], [child(here[1], there[1], **more)], charon="retransmit_timeout = 1.0\n retransmit_base = 1.0").start()


def begin(world, role, phase1=None, phase2=None):
    """A pair that is up; lifetimes as given, and nobody takes a short silence for an end."""
    steps.clear(world)
    phase1 = {"dpd": "disable", "proposal": "aes128gcm-prfsha256", "retransmit_schedule": "2 2 2 2", **(phase1 or {})}
    phase2 = {"proposal": "aes128gcm", **(phase2 or {})}
    if role == "gateway":
        world.gateway(conf.server(interval=600).phase1("toClient", **phase1).phase2("toClient", **phase2))
        world.peer = swan(world, "cgw")
        world.peer.up()
    else:
        world.peer = swan(world, "sgw")
        world.dial(conf.client().phase1("toServer", **phase1).phase2("toServer", src_subnet="10.1.100.0/24", dst_subnet="192.168.5.0/24", **phase2))
    world.us.wait_state(world.tunnel, "up", 20)
    world.wait_ping()
    world.flow = world.stream(rate=2)  # slow, for what goes on for minutes


class Pings:
    """Twenty pings a second, all of which must be answered."""

    def __init__(self, world, seconds):
        words = ("ping", "-n", "-q", "-i", "0.05", "-c", str(seconds * 20), "-W", "2", netns.SERVER_HOST)
        self.process = world.network.start("chost", *words, stdout=subprocess.PIPE, text=True)

    def all_came_back(self):
        said, _ = self.process.communicate(timeout=200)
        check(" 0% packet loss" in said, f"no ping is lost: {said.splitlines()[-2:]}")


def clean(world):
    """Each end has one IKE SA with one Child SA, and they are the same."""
    def same():
        ours = steps.one_of_each(world)
        sas = world.peer.sas()
        spis = re.findall(r"^\s+(?:in|out)\s+([0-9a-f]{8})", sas, re.MULTILINE)
        return ours and len(spis) == 2 and sas.count("ESTABLISHED") == 1 and ours[1] in spis
    wait_for("one IKE SA with one Child SA at each end", same, 20, 0.2)
    world.flow.wait_progress(2)


def peer_begins(role):
    def step(world):
        begin(world, role)
        pings = Pings(world, 20)
        for _ in range(3):
            for number, rekey in ((1, world.peer.rekey_child), (0, world.peer.rekey_ike)):
                before = wait_for("one of each", lambda: steps.one_of_each(world), 10)
                rekey()
                wait_for("another", lambda: (now := steps.one_of_each(world)) and now[number] != before[number], 10)
        pings.all_came_back()
        clean(world)
        world.flow.finish()
    return step


def we_begin(role):
    def step(world):
        begin(world, role, {"keylife": 25}, {"keylifeseconds": 10})
        mark = world.us.log.mark()
        pings = Pings(world, 60)
        pings.all_came_back()
        for what in (r"IKE SA \S+ rekeyed to", r"IPsec SA \S+ rekeyed to"):
            count = sum(bool(re.search(what, line)) for line in world.us.log.lines[mark:])
            check(count >= 2, f"at least two of {what}, not {count}")
        clean(world)
        world.flow.finish()
    return step


def until(soft):
    """Sleeps until half a second before our rekey."""
    time.sleep(max(0.0, soft / 1e9 - time.clock_gettime(time.CLOCK_BOOTTIME) - 0.5))


def requests(world):
    return world.peer.log().count("generating CREATE_CHILD_SA request")


def both_begin(world, soft, peer_rekeys, pending):
    """The path is cut just before our rekey, both ends send theirs into the void, and repeat it when the path is back."""
    until(soft)
    world.network.cut()
    before = requests(world)
    peer_rekeys()
    wait_for("strongSwan's request", lambda: requests(world) > before, 5)
    wait_for("ours", pending, 20)
    world.network.restore()


def child_sa(world):
    return steps.ike(world)[0]["children"][0]


def children_collide(role):
    def step(world):
        begin(world, role, phase2={"keylifeseconds": 30})
        for _ in range(ROUNDS):
            old = child_sa(world)
            both_begin(world, old["soft"], world.peer.rekey_child, lambda: child_sa(world)["rekeying"])
            wait_for("another Child SA", lambda: (now := steps.one_of_each(world)) and now[1] != old["spi_in"], 20, 0.2)
            clean(world)
        world.flow.finish()
    return step


def ike_sas_collide(role):
    def step(world):
        begin(world, role, {"keylife": 40})
        for _ in range(ROUNDS):
            old = steps.ike(world)[0]
            both_begin(world, old["soft"], world.peer.rekey_ike, lambda: steps.ike(world)[0]["request_pending"])
            wait_for("another IKE SA", lambda: (now := steps.one_of_each(world)) and now[0] != (old["spi_i"], old["spi_r"]), 30, 0.2)
            clean(world)
        world.flow.finish()
    return step


def ike_meets_child(role):
    """strongSwan rekeys the IKE SA while we rekey the Child SA: one of them must yield (2.25), and both come to be."""
    def step(world):
        begin(world, role, phase2={"keylifeseconds": 30})
        for _ in range(3):
            old, ike = child_sa(world), steps.ike(world)[0]["spi_i"]
            both_begin(world, old["soft"], world.peer.rekey_ike, lambda: child_sa(world)["rekeying"])
            wait_for("both to be another", lambda: (now := steps.one_of_each(world)) and now[1] != old["spi_in"] and now[0][0] != ike, 90, 0.5)
            clean(world)
        world.flow.finish()
    return step


def child_meets_ike(role):
    """The other way round."""
    def step(world):
        begin(world, role, {"keylife": 40})
        for _ in range(3):
            old, ike = child_sa(world), steps.ike(world)[0]
            both_begin(world, ike["soft"], world.peer.rekey_child, lambda: steps.ike(world)[0]["request_pending"])
            wait_for("both to be another", lambda: (now := steps.one_of_each(world)) and now[1] != old["spi_in"] and now[0][0] != ike["spi_i"], 90, 0.5)
            clean(world)
        world.flow.finish()
    return step


ROWS = [("rekeys by strongSwan, no packet lost", peer_begins), ("rekeys by Dormouse, no packet lost", we_begin),
        ("both rekey the Child SA", children_collide), ("both rekey the IKE SA", ike_sas_collide),
        ("strongSwan rekeys the IKE SA, Dormouse the Child SA", ike_meets_child),
        ("strongSwan rekeys the Child SA, Dormouse the IKE SA", child_meets_ike)]

case.main("strongSwan", "both", [(f"{role}: {name}", make(role)) for role in ("gateway", "client") for name, make in ROWS], independent=True)
