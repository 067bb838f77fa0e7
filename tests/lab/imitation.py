"""Clients that people have, imitated with strongSwan: their proposals and habits, as their makers and other gateways' logs tell them.

It is the engine of strongSwan all the same: what these clients do by mistake of their own is not seen here.
"""
import re

import conf
import netns
import steps
from netns import wait_for
from peer_strongswan import StrongSwan
from scenario import check

NO_EAP = "Dormouse has no EAP yet, so user name and password are not possible"
INSIDE4, INSIDE6, SERVER6 = "10.9.0.7", "fd00:9::7", "fd00:5::44"


def gateway(world, text=None, six=False, **phase1):
    """Ours, with one inside address to give, or one of each family. Its clients rekey without a group."""
    pool = {"mode_cfg": "enable", "ipv4_start_ip": INSIDE4, "ipv4_end_ip": INSIDE4, "ipv4_dns_server1": "192.168.5.53"}
    if six:
        pool.update(ipv6_start_ip=INSIDE6, ipv6_end_ip=INSIDE6)
    text = (text or conf.server(interval=600)).phase1("toClient", **pool, **phase1)
    for policy in ("1", "2"):
        for attribute in ("srcaddr", "dstaddr"):
            text.set("firewall policy", policy, attribute, '"all"')
    world.gateway(text)


def dial(world, ike, esp, more="", files=(), **others):
    """The client: everything into the tunnel, with an inside address. `files`: its certificate with key, and authorities."""
    child = f"net {{ local_ts = dynamic\n remote_ts = 0.0.0.0/0{',::/0' if '::' in more else ''}\n esp_proposals = {esp} }}"
    world.peer = StrongSwan(world, "cgw", "%any", netns.SERVER_OUTSIDE, [child], ike=ike, connection=f"mobike = yes\n {more}", **others)
    if files:
        world.peer.install(*files)
    world.peer.start()
    world.peer.up()
    world.us.wait_state(world.tunnel, "up", 20)


def reaches(world, six=False):
    """The client and the network behind the gateway, each way."""
    for inside, server in ((INSIDE4, netns.SERVER_HOST), (INSIDE6, SERVER6))[:2 if six else 1]:
        wait_for(f"a ping from {inside}", lambda: world.network.ping("cgw", server, extra=("-I", inside)), 10)
        check(world.network.ping("shost", inside), f"a ping to {inside}")


def suite(world, ike, esp):
    sa = steps.ike(world)[0]
    used = sa["suite"]["token"], sa["suite"]["ke"], sa["children"][0]["suite"]["token"]
    check(used == (*ike, esp), f"{ike} and {esp} are chosen, not {used}")


def rekeys(six=False):
    """Begun by the client, the Child SA without a group."""
    def step(world):
        for number, rekey in ((1, world.peer.rekey_child), (0, world.peer.rekey_ike), (1, world.peer.rekey_child)):
            before = wait_for("one of each", lambda: steps.one_of_each(world), 10)
            rekey()
            wait_for("the rekey", lambda: (now := steps.one_of_each(world)) and now[number] != before[number], 10)
            reaches(world, six)
    return step


def moves(six=False):
    """From Wi-Fi to Wi-Fi: the same SAs elsewhere."""
    def step(world):
        before = steps.one_of_each(world)
        ip = world.network.ip  # the inside address is on the same interface, and stays
        ip("cgw", "addr", "add", "11.101.1.77/24", "dev", "port9")
        ip("cgw", "addr", "del", f"{netns.CLIENT_OUTSIDE}/24", "dev", "port9")
        for net in ("default", "173.1.1.0/24"):
            ip("cgw", "route", "replace", net, "via", "11.101.1.254")
        wait_for("the gateway to know", lambda: "11.101.1.77" in str(world.us.tunnels()[world.tunnel]), 15)
        check(steps.one_of_each(world) == before, "the same SAs as before")
        reaches(world, six)
    return step


def sleeps(six=False):
    """The lid is closed for longer than our patience; what wakes it is the client's traffic."""
    def step(world):
        mark = world.us.log.mark()
        world.network.cut()
        world.us.log.wait(r"tunnel asleep: ", mark, 30)
        world.network.restore()
        wait_for("its first packet to be answered", lambda: world.network.ping("cgw", netns.SERVER_HOST, extra=("-I", INSIDE4)), 10)
        world.us.log.wait(r"tunnel resumed: \S+ by address", mark, 5)
        reaches(world, six)
    return step


def leaves(world):
    world.peer.down()
    world.us.wait_state(world.tunnel, "gone")


def asked(world):
    """What the client's IKE_AUTH request carried, in strongSwan's words."""
    return re.findall(r"generating IKE_AUTH request 1 \[(.*)\]", world.peer.log())[-1]
