"""Between gateways that speak IPv6 a link of IPv6's smallest MTU, first behind the client's router, then behind the server's; with
IPv6 inside, in plain ESP and in UDP. The router's report is heard, inside hosts are told 1280, and packets of that size pass although
their ESP packets are larger (RFC 2473 7.1). In UDP the client's default route leads into the tunnel, where the kernel itself would
look for the way it was told of; and its firewall lets out ESP in UDP alone, which fragments are if it follows connections."""
import json
import subprocess

import netns
import scenario
from scenario import check
from test_ipv6_outside_and_inside import CLIENT_IN, SERVER_IN, configurations, give_addresses

LINKS = {"client": (("cgw", "port9"), ("router", "left")), "server": (("router", "right"), ("sgw", "port8"))}
FULL = 1406  # inside, of a link of 1500 octets: AES-CBC with SHA-256 at worst, in plain ESP or in UDP
FIREWALL = ("add table ip6 strict; add chain ip6 strict out { type filter hook output priority 0 ; policy drop ; }; "
            "add rule ip6 strict out oif != port9 accept; add rule ip6 strict out ip6 nexthdr icmpv6 accept; "
            "add rule ip6 strict out udp dport { 500, 4500 } ct state new,established accept")


def set_mtu(network, link, mtu):
    for host, device in LINKS[link]:
        network.ip(host, "link", "set", device, "mtu", str(mtu))


def ping_whole(network, host, size, target):
    """(answered, words of ping) of echo requests of `size` octets in all; over IPv6 no router cuts them."""
    done = subprocess.run(network.command(host, "ping", "-6", "-n", "-c", "2", "-i", "0.3", "-W", "1", "-M", "do", "-s", str(size - 48), target),
                          capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def transfer(network, *direction):
    out = json.loads(network.run("chost", "iperf3", "-6", "-c", SERVER_IN, "-t", "1", "-J", *direction, timeout=40))
    speed = out["end"]["sum_received"]["bits_per_second"] / 1e6
    check(speed > 10, f"more than {speed:.1f} Mbit/s")
    return f"{speed:.0f} Mbit/s"


def check_narrow_beyond(world, daemon, host, target, what):
    """`daemon` is the gateway beyond whose own link the narrow one is; `host` is behind it, and `target` at the other side."""
    network, mark = world.network, daemon.log.mark()
    ping_whole(network, host, FULL, target)  # one that the router cannot pass on
    daemon.log.wait(r"path MTU is 1280", mark, 5)
    answered, words = ping_whole(network, host, FULL, target)
    check(not answered and "1280" in words, f"its sender is told what would pass, {what}: {words}")
    answered, words = ping_whole(network, host, 1280, target)
    check(answered, f"a packet of 1280 octets passes, {what}: {words}")


def check_both_ways(world, client, server, what):
    network = world.network
    for link, daemon, host, target in (("server", client, "chost", SERVER_IN), ("client", server, "shost", CLIENT_IN)):
        set_mtu(network, link, 1280)
        check_narrow_beyond(world, daemon, host, target, f"{what}, at the {link}'s link")
        check(ping_whole(network, "chost", 1280, SERVER_IN)[0] and ping_whole(network, "shost", 1280, CLIENT_IN)[0],
              f"and both ways, {what}, at the {link}'s link")
        world.say(f"{what}, narrow at the {link}'s link: {transfer(network)} there, {transfer(network, '-R')} back")
        set_mtu(network, link, 1500)
        for host in ("chost", "shost"):
            network.ip(host, "-6", "route", "flush", "cache")  # they were told, and would send nothing larger
    check(client.tunnels()["toServer"]["counters"]["too_big"] >= 1, "counted")


def start(world, encap):
    client_conf, server_conf = configurations()
    if encap == "UDP":
        client_conf.phase1("toServer", nattraversal="forced")
        server_conf.phase1("toClient", nattraversal="forced")
        world.network.ip("cgw", "-6", "route", "del", "2001:db8:173::/64")
        world.network.ip("cgw", "-6", "route", "add", "default", "via", "2001:db8:11::254", "dev", "port9", "metric", "100")
        world.network.run("cgw", "nft", FIREWALL)
        client_conf.add("config router static\n edit 97\n set dst ::/0\n set device toServer\n set distance 5\n next\nend")
    server, client = world.server(server_conf).start(), world.client(client_conf).start()
    client.wait_state("toServer", "up", 20)
    server.wait_state("toClient_0", "up", 20)
    netns.wait_for("a ping over IPv6", lambda: world.network.ping("chost", SERVER_IN), 10)
    check(client.tunnels()["toServer"]["path"]["encap"] == ("udp" if encap == "UDP" else "none"), f"the tunnel goes in {encap}")
    return client, server


def test(world):
    scenario.need_programs("iperf3", "ss")
    network = world.network
    give_addresses(network)
    network.start("shost", "iperf3", "-s", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    netns.wait_for("iperf3", lambda: ":5201" in network.run("shost", "ss", "-ltn"))
    for encap in ("plain ESP", "UDP"):
        client, server = start(world, encap)
        check_both_ways(world, client, server, f"in {encap}")
        check(client.stop() == 0 and server.stop() == 0, "both end with 0")


scenario.main(test)
