"""What stands in the headers: DSCP and ECN of inner packets on the outer ones, congestion marked on the way comes out of the
tunnel, a packet that may not be marked is dropped instead, and the attributes for DSCP do what they say. (The kernel's data
plane hands over unmarked what may not be marked, and knows of no DSCP of one's own but 0.)"""
import time

import conf
import netns
import scenario
from daemon import PLANE
from scenario import check
from sniff import Sniffer

ESP, UDP = 50, 17
OUT = rf"in {netns.CLIENT_OUTSIDE} {netns.SERVER_OUTSIDE}"
ECHO = rf"in {netns.CLIENT_HOST} {netns.SERVER_HOST} 1"
EF, CS1, AF11 = 46 << 2, 8 << 2, 10 << 2
KERNEL = PLANE == "kernel"
OWN = 0 if KERNEL else CS1  # what diffservcode 001000 comes to


def mark_congestion(network, protocol):
    """What passes from client to server at the router was congested on the way."""
    network.run("router", "nft", "add table ip marks; add chain ip marks forward { type filter hook forward priority 0 ; }; "
                f"add rule ip marks forward ip saddr {netns.CLIENT_OUTSIDE} ip protocol {protocol} ip ecn set ce")


def ping(network, tos):
    return network.ping("chost", netns.SERVER_HOST, count=2, extra=("-Q", str(tos)))


def check_unmarkable(network, server, inside):
    """A packet that does not speak ECN, and met congestion."""
    mark, before = inside.mark(), server.tunnels()["toClient_0"]["counters"]["errors_in"]
    if KERNEL:
        check(ping(network, EF), "a ping that does not speak ECN passes")
        inside.wait(rf"{ECHO} tos={EF} ", mark, 3)
        return
    check(not ping(network, EF), "one that does not is dropped (RFC 6040 4.2)")
    check(server.tunnels()["toClient_0"]["counters"]["errors_in"] >= before + 2, "and counted")


def check_marks(world, protocol, client, server, client_conf, server_conf):
    network = world.network
    wire, inside = Sniffer(network, "router", "left").log, Sniffer(network, "shost", "eth0").log
    for tos in (0, EF | 2, EF | 1, CS1):
        mark = wire.mark()
        check(ping(network, tos), f"a ping with TOS {tos}")
        wire.wait(rf"{OUT} {protocol} tos={tos} df=0 ", mark, 3)
    mark_congestion(network, protocol)
    mark = inside.mark()
    check(ping(network, EF | 2), "a ping that speaks ECN passes congestion")
    inside.wait(rf"{ECHO} tos={EF | 3} ", mark, 3)
    check_unmarkable(network, server, inside)
    network.run("router", "nft", "delete table ip marks")
    world.say("ECN")

    check(client.reload(client_conf.phase2("toServer", diffserv="enable", diffservcode="001000", ipv4_df="copy")), "diffserv in place")
    check(server.reload(server_conf.phase1("toClient", inbound_dscp_copy="enable")), "inbound-dscp-copy in place")
    out_mark, in_mark = wire.mark(), inside.mark()
    check(ping(network, EF | 1), "a ping")
    wire.wait(rf"{OUT} {protocol} tos={OWN | 1} df=1 ", out_mark, 3)
    inside.wait(rf"{ECHO} tos={OWN | 1} ", in_mark, 3)
    time.sleep(0.1)
    wire.expect_none(rf"{OUT} {protocol} tos={EF | 1} ", out_mark)
    world.say("DSCP")


def test(world):
    client, server = world.pair()
    check_marks(world, ESP, client, server, conf.client(), conf.server())
    client.stop()
    server.stop()
    world.say("plain ESP done, now in UDP")
    client_conf, server_conf = conf.client().phase1("toServer", nattraversal="forced"), conf.server()
    server, client = world.server(server_conf).start(), world.client(client_conf).start()
    world.wait_up(client, server)
    check_marks(world, UDP, client, server, client_conf, server_conf)


scenario.main(test)
