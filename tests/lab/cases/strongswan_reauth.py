#!/usr/bin/python3 -B
"""Reauthentication with strongSwan: the login anew, before and after the old one is gone, asked for by either end."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import subprocess  # noqa: E402

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import steps  # noqa: E402
from netns import wait_for  # noqa: E402
from peer_strongswan import StrongSwan, at, child  # noqa: E402
from scenario import check  # noqa: E402

MAKE, BREAK = "make_before_break = yes", "make_before_break = no"


def logged_in_again(world, before, timeout=15.0):
    """One tunnel, one IKE SA of another login, and the stream goes on."""
    def again():
        tunnels = [t for t in world.us.tunnels().values() if t["state"] == "up"]
        if len(tunnels) != 1 or len(tunnels[0]["ike"]) != 1 or len(tunnels[0]["ike"][0]["children"]) != 1:
            return False
        return tunnels[0]["ike"][0]["spi_i"] != before and world.peer.sas().count("ESTABLISHED") == 1
    wait_for("another login, and the old one gone", again, timeout, 0.2)
    world.flow.wait_progress(4)


def spi(world):
    return next(iter(world.us.tunnels().values()))["ike"][0]["spi_i"]


def gateway(world, charon, **phase1):
    steps.clear(world)
    world.gateway(conf.server(interval=600).phase1("toClient", **phase1))
    # Told by when, it begins over_time (a tenth of its rekey_time, so 24 minutes) before that, or at once, again and again.
    world.peer = at(world, "cgw", charon=charon, connection="dpd_delay = 20s\n over_time = 10s\n rand_time = 0s").start()
    world.peer.up()
    steps.login(world, rate=4)


def client_begins(charon):
    def step(world):
        gateway(world, charon)
        for _ in range(3):
            before = spi(world)
            world.peer.swanctl("--rekey", "--ike", "dm", "--reauth")
            logged_in_again(world, before)
        world.flow.finish()
    return step


def we_ask(charon):
    """RFC 4478: the client is told by when, and logs in in time, twice."""
    def step(world):
        gateway(world, charon, reauth="enable", keylife=60)
        for _ in range(2):
            logged_in_again(world, spi(world), 70)
        check("AUTH_LFT" in world.peer.log(), "strongSwan was told by AUTH_LIFETIME")
        world.flow.finish()
    return step


def we_are_asked(world):
    """A gateway that gave an inside address cannot log in itself, and asks by AUTH_LIFETIME: we log in beside the tunnel that stands, and no
    packet is lost."""
    steps.clear(world)
    world.peer = StrongSwan(world, "sgw", netns.SERVER_OUTSIDE, netns.CLIENT_OUTSIDE, [child("192.168.5.0/24", "dynamic")], sections="pools { inside { addrs = 10.9.0.33 } }",
                            connection="pools = inside\n dpd_delay = 20s\n reauth_time = 60s\n over_time = 20s\n rand_time = 0s").start()
    text = conf.client().phase1("toServer", proposal="aes128gcm-prfsha256", mode_cfg="enable").phase2("toServer", proposal="aes128gcm")
    world.dial(text.delete("router static", "2"))
    world.us.wait_state(world.tunnel, "up", 20)
    wait_for("a ping", lambda: world.network.ping("cgw", netns.SERVER_HOST), 10)
    mark, before = world.us.log.mark(), spi(world)
    words = ("ping", "-n", "-q", "-i", "0.05", "-c", "2600", netns.SERVER_HOST)
    pings = world.network.start("cgw", *words, stdout=subprocess.PIPE, text=True)
    for _ in range(2):
        world.us.log.wait(r"re-authentication is due", mark, 70)
        wait_for("another login, and the old one gone", lambda: len(steps.ike(world)) == 1 and spi(world) != before, 10)
        mark, before = world.us.log.mark(), spi(world)
    said, _ = pings.communicate(timeout=200)
    check(" 0% packet loss" in said, f"no ping is lost: {said.splitlines()[-2:]}")
    check(world.us.tunnels()[world.tunnel]["inside"]["addresses"] == ["10.9.0.33"], "with the same inside address")


def gateway_begins(world):
    """strongSwan as gateway begins the login itself, towards us who dialled: a static phase 1 answers."""
    steps.clear(world)
    world.peer = at(world, "sgw", charon=BREAK).start()
    world.dial(steps.as_client())
    steps.login(world, rate=4)
    before = spi(world)
    world.peer.swanctl("--rekey", "--ike", "dm", "--reauth")
    logged_in_again(world, before, 60)
    world.flow.finish()


case.main("strongSwan", "both", [
    ("gateway: the client logs in anew, make before break", client_begins(MAKE)),
    ("gateway: the client logs in anew, break before make", client_begins(BREAK)),
    ("gateway: we ask for it, make before break", we_ask(MAKE)),
    ("gateway: we ask for it, break before make", we_ask(BREAK)),
    ("client: the gateway asks for it", we_are_asked),
    ("client: the gateway begins it", gateway_begins),
], independent=True)
