"""IPv6 at both places: the tunnel runs over IPv6 and carries IPv6, sleeps, and wakes by address with its TCP stream."""
import re
import time

import conf
import netns
import scenario
from netns import run
from scenario import check

CLIENT_OUT, SERVER_OUT = "2001:db8:11::1", "2001:db8:173::1"
CLIENT_IN, SERVER_IN = "fd00:100::11", "fd00:5::44"


def give_addresses(network):
    for host, dev, address in (("cgw", "port9", CLIENT_OUT), ("router", "left", "2001:db8:11::254"),
                               ("router", "right", "2001:db8:173::254"), ("sgw", "port8", SERVER_OUT),
                               ("chost", "eth0", CLIENT_IN), ("cgw", "port2", "fd00:100::1"),
                               ("sgw", "port2", "fd00:5::1"), ("shost", "eth0", SERVER_IN)):
        network.ip(host, "addr", "add", f"{address}/64", "dev", dev, "nodad")
    network.ip("chost", "-6", "route", "add", "default", "via", "fd00:100::1")
    network.ip("shost", "-6", "route", "add", "default", "via", "fd00:5::1")
    network.ip("cgw", "-6", "route", "add", "2001:db8:173::/64", "via", "2001:db8:11::254")
    network.ip("sgw", "-6", "route", "add", "2001:db8:11::/64", "via", "2001:db8:173::254")
    for host in ("cgw", "router", "sgw"):
        network.sysctl(host, "net/ipv6/conf/all/forwarding", "1")


def configurations():
    client, server = conf.client(), conf.server()
    client.phase1("toServer", remote_gw=None, ip_version=6, remote_gw6=SERVER_OUT)
    server.phase1("toClient", ip_version=6)
    for text, name in ((client, "toServer"), (server, "toClient")):
        text.phase2(name, src_addr_type="subnet6", dst_addr_type="subnet6")
        for policy in ("1", "2"):
            for attribute in ("srcaddr", "dstaddr"):
                text.set("firewall policy", policy, attribute, '"all"')
    client.set("vpn ipsec phase2-interface", "toServer", "src-subnet6", "fd00:100::/64")
    client.set("vpn ipsec phase2-interface", "toServer", "dst-subnet6", "fd00:5::/64")
    client.add("config router static\n edit 96\n set dst fd00:5::/64\n set device toServer\n next\nend")
    return client, server


def test(world):
    network = world.network
    give_addresses(network)
    client_conf, server_conf = configurations()
    server = world.server(server_conf).start()
    client = world.client(client_conf).start()
    client.wait_state("toServer", "up", 20)
    server.wait_state("toClient_0", "up", 20)
    ping = lambda **o: network.ping("chost", SERVER_IN, **o)
    netns.wait_for("a ping over IPv6", ping, 10)
    check(ping(count=3, size=1400), "a ping with 1400 octets")
    check(any("fd00:100::/64 dev toClient_0" in r for r in run("ip", "-n", network.names["sgw"], "-6", "route").splitlines()),
          "the dialup route is an IPv6 route")
    stream = world.stream(address=SERVER_IN)
    stream.wait_progress(50)
    world.say("tunnel up, stream running")
    mark = server.log.mark()
    network.sysctl("router", "net/ipv6/conf/all/forwarding", "0")
    server.log.wait(r"tunnel asleep: toClient_0", mark, 20)
    world.say("asleep; the client comes back with another address")
    moved = "2001:db8:11::77"
    network.ip("cgw", "addr", "add", f"{moved}/64", "dev", "port9", "nodad")
    network.ip("cgw", "addr", "del", f"{CLIENT_OUT}/64", "dev", "port9")
    network.sysctl("router", "net/ipv6/conf/all/forwarding", "1")
    match = server.log.wait(r"tunnel resumed: toClient_0 by (\w+) after", mark, 20)
    check(match[1] == "address", f"woken by address, not by {match[1]}")
    stream.wait_progress(50)
    stream.finish()
    netns.wait_for("the server to know the new address",
                   lambda: moved in str(server.tunnels()["toClient_0"]), 5)
    check(client.stop() == 0 and server.stop() == 0, "both end with 0")


if __name__ == "__main__":
    scenario.main(test)
