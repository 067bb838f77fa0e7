"""IPv6 outside and inside, and a link of 1400 octets behind the first router: its report is heard, and the inside hosts are told."""
import re
import subprocess

import netns
import scenario
from scenario import check
from test_ipv6_outside_and_inside import SERVER_IN, configurations, give_addresses

# aes128-sha1 through 1400 octets: less 40 - 8 - 16 - 12 are 82 blocks of 16, less the trailer's 2.
ROOM, HEADERS = 1310, 48


def narrow(network, mtu):
    network.ip("router", "link", "set", "right", "mtu", str(mtu))
    network.ip("sgw", "link", "set", "port8", "mtu", str(mtu))


def ping_whole(network, size):
    """(answered, words of ping) of echo requests of `size` octets in all."""
    done = subprocess.run(network.command("chost", "ping", "-6", "-n", "-c", "3", "-i", "0.3", "-W", "1", "-M", "do", "-s", str(size - HEADERS), SERVER_IN),
                          capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def test(world):
    network = world.network
    give_addresses(network)
    client_conf, server_conf = configurations()
    server = world.server(server_conf).start()
    client = world.client(client_conf).start()
    client.wait_state("toServer", "up", 20)
    server.wait_state("toClient_0", "up", 20)
    netns.wait_for("a ping over IPv6", lambda: network.ping("chost", SERVER_IN), 10)
    check(client.tunnels()["toServer"]["counters"]["path_mtu"] == 1500, "no narrow link is known of")
    mark = client.log.mark()
    narrow(network, 1400)
    answered, words = ping_whole(network, 1400)
    check(not answered, f"a large ping does not pass: {words}")
    client.log.wait(r"path MTU is 1400", mark, 5)
    network.ip("chost", "-6", "route", "flush", "cache")
    answered, words = ping_whole(network, ROOM + 1)
    check(not answered and re.search(rf"mtu ?[=:] ?{ROOM}\b", words), f"one octet too large, and its sender is told what would fit: {words}")
    answered, words = ping_whole(network, ROOM)
    check(answered, f"a ping that just fits: {words}")


scenario.main(test)
