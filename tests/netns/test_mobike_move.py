"""MOBIKE: the client's outer address changes under a TCP stream, in use and asleep; into a NAT and out of it; from IPv4 to
IPv6 and back. It is the same IKE SA all the time, and the stream pauses only briefly."""
import time

import netns
import scenario
from scenario import check

PAUSE = 1.5  # seconds that a move may cost the stream
NEAR, BEHIND_NAT, LATER = "11.101.1.77", "11.101.1.99", "11.101.1.55"
CLIENT6, SERVER6 = "2001:db8:11::1", "2001:db8:173::1"


def longest_pause(stream, since):
    """The longest time after `since` in which either end received nothing, of what the stream reported."""
    longest = 0.0
    for end in (stream.client, stream.server):
        reports = [(at, int(line.split()[2])) for line, at in zip(end.lines, end.times) if line.startswith("blocks")]
        last, received = reports[0]
        for at, count in reports:
            if count > received:
                if at > since:
                    longest = max(longest, at - last)
                last, received = at, count
        longest = max(longest, reports[-1][0] - last)
    return longest


class Roaming:
    def __init__(self, world):
        self.world, self.network = world, world.network
        self.client, self.server = world.pair()
        tunnel = self.server.tunnels()["toClient_0"]
        self.spi = tunnel["ike"][0]["spi_i"]
        check(tunnel["ike"][0]["mobike"], "both ends do MOBIKE")
        check("mobike: on" in self.server.shell("diagnose vpn ike gateway list"), "the gateway list says so")
        self.stream = world.stream()
        self.stream.wait_progress(30)

    def move(self, what, change, address, encap="none"):
        moment = time.monotonic()
        change()
        self.stream.wait_progress(40, 20)
        pause = longest_pause(self.stream, moment)
        check(pause < PAUSE, f"a pause below {PAUSE} s, not {pause:.2f} ({what})")
        self.expect_at(address, encap)
        self.world.say(f"{what}: the stream paused for {pause:.2f} s")

    def expect_at(self, address, encap="none"):
        def there():
            tunnel = self.server.tunnels()["toClient_0"]
            return tunnel["path"]["remote"]["address"] == address and tunnel["path"]["encap"] == encap and tunnel
        tunnel = netns.wait_for(f"packets to go to {address} ({encap})", there, 5)
        check(tunnel["ike"][0]["spi_i"] == self.spi and len(tunnel["ike"]) == 1, "the same IKE SA")
        mine = self.client.tunnels()["toServer"]["path"]
        check(mine["encap"] == encap, f"the client's encapsulation is {encap}, not {mine['encap']}")


def asleep(r):
    mark = r.server.log.mark()
    r.network.cut()
    r.server.wait_state("toClient_0", "asleep", 20)
    r.network.move_client(LATER)
    r.network.restore()
    match = r.server.log.wait(r"tunnel resumed: toClient_0 by (\w+) after", mark, 20)
    check(match[1] == "address", f"woken by address, not by {match[1]}")
    r.stream.wait_progress(40, 20)
    r.expect_at(LATER)
    r.world.say("woken at another address")


def ipv6(r):
    network = r.network
    for host, dev, address in (("router", "left", "2001:db8:11::254"), ("router", "right", "2001:db8:173::254"),
                               ("sgw", "port8", SERVER6)):
        network.ip(host, "addr", "add", f"{address}/64", "dev", dev, "nodad")
    network.sysctl("router", "net/ipv6/conf/all/forwarding", "1")
    network.ip("sgw", "-6", "route", "add", "2001:db8:11::/64", "via", "2001:db8:173::254")
    r.client.log.wait(r"peer addresses|ADDITIONAL_IP6_ADDRESS", timeout=10)

    def to_ipv6():
        network.ip("cgw", "addr", "add", f"{CLIENT6}/64", "dev", "port9", "nodad")
        network.ip("cgw", "-6", "route", "add", "2001:db8:173::/64", "via", "2001:db8:11::254")
        network.ip("cgw", "addr", "del", f"{LATER}/24", "dev", "port9")

    def to_ipv4():
        network.ip("cgw", "addr", "add", f"{NEAR}/24", "dev", "port9")
        network.ip("cgw", "route", "replace", "173.1.1.0/24", "via", "11.101.1.254")
        network.ip("cgw", "addr", "del", f"{CLIENT6}/64", "dev", "port9")

    r.move("from IPv4 to IPv6", to_ipv6, CLIENT6)
    r.move("back to IPv4", to_ipv4, NEAR)


def test(world):
    r = Roaming(world)
    r.move("to another address", lambda: r.network.move_client(NEAR), NEAR)
    for command in ("add table ip nat", "add chain ip nat out { type nat hook postrouting priority 100; }",
                    f"add rule ip nat out oifname right ip saddr {BEHIND_NAT} masquerade"):
        r.network.run("router", "nft", command)
    r.move("behind a NAT", lambda: r.network.move_client(BEHIND_NAT), "173.1.1.254", "udp")
    r.move("out of it", lambda: r.network.move_client(NEAR), NEAR)
    asleep(r)
    ipv6(r)
    r.stream.finish()
    check(len(r.server.tunnels()) == 1, "one tunnel")
    r.client.log.expect_none(r"tunnel down")
    check(r.client.stop() == 0 and r.server.stop() == 0, "both end with 0")


scenario.main(test)
