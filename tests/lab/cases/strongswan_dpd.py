#!/usr/bin/python3 -B
"""Dead peer detection with strongSwan, in each role and by each end: probes are answered, and who is dead is noticed and given up."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import time  # noqa: E402

import case  # noqa: E402
import conf  # noqa: E402
import steps  # noqa: E402
from netns import wait_for  # noqa: E402
from peer_strongswan import at  # noqa: E402
from scenario import check  # noqa: E402

QUICK = "retransmit_tries = 3\n retransmit_timeout = 1.0\n retransmit_base = 1.0"
EAGER = "dpd_delay = 5s"


def gateway(world, more="", interval=600, **phase1):
    steps.clear(world)
    world.gateway(conf.server(interval=interval).phase1("toClient", **phase1))
    world.peer = at(world, "cgw", connection=EAGER, charon=QUICK, more=more).start()
    world.peer.up()
    steps.login(world)
    world.flow.finish()


def client(world):
    steps.clear(world)
    world.peer = at(world, "sgw", connection=EAGER, charon=QUICK).start()
    world.dial(steps.as_client())
    steps.login(world)
    world.flow.finish()


def answered(begin):
    """It probes for a minute, we answer; ours is switched off, so that none of them hides behind one of ours."""
    def step(world):
        begin(world)
        world.us.write(world.text.phase1("toClient" if world.tunnel == "toClient_0" else "toServer", dpd="disable"))
        check(world.us.reload(), "without probes of ours")
        world.us.wait_state(world.tunnel, "up")
        before = world.peer.log()
        time.sleep(60)
        said = world.peer.log()[len(before):]
        check(said.count("sending DPD request") >= 8, f"it probes, {said.count('sending DPD request')} times")
        check("retransmit" not in said, "and need not repeat a probe")
        world.wait_ping()
    return step


def we_are_dead(begin):
    """We are gone without a word; it gives its SAs up."""
    def step(world):
        begin(world)
        world.network.cut()
        wait_for("strongSwan to give its SAs up", lambda: not world.peer.has_sas(), 30, 0.5)
        check("giving up after 3 retransmits" in world.peer.log(), "by its probes")
        world.network.restore()
    return step


def restart_after_death(world):
    """We are killed and started; the client finds out by its probes, dials anew by itself, and is let in."""
    gateway(world, more="dpd_action = restart")
    world.us.kill()
    time.sleep(3)
    world.us.start()
    world.us.log.wait(r"tunnel (up|resumed): ", timeout=60)
    world.us.wait_state(world.tunnel, "up", 10)
    world.wait_ping()


def it_is_dead(resume):
    """strongSwan is gone without a word: asleep, or with client-resume disable gone at once."""
    def step(world):
        gateway(world, client_resume=resume)
        mark = world.us.log.mark()
        world.peer.seat.crash(world.peer.process)
        world.us.log.wait(r"send IKEv2 DPD probe", mark, 10)
        if resume == "enable":
            world.us.wait_state(world.tunnel, "asleep", 15)
        else:
            world.us.wait_state(world.tunnel, "gone", 15)
    return step


def gateway_is_dead(world):
    """We dialled; the gateway is gone without a word, and we try until it is there again."""
    client(world)
    world.peer.seat.crash(world.peer.process)
    world.us.wait_state(world.tunnel, "connecting", 30)
    time.sleep(60)
    world.peer.start()
    world.us.wait_state(world.tunnel, "up", 60)
    world.wait_ping()


case.main("strongSwan", "both", [
    ("gateway: its probes are answered", answered(gateway)),
    ("gateway: it finds us dead", we_are_dead(gateway)),
    ("gateway: it finds us dead and dials anew", restart_after_death),
    ("gateway: we find it dead, asleep", it_is_dead("enable")),
    ("gateway: we find it dead, gone", it_is_dead("disable")),
    ("client: its probes are answered", answered(client)),
    ("client: it finds us dead", we_are_dead(client)),
    ("client: we find it dead, and dial until it is back", gateway_is_dead),
], independent=True)
