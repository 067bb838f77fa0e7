"""A link of IPv6's smallest MTU between gateways that speak IPv6, with IPv6 inside: the router's report is heard, inside hosts are
told 1280, and packets of that size pass although their ESP packets are larger (RFC 2473 7.1)."""
import json
import subprocess

import netns
import scenario
from scenario import check
from test_ipv6_outside_and_inside import CLIENT_IN, SERVER_IN, configurations, give_addresses


def ping_whole(network, host, size, target):
    done = subprocess.run(network.command(host, "ping", "-6", "-n", "-c", "2", "-i", "0.3", "-W", "1", "-M", "do", "-s", str(size - 48), target),
                          capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def test(world):
    scenario.need_programs("iperf3", "ss")
    network = world.network
    give_addresses(network)
    network.ip("router", "link", "set", "right", "mtu", "1280")
    network.ip("sgw", "link", "set", "port8", "mtu", "1280")
    client_conf, server_conf = configurations()
    server, client = world.server(server_conf).start(), world.client(client_conf).start()
    client.wait_state("toServer", "up", 20)
    server.wait_state("toClient_0", "up", 20)
    netns.wait_for("a ping over IPv6", lambda: network.ping("chost", SERVER_IN), 10)
    mark = client.log.mark()
    ping_whole(network, "chost", 1400, SERVER_IN)  # one that the router cannot pass on
    client.log.wait(r"path MTU is 1280", mark, 5)
    answered, words = ping_whole(network, "chost", 1400, SERVER_IN)
    check(not answered and "1280" in words, f"its sender is told what would pass: {words}")
    answered, words = ping_whole(network, "chost", 1280, SERVER_IN)
    check(answered, f"a packet of 1280 octets passes: {words}")
    check(ping_whole(network, "shost", 1280, CLIENT_IN)[0], "and from the other side")
    check(client.tunnels()["toServer"]["counters"]["too_big"] >= 1, "counted")
    network.start("shost", "iperf3", "-s", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    netns.wait_for("iperf3", lambda: ":5201" in network.run("shost", "ss", "-ltn"))
    for direction in ([], ["-R"]):
        out = json.loads(network.run("chost", "iperf3", "-6", "-c", SERVER_IN, "-t", "1", "-J", *direction, timeout=40))
        speed = out["end"]["sum_received"]["bits_per_second"] / 1e6
        check(speed > 10, f"more than {speed:.1f} Mbit/s")
        world.say(f"{speed:.0f} Mbit/s")


scenario.main(test)
