"""A link of 1280 octets behind the first router. With ipv4-df its report is heard, the inside hosts are told in turn, and a forged
report is not believed."""
import re
import socket
import struct
import subprocess
import sys

import conf
import netns
import scenario
from scenario import check

# aes128-sha1 through 1280 octets: less 20 - 8 - 16 - 12, and 8 more in UDP, are 76 blocks of 16 either way, less the trailer's 2.
ROOM = 1214
FORGED = 700


def ping_whole(network, size, host="chost", target=netns.SERVER_HOST):
    """(answered, words of ping) of echo requests of `size` octets in all that must not be fragmented."""
    done = subprocess.run(network.command(host, "ping", "-n", "-c", "2", "-i", "0.3", "-W", "1", "-M", "do", "-s", str(size - 28), target),
                          capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def path_mtu(daemon, name):
    return daemon.tunnels()[name]["counters"]["path_mtu"]


def narrow(network, mtu):
    network.ip("router", "link", "set", "right", "mtu", str(mtu))
    network.ip("sgw", "link", "set", "port8", "mtu", str(mtu))


def forge(network, spi, seq, udp):
    """A report of a router about a packet with that SPI and number."""
    network.run("router", sys.executable, "-B", __file__, spi, str(seq), "udp" if udp else "esp")


def send_forged(spi, seq, encap):
    client, server = (socket.inet_aton(a) for a in (netns.CLIENT_OUTSIDE, netns.SERVER_OUTSIDE))
    esp = struct.pack(">II", int(spi, 16), int(seq))
    payload, protocol = (struct.pack(">HHHH", 4500, 4500, 1400, 0) + esp, 17) if encap == "udp" else (esp, 50)
    quoted = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 1420, 1, 0x4000, 60, protocol, 0, client, server) + payload
    message = struct.pack(">BBHHH", 3, 4, 0, 0, FORGED) + quoted
    words = sum(struct.unpack(f">{len(message) // 2}H", message))
    while words >> 16:
        words = (words & 0xffff) + (words >> 16)
    message = message[:2] + struct.pack(">H", ~words & 0xffff) + message[4:]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as s:
        s.sendto(message, (netns.CLIENT_OUTSIDE, 0))


def child(daemon):
    return daemon.tunnels()["toServer"]["ike"][0]["children"][0]


def check_path(world, client, udp):
    network = world.network
    check(path_mtu(client, "toServer") == 1500, "the client knows of no narrow link")
    check(ping_whole(network, ROOM)[0], "a ping with the don't-fragment bit")
    spi = child(client)["spi_out"]
    forge(network, spi, 0x7fffffff, udp)
    forge(network, f"{int(spi, 16) ^ 1:08x}", 1, udp)
    netns.wait_for("the forged ones' turn to be over", lambda: ping_whole(network, ROOM)[0], 5)
    check(path_mtu(client, "toServer") == 1500, "forged reports are not believed")

    mark = client.log.mark()
    stream = world.stream(rate=50)
    narrow(network, 1280)
    check(not ping_whole(network, 1400)[0], "a large ping does not pass")
    client.log.wait(r"path MTU is 1280", mark, 5)
    check(path_mtu(client, "toServer") == 1280, "the client has heard the router")
    stream.wait_progress(20)
    stream.finish()
    answered, words = ping_whole(network, ROOM)
    check(answered, f"a ping that just fits: {words}")
    network.ip("chost", "route", "flush", "cache")
    answered, words = ping_whole(network, ROOM + 1)
    check(not answered and re.search(rf"mtu ?= ?{ROOM}\b", words), f"one octet more does not, and its sender is told what would: {words}")
    network.ip("chost", "route", "flush", "cache")
    check(network.ping("chost", netns.SERVER_HOST, count=3, size=1300, extra=("-M", "dont")), "what may be cut is cut")
    forge(network, spi, 1, udp)
    netns.wait_for("a report that quotes a packet to be believed", lambda: path_mtu(client, "toServer") == FORGED, 5)


def test(world):
    network = world.network
    for udp in (False, True):
        text = conf.client().phase1("toServer", nattraversal="forced" if udp else "enable").phase2("toServer", ipv4_df="enable")
        client, server = world.pair(text)
        check_path(world, client, udp)
        client.stop()
        server.stop()
        narrow(network, 1500)
        for host in ("chost", "cgw"):
            network.ip(host, "route", "flush", "cache")
        world.say("in UDP" if udp else "plain ESP")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        send_forged(*sys.argv[1:])
    else:
        scenario.main(test)
