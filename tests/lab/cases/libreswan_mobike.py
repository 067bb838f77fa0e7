#!/usr/bin/python3 -B
"""The client moves to another address and takes its SAs along (RFC 4555): libreswan at our gateway, and we at a libreswan gateway."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from netns import wait_for  # noqa: E402
from peer_libreswan import Libreswan  # noqa: E402
from scenario import check  # noqa: E402

ELSEWHERE = "11.101.1.77"


def move(world):
    before = steps.one_of_each(world)
    world.network.move_client(ELSEWHERE)
    world.network.ip("cgw", "route", "replace", "default", "via", "11.101.1.254")
    world.flow.wait_progress(40, 30)
    check(steps.one_of_each(world) == before, "the same SAs as before")


def client(world):
    steps.clear(world)
    world.peer = Libreswan(world, "sgw", left=netns.SERVER_OUTSIDE, leftsubnet="192.168.5.0/24", right="%any", rightid=netns.CLIENT_OUTSIDE,
                           rightsubnet="10.1.100.0/24", mobike="yes", dpddelay="20s", retransmit_timeout="60s").start()
    world.dial(steps.as_client(localid=f'"{netns.CLIENT_OUTSIDE}"', localid_type="address"))
    steps.login(world)
    world.us.log.wait(r"MOBIKE is on", timeout=1)


def we_move(world):
    move(world)
    wait_for("libreswan to know our new address", lambda: ELSEWHERE in world.peer.ipsec("status"), 5)


def gateway(world):
    steps.clear(world)
    world.network.move_client(netns.CLIENT_OUTSIDE)
    world.gateway(conf.server(interval=600))
    world.peer = Libreswan(world, "cgw", left="%defaultroute", leftid=netns.CLIENT_OUTSIDE, leftsubnet="10.1.100.0/24", right=netns.SERVER_OUTSIDE,
                           rightsubnet="192.168.5.0/24", mobike="yes", dpddelay="20s", retransmit_timeout="60s").start()
    world.peer.up()
    steps.login(world)
    world.us.log.wait(r"MOBIKE is on", timeout=1)


def libreswan_moves(world):
    """It tells us, and we ask back where it says it is; its answer lacks our COOKIE2, so we must close (RFC 4555 3.7), and it logs in."""
    world.network.move_client(ELSEWHERE)
    world.network.ip("cgw", "route", "replace", "default", "via", "11.101.1.254")
    world.flow.wait_progress(40, 30)
    world.us.log.wait(r"tunnel down: toClient_0 .*routability", timeout=1)
    check(ELSEWHERE in str(world.us.tunnels()[world.tunnel]), "the gateway knows its new address")
    world.flow.finish()


case.main("libreswan", "both", [
    ("client: login with MOBIKE offered", client),
    ("client: we move", we_move),
    ("gateway: login with MOBIKE offered", gateway),
    ("gateway: the client moves: a login", libreswan_moves),
    ("gateway: the client moves, the same SAs", case.absent("libreswan answers the return routability check without COOKIE2 (RFC 4555 3.7)")),
])
