#!/usr/bin/python3 -B
"""The example page with its own timers: two Dormouses, 60 s of silence, 93 s of probes, 120 s of sleep, and both trails."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import case  # noqa: E402
import conf  # noqa: E402
import netns  # noqa: E402
import trail  # noqa: E402
from scenario import check  # noqa: E402

SILENCE, WINDOW = 60 + 3 + 6 + 12 + 24 + 48, 120


def exactly(took, seconds, what):
    check(abs(took - seconds) < 1, f"{what} after {seconds} s, not {took:.1f}")


def pair(world):
    """The example's two files, with nothing changed but the secret."""
    world.gateway(conf.server(fast=False))
    world.laptop = world.client(conf.client(fast=False)).start()
    world.laptop.wait_state("toServer", "up", 20)
    world.us.wait_state("toClient_0", "up", 20)
    world.wait_ping()


def silent(world):
    """The link is cut just after a packet. The trail from there, and the moment."""
    lines = world.us.trail()
    check(world.ping(), "a last ping")
    start = time.monotonic()
    world.network.cut()
    lines.wait(r"starting client-resume sleep period 120 sec \(1\)$", timeout=SILENCE + 10)
    exactly(time.monotonic() - start, SILENCE, "asleep")
    return lines, start


def resumes_in_time(world):
    """The page's first scenario: the client comes back by a login, half way through the window."""
    pair(world)
    interface = world.us.tunnels()["toClient_0"]["device_ifindex"]
    lines, _ = silent(world)
    time.sleep(WINDOW / 2)
    world.laptop.kill()
    world.network.restore()
    mark = lines.mark()
    world.laptop.start()
    lines.wait(r"tunnel up event", mark)
    world.wait_ping()
    lines.expect_order(trail.wakes(WINDOW))
    lines.expect_none(r"DOWN trap|client-resume sleep period has expired")
    check(world.us.tunnels()["toClient_0"]["device_ifindex"] == interface, "the same tunnel")


def resumes_too_late(world):
    """The page's second scenario: the window passes."""
    lines, start = silent(world)
    mark = lines.mark()
    time.sleep(WINDOW - 2)
    check(world.us.tunnels()["toClient_0"]["state"] == "asleep", "asleep until the end of the window")
    lines.wait(r"toClient_0: flushed$", mark, 10)
    exactly(time.monotonic() - start, SILENCE + WINDOW, "flushed")
    lines.expect_order(trail.expires(WINDOW))
    lines.expect_order(trail.PROBES)
    check("toClient_0" not in world.network.devices("sgw"), "the interface is gone")


def comes_back_anew(world):
    """The client is there again: a new tunnel, which has the old one's name."""
    mark = world.us.log.mark()
    world.network.restore()
    world.us.log.wait(r"tunnel up: toClient_0 from 11\.101\.1\.1", mark, 60)
    world.laptop.wait_state("toServer", "up", 20)
    world.wait_ping()


def a_night(world):
    """Eight hours of silence with the page's timers and a window of nine: the client wakes by address."""
    check(world.us.reload(world.text.phase1("toClient", client_resume_interval="32400")), "nine hours are accepted")
    mark = world.us.log.mark()
    world.network.cut()
    world.us.log.wait(r"tunnel asleep: toClient_0, kept for 32400 s", mark, SILENCE + 10)
    time.sleep(8 * 3600)
    world.network.restore()
    match = world.us.log.wait(r"tunnel resumed: toClient_0 by (\w+) after", mark, 30)
    check(match[1] == "address", f"by address, not by {match[1]}")
    world.wait_ping()


case.main("Dormouse", "both", [
    ("the page: resumed within the interval", resumes_in_time),
    ("the page: the interval expires", resumes_too_late),
    ("a login after the end of the interval", comes_back_anew),
    ("eight hours asleep", a_night),
])
