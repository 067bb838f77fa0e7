"""A link of 1280 octets between the gateways. As FortiOS's defaults have it, routers cut what is too large, so that the tunnel
works without any ICMP. With ipv4-df the router's report is heard, and the inside hosts are told in turn."""
import json
import re
import subprocess

import conf
import netns
import scenario
from scenario import check

# aes128-sha1 in plain ESP: 1280 - 20 - 8 - 16 - 12 = 1224, of which 76 blocks of 16, less the trailer's 2.
ROOM, FULL = 1214, 1438


def narrow(network):
    network.ip("router", "link", "set", "right", "mtu", "1280")
    network.ip("sgw", "link", "set", "port8", "mtu", "1280")


def ping_whole(network, size, host="chost", target=netns.SERVER_HOST):
    """(answered, words of ping) of echo requests of `size` octets in all that must not be fragmented."""
    done = subprocess.run(network.command(host, "ping", "-n", "-c", "2", "-i", "0.3", "-W", "1", "-M", "do", "-s", str(size - 28), target),
                          capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def transfer(network):
    """Two seconds of full segments from client to server side; returns how many Mbit/s arrived."""
    end = json.loads(network.run("chost", "iperf3", "-c", netns.SERVER_HOST, "-t", "2", "-J", timeout=40))["end"]["sum_received"]
    speed = end["bits_per_second"] / 1e6
    check(speed > 10, f"more than {speed:.1f} Mbit/s")
    return speed


def path_mtu(daemon, name):
    return daemon.tunnels()[name]["counters"]["path_mtu"]


def link_mtu(network, host, device):
    return int(re.search(r"mtu (\d+)", network.ip(host, "link", "show", "dev", device))[1])


def test(world):
    scenario.need_programs("iperf3", "ss")
    network = world.network
    narrow(network)
    # Nothing that says "too big" gets anywhere.
    for host in ("router", "cgw", "sgw"):
        network.run(host, "nft", "add table ip quiet; add chain ip quiet out { type filter hook output priority 0 ; }; "
                    "add rule ip quiet out icmp type destination-unreachable drop")
    client, server = world.pair()
    check(link_mtu(network, "cgw", "toServer") == FULL, "the client's interface fits its own link")
    check(link_mtu(network, "sgw", "toClient_0") == 1280, "the server's interface has what IPv6 needs at least")
    check(path_mtu(client, "toServer") == 1500, "the client knows of no narrow link")
    check(path_mtu(server, "toClient_0") == 1280, "the server knows its interface")
    check(network.ping("chost", netns.SERVER_HOST, count=3, size=1400), "large pings")
    network.start("shost", "iperf3", "-s", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    netns.wait_for("iperf3", lambda: ":5201" in network.run("shost", "ss", "-ltn"))
    speed = transfer(network)
    check(path_mtu(client, "toServer") == 1500, "nothing was learned where nothing was said")
    world.say(f"works without ICMP: {speed:.0f} Mbit/s")

    for host in ("router", "cgw", "sgw"):
        network.run(host, "nft", "delete table ip quiet")
    mark = client.log.mark()
    check(client.reload(conf.client().phase2("toServer", ipv4_df="enable")), "ipv4-df is set in place")
    client.log.expect_none(r"tunnel down", mark)
    speed = transfer(network)
    client.log.wait(r"path MTU is 1280", mark, 5)
    check(path_mtu(client, "toServer") == 1280, "the client has heard the router")
    answered, words = ping_whole(network, ROOM)
    check(answered, f"a ping that just fits: {words}")
    answered, words = ping_whole(network, ROOM + 1)
    check(not answered, "a ping one octet larger does not pass")
    check(f"mtu = {ROOM}" in words or f"mtu={ROOM}" in words, f"its sender is told what would: {words}")
    check(ping_whole(network, ROOM, "shost", netns.CLIENT_HOST)[0], "a ping that just fits from the other side")
    answered, words = ping_whole(network, ROOM + 20, "shost", netns.CLIENT_HOST)
    check(not answered and f"{ROOM}" in words, f"and one that does not: {words}")
    check(server.tunnels()["toClient_0"]["counters"]["too_big"] >= 1, "counted")
    network.ip("chost", "route", "flush", "cache")  # it was told, and would cut by itself
    check(network.ping("chost", netns.SERVER_HOST, count=3, size=1300, extra=("-M", "dont")), "what may be cut is cut outside")
    check(client.tunnels()["toServer"]["counters"]["fragmented"] == 0, "and not inside")
    check(client.reload(conf.client().phase1("toServer", ip_fragmentation="pre-encapsulation").phase2("toServer", ipv4_df="enable")),
          "ip-fragmentation is set in place")
    check(network.ping("chost", netns.SERVER_HOST, count=3, size=1300, extra=("-M", "dont")), "what may be cut is cut inside")
    check(client.tunnels()["toServer"]["counters"]["fragmented"] > 0, "counted")
    world.say(f"works with ICMP: {speed:.0f} Mbit/s")


scenario.main(test)
