"""Two clients behind one NAT and one narrow link: what the gateway has learned of the way to the one outlives the coming and going
of the other."""
import re

import conf
import netns
import scenario
from scenario import check
from test_path_mtu import ROOM, path_mtu, ping_whole
from test_shared_interface import SECOND_IN, SECOND_OUT, add_second_client, client_of


def hide(network):
    """The router gives both clients its own address towards the gateway."""
    network.run("router", "nft", "add table ip hide; add chain ip hide post { type nat hook postrouting priority 100 ; }; "
                "add rule ip hide post oifname right masquerade")


def narrow(network, mtu):
    network.ip("router", "link", "set", "left", "mtu", str(mtu))
    network.ip("cgw", "link", "set", "port9", "mtu", str(mtu))


def still_told(network, when):
    """A packet that does not fit is answered with what does, and not lost."""
    ping = lambda size: ping_whole(network, size, "shost", netns.CLIENT_HOST)
    network.ip("shost", "route", "flush", "cache")
    ping(1400)  # the router's report on this one may be news
    network.ip("shost", "route", "flush", "cache")
    answered, words = ping(ROOM + 1)
    check(not answered and re.search(rf"mtu ?= ?{ROOM}\b", words), f"{when}, a packet too large is answered: {words}")
    check(ping(ROOM)[0], f"{when}, one that fits passes")


def test(world):
    network = world.network
    add_second_client(network)
    hide(network)
    server = world.server(conf.server().phase2("toClient", ipv4_df="enable")).start()
    first = world.client(client_of("10.1.100.0", "11.101.1.1", "10.1.100.1")).start()
    world.wait_up(first, server)
    narrow(network, 1280)
    ping_whole(network, 1400, "shost", netns.CLIENT_HOST)
    server.log.wait(r"toClient_0: path MTU is 1280", timeout=5)
    still_told(network, "alone")
    second = world.daemon("cgw2", client_of("10.1.200.0", SECOND_OUT, SECOND_IN)).start()
    second.wait_state("toServer", "up", 20)
    tunnels = server.tunnels()
    check(len({t["path"]["remote"]["address"] for t in tunnels.values()}) == 1 < len(tunnels), f"two tunnels to one address, not {tunnels}")
    check(path_mtu(server, "toClient_0") == 1280, "what is known of the path stays")
    still_told(network, "beside another")
    check(second.stop() == 0, "the other leaves")
    server.wait_state("toClient_1", "gone", 10)
    still_told(network, "alone again")


scenario.main(test)
